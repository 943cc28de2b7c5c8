#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panic")]

use std::sync::Arc;

use chrono::DateTime;

use super::*;
use crate::domain::{
    Actor, Change, Contact, Event, Guest, GuestName, Hold, Language, Moment, QrisProgress,
    RoomOfStay, Rupiah, StaffName, Status, Stay, TelegramId,
};
use crate::store::{Lease, Limit, NodeId};

fn at(ms: i64) -> Moment {
    DateTime::from_timestamp_millis(ms).unwrap()
}

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
}

fn key(night: u32) -> ClaimKey {
    ClaimKey { room: RoomCode::parse("STD").unwrap(), night: day(night) }
}

fn booking(serial: u32, revision: u32, status: Status) -> Booking {
    let price = Rupiah(350_000);
    Booking {
        receipt_no: ReceiptNo::new(day(4), serial),
        revision: Revision(revision),
        guest: Guest {
            name: GuestName::parse("Siti").unwrap(),
            contact: Contact::Telegram(TelegramId(7)),
            language: Language::Indonesian,
        },
        stay: Stay {
            room: RoomOfStay {
                code: RoomCode::parse("STD").unwrap(),
                name: "Standar".into(),
                price,
            },
            check_in: day(4),
            nights: 2,
            price: Rupiah(700_000),
        },
        booked_at: at(0),
        hold: Hold { until: at(7_200_000), remind_at: None, extensions: 0 },
        status,
        arrived_at: None,
        qris_sent_at: None,
        qris: QrisProgress::None,
        access: TokenHash([1; 32]),
    }
}

fn commit(booking: Booking, opening: Option<Opening>) -> Commit {
    let change = Change {
        at: at(1),
        actor: Actor::Guest,
        event: Event::Booked,
        booking,
        notifications: vec![],
    };
    let lease = Lease { node: NodeId("a".into()), until: at(30_000) };
    Commit { change: Arc::new(change), opening, lease }
}

fn opening(serial: u32, rooms: u32) -> Commit {
    let limits = vec![Limit { key: "guest 7".into(), most: 2 }];
    let request = TokenHash([u8::try_from(serial).unwrap(); 32]);
    let opening = Opening { rooms, limits, request, fingerprint: TokenHash([9; 32]) };
    commit(booking(serial, 1, Status::Pending), Some(opening))
}

fn expiry(serial: u32, revision: u32) -> Commit {
    commit(booking(serial, revision, Status::Cancelled { at: at(1), by: Actor::Clock }), None)
}

fn payment(serial: u32, revision: u32) -> Commit {
    let by = StaffName::parse("Budi").unwrap();
    commit(booking(serial, revision, Status::Paid { at: at(1), by }), None)
}

/// A pending booking of two nights, seen with its claims and its limit.
fn seen_pending(serial: u32) -> Seen {
    let mut seen = Seen::default();
    let state = SeenBooking { revision: Revision(1), limit_keys: vec!["guest 7".into()] };
    seen.bookings.insert(ReceiptNo::new(day(4), serial), state);
    seen.limits.insert("guest 7".into(), 1);
    for night in [4, 5] {
        seen.claims.insert(key(night), SeenClaim { taken: 1, allotment: None });
    }
    seen
}

#[test]
fn the_earlier_of_two_openings_takes_the_last_room() {
    let (batch, seen) = ([opening(1, 1), opening(2, 1)], Seen::default());
    let plan = decide(&batch, &seen).unwrap();
    assert_eq!(plan.answers, [CommitOutcome::Done, CommitOutcome::SoldOut(day(4))]);
    let claim = |night| CountWrite { key: key(night), seen: None, now: 1 };
    assert_eq!(plan.claims, [claim(4), claim(5)]);
    assert_eq!(plan.limits, [CountWrite { key: "guest 7".to_owned(), seen: None, now: 1 }]);
    assert_eq!(plan.winners.len(), 1);
    assert_eq!(plan.tracks_begun, [ReceiptNo::new(day(4), 1)]);
}

#[test]
fn an_allotment_beats_the_number_of_rooms_and_the_first_full_night_is_named() {
    let (batch, mut seen) = ([opening(1, 10)], Seen::default());
    seen.claims.insert(key(5), SeenClaim { taken: 3, allotment: Some(3) });
    let plan = decide(&batch, &seen).unwrap();
    assert_eq!(plan.answers, [CommitOutcome::SoldOut(day(5))]);
    assert!(plan.winners.is_empty() && plan.claims.is_empty());
    seen.claims.insert(key(5), SeenClaim { taken: 3, allotment: Some(4) });
    let batch = [opening(1, 1)];
    assert_eq!(decide(&batch, &seen).unwrap().answers, [CommitOutcome::Done]);
}

#[test]
fn a_guest_has_no_more_holds_than_the_limit() {
    let (batch, seen) = ([opening(1, 9), opening(2, 9), opening(3, 9)], Seen::default());
    let plan = decide(&batch, &seen).unwrap();
    assert_eq!(plan.answers[2], CommitOutcome::TooManyHolds(2));
    assert_eq!(plan.limits, [CountWrite { key: "guest 7".to_owned(), seen: None, now: 2 }]);
}

#[test]
fn a_repeated_request_answers_before_anything_else() {
    let mut second = opening(2, 1);
    let request = opening(1, 1).opening.unwrap().request;
    second.opening.as_mut().unwrap().request = request;
    let (batch, seen) = ([opening(1, 1), second], Seen::default());
    let plan = decide(&batch, &seen).unwrap();
    let receipt_no = ReceiptNo::new(day(4), 1);
    let made = RequestRecord { receipt_no, fingerprint: TokenHash([9; 32]) };
    assert_eq!(plan.answers, [CommitOutcome::Done, CommitOutcome::Repeated(made)]);
    let mut seen = Seen::default();
    seen.requests.insert(request, made);
    assert_eq!(decide(&batch, &seen).unwrap().answers[0], CommitOutcome::Repeated(made));
}

#[test]
fn an_opening_of_a_receipt_number_that_is_there_is_stale() {
    let (batch, seen) = ([opening(1, 9), opening(2, 9)], seen_pending(2));
    let plan = decide(&batch, &seen).unwrap();
    assert_eq!(plan.answers, [CommitOutcome::Done, CommitOutcome::Stale]);
}

#[test]
fn of_payment_and_expiry_in_one_batch_the_earlier_wins() {
    let seen = seen_pending(1);
    let batch = [payment(1, 2), expiry(1, 2)];
    let plan = decide(&batch, &seen).unwrap();
    assert_eq!(plan.answers, [CommitOutcome::Done, CommitOutcome::Stale]);
    assert!(plan.claims.is_empty(), "a paid booking keeps its room");
    assert_eq!(plan.limits, [CountWrite { key: "guest 7".to_owned(), seen: Some(1), now: 0 }]);
    assert_eq!(plan.tracks_ended, [ReceiptNo::new(day(4), 1)]);
    assert!(plan.bookings[0].limit_keys.is_empty());
    assert_eq!(plan.bookings[0].seen, Some(Revision(1)));
}

#[test]
fn a_room_freed_in_a_batch_is_free_for_the_next_opening_of_it() {
    let seen = seen_pending(1);
    let batch = [expiry(1, 2), opening(2, 1)];
    let plan = decide(&batch, &seen).unwrap();
    assert_eq!(plan.answers, [CommitOutcome::Done, CommitOutcome::Done]);
    assert!(plan.claims.is_empty(), "what is freed and taken again need not be written");
}

#[test]
fn a_step_of_a_later_or_unknown_state_is_stale() {
    let (batch, seen) = ([expiry(1, 3), expiry(2, 2)], seen_pending(1));
    let plan = decide(&batch, &seen).unwrap();
    assert_eq!(plan.answers, [CommitOutcome::Stale, CommitOutcome::Stale]);
    assert!(plan.winners.is_empty());
}

#[test]
fn freeing_what_is_not_taken_is_an_error_and_never_a_number_below_zero() {
    let mut seen = seen_pending(1);
    seen.claims.clear();
    let batch = [expiry(1, 2)];
    assert!(matches!(decide(&batch, &seen), Err(StoreError::Unexpected(_))));
}
