//! Notices: what a step owes to whom, and until when it is worth telling.

use chrono::TimeDelta;

use super::{Booking, Event, Moment, QrisProgress};

/// How long the outcome of a booking is still news.
const OUTCOME_LIFE: TimeDelta = TimeDelta::hours(24);

/// One message owed to one recipient. What it says follows from the change that owes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// Who is told.
    pub to: Recipient,
    /// After this moment it is dropped instead of sent late.
    pub useful_until: Moment,
    /// Whether the QRIS code comes with it.
    pub with_qris: bool,
}

/// Who can be told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// The guest, by the channel of the booking.
    Guest,
    /// The front office's chat.
    FrontOffice,
}

impl Recipient {
    /// Every recipient.
    pub const ALL: [Self; 2] = [Self::Guest, Self::FrontOffice];
}

/// The notices that a change owes.
///
/// `front_office_chat`: whether the front office has a chat; without one the live board is its
/// notice and nothing more is owed.
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
        // A paid guest who arrives has nothing to pay and nothing to read.
        Event::Arrived if booking.is_pending() => (Some(deadline), Some(deadline)),
        Event::Arrived | Event::Other => (None, None),
        // Guests are told of their own cancellation too: it is their receipt for it.
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
