//! Queries and mutations of the front office and of managers.

use std::time::Duration;

use jatah::auth::Staff;
use jatah::domain::Role;
use serde_json::{Value, json};

use super::Site;
use crate::build::staff;
use crate::hotel::with_paused_clock;

#[test]
fn a_code_signs_in_once_and_the_session_ends_after_its_shift() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let sari = Staff { name: staff("Sari"), role: Role::FrontOffice };
        let code = json!({ "c": site.app.staff.issue_code(sari).await.unwrap() });
        let sign_in = "mutation ($c: String!) { signInWithCode(code: $c) { token expiresAt staff { name role } } }";
        let data = site.ask(sign_in, code.clone(), None).await.data();
        let session = &data["signInWithCode"];
        assert_eq!(session["staff"], json!({ "name": "Sari", "role": "FRONT_OFFICE" }));
        assert_eq!(session["expiresAt"], "2026-01-04T22:00:00.000Z");
        let refusal = site.ask(sign_in, code, None).await.refusal();
        assert_eq!(refusal, ("INVALID_INPUT".to_owned(), Some("code".to_owned())));
        let token = session["token"].as_str();
        let me = "{ me { name role } }";
        assert_eq!(site.ask(me, json!({}), token).await.data()["me"]["name"], "Sari");
        tokio::time::advance(Duration::from_hours(12)).await;
        assert_eq!(site.ask(me, json!({}), token).await.data()["me"], Value::Null);
        let bookings = "{ bookings { totalCount } }";
        assert_eq!(site.ask(bookings, json!({}), token).await.code(), "UNAUTHENTICATED");
        site.close().await;
    });
}

#[test]
fn the_front_office_changes_bookings_and_the_history_names_who_did() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, _) = site.book("Siti Rahma").await;
        let at = json!({ "r": receipt_no });
        for (mutation, expected) in [
            (
                "extendHold(receiptNo: $r, minutes: 30)",
                json!({ "status": "PENDING", "revision": 2, "arrivedAt": null }),
            ),
            (
                "markArrived(receiptNo: $r)",
                json!({ "status": "PENDING", "revision": 3, "arrivedAt": "2026-01-04T10:00:00.000Z" }),
            ),
            (
                "markPaid(receiptNo: $r)",
                json!({ "status": "PAID", "revision": 4, "arrivedAt": "2026-01-04T10:00:00.000Z" }),
            ),
        ] {
            let query = format!(
                "mutation ($r: String!) {{ it: {mutation} {{ status revision arrivedAt }} }}"
            );
            assert_eq!(site.ask(&query, at.clone(), Some(&token)).await.data()["it"], expected);
        }
        let cancel = "mutation ($r: String!) { cancelBooking(receiptNo: $r) { status } }";
        let reply = site.ask(cancel, at.clone(), Some(&token)).await;
        assert_eq!(reply.code(), "ALREADY_PAID");
        assert!(reply.text.contains("Sari"), "the loser is told who won: {}", reply.text);
        let history = "query ($r: String!) { booking(receiptNo: $r) { history { actor action } undelivered } }";
        let data = site.ask(history, at, Some(&token)).await.data();
        let entry = |actor, action| json!({ "actor": actor, "action": action });
        let expected = [
            entry("Tamu", "BOOKED"),
            entry("Sari", "EXTENDED"),
            entry("Sari", "ARRIVED"),
            entry("Sari", "PAID"),
        ];
        assert_eq!(data["booking"], json!({ "history": expected, "undelivered": [] }));
        site.close().await;
    });
}

#[test]
fn allotments_are_for_managers_and_stop_at_what_is_sold() {
    with_paused_clock(async || {
        let site = Site::open().await;
        site.book("Siti").await;
        site.book("Budi").await;
        let set = "mutation ($n: Int!) { setAllotment(roomType: \"STD\", date: \"2026-01-04\", rooms: $n) {
            available nights date roomType { code rooms } } }";
        let front_office = site.sign_in(Role::FrontOffice).await;
        assert_eq!(site.ask(set, json!({ "n": 5 }), Some(&front_office)).await.code(), "FORBIDDEN");
        let manager = site.sign_in(Role::Manager).await;
        let reply = site.ask(set, json!({ "n": 1 }), Some(&manager)).await;
        assert_eq!(reply.code(), "NOT_ALLOWED");
        assert!(reply.text.contains('2'), "{}", reply.text);
        let data = site.ask(set, json!({ "n": 5 }), Some(&manager)).await.data();
        let room_type = json!({ "code": "STD", "rooms": 10 });
        let expected =
            json!({ "available": 3, "nights": 1, "date": "2026-01-04", "roomType": room_type });
        assert_eq!(data["setAllotment"], expected);
        let free = "{ availability(checkIn: \"2026-01-04\") { available roomType { code } } }";
        let data = site.ask(free, json!({}), None).await.data();
        assert_eq!(
            data["availability"][1],
            json!({ "available": 3, "roomType": { "code": "STD" } })
        );
        site.close().await;
    });
}

#[test]
fn pages_of_bookings_follow_each_other_without_gap_or_repetition() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut booked = Vec::new();
        for name in ["Ani", "Budi", "Cici", "Dodi", "Eka"] {
            booked.insert(0, site.book(name).await.0);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let query = "query ($a: String) { bookings(first: 2, after: $a) {
            nodes { receiptNo } pageInfo { hasNextPage endCursor } totalCount feedCursor } }";
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let data = site.ask(query, json!({ "a": after }), Some(&token)).await.data();
            let page = &data["bookings"];
            assert_eq!(page["totalCount"], 5);
            let number = |node: &Value| node["receiptNo"].as_str().unwrap().to_owned();
            found.extend(page["nodes"].as_array().unwrap().iter().map(number));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        assert_eq!(found, booked);
        for (filter, count) in [
            ("search: \"20260104 3\"", 1),
            ("search: \"bUD\"", 1),
            ("search: \" \"", 5),
            ("status: [PENDING]", 5),
            ("status: [PAID, CANCELLED]", 0),
            ("checkIn: \"2026-01-05\"", 0),
        ] {
            let query = format!("{{ bookings(filter: {{ {filter} }}) {{ totalCount }} }}");
            let data = site.ask(&query, json!({}), Some(&token)).await.data();
            assert_eq!(data["bookings"]["totalCount"], count, "{filter}");
        }
        site.close().await;
    });
}

#[test]
fn what_needs_telegram_or_qris_is_unavailable_with_a_clear_sentence() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, _) = site.book("Siti").await;
        for query in [
            "mutation { prepareTelegramBooking(input: { roomType: \"STD\", checkIn: \"2026-01-04\" }) { link } }",
            "mutation { signInWithTelegram(initData: \"\") { token } }",
            "mutation { sendQris(receiptNo: \"RESI-20260104-001\") { price } }",
            "{ qris(receiptNo: \"RESI-20260104-001\") { payload } }",
        ] {
            assert_eq!(
                site.ask(query, json!({}), Some(&token)).await.code(),
                "UNAVAILABLE",
                "{query}"
            );
        }
        assert_eq!(receipt_no, "RESI-20260104-001");
        let unknown = "{ qris(receiptNo: \"RESI-20260104-009\") { payload } }";
        assert_eq!(site.ask(unknown, json!({}), Some(&token)).await.code(), "NOT_FOUND");
        site.close().await;
    });
}
