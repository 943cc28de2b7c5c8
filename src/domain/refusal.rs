//! Refusals: the closed set of reasons why a request is not carried out.
//!
//! The texts that people read are made elsewhere.

use chrono::NaiveDate;

use super::ids::ParseIdError;
use super::{Actor, Moment, Rupiah, StaffName};

/// Why a command or a request is refused. Nothing was stored.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The caller's input is wrong.
    #[error("{field:?}: {error:?}")]
    InvalidInput {
        /// The input.
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
    /// The stay does not cost what the caller expects.
    #[error("the price is {} rupiah", price.0)]
    PriceChanged {
        /// The price now, of all nights.
        price: Rupiah,
    },
    /// The guest (or their address) holds as many rooms as they may.
    #[error("too many holds: at most {most}")]
    TooManyHolds {
        /// Whose holds are counted.
        of: HoldsOf,
        /// How many are allowed.
        most: u32,
    },
    /// It does not exist, or this caller may not see it. Callers cannot tell the two apart.
    #[error("not found")]
    NotFound,
    /// The caller is signed in but lacks the right.
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
    /// The same booking kept being changed by others; trying again may work.
    #[error("conflict")]
    Conflict,
    /// A part that this needs is not configured or not reachable.
    #[error("unavailable: {0:?}")]
    Unavailable(Unavailable),
}

impl Refusal {
    /// The code by which programs know it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput { .. } => "INVALID_INPUT",
            Self::SoldOut { .. } => "SOLD_OUT",
            Self::PriceChanged { .. } => "PRICE_CHANGED",
            Self::TooManyHolds { .. } => "TOO_MANY_HOLDS",
            Self::NotFound => "NOT_FOUND",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::AlreadyPaid(_) => "ALREADY_PAID",
            Self::AlreadyCancelled(_) => "ALREADY_CANCELLED",
            Self::NotAllowed(_) => "NOT_ALLOWED",
            Self::Conflict => "CONFLICT",
            Self::Unavailable(_) => "UNAVAILABLE",
        }
    }
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
    /// The reason why a payment is taken back.
    Reason,
    /// The number of bookings on a page.
    PageSize,
    /// The cursor that a page or a feed starts after.
    PageCursor,
    /// The search text.
    Search,
    /// The most that a night may cost.
    MaxPrice,
    /// How many rooms.
    Rooms,
    /// A night.
    Date,
    /// The last night of several.
    Through,
    /// A sign-in code.
    Code,
    /// The name of a member of staff.
    StaffName,
}

/// What is wrong with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputError {
    /// It is empty.
    Empty,
    /// It has too many characters.
    TooLong {
        /// How many are allowed.
        most: usize,
    },
    /// It has too few characters.
    TooShort {
        /// How many are needed.
        least: usize,
    },
    /// It has control characters or line breaks.
    ControlCharacter,
    /// It contains a link.
    Link,
    /// It does not have the required form.
    Malformed,
    /// It is outside the range, whose bounds are included.
    OutOfRange {
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// The last night is before the first.
    BeforeStart {
        /// The first night.
        from: NaiveDate,
    },
    /// There is no such room type.
    Unknown,
    /// The date is before today.
    InThePast,
    /// The date is after the last one that can be booked.
    TooFarAhead {
        /// The last date.
        last: NaiveDate,
    },
    /// The position is dated more than two minutes ahead.
    DatedAhead,
    /// The request id was used before with other input.
    UsedForAnother,
    /// The code or cursor was used already, is too old, or never existed.
    Spent,
}

impl InputError {
    /// The input error for an id that cannot be parsed; `most` characters are allowed.
    #[must_use]
    pub fn of_id(error: ParseIdError, most: usize) -> Self {
        match error {
            ParseIdError::Empty => Self::Empty,
            ParseIdError::TooLong => Self::TooLong { most },
            ParseIdError::ControlCharacter => Self::ControlCharacter,
            ParseIdError::Link => Self::Link,
            ParseIdError::Malformed => Self::Malformed,
        }
    }
}

/// Which rule or state forbids it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAllowed {
    /// The hold is over, so positions are no longer accepted.
    HoldIsOver,
    /// The hotel day of the check-in is over, so a cancellation can no longer be taken back.
    CheckInIsOver,
    /// The guest is not at the desk and was sent no code, so there is none to show yet.
    CodeComesOnArrival,
    /// The guest booked at the desk and has no channel; the code is on the desk's screen.
    NoChannel,
    /// The booking is not paid, so there is no payment to take back.
    NotPaid,
    /// It is an offer that the guest has not taken yet.
    OfferNotTaken,
    /// A room for the wish is free, so there is nothing to wait for.
    RoomIsFree,
    /// The waiting list is full.
    WaitingListFull,
    /// The allotment would be below the number of rooms sold.
    AllotmentTooLow {
        /// The first night with more rooms sold.
        night: NaiveDate,
        /// Rooms sold.
        sold: u32,
    },
}

/// Whose running holds a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldsOf {
    /// Those of one guest.
    Guest,
    /// Those that were booked from one network address.
    Address,
}

/// Who has the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// Only the front office.
    StaffOnly,
    /// Only a manager.
    ManagerOnly,
}

/// What is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// No Telegram bot is configured.
    Telegram,
    /// No QRIS is configured.
    Qris,
    /// The store cannot be reached.
    Store,
    /// Only a newer version of the program may decide about this booking.
    NewerVersion,
}
