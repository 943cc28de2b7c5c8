//! Commands: the closed set of things that callers can ask of a booking.

use chrono::NaiveDate;

use super::failure::FailureReason;
use super::{Guest, GuestName, ReceiptNo, Revision, RoomCode, StaffName, TokenHash};

/// A request to change a booking.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The front office saw the guest at the desk.
    Arrive {
        /// Who saw them.
        by: StaffName,
    },
    /// The front office asks for the QRIS code to be sent to the guest, possibly again.
    SendQris {
        /// Who asked for it.
        by: StaffName,
    },
    /// Records that a QRIS code was delivered or given up.
    RecordQris {
        /// The revision of the change that owed the code.
        owed_by: Revision,
        /// The outcome of sending it.
        outcome: QrisOutcome,
    },
    /// The front office confirmed the payment.
    MarkPaid {
        /// Who confirmed it.
        by: StaffName,
    },
    /// The front office cancels the booking.
    CancelByStaff {
        /// Who cancelled it.
        by: StaffName,
        /// The reason, in their words.
        note: Option<String>,
    },
    /// The guest cancels the booking.
    CancelByGuest,
    /// The front office takes a cancellation back, while a room is free.
    Revive {
        /// Who did it.
        by: StaffName,
        /// Whether the guest is at the desk.
        is_arrived: bool,
    },
    /// A manager takes a payment back that was marked by mistake.
    Reopen {
        /// Who did it.
        by: StaffName,
        /// The reason, in their words.
        reason: String,
    },
    /// The front office changes the name, room type or nights of a pending booking.
    Amend {
        /// Who did it.
        by: StaffName,
        /// What is changed.
        amendment: Amendment,
    },
    /// The guest takes the room that was offered.
    TakeOffer,
    /// The front office extends the hold by some minutes.
    Extend {
        /// Who granted them.
        by: StaffName,
        /// How many: 1 to 240.
        minutes: u32,
    },
}

impl Command {
    /// Whether it sets the time at which a hold or a payment window ends.
    #[must_use]
    pub fn sets_deadline(&self) -> bool {
        match self {
            Self::Arrive { .. }
            | Self::Extend { .. }
            | Self::TakeOffer
            | Self::Revive { .. }
            | Self::Reopen { .. } => true,
            Self::SendQris { .. }
            | Self::RecordQris { .. }
            | Self::MarkPaid { .. }
            | Self::CancelByStaff { .. }
            | Self::CancelByGuest
            | Self::Amend { .. } => false,
        }
    }
}

/// What the front office changes of a booking. `None` leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amendment {
    /// The guest's name.
    pub guest_name: Option<GuestName>,
    /// The room type.
    pub room: Option<RoomCode>,
    /// The number of nights.
    pub nights: Option<u32>,
}

/// The outcome of sending a QRIS code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QrisOutcome {
    /// The channel to the guest accepted it.
    Delivered,
    /// It was given up, for this reason.
    GivenUp(FailureReason),
}

/// The input for a new booking, including its new receipt number and token.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBooking {
    /// Its new receipt number.
    pub receipt_no: ReceiptNo,
    /// SHA-256 of the guest's new access token.
    pub access: TokenHash,
    /// The guest.
    pub guest: Guest,
    /// The room type.
    pub room: RoomCode,
    /// The first night, as a hotel day.
    pub check_in: NaiveDate,
    /// The number of nights.
    pub nights: u32,
}
