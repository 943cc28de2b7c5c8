//! The steps of a booking, its positions and its wakes.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use jatah::domain::Action::{self, Arrived, Booked, Cancelled, Expired, Extended, Paid, Reminded};
use jatah::domain::travel::RouteEstimate;
use jatah::domain::{Command, Event, Forecast, PositionSource, ReceiptNo, Track, TrackedBooking};
use jatah::store::{Commit, CommitOutcome, FeedEvent, Store, Wake};

use super::{SharedStore, next, next_change};
use crate::build::{
    Input, TestBooking, apply, book, cancel, decided, fix_north, minute, pay, put, staff, track,
    tracked,
};

/// Applies a command to the booking and adds the commit to the list.
async fn apply_next(
    store: &dyn Store,
    commits: &mut Vec<Commit>,
    command: impl Into<Input>,
    at: i64,
) {
    let receipt_no = commits[0].steps[0].change.booking.receipt_no;
    let commit = decided(Some(&tracked(store, receipt_no).await), command, minute(at));
    assert_eq!(put(store, commit.clone()).await, CommitOutcome::Done);
    commits.push(commit);
}

/// Makes a booking. Returns a list with its commit.
async fn book_first(store: &dyn Store, test_booking: TestBooking) -> Vec<Commit> {
    book(store, &test_booking).await;
    vec![test_booking.commit()]
}

/// Checks that the history consists of these actions, and that it equals the commits.
async fn assert_history(store: &dyn Store, commits: &[Commit], expected: &[Action]) {
    let receipt_no = commits[0].steps[0].change.booking.receipt_no;
    let history = store.history(receipt_no).await.unwrap();
    let actions: Vec<_> = history.iter().map(|change| change.event.action()).collect();
    assert_eq!(actions, expected);
    assert_eq!(
        history,
        commits.iter().map(|commit| (*commit.steps[0].change).clone()).collect::<Vec<_>>()
    );
    assert_eq!(tracked(store, receipt_no).await.booking, history.last().unwrap().booking);
}

pub async fn history_tells_every_kind_of_step_with_the_state_that_it_produced(store: SharedStore) {
    let store = &*store;
    let extend = || Command::Extend { by: staff("Sari"), minutes: 45 };
    let arrive = || Command::Arrive { by: staff("Ibu Ningsih") };

    // A web guest who arrives: the clock extends the hold once and later asks for the payment.
    let mut commits =
        book_first(store, TestBooking::new(1).by_mail("Budi.S@Example.com").named("Budi")).await;
    let number = commits[0].steps[0].change.booking.receipt_no;
    apply_next(store, &mut commits, Input::Wake, 105).await;
    let near = [fix_north(0.3, minute(100)), fix_north(0.05, minute(118))];
    assert!(store.put_track(number, &track(&near)).await.unwrap());
    apply_next(store, &mut commits, Input::Wake, 120).await;
    apply_next(store, &mut commits, extend(), 121).await;
    apply_next(store, &mut commits, arrive(), 122).await;
    apply_next(store, &mut commits, Input::Wake, 200).await;
    apply_next(store, &mut commits, pay(), 201).await;
    let actions = [Booked, Reminded, Extended, Extended, Arrived, Reminded, Paid];
    assert_history(store, &commits, &actions).await;
    assert!(matches!(commits[2].steps[0].change.event, Event::ExtendedByClock { .. }));
    assert!(matches!(commits[5].steps[0].change.event, Event::PaymentAsked));

    // A Telegram guest who does not come, with a position that is too far away.
    let mut commits = book_first(store, TestBooking::new(2).staying(crate::build::day(6), 3)).await;
    let number = commits[0].steps[0].change.booking.receipt_no;
    let far = [fix_north(1.0, minute(90)), fix_north(1.5, minute(104))];
    assert!(store.put_track(number, &track(&far)).await.unwrap());
    apply_next(store, &mut commits, Input::Wake, 105).await;
    apply_next(store, &mut commits, Input::Wake, 120).await;
    assert_history(store, &commits, &[Booked, Reminded, Expired]).await;

    // Ended by the front office with a note, by the guest, and by the clock without a position.
    for (serial, command, action) in [
        (3, cancel(), Cancelled),
        (4, Command::CancelByGuest.into(), Cancelled),
        (5, Input::Wake, Expired),
    ] {
        let mut commits = book_first(store, TestBooking::new(serial)).await;
        apply_next(store, &mut commits, command, 120).await;
        assert_history(store, &commits, &[Booked, action]).await;
    }

    // Paid before the arrival. Then reminders with values that no step writes yet.
    let mut commits = book_first(store, TestBooking::new(6)).await;
    apply_next(store, &mut commits, pay(), 1).await;
    apply_next(store, &mut commits, arrive(), 2).await;
    assert_history(store, &commits, &[Booked, Paid, Arrived]).await;
    let mut commits = book_first(store, TestBooking::new(7)).await;
    for forecast in [Forecast::InTime, Forecast::WillExtend, Forecast::WillCancel] {
        apply_reminder(store, &mut commits, forecast).await;
    }
    assert_history(store, &commits, &[Booked, Reminded, Reminded, Reminded]).await;
}

/// Commits a reminder with values that the domain would not decide here.
async fn apply_reminder(store: &dyn Store, commits: &mut Vec<Commit>, forecast: Forecast) {
    let receipt_no = commits[0].steps[0].change.booking.receipt_no;
    let mut reminder = decided(Some(&tracked(store, receipt_no).await), pay(), minute(1));
    let change = Arc::make_mut(&mut reminder.steps[0].change);
    change.booking.status = jatah::domain::Status::Pending;
    change.booking.qris_sent_at = Some(minute(1));
    change.booking.guest.language = jatah::domain::Language::English;
    change.event = Event::Reminded { forecast, verdict: None };
    assert_eq!(put(store, reminder.clone()).await, CommitOutcome::Done);
    commits.push(reminder);
}

pub async fn positions_do_not_change_the_revision_and_are_deleted_with_the_hold(
    store: SharedStore,
) {
    for (serial, end) in [(1, pay()), (2, cancel()), (3, Input::Wake)] {
        let before = book(&*store, &TestBooking::new(serial)).await;
        let number = before.booking.receipt_no;
        assert!(before.track.fixes().is_empty());
        let mut changes = store.changes(None).await.unwrap();
        let live = PositionSource::Live { until: Some(minute(60)) };
        let fixes = [fix_north(0.4, minute(10)).from_source(live), fix_north(0.2, minute(20))];
        let outlier = fix_north(0.9, minute(21)).from_source(PositionSource::Single);
        let route = RouteEstimate::Drive(TimeDelta::minutes(40));
        let fixes = track(&fixes).with_outlier(Some(outlier), 3).routed(minute(20), route).unwrap();
        assert!(store.put_track(number, &fixes).await.unwrap());
        let (_, moved) = next(&mut changes).await.unwrap();
        assert_eq!(moved, FeedEvent::PositionMoved(number));
        let kept = tracked(&*store, number).await;
        assert_eq!(kept, TrackedBooking { track: fixes.clone(), ..before });
        // A later track replaces it, even if it has less data.
        let fewer = jatah::domain::Fix { accuracy_metres: None, ..fix_north(0.1, minute(30)) };
        assert!(store.put_track(number, &track(&[fewer])).await.unwrap());
        assert_eq!(tracked(&*store, number).await.track, track(&[fewer]));
        apply(&*store, number, end, minute(120)).await;
        let (_, change) = next_change(&mut changes).await;
        assert_eq!(change.booking.receipt_no, number);
        assert_eq!(tracked(&*store, number).await.track, Track::default());
        assert!(!store.put_track(number, &fixes).await.unwrap());
        assert_eq!(tracked(&*store, number).await.track, Track::default());
    }
}

pub async fn positions_of_an_unknown_booking_are_not_kept(store: SharedStore) {
    let nobody = ReceiptNo::new(crate::build::today(), 99);
    let fixes = track(&[fix_north(0.4, minute(10))]);
    assert!(!store.put_track(nobody, &fixes).await.unwrap());
    assert_eq!(store.booking(nobody).await.unwrap(), None);
    assert_eq!(store.history(nobody).await.unwrap(), []);
}

pub async fn wakes_are_those_of_pending_bookings(store: SharedStore) {
    let numbers: Vec<_> = (1..=6).map(|serial| TestBooking::new(serial).receipt_no()).collect();
    for serial in 1..=6 {
        book(&*store, &TestBooking::new(serial).at(minute(serial.into()))).await;
    }
    apply(&*store, numbers[0], pay(), minute(10)).await;
    apply(&*store, numbers[1], cancel(), minute(10)).await;
    apply(&*store, numbers[2], Input::Wake, minute(108)).await;
    apply(&*store, numbers[3], Command::Arrive { by: staff("Sari") }, minute(110)).await;
    apply(&*store, numbers[4], Command::Extend { by: staff("Sari"), minutes: 60 }, minute(50))
        .await;
    let mut wakes: Vec<Wake> = store.wakes().await.unwrap().try_collect().await.unwrap();
    wakes.sort_by_key(|wake| wake.receipt_no);
    let wake = |index: usize, revision, at| Wake {
        receipt_no: numbers[index],
        revision: jatah::domain::Revision(revision),
        at,
    };
    let expected = [
        wake(2, 2, minute(123)),
        wake(3, 2, minute(140)),
        wake(4, 2, minute(125 + 60 - 15)),
        wake(5, 1, minute(6) + TimeDelta::minutes(105)),
    ];
    assert_eq!(wakes, expected);
}
