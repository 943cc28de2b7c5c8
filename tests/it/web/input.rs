//! Bad input: every value is refused with its code and its field, and nothing is stored.

use jatah::domain::Role;
use serde_json::{Value, json};

use super::{Site, booking_input};
use crate::hotel::with_paused_clock;

#[test]
fn every_bad_booking_input_is_refused_by_its_field_and_stores_nothing() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let late = json!("2026-01-04T10:02:00.001Z");
        let place = |latitude, longitude| json!({ "latitude": latitude, "longitude": longitude });
        for (field, named, value) in [
            ("guestName", "guestName", json!("")),
            ("guestName", "guestName", json!("  ")),
            ("guestName", "guestName", json!("x".repeat(81))),
            ("guestName", "guestName", json!("Siti\r\nBcc: all@example.com")),
            ("guestName", "guestName", json!("Siti\u{0}")),
            ("guestName", "guestName", json!("Siti\u{202e}itiS")),
            ("guestName", "guestName", Value::Null),
            ("guestName", "guestName", json!(7)),
            ("email", "email", json!("")),
            ("email", "email", json!("siti")),
            ("email", "email", json!("siti@example.com, other@example.com")),
            ("email", "email", json!("siti@example.com\r\nBcc: all@example.com")),
            ("email", "email", json!(format!("{}@example.com", "x".repeat(250)))),
            ("roomType", "roomType", json!("NONE")),
            ("roomType", "roomType", json!("")),
            ("roomType", "roomType", json!("a room type that cannot be")),
            ("checkIn", "checkIn", json!("2026-01-03")),
            ("checkIn", "checkIn", json!("2026-02-30")),
            ("checkIn", "checkIn", json!("2026-1-4")),
            ("checkIn", "checkIn", json!("tonight")),
            ("checkIn", "checkIn", json!("2027-01-04")),
            ("checkIn", "checkIn", json!("9999-12-31")),
            ("nights", "nights", json!(0)),
            ("nights", "nights", json!(-1)),
            ("nights", "nights", json!(31)),
            ("nights", "nights", json!(4_294_967_297_u64)),
            ("nights", "nights", json!(1.5)),
            ("nights", "nights", json!("2")),
            ("position", "position", place(90.5, 0.0)),
            ("position", "position", place(0.0, -181.0)),
            (
                "position",
                "position",
                json!({ "latitude": 0, "longitude": 0, "accuracyMetres": -1 }),
            ),
            ("position", "position", json!({ "latitude": 0, "longitude": 0, "recordedAt": late })),
            ("position", "latitude", json!({ "latitude": "NaN", "longitude": 0 })),
            ("position", "longitude", json!({ "latitude": 0 })),
            (
                "position",
                "recordedAt",
                json!({ "latitude": 0, "longitude": 0, "recordedAt": "now" }),
            ),
            ("requestId", "requestId", json!("too-short")),
            ("requestId", "requestId", json!("x".repeat(129))),
            ("requestId", "requestId", json!(" ".repeat(30))),
            ("requestId", "requestId", json!("0".repeat(30))),
            ("requestId", "requestId", json!("abcd".repeat(10))),
            ("requestId", "requestId", json!(format!("{}\n", "x".repeat(30)))),
            ("language", "language", json!("FR")),
        ] {
            let mut input = booking_input("Siti Rahma");
            input[field] = value.clone();
            let reply = site.try_book(input).await;
            let expected = ("INVALID_INPUT".to_owned(), Some(named.to_owned()));
            assert_eq!(reply.refusal(), expected, "{field} {value} {}", reply.text);
        }
        let mut input = booking_input("Siti Rahma");
        input["phone"] = json!("0812");
        assert_eq!(site.try_book(input).await.code(), "INVALID_INPUT");
        assert_eq!(site.count().await, 0);
        assert!(site.try_book(booking_input("Siti Rahma")).await.json()["errors"].is_null());
        site.close().await;
    });
}

#[test]
fn a_literal_is_refused_by_its_field_as_a_variable_is() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::Manager).await;
        for (query, field) in [
            ("{ availability(checkIn: \"soon\") { available } }", "checkIn"),
            ("{ availability(checkIn: \"2026-01-03\") { available } }", "checkIn"),
            ("{ availability { available } }", "checkIn"),
            ("{ availability(checkIn: \"2026-01-04\", nights: 0) { available } }", "nights"),
            ("{ myBooking(receiptNo: \"RESI\", accessToken: \"\") { price } }", "receiptNo"),
            ("query ($r: String!) { booking(receiptNo: $r) { price } }", "r"),
            ("{ bookings(first: 0) { totalCount } }", "first"),
            ("{ bookings(first: 201) { totalCount } }", "first"),
            ("{ bookings(first: 99999999999) { totalCount } }", "first"),
            ("{ bookings(after: \"nowhere\") { totalCount } }", "after"),
            ("mutation { signInWithCode(code: \"nobody\") { token } }", "code"),
            (
                "mutation { setAllotment(roomType: \"NONE\", date: \"2026-01-04\", rooms: 1) { date } }",
                "roomType",
            ),
            (
                "mutation { setAllotment(roomType: \"STD\", date: \"2026-01-03\", rooms: 1) { date } }",
                "date",
            ),
            (
                "mutation { setAllotment(roomType: \"STD\", date: \"2026-01-04\", rooms: -1) { date } }",
                "rooms",
            ),
        ] {
            let reply = site.ask(query, json!({}), Some(&token)).await;
            let expected = ("INVALID_INPUT".to_owned(), Some(field.to_owned()));
            assert_eq!(reply.refusal(), expected, "{query} {}", reply.text);
        }
        let long = json!({ "s": "x".repeat(81) });
        let query = "query ($s: String) { bookings(filter: { search: $s }) { totalCount } }";
        let reply = site.ask(query, long, Some(&token)).await;
        assert_eq!(reply.refusal().1.as_deref(), Some("search"));
        site.close().await;
    });
}

#[test]
fn bad_minutes_and_notes_are_refused_and_change_nothing() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, _) = site.book("Siti Rahma").await;
        let extend = "mutation ($r: String!, $m: Int!) { extendHold(receiptNo: $r, minutes: $m) { revision } }";
        for minutes in [json!(0), json!(-5), json!(241), json!(1_u64 << 40)] {
            let reply =
                site.ask(extend, json!({ "r": receipt_no, "m": minutes }), Some(&token)).await;
            assert_eq!(reply.refusal().1.as_deref(), Some("minutes"), "{minutes}");
        }
        let cancel = "mutation ($r: String!, $n: String) { cancelBooking(receiptNo: $r, note: $n) { revision } }";
        for note in ["x".repeat(201), "two\nlines".to_owned()] {
            let reply = site.ask(cancel, json!({ "r": receipt_no, "n": note }), Some(&token)).await;
            assert_eq!(reply.refusal().1.as_deref(), Some("note"), "{note}");
        }
        let query = "query ($r: String!) { booking(receiptNo: $r) { revision status } }";
        let data = site.ask(query, json!({ "r": receipt_no }), Some(&token)).await.data();
        assert_eq!(data["booking"], json!({ "revision": 1, "status": "PENDING" }));
        site.close().await;
    });
}

#[test]
fn refusals_speak_the_language_of_the_request() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let body = json!({ "query": "{ bookings { totalCount } }" }).to_string();
        for (languages, start) in [
            ("en", "Please sign in"),
            ("en-GB,id;q=0.5", "Please sign in"),
            ("fr, en;q=0.2, id;q=0.8", "Silakan masuk"),
            ("fr", "Silakan masuk"),
            ("id;q=0, en;q=0.1", "Please sign in"),
        ] {
            let headers = [("content-type", "application/json"), ("accept-language", languages)];
            let reply = site.post(body.clone(), &headers).await;
            let message = reply.json()["errors"][0]["message"].as_str().unwrap().to_owned();
            assert!(message.starts_with(start), "{languages}: {message}");
        }
        site.close().await;
    });
}
