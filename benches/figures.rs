//! The figures of the README, each beside a reference of the same run: `make bench`.
//!
//! - *Deadlines*: 2,000 holds that end 5 ms apart, beside bare tokio timers. Lateness is measured
//!   from the end of each hold to its change in the feed, which is a little after the commit.
//! - *Storm*: 5,000 holds of one room type that end in the same millisecond. On MongoDB beside the
//!   plain driver, which writes as many documents in transactions of 500.
//! - *Bookings*: `createBooking` over HTTP by 64 clients, with mails in a folder in memory. Beside a plain axum
//!   route that answers the same clients with a fixed text, and on MongoDB beside one durable
//!   `insert_one` for each booking.
//! - *Offers*: from the cancellation that frees a room to the offer to the first in line, heard on the
//!   feed and accepted by the mail folder. Beside the same cancellation while nobody waits.
//!
//! Everything runs in this process, also the clients, so the figures are ratios of one run and not
//! limits. It prints a table, and writes `target/figures.json`, `docs/lateness.svg` and
//! `docs/throughput.svg`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that fails says so by failing"
)]

#[path = "figures/bookings.rs"]
mod bookings;
#[path = "../tests/it/build.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod build;
#[path = "figures/chart.rs"]
mod chart;
#[path = "../tests/it/mongod.rs"]
mod mongod;
#[path = "figures/offers.rs"]
mod offers;

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
use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, WriteConcern};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::build::{TestBooking, policy};

/// The number of holds in the steady run, and the time between their ends.
const STEADY: (u32, TimeDelta) = (2_000, TimeDelta::milliseconds(5));
/// The number of holds that end in the same millisecond, and the time between their ends.
const STORM: (u32, TimeDelta) = (5_000, TimeDelta::zero());
/// The time before the first deadline, for starting and arming. Time for booking is added to it.
const LEAD: TimeDelta = TimeDelta::seconds(3);

/// One line of the table.
pub struct Figure {
    name: String,
    value: String,
    /// What it is compared with, of the same run.
    beside: String,
    json: Value,
}

#[tokio::main]
async fn main() {
    let mut figures = Vec::new();
    let timers = bare_timers(STEADY).await;
    let mut histogram = vec![("bare timers", timers.clone())];
    for name in ["SQLite", "MongoDB"] {
        let (_folder, store) = open(name).await;
        let late = expire(store, STEADY).await;
        figures.push(steady(name, &late, &timers));
        histogram.push((name, late));
    }
    for name in ["SQLite", "MongoDB"] {
        let (_folder, store) = open(name).await;
        let late = expire(store, STORM).await;
        let reference = if name == "MongoDB" { Some(raw_storm().await) } else { None };
        figures.push(storm(name, &late, reference));
    }
    let rates = bookings::measure(&mut figures).await;
    offers::measure(&mut figures).await;

    println!("{:<34} {:>34}   beside, in the same run", "", "");
    for Figure { name, value, beside, .. } in &figures {
        println!("{name:<34} {value:>34}   {beside}");
    }
    let all: Vec<&Value> = figures.iter().map(|figure| &figure.json).collect();
    std::fs::write("target/figures.json", serde_json::to_string_pretty(&all).unwrap()).unwrap();
    std::fs::write("docs/lateness.svg", chart::histogram(&histogram)).unwrap();
    std::fs::write("docs/throughput.svg", chart::bars(&rates)).unwrap();
}

fn steady(name: &str, late: &[Duration], timers: &[Duration]) -> Figure {
    let [median, most, max] = [50, 99, 100].map(|percent| at_percent(late, percent));
    let [of_timers, most_of_timers] = [50, 99].map(|percent| at_percent(timers, percent));
    Figure {
        name: format!("{name}: 200 deadlines a second"),
        value: format!("{median:.1} / {most:.1} / {max:.1} ms late"),
        beside: format!(
            "bare timers {of_timers:.1} / {most_of_timers:.1} ms (median / 99 % / max)"
        ),
        json: json!({ "what": "deadlines", "store": name, "median_ms": median, "p99_ms": most,
            "max_ms": max, "timers_median_ms": of_timers, "timers_p99_ms": most_of_timers }),
    }
}

fn storm(name: &str, late: &[Duration], raw: Option<Duration>) -> Figure {
    let last = at_percent(late, 100);
    let beside = raw.map_or_else(String::new, |raw| {
        format!("plain driver {:.0} ms: {:.1} times", ms(raw), last / ms(raw))
    });
    Figure {
        name: format!("{name}: 5,000 in one millisecond"),
        value: format!("the last after {last:.0} ms"),
        beside,
        json: json!({ "what": "storm", "store": name, "last_ms": last, "raw_ms": raw.map(ms) }),
    }
}

/// The time that the plain driver takes to write what 5,000 expiries write: in each transaction 500
/// documents replaced, 500 deleted and 500 inserted.
async fn raw_storm() -> Duration {
    let client = mongodb::Client::with_uri_str(mongod::fresh_url()).await.unwrap();
    let db = client.database("raw");
    let (bookings, tracks) = (db.collection::<Document>("bookings"), db.collection("tracks"));
    let changes = db.collection::<Document>("changes");
    let count = i64::from(STORM.0);
    let booking = |number: i64| doc! { "_id": number, "revision": 1, "text": "x".repeat(600) };
    bookings.insert_many((0..count).map(booking)).await.unwrap();
    let track = |number: i64| doc! { "_id": number, "fixes": [] };
    tracks.insert_many((0..count).map(track)).await.unwrap();
    let begun = Instant::now();
    let numbers: Vec<i64> = (0..count).collect();
    for chunk in numbers.chunks(jatah::store::MAX_BATCH) {
        let mut session = client.start_session().await.unwrap();
        let durable = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build();
        session.start_transaction().write_concern(durable).await.unwrap();
        let of_chunk = doc! { "_id": { "$in": chunk } };
        bookings.delete_many(of_chunk.clone()).session(&mut session).await.unwrap();
        let replaced = chunk.iter().copied().map(booking);
        bookings.insert_many(replaced).session(&mut session).await.unwrap();
        tracks.delete_many(of_chunk).session(&mut session).await.unwrap();
        let inserted = chunk.iter().copied().map(booking);
        changes.insert_many(inserted).session(&mut session).await.unwrap();
        session.commit_transaction().await.unwrap();
    }
    begun.elapsed()
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
    let first = Instant::now() + LEAD.to_std().unwrap();
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

    let (feed, work) = Feed::open(Arc::<dyn Store>::clone(&store), clock.clone()).await.unwrap();
    let lifecycle = Lifecycle::default();
    let parts = lifecycle.phase("bench");
    let (queue, queue_work) =
        CommitQueue::new(Arc::<dyn Store>::clone(&store), parts.stop_signal());
    let links = LinkKey::load(store.as_ref()).await.unwrap();
    let node = NodeId("bench".to_owned());
    let service =
        BookingService::new(Arc::clone(&store), queue, clock.clone(), Arc::new(rules), node, links);
    let mut heard = feed.listen();
    parts.spawn("feed", work.run(Health::default(), parts.stop_signal()));
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
