//! Commits that compete: which one wins, and what the others get as their outcome.

use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

use jatah::domain::{
    Action, Actor, Amendment, Booking, Change, Command, Contact, Event, GuestName, ReceiptNo,
    Track, TrackedBooking,
};
use jatah::store::{
    Commit, CommitOutcome, CommitQueue, CommitStep, Filter, Limit, RequestRecord, Search,
};
use tokio::task::JoinSet;

use super::{SharedStore, assert_claims_are_the_live_bookings, taken};
use crate::build::{
    TestBooking, apply, book, cancel, day, decided, lease, minute, pay, put, room, secret, staff,
    today, too_many, tracked,
};

/// Sends commits through one queue at the same time and collects their outcomes.
async fn at_once(store: &SharedStore, commits: Vec<Commit>) -> Vec<CommitOutcome> {
    let (queue, work) = CommitQueue::new(store.clone(), CancellationToken::new());
    let mut worker = JoinSet::new();
    worker.spawn(work);
    let mut guests = JoinSet::new();
    for commit in commits {
        let queue = queue.clone();
        guests.spawn(async move { queue.commit(commit).await.unwrap() });
    }
    drop(queue);
    let answers = guests.join_all().await;
    worker.join_all().await;
    answers
}

fn count(answers: &[CommitOutcome], wanted: &CommitOutcome) -> usize {
    answers.iter().filter(|answer| *answer == wanted).count()
}

pub async fn one_of_many_guests_gets_the_last_room(store: SharedStore) {
    let commits = (1..=64).map(|serial| TestBooking::new(serial).of("SUITE").commit()).collect();
    let answers = at_once(&store, commits).await;
    assert_eq!(count(&answers, &CommitOutcome::Done), 1);
    assert_eq!(count(&answers, &CommitOutcome::SoldOut(today())), 63);
    assert_eq!(taken(&*store, "SUITE", 4).await, 1);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn two_hundred_guests_book_at_once_under_distinct_receipt_numbers(store: SharedStore) {
    let (queue, work) = CommitQueue::new(store.clone(), CancellationToken::new());
    let mut worker = JoinSet::new();
    worker.spawn(work);
    let mut guests = JoinSet::new();
    for _ in 0..200 {
        let queue = queue.clone();
        guests.spawn(async move { queue.next_serial(today()).await.unwrap() });
    }
    drop(queue);
    let serials = guests.join_all().await;
    worker.join_all().await;
    let commits =
        serials.iter().map(|serial| TestBooking::new(*serial).of("HALL").commit()).collect();
    let answers = at_once(&store, commits).await;
    assert_eq!(count(&answers, &CommitOutcome::Done), 200);
    let page = store.page(&Filter::default(), 500, None).await.unwrap();
    let numbers: BTreeSet<ReceiptNo> =
        page.bookings.iter().map(|tracked| tracked.booking.receipt_no).collect();
    assert_eq!((numbers.len(), page.total), (200, 200));
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_guest_who_books_many_times_at_once_gets_what_the_limit_allows(store: SharedStore) {
    let test_booking = |serial| TestBooking::new(serial).of("HALL").limited("one guest", 2);
    let answers =
        at_once(&store, (1..=64).map(|serial| test_booking(serial).commit()).collect()).await;
    assert_eq!(count(&answers, &CommitOutcome::Done), 2);
    assert_eq!(count(&answers, &too_many("one guest", 2)), 62);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_repeated_request_is_answered_with_what_it_made(store: SharedStore) {
    let first = TestBooking::new(1).requested_as(77);
    assert_eq!(store.request(secret(77)).await.unwrap(), None);
    book(&*store, &first).await;
    let made = RequestRecord { receipt_no: first.receipt_no(), fingerprint: first.fingerprint() };
    assert_eq!(store.request(secret(77)).await.unwrap(), Some(made));
    let again = TestBooking::new(2).requested_as(77);
    assert_eq!(put(&*store, again.commit()).await, CommitOutcome::Repeated(made));
    assert_eq!(store.booking(again.receipt_no()).await.unwrap(), None);
    // Also after the booking was cancelled.
    apply(&*store, first.receipt_no(), cancel(), minute(1)).await;
    assert_eq!(put(&*store, again.commit()).await, CommitOutcome::Repeated(made));
}

pub async fn a_request_that_comes_twice_in_one_batch_makes_one_booking(store: SharedStore) {
    let (first, second) =
        (TestBooking::new(1).requested_as(77), TestBooking::new(2).requested_as(77));
    let answers = store.commit(&[first.commit(), second.commit()]).await.unwrap();
    let made = RequestRecord { receipt_no: first.receipt_no(), fingerprint: first.fingerprint() };
    assert_eq!(answers, [CommitOutcome::Done, CommitOutcome::Repeated(made)]);
    assert_eq!(store.request(secret(77)).await.unwrap(), Some(made));
    assert_eq!(taken(&*store, "STD", 4).await, 1);
}

pub async fn a_booking_is_checked_for_request_then_number_then_limits_then_rooms(
    store: SharedStore,
) {
    let first = TestBooking::new(1).of("SUITE").limited("one guest", 1).requested_as(77);
    book(&*store, &first).await;
    let made = RequestRecord { receipt_no: first.receipt_no(), fingerprint: first.fingerprint() };
    assert_eq!(put(&*store, first.commit()).await, CommitOutcome::Repeated(made));
    let other_request = first.clone().requested_as(78);
    assert_eq!(put(&*store, other_request.commit()).await, CommitOutcome::NumberTaken);
    let other_number = TestBooking { serial: 2, ..other_request };
    assert_eq!(put(&*store, other_number.commit()).await, too_many("one guest", 1));
    let other_guest = other_number.limited("another guest", 1);
    assert_eq!(put(&*store, other_guest.commit()).await, CommitOutcome::SoldOut(today()));
    assert_eq!(put(&*store, other_guest.of("STD").commit()).await, CommitOutcome::Done);
}

pub async fn a_refused_booking_writes_nothing(store: SharedStore) {
    book(&*store, &TestBooking::new(1).of("SUITE").staying(day(6), 1)).await;
    let limits = ["guest", "address"].map(|key| Limit { key: key.to_owned(), most: 1 });
    let refused = TestBooking {
        limits: limits.to_vec(),
        ..TestBooking::new(2).of("SUITE").staying(day(5), 2)
    };
    assert_eq!(put(&*store, refused.commit()).await, CommitOutcome::SoldOut(day(6)));
    assert_eq!(store.booking(refused.receipt_no()).await.unwrap(), None);
    assert_eq!(store.history(refused.receipt_no()).await.unwrap(), []);
    assert_eq!(store.request(secret(2)).await.unwrap(), None);
    assert_eq!(taken(&*store, "SUITE", 5).await, 0);
    // The same request and the same guest may still book.
    let smaller = TestBooking { nights: 1, ..refused };
    assert_eq!(put(&*store, smaller.commit()).await, CommitOutcome::Done);
    // The second limit counts too, and its refusal does not use up the first one.
    let address = Limit { key: "address".to_owned(), most: 1 };
    let neighbour = Limit { key: "neighbour".to_owned(), most: 1 };
    let refused = TestBooking { limits: vec![neighbour.clone(), address], ..TestBooking::new(3) };
    assert_eq!(put(&*store, refused.commit()).await, too_many("address", 1));
    let alone = TestBooking { limits: vec![neighbour], ..TestBooking::new(3) };
    assert_eq!(put(&*store, alone.commit()).await, CommitOutcome::Done);
}

pub async fn a_stale_step_is_refused_and_writes_nothing(store: SharedStore) {
    let before = book(&*store, &TestBooking::new(1)).await;
    let number = before.booking.receipt_no;
    let paid = apply(&*store, number, pay(), minute(1)).await;
    let late = decided(Some(&before), cancel(), minute(1));
    assert_eq!(put(&*store, late).await, CommitOutcome::Stale);
    assert_eq!(tracked(&*store, number).await, paid);
    assert_eq!(store.history(number).await.unwrap().len(), 2);
    assert_claims_are_the_live_bookings(&*store).await;
    // A step from a later revision is stale too.
    let mut ahead = paid.clone();
    ahead.booking.revision = ahead.booking.revision.next();
    let ahead = decided(Some(&ahead), Command::Arrive { by: staff("Sari") }, minute(2));
    assert_eq!(put(&*store, ahead).await, CommitOutcome::Stale);
    assert_eq!(tracked(&*store, number).await, paid);
}

pub async fn of_two_steps_of_one_booking_in_one_batch_the_first_wins(store: SharedStore) {
    let before = book(&*store, &TestBooking::new(1)).await;
    let other = book(&*store, &TestBooking::new(2)).await;
    let steps = [
        decided(Some(&before), pay(), minute(1)),
        decided(Some(&before), cancel(), minute(1)),
        decided(Some(&other), cancel(), minute(1)),
    ];
    let answers = store.commit(&steps).await.unwrap();
    assert_eq!(answers, [CommitOutcome::Done, CommitOutcome::Stale, CommitOutcome::Done]);
    assert_eq!(
        tracked(&*store, before.booking.receipt_no).await.booking,
        steps[0].steps[0].change.booking
    );
    assert_eq!(store.history(before.booking.receipt_no).await.unwrap().len(), 2);
    assert_eq!(taken(&*store, "STD", 4).await, 1);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_step_of_an_unknown_booking_is_stale(store: SharedStore) {
    let opening = TestBooking::new(1).commit();
    let never_written = TrackedBooking {
        booking: opening.steps[0].change.booking.clone(),
        track: Track::default(),
    };
    let step = decided(Some(&never_written), pay(), minute(1));
    assert_eq!(put(&*store, step).await, CommitOutcome::Stale);
    assert_eq!(store.booking(opening.steps[0].change.booking.receipt_no).await.unwrap(), None);
}

pub async fn a_batch_judges_each_commit_by_what_the_earlier_ones_left(store: SharedStore) {
    let first = TestBooking::new(1).of("SUITE").limited("one guest", 1);
    let opening = first.commit();
    let opened = TrackedBooking {
        booking: opening.steps[0].change.booking.clone(),
        track: Track::default(),
    };
    let answers = store
        .commit(&[
            opening,
            TestBooking::new(2).of("SUITE").commit(),
            TestBooking::new(3).limited("one guest", 1).commit(),
            decided(Some(&opened), cancel(), minute(1)),
            TestBooking::new(4).of("SUITE").limited("one guest", 1).commit(),
            TestBooking::new(5).of("SUITE").commit(),
        ])
        .await
        .unwrap();
    let expected = [
        CommitOutcome::Done,
        CommitOutcome::SoldOut(today()),
        too_many("one guest", 1),
        CommitOutcome::Done,
        CommitOutcome::Done,
        CommitOutcome::SoldOut(today()),
    ];
    assert_eq!(answers, expected);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_commit_sent_again_is_never_done_twice(store: SharedStore) {
    let test_booking = TestBooking::new(1);
    let opening = test_booking.commit();
    let opened = book(&*store, &test_booking).await;
    let step = decided(Some(&opened), cancel(), minute(1));
    assert_eq!(put(&*store, step.clone()).await, CommitOutcome::Done);
    let made = RequestRecord {
        receipt_no: test_booking.receipt_no(),
        fingerprint: test_booking.fingerprint(),
    };
    let answers = store.commit(&[opening, step]).await.unwrap();
    assert_eq!(answers, [CommitOutcome::Repeated(made), CommitOutcome::Stale]);
    assert_eq!(store.commit(&[]).await.unwrap(), []);
    assert_claims_are_the_live_bookings(&*store).await;
}

/// A step to any other state, with the number of rooms of the type. The domain has no such step
/// yet.
fn moved(before: &TrackedBooking, after: Booking, rooms: u32, limits: &[Limit]) -> CommitStep {
    let booking = Booking { revision: before.booking.revision.next(), ..after };
    let event = Event::ExtendedByStaff { minutes: 30 };
    let actor = Actor::Staff(staff("Sari"));
    let change = Change { at: minute(5), actor, event, booking, notifications: Vec::new() };
    CommitStep::new(Some(&before.booking), change).within(rooms, limits.to_vec())
}

fn alone(step: CommitStep) -> Commit {
    Commit::of_steps(vec![step], None, lease())
}

pub async fn a_later_step_takes_rooms_and_limits_as_the_first_one_does(store: SharedStore) {
    let test_booking = TestBooking::new(1).of("SUITE").limited("one guest", 1);
    let number = test_booking.receipt_no();
    let booked = book(&*store, &test_booking).await;
    let cancelled = apply(&*store, number, cancel(), minute(1)).await;
    let limits = [Limit { key: "one guest".to_owned(), most: 1 }];
    // First another guest has the room, then the guest has another hold.
    book(&*store, &TestBooking::new(2).of("SUITE")).await;
    let revived = || alone(moved(&cancelled, booked.booking.clone(), 1, &limits));
    assert_eq!(put(&*store, revived()).await, CommitOutcome::SoldOut(today()));
    apply(&*store, TestBooking::new(2).receipt_no(), cancel(), minute(1)).await;
    book(&*store, &TestBooking::new(3).limited("one guest", 1)).await;
    assert_eq!(put(&*store, revived()).await, too_many("one guest", 1));
    apply(&*store, TestBooking::new(3).receipt_no(), cancel(), minute(1)).await;
    assert_eq!(put(&*store, revived()).await, CommitOutcome::Done);
    assert_eq!(taken(&*store, "SUITE", 4).await, 1);
    assert!(
        store.put_track(number, &Track::default()).await.unwrap(),
        "its positions are kept again"
    );
    // The limit counts it again, and frees it when the booking ends.
    let next = TestBooking::new(4).limited("one guest", 1);
    assert_eq!(put(&*store, next.commit()).await, too_many("one guest", 1));
    apply(&*store, number, cancel(), minute(6)).await;
    assert_eq!(put(&*store, next.commit()).await, CommitOutcome::Done);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_stay_that_is_moved_takes_and_frees_only_what_differs(store: SharedStore) {
    let test_booking = TestBooking::new(1).of("SUITE").staying(day(5), 2);
    let booked = book(&*store, &test_booking).await;
    let mut later = booked.booking.clone();
    later.stay.check_in = day(6);
    let step = alone(moved(&booked, later, 1, &[]));
    assert_eq!(put(&*store, step).await, CommitOutcome::Done);
    for (night, rooms) in [(5, 0), (6, 1), (7, 1)] {
        assert_eq!(taken(&*store, "SUITE", night).await, rooms, "on {night}");
    }
    let page = store.page(&Filter { check_in: Some(day(6)), ..Filter::default() }, 5, None).await;
    assert_eq!(page.unwrap().total, 1, "it is found by its new date");
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn a_commit_of_several_bookings_is_written_whole_or_not_at_all(store: SharedStore) {
    let first = book(&*store, &TestBooking::new(1).of("SUITE")).await;
    let step = |commit: Commit| commit.steps.into_iter().next().unwrap();
    let freeing = || step(decided(Some(&first), cancel(), minute(1)));
    let taking = |serial| step(TestBooking::new(serial).of("SUITE").commit());
    let commit = |steps| Commit::of_steps(steps, None, lease());
    let one_too_many = commit(vec![freeing(), taking(2), taking(3)]);
    assert_eq!(put(&*store, one_too_many).await, CommitOutcome::SoldOut(today()));
    assert_eq!(tracked(&*store, TestBooking::new(1).receipt_no()).await, first);
    assert_eq!(store.booking(TestBooking::new(2).receipt_no()).await.unwrap(), None);
    assert_eq!(put(&*store, commit(vec![freeing(), taking(2)])).await, CommitOutcome::Done);
    assert_eq!(taken(&*store, "SUITE", 4).await, 1);
    assert_eq!(store.history(TestBooking::new(1).receipt_no()).await.unwrap().len(), 2);
    assert_eq!(store.history(TestBooking::new(2).receipt_no()).await.unwrap().len(), 1);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn an_amended_booking_is_found_by_its_new_words_only(store: SharedStore) {
    let test_booking = TestBooking::new(1).of("STD").named("Siti Rahma");
    let number = test_booking.receipt_no();
    book(&*store, &test_booking).await;
    let found = async |text: &str| {
        let search = Some(Search::parse(text));
        let page = store.page(&Filter { search, ..Filter::default() }, 5, None).await.unwrap();
        page.total
    };
    assert_eq!((found("siti").await, found("350000").await), (1, 1));
    let amendment = Amendment {
        guest_name: Some(GuestName::parse("Bunga Citra").unwrap()),
        room: Some(room("SUITE")),
        nights: Some(2),
    };
    let amend = Command::Amend { by: staff("Sari"), amendment };
    let before = tracked(&*store, number).await;
    let step = decided(Some(&before), amend, minute(5)).steps.remove(0).within(1, Vec::new());
    assert_eq!(put(&*store, alone(step)).await, CommitOutcome::Done);
    let amended = tracked(&*store, number).await;
    assert_eq!((found("siti").await, found("350000").await), (0, 0));
    assert_eq!((found("bunga").await, found("2500000").await), (1, 1));
    for (room, night, rooms) in [("STD", 4, 0), ("SUITE", 4, 1), ("SUITE", 5, 1)] {
        assert_eq!(taken(&*store, room, night).await, rooms, "{room} on {night}");
    }
    let history = store.history(number).await.unwrap();
    let Some(Event::Amended { name_before, stay_before }) = history.last().map(|last| &last.event)
    else {
        panic!("{history:?}");
    };
    assert_eq!((name_before.as_str(), stay_before.nights), ("Siti Rahma", 1));
    // Later changes leave the words alone.
    apply(&*store, number, pay(), minute(6)).await;
    assert_eq!(found("bunga").await, 1);
    assert_eq!(tracked(&*store, number).await.booking.stay, amended.booking.stay);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn several_steps_of_a_new_booking_are_written_together_or_not_at_all(store: SharedStore) {
    let paid_at_once = |serial| {
        let test_booking =
            TestBooking { contact: Contact::Desk, ..TestBooking::new(serial).of("SUITE") };
        let mut commit = test_booking.commit();
        let booking = commit.steps[0].change.booking.clone();
        let booked = TrackedBooking { booking, track: Track::default() };
        commit.steps.extend(decided(Some(&booked), pay(), minute(1)).steps);
        commit
    };
    let answers = store.commit(&[paid_at_once(1), paid_at_once(2)]).await.unwrap();
    assert_eq!(answers, [CommitOutcome::Done, CommitOutcome::SoldOut(today())]);
    let again = put(&*store, paid_at_once(1)).await;
    assert!(matches!(again, CommitOutcome::Repeated(_)), "{again:?}");
    let unasked = Commit { request: None, ..paid_at_once(1) };
    assert_eq!(put(&*store, unasked).await, CommitOutcome::NumberTaken);
    let number = TestBooking::new(1).receipt_no();
    let stored = tracked(&*store, number).await.booking;
    let expected = paid_at_once(1).steps[1].change.booking.clone();
    assert_eq!(stored, expected);
    let history = store.history(number).await.unwrap();
    let actions: Vec<Action> = history.iter().map(|change| change.event.action()).collect();
    assert_eq!(actions, [Action::Booked, Action::Paid]);
    assert_eq!(store.booking(TestBooking::new(2).receipt_no()).await.unwrap(), None);
    let desk = Filter { contact: Some(Contact::Desk), ..Filter::default() };
    assert_eq!(store.page(&desk, 5, None).await.unwrap().total, 1);
    let other = Filter { contact: Some(Contact::Other), ..Filter::default() };
    assert_eq!(store.page(&other, 5, None).await.unwrap().total, 0);
    assert_claims_are_the_live_bookings(&*store).await;
}

pub async fn receipt_numbers_are_handed_out_once(store: SharedStore) {
    let mut callers = JoinSet::new();
    for count in 1..=10 {
        let store = store.clone();
        callers.spawn(async move { store.next_serials(today(), count).await.unwrap() });
    }
    let serials = callers.join_all().await.into_iter().flatten().collect::<Vec<u32>>();
    assert_eq!(serials.iter().copied().collect::<BTreeSet<u32>>(), (1..=55).collect());
    assert_eq!(serials.len(), 55);
    assert_eq!(store.next_serials(day(5), 1).await.unwrap(), 1..=1);
    assert_eq!(store.next_serials(today(), 2).await.unwrap(), 56..=57);
}
