//! The closed set of things that anybody can ask of a booking.

use chrono::NaiveDate;

use super::{Guest, ReceiptNo, Revision, RoomCode, StaffName, TokenHash};

/// What is asked of a booking.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The front office saw the guest at the desk.
    Arrive {
        /// Who saw them.
        by: StaffName,
    },
    /// The front office wishes that the guest is sent the QRIS code (again).
    SendQris {
        /// Who wishes it.
        by: StaffName,
    },
    /// A QRIS code was delivered, or given up.
    RecordQris {
        /// The change that owed it.
        owed_by: Revision,
        /// What it came to.
        outcome: QrisOutcome,
    },
    /// The front office matched the payment.
    MarkPaid {
        /// Who matched it.
        by: StaffName,
    },
    /// The front office ends it.
    CancelByStaff {
        /// Who ended it.
        by: StaffName,
        /// Why, in their words.
        note: Option<String>,
    },
    /// The guest ends it.
    CancelByGuest,
    /// The front office grants minutes.
    Extend {
        /// Who granted them.
        by: StaffName,
        /// How many: 1 to 240.
        minutes: u32,
    },
}

/// What the bringing of a QRIS code came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QrisOutcome {
    /// Telegram or the mail server accepted it.
    Delivered,
    /// It was given up, for this reason.
    GivenUp(String),
}

/// What a booking is made of. The fresh ids come with it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBooking {
    /// Its fresh receipt number.
    pub receipt_no: ReceiptNo,
    /// SHA-256 of the guest's fresh access token.
    pub access: TokenHash,
    /// Who comes.
    pub guest: Guest,
    /// Which room type.
    pub room: RoomCode,
    /// First night, a hotel day.
    pub check_in: NaiveDate,
    /// How many nights.
    pub nights: u32,
}
