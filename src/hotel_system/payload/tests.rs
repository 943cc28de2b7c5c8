//! What is in a call, and what is not.

use serde_json::{Value, json};

use super::{of_change, of_ping};
use crate::domain::tests::build::{
    Input, Scenario, arrive, at, book, cancel, change, new_booking, pay, policy,
};
use crate::domain::{Change, Contact, Email, Guest, NewBooking, TokenHash};

fn body_of(change: &Change) -> Value {
    serde_json::from_str(&of_change(change).body).unwrap()
}

#[test]
fn a_call_has_what_a_hotels_system_needs_by_the_names_of_the_schema() {
    let booked = change(None, book(), at(0), &policy());
    let expected = json!({
        "type": "booking.changed",
        "timestamp": "2026-01-04T10:00:00.000Z",
        "data": {
            "action": "BOOKED",
            "booking": {
                "receiptNo": "RESI-20260104-001",
                "revision": 1,
                "status": "PENDING",
                "cancelReason": null,
                "offer": false,
                "guestName": "Budi",
                "channel": "TELEGRAM",
                "roomType": { "code": "STD", "name": "Standard", "price": 350_000 },
                "checkIn": "2026-01-04",
                "nights": 1,
                "price": 350_000,
                "bookedAt": "2026-01-04T10:00:00.000Z",
                "holdUntil": "2026-01-04T12:00:00.000Z",
                "arrivedAt": null,
                "paidAt": null,
                "cancelledAt": null,
            },
        },
    });
    assert_eq!(body_of(&booked), expected);
}

#[test]
fn a_call_says_how_a_booking_ended_and_when() {
    let after = |story: Scenario, input: Input, minute| {
        body_of(&change(Some(&story.tracked), input, at(minute), &story.policy))["data"].clone()
    };
    let paid = after(Scenario::new().then(arrive(), 40), pay(), 45);
    assert_eq!(paid["action"], "PAID");
    let booking = &paid["booking"];
    assert_eq!((&booking["status"], &booking["revision"]), (&json!("PAID"), &json!(3)));
    assert_eq!(booking["arrivedAt"], "2026-01-04T10:40:00.000Z");
    assert_eq!(booking["paidAt"], "2026-01-04T10:45:00.000Z");
    for (input, action, reason) in
        [(cancel(), "CANCELLED", "BY_STAFF"), (Input::Wake, "EXPIRED", "EXPIRED")]
    {
        let ended = after(Scenario::new(), input, 120);
        assert_eq!(
            (&ended["action"], &ended["booking"]["cancelReason"]),
            (&json!(action), &json!(reason))
        );
        assert_eq!(ended["booking"]["cancelledAt"], "2026-01-04T12:00:00.000Z");
    }
}

#[test]
fn a_call_has_nothing_by_which_a_guest_is_reached_or_a_booking_is_opened() {
    let new = new_booking("2026-01-04".parse().unwrap(), 1);
    let contact = Contact::Web(Email::parse("budi@example.com").unwrap());
    let guest = Guest { contact, ..new.guest };
    let access = TokenHash([0xab; 32]);
    let new = NewBooking { access, guest, ..new };
    let booked = change(None, Input::Book(new), at(0), &policy());
    let cancelled = change(Some(&Scenario::new().tracked), cancel(), at(1), &policy());
    for change in [booked, cancelled] {
        let body = of_change(&change).body;
        for left_out in ["budi@", "abab", "q6ur", "no show", "Sari", "106.8"] {
            assert!(!body.contains(left_out), "{left_out} is in {body}");
        }
    }
}

#[test]
fn the_id_is_of_the_change_and_has_no_dot() {
    let booked = change(None, book(), at(0), &policy());
    let id = of_change(&booked).id;
    assert_eq!(id, "RESI-20260104-001_1_1767520800000");
    assert_eq!(of_change(&booked).id, id, "also at another attempt");
    // What is signed is the id, the time and the body, with dots between.
    assert!(!id.contains('.'));
}

#[test]
fn a_ping_names_the_hotel_only() {
    let call = of_ping("Hotel \"Uji\"", at(0));
    assert_eq!(call.id, "ping_1767520800000");
    let body: Value = serde_json::from_str(&call.body).unwrap();
    let timestamp = "2026-01-04T10:00:00.000Z";
    let expected =
        json!({ "type": "ping", "timestamp": timestamp, "data": { "hotel": "Hotel \"Uji\"" } });
    assert_eq!(body, expected);
}
