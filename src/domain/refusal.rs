//! Refusals: what a caller asked for and cannot have, as a closed set.
//!
//! The sentences that people read are made of these elsewhere.

use chrono::NaiveDate;

use super::ids::ParseIdError;
use super::{Actor, Moment, StaffName};

/// Why a command or a request is refused. Nothing was stored.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The caller's input is wrong.
    #[error("{field:?}: {error:?}")]
    InvalidInput {
        /// Which input.
        field: Field,
        /// What is wrong with it.
        error: InputError,
    },
    /// No room of the type is left on a night.
    #[error("sold out on {night}")]
    SoldOut {
        /// The first such night.
        night: NaiveDate,
    },
    /// The guest (or their address) holds as many rooms as they may.
    #[error("too many holds: at most {most}")]
    TooManyHolds {
        /// How many are allowed.
        most: u32,
    },
    /// No such thing, or not for this caller: the two look the same from outside.
    #[error("not found")]
    NotFound,
    /// Signed in, but this is for others.
    #[error("forbidden: {0:?}")]
    Forbidden(Forbidden),
    /// The booking was paid first.
    #[error("already paid")]
    AlreadyPaid(Winner),
    /// The booking was cancelled first.
    #[error("already cancelled")]
    AlreadyCancelled(Winner),
    /// The state or a rule forbids it.
    #[error("not allowed: {0:?}")]
    NotAllowed(NotAllowed),
    /// Others kept changing the same booking; asking again may work.
    #[error("conflict")]
    Conflict,
    /// A part that this needs is not set up or is away.
    #[error("unavailable: {0:?}")]
    Unavailable(Unavailable),
}

/// Who decided first, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    /// When it was decided.
    pub at: Moment,
    /// Who decided it.
    pub by: Actor,
}

impl Winner {
    /// A member of the front office was first.
    #[must_use]
    pub fn staff(at: Moment, by: &StaffName) -> Self {
        Self { at, by: Actor::Staff(by.clone()) }
    }
}

/// Inputs that can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The guest's name.
    GuestName,
    /// The guest's e-mail address.
    Email,
    /// The room type.
    RoomType,
    /// The first night.
    CheckIn,
    /// How many nights.
    Nights,
    /// Where the guest is.
    Position,
    /// The id of a request.
    RequestId,
    /// The receipt number.
    ReceiptNo,
    /// How many minutes.
    Minutes,
    /// A note of the front office.
    Note,
    /// How many bookings of a page.
    First,
    /// The place that a page or a feed starts after.
    After,
    /// What is searched for.
    Search,
    /// How many rooms.
    Rooms,
    /// A night.
    Date,
    /// A sign-in code.
    Code,
}

/// What is wrong with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputError {
    /// Nothing there.
    Empty,
    /// Longer than so many characters.
    TooLong {
        /// How many are allowed.
        most: usize,
    },
    /// Shorter than so many characters.
    TooShort {
        /// How many are needed.
        least: usize,
    },
    /// Control characters or line breaks.
    ControlCharacter,
    /// Not of the form that it should have.
    Malformed,
    /// Outside of a range, bounds included.
    OutOfRange {
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// No such room type.
    Unknown,
    /// A date before today.
    InThePast,
    /// A date after the last one that can be booked.
    TooFarAhead {
        /// The last one.
        last: NaiveDate,
    },
    /// A position dated more than two minutes ahead.
    DatedAhead,
    /// A request id that was used for something else before.
    UsedForAnother,
    /// A code or cursor that is used up, too old or never existed.
    Spent,
}

impl InputError {
    /// What an unreadable id means for its field, where `most` characters are allowed.
    #[must_use]
    pub fn of_id(error: ParseIdError, most: usize) -> Self {
        match error {
            ParseIdError::Empty => Self::Empty,
            ParseIdError::TooLong => Self::TooLong { most },
            ParseIdError::ControlCharacter => Self::ControlCharacter,
            ParseIdError::Malformed => Self::Malformed,
        }
    }
}

/// Why a rule or a state forbids it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAllowed {
    /// The hold is over, so the guest's position is nobody's business.
    HoldIsOver,
    /// An allotment below what is sold already.
    BelowSold {
        /// Rooms sold.
        sold: u32,
    },
}

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// Only the front office.
    StaffOnly,
    /// Only a manager.
    ManagerOnly,
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// No Telegram bot is configured.
    Telegram,
    /// No QRIS is configured.
    Qris,
    /// The store is away.
    Store,
    /// A newer version of the program decides about this booking.
    NewerVersion,
}
