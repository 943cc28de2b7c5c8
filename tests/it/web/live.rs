//! Subscriptions: a guest follows one booking, the board follows all.

use std::time::Duration;

use jatah::domain::{FailureCode, FailureReason, ReceiptNo, Recipient, Revision, Role};
use jatah::store::{DeliveryOutcome, NotificationId, NotificationStore};
use serde_json::{Value, json};

use super::{Site, Socket, booking_input};
use crate::build::{epoch, today};
use crate::hotel::{while_time_passes, with_paused_clock};

const MINE: &str = "subscription ($r: String!, $t: String!) {
    myBookingChanged(receiptNo: $r, accessToken: $t) { receiptNo status revision travel { withinRadius } } }";
const BOARD: &str = "subscription ($after: String) { bookingChanged(after: $after) {
    cursor at action booking { receiptNo status revision undelivered travel { withinRadius } } } }";
const REPORT: &str =
    "mutation ($r: String!, $t: String!) { reportPosition(receiptNo: $r, accessToken: $t,
    position: { latitude: -6.2, longitude: 106.8 }) { revision } }";

async fn apply(site: &Site, token: &str, mutation: &str, receipt_no: &str) {
    let query = format!("mutation ($r: String!) {{ {mutation} {{ revision }} }}");
    site.ask(&query, json!({ "r": receipt_no }), Some(token)).await.data();
}

/// A board that receives every change from now on.
async fn board(site: &Site, token: &str) -> Socket {
    let data =
        site.ask("{ bookings(first: 1) { feedCursor } }", json!({}), Some(token)).await.data();
    board_after(site, token, &data["bookings"]["feedCursor"]).await
}

async fn board_after(site: &Site, token: &str, cursor: &Value) -> Socket {
    let mut socket = site.connected(Some(token)).await;
    socket.subscribe("board", BOARD, json!({ "after": cursor })).await;
    socket
}

async fn change(board: &mut Socket) -> Value {
    board.data().await["bookingChanged"].take()
}

#[test]
fn a_guest_receives_the_current_state_then_every_change_of_the_own_booking() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, access) = site.book("Siti").await;
        let (other, _) = site.book("Budi").await;
        let mut guest = site.connected(None).await;
        guest.subscribe("mine", MINE, json!({ "r": receipt_no, "t": access })).await;
        let state = |status: &str, revision: u32, travel: Value| json!({ "receiptNo": receipt_no, "status": status, "revision": revision, "travel": travel });
        assert_eq!(guest.data().await["myBookingChanged"], state("PENDING", 1, Value::Null));
        apply(&site, &token, "markPaid(receiptNo: $r)", &other).await;
        apply(&site, &token, "extendHold(receiptNo: $r, minutes: 30)", &receipt_no).await;
        assert_eq!(guest.data().await["myBookingChanged"], state("PENDING", 2, Value::Null));
        site.ask(REPORT, json!({ "r": receipt_no, "t": access }), None).await.data();
        let near = json!({ "withinRadius": true });
        assert_eq!(guest.data().await["myBookingChanged"], state("PENDING", 2, near));
        apply(&site, &token, "markPaid(receiptNo: $r)", &receipt_no).await;
        assert_eq!(guest.data().await["myBookingChanged"], state("PAID", 3, Value::Null));
        site.close().await;
    });
}

#[test]
fn a_guest_who_receives_too_slowly_gets_the_latest_state() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, access) = site.book("Siti").await;
        let mut guest = site.connected(None).await;
        guest.subscribe("mine", MINE, json!({ "r": receipt_no, "t": access })).await;
        guest.data().await;
        for _ in 0..200 {
            apply(&site, &token, "extendHold(receiptNo: $r, minutes: 1)", &receipt_no).await;
        }
        let mut revision = 1;
        while revision < 201 {
            let next = guest.data().await["myBookingChanged"]["revision"].as_u64().unwrap();
            assert!(next > revision, "{next} after {revision}");
            revision = next;
        }
        site.close().await;
    });
}

#[test]
fn the_board_receives_every_change_with_the_state_that_it_produced() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut board = board(&site, &token).await;
        let (receipt_no, access) = site.book("Siti").await;
        let booked = change(&mut board).await;
        assert_eq!(
            (&booked["action"], &booked["at"]),
            (&json!("BOOKED"), &json!("2026-01-04T10:00:00.000Z"))
        );
        let state = json!({ "receiptNo": receipt_no, "status": "PENDING", "revision": 1, "undelivered": [], "travel": null });
        assert_eq!(booked["booking"], state);
        site.ask(REPORT, json!({ "r": receipt_no, "t": access }), None).await.data();
        let moved = change(&mut board).await;
        assert_eq!((&moved["action"], &moved["cursor"]), (&json!("POSITION"), &booked["cursor"]));
        assert_eq!(moved["booking"]["travel"], json!({ "withinRadius": true }));
        apply(&site, &token, "markArrived(receiptNo: $r)", &receipt_no).await;
        apply(&site, &token, "cancelBooking(receiptNo: $r)", &receipt_no).await;
        for (action, revision) in [("ARRIVED", 2), ("CANCELLED", 3)] {
            let change = change(&mut board).await;
            assert_eq!(
                (&change["action"], &change["booking"]["revision"]),
                (&json!(action), &json!(revision))
            );
        }
        site.close().await;
    });
}

/// Reports a position so many degrees north of the hotel. Returns the store calls that it took
/// until every board was told.
async fn report(site: &Site, boards: &mut [Socket], guest: &Value, north: f64) -> u64 {
    let mutation = "mutation ($r: String!, $t: String!, $latitude: Float!) {
        reportPosition(receiptNo: $r, accessToken: $t,
            position: { latitude: $latitude, longitude: 106.8 }) { revision } }";
    let before = site.store.calls();
    let latitude = json!(-6.2 + north);
    let input = json!({ "r": guest[0], "t": guest[1], "latitude": latitude });
    site.ask(mutation, input, None).await.data();
    for board in boards {
        assert_eq!(change(board).await["action"], "POSITION");
    }
    site.store.calls() - before
}

#[test]
fn what_many_boards_ask_alike_is_read_once() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, access) = site.book("Siti").await;
        let guest = json!([receipt_no, access]);
        let mut boards = vec![board(&site, &token).await];
        let of_one = report(&site, &mut boards, &guest, 0.01).await;
        for _ in 0..9 {
            // Each board starts after another event.
            apply(&site, &token, "extendHold(receiptNo: $r, minutes: 1)", &receipt_no).await;
            for board in &mut boards {
                change(board).await;
            }
            boards.push(board(&site, &token).await);
        }
        assert_eq!(report(&site, &mut boards, &guest, 0.02).await, of_one);
        site.close().await;
    });
}

#[test]
fn boards_in_different_languages_do_not_share_what_they_receive() {
    const REASONS: &str = "subscription { bookingChanged { booking { history { detail } } } }";
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let (receipt_no, _) = site.book("Siti").await;
        let mut boards = Vec::new();
        for language in ["id", "en"] {
            let mut socket = site.connected_in(language, &token).await;
            socket.subscribe("board", REASONS, json!({})).await;
            boards.push(socket);
        }
        apply(&site, &token, "extendHold(receiptNo: $r, minutes: 30)", &receipt_no).await;
        for (mut board, detail) in boards.into_iter().zip(["+30 menit", "+30 minutes"]) {
            let booking = change(&mut board).await["booking"].take();
            assert_eq!(booking["history"][1]["detail"], detail);
        }
        site.close().await;
    });
}

#[test]
fn the_board_is_told_of_messages_that_were_given_up_and_not_of_those_that_were_sent() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut board = board(&site, &token).await;
        let (receipt_no, _) = site.book("Siti").await;
        let (other, _) = site.book("Budi").await;
        let booked = [change(&mut board).await, change(&mut board).await];
        let notification = |receipt_no: &str| NotificationId {
            receipt_no: ReceiptNo::parse(receipt_no).unwrap(),
            revision: Revision::FIRST,
            to: Recipient::Guest,
        };
        let reply = FailureReason::with_detail(FailureCode::MailServerReply, "552 mailbox full");
        let why = DeliveryOutcome::GivenUp(epoch(), reply);
        site.store.settle(&[(notification(&other), DeliveryOutcome::Sent(epoch()))]).await.unwrap();
        site.store.settle(&[(notification(&receipt_no), why)]).await.unwrap();
        let given_up = change(&mut board).await;
        assert_eq!(
            (&given_up["action"], &given_up["cursor"]),
            (&json!("UNDELIVERED"), &booked[1]["cursor"])
        );
        assert_eq!(
            (&given_up["booking"]["receiptNo"], &given_up["booking"]["revision"]),
            (&json!(receipt_no), &json!(1))
        );
        assert_eq!(
            given_up["booking"]["undelivered"][0],
            "Pesan ke tamu tidak terkirim: server e-mail menjawab: 552 mailbox full"
        );
        site.close().await;
    });
}

#[test]
fn a_board_that_reconnects_misses_nothing_and_receives_nothing_twice() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut first = board(&site, &token).await;
        site.book("Ani").await;
        let cursor = change(&mut first).await["cursor"].clone();
        drop(first);
        let missed = [site.book("Budi").await.0, site.book("Cici").await.0];
        let mut second = board_after(&site, &token, &cursor).await;
        for receipt_no in missed {
            assert_eq!(change(&mut second).await["booking"]["receiptNo"], receipt_no);
        }
        let (live, _) = site.book("Dodi").await;
        assert_eq!(change(&mut second).await["booking"]["receiptNo"], live);
        site.close().await;
    });
}

#[test]
fn a_cursor_that_is_none_is_refused_by_its_field() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        for cursor in ["no cursor", "", "-1", "99999999999999999999"] {
            let mut board = board_after(&site, &token, &json!(cursor)).await;
            let message = board.receive().await;
            assert_eq!(message["type"], "error", "{cursor}: {message}");
            let expected = ("INVALID_INPUT".to_owned(), Some("after".to_owned()));
            assert_eq!(super::refusal(&message["payload"][0]), expected, "{cursor}");
        }
        site.close().await;
    });
}

#[test]
fn a_board_ends_with_its_session() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut board = board(&site, &token).await;
        site.book("Ani").await;
        change(&mut board).await;
        let mut waited = Duration::ZERO;
        let message = loop {
            // In small steps, because the client must send something before the socket times out.
            tokio::time::advance(Duration::from_secs(10)).await;
            waited += Duration::from_secs(10);
            board.send_json(json!({ "type": "ping" })).await;
            let mut message = board.receive().await;
            while message["type"] == "ping" {
                message = board.receive().await;
            }
            if message["type"] != "pong" {
                break message;
            }
        };
        assert_eq!(waited, Duration::from_hours(12));
        assert_eq!(message["type"], "next", "{message}");
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        while board.receive().await["type"] != "complete" {}
        board.subscribe("again", BOARD, json!({})).await;
        let mut message = board.receive().await;
        while message["id"] != "again" {
            message = board.receive().await;
        }
        assert_eq!(super::refusal(&message["payload"][0]).0, "UNAUTHENTICATED");
        site.close().await;
    });
}

#[test]
fn a_board_is_told_which_part_is_degraded_and_when_it_recovers() {
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::FrontOffice).await;
        let mut board = site.connected(Some(&token)).await;
        let query = "subscription { degradedChanged { part reason } }";
        board.subscribe("health", query, json!({})).await;
        let mut degraded = async || board.data().await["degradedChanged"].take();
        assert_eq!(degraded().await, json!([]));
        site.app.health.set_degraded("telegram", Some("Telegram cannot be reached".to_owned()));
        let known = json!([{ "part": "telegram", "reason": "Telegram cannot be reached" }]);
        assert_eq!(degraded().await, known);
        site.app.health.set_degraded("telegram", None);
        assert_eq!(degraded().await, json!([]));
        site.close().await;
    });
}

#[test]
fn the_board_hears_who_joins_and_leaves_the_waiting_list_and_how_an_offer_ends() {
    const LINE: &str = "subscription ($d: Date!) {
        waitingListChanged(checkIn: $d) { guestName receiptNo } }";
    const JOIN: &str = "mutation ($input: WaitingInput!) { joinWaitingList(input: $input) {
        ticket offer { accessToken booking { receiptNo } } } }";
    const SET: &str = "mutation ($d: Date!, $n: Int!) {
        setAllotment(roomType: \"STD\", date: $d, rooms: $n) { available } }";
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::Manager).await;
        let day = today().to_string();
        let sell = async |rooms: u32| {
            site.ask(SET, json!({ "d": day, "n": rooms }), Some(&token)).await.data();
        };
        let join = async |name: &str, request_id: &str| {
            let mut input = booking_input(name);
            input["requestId"] = json!(request_id);
            site.ask(JOIN, json!({ "input": input }), None).await.data()["joinWaitingList"].take()
        };
        sell(0).await;
        let mut guest = site.connected(None).await;
        guest.subscribe("line", LINE, json!({ "d": day })).await;
        let refused = guest.receive().await;
        assert_eq!(super::refusal(&refused["payload"][0]).0, "UNAUTHENTICATED");

        let mut board = site.connected(Some(&token)).await;
        board.subscribe("line", LINE, json!({ "d": day })).await;
        let mut line = async || {
            let data = while_time_passes(board.data()).await;
            let entry = |guest: &Value| {
                let name = guest["guestName"].as_str().unwrap().to_owned();
                (name, guest["receiptNo"].as_str().map(str::to_owned))
            };
            let line = data["waitingListChanged"].as_array().unwrap().clone();
            line.iter().map(entry).collect::<Vec<_>>()
        };
        let waits = |name: &str| (name.to_owned(), None);
        assert_eq!(line().await, []);
        let ani = join("Ani", "Q7wE2rT9yU4iO6pA1sD3fG").await;
        assert_eq!(line().await, [waits("Ani")]);
        join("Budi", "Z8xC5vB2nM7aS4dF9gH1jK").await;
        assert_eq!(line().await, [waits("Ani"), waits("Budi")]);
        let leave = "mutation ($t: String!) { leaveWaitingList(ticket: $t) }";
        site.ask(leave, json!({ "t": ani["ticket"] }), None).await.data();
        assert_eq!(line().await, [waits("Budi")]);

        sell(1).await;
        let offered = line().await;
        let [(name, Some(receipt_no))] = offered.as_slice() else { panic!("{offered:?}") };
        assert_eq!(name, "Budi");
        apply(&site, &token, "cancelBooking(receiptNo: $r)", receipt_no).await;
        assert_eq!(line().await, [], "the offer is over");

        site.ask("mutation { signOut }", json!({}), Some(&token)).await.data();
        let ended = while_time_passes(board.receive()).await;
        assert_eq!(super::refusal(&ended["payload"]["errors"][0]).0, "UNAUTHENTICATED");
        site.close().await;
    });
}

#[test]
fn the_waiting_list_of_tonight_follows_the_turn_of_the_hotel_day() {
    const LINE: &str = "subscription ($d: Date) { waitingListChanged(checkIn: $d) { guestName } }";
    const JOIN: &str =
        "mutation ($input: WaitingInput!) { joinWaitingList(input: $input) { ticket } }";
    const SET: &str = "mutation ($d: Date!) {
        setAllotment(roomType: \"STD\", date: $d, rooms: 0) { available } }";
    with_paused_clock(async || {
        let site = Site::open().await;
        let token = site.sign_in(Role::Manager).await;
        let day = today().to_string();
        site.ask(SET, json!({ "d": day }), Some(&token)).await.data();
        site.ask(JOIN, json!({ "input": booking_input("Ani") }), None).await.data();
        // Nothing is heard of a board while time jumps, so it opens shortly before the turn.
        let hotel = &site.app.service.policy().hotel;
        let left = hotel.moments_of(today()).end - epoch() - chrono::TimeDelta::seconds(5);
        tokio::time::advance(left.to_std().unwrap()).await;
        let token = site.sign_in(Role::Manager).await;
        let [mut tonight, mut of_day] =
            [site.connected(Some(&token)).await, site.connected(Some(&token)).await];
        tonight.subscribe("line", LINE, json!({})).await;
        of_day.subscribe("line", LINE, json!({ "d": day })).await;
        let ani = json!([{ "guestName": "Ani" }]);
        assert_eq!(while_time_passes(tonight.data()).await["waitingListChanged"], ani);
        assert_eq!(while_time_passes(of_day.data()).await["waitingListChanged"], ani);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(while_time_passes(tonight.data()).await["waitingListChanged"], json!([]));
        site.close().await;
    });
}
