//! The commands of the bot: their names, who may give them, and what menus and help say of them.
//! Parser, menu and help all come from [`Command`]: a command without its line does not compile.

use crate::domain::{Language, Role};
use crate::text::say;

/// Declares the commands with their names, so that none is left out of [`Command::ALL`].
macro_rules! commands {
    ($($(#[$doc:meta])* $command:ident = $name:literal),+ $(,)?) => {
        /// Something that people type to the bot.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Command { $($(#[$doc])* $command),+ }

        impl Command {
            /// Every command, in the order of menus.
            pub const ALL: &[Self] = &[$(Self::$command),+];

            /// What is typed behind the slash.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$command => $name),+ }
            }
        }
    };
}

commands! {
    /// The first contact, or the choice made on the web form.
    Start = "start",
    /// Book a room.
    Booking = "booking",
    /// See the running bookings.
    Status = "status",
    /// Cancel a booking.
    CancelOwn = "batal",
    /// See one's own Telegram id.
    Id = "id",
    /// The dashboard of the front office.
    Dashboard = "cek_pembayaran",
    /// Mark a booking as paid.
    MarkPaid = "update_paid",
    /// Cancel a booking for the hotel.
    Cancel = "update_cancel",
    /// The guest is at the desk.
    Arrive = "tamu_tiba",
    /// The history of a booking.
    History = "riwayat",
    /// The live board.
    Board = "papan",
    /// Set how many rooms are for sale.
    Allotment = "jatah",
}

/// Who may give a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anybody.
    Guests,
    /// The front office and managers.
    FrontOffice,
    /// Managers.
    Managers,
}

impl Command {
    /// The command of a name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|command| command.name().eq_ignore_ascii_case(name))
    }

    /// Who may give it.
    #[must_use]
    pub fn audience(self) -> Audience {
        match self {
            Self::Start | Self::Booking | Self::Status | Self::CancelOwn | Self::Id => {
                Audience::Guests
            }
            Self::Dashboard
            | Self::MarkPaid
            | Self::Cancel
            | Self::Arrive
            | Self::History
            | Self::Board => Audience::FrontOffice,
            Self::Allotment => Audience::Managers,
        }
    }

    /// What menus and help say that it does; `None` of one that they do not list.
    #[must_use]
    pub fn about(self, language: Language) -> Option<&'static str> {
        Some(match self {
            // Telegram offers the first by itself; the second is for who sets the hotel up.
            Self::Start | Self::Id => return None,
            Self::Booking => say(language, "Pesan kamar", "Book a room"),
            Self::Status => say(language, "Lihat booking", "See your booking"),
            Self::CancelOwn => say(language, "Batalkan booking", "Cancel a booking"),
            Self::Dashboard => say(language, "Siapa belum bayar", "Who has not paid"),
            Self::MarkPaid => say(language, "Tandai sudah bayar: RESI", "Mark as paid: RESI"),
            Self::Cancel => say(language, "Batalkan: RESI", "Cancel: RESI"),
            Self::Arrive => say(language, "Tamu sudah tiba: RESI", "The guest is here: RESI"),
            Self::History => say(language, "Riwayat: RESI", "History: RESI"),
            Self::Board => say(language, "Buka papan", "Open the board"),
            Self::Allotment => {
                say(language, "Jatah kamar: TIPE JUMLAH [TANGGAL]", "Rooms for sale: TYPE N [DATE]")
            }
        })
    }
}

/// What guests may type, with what it does.
#[must_use]
pub fn guest_menu(language: Language) -> Vec<(&'static str, &'static str)> {
    menu(language, |audience| audience == Audience::Guests)
}

/// What staff may type besides.
#[must_use]
pub fn staff_menu(language: Language, role: Role) -> Vec<(&'static str, &'static str)> {
    menu(language, |audience| match audience {
        Audience::Guests => false,
        Audience::FrontOffice => true,
        Audience::Managers => role == Role::Manager,
    })
}

fn menu(
    language: Language,
    is_for: impl Fn(Audience) -> bool,
) -> Vec<(&'static str, &'static str)> {
    let of = Command::ALL.iter().filter(|command| is_for(command.audience()));
    of.filter_map(|command| Some((command.name(), command.about(language)?))).collect()
}
