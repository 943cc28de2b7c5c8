//! A change: one committed step of one booking. History, feed and outbox are this one log.

use chrono::TimeDelta;

use super::{Booking, Forecast, Moment, Notification, StaffName, Verdict};

/// Who, what, when, the state after it, and the notices it owes.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When it was decided (not the deadline that it was decided for).
    pub at: Moment,
    /// Who moved the booking.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
    /// The state that this change produced; its revision numbers the change.
    pub booking: Booking,
    /// What has to be told, one at most for each recipient.
    pub notifications: Vec<Notification>,
}

/// Who moved a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The guest, by page or bot.
    Guest,
    /// The clock, at the end of a hold or at its reminder.
    Clock,
    /// The program itself, where it records what became of its own messages.
    System,
    /// A member of the front office.
    Staff(StaffName),
}

/// What happened, with what the story needs later.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The booking was made.
    Booked,
    /// The warning before the end; what the end would decide as things stood.
    Reminded {
        /// The forecast at that moment.
        forecast: Forecast,
        /// What it rests on; `None` without a position.
        verdict: Option<Verdict>,
    },
    /// The guest is at the desk, the payment window ran out: the front office is asked again.
    PaymentAsked,
    /// The clock granted an extension.
    ExtendedByClock {
        /// Time added.
        by: TimeDelta,
        /// Why.
        verdict: Verdict,
    },
    /// The front office granted minutes.
    ExtendedByStaff {
        /// Minutes added.
        minutes: u32,
    },
    /// The guest stands at the desk.
    Arrived,
    /// The front office wishes that the guest is sent the QRIS code.
    QrisRequested,
    /// The QRIS code was accepted by the guest's side.
    QrisSent,
    /// The QRIS code was given up.
    QrisFailed {
        /// Why, in the front office's words.
        reason: String,
    },
    /// The front office matched the payment.
    Paid,
    /// The front office or the guest ended the booking.
    Cancelled {
        /// What the front office noted, one line.
        note: Option<String>,
    },
    /// The clock ended the booking.
    Expired {
        /// What it rests on; `None` without a position.
        verdict: Option<Verdict>,
    },
    /// A kind of change that only a newer version knows.
    Other,
}

/// The kinds of change that the schema, the history and the feed name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A booking was made.
    Booked,
    /// A deadline was announced, or the front office asked about a guest at the desk.
    Reminded,
    /// `holdUntil` moved.
    Extended,
    /// The guest is at the desk.
    Arrived,
    /// The front office asked for a QRIS code to be sent.
    QrisRequested,
    /// A QRIS code reached the guest.
    QrisSent,
    /// A QRIS code could not be delivered.
    QrisFailed,
    /// Paid.
    Paid,
    /// Cancelled by staff or guest.
    Cancelled,
    /// Cancelled by the clock.
    Expired,
    /// A kind that only a newer version knows.
    Other,
}

impl Event {
    /// The kind of this event.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::Booked => Action::Booked,
            Self::Reminded { .. } | Self::PaymentAsked => Action::Reminded,
            Self::ExtendedByClock { .. } | Self::ExtendedByStaff { .. } => Action::Extended,
            Self::Arrived => Action::Arrived,
            Self::QrisRequested => Action::QrisRequested,
            Self::QrisSent => Action::QrisSent,
            Self::QrisFailed { .. } => Action::QrisFailed,
            Self::Paid => Action::Paid,
            Self::Cancelled { .. } => Action::Cancelled,
            Self::Expired { .. } => Action::Expired,
            Self::Other => Action::Other,
        }
    }
}

impl Action {
    /// The name in schema, logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Booked => "BOOKED",
            Self::Reminded => "REMINDED",
            Self::Extended => "EXTENDED",
            Self::Arrived => "ARRIVED",
            Self::QrisRequested => "QRIS_REQUESTED",
            Self::QrisSent => "QRIS_SENT",
            Self::QrisFailed => "QRIS_FAILED",
            Self::Paid => "PAID",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::Other => "OTHER",
        }
    }
}
