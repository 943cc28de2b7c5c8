//! The rules of the hotel, as pure functions of state, command, time and policy.
//!
//! This module contains the booking and its states, the closed set of commands, the rules of the
//! hold, the travel estimates that these rules use, and the notifications that each step owes.
//!
//! It has no I/O, clock, randomness, async code, persistence formats or texts for people. The
//! current time and new ids are passed in as arguments. Other modules carry out the decisions.

pub mod booking;
pub mod change;
mod cleaning;
pub mod command;
pub mod decide;
pub mod failure;
pub mod forecast;
pub mod hold;
pub mod ids;
pub mod place;
pub mod policy;
pub mod refusal;
pub mod stay;
pub mod summary;
pub mod travel;
pub mod waiting;

#[cfg(test)]
pub(crate) mod tests;

pub use booking::{
    Booking, CancelReason, Channel, Contact, Guest, QrisProgress, Status, TrackedBooking,
};
pub use change::{Action, Change, Event, HOTEL_SYSTEM_LIFE, Notification, Recipient};
pub use command::{Amendment, Command, NewBooking, QrisOutcome};
pub use decide::{Step, apply, book, book_at_desk, offer, wake};
pub use failure::{FailureCode, FailureReason};
pub use forecast::Forecast;
pub use hold::{Hold, Verdict};
pub use ids::{
    Actor, Email, GuestName, Language, ReceiptNo, Revision, Role, RoomCode, Rupiah, StaffName,
    TelegramId, TokenHash,
};
pub use place::Coordinates;
pub use policy::{
    AdvanceHold, BookingPolicy, HoldPolicy, HotelPolicy, Policy, QrisPolicy, RoomType, TravelPolicy,
};
pub use refusal::{Field, Forbidden, HoldsOf, InputError, NotAllowed, Refusal, Winner};
pub use stay::{Allotment, RoomOfStay, Stay};
pub use travel::{Evidence, Fix, PositionSource, Track, Why};
pub use waiting::{RoomsLeft, WaitingGuest, WaitingState, Wish, WishedRoom};

/// A moment in UTC. The stores keep it, and the schema shows it, to the millisecond.
pub type Moment = chrono::DateTime<chrono::Utc>;
