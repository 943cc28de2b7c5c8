//! The feed: every committed change reaches every listener.

use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use futures_util::{StreamExt, TryStreamExt};
use jatah::domain::Recipient;
use jatah::store::{
    Commit, CommitOutcome, CommitQueue, Cursor, DeliveryOutcome, FeedEvent, NotificationId,
    SettledNotification, Store, StoreError,
};
use tokio::task::JoinSet;

use super::{SharedStore, next, next_change};
use crate::build::{
    TestBooking, apply, book, cancel, decided, fix_north, lease, minute, pay, put, track,
};

/// Makes three bookings and pays one. Returns the commits in order.
async fn four_changes(store: &dyn Store) -> Vec<Commit> {
    let mut commits: Vec<_> = (1..=3).map(|serial| TestBooking::new(serial).commit()).collect();
    for commit in &commits {
        assert_eq!(put(store, commit.clone()).await, CommitOutcome::Done);
    }
    let first = crate::build::tracked(store, TestBooking::new(1).receipt_no()).await;
    commits.push(decided(Some(&first), pay(), minute(1)));
    assert_eq!(put(store, commits[3].clone()).await, CommitOutcome::Done);
    commits
}

pub async fn the_feed_gives_every_change_once_in_order_with_its_state(store: SharedStore) {
    let mut changes = store.changes(None).await.unwrap();
    let first = four_changes(&*store).await;
    // A batch in which some commits are refused. Those are not in the feed.
    let second = crate::build::tracked(&*store, TestBooking::new(2).receipt_no()).await;
    let batch = [
        TestBooking::new(10).of("SUITE").commit(),
        TestBooking::new(11).of("SUITE").commit(),
        decided(Some(&second), cancel(), minute(2)),
        decided(Some(&second), pay(), minute(2)),
        TestBooking::new(12).commit(),
    ];
    store.commit(&batch).await.unwrap();
    for commit in first.iter().chain([&batch[0], &batch[2], &batch[4]]) {
        let expected =
            FeedEvent::Changed { change: Arc::clone(&commit.steps[0].change), lease: lease() };
        assert_eq!(next(&mut changes).await.unwrap().1, expected);
    }
    // Nothing comes twice: the next event is the next change.
    let marker = TestBooking::new(20).commit();
    put(&*store, marker.clone()).await;
    assert_eq!(next_change(&mut changes).await.1, marker.steps[0].change);
}

pub async fn the_feed_of_concurrent_bookings_has_all_that_succeeded_in_one_order(
    store: SharedStore,
) {
    let mut changes = store.changes(None).await.unwrap();
    let start = changes.start.clone();
    let (queue, work) = CommitQueue::new(store.clone(), CancellationToken::new());
    let (mut tasks, mut listeners) = (JoinSet::new(), JoinSet::new());
    tasks.spawn(work);
    for serial in 1..=100 {
        let queue = queue.clone();
        tasks.spawn(async move {
            queue.commit(TestBooking::new(serial).of("HALL").commit()).await.unwrap();
        });
        if serial % 10 == 0 {
            let (store, start) = (store.clone(), start.clone());
            listeners.spawn(async move { store.changes(Some(&start)).await.unwrap() });
        }
    }
    drop(queue);
    tasks.join_all().await;
    let mut live = Vec::new();
    for _ in 0..100 {
        live.push(next_change(&mut changes).await);
    }
    let mut numbers: Vec<_> = live.iter().map(|(_, change)| change.booking.receipt_no).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 100);
    let marker = TestBooking::new(101).of("HALL").commit();
    put(&*store, marker).await;
    live.push(next_change(&mut changes).await);
    // Listeners that started during the commits or later get the same changes in the same order
    // with the same cursors.
    let mut listeners = listeners.join_all().await;
    listeners.push(store.changes(Some(&start)).await.unwrap());
    for mut listener in listeners {
        for expected in &live {
            assert_eq!(next_change(&mut listener).await, *expected);
        }
    }
}

pub async fn a_cursor_resumes_and_misses_nothing(store: SharedStore) {
    let mut changes = store.changes(None).await.unwrap();
    let commits = four_changes(&*store).await;
    let mut cursors = vec![changes.start.clone()];
    for _ in &commits {
        cursors.push(next_change(&mut changes).await.0);
    }
    let mut resumed = Vec::new();
    for cursor in &cursors {
        let changes = store.changes(Some(cursor)).await.unwrap();
        assert_eq!(changes.start, *cursor);
        resumed.push(changes);
    }
    let live = TestBooking::new(9).commit();
    put(&*store, live.clone()).await;
    for (behind, changes) in resumed.iter_mut().enumerate() {
        for commit in commits[behind..].iter().chain([&live]) {
            let expected =
                FeedEvent::Changed { change: Arc::clone(&commit.steps[0].change), lease: lease() };
            assert_eq!(next(changes).await.unwrap().1, expected, "resumed {behind}");
        }
    }
    // Nothing comes twice at the point where the replay ends and the live feed begins.
    let marker = TestBooking::new(8).commit();
    put(&*store, marker.clone()).await;
    for changes in &mut resumed {
        assert_eq!(next_change(changes).await.1, marker.steps[0].change);
    }
}

pub async fn the_start_of_a_stream_is_a_cursor_too(store: SharedStore) {
    book(&*store, &TestBooking::new(1)).await;
    let before = store.changes(None).await.unwrap().start;
    let missed = TestBooking::new(2).commit();
    put(&*store, missed.clone()).await;
    let mut changes = store.changes(Some(&before)).await.unwrap();
    assert_eq!(next_change(&mut changes).await.1, missed.steps[0].change);
    let live = TestBooking::new(3).commit();
    put(&*store, live.clone()).await;
    assert_eq!(next_change(&mut changes).await.1, live.steps[0].change);
}

pub async fn a_malformed_cursor_is_not_found(store: SharedStore) {
    book(&*store, &TestBooking::new(1)).await;
    let start = store.changes(None).await.unwrap().start;
    for text in ["", "nonsense", "-1", "0x12", "1 OR 1=1", "{\"$gt\": \"\"}", "ÿ"] {
        let cursor = Cursor(text.to_owned());
        let answer = store.changes(Some(&cursor)).await.map(|_| ());
        assert!(matches!(answer, Err(StoreError::NotFound)), "{text:?}: {answer:?}");
        let answer = store.replay(&cursor, &start).await.map(|_| ());
        assert!(matches!(answer, Err(StoreError::NotFound)), "{text:?}: {answer:?}");
    }
}

pub async fn a_replay_is_what_lies_between_two_cursors_and_ends(store: SharedStore) {
    let mut changes = store.changes(None).await.unwrap();
    let commits = four_changes(&*store).await;
    let mut cursors = vec![changes.start.clone()];
    for _ in &commits {
        cursors.push(next_change(&mut changes).await.0);
    }
    for from in 0..cursors.len() {
        for to in 0..cursors.len() {
            let replay = store.replay(&cursors[from], &cursors[to]).await.unwrap();
            let replayed: Vec<_> = replay.try_collect().await.unwrap();
            let expected: Vec<_> = (from..to)
                .map(|index| {
                    let change = Arc::clone(&commits[index].steps[0].change);
                    (cursors[index + 1].clone(), FeedEvent::Changed { change, lease: lease() })
                })
                .collect();
            assert_eq!(replayed, expected, "from {from} to {to}");
        }
    }
}

pub async fn a_replay_contains_only_changes(store: SharedStore) {
    let mut changes = store.changes(None).await.unwrap();
    let test_booking = TestBooking::new(1);
    book(&*store, &test_booking).await;
    let number = test_booking.receipt_no();
    store.put_track(number, &track(&[fix_north(0.4, minute(1))])).await.unwrap();
    let notification = NotificationId {
        receipt_no: number,
        revision: jatah::domain::Revision::FIRST,
        to: Recipient::Guest,
    };
    store.settle(&[(notification, DeliveryOutcome::Sent(minute(1)))]).await.unwrap();
    apply(&*store, number, pay(), minute(2)).await;
    let start = changes.start.clone();
    let mut live = Vec::new();
    let mut last = start.clone();
    for _ in 0..4 {
        let (cursor, event) = next(&mut changes).await.unwrap();
        live.push(event);
        last = cursor;
    }
    assert!(matches!(live[0], FeedEvent::Changed { .. }));
    assert!(
        live.contains(&FeedEvent::PositionMoved(number))
            && live.contains(&FeedEvent::NotificationSettled(SettledNotification {
                notification,
                is_given_up: false
            }))
    );
    let replay = store.replay(&start, &last).await.unwrap();
    let replayed: Vec<_> = replay.map(|event| event.unwrap().1).collect().await;
    let expected: Vec<_> =
        live.into_iter().filter(|event| matches!(event, FeedEvent::Changed { .. })).collect();
    assert_eq!(replayed, expected);
}
