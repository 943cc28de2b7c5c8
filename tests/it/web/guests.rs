//! Queries and mutations of guests.

use std::time::Duration;

use jatah::config::QrisSource;
use jatah::domain::Role;
use serde_json::{Value, json};

use super::{LimitsSection, Site, booking_input, limits};
use crate::build::{room, today};
use crate::hotel::with_paused_clock;

const MINE: &str = "query ($r: String!, $t: String!) { myBooking(receiptNo: $r, accessToken: $t) {
    receiptNo guestName channel contact roomType { code name price rooms } checkIn nights price
    status cancelReason bookedAt holdUntil extensions arrivedAt qrisSentAt paidAt cancelledAt
    revision travel { distanceKm } forecast undelivered } }";

#[test]
fn a_guest_sees_all_of_the_own_booking() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut input = booking_input("Siti Rahma");
        input["nights"] = json!(3);
        let booked = site.try_book(input).await.data()["createBooking"].clone();
        let (receipt_no, token) = (&booked["booking"]["receiptNo"], &booked["accessToken"]);
        let url = format!(
            "{}/b/{}#{}",
            site.url(""),
            receipt_no.as_str().unwrap(),
            token.as_str().unwrap()
        );
        assert_eq!(booked["statusUrl"], url);
        let data = site.ask(MINE, json!({ "r": receipt_no, "t": token }), None).await.data();
        assert_eq!(
            data["myBooking"],
            json!({
                "receiptNo": "RESI-20260104-001", "guestName": "Siti Rahma", "channel": "WEB",
                "contact": "siti.rahma@example.com",
                "roomType": { "code": "STD", "name": "The STD", "price": 350_000, "rooms": 10 },
                "checkIn": "2026-01-04", "nights": 3, "price": 1_050_000, "status": "PENDING",
                "cancelReason": null, "bookedAt": "2026-01-04T10:00:00.000Z",
                "holdUntil": "2026-01-04T12:00:00.000Z", "extensions": 0, "arrivedAt": null,
                "qrisSentAt": null, "paidAt": null, "cancelledAt": null, "revision": 1,
                "travel": null, "forecast": "NO_POSITION", "undelivered": [],
            })
        );
        site.close().await;
    });
}

#[test]
fn a_booking_does_not_exist_for_whoever_has_another_key() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let (one, token_of_one) = site.book("Siti").await;
        let (other, token_of_other) = site.book("Budi").await;
        let unknown = "RESI-20260104-999".to_owned();
        for (receipt_no, token) in [
            (&one, token_of_other.as_str()),
            (&other, token_of_one.as_str()),
            (&one, ""),
            (&one, &"A".repeat(5000)),
            (&unknown, &token_of_one),
        ] {
            let variables = json!({ "r": receipt_no, "t": token });
            assert_eq!(site.ask(MINE, variables.clone(), None).await.code(), "NOT_FOUND");
            for mutation in [
                "mutation ($r: String!, $t: String!) { cancelMyBooking(receiptNo: $r, accessToken: $t) { price } }",
                "mutation ($r: String!, $t: String!) { reportPosition(receiptNo: $r, accessToken: $t,
                    position: { latitude: 0, longitude: 0 }) { price } }",
            ] {
                assert_eq!(site.ask(mutation, variables.clone(), None).await.code(), "NOT_FOUND");
            }
        }
        let data =
            site.ask(MINE, json!({ "r": "20260104 1", "t": token_of_one }), None).await.data();
        assert_eq!(data["myBooking"]["status"], "PENDING");
        site.close().await;
    });
}

#[test]
fn the_same_request_books_once_and_another_one_by_its_id_is_refused() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut input = booking_input("Siti Rahma");
        input["requestId"] = json!("0123456789abcdefghijkl");
        let first = site.try_book(input.clone()).await.data();
        assert_eq!(site.try_book(input.clone()).await.data(), first);
        input["nights"] = json!(2);
        let refusal = site.try_book(input).await.refusal();
        assert_eq!(refusal, ("INVALID_INPUT".to_owned(), Some("requestId".to_owned())));
        assert_eq!(site.count().await, 1);
        site.close().await;
    });
}

#[test]
fn a_guest_books_only_at_the_price_that_was_shown() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut input = booking_input("Siti Rahma");
        input["requestId"] = json!("0123456789abcdefghijkl");
        input["expectedPrice"] = json!(1);
        let reply = site.try_book(input.clone()).await;
        assert_eq!(reply.code(), "PRICE_CHANGED");
        let price = reply.json()["errors"][0]["extensions"]["price"].clone();
        assert_eq!(site.count().await, 0);
        input["expectedPrice"] = price.clone();
        let booked = site.try_book(input.clone()).await.data();
        assert_eq!(booked["createBooking"]["booking"]["price"], price);
        // A repeated request returns its booking, whatever is expected now.
        input["expectedPrice"] = json!(1);
        assert_eq!(site.try_book(input).await.data(), booked);
        assert_eq!(site.count().await, 1);
        site.close().await;
    });
}

#[test]
fn sold_out_and_too_many_holds_have_their_own_codes() {
    with_paused_clock(async || {
        let limited = LimitsSection { holds_per_address: 3, ..limits() };
        let site = Site::open_with(limited).await;
        let mut suite = booking_input("Siti");
        suite["roomType"] = json!("SUITE");
        site.try_book(suite.clone()).await.data();
        suite["guestName"] = json!("Budi");
        suite["email"] = json!("budi@example.com");
        assert_eq!(site.try_book(suite).await.code(), "SOLD_OUT");
        site.book("Siti").await;
        assert_eq!(
            site.try_book(booking_input("Siti")).await.code(),
            "TOO_MANY_HOLDS",
            "of the guest"
        );
        site.book("Budi").await;
        assert_eq!(
            site.try_book(booking_input("Tono")).await.code(),
            "TOO_MANY_HOLDS",
            "of the address"
        );
        site.close().await;
    });
}

#[test]
fn a_stranger_who_books_with_a_guests_address_does_not_lock_the_guest_out() {
    with_paused_clock(async || {
        let proxied =
            LimitsSection { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..limits() };
        let site = Site::open_with(proxied).await;
        let book = async |from: &str, email: &str| {
            let mut input = booking_input("Siti");
            input["email"] = json!(email);
            site.book_from(from, input).await
        };
        for tag in ["siti@gmail.com", "s.iti+1@gmail.com"] {
            book("198.51.100.7", tag).await.data();
        }
        let third = book("198.51.100.7", "si.ti+2@googlemail.com").await;
        assert_eq!(third.code(), "TOO_MANY_HOLDS", "tags and dots are one mailbox");
        book("203.0.113.9", "siti@gmail.com").await.data();
        site.close().await;
    });
}

#[test]
fn who_books_and_cancels_in_turn_is_stopped_within_the_hour() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let mut made = 0;
        let refused = loop {
            let reply = site.try_book(booking_input("Siti")).await;
            if reply.json()["data"].is_null() {
                break reply;
            }
            made += 1;
            let booked = &reply.data()["createBooking"];
            let mine = json!({ "r": booked["booking"]["receiptNo"], "t": booked["accessToken"] });
            let cancel = "mutation ($r: String!, $t: String!) {
                cancelMyBooking(receiptNo: $r, accessToken: $t) { status } }";
            site.ask(cancel, mine, None).await.data();
        };
        assert_eq!((refused.code().as_str(), made), ("RATE_LIMITED", 10));
        // A request that made a booking before is answered however often it comes.
        let mut again = booking_input("Budi");
        again["requestId"] = json!("0123456789abcdefghijkl");
        let first = site.try_book(again.clone()).await.data();
        for _ in 0..30 {
            assert_eq!(site.try_book(again.clone()).await.data(), first);
        }
        tokio::time::advance(Duration::from_hours(1)).await;
        site.try_book(booking_input("Siti")).await.data();
        site.close().await;
    });
}

#[test]
fn the_web_holds_no_more_than_its_share_of_a_room_type() {
    with_paused_clock(async || {
        let half = LimitsSection { web_share: 0.5, ..limits() };
        let site = Site::open_with(half).await;
        let rooms = crate::build::policy().room(&room("STD")).unwrap().rooms;
        for guest in 0..rooms / 2 {
            site.book(&format!("Guest {guest}")).await;
        }
        assert_eq!(site.try_book(booking_input("Siti")).await.code(), "SOLD_OUT");
        let query =
            "query ($d: Date!) { availability(checkIn: $d) { roomType { code } available } }";
        let rows = site.ask(query, json!({ "d": today().to_string() }), None).await.data();
        let rows = rows["availability"].as_array().unwrap().clone();
        let left = rows.iter().find(|row| row["roomType"]["code"] == "STD").unwrap();
        assert_eq!(left["available"], rooms - rooms / 2, "the hotel has them");
        site.close().await;
    });
}

#[test]
fn a_position_shows_as_travel_and_forecast_until_the_hold_is_over() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let (receipt_no, token) = site.book("Siti Rahma").await;
        let report = "mutation ($r: String!, $t: String!, $p: PositionInput!) {
            reportPosition(receiptNo: $r, accessToken: $t, position: $p) { forecast travel {
                distanceKm bearing etaMinutes approaching withinRadius fixAt fixAgeSeconds } } }";
        let position = json!({ "latitude": -6.1, "longitude": 106.8, "accuracyMetres": 9.5,
            "recordedAt": "2026-01-04T16:59:30+07:00" });
        let variables = json!({ "r": receipt_no, "t": token, "p": position });
        let mut reported = site.ask(report, variables, None).await.data()["reportPosition"].clone();
        let travel = reported["travel"].as_object_mut().unwrap();
        let number = |value: Option<Value>| value.unwrap().as_f64().unwrap();
        assert!((11.0..11.2).contains(&number(travel.remove("distanceKm"))));
        assert!((179.9..180.1).contains(&number(travel.remove("bearing"))));
        let travel = reported["travel"].as_object_mut().unwrap();
        // 11.06 km times the road factor 1.4 at 20 km/h, plus 15 minutes of arrival buffer, minus
        // half a minute since the fix.
        assert!((60.9..61.0).contains(&number(travel.remove("etaMinutes"))));
        assert_eq!(
            reported,
            json!({ "forecast": "IN_TIME", "travel": { "approaching": null,
                "withinRadius": false, "fixAt": "2026-01-04T09:59:30.000Z", "fixAgeSeconds": 30.0 } })
        );
        let cancel = "mutation ($r: String!, $t: String!) {
            cancelMyBooking(receiptNo: $r, accessToken: $t) { status cancelReason forecast travel { bearing } } }";
        let mine = json!({ "r": receipt_no, "t": token });
        let data = site.ask(cancel, mine.clone(), None).await.data();
        let gone = json!({ "status": "CANCELLED", "cancelReason": "BY_GUEST", "forecast": null, "travel": null });
        assert_eq!(data["cancelMyBooking"], gone);
        assert_eq!(site.ask(cancel, mine, None).await.code(), "ALREADY_CANCELLED");
        site.close().await;
    });
}

#[test]
fn a_mutation_that_asks_for_the_front_office_s_history_is_refused_before_it_does_anything() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let book = |history: &str| {
            format!(
                "mutation ($input: CreateBookingInput!) {{ createBooking(input: $input) {{
                    booking {{ receiptNo ...More }} }} }}
                fragment More on Booking {{ status {history} }}"
            )
        };
        let input = json!({ "input": booking_input("Siti") });
        let refused = site.ask(&book("history { at }"), input.clone(), None).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        let staff = site.sign_in(Role::FrontOffice).await;
        let count = "{ bookings { totalCount } }";
        let data = site.ask(count, json!({}), Some(&staff)).await.data();
        assert_eq!(data["bookings"]["totalCount"], 0, "nothing was booked");
        // A field with `@skip` does not count.
        site.ask(&book("history @skip(if: true) { at }"), input, None).await.data();

        let (receipt_no, token) = site.book("Budi").await;
        let mine = json!({ "r": receipt_no, "t": token });
        for what in [
            "cancelMyBooking(receiptNo: $r, accessToken: $t)",
            "reportPosition(receiptNo: $r, accessToken: $t,
                position: { latitude: -6.2, longitude: 106.8 })",
        ] {
            let query =
                format!("mutation ($r: String!, $t: String!) {{ {what} {{ history {{ at }} }} }}");
            assert_eq!(site.ask(&query, mine.clone(), None).await.code(), "FORBIDDEN");
        }
        let state = "query ($r: String!, $t: String!) {
            myBooking(receiptNo: $r, accessToken: $t) { status travel { distanceKm } } }";
        let data = site.ask(state, mine, None).await.data();
        assert_eq!(data["myBooking"], json!({ "status": "PENDING", "travel": null }));
        site.close().await;
    });
}

#[test]
fn a_guest_may_not_see_what_is_the_front_offices() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let (receipt_no, token) = site.book("Siti Rahma").await;
        let mine = json!({ "r": receipt_no, "t": token });
        let history = "query ($r: String!, $t: String!) {
            myBooking(receiptNo: $r, accessToken: $t) { history { at } } }";
        assert_eq!(site.ask(history, mine.clone(), None).await.code(), "FORBIDDEN");
        for bad_token in [None, Some("nobody")] {
            for staff_only in [
                "{ bookings { totalCount } }",
                "{ booking(receiptNo: \"RESI-20260104-001\") { price } }",
                "{ qris(receiptNo: \"RESI-20260104-001\") { payload } }",
                "mutation { markArrived(receiptNo: \"RESI-20260104-001\") { price } }",
                "mutation { sendQris(receiptNo: \"RESI-20260104-001\") { price } }",
                "mutation { markPaid(receiptNo: \"RESI-20260104-001\") { price } }",
                "mutation { cancelBooking(receiptNo: \"RESI-20260104-001\") { price } }",
                "mutation { extendHold(receiptNo: \"RESI-20260104-001\", minutes: 30) { price } }",
                "mutation { setAllotment(roomType: \"STD\", date: \"2026-01-04\", rooms: 1) { date } }",
            ] {
                let reply = site.ask(staff_only, json!({}), bad_token).await;
                assert_eq!(reply.code(), "UNAUTHENTICATED", "{staff_only}");
                assert_eq!(reply.json()["data"], Value::Null);
            }
            let data = site.ask(MINE, mine.clone(), bad_token).await.data();
            assert_eq!(
                data["myBooking"]["revision"], 1,
                "nothing was changed, and guests need no session"
            );
            assert_eq!(
                site.ask("{ me { name } }", json!({}), bad_token).await.data(),
                json!({ "me": null })
            );
        }
        site.close().await;
    });
}

#[test]
fn a_guest_sees_the_payment_code_once_they_are_at_the_desk() {
    with_paused_clock(async || {
        let folder = tempfile::tempdir().unwrap();
        let mut config = crate::hotel::config(folder.path());
        config.qris.source = Some(QrisSource::Payload(crate::qris::VECTORS[0].to_owned()));
        let site = Site::open_configured(config, folder).await;
        let clerk = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, token) = site.book("Siti Rahma").await;
        let code = "query ($r: String!, $t: String!) { myQris(receiptNo: $r, accessToken: $t) {
            payload amount svg } }";
        let mine = json!({ "r": receipt_no, "t": token });
        assert_eq!(site.ask(code, mine.clone(), None).await.code(), "NOT_ALLOWED");
        let arrived = "mutation ($r: String!) { markArrived(receiptNo: $r) { price } }";
        let data = site.ask(arrived, json!({ "r": receipt_no }), Some(&clerk)).await.data();
        let shown = site.ask(code, mine.clone(), None).await.data();
        assert_eq!(shown["myQris"]["amount"], data["markArrived"]["price"]);
        let desk = "query ($r: String!) { qris(receiptNo: $r) { payload amount svg } }";
        let desk = site.ask(desk, json!({ "r": receipt_no }), Some(&clerk)).await.data();
        assert_eq!(shown["myQris"], desk["qris"], "the same code as on the desk's screen");
        let stranger = json!({ "r": receipt_no, "t": "another" });
        assert_eq!(site.ask(code, stranger, None).await.code(), "NOT_FOUND");
        let paid = "mutation ($r: String!) { markPaid(receiptNo: $r) { status } }";
        site.ask(paid, json!({ "r": receipt_no }), Some(&clerk)).await.data();
        assert_eq!(site.ask(code, mine, None).await.code(), "ALREADY_PAID");
        site.close().await;
    });
}

#[test]
fn a_guest_reads_where_the_hotel_is_and_why_it_cancelled() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let clerk = site.sign_in(Role::FrontOffice).await;
        let hotel = "{ hotel { address contact mapUrl checkInFrom } }";
        let expected = json!({
            "address": "Jalan Kebon Sirih 10, Jakarta", "contact": "Telegram @hotelmelati",
            "mapUrl": "https://www.google.com/maps/search/?api=1&query=-6.2,106.8",
            "checkInFrom": "14:00",
        });
        assert_eq!(site.ask(hotel, json!({}), None).await.data()["hotel"], expected);
        let (receipt_no, token) = site.book("Siti Rahma").await;
        let cancel = "mutation ($r: String!, $n: String) { cancelBooking(receiptNo: $r, note: $n) {
            cancelNote } }";
        let note = json!({ "r": receipt_no, "n": "kamar bocor, maaf" });
        let data = site.ask(cancel, note, Some(&clerk)).await.data();
        assert_eq!(data["cancelBooking"]["cancelNote"], "kamar bocor, maaf");
        let mine = "query ($r: String!, $t: String!) { myBooking(receiptNo: $r, accessToken: $t) {
            cancelReason cancelNote } }";
        let data = site.ask(mine, json!({ "r": receipt_no, "t": token }), None).await.data();
        let expected = json!({ "cancelReason": "BY_STAFF", "cancelNote": "kamar bocor, maaf" });
        assert_eq!(data["myBooking"], expected);
        site.close().await;
    });
}
