//! The commands of the bot: their names, who may use them, and their lines in menus and help.
//! Parser, menus and help are all derived from [`BotCommand`], so a command without a line does not
//! compile.

use crate::domain::{Language, Role};
use crate::text::say;

/// Declares the commands with their names, so that [`BotCommand::ALL`] contains every command.
macro_rules! commands {
    ($($(#[$doc:meta])* $command:ident = $name:literal),+ $(,)?) => {
        /// A command of the bot.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum BotCommand { $($(#[$doc])* $command),+ }

        impl BotCommand {
            /// Every command, in the order of the menus.
            pub const ALL: &[Self] = &[$(Self::$command),+];

            /// The name, which people type after the slash.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$command => $name),+ }
            }
        }
    };
}

commands! {
    /// Starts the bot, also with a choice that was made on the web form.
    Start = "start",
    /// Books a room.
    Booking = "booking",
    /// Shows the guest's running bookings.
    Status = "status",
    /// Cancels a booking of the guest.
    CancelOwn = "batal",
    /// Shows where the hotel is.
    Address = "alamat",
    /// Shows the sender's Telegram id.
    Id = "id",
    /// Opens the dashboard of the front office.
    Dashboard = "cek_pembayaran",
    /// Marks a booking as paid.
    MarkPaid = "update_paid",
    /// Cancels a booking for the hotel.
    Cancel = "update_cancel",
    /// Marks a guest as arrived.
    Arrive = "tamu_tiba",
    /// Shows the history of a booking.
    History = "riwayat",
    /// Opens the live board.
    Board = "papan",
    /// Books for a guest who is at the desk.
    WalkIn = "tamu",
    /// Shows the summary of a hotel day.
    Report = "laporan",
    /// Sets how many rooms are for sale.
    Allotment = "jatah",
}

/// Who may use a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody.
    Guests,
    /// The front office and managers.
    FrontOffice,
    /// Managers.
    Managers,
}

impl BotCommand {
    /// The command with a name, in upper or lower case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|command| command.name().eq_ignore_ascii_case(name))
    }

    /// Who may use it.
    #[must_use]
    pub fn audience(self) -> Audience {
        match self {
            Self::Start
            | Self::Booking
            | Self::Status
            | Self::CancelOwn
            | Self::Address
            | Self::Id => Audience::Guests,
            Self::Dashboard
            | Self::MarkPaid
            | Self::Cancel
            | Self::Arrive
            | Self::History
            | Self::WalkIn
            | Self::Report
            | Self::Board => Audience::FrontOffice,
            Self::Allotment => Audience::Managers,
        }
    }

    /// Its line in menus and help; `None` if they do not list it.
    #[must_use]
    pub fn about(self, language: Language) -> Option<&'static str> {
        Some(match self {
            // Telegram offers `/start` by itself, and `/id` is only needed to configure the hotel.
            Self::Start | Self::Id => return None,
            Self::Booking => say(language, "Pesan kamar", "Book a room"),
            Self::Status => say(language, "Lihat booking", "See your booking"),
            Self::CancelOwn => say(language, "Batalkan booking", "Cancel a booking"),
            Self::Address => say(language, "Alamat dan peta hotel", "The hotel's address and map"),
            Self::Dashboard => {
                say(language, "Siapa belum bayar: [JUMLAH]", "Who has not paid: [AMOUNT]")
            }
            Self::MarkPaid => say(language, "Tandai lunas: RESI", "Mark as paid: RESI"),
            Self::Cancel => say(language, "Batalkan: RESI", "Cancel: RESI"),
            Self::Arrive => say(language, "Tamu sudah tiba: RESI", "The guest is here: RESI"),
            Self::History => say(language, "Riwayat: RESI", "History: RESI"),
            Self::WalkIn => {
                say(language, "Tamu langsung: TIPE MALAM NAMA", "Walk-in: TYPE NIGHTS NAME")
            }
            Self::Report => say(language, "Laporan: [TANGGAL]", "Report: [DATE]"),
            Self::Board => say(language, "Buka papan", "Open the board"),
            Self::Allotment => {
                say(language, "Jatah kamar: TIPE JUMLAH [TANGGAL]", "Rooms for sale: TYPE N [DATE]")
            }
        })
    }
}

/// The commands for guests, with their lines.
#[must_use]
pub fn guest_menu(language: Language) -> Vec<(&'static str, &'static str)> {
    menu(language, |audience| audience == Audience::Guests)
}

/// The further commands for staff, with their lines.
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
    let of = BotCommand::ALL.iter().filter(|command| is_for(command.audience()));
    of.filter_map(|command| Some((command.name(), command.about(language)?))).collect()
}
