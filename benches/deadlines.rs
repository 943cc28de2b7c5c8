//! Measures how late deadlines are on both stores, compared with bare timers in the same process.
//!
//! `cargo bench --bench deadlines` first lets 2,000 bare tokio timers sleep until instants that are
//! 5 ms apart (200 a second for 10 s), which shows what this machine can do. Then it arms 2,000
//! holds that end 5 ms apart, and measures from the end of each hold to its change in the feed,
//! which is a little after the commit. Last, 5,000 holds end in the same millisecond.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that fails says so by failing"
)]

#[path = "../tests/it/build.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod build;
#[path = "../tests/it/mongod.rs"]
mod mongod;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use jatah::auth::LinkKey;
use jatah::clock::Clock;
use jatah::domain::{Event, Moment, Policy};
use jatah::feed::{Feed, FeedMessage};
use jatah::lifecycle::{Health, Lifecycle};
use jatah::scheduler::Scheduler;
use jatah::service::BookingService;
use jatah::store::mongo::MongoStore;
use jatah::store::sqlite::SqliteStore;
use jatah::store::{CommitOutcome, CommitQueue, FeedEvent, NodeId, Store};
use tokio::task::JoinSet;

use crate::build::{TestBooking, policy};

/// The number of holds in the steady run, and the time between their ends.
const STEADY: (u32, TimeDelta) = (2_000, TimeDelta::milliseconds(5));
/// The number of holds that end in the same millisecond, and the time between their ends.
const STORM: (u32, TimeDelta) = (5_000, TimeDelta::zero());
/// The time before the first deadline, for starting and arming. Time for booking is added to it.
const LEAD: TimeDelta = TimeDelta::seconds(3);

#[tokio::main]
async fn main() {
    println!("{:<24} {:>8} {:>7} {:>7}", "lateness in ms", "median", "99 %", "max");
    let timers = bare_timers(STEADY).await;
    println!("{}", row("bare timers, 200/s", &timers));
    for name in ["SQLite", "MongoDB"] {
        let (_folder, store) = open(name).await;
        let late = expire(store, STEADY).await;
        let ratio = at_percent(&late, 99) / at_percent(&timers, 99);
        let row = row(&format!("{name}, 200/s"), &late);
        println!("{row}   99 % is {ratio:.1} times the bare timers'");
    }
    for name in ["SQLite", "MongoDB"] {
        let (_folder, store) = open(name).await;
        let late = expire(store, STORM).await;
        let rate = f64::from(STORM.0) / at_percent(&late, 100) * 1000.0;
        println!(
            "{}   {rate:.0} holds ended a second",
            row(&format!("{name}, 5,000 at once"), &late)
        );
    }
}

/// Opens a new, empty store. Returns also the temporary folder, which SQLite uses.
async fn open(name: &str) -> (tempfile::TempDir, Arc<dyn Store>) {
    let folder = tempfile::TempDir::new().unwrap();
    let store: Arc<dyn Store> = if name == "SQLite" {
        Arc::new(SqliteStore::open(&folder.path().join("jatah.db")).unwrap())
    } else {
        Arc::new(MongoStore::connect(&mongod::fresh_url(), Clock::system()).await.unwrap())
    };
    (folder, store)
}

/// Sleeps until each of `count` instants, in one task each. Returns how late each task woke.
async fn bare_timers((count, gap): (u32, TimeDelta)) -> Vec<Duration> {
    let first = tokio::time::Instant::now() + LEAD.to_std().unwrap();
    let gap = gap.to_std().unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let at = first + gap * number;
        tasks.spawn(async move {
            tokio::time::sleep_until(at).await;
            at.elapsed()
        });
    }
    tasks.join_all().await
}

/// Books `count` holds that end `gap` apart, starts the service and the scheduler on them, and
/// returns how late each end came out of the feed.
async fn expire(store: Arc<dyn Store>, (count, gap): (u32, TimeDelta)) -> Vec<Duration> {
    let clock = Clock::system();
    let rules = policy();
    let first = clock.now() + LEAD + TimeDelta::microseconds(i64::from(count) * 500);
    book(store.as_ref(), &rules, count, |number| first + gap * number).await;

    let (feed, work) = Feed::open(Arc::<dyn Store>::clone(&store)).await.unwrap();
    let lifecycle = Lifecycle::default();
    let parts = lifecycle.phase("bench");
    let (queue, queue_work) =
        CommitQueue::new(Arc::<dyn Store>::clone(&store), parts.stop_signal());
    let links = LinkKey::load(store.as_ref()).await.unwrap();
    let node = NodeId("bench".to_owned());
    let service =
        BookingService::new(Arc::clone(&store), queue, clock.clone(), Arc::new(rules), node, links);
    let mut heard = feed.listen();
    parts.spawn("feed", work.run(parts.stop_signal()));
    parts.spawn("commits", queue_work);
    let scheduler =
        Scheduler::new(Arc::new(service), &store, feed, clock.clone(), Health::default());
    parts.spawn("scheduler", scheduler.run(parts.stop_signal()));

    let mut late = Vec::new();
    while late.len() < count as usize {
        let Some(FeedMessage::Item(item)) = heard.next().await else { panic!("the feed was lost") };
        if let FeedEvent::Changed { change, .. } = item.event {
            assert!(matches!(change.event, Event::Expired { .. }), "{:?}", change.event);
            let lateness = clock.now() - change.booking.hold.until;
            late.push(lateness.to_std().expect("nothing is early"));
        }
    }
    parts.stop(Duration::from_secs(5)).await;
    late
}

/// Books `count` holds directly in the store. Each is booked one hold duration before its end.
async fn book(store: &dyn Store, rules: &Policy, count: u32, end: impl Fn(i32) -> Moment) {
    let numbers: Vec<u32> = (0..count).collect();
    for chunk in numbers.chunks(jatah::store::MAX_BATCH) {
        let batch: Vec<_> = chunk
            .iter()
            .map(|number| {
                let at = end(i32::try_from(*number).unwrap()) - rules.hold.duration;
                let check_in = rules.hotel.day_of(at);
                let test_booking =
                    TestBooking { room: "HALL", at, check_in, ..TestBooking::new(number + 1) };
                let mut commit = test_booking.commit();
                // The end alone is measured.
                Arc::make_mut(&mut commit.steps[0].change).booking.hold.remind_at = None;
                commit
            })
            .collect();
        let answers = store.commit(&batch).await.unwrap();
        assert!(answers.iter().all(|answer| *answer == CommitOutcome::Done));
    }
}

fn ms(late: Duration) -> f64 {
    late.as_secs_f64() * 1000.0
}

fn at_percent(late: &[Duration], percent: usize) -> f64 {
    let mut sorted = late.to_vec();
    sorted.sort_unstable();
    ms(sorted[(sorted.len() - 1) * percent / 100])
}

fn row(name: &str, late: &[Duration]) -> String {
    let (median, most, max) = (at_percent(late, 50), at_percent(late, 99), at_percent(late, 100));
    format!("{name:<24} {median:8.1} {most:7.1} {max:7.1}")
}
