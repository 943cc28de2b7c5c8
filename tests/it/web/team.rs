//! Queries and mutations of the front office and of managers.

use std::sync::Arc;
use std::time::Duration;

use jatah::auth::{Staff, StaffAuth};
use jatah::clock::Clock;
use jatah::config::StaffMember;
use jatah::domain::{Role, TelegramId};
use jatah::store::sqlite::SqliteStore;
use serde_json::{Value, json};

use super::{Site, booking_input};
use crate::build::staff;
use crate::hotel::with_paused_clock;

#[test]
fn a_code_signs_in_once_and_the_session_ends_after_its_shift() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let sari = Staff { name: staff("Sari"), role: Role::FrontOffice, telegram_id: None };
        let code = json!({ "c": site.app.staff.issue_code(sari).await.unwrap().code });
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
            ("price: 350000", 5),
            ("price: 35000", 0),
            ("price: 350000, status: [PAID]", 0),
            ("hotelDay: \"2026-01-04\"", 5),
            ("hotelDay: \"2026-01-05\"", 0),
            ("hotelDay: \"2026-01-04\", price: 350000", 5),
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

#[test]
fn a_session_ends_at_the_server_when_its_owner_signs_out() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let (token, other) =
            (site.sign_in(Role::FrontOffice).await, site.sign_in(Role::FrontOffice).await);
        let mut socket = site.connected(Some(&token)).await;
        socket.subscribe("1", "subscription { degradedChanged { part } }", json!({})).await;
        socket.data().await;
        let out = "mutation { signOut }";
        assert_eq!(site.ask(out, json!({}), Some(&token)).await.data()["signOut"], true);
        assert_eq!(site.ask(out, json!({}), Some(&token)).await.data()["signOut"], false);
        let ended = socket.receive().await;
        assert_eq!(
            ended["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
            "{ended}"
        );
        let me =
            async |token: &str| site.ask("{ me { name } }", json!({}), Some(token)).await.data();
        assert_eq!(me(&token).await["me"], Value::Null);
        assert_eq!(me(&other).await["me"]["name"], "Sari");
        site.close().await;
    });
}

#[test]
fn a_manager_adds_a_device_and_revokes_a_session_at_once() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let manager = site.sign_in(Role::Manager).await;
        let clerk = site.sign_in(Role::FrontOffice).await;
        let make =
            "mutation ($n: String!) { createStaffCode(role: FRONT_OFFICE, name: $n) { code url } }";
        let refused = site.ask(make, json!({ "n": "Dewi" }), Some(&clerk)).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        let refused = site.ask(make, json!({ "n": " " }), Some(&manager)).await.refusal();
        assert_eq!(refused, ("INVALID_INPUT".to_owned(), Some("name".to_owned())));
        let made = site.ask(make, json!({ "n": "Dewi" }), Some(&manager)).await.data();
        let made = &made["createStaffCode"];
        let code = made["code"].as_str().unwrap();
        assert_eq!(made["url"], format!("{}#code={code}", site.url("/fo")));
        let enter =
            "mutation ($c: String!) { signInWithCode(code: $c) { token staff { name role } } }";
        let dewi =
            site.ask(enter, json!({ "c": code }), None).await.data()["signInWithCode"].take();
        assert_eq!(dewi["staff"], json!({ "name": "Dewi", "role": "FRONT_OFFICE" }));
        let dewi = dewi["token"].as_str().unwrap().to_owned();
        let mut socket = site.connected(Some(&dewi)).await;
        socket.subscribe("1", "subscription { bookingChanged { cursor } }", json!({})).await;

        let list = "{ staffSessions { id staff { name } isOwn } }";
        assert_eq!(site.ask(list, json!({}), Some(&clerk)).await.code(), "FORBIDDEN");
        let listed = site.ask(list, json!({}), Some(&manager)).await.data();
        let listed = listed["staffSessions"].as_array().unwrap().clone();
        let own: Vec<bool> = listed.iter().map(|one| one["isOwn"].as_bool().unwrap()).collect();
        assert_eq!(own.iter().filter(|own| **own).count(), 1);
        let of_dewi = listed.iter().find(|one| one["staff"]["name"] == "Dewi").unwrap();
        let revoke = "mutation ($id: ID!) { revokeStaffSession(id: $id) }";
        let id = json!({ "id": of_dewi["id"] });
        assert_eq!(site.ask(revoke, id.clone(), Some(&clerk)).await.code(), "FORBIDDEN");
        let revoked = site.ask(revoke, id.clone(), Some(&manager)).await.data();
        assert_eq!(revoked["revokeStaffSession"], true);
        let again = site.ask(revoke, id, Some(&manager)).await.data();
        assert_eq!(again["revokeStaffSession"], false);
        let ended = socket.receive().await;
        assert_eq!(ended["payload"][0]["extensions"]["code"], "UNAUTHENTICATED", "{ended}");
        assert_eq!(site.ask(list, json!({}), Some(&dewi)).await.code(), "UNAUTHENTICATED");
        // A query on the same socket asks for the session again.
        socket.subscribe("2", "{ me { name } }", json!({})).await;
        assert_eq!(socket.data().await["me"], Value::Null);
        site.close().await;
    });
}

#[tokio::test]
async fn who_has_left_the_staff_has_no_session_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("jatah.db")).unwrap());
    let member = |id, role| StaffMember { telegram_id: TelegramId(id), name: staff("Sari"), role };
    let auth = |members| StaffAuth::new(store.clone(), Clock::system(), members);
    let before = auth(vec![member(501, Role::Manager), member(502, Role::Manager)]);
    let open =
        async |id| before.open_session(Staff::from(&member(id, Role::Manager))).await.unwrap();
    let (leaves, stays) = (open(501).await, open(502).await);
    let code = before.issue_code(Staff::from(&member(501, Role::Manager))).await.unwrap().code;
    let after = auth(vec![member(502, Role::FrontOffice)]);
    assert_eq!(after.session(&leaves.token).await.unwrap(), None);
    let session = after.session(&stays.token).await.unwrap().unwrap();
    assert_eq!(session.staff.role, Role::FrontOffice, "the role of today");
    assert!(after.sign_in(&code).await.unwrap().is_none());
    // For the processes that still have the older configuration.
    after.end_sessions_of_departed().await.unwrap();
    assert_eq!(before.session(&leaves.token).await.unwrap(), None);
    assert!(before.session(&stays.token).await.unwrap().is_some());
}

#[test]
fn a_cancelled_booking_is_revived_while_a_room_is_free_and_one_of_two_clerks_does_it() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let clerk = site.sign_in(Role::FrontOffice).await;
        let suite = |name: &str| {
            let mut input = booking_input(name);
            input["roomType"] = json!("SUITE");
            input
        };
        let booked = site.try_book(suite("Siti")).await.data();
        let receipt_no = booked["createBooking"]["booking"]["receiptNo"].clone();
        let r = json!({ "r": receipt_no });
        let cancel = "mutation ($r: String!) { cancelBooking(receiptNo: $r) { status } }";
        let revive = "mutation ($r: String!) { reviveBooking(receiptNo: $r) {
            status receiptNo price extensions revision arrivedAt holdUntil } }";
        site.ask(cancel, r.clone(), Some(&clerk)).await.data();
        assert_eq!(site.ask(revive, r.clone(), None).await.code(), "UNAUTHENTICATED");
        // Another guest has the only suite.
        let other = site.try_book(suite("Budi")).await.data();
        assert_eq!(site.ask(revive, r.clone(), Some(&clerk)).await.code(), "SOLD_OUT");
        let number = json!({ "r": other["createBooking"]["booking"]["receiptNo"] });
        site.ask(cancel, number, Some(&clerk)).await.data();
        let (one, two) = tokio::join!(
            site.ask(revive, r.clone(), Some(&clerk)),
            site.ask(revive, r.clone(), Some(&clerk)),
        );
        let revived = one.data()["reviveBooking"].clone();
        assert_eq!(revived, two.data()["reviveBooking"], "done once");
        assert_eq!((&revived["status"], &revived["revision"]), (&json!("PENDING"), &json!(3)));
        assert_eq!(revived["price"], booked["createBooking"]["booking"]["price"]);
        assert_eq!(site.try_book(suite("Tono")).await.code(), "SOLD_OUT", "the room is taken");
        let history = "query ($r: String!) { booking(receiptNo: $r) { history { action actor } } }";
        let history = site.ask(history, r, Some(&clerk)).await.data();
        let last = history["booking"]["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last, json!({ "action": "REVIVED", "actor": "Sari" }));
        site.close().await;
    });
}

#[test]
fn a_walk_in_has_a_room_at_once_and_is_never_written_to() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let clerk = site.sign_in(Role::FrontOffice).await;
        let book = "mutation ($i: DeskBookingInput!) { bookAtDesk(input: $i) { receiptNo guestName
            channel contact status revision arrivedAt holdUntil paidAt
            history { action actor } } }";
        let cancel = "mutation ($r: String!) { cancelBooking(receiptNo: $r) { status } }";
        let id = "0123456789abcdefghijkl";
        let input = |name: &str, more: Value| {
            let mut input = json!({ "guestName": name, "roomType": "SUITE" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "i": input })
        };
        let siti = input("Siti Rahma", json!({ "requestId": id }));
        assert_eq!(site.ask(book, siti.clone(), None).await.code(), "UNAUTHENTICATED");
        let data = site.ask(book, siti.clone(), Some(&clerk)).await.data();
        let booked = &data["bookAtDesk"];
        let state = [&booked["channel"], &booked["contact"], &booked["status"], &booked["paidAt"]];
        assert_eq!(state, [&json!("DESK"), &Value::Null, &json!("PENDING"), &Value::Null]);
        assert_eq!(booked["arrivedAt"], "2026-01-04T10:00:00.000Z");
        assert_eq!(booked["holdUntil"], "2026-01-04T10:30:00.000Z", "the time to pay");
        assert_eq!(booked["history"], json!([{ "action": "BOOKED", "actor": "Sari" }]));
        let again = site.ask(book, siti, Some(&clerk)).await.data();
        assert_eq!(again["bookAtDesk"]["receiptNo"], booked["receiptNo"], "booked once");
        // The hotel has one suite.
        let budi = input("Budi", json!({}));
        assert_eq!(site.ask(book, budi.clone(), Some(&clerk)).await.code(), "SOLD_OUT");
        assert_eq!(site.try_book(booking_input("Tono")).await.status, 200);
        let r = json!({ "r": booked["receiptNo"] });
        site.ask(cancel, r, Some(&clerk)).await.data();

        let paid = input("Budi", json!({ "paid": true, "nights": 2 }));
        let data = site.ask(book, paid, Some(&clerk)).await.data();
        let paid = &data["bookAtDesk"];
        let state = [&paid["status"], &paid["paidAt"], &paid["revision"]];
        assert_eq!(state, [&json!("PAID"), &json!("2026-01-04T10:00:00.000Z"), &json!(2)]);
        let actions = json!([
            { "action": "BOOKED", "actor": "Sari" },
            { "action": "PAID", "actor": "Sari" },
        ]);
        assert_eq!(paid["history"], actions);
        assert_eq!(site.ask(book, budi, Some(&clerk)).await.code(), "SOLD_OUT");
        let refused = [
            (json!({ "guestName": "\u{202e}\u{7}" }), "guestName"),
            (json!({ "guestName": "Si\nti" }), "guestName"),
            (json!({ "roomType": "MOON" }), "roomType"),
            (json!({ "nights": 0 }), "nights"),
            (json!({ "nights": 99 }), "nights"),
            (json!({ "checkIn": "2025-01-04" }), "checkIn"),
        ];
        for (wrong, field) in refused {
            let refusal = site.ask(book, input("Budi", wrong), Some(&clerk)).await.refusal();
            assert_eq!(refusal, ("INVALID_INPUT".to_owned(), Some(field.to_owned())));
        }
        site.close().await;
    });
}

#[test]
fn a_manager_takes_a_payment_back_with_a_reason() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let (clerk, manager) =
            (site.sign_in(Role::FrontOffice).await, site.sign_in(Role::Manager).await);
        let (receipt_no, _) = site.book("Siti Rahma").await;
        let reopen =
            "mutation ($r: String!, $why: String!) { reopenBooking(receiptNo: $r, reason: $why) {
            status arrivedAt paidAt qrisSentAt } }";
        let with = |why: &str| json!({ "r": receipt_no, "why": why });
        assert_eq!(site.ask(reopen, with("salah"), Some(&manager)).await.code(), "NOT_ALLOWED");
        let pay = "mutation ($r: String!) { markPaid(receiptNo: $r) { status } }";
        site.ask(pay, json!({ "r": receipt_no }), Some(&clerk)).await.data();
        assert_eq!(site.ask(reopen, with("salah"), Some(&clerk)).await.code(), "FORBIDDEN");
        let refused = site.ask(reopen, with(" "), Some(&manager)).await.refusal();
        assert_eq!(refused, ("INVALID_INPUT".to_owned(), Some("reason".to_owned())));
        let long = "a".repeat(10_000);
        let refused = site.ask(reopen, with(&long), Some(&manager)).await.refusal();
        assert_eq!(refused, ("INVALID_INPUT".to_owned(), Some("reason".to_owned())));
        let data = site.ask(reopen, with("salah tamu"), Some(&manager)).await.data();
        let reopened = &data["reopenBooking"];
        assert_eq!((&reopened["status"], &reopened["paidAt"]), (&json!("PENDING"), &Value::Null));
        assert_ne!(reopened["arrivedAt"], Value::Null);
        let history =
            "query ($r: String!) { booking(receiptNo: $r) { history { action detail } } }";
        let data = site.ask(history, json!({ "r": receipt_no }), Some(&clerk)).await.data();
        let last = data["booking"]["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last, json!({ "action": "REOPENED", "detail": "salah tamu" }));
        site.close().await;
    });
}

#[test]
fn an_amendment_moves_the_rooms_together_or_not_at_all() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let clerk = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, _) = site.book("Siti Rahma").await;
        let amend =
            "mutation ($r: String!, $i: AmendInput!) { amendBooking(receiptNo: $r, input: $i) {
            guestName roomType { code } nights price revision holdUntil
            history { action actor detail } } }";
        let with = |input: Value| json!({ "r": receipt_no, "i": input });
        let suite = with(json!({ "roomType": "SUITE", "nights": 2 }));
        assert_eq!(site.ask(amend, suite.clone(), None).await.code(), "UNAUTHENTICATED");
        let refused = [
            (json!({ "guestName": "\u{202e}" }), "guestName"),
            (json!({ "roomType": "MOON" }), "roomType"),
            (json!({ "nights": 0 }), "nights"),
            (json!({ "nights": 31 }), "nights"),
        ];
        for (input, field) in refused {
            let refusal = site.ask(amend, with(input), Some(&clerk)).await.refusal();
            assert_eq!(refusal, ("INVALID_INPUT".to_owned(), Some(field.to_owned())));
        }
        let amended = site.ask(amend, suite.clone(), Some(&clerk)).await.data();
        let amended = amended["amendBooking"].clone();
        assert_eq!(amended["roomType"]["code"], "SUITE");
        assert_eq!((&amended["nights"], &amended["price"]), (&json!(2), &json!(2_500_000)));
        let last = amended["history"].as_array().unwrap().last().unwrap().clone();
        let detail = "The STD → The SUITE · 1 malam → 2 malam · Rp350.000 → Rp2.500.000";
        assert_eq!(last, json!({ "action": "AMENDED", "actor": "Sari", "detail": detail }));
        // Somebody else wants the same suite: refused, and nothing is changed.
        let (other, _) = site.book("Budi").await;
        let for_other = json!({ "r": other, "i": { "roomType": "SUITE", "guestName": "Budiman" } });
        assert_eq!(site.ask(amend, for_other, Some(&clerk)).await.code(), "SOLD_OUT");
        let read = "query ($r: String!) { booking(receiptNo: $r) { guestName revision } }";
        let unchanged = site.ask(read, json!({ "r": other }), Some(&clerk)).await.data();
        assert_eq!(unchanged["booking"], json!({ "guestName": "Budi", "revision": 1 }));
        let left = "{ availability(checkIn: \"2026-01-04\") { roomType { code } available } }";
        let left = site.ask(left, json!({}), None).await.data();
        let of = |code: &str| {
            let rooms = left["availability"].as_array().unwrap();
            rooms.iter().find(|room| room["roomType"]["code"] == code).unwrap()["available"].clone()
        };
        assert_eq!((of("SUITE"), of("STD")), (json!(0), json!(9)));
        let pay = "mutation ($r: String!) { markPaid(receiptNo: $r) { price } }";
        let paid = site.ask(pay, json!({ "r": receipt_no }), Some(&clerk)).await.data();
        assert_eq!(paid["markPaid"]["price"], 2_500_000);
        assert_eq!(site.ask(amend, suite, Some(&clerk)).await.code(), "ALREADY_PAID");
        site.close().await;
    });
}

#[test]
fn what_is_for_sale_is_set_for_a_range_and_closed() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let (clerk, manager) =
            (site.sign_in(Role::FrontOffice).await, site.sign_in(Role::Manager).await);
        site.book("Siti").await;
        site.book("Budi").await;
        let set = "mutation ($d: Date!, $n: Int!, $t: Date, $c: Boolean) {
            setAllotment(roomType: \"STD\", date: $d, rooms: $n, through: $t, closed: $c) {
            available } }";
        let range = |from: &str, through: &str, rooms: i64, closed: Option<bool>| json!({ "d": from, "t": through, "n": rooms, "c": closed });
        let few = range("2026-01-04", "2026-01-06", 1, None);
        assert_eq!(site.ask(set, few.clone(), Some(&clerk)).await.code(), "FORBIDDEN");
        let refused = site.ask(set, few, Some(&manager)).await;
        assert_eq!(refused.code(), "NOT_ALLOWED");
        assert!(refused.text.contains("4 Januari 2026"), "{}", refused.text);
        for (through, named) in [("2026-01-03", "through"), ("2027-01-05", "through")] {
            let wrong = range("2026-01-04", through, 5, None);
            let refusal = site.ask(set, wrong, Some(&manager)).await.refusal();
            assert_eq!(refusal, ("INVALID_INPUT".to_owned(), Some(named.to_owned())));
        }
        let five = range("2026-01-04", "2026-01-06", 5, None);
        let data = site.ask(set, five, Some(&manager)).await.data();
        assert_eq!(data["setAllotment"]["available"], 3);
        let closed = range("2026-01-04", "2026-01-04", 5, Some(true));
        let data = site.ask(set, closed, Some(&manager)).await.data();
        assert_eq!(data["setAllotment"]["available"], 0);
        assert_eq!(site.try_book(booking_input("Tono")).await.code(), "SOLD_OUT");

        let read = "query ($f: Date!, $t: Date!) { allotments(from: $f, through: $t) {
            roomType { code } date rooms taken closed } }";
        let nights = json!({ "f": "2026-01-04", "t": "2026-01-07" });
        assert_eq!(site.ask(read, nights.clone(), None).await.code(), "UNAUTHENTICATED");
        let data = site.ask(read, nights, Some(&clerk)).await.data();
        let all = data["allotments"].as_array().unwrap();
        let of = |date: &str| {
            let is_it =
                |night: &&Value| night["roomType"]["code"] == "STD" && night["date"] == date;
            let night = all.iter().find(is_it).unwrap();
            (night["rooms"].clone(), night["taken"].clone(), night["closed"].clone())
        };
        assert_eq!(of("2026-01-04"), (json!(5), json!(2), json!(true)));
        assert_eq!(of("2026-01-06"), (json!(5), json!(0), json!(false)));
        assert_eq!(of("2026-01-07"), (json!(10), json!(0), json!(false)));
        let long = json!({ "f": "2026-01-04", "t": "2027-01-05" });
        let refusal = site.ask(read, long, Some(&clerk)).await.refusal();
        assert_eq!(refusal, ("INVALID_INPUT".to_owned(), Some("through".to_owned())));
        site.close().await;
    });
}

#[test]
fn the_summary_of_a_day_has_what_happened_on_it() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let clerk = site.sign_in(Role::FrontOffice).await;
        let (siti, _) = site.book("Siti").await;
        site.book("Budi").await;
        let walk_in = "mutation { bookAtDesk(input: { guestName: \"Tono\", roomType: \"SUITE\",
            paid: true }) { price } }";
        site.ask(walk_in, json!({}), Some(&clerk)).await.data();
        let cancel = "mutation ($r: String!) { cancelBooking(receiptNo: $r) { status } }";
        site.ask(cancel, json!({ "r": siti }), Some(&clerk)).await.data();
        let query = "query ($d: Date!) { daySummary(date: $d) { date booked paid paidRupiah expired
            cancelled extended extendedAndCame atDesk blockedMinutes deskWaitMinutes byHour
            byChannel { name booked paid paidRupiah expired cancelled } byRoomType { name booked }
            byStaff { name paid cancelled } lateness { deadlines worstMs } undelivered } }";
        let today = json!({ "d": "2026-01-04" });
        assert_eq!(site.ask(query, today.clone(), None).await.code(), "UNAUTHENTICATED");
        let data = site.ask(query, today, Some(&clerk)).await.data();
        let summary = &data["daySummary"];
        let counts = ["booked", "paid", "paidRupiah", "expired", "cancelled", "atDesk"];
        let counts = counts.map(|name| summary[name].as_i64().unwrap());
        assert_eq!(counts, [3, 1, 1_250_000, 0, 1, 0]);
        let hours = summary["byHour"].as_array().unwrap();
        assert_eq!((hours.len(), &hours[17]), (24, &json!(3)));
        let paid_at_desk = json!({ "name": "DESK", "booked": 1, "paid": 1, "paidRupiah": 1_250_000,
            "expired": 0, "cancelled": 0 });
        assert!(summary["byChannel"].as_array().unwrap().contains(&paid_at_desk), "{summary}");
        assert_eq!(summary["byStaff"], json!([{ "name": "Sari", "paid": 1, "cancelled": 1 }]));
        let empty = site.ask(query, json!({ "d": "2026-01-03" }), Some(&clerk)).await.data();
        assert_eq!(
            (&empty["daySummary"]["booked"], &empty["daySummary"]["paid"]),
            (&json!(0), &json!(0))
        );
        site.close().await;
    });
}

#[test]
fn of_two_clerks_who_want_the_last_room_for_two_guests_one_gets_it() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let clerk = site.sign_in(Role::FrontOffice).await;
        let amend = "mutation ($r: String!) { amendBooking(receiptNo: $r, input: {
            roomType: \"SUITE\" }) { roomType { code } } }";
        let (siti, _) = site.book("Siti").await;
        let (budi, _) = site.book("Budi").await;
        let (one, two) = tokio::join!(
            site.ask(amend, json!({ "r": siti }), Some(&clerk)),
            site.ask(amend, json!({ "r": budi }), Some(&clerk)),
        );
        let won = [&one, &two].map(|reply| reply.json()["data"]["amendBooking"].is_object());
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{} {}", one.text, two.text);
        let lost = if won[0] { two } else { one };
        assert_eq!(lost.code(), "SOLD_OUT");
        site.close().await;
    });
}
