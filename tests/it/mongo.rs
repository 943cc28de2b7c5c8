//! What is special to the MongoDB store. What every store must do is in the contract.

use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use futures_util::StreamExt;
use futures_util::future::join_all;
use jatah::clock::Clock;
use jatah::domain::{
    Actor, Booking, Change, Contact, Event, FailureCode, Guest, GuestName, Hold, Language,
    Notification, QrisProgress, ReceiptNo, Recipient, Revision, RoomCode, RoomOfStay, Rupiah,
    Status, Stay, TelegramId, TokenHash, Track,
};
use jatah::store::mongo::MongoStore;
use jatah::store::{
    Changes, Commit, CommitOutcome, CommitQueue, CommitStep, Cursor, DeliveryOutcome, FeedEvent,
    Lease, Limit, NodeId, NotificationId, RequestKey, SettledNotification, Store, StoreControl,
    StoreError,
};
use mongodb::bson::{Bson, Document, doc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::mongod::{self, Mongod};

const DEADLINE: Duration = Duration::from_secs(20);

/// A fresh empty store, for the contract.
pub async fn open() -> ((), Arc<dyn Store>) {
    ((), store(&mongod::fresh_url()).await)
}

async fn store(url: &str) -> Arc<dyn Store> {
    Arc::new(MongoStore::connect(url, Clock::system()).await.expect("the store opens"))
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 4).unwrap()
}

fn receipt(serial: u32) -> ReceiptNo {
    ReceiptNo::new(day(), serial)
}

fn room() -> RoomCode {
    RoomCode::parse("STD").unwrap()
}

fn hash(number: u32) -> TokenHash {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    TokenHash(bytes)
}

fn lease() -> Lease {
    let until = Clock::system().now() + TimeDelta::seconds(30);
    Lease { node: NodeId("node-a".into()), until }
}

fn booking(serial: u32) -> Booking {
    let now = Clock::system().now();
    Booking {
        receipt_no: receipt(serial),
        revision: Revision::FIRST,
        guest: Guest {
            name: GuestName::parse("Siti Rahma").unwrap(),
            contact: Contact::Telegram(TelegramId(i64::from(serial))),
            language: Language::Indonesian,
        },
        stay: Stay {
            room: RoomOfStay { code: room(), name: "Standar".into(), price: Rupiah(350_000) },
            check_in: day(),
            nights: 1,
            price: Rupiah(350_000),
        },
        booked_at: now,
        hold: Hold { until: now + TimeDelta::hours(2), remind_at: None, extensions: 0 },
        status: Status::Pending,
        arrived_at: None,
        qris_sent_at: None,
        qris: QrisProgress::None,
        access: hash(serial),
        is_offer: false,
        is_read_only: false,
    }
}

fn change(booking: Booking, event: Event) -> Change {
    let notifications = vec![Notification {
        to: Recipient::Guest,
        useful_until: booking.hold.until,
        with_qris: false,
    }];
    let at = Clock::system().now();
    Change { at, actor: Actor::Clock, event, booking, notifications }
}

fn opening(serial: u32, rooms: u32) -> Commit {
    let limits = vec![Limit { key: format!("guest {serial}"), most: 1 }];
    let request = RequestKey { id: hash(serial), fingerprint: hash(0) };
    let step = CommitStep::new(None, change(booking(serial), Event::Booked));
    Commit::of_steps(vec![step.within(rooms, limits)], Some(request), lease())
}

fn expiry(opened: &Commit) -> Commit {
    let at = Clock::system().now();
    let status = Status::Cancelled { at, by: Actor::Clock, note: None };
    let opened = &opened.steps[0].change.booking;
    let booking = Booking { revision: opened.revision.next(), status, ..opened.clone() };
    let step = CommitStep::new(Some(opened), change(booking, Event::Expired { verdict: None }));
    Commit::of_steps(vec![step], None, lease())
}

async fn done(store: &Arc<dyn Store>, commit: Commit) {
    let answers = store.commit(&[commit]).await.expect("the store answers");
    assert_eq!(answers, [CommitOutcome::Done]);
}

async fn next(changes: &mut Changes) -> (Cursor, FeedEvent) {
    let event = timeout(DEADLINE, changes.stream.next()).await.expect("an event in time");
    event.expect("the stream does not end").expect("the stream does not fail")
}

/// The cursor and the receipt number of the next change.
async fn next_change(changes: &mut Changes) -> (Cursor, ReceiptNo) {
    match next(changes).await {
        (cursor, FeedEvent::Changed { change, .. }) => (cursor, change.booking.receipt_no),
        (_, other) => panic!("not a change: {other:?}"),
    }
}

async fn taken(store: &Arc<dyn Store>) -> u32 {
    store.nights(day(), 1).await.unwrap().iter().map(|night| night.taken).sum()
}

#[tokio::test]
async fn a_standalone_server_is_refused_in_one_line_that_says_what_to_do() {
    let server = tokio::task::spawn_blocking(|| Mongod::start(None)).await.unwrap();
    // Also when the URL names a replica set: then the driver finds no suitable server.
    for url in [
        server.url("jatah"),
        format!("{}?replicaSet=rs0&serverSelectionTimeoutMS=500", server.url("jatah")),
    ] {
        let error = MongoStore::connect(&url, Clock::system()).await.expect_err("no replica set");
        let line = error.to_string();
        assert!(!line.contains('\n'), "{line}");
        assert!(line.contains("mongod --replSet rs0") && line.contains("rs.initiate()"), "{line}");
    }
    tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable_and_a_wrong_url_keeps_its_password() {
    let url = "mongodb://127.0.0.1:1/jatah?serverSelectionTimeoutMS=200";
    let error = MongoStore::connect(url, Clock::system()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    let url = "mongodb://fo:sesame@127.0.0.1:sesame/jatah";
    let error = MongoStore::connect(url, Clock::system()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let url = mongod::fresh_url();
    store(&url).await.close().await;
    let client = mongodb::Client::with_uri_str(&url).await.unwrap();
    let meta = client.default_database().unwrap().collection::<Document>("meta");
    let newer = doc! { "$set": { "version": 99_i64 } };
    meta.update_one(doc! { "_id": "schema" }, newer).await.unwrap();
    let error = MongoStore::connect(&url, Clock::system()).await.unwrap_err();
    assert!(error.to_string().contains("schema version 99"), "{error}");
}

#[tokio::test]
async fn stores_that_open_one_fresh_database_at_once_all_open_it_with_one_key() {
    let url = mongod::fresh_url();
    let stores = join_all((0..6).map(|_| store(&url))).await;
    let keys = stores.iter().zip(1_u8..).map(|(store, n)| store.signing_key([n; 32]));
    let keys: Vec<_> = join_all(keys).await.into_iter().map(Result::unwrap).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "every process has the same key");
}

#[tokio::test]
async fn two_stores_see_each_others_changes_in_one_order() {
    let url = mongod::fresh_url();
    let (one, two) = (store(&url).await, store(&url).await);
    let (mut at_one, mut at_two) =
        (one.changes(None).await.unwrap(), two.changes(None).await.unwrap());
    // The stream contains everything that is committed after it was opened.
    for serial in 1..=10 {
        let by = if serial % 2 == 0 { &one } else { &two };
        done(by, opening(serial, 100)).await;
    }
    let batch: Vec<_> = (11..=30).map(|serial| opening(serial, 100)).collect();
    one.commit(&batch).await.unwrap();
    for serial in 1..=30 {
        let (cursor, of) = next_change(&mut at_one).await;
        assert_eq!(of, receipt(serial));
        assert_eq!(next_change(&mut at_two).await, (cursor, of));
    }
}

#[tokio::test]
async fn nothing_is_missed_by_a_stream_that_opens_amid_commits() {
    let url = mongod::fresh_url();
    let (one, two) = (store(&url).await, store(&url).await);
    let busy = async {
        for serial in 1..=200 {
            done(&one, opening(serial, 1000)).await;
        }
    };
    let open = async {
        let mut opened = Vec::new();
        for serial in 1001..=1020 {
            let changes = two.changes(None).await.unwrap();
            // Committed after the stream was opened, so the stream must contain it.
            done(&two, opening(serial, 10_000)).await;
            opened.push((changes, receipt(serial)));
        }
        opened
    };
    let ((), opened) = tokio::join!(busy, open);
    for (mut changes, expected) in opened {
        while next_change(&mut changes).await.1 != expected {}
        let start = changes.start.clone();
        let mut again = two.changes(Some(&start)).await.unwrap();
        while next_change(&mut again).await.1 != expected {}
    }
}

#[tokio::test]
async fn a_cursor_resumes_in_the_middle_of_a_batch_and_misses_nothing() {
    let store = store(&mongod::fresh_url()).await;
    let mut changes = store.changes(None).await.unwrap();
    let batch: Vec<_> = (1..=20).map(|serial| opening(serial, 100)).collect();
    store.commit(&batch).await.unwrap();
    let mut cursors = vec![changes.start.clone()];
    for _ in 1..=20 {
        cursors.push(next_change(&mut changes).await.0);
    }
    for after in [0, 7, 19] {
        // A cursor makes a round trip through a client as text.
        let cursor = Cursor(cursors[after].to_string());
        let mut again = store.changes(Some(&cursor)).await.unwrap();
        assert_eq!(again.start, cursor);
        for (cursor, serial) in cursors.iter().zip(0_u32..).skip(after + 1) {
            assert_eq!(next_change(&mut again).await, (cursor.clone(), receipt(serial)));
        }
    }
}

#[tokio::test]
async fn a_replay_ends_at_its_end_cursor_and_contains_only_changes() {
    let store = store(&mongod::fresh_url()).await;
    let mut changes = store.changes(None).await.unwrap();
    let start = changes.start.clone();
    let mut cursors = Vec::new();
    for serial in 1..=5 {
        done(&store, opening(serial, 100)).await;
        cursors.push(next_change(&mut changes).await.0);
        let notification = NotificationId {
            receipt_no: receipt(serial),
            revision: Revision(1),
            to: Recipient::Guest,
        };
        store
            .settle(&[(notification, DeliveryOutcome::Sent(Clock::system().now()))])
            .await
            .unwrap();
        assert_eq!(
            next(&mut changes).await.1,
            FeedEvent::NotificationSettled(SettledNotification {
                notification,
                is_given_up: false
            })
        );
    }
    let replayed = async |after: &Cursor, until: &Cursor| {
        let stream = store.replay(after, until).await.unwrap();
        let all: Vec<_> = timeout(DEADLINE, stream.collect()).await.expect("the replay ends");
        all.into_iter()
            .map(|event: Result<(Cursor, FeedEvent), _>| event.unwrap().0)
            .collect::<Vec<_>>()
    };
    assert_eq!(replayed(&start, &cursors[4]).await, cursors);
    assert_eq!(replayed(&cursors[0], &cursors[2]).await, cursors[1..=2]);
    let end = store.changes(None).await.unwrap().start;
    assert_eq!(replayed(&cursors[3], &end).await, cursors[4..]);
    assert!(replayed(&cursors[2], &cursors[2]).await.is_empty());
    assert!(replayed(&cursors[2], &cursors[0]).await.is_empty());
}

#[tokio::test]
async fn a_cursor_that_is_malformed_or_older_than_the_log_is_not_found() {
    let store = store(&mongod::fresh_url()).await;
    let mut changes = store.changes(None).await.unwrap();
    done(&store, opening(1, 1)).await;
    let genuine = next_change(&mut changes).await.0.0;
    // The eight digits after the type byte are the seconds. This cursor is from the year 2001.
    let ancient = format!("{}3B9ACA00{}", &genuine[..2], &genuine[10..]);
    let (cut, odd) = (&genuine[..genuine.len() - 4], &genuine[..genuine.len() - 1]);
    let long = "82".repeat(4_000);
    for cursor in ["", "1", "ab", "FFFF", "no hex", "{\"$gt\":1}", &ancient, cut, odd, &long] {
        let cursor = Cursor(cursor.to_owned());
        let error = store.changes(Some(&cursor)).await.err();
        assert!(matches!(error, Some(StoreError::NotFound)), "{cursor}: {error:?}");
        let error = store.replay(&cursor, &Cursor(genuine.clone())).await.err();
        assert!(matches!(error, Some(StoreError::NotFound)), "{cursor}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_64_bookings_of_the_last_room_on_two_nodes_is_done() {
    let url = mongod::fresh_url();
    let (one, two) = (store(&url).await, store(&url).await);
    let ((first, work_one), (second, work_two)) = (
        CommitQueue::new(Arc::<dyn Store>::clone(&one), CancellationToken::new()),
        CommitQueue::new(Arc::<dyn Store>::clone(&two), CancellationToken::new()),
    );
    let calls = async move {
        let queues = [first, second];
        let calls = (1..=64).map(|serial| {
            let queue = queues[serial as usize % 2].clone();
            async move { queue.commit(opening(serial, 1)).await.unwrap() }
        });
        join_all(calls).await
    };
    let (answers, (), ()) = tokio::join!(calls, work_one, work_two);
    let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
    assert_eq!(count(CommitOutcome::Done), 1);
    assert_eq!(count(CommitOutcome::SoldOut(day())), 63);
    assert_eq!(taken(&one).await, 1);
}

/// The server would keep the locks for a minute.
#[tokio::test]
async fn a_transaction_of_a_process_that_died_does_not_stop_the_next_booking() {
    let url = mongod::fresh_url();
    let store = store(&url).await;
    done(&store, opening(1, 10)).await;
    let mut options = mongodb::options::ClientOptions::parse(&url).await.unwrap();
    options.app_name = Some("jatah".to_owned());
    let dead = mongodb::Client::with_options(options).unwrap();
    let claims = dead.default_database().unwrap().collection::<Document>("claims");
    let mut session = dead.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    let locked =
        claims.update_one(doc! {}, doc! { "$set": { "locked": true } }).session(&mut session).await;
    assert_eq!(locked.unwrap().modified_count, 1);
    done(&store, opening(2, 10)).await;
    assert_eq!(taken(&store).await, 2);
    assert!(session.commit_transaction().await.is_err(), "it was ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_bookings_of_a_large_room_type_at_once_are_all_done() {
    let url = mongod::fresh_url();
    let stores = [store(&url).await, store(&url).await];
    // Without the queue: each batch is its own transaction, and all need the same claim document.
    let batches = (0..20).map(|batch| {
        let store = Arc::clone(&stores[batch as usize % 2]);
        let commits: Vec<_> = (1..=10).map(|n| opening(batch * 10 + n, 500)).collect();
        async move { store.commit(&commits).await.unwrap() }
    });
    let answers = join_all(batches).await.concat();
    assert_eq!(answers, vec![CommitOutcome::Done; 200]);
    assert_eq!(taken(&stores[0]).await, 200);
}

#[tokio::test]
async fn an_expiry_frees_the_room_and_deletes_the_limit_and_the_positions() {
    let url = mongod::fresh_url();
    let store = store(&url).await;
    let opened = opening(1, 1);
    done(&store, opened.clone()).await;
    assert!(store.put_track(receipt(1), &Track::default()).await.unwrap());
    done(&store, expiry(&opened)).await;
    assert_eq!(taken(&store).await, 0);
    assert!(!store.put_track(receipt(1), &Track::default()).await.unwrap());
    let client = mongodb::Client::with_uri_str(&url).await.unwrap();
    for empty in ["limits", "tracks"] {
        let left = client.default_database().unwrap().collection::<Document>(empty);
        assert_eq!(left.count_documents(doc! {}).await.unwrap(), 0, "{empty}");
    }
    // Sent again, as after a lost answer.
    assert_eq!(store.commit(&[expiry(&opened)]).await.unwrap(), [CommitOutcome::Stale]);
    assert!(matches!(store.commit(&[opened]).await.unwrap()[..], [CommitOutcome::Repeated(_)]));
}

#[tokio::test]
async fn a_settled_notification_reaches_the_other_node_once() {
    let url = mongod::fresh_url();
    let (one, two) = (store(&url).await, store(&url).await);
    done(&one, opening(1, 1)).await;
    let mut changes = two.changes(None).await.unwrap();
    let notification =
        NotificationId { receipt_no: receipt(1), revision: Revision(1), to: Recipient::Guest };
    let now = Clock::system().now();
    one.settle(&[(notification, DeliveryOutcome::GivenUp(now, FailureCode::ChatNotFound.into()))])
        .await
        .unwrap();
    two.settle(&[(notification, DeliveryOutcome::Sent(now))]).await.unwrap();
    assert_eq!(
        next(&mut changes).await.1,
        FeedEvent::NotificationSettled(SettledNotification { notification, is_given_up: true })
    );
    // The second outcome was not stored, so the next event is the next booking.
    done(&two, opening(2, 2)).await;
    assert_eq!(next_change(&mut changes).await.1, receipt(2));
    let undelivered = two.undelivered(&[receipt(1)]).await.unwrap();
    assert_eq!(
        undelivered.iter().map(|u| u.reason.code).collect::<Vec<_>>(),
        [FailureCode::ChatNotFound]
    );
}

#[tokio::test]
async fn the_servers_clock_is_known_without_a_call() {
    // Frequent heartbeats, so that some of them are answers that the server delayed on purpose.
    let url = format!("{}?heartbeatFrequencyMS=500", mongod::fresh_url());
    let store = store(&url).await;
    let ahead = store.clock_ahead_ms().expect("a heartbeat came before the first call");
    assert!(ahead.abs() < 100, "one machine has one clock, here {ahead} ms");
    let fast = Clock::anchored(Clock::system().now() + TimeDelta::minutes(5));
    let fast = MongoStore::connect(&url, fast).await.unwrap();
    let ahead = fast.clock_ahead_ms().expect("a heartbeat came before the first call");
    assert!((-300_100..-299_900).contains(&ahead), "{ahead} ms");
}

#[tokio::test]
async fn closing_ends_streams_with_an_error_and_later_calls_fail() {
    let store = store(&mongod::fresh_url()).await;
    let mut changes = store.changes(None).await.unwrap();
    timeout(DEADLINE, store.close()).await.expect("an open stream does not hold the close up");
    let last = timeout(DEADLINE, changes.stream.next()).await.expect("the stream ends");
    assert!(matches!(last, Some(Err(StoreError::Unavailable(_)))));
    assert!(changes.stream.next().await.is_none());
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
}

/// Makes the server fail commands of one application, `times` times or until it is changed.
async fn fail(url: &str, app: &str, times: Option<i32>, mut how: Document) {
    let client = mongodb::Client::with_uri_str(url).await.unwrap();
    how.insert("appName", app);
    let mode = match times {
        Some(0) => Bson::from("off"),
        Some(times) => doc! { "times": times }.into(),
        None => Bson::from("alwaysOn"),
    };
    let command = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": how };
    client.database("admin").run_command(command).await.expect("the server has test commands");
}

#[tokio::test]
async fn a_server_that_fails_makes_no_commit_happen_twice_or_half() {
    // One test for all faults, because the server has only one fail point of this kind.
    let url = mongod::fresh_url();
    let named = |app: &str| format!("{url}?appName={app}");
    let transient = |times| {
        let labels = vec!["TransientTransactionError"];
        let how =
            doc! { "failCommands": ["update", "insert"], "errorCode": 112, "errorLabels": labels };
        fail(&url, "transient", times, how)
    };

    // Five conflicts, then success.
    let one = store(&named("transient")).await;
    transient(Some(5)).await;
    done(&one, opening(1, 10)).await;
    // Endless conflicts: an error within bounded time, and nothing is written.
    transient(None).await;
    let answer = timeout(DEADLINE, one.commit(&[opening(2, 10)])).await.expect("it gives up");
    assert!(matches!(answer, Err(StoreError::Conflict(_))), "{answer:?}");
    transient(Some(0)).await;
    assert_eq!((taken(&one).await, one.booking(receipt(2)).await.unwrap()), (1, None));

    // The commit is written, but the answer says that the outcome is unknown.
    let two = store(&named("unknown")).await;
    let concern = doc! { "code": 64, "errmsg": "waiting for replication timed out" };
    let how = doc! { "failCommands": ["commitTransaction"], "writeConcernError": concern };
    fail(&url, "unknown", Some(3), how).await;
    done(&two, opening(3, 10)).await;
    // The connection breaks during the commit.
    let how = doc! { "failCommands": ["commitTransaction"], "closeConnection": true };
    fail(&url, "unknown", Some(3), how).await;
    done(&two, opening(4, 10)).await;
    assert_eq!(taken(&two).await, 3);

    // The change log no longer contains the cursor.
    let three = store(&named("lost")).await;
    let cursor = three.changes(None).await.unwrap().start;
    let how = doc! { "failCommands": ["aggregate"], "errorCode": 286 };
    fail(&url, "lost", Some(1), how).await;
    let error = three.changes(Some(&cursor)).await.err();
    assert!(matches!(error, Some(StoreError::NotFound)), "{error:?}");

    // A passing fault is told as one, whatever its code, by the code or by the label.
    let four = store(&named("passing")).await;
    let reads = vec!["find", "aggregate"];
    let codes = [6, 7, 24, 43, 50, 89, 91, 189, 211, 239, 246, 262, 11_602, 13_436];
    for code in codes.into_iter().chain([12_345]) {
        let mut how = doc! { "failCommands": reads.clone(), "errorCode": code };
        if code == 12_345 {
            how.insert("errorLabels", vec!["RetryableWriteError"]);
        }
        fail(&url, "passing", None, how.clone()).await;
        let refused = four.booking(receipt(1)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{code}: {refused:?}");
        fail(&url, "passing", Some(0), how).await;
    }
    assert!(four.booking(receipt(1)).await.unwrap().is_some());
}
