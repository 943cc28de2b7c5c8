//! Which commits win, in single cases and in random batches.

use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::domain::{
    Actor, Change, Contact, Event, Guest, GuestName, Hold, Language, Moment, QrisProgress,
    RoomCode, RoomOfStay, Rupiah, StaffName, Status, Stay, TelegramId,
};
use crate::store::{Lease, Limit, NodeId, RequestKey};

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
        is_offer: false,
        is_read_only: false,
    }
}

fn change(booking: Booking) -> Change {
    let (actor, event) = (Actor::Guest, Event::Booked);
    Change { at: at(1), actor, event, booking, notifications: vec![] }
}

fn commit(steps: Vec<CommitStep>, request: Option<RequestKey>) -> Commit {
    Commit::of_steps(steps, request, Lease { node: NodeId("a".into()), until: at(30_000) })
}

/// The step from one state of a booking to another.
fn step(before: Option<&Booking>, after: Booking) -> CommitStep {
    CommitStep::new(before, change(after))
}

fn limit() -> Limit {
    Limit { key: "guest 7".into(), most: 2 }
}

fn request(serial: u32) -> RequestKey {
    let id = TokenHash([u8::try_from(serial).unwrap(); 32]);
    RequestKey { id, fingerprint: TokenHash([9; 32]) }
}

fn opening(serial: u32, rooms: u32) -> Commit {
    let first = step(None, booking(serial, 1, Status::Pending)).within(rooms, vec![limit()]);
    commit(vec![first], Some(request(serial)))
}

fn cancelled() -> Status {
    Status::Cancelled { at: at(1), by: Actor::Clock, note: None }
}

fn paid() -> Status {
    Status::Paid { at: at(1), by: StaffName::parse("Budi").unwrap() }
}

/// The step from a pending booking to another status.
fn from_pending(serial: u32, revision: u32, status: Status) -> CommitStep {
    let before = booking(serial, revision - 1, Status::Pending);
    step(Some(&before), booking(serial, revision, status))
}

fn expiry(serial: u32, revision: u32) -> Commit {
    commit(vec![from_pending(serial, revision, cancelled())], None)
}

fn payment(serial: u32, revision: u32) -> Commit {
    commit(vec![from_pending(serial, revision, paid())], None)
}

fn taken(rooms: u32) -> Claim {
    Claim { taken: rooms, ..Claim::default() }
}

fn claim_write(night: u32, before: Option<u32>, after: u32) -> ClaimWrite {
    ClaimWrite { key: key(night), before: before.map(taken), after: taken(after) }
}

fn receipt_no(serial: u32) -> ReceiptNo {
    ReceiptNo::new(day(4), serial)
}

/// A pending booking of two nights, stored with its claims and its limit.
fn stored_pending(serial: u32) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let state = BookingState { revision: Revision(1), limit_keys: vec!["guest 7".into()] };
    snapshot.bookings.insert(receipt_no(serial), state);
    snapshot.limits.insert("guest 7".into(), 1);
    for night in [4, 5] {
        snapshot.claims.insert(key(night), Claim { taken: 1, allotment: None, ..Claim::default() });
    }
    snapshot
}

/// The same booking after it was cancelled.
fn stored_cancelled(serial: u32) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let state = BookingState { revision: Revision(2), limit_keys: vec![] };
    snapshot.bookings.insert(receipt_no(serial), state);
    for night in [4, 5] {
        snapshot.claims.insert(key(night), Claim { taken: 0, allotment: None, ..Claim::default() });
    }
    snapshot
}

#[test]
fn the_earlier_of_two_openings_takes_the_last_room() {
    let (batch, snapshot) = ([opening(1, 1), opening(2, 1)], Snapshot::default());
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Done, CommitOutcome::SoldOut(day(4))]);
    let claim = |night| claim_write(night, None, 1);
    assert_eq!(plan.claims, [claim(4), claim(5)]);
    assert_eq!(plan.limits, [CountWrite { key: "guest 7".to_owned(), before: None, after: 1 }]);
    assert_eq!(plan.winners.len(), 1);
    assert_eq!(plan.tracks_begun, [ReceiptNo::new(day(4), 1)]);
}

#[test]
fn an_allotment_beats_the_number_of_rooms_and_the_first_full_night_is_named() {
    let (batch, mut snapshot) = ([opening(1, 10)], Snapshot::default());
    snapshot.claims.insert(key(5), Claim { taken: 3, allotment: Some(3), ..Claim::default() });
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::SoldOut(day(5))]);
    assert!(plan.winners.is_empty() && plan.claims.is_empty());
    snapshot.claims.insert(key(5), Claim { taken: 3, allotment: Some(4), ..Claim::default() });
    let batch = [opening(1, 1)];
    assert_eq!(decide(&batch, &snapshot).unwrap().outcomes, [CommitOutcome::Done]);
}

#[test]
fn a_guest_has_no_more_holds_than_the_limit() {
    let (batch, snapshot) = ([opening(1, 9), opening(2, 9), opening(3, 9)], Snapshot::default());
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes[2], CommitOutcome::TooManyHolds(limit()));
    assert_eq!(plan.limits, [CountWrite { key: "guest 7".to_owned(), before: None, after: 2 }]);
}

#[test]
fn a_repeated_request_answers_before_anything_else() {
    let request = request(1);
    let second = Commit { request: Some(request), ..opening(2, 1) };
    let (batch, snapshot) = ([opening(1, 1), second], Snapshot::default());
    let plan = decide(&batch, &snapshot).unwrap();
    let receipt_no = ReceiptNo::new(day(4), 1);
    let made = RequestRecord { receipt_no, fingerprint: TokenHash([9; 32]) };
    assert_eq!(plan.outcomes, [CommitOutcome::Done, CommitOutcome::Repeated(made)]);
    let mut snapshot = Snapshot::default();
    snapshot.requests.insert(request.id, made);
    assert_eq!(decide(&batch, &snapshot).unwrap().outcomes[0], CommitOutcome::Repeated(made));
}

#[test]
fn a_new_booking_with_a_number_that_is_there_is_told_so() {
    let (batch, snapshot) = ([opening(1, 9), opening(2, 9)], stored_pending(2));
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Done, CommitOutcome::NumberTaken]);
}

#[test]
fn of_payment_and_expiry_in_one_batch_the_earlier_wins() {
    let snapshot = stored_pending(1);
    let batch = [payment(1, 2), expiry(1, 2)];
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Done, CommitOutcome::Stale]);
    assert!(plan.claims.is_empty(), "a paid booking keeps its room");
    assert_eq!(plan.limits, [CountWrite { key: "guest 7".to_owned(), before: Some(1), after: 0 }]);
    assert_eq!(plan.tracks_ended, [ReceiptNo::new(day(4), 1)]);
    assert!(plan.bookings[0].limit_keys.is_empty());
    assert_eq!(plan.bookings[0].before, Some(Revision(1)));
}

#[test]
fn a_room_freed_in_a_batch_is_free_for_the_next_opening_of_it() {
    let snapshot = stored_pending(1);
    let batch = [expiry(1, 2), opening(2, 1)];
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Done, CommitOutcome::Done]);
    assert!(plan.claims.is_empty(), "what is freed and taken again need not be written");
}

#[test]
fn a_step_of_a_later_or_unknown_state_is_stale() {
    let (batch, snapshot) = ([expiry(1, 3), expiry(2, 2)], stored_pending(1));
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Stale, CommitOutcome::Stale]);
    assert!(plan.winners.is_empty());
}

#[test]
fn freeing_what_is_not_taken_is_an_error_and_never_a_number_below_zero() {
    let mut snapshot = stored_pending(1);
    snapshot.claims.clear();
    let batch = [expiry(1, 2)];
    assert!(matches!(decide(&batch, &snapshot), Err(StoreError::Unexpected(_))));
}

#[test]
fn a_cancelled_booking_that_is_revived_takes_its_rooms_and_limits_again() {
    let snapshot = stored_cancelled(1);
    let revive = |rooms| {
        let before = booking(1, 2, cancelled());
        let step = step(Some(&before), booking(1, 3, Status::Pending));
        [commit(vec![step.within(rooms, vec![limit()])], None)]
    };
    let batch = revive(1);
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Done]);
    let claim = |night| claim_write(night, Some(0), 1);
    assert_eq!(plan.claims, [claim(4), claim(5)]);
    assert_eq!(plan.limits, [CountWrite { key: "guest 7".to_owned(), before: None, after: 1 }]);
    assert_eq!((plan.tracks_begun, plan.tracks_ended), (vec![receipt_no(1)], vec![]));
    let batch = revive(0);
    assert_eq!(decide(&batch, &snapshot).unwrap().outcomes, [CommitOutcome::SoldOut(day(4))]);
}

#[test]
fn a_stay_that_is_moved_by_a_night_takes_only_the_night_that_is_new() {
    let mut snapshot = stored_pending(1);
    // The night in both stays is full, because this booking takes its last room.
    let before = booking(1, 1, Status::Pending);
    let mut after = booking(1, 2, Status::Pending);
    after.stay.check_in = day(5);
    let batch = [commit(vec![step(Some(&before), after).within(1, vec![])], None)];
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Done]);
    let freed = claim_write(4, Some(1), 0);
    let taken = claim_write(6, None, 1);
    assert_eq!(plan.claims, [freed, taken]);
    assert_eq!(plan.bookings[0].limit_keys, ["guest 7"], "it still counts once");
    snapshot.claims.insert(key(6), Claim { taken: 1, allotment: None, ..Claim::default() });
    assert_eq!(decide(&batch, &snapshot).unwrap().outcomes, [CommitOutcome::SoldOut(day(6))]);
}

#[test]
fn a_commit_of_several_bookings_is_done_for_all_of_them_or_for_none() {
    let snapshot = stored_pending(1);
    let offer = |serial| step(None, booking(serial, 1, Status::Pending)).within(1, vec![]);
    let batch = [commit(vec![from_pending(1, 2, cancelled()), offer(2)], None)];
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Done], "the second takes what the first freed");
    assert_eq!(plan.bookings.len(), 2);
    let batch =
        [commit(vec![from_pending(1, 2, cancelled()), offer(2), offer(3)], None), payment(1, 2)];
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::SoldOut(day(4)), CommitOutcome::Done]);
    assert!(plan.claims.is_empty(), "what the first step freed is taken still");
    assert_eq!(plan.bookings.len(), 1);
    assert_eq!(plan.bookings[0].booking.status, paid());
}

#[test]
fn a_track_that_ends_and_begins_in_one_batch_is_deleted_and_made_anew() {
    let snapshot = stored_pending(1);
    let ended = booking(1, 2, cancelled());
    let revived = step(Some(&ended), booking(1, 3, Status::Pending)).within(1, vec![]);
    let batch = [expiry(1, 2), commit(vec![revived], None)];
    let plan = decide(&batch, &snapshot).unwrap();
    assert_eq!(plan.outcomes, [CommitOutcome::Done, CommitOutcome::Done]);
    assert_eq!((plan.tracks_ended, plan.tracks_begun), (vec![receipt_no(1)], vec![receipt_no(1)]));
    let batch = [opening(1, 1), expiry(1, 2)];
    let empty = Snapshot::default();
    let plan = decide(&batch, &empty).unwrap();
    assert_eq!((plan.tracks_ended, plan.tracks_begun), (vec![], vec![]), "nothing was stored");
}

// ── any batch ───────────────────────────────────────────────────────────────────────────────

/// The rooms for sale each night, few enough to sell out.
const ROOMS: u32 = 2;
/// The number of bookings in a random batch.
const BOOKINGS: u32 = 5;

/// A wanted step: the index of a booking, and the state that it should get.
#[derive(Debug, Clone, Copy)]
struct WantedStep {
    serial: u32,
    status: u8,
    is_late: bool,
}

fn wanted() -> impl Strategy<Value = WantedStep> {
    (1..=BOOKINGS, 0_u8..3, proptest::bool::weighted(0.1))
        .prop_map(|(serial, status, is_late)| WantedStep { serial, status, is_late })
}

/// The commits. Each is built as if all commits before it had succeeded, so some are stale, as in a
/// real race.
fn commits(wanted: &[Vec<WantedStep>]) -> Vec<Commit> {
    let mut states: HashMap<u32, Booking> = HashMap::new();
    let build = |steps: &Vec<WantedStep>| {
        let steps = steps.iter().map(|wanted| {
            let before = states.get(&wanted.serial).cloned();
            let revision = before.as_ref().map_or(1, |before| before.revision.0 + 1);
            let status = match (before.is_some(), wanted.status) {
                (false, _) | (true, 0) => Status::Pending,
                (true, 1) => cancelled(),
                (true, _) => paid(),
            };
            let late = u32::from(wanted.is_late);
            let after = booking(wanted.serial, revision + late, status);
            let was_pending = before.as_ref().is_some_and(Booking::is_pending);
            let limits = if after.is_pending() && !was_pending { vec![limit()] } else { vec![] };
            let step = step(before.as_ref(), after.clone()).within(ROOMS, limits);
            if !wanted.is_late {
                states.insert(wanted.serial, after);
            }
            step
        });
        commit(steps.collect(), None)
    };
    wanted.iter().map(build).collect()
}

/// The content of the store after a plan is written.
fn written(mut snapshot: Snapshot, plan: &WritePlan<'_>) -> Snapshot {
    for write in &plan.bookings {
        let (revision, limit_keys) = (write.booking.revision, write.limit_keys.clone());
        let state = BookingState { revision, limit_keys };
        assert_eq!(
            snapshot.bookings.insert(write.booking.receipt_no, state).map(|state| state.revision),
            write.before
        );
    }
    for ClaimWrite { key, after, .. } in &plan.claims {
        snapshot.claims.insert(key.clone(), *after);
    }
    for CountWrite { key, after, .. } in &plan.limits {
        snapshot.limits.insert(key.clone(), *after);
    }
    snapshot
}

proptest! {
    #[test]
    fn a_batch_comes_to_the_same_as_its_commits_one_by_one_and_sells_no_room_twice(
        wanted in proptest::collection::vec(proptest::collection::vec(wanted(), 1..4), 1..12)
    ) {
        let batch = commits(&wanted);
        let empty = Snapshot::default();
        let plan = decide(&batch, &empty).unwrap();
        let at_once = written(Snapshot::default(), &plan);

        let mut stored = Snapshot::default();
        let mut live: HashMap<ReceiptNo, Booking> = HashMap::new();
        for (one, outcome) in batch.iter().zip(&plan.outcomes) {
            let alone = std::slice::from_ref(one);
            let next = {
                let plan = decide(alone, &stored).unwrap();
                prop_assert_eq!(&plan.outcomes[0], outcome);
                let mut next = Snapshot::default();
                next.bookings.clone_from(&stored.bookings);
                next.claims.clone_from(&stored.claims);
                next.limits.clone_from(&stored.limits);
                written(next, &plan)
            };
            stored = next;
            if *outcome == CommitOutcome::Done {
                for step in &one.steps {
                    let booking = &step.change.booking;
                    live.insert(booking.receipt_no, booking.clone());
                }
            }
            let taking = live.values().filter(|booking| booking.takes_room()).count();
            let taken = stored.claims.get(&key(4)).map_or(0, |claim| claim.taken);
            prop_assert_eq!(u32::try_from(taking).unwrap(), taken);
            prop_assert!(taken <= ROOMS);
            let pending = live.values().filter(|booking| booking.is_pending()).count();
            let running = stored.limits.get("guest 7").copied().unwrap_or(0);
            prop_assert_eq!(u32::try_from(pending).unwrap(), running);
            prop_assert!(running <= limit().most);
        }
        let revisions = |snapshot: &Snapshot| {
            let of = |(no, state): (&ReceiptNo, &BookingState)| (*no, state.revision);
            snapshot.bookings.iter().map(of).collect::<BTreeMap<_, _>>()
        };
        prop_assert_eq!(revisions(&at_once), revisions(&stored));
    }
}
