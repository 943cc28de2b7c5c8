//! The booking: one guest's promise to come, and its state.

use super::ids::{
    Actor, Email, GuestName, Language, ReceiptNo, Revision, StaffName, TelegramId, TokenHash,
};
use super::{Hold, Moment, Stay, Track};

/// One guest's promise to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The number by which everybody names it.
    pub receipt_no: ReceiptNo,
    /// Grows by one with every change.
    pub revision: Revision,
    /// The guest, with their contact and language.
    pub guest: Guest,
    /// The room and nights that were promised, with the price.
    pub stay: Stay,
    /// When it was made.
    pub booked_at: Moment,
    /// How long the room is kept, and when the clock is needed next. Only used while the booking
    /// is pending.
    pub hold: Hold,
    /// Pending, paid or cancelled.
    pub status: Status,
    /// When the front office saw the guest at the desk.
    pub arrived_at: Option<Moment>,
    /// When the channel to the guest last accepted a QRIS code.
    pub qris_sent_at: Option<Moment>,
    /// The progress of the QRIS code that was requested last.
    pub qris: QrisProgress,
    /// SHA-256 of the guest's access token.
    pub access: TokenHash,
    /// Whether it is an offer: a freed room, held for a moment for a guest of the waiting list who has
    /// not taken it yet. An offer that ended untaken stays one.
    pub is_offer: bool,
    /// Whether a newer version wrote it in a way that this one cannot handle. It is shown, but this
    /// version makes no decisions about it.
    pub is_read_only: bool,
}

impl Booking {
    /// The wake time: the next instant at which this booking needs the clock. `None` once it is
    /// settled, or if only a newer version may decide about it.
    #[must_use]
    pub fn wake_at(&self) -> Option<Moment> {
        match self.status {
            Status::Pending if self.is_read_only => None,
            Status::Pending => Some(self.hold.wake_at()),
            Status::Paid { .. } | Status::Cancelled { .. } => None,
        }
    }

    /// Whether it takes a room: pending and paid bookings do.
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

    /// Whether the guest may have received a QRIS code.
    #[must_use]
    pub fn may_have_code(&self) -> bool {
        match self.qris {
            QrisProgress::None => self.qris_sent_at.is_some(),
            QrisProgress::Sending(_) | QrisProgress::Sent | QrisProgress::Failed => true,
        }
    }

    /// Whether the guest's positions are kept: while the hold runs and the guest is not at the desk.
    /// An offer is too short for them to matter.
    #[must_use]
    pub fn has_track(&self) -> bool {
        self.is_pending() && self.arrived_at.is_none() && !self.is_offer
    }

    /// Whether it is paid.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        matches!(self.status, Status::Paid { .. })
    }

    /// Whether its hold is running.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.status, Status::Pending)
    }
}

/// The progress of sending the guest a QRIS code. It is independent of status and hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QrisProgress {
    /// None was requested.
    None,
    /// It is being sent; the change with this revision owes it.
    Sending(Revision),
    /// The channel to the guest accepted it.
    Sent,
    /// Sending it was given up. It may have arrived nevertheless.
    Failed,
}

/// A booking with the guest's latest positions, which are stored beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackedBooking {
    /// The booking.
    pub booking: Booking,
    /// The latest fixes; empty once the hold is over.
    pub track: Track,
}

/// A guest, with their contact and language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The name as the guest gave it: untrusted text.
    pub name: GuestName,
    /// The channel where they booked and are contacted.
    pub contact: Contact,
    /// The language of messages to them.
    pub language: Language,
}

/// The channel, with the address that it needs. Phone numbers are never stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Contact {
    /// The Telegram bot; only the id is known.
    Telegram(TelegramId),
    /// The web form; e-mails are sent to this address.
    Web(Email),
    /// Nobody: a walk-in, entered at the desk. They are spoken to there.
    Desk,
    /// A channel that only a newer version knows; this one cannot contact the guest.
    Other,
}

impl Contact {
    /// The channel without the address.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Telegram(_) => Channel::Telegram,
            Self::Web(_) => Channel::Web,
            Self::Desk => Channel::Desk,
            Self::Other => Channel::Other,
        }
    }
}

/// Where a guest booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// The Telegram bot.
    Telegram,
    /// The web form.
    Web,
    /// The desk.
    Desk,
    /// A channel that only a newer version knows.
    Other,
}

impl Channel {
    /// The name in the schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Telegram => "TELEGRAM",
            Self::Web => "WEB",
            Self::Desk => "DESK",
            Self::Other => "OTHER",
        }
    }
}

/// The status of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The hold is running; the room is kept.
    Pending,
    /// The front office confirmed the payment. Only the front office sets this status, and only a
    /// manager takes it back; no clock does.
    Paid {
        /// When it was confirmed.
        at: Moment,
        /// Who confirmed it.
        by: StaffName,
    },
    /// The room is free again. Only the front office takes this back, while a room is free.
    Cancelled {
        /// When it was decided.
        at: Moment,
        /// Who decided it.
        by: Actor,
        /// The front office's words to the guest, one line.
        note: Option<String>,
    },
}

/// Why a booking was cancelled. It follows from who cancelled it.
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
