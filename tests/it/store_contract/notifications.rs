//! Notifications: each is delivered at least once, and only one node at a time tries.

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use jatah::domain::{FailureCode, FailureReason, Moment, Recipient, Revision};
use jatah::store::{
    DeliveryOutcome, FeedEvent, Lease, LeaseOutcome, LeaseRequest, NodeId, NotificationId,
    OwedNotification, SettledNotification, Store, UndeliveredNotification,
};
use tokio::task::JoinSet;

use super::{SharedStore, next};
use crate::build::{TestBooking, apply, book, decided, lease, minute, pay, put, tracked};

fn notification(serial: u32, revision: u32, to: Recipient) -> NotificationId {
    NotificationId {
        receipt_no: TestBooking::new(serial).receipt_no(),
        revision: Revision(revision),
        to,
    }
}

async fn owed(store: &dyn Store) -> Vec<OwedNotification> {
    store.owed().await.unwrap().try_collect().await.unwrap()
}

/// The ids of the owed notifications.
async fn names(store: &dyn Store) -> Vec<NotificationId> {
    let name = |owed: OwedNotification| NotificationId {
        receipt_no: owed.change.booking.receipt_no,
        revision: owed.change.booking.revision,
        to: owed.to,
    };
    owed(store).await.into_iter().map(name).collect()
}

fn of(node: &str, seconds: i64) -> Lease {
    Lease { node: NodeId(node.to_owned()), until: minute(0) + TimeDelta::seconds(seconds) }
}

fn marked(notification: NotificationId, is_given_up: bool) -> FeedEvent {
    FeedEvent::NotificationSettled(SettledNotification { notification, is_given_up })
}

pub async fn a_notification_is_owed_until_it_is_settled(store: SharedStore) {
    let test_booking = TestBooking::new(1);
    book(&*store, &test_booking).await;
    let paid = decided(Some(&tracked(&*store, test_booking.receipt_no()).await), pay(), minute(1));
    put(&*store, paid.clone()).await;
    let booked = test_booking.commit();
    let expected: Vec<_> = [&booked, &paid]
        .into_iter()
        .flat_map(|commit| {
            Recipient::ALL.map(|to| OwedNotification {
                change: commit.steps[0].change.clone(),
                to,
                lease: lease(),
            })
        })
        .collect();
    let mut found = owed(&*store).await;
    found.sort_by_key(|owed| (owed.change.booking.revision, owed.to));
    assert_eq!(found, expected);
    let mut changes = store.changes(None).await.unwrap();
    let sent = notification(1, 1, Recipient::FrontOffice);
    store.settle(&[(sent, DeliveryOutcome::Sent(minute(1)))]).await.unwrap();
    assert_eq!(next(&mut changes).await.unwrap().1, marked(sent, false));
    let given_up = notification(1, 2, Recipient::Guest);
    store
        .settle(&[(given_up, DeliveryOutcome::GivenUp(minute(2), FailureCode::BotBlocked.into()))])
        .await
        .unwrap();
    assert_eq!(next(&mut changes).await.unwrap().1, marked(given_up, true));
    let called = notification(1, 1, Recipient::HotelSystem);
    store.settle(&[(called, DeliveryOutcome::Sent(minute(2)))]).await.unwrap();
    assert_eq!(next(&mut changes).await.unwrap().1, marked(called, false));
    let not_called = notification(1, 2, Recipient::HotelSystem);
    store
        .settle(&[(not_called, DeliveryOutcome::GivenUp(minute(2), FailureCode::TooLate.into()))])
        .await
        .unwrap();
    assert_eq!(next(&mut changes).await.unwrap().1, marked(not_called, true));
    let left = [notification(1, 1, Recipient::Guest), notification(1, 2, Recipient::FrontOffice)];
    assert_eq!(names(&*store).await, left);
    let undelivered = store.undelivered(&[test_booking.receipt_no()]).await.unwrap();
    let undelivered: Vec<_> = undelivered.iter().map(|one| one.to).collect();
    assert_eq!(undelivered, [Recipient::Guest, Recipient::HotelSystem]);
}

fn refused(reply: &str) -> FailureReason {
    FailureReason::with_detail(FailureCode::MailServerReply, reply)
}

pub async fn the_first_outcome_of_a_notification_is_kept(store: SharedStore) {
    book(&*store, &TestBooking::new(1)).await;
    let numbers = [TestBooking::new(1).receipt_no()];
    let gave_up = |reply: &str| DeliveryOutcome::GivenUp(minute(1), refused(reply));
    let sent = notification(1, 1, Recipient::Guest);
    store.settle(&[(sent, DeliveryOutcome::Sent(minute(1)))]).await.unwrap();
    store.settle(&[(sent, gave_up("late"))]).await.unwrap();
    assert_eq!(store.undelivered(&numbers).await.unwrap(), []);
    let lost = notification(1, 1, Recipient::FrontOffice);
    store.settle(&[(lost, gave_up("first"))]).await.unwrap();
    store.settle(&[(lost, gave_up("second"))]).await.unwrap();
    store.settle(&[(lost, DeliveryOutcome::Sent(minute(2)))]).await.unwrap();
    let reasons: Vec<_> =
        store.undelivered(&numbers).await.unwrap().into_iter().map(|lost| lost.reason).collect();
    assert_eq!(reasons, [refused("first")]);
    assert_eq!(names(&*store).await, [notification(1, 1, Recipient::HotelSystem)]);
}

pub async fn a_notification_that_was_given_up_is_listed_as_undelivered(store: SharedStore) {
    for serial in 1..=3 {
        book(&*store, &TestBooking::new(serial)).await;
    }
    apply(&*store, TestBooking::new(1).receipt_no(), pay(), minute(1)).await;
    let lost = |serial, to, reason: &str| UndeliveredNotification {
        receipt_no: TestBooking::new(serial).receipt_no(),
        to,
        reason: refused(reason),
    };
    for (name, reason) in [
        (notification(1, 2, Recipient::Guest), "c"),
        (notification(3, 1, Recipient::Guest), "not asked for"),
        (notification(2, 1, Recipient::FrontOffice), "b"),
        (notification(1, 1, Recipient::Guest), "a"),
    ] {
        store
            .settle(&[(name, DeliveryOutcome::GivenUp(minute(2), refused(reason)))])
            .await
            .unwrap();
    }
    let numbers = [2, 1].map(|serial| TestBooking::new(serial).receipt_no());
    let shown = store.undelivered(&numbers).await.unwrap();
    let of_first: Vec<_> =
        shown.iter().filter(|lost| lost.receipt_no == numbers[1]).cloned().collect();
    let (guest, front_office) = (Recipient::Guest, Recipient::FrontOffice);
    assert_eq!(of_first, [lost(1, guest, "a"), lost(1, guest, "c")]);
    assert!(shown.contains(&lost(2, front_office, "b")));
    assert_eq!(shown.len(), 3);
    assert_eq!(store.undelivered(&[]).await.unwrap(), []);
}

async fn take_lease(
    store: &dyn Store,
    notification: NotificationId,
    lease: &Lease,
    now: Moment,
) -> LeaseOutcome {
    let request = LeaseRequest { notification, lease: lease.clone(), now };
    store.take_leases(&[request]).await.unwrap().pop().unwrap()
}

pub async fn of_many_leases_asked_for_at_once_each_has_its_own_outcome(store: SharedStore) {
    for serial in 1..=4 {
        book(&*store, &TestBooking::new(serial)).await;
    }
    let name = |serial| notification(serial, 1, Recipient::Guest);
    store.settle(&[(name(3), DeliveryOutcome::Sent(minute(0)))]).await.unwrap();
    // The lease of 2 is taken by another node until minute 90.
    assert_eq!(
        take_lease(&*store, name(2), &of("there", 90), minute(1)).await,
        LeaseOutcome::Acquired
    );
    let lease = of("here", 120);
    let request =
        |serial| LeaseRequest { notification: name(serial), lease: lease.clone(), now: minute(1) };
    let outcomes = store.take_leases(&[4, 3, 2, 1, 9].map(request)).await.unwrap();
    let other = of("there", 90);
    assert_eq!(
        outcomes,
        [
            LeaseOutcome::Acquired,
            LeaseOutcome::Settled,
            LeaseOutcome::LeasedUntil(other.until),
            LeaseOutcome::Acquired,
            LeaseOutcome::Settled,
        ]
    );
}

pub async fn a_lease_can_be_taken_when_it_has_ended_or_is_the_nodes_own(store: SharedStore) {
    book(&*store, &TestBooking::new(1)).await;
    let name = notification(1, 1, Recipient::Guest);
    let at = |seconds| minute(0) + TimeDelta::seconds(seconds);
    let take = |lease: Lease, now| {
        let store = store.clone();
        async move { take_lease(&*store, name, &lease, now).await }
    };
    // The node that committed has the lease for thirty seconds.
    assert_eq!(take(of("there", 60), at(29)).await, LeaseOutcome::LeasedUntil(at(30)));
    assert_eq!(take(of("here", 40), at(10)).await, LeaseOutcome::Acquired);
    assert_eq!(take(of("there", 60), at(30)).await, LeaseOutcome::LeasedUntil(at(40)));
    assert_eq!(take(of("there", 70), at(40)).await, LeaseOutcome::Acquired);
    assert_eq!(take(of("here", 80), at(50)).await, LeaseOutcome::LeasedUntil(at(70)));
    let kept = owed(&*store).await.into_iter().find(|owed| owed.to == Recipient::Guest).unwrap();
    assert_eq!(kept.lease, of("there", 70));
    // The notification to another recipient has its own lease.
    for to in [Recipient::FrontOffice, Recipient::HotelSystem] {
        let other = |seconds| LeaseRequest {
            notification: notification(1, 1, to),
            lease: of("there", 60),
            now: at(seconds),
        };
        let early = store.take_leases(&[other(29)]).await.unwrap();
        assert_eq!(early, [LeaseOutcome::LeasedUntil(at(30))]);
        assert_eq!(store.take_leases(&[other(30)]).await.unwrap(), [LeaseOutcome::Acquired]);
    }
}

pub async fn only_one_of_many_nodes_gets_a_lease(store: SharedStore) {
    book(&*store, &TestBooking::new(1)).await;
    let mut nodes = JoinSet::new();
    for node in 0..20 {
        let store = store.clone();
        nodes.spawn(async move {
            let (name, lease) = (notification(1, 1, Recipient::Guest), of(&node.to_string(), 90));
            take_lease(&*store, name, &lease, minute(1)).await
        });
    }
    let answers = nodes.join_all().await;
    let taken = answers.iter().filter(|answer| **answer == LeaseOutcome::Acquired).count();
    let held_until = LeaseOutcome::LeasedUntil(of("", 90).until);
    let refused = answers.iter().filter(|answer| **answer == held_until).count();
    assert_eq!((taken, refused), (1, 19));
}

pub async fn a_notification_that_is_settled_or_never_was_has_no_lease(store: SharedStore) {
    book(&*store, &TestBooking::new(1)).await;
    let (sent, lost) =
        (notification(1, 1, Recipient::Guest), notification(1, 1, Recipient::FrontOffice));
    store.settle(&[(sent, DeliveryOutcome::Sent(minute(0)))]).await.unwrap();
    store
        .settle(&[(lost, DeliveryOutcome::GivenUp(minute(0), FailureCode::BotBlocked.into()))])
        .await
        .unwrap();
    for name in
        [sent, lost, notification(1, 2, Recipient::Guest), notification(9, 1, Recipient::Guest)]
    {
        let answer = take_lease(&*store, name, &of("there", 900), minute(10)).await;
        assert_eq!(answer, LeaseOutcome::Settled, "{name}");
    }
}
