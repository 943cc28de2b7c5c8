//! What the hotel decides, as pure functions of state, command, moment and policy.
//!
//! In here: the booking and its states, the closed set of commands, the rules of the hold,
//! the geography behind them, and which notices a step owes.
//!
//! Absent on purpose: I/O, the clock, randomness, async, persistence formats and sentences.
//! Moments and fresh ids come in as arguments; what is decided here is carried out elsewhere.

pub mod booking;
pub mod change;
pub mod command;
pub mod decide;
pub mod hold;
pub mod ids;
pub mod notification;
pub mod policy;
pub mod refusal;
pub mod travel;

#[cfg(test)]
pub(crate) mod tests;

pub use booking::{
    Booking, CancelReason, Contact, Guest, QrisProgress, RoomOfStay, Status, Stay, TrackedBooking,
};
pub use change::{Action, Actor, Change, Event};
pub use command::{Command, NewBooking, QrisOutcome};
pub use decide::{Step, apply, book, wake};
pub use hold::{Hold, Verdict};
pub use ids::{
    Email, GuestName, Language, ReceiptNo, Revision, Role, RoomCode, Rupiah, StaffName, TelegramId,
    TokenHash,
};
pub use notification::{Notification, Recipient};
pub use policy::{
    AdvanceHold, BookingPolicy, HoldPolicy, HotelPolicy, Policy, QrisPolicy, RoomType, TravelPolicy,
};
pub use refusal::{Field, Forbidden, InputError, NotAllowed, Refusal, Winner};
pub use travel::{Coordinates, Evidence, Fix, Forecast, PositionSource, Track, Why};

/// A moment in time, in UTC, kept to the millisecond: what the stores keep and the schema shows.
pub type Moment = chrono::DateTime<chrono::Utc>;
