//! A booking's way, its positions and its wakes.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use jatah::domain::Action::{self, Arrived, Booked, Cancelled, Expired, Extended, Paid, Reminded};
use jatah::domain::travel::Road;
use jatah::domain::{Command, Event, Forecast, Held, ReceiptNo, Source, Track};
use jatah::store::{Commit, CommitAnswer, Fed, Store, Wake};

use super::{Shared, next, next_change};
use crate::build::{
    Wish, act, book, cancel, decided, fix_north, held, minute, pay, put, staff, track,
};

/// Commits a step and remembers its change.
async fn go(store: &dyn Store, told: &mut Vec<Commit>, command: Command, at: i64) {
    let receipt_no = told[0].change.booking.receipt_no;
    let commit = decided(Some(&held(store, receipt_no).await), command, minute(at));
    assert_eq!(put(store, commit.clone()).await, CommitAnswer::Done);
    told.push(commit);
}

async fn start(store: &dyn Store, wish: Wish) -> Vec<Commit> {
    book(store, &wish).await;
    vec![wish.commit()]
}

async fn assert_told(store: &dyn Store, told: &[Commit], expected: &[Action]) {
    let receipt_no = told[0].change.booking.receipt_no;
    let history = store.history(receipt_no).await.unwrap();
    let actions: Vec<_> = history.iter().map(|change| change.event.action()).collect();
    assert_eq!(actions, expected);
    assert_eq!(history, told.iter().map(|commit| (*commit.change).clone()).collect::<Vec<_>>());
    assert_eq!(held(store, receipt_no).await.booking, history.last().unwrap().booking);
}

pub async fn history_tells_every_kind_of_step_with_the_state_that_it_produced(store: Shared) {
    let store = &*store;
    let extend = || Command::Extend { by: staff("Sari"), minutes: 45 };
    let arrive = || Command::Arrive { by: staff("Ibu Ningsih") };

    // To the desk, by mail; the clock extends once, and then asks for the payment.
    let mut told = start(store, Wish::new(1).by_mail("Budi.S@Example.com").named("Budi")).await;
    let number = told[0].change.booking.receipt_no;
    go(store, &mut told, Command::Wake, 105).await;
    let near = [fix_north(0.3, minute(100)), fix_north(0.05, minute(118))];
    assert!(store.keep_track(number, &track(&near)).await.unwrap());
    go(store, &mut told, Command::Wake, 120).await;
    go(store, &mut told, extend(), 121).await;
    go(store, &mut told, arrive(), 122).await;
    go(store, &mut told, Command::Wake, 200).await;
    go(store, &mut told, pay(), 201).await;
    let way = [Booked, Reminded, Extended, Extended, Arrived, Reminded, Paid];
    assert_told(store, &told, &way).await;
    assert!(matches!(told[2].change.event, Event::ExtendedByClock { .. }));
    assert!(matches!(told[5].change.event, Event::PaymentAsked));

    // Never seen: by Telegram, with a position too far away.
    let mut told = start(store, Wish::new(2).staying(crate::build::day(6), 3)).await;
    let number = told[0].change.booking.receipt_no;
    let far = [fix_north(1.0, minute(90)), fix_north(1.5, minute(104))];
    assert!(store.keep_track(number, &track(&far)).await.unwrap());
    go(store, &mut told, Command::Wake, 105).await;
    go(store, &mut told, Command::Wake, 120).await;
    assert_told(store, &told, &[Booked, Reminded, Expired]).await;

    // Ended by the front office with a note, by the guest, by the clock without any position.
    for (serial, command, action) in [
        (3, cancel(), Cancelled),
        (4, Command::CancelByGuest, Cancelled),
        (5, Command::Wake, Expired),
    ] {
        let mut told = start(store, Wish::new(serial)).await;
        go(store, &mut told, command, 120).await;
        assert_told(store, &told, &[Booked, action]).await;
    }

    // Paid, then seen; and what no step does yet.
    let mut told = start(store, Wish::new(6)).await;
    go(store, &mut told, pay(), 1).await;
    go(store, &mut told, arrive(), 2).await;
    assert_told(store, &told, &[Booked, Paid, Arrived]).await;
    let mut told = start(store, Wish::new(7)).await;
    for forecast in [Forecast::InTime, Forecast::WillExtend, Forecast::WillCancel] {
        odd_reminder(store, &mut told, forecast).await;
    }
    assert_told(store, &told, &[Booked, Reminded, Reminded, Reminded]).await;
}

/// A reminder that says something else than it would.
async fn odd_reminder(store: &dyn Store, told: &mut Vec<Commit>, forecast: Forecast) {
    let receipt_no = told[0].change.booking.receipt_no;
    let mut odd = decided(Some(&held(store, receipt_no).await), pay(), minute(1));
    let change = Arc::make_mut(&mut odd.change);
    change.booking.status = jatah::domain::Status::Pending;
    change.booking.qris_sent_at = Some(minute(1));
    change.booking.guest.language = jatah::domain::Language::English;
    change.event = Event::Reminded { forecast, evidence: None };
    assert_eq!(put(store, odd.clone()).await, CommitAnswer::Done);
    told.push(odd);
}

pub async fn positions_move_no_revision_and_go_with_the_hold(store: Shared) {
    for (serial, end) in [(1, pay()), (2, cancel()), (3, Command::Wake)] {
        let before = book(&*store, &Wish::new(serial)).await;
        let number = before.booking.receipt_no;
        assert!(before.track.fixes().is_empty());
        let mut changes = store.changes(None).await.unwrap();
        let live = Source::Live { until: Some(minute(60)) };
        let fixes = [fix_north(0.4, minute(10)).from_source(live), fix_north(0.2, minute(20))];
        let doubted = fix_north(0.9, minute(21)).from_source(Source::Single);
        let road = Road::Drive(TimeDelta::minutes(40));
        let fixes = track(&fixes).doubting(Some(doubted), 3).routed(minute(20), road).unwrap();
        assert!(store.keep_track(number, &fixes).await.unwrap());
        let (_, moved) = next(&mut changes).await.unwrap();
        assert_eq!(moved, Fed::Moved(number));
        let kept = held(&*store, number).await;
        assert_eq!(kept, Held { track: fixes.clone(), ..before });
        // A later track replaces it; one with fewer facts too.
        let fewer = jatah::domain::Fix { accuracy_metres: None, ..fix_north(0.1, minute(30)) };
        assert!(store.keep_track(number, &track(&[fewer])).await.unwrap());
        assert_eq!(held(&*store, number).await.track, track(&[fewer]));
        act(&*store, number, end, minute(120)).await;
        let (_, change) = next_change(&mut changes).await;
        assert_eq!(change.booking.receipt_no, number);
        assert_eq!(held(&*store, number).await.track, Track::default());
        assert!(!store.keep_track(number, &fixes).await.unwrap());
        assert_eq!(held(&*store, number).await.track, Track::default());
    }
}

pub async fn positions_of_an_unknown_booking_are_not_kept(store: Shared) {
    let nobody = ReceiptNo::new(crate::build::today(), 99);
    let fixes = track(&[fix_north(0.4, minute(10))]);
    assert!(!store.keep_track(nobody, &fixes).await.unwrap());
    assert_eq!(store.held(nobody).await.unwrap(), None);
    assert_eq!(store.history(nobody).await.unwrap(), []);
}

pub async fn wakes_are_those_of_pending_bookings(store: Shared) {
    let numbers: Vec<_> = (1..=6).map(|serial| Wish::new(serial).receipt_no()).collect();
    for serial in 1..=6 {
        book(&*store, &Wish::new(serial).at(minute(serial.into()))).await;
    }
    act(&*store, numbers[0], pay(), minute(10)).await;
    act(&*store, numbers[1], cancel(), minute(10)).await;
    act(&*store, numbers[2], Command::Wake, minute(108)).await;
    act(&*store, numbers[3], Command::Arrive { by: staff("Sari") }, minute(110)).await;
    act(&*store, numbers[4], Command::Extend { by: staff("Sari"), minutes: 60 }, minute(50)).await;
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
