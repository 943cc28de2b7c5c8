//! The booking: one guest's promise to come, and what has become of it.

use chrono::{Days, NaiveDate};

use super::ids::{
    Email, GuestName, Language, ReceiptNo, Revision, RoomCode, Rupiah, StaffName, TelegramId,
    TokenHash,
};
use super::{Actor, Hold, Moment, Track};

/// One guest's promise to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its name towards everybody.
    pub receipt_no: ReceiptNo,
    /// Moves by one with every change.
    pub revision: Revision,
    /// Who comes, and how they are spoken to.
    pub guest: Guest,
    /// What was promised to them, at which price.
    pub stay: Stay,
    /// When it was made.
    pub booked_at: Moment,
    /// How long the room is kept, and when the clock is needed next. Stands still once the
    /// status is no longer pending.
    pub hold: Hold,
    /// Pending, paid or cancelled.
    pub status: Status,
    /// When the front office saw the guest at the desk.
    pub arrived_at: Option<Moment>,
    /// When a QRIS code last reached the guest.
    pub qris_sent_at: Option<Moment>,
    /// What becomes of the QRIS code that was asked for last.
    pub qris: QrisProgress,
    /// SHA-256 of the guest's access token.
    pub access: TokenHash,
    /// Written by a newer version in a way that this one would misjudge: it is shown, and every
    /// decision about it is left to that version.
    pub is_read_only: bool,
}

impl Booking {
    /// The one next instant at which this booking needs the clock; `None` once it is settled, or if
    /// it is left to a newer version.
    #[must_use]
    pub fn wake_at(&self) -> Option<Moment> {
        match self.status {
            Status::Pending if self.is_read_only => None,
            Status::Pending => Some(self.hold.wake_at()),
            Status::Paid { .. } | Status::Cancelled { .. } => None,
        }
    }

    /// Whether it takes a room: pending and paid do.
    #[must_use]
    pub fn takes_room(&self) -> bool {
        match self.status {
            Status::Pending | Status::Paid { .. } => true,
            Status::Cancelled { .. } => false,
        }
    }

    /// When it was paid or cancelled; `None` while pending.
    #[must_use]
    pub fn settled_at(&self) -> Option<Moment> {
        match self.status {
            Status::Pending => None,
            Status::Paid { at, .. } | Status::Cancelled { at, .. } => Some(at),
        }
    }

    /// Whether the guest may have a QRIS code in hand.
    #[must_use]
    pub fn may_have_code(&self) -> bool {
        match self.qris {
            QrisProgress::None => self.qris_sent_at.is_some(),
            QrisProgress::Sending(_) | QrisProgress::Sent | QrisProgress::Failed => true,
        }
    }

    /// Whether its hold is running.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.status, Status::Pending)
    }
}

/// What becomes of the QRIS code that the guest is sent. A fact of its own: it moves neither status
/// nor hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QrisProgress {
    /// None was asked for.
    None,
    /// The change of this revision owes it; it is on its way.
    Sending(Revision),
    /// It was accepted by the guest's side.
    Sent,
    /// It was given up. It may have arrived nevertheless.
    Failed,
}

/// A booking with the guest's latest positions, which live beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackedBooking {
    /// The booking.
    pub booking: Booking,
    /// The latest fixes; empty once the hold is over.
    pub track: Track,
}

/// Who comes, and how they are spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// As they gave it: untrusted text.
    pub name: GuestName,
    /// Where they booked and are spoken to.
    pub contact: Contact,
    /// In which language.
    pub language: Language,
}

/// The channel, with the address that it needs. There is no phone number, by rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Contact {
    /// The Telegram bot; nothing is known but the id.
    Telegram(TelegramId),
    /// The web form; mails go here.
    Web(Email),
    /// A channel that only a newer version knows: this one cannot reach the guest.
    Other,
}

/// What was promised. Name and price of the room are those of the day of booking, whatever the
/// configuration says later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The room type as booked.
    pub room: RoomOfStay,
    /// First night, a hotel day.
    pub check_in: NaiveDate,
    /// How many nights, at least 1.
    pub nights: u32,
    /// Price a night × nights, to the rupiah: nothing is ever added.
    pub price: Rupiah,
}

impl Stay {
    /// The hotel days whose nights are slept here.
    pub fn each_night(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        nights_from(self.check_in, self.nights)
    }
}

/// `nights` hotel days from `check_in` on.
pub fn nights_from(check_in: NaiveDate, nights: u32) -> impl Iterator<Item = NaiveDate> {
    (0..nights).filter_map(move |offset| check_in.checked_add_days(Days::new(offset.into())))
}

/// The room type as it was when the booking was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomOfStay {
    /// Which type.
    pub code: RoomCode,
    /// What it was called.
    pub name: String,
    /// Price a night.
    pub price: Rupiah,
}

/// What has become of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The hold is running; the room is kept.
    Pending,
    /// The front office saw the money. Nothing but the front office gets here, nothing leaves.
    Paid {
        /// When the front office said so.
        at: Moment,
        /// Who said so.
        by: StaffName,
    },
    /// The room is free again. Nothing leaves this either.
    Cancelled {
        /// When it was decided.
        at: Moment,
        /// Who decided it.
        by: Actor,
    },
}

/// Why a booking ended without payment: follows from who ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// The clock, at the end of the hold.
    Expired,
    /// The front office.
    ByStaff,
    /// The guest.
    ByGuest,
}

impl From<&Actor> for CancelReason {
    fn from(by: &Actor) -> Self {
        match by {
            Actor::Clock | Actor::System => Self::Expired,
            Actor::Staff(_) => Self::ByStaff,
            Actor::Guest => Self::ByGuest,
        }
    }
}
