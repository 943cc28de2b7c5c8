//! The bodies of calls. The names and forms of a booking are those of the GraphQL schema.
//!
//! Left out is what a hotel's system does not need: how the guest is reached, the token of the link
//! to the booking, positions, and free texts of the front office.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::Call;
use crate::domain::{Actor, Booking, CancelReason, Change, Moment, RoomOfStay, Status};

/// The call about a change.
pub(super) fn of_change(change: &Change) -> Call {
    let booking = &change.booking;
    let (receipt_no, revision) = (booking.receipt_no, booking.revision.0);
    let data = json!({ "action": change.event.action().name(), "booking": of_booking(booking) });
    Call {
        // With the time: a hotel that was restored from a backup gives receipt numbers again.
        id: format!("{receipt_no}_{revision}_{}", change.at.timestamp_millis()),
        body: body("booking.changed", change.at, data),
    }
}

/// A call that is about no booking.
pub(super) fn of_ping(hotel: &str, now: Moment) -> Call {
    Call {
        id: format!("ping_{}", now.timestamp_millis()),
        body: body("ping", now, json!({ "hotel": hotel })),
    }
}

/// The structure that the Standard Webhooks scheme recommends. `at` is when it happened; a header
/// has the time of the call.
#[expect(clippy::needless_pass_by_value, reason = "json! takes it by reference")]
fn body(kind: &str, at: Moment, data: Value) -> String {
    json!({ "type": kind, "timestamp": time(at), "data": data }).to_string()
}

fn of_booking(booking: &Booking) -> Value {
    let RoomOfStay { code, name, price } = &booking.stay.room;
    let (status, cancel_reason, paid_at, cancelled_at) = match &booking.status {
        Status::Pending => ("PENDING", None, None, None),
        Status::Paid { at, .. } => ("PAID", None, Some(*at), None),
        Status::Cancelled { at, by, .. } => ("CANCELLED", Some(reason_name(by)), None, Some(*at)),
    };
    json!({
        "receiptNo": booking.receipt_no.to_string(),
        "revision": booking.revision.0,
        "status": status,
        "cancelReason": cancel_reason,
        "offer": booking.is_offer,
        "guestName": booking.guest.name.as_str(),
        "channel": booking.guest.contact.channel().name(),
        "roomType": { "code": code.as_str(), "name": name, "price": price.0 },
        "checkIn": booking.stay.check_in.to_string(),
        "nights": booking.stay.nights,
        "price": booking.stay.price.0,
        "bookedAt": time(booking.booked_at),
        "holdUntil": time(booking.hold.until),
        "arrivedAt": booking.arrived_at.map(time),
        "paidAt": paid_at.map(time),
        "cancelledAt": cancelled_at.map(time),
    })
}

fn reason_name(by: &Actor) -> &'static str {
    match CancelReason::from(by) {
        CancelReason::Expired => "EXPIRED",
        CancelReason::ByStaff => "BY_STAFF",
        CancelReason::ByGuest => "BY_GUEST",
    }
}

fn time(moment: Moment) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests;
