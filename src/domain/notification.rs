//! Notifications: which ones a step owes, to whom, and until when each is useful.
//!
//! This module neither sends notifications nor writes their texts.

use chrono::TimeDelta;

use super::{Booking, Event, Moment, QrisProgress};

/// How long a notification of a booking's outcome stays useful.
const OUTCOME_LIFE: TimeDelta = TimeDelta::hours(24);

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
}

impl Recipient {
    /// Every recipient.
    pub const ALL: [Self; 2] = [Self::Guest, Self::FrontOffice];
}

/// The notifications that a change owes.
///
/// `front_office_chat` says whether the front office has a chat. Without one it sees changes on
/// the live board only and is owed no notifications.
#[must_use]
pub fn owed(booking: &Booking, event: &Event, front_office_chat: bool) -> Vec<Notification> {
    let deadline = booking.hold.until;
    let outcome = |at: Moment| at + OUTCOME_LIFE;
    let (guest, front_office) = match event {
        Event::Booked
        | Event::Reminded { .. }
        | Event::ExtendedByClock { .. }
        | Event::ExtendedByStaff { .. } => (Some(deadline), Some(deadline)),
        Event::PaymentAsked | Event::QrisSent | Event::QrisFailed { .. } => (None, Some(deadline)),
        Event::QrisRequested => (Some(deadline), None),
        // After payment there is nothing left to do on arrival, so nobody is notified.
        Event::Arrived if booking.is_pending() => (Some(deadline), Some(deadline)),
        Event::Arrived | Event::Other => (None, None),
        // Guests are notified of their own cancellation too, as a receipt.
        Event::Paid | Event::Cancelled { .. } | Event::Expired { .. } => {
            let useful = booking.settled_at().map(outcome);
            (useful, useful)
        }
    };
    let owes_code = booking.qris == QrisProgress::Sending(booking.revision);
    let notification = |to, until: Option<Moment>| {
        let with_qris = owes_code && to == Recipient::Guest;
        until.map(|useful_until| Notification { to, useful_until, with_qris })
    };
    notification(Recipient::Guest, guest)
        .into_iter()
        .chain(notification(Recipient::FrontOffice, front_office.filter(|_| front_office_chat)))
        .collect()
}
