//! A change: one committed step of one booking, and the notifications that it owes. History, feed
//! and outbox are this one log.
//!
//! This module neither sends notifications nor writes their texts.

use chrono::TimeDelta;

use super::failure::FailureReason;
use super::{
    Actor, Booking, Contact, Forecast, GuestName, Moment, Policy, QrisProgress, Stay, Verdict,
};

/// How long a notification of a booking's outcome stays useful.
const OUTCOME_LIFE: TimeDelta = TimeDelta::hours(24);
/// For how long the hotel's own system is called about a change: longer than a weekend.
pub const HOTEL_SYSTEM_LIFE: TimeDelta = TimeDelta::days(3);

/// One committed step: when, by whom, what happened, the state after it, and the notifications
/// that it owes.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When it was decided (not the deadline that it was decided for).
    pub at: Moment,
    /// Who changed the booking.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
    /// The state that this change produced; its revision numbers the change.
    pub booking: Booking,
    /// The notifications that it owes, at most one for each recipient.
    pub notifications: Vec<Notification>,
}

/// What happened, with the details that the history needs later.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The booking was made.
    Booked,
    /// The reminder before the end, with what the end would have decided at that moment.
    Reminded {
        /// The forecast at that moment.
        forecast: Forecast,
        /// The verdict behind it; `None` without a position.
        verdict: Option<Verdict>,
    },
    /// The payment window of a guest at the desk ran out, so the front office is asked again.
    PaymentAsked,
    /// The clock granted an extension.
    ExtendedByClock {
        /// Time added.
        by: TimeDelta,
        /// Why it was granted.
        verdict: Verdict,
    },
    /// The front office granted minutes.
    ExtendedByStaff {
        /// Minutes added.
        minutes: u32,
    },
    /// The front office saw the guest at the desk.
    Arrived,
    /// The front office asked for the QRIS code to be sent to the guest.
    QrisRequested,
    /// The channel accepted the QRIS code.
    QrisSent,
    /// Sending the QRIS code was given up.
    QrisFailed {
        /// The reason.
        reason: FailureReason,
    },
    /// The front office confirmed the payment.
    Paid,
    /// The front office or the guest ended the booking.
    Cancelled {
        /// The front office's note, one line.
        note: Option<String>,
    },
    /// The front office took a cancellation back.
    Revived,
    /// A manager took a payment back.
    Reopened {
        /// The reason, one line.
        reason: String,
    },
    /// The front office changed the name, room type or nights.
    Amended {
        /// The guest's name before.
        name_before: GuestName,
        /// The stay before.
        stay_before: Stay,
    },
    /// A freed room was offered to a guest of the waiting list.
    Offered,
    /// The guest took the offer.
    OfferTaken,
    /// The clock ended the booking.
    Expired {
        /// The verdict behind it; `None` without a position.
        verdict: Option<Verdict>,
    },
    /// A kind of change that only a newer version of the program knows.
    Other,
}

/// The kind of a change, as the history and the feed name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A booking was made.
    Booked,
    /// Guest and front office were reminded of the deadline, or the front office was asked about a
    /// guest at the desk.
    Reminded,
    /// The end of the hold moved.
    Extended,
    /// The front office saw the guest at the desk.
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
    /// A cancellation was taken back.
    Revived,
    /// A payment was taken back.
    Reopened,
    /// Name, room type or nights were changed.
    Amended,
    /// A freed room was offered.
    Offered,
    /// An offer was taken.
    OfferTaken,
    /// A kind that only a newer version of the program knows.
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
            Self::Revived => Action::Revived,
            Self::Reopened { .. } => Action::Reopened,
            Self::Amended { .. } => Action::Amended,
            Self::Offered => Action::Offered,
            Self::OfferTaken => Action::OfferTaken,
            Self::Other => Action::Other,
        }
    }
}

impl Action {
    /// The name used in histories, logs and metrics.
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
            Self::Revived => "REVIVED",
            Self::Reopened => "REOPENED",
            Self::Amended => "AMENDED",
            Self::Offered => "OFFERED",
            Self::OfferTaken => "OFFER_TAKEN",
            Self::Other => "OTHER",
        }
    }
}

/// One message owed to one recipient. Its content follows from the change that owes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// Who receives it.
    pub to: Recipient,
    /// After this moment it is dropped rather than sent late.
    pub useful_until: Moment,
    /// Whether the QRIS code is sent with it.
    pub with_qris: bool,
}

/// Who can receive notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// The guest, through the channel of the booking.
    Guest,
    /// The front office's chat.
    FrontOffice,
    /// The hotel's own system, through the webhook.
    HotelSystem,
}

impl Recipient {
    /// Every recipient.
    pub const ALL: [Self; 3] = [Self::Guest, Self::FrontOffice, Self::HotelSystem];
}

/// The notifications that a change at `at` owes. A hotel's own system is told of every change.
#[must_use]
pub fn notifications_owed(
    booking: &Booking,
    event: &Event,
    at: Moment,
    policy: &Policy,
) -> Vec<Notification> {
    let deadline = booking.hold.until;
    let outcome = |at: Moment| at + OUTCOME_LIFE;
    let (guest, front_office) = match event {
        Event::Booked
        | Event::Reminded { .. }
        | Event::ExtendedByClock { .. }
        | Event::ExtendedByStaff { .. }
        | Event::Amended { .. }
        | Event::OfferTaken
        | Event::Revived => (Some(deadline), Some(deadline)),
        // The guest was told that it is paid; what follows is settled at the desk.
        Event::Reopened { .. }
        | Event::PaymentAsked
        | Event::QrisSent
        | Event::QrisFailed { .. } => (None, Some(deadline)),
        // The front office is told once the offer is taken.
        Event::Offered | Event::QrisRequested => (Some(deadline), None),
        // After payment there is nothing left to do on arrival, so nobody is notified.
        Event::Arrived if booking.is_pending() => (Some(deadline), Some(deadline)),
        Event::Arrived | Event::Other => (None, None),
        // Guests are notified of their own cancellation too, as a receipt.
        Event::Paid | Event::Cancelled { .. } | Event::Expired { .. } => {
            let useful = booking.settled_at().map(outcome);
            (useful, useful.filter(|_| !booking.is_offer))
        }
    };
    let guest = guest.filter(|_| booking.guest.contact != Contact::Desk);
    let owes_code = booking.qris == QrisProgress::Sending(booking.revision);
    let notification = |to, until: Option<Moment>| {
        let with_qris = owes_code && to == Recipient::Guest;
        until.map(|useful_until| Notification { to, useful_until, with_qris })
    };
    notification(Recipient::Guest, guest)
        .into_iter()
        .chain(notification(
            Recipient::FrontOffice,
            front_office.filter(|_| policy.front_office_chat),
        ))
        .chain(notification(
            Recipient::HotelSystem,
            policy.has_hotel_system.then_some(at + HOTEL_SYSTEM_LIFE),
        ))
        .collect()
}
