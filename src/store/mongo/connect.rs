//! Connects to MongoDB, explains a failure in one line, and compares the clocks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::error::ErrorKind;
use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;
use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, WriteConcern};
use mongodb::{Client, Database};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::store_error;
use super::{MongoStore, schema};
use crate::clock::Clock;
use crate::domain::Moment;
use crate::store::older_bookings::OlderBookings;
use crate::store::{StoreControl, StoreError};

/// The database if the URL names none.
const DEFAULT_DATABASE: &str = "jatah";
/// The size of the connection pool. The driver's defaults (10, and 2 connecting at once) are too
/// low for a busy evening.
const MAX_POOL: u32 = 64;
const MAX_CONNECTING: u32 = 8;
const SELECTION_TIMEOUT: Duration = Duration::from_secs(5);
const DIRECT_HELLO_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a write waits for the majority.
const MAJORITY_TIMEOUT: Duration = Duration::from_secs(10);

const NO_REPLICA_SET: &str = "this MongoDB server is no member of a running replica set, which \
    transactions and change streams need: one member is enough: start it with \
    `mongod --replSet rs0` and run `rs.initiate()` once in mongosh";

impl MongoStore {
    /// Connects, and creates collections and indexes. The database is the one in `url`, or else
    /// `jatah`.
    ///
    /// # Errors
    /// [`StoreError`] if the URL cannot be read, the server cannot be reached or has no replica
    /// set, or the database was written by another version.
    pub async fn connect(url: &str, clock: Clock) -> Result<Self, StoreError> {
        Self::connect_to(url, clock, Purpose::Serve).await
    }

    /// Connects to replace what is in the database. Creates nothing.
    pub(super) async fn connect_to_restore(url: &str, clock: Clock) -> Result<Self, StoreError> {
        Self::connect_to(url, clock, Purpose::Restore).await
    }

    async fn connect_to(url: &str, clock: Clock, purpose: Purpose) -> Result<Self, StoreError> {
        let server_clock = Arc::new(ServerClock::default());
        let options = options(url, Arc::clone(&server_clock)).await?;
        let client =
            Client::with_options(options.clone()).map_err(|error| unreadable(url, &error))?;
        let name = options.default_database.clone().unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
        let store = Self {
            db: client.database(&name),
            app_name: options.app_name.clone().unwrap_or_default(),
            client,
            clock,
            server_clock,
            older_bookings: OlderBookings::default(),
            closed: CancellationToken::new(),
        };
        if let Err(error) = prepare(&store.db, options, purpose).await {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }
}

/// What a connection is for.
#[derive(Clone, Copy)]
enum Purpose {
    Serve,
    Restore,
}

async fn prepare(
    db: &Database,
    options: ClientOptions,
    purpose: Purpose,
) -> Result<(), StoreError> {
    let hello = match hello(db).await {
        Ok(hello) => hello,
        Err(error) => return Err(unavailable_reason(&error, options).await),
    };
    if !has_transactions(&hello) {
        return Err(StoreError::Unavailable(NO_REPLICA_SET.to_owned()));
    }
    if hello.get_i32("maxWireVersion").is_ok_and(|version| version < WIRE_VERSION) {
        return Err(StoreError::Unavailable(TOO_OLD.to_owned()));
    }
    match purpose {
        Purpose::Serve => schema::ensure(db).await,
        Purpose::Restore => schema::check_version(db).await,
    }
}

/// The write concern of every write, whatever the URL says: a confirmed booking must survive a
/// failover.
pub(super) fn durable() -> WriteConcern {
    WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .journal(true)
        .w_timeout(MAJORITY_TIMEOUT)
        .build()
}

async fn options(url: &str, server_clock: Arc<ServerClock>) -> Result<ClientOptions, StoreError> {
    let mut options = ClientOptions::parse(url).await.map_err(|error| unreadable(url, &error))?;
    options.app_name.get_or_insert_with(|| "jatah".to_owned());
    options.max_pool_size.get_or_insert(MAX_POOL);
    options.max_connecting.get_or_insert(MAX_CONNECTING);
    options.server_selection_timeout.get_or_insert(SELECTION_TIMEOUT);
    options.read_concern = Some(ReadConcern::majority());
    options.write_concern = Some(durable());
    // Decisions depend on what is read, and only the primary is never behind.
    options.selection_criteria = None;
    options.sdam_event_handler = Some(EventHandler::callback(move |event| {
        if let SdamEvent::ServerHeartbeatSucceeded(heartbeat) = event
            && let Some(at_ms) =
                server_time_ms(&heartbeat.reply, heartbeat.duration, heartbeat.awaited)
        {
            server_clock.record(at_ms);
        }
    }));
    Ok(options)
}

/// The latest times of the server's clock, each with this machine's monotonic time on arrival.
///
/// A delayed answer makes the server's clock look behind, so the reading that makes it look
/// furthest ahead is the most exact. The readings are projected by the monotonic clock, so a step
/// of the wall clock shows at once.
#[derive(Debug, Default)]
pub(super) struct ServerClock(Mutex<VecDeque<(i64, Instant)>>);

/// The wire version of MongoDB 6.0, the first that reads several collections at once in a
/// transaction.
const WIRE_VERSION: i32 = 17;
const TOO_OLD: &str = "this MongoDB server is too old; jatah needs 6.0 or newer";

/// The number of readings kept. They are about ten seconds apart.
const READINGS: usize = 4;

impl ServerClock {
    fn record(&self, server_ms: i64) {
        let mut readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if readings.len() == READINGS {
            readings.pop_front();
        }
        readings.push_back((server_ms, Instant::now()));
    }

    /// How far the server's clock is ahead of this machine's wall clock; `None` before the first
    /// answer.
    pub(super) fn ahead_ms(&self, wall: Moment) -> Option<i64> {
        let readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now_there = |(ms, arrived): &(i64, Instant)| {
            ms.saturating_add(i64::try_from(arrived.elapsed().as_millis()).unwrap_or(i64::MAX))
        };
        readings.iter().map(now_there).max().map(|there| there - wall.timestamp_millis())
    }
}

/// An answer that took longer says too little about the server's clock now.
const MAX_ROUND_TRIP: Duration = Duration::from_millis(500);

/// The primary's time of day when it answered a heartbeat, which is at the latest when the answer
/// arrived. `None` if the answer was slow, unless the server held it back until something changed.
fn server_time_ms(reply: &Document, took: Duration, is_awaited: bool) -> Option<i64> {
    let is_primary = |key| reply.get_bool(key).unwrap_or(false);
    if !is_primary("isWritablePrimary") && !is_primary("ismaster") {
        return None;
    }
    if took > MAX_ROUND_TRIP && !is_awaited {
        return None;
    }
    Some(reply.get_datetime("localTime").ok()?.timestamp_millis())
}

async fn hello(db: &Database) -> Result<Document, mongodb::error::Error> {
    db.client().database("admin").run_command(doc! { "hello": 1 }).await
}

fn has_transactions(hello: &Document) -> bool {
    // A member of a replica set has `setName`; a router of a sharded cluster has this `msg`.
    hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
}

/// Explains why no server was found. The driver ignores a server that is not a member of the
/// replica set in the URL, or of any, so this asks the server directly before reporting it as
/// unreachable.
async fn unavailable_reason(
    error: &mongodb::error::Error,
    mut options: ClientOptions,
) -> StoreError {
    if matches!(*error.kind, ErrorKind::ServerSelection { .. }) {
        options.hosts.truncate(1);
        options.direct_connection = Some(true);
        options.repl_set_name = None;
        options.server_selection_timeout = Some(DIRECT_HELLO_TIMEOUT);
        if let Ok(client) = Client::with_options(options) {
            let hello = hello(&client.database("admin")).await;
            client.shutdown().immediate(true).await;
            match hello {
                Ok(hello) if !has_transactions(&hello) => {
                    return StoreError::Unavailable(NO_REPLICA_SET.to_owned());
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    store_error(error)
}

/// The error for an unreadable URL. The driver's text may quote the URL, so it is left out if the
/// URL may contain a password.
fn unreadable(url: &str, error: &mongodb::error::Error) -> StoreError {
    let detail = if url.contains('@') { String::new() } else { format!(": {}", error.kind) };
    StoreError::Unexpected(format!("the MongoDB URL cannot be read{detail}"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use mongodb::bson::DateTime;

    use super::*;

    fn reply(at_ms: i64) -> Document {
        doc! { "isWritablePrimary": true, "localTime": DateTime::from_millis(at_ms) }
    }

    #[test]
    fn a_slow_heartbeat_says_nothing_about_the_clock() {
        let time = |took, is_awaited| server_time_ms(&reply(9_000), took, is_awaited);
        assert_eq!(time(Duration::from_millis(3), false), Some(9_000));
        assert_eq!(time(Duration::from_secs(10), false), None, "a server that was stopped");
        assert_eq!(time(Duration::from_secs(10), true), Some(9_000), "held back until a change");
        let secondary = doc! { "isWritablePrimary": false, "localTime": DateTime::from_millis(1) };
        assert_eq!(server_time_ms(&secondary, Duration::ZERO, false), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_is_judged_by_the_reading_that_was_delayed_least() {
        let (clock, start) = (ServerClock::default(), Moment::UNIX_EPOCH);
        assert_eq!(clock.ahead_ms(start), None, "not known yet");
        clock.record(0);
        tokio::time::advance(Duration::from_secs(10)).await;
        // This answer was on its way for 400 ms.
        clock.record(9_600);
        assert_eq!(clock.ahead_ms(start + TimeDelta::seconds(10)), Some(0));
    }
}
