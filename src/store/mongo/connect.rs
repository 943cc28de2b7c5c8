//! Finding the server, and saying in one line what is wrong with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::error::ErrorKind;
use mongodb::event::EventHandler;
use mongodb::event::sdam::{SdamEvent, ServerHeartbeatSucceededEvent};
use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, WriteConcern};
use mongodb::{Client, Database};
use tokio_util::sync::CancellationToken;

use super::error::store_error;
use super::{CLOCK_UNKNOWN, MongoStore, schema};
use crate::clock::Clock;
use crate::store::StoreError;

/// Where the URL names no database.
const DEFAULT_DATABASE: &str = "jatah";
/// The driver's own are 10 and 2: too few for a hot evening.
const MAX_POOL: u32 = 64;
const MAX_CONNECTING: u32 = 8;
const SELECTION_TIMEOUT: Duration = Duration::from_secs(5);
const LOOK_AGAIN_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a write waits for the majority.
const MAJORITY_TIMEOUT: Duration = Duration::from_secs(10);

const NO_REPLICA_SET: &str = "this MongoDB server is no member of a running replica set, which \
    transactions and change streams need: one member is enough: start it with \
    `mongod --replSet rs0` and run `rs.initiate()` once in mongosh";

impl MongoStore {
    /// Connects, and brings the database into shape. `url` names the database, else `jatah`.
    ///
    /// # Errors
    /// If the URL cannot be read, the server is away or without a replica set, or the database
    /// was written by a newer version.
    pub async fn connect(url: &str, clock: Clock) -> Result<Self, StoreError> {
        let clock_ahead_ms = Arc::new(AtomicI64::new(CLOCK_UNKNOWN));
        let options = options(url, clock, Arc::clone(&clock_ahead_ms)).await?;
        let client =
            Client::with_options(options.clone()).map_err(|error| unreadable(url, &error))?;
        let name = options.default_database.clone().unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
        let store = Self {
            db: client.database(&name),
            client,
            clock_ahead_ms,
            closed: CancellationToken::new(),
        };
        if let Err(error) = prepare(&store.db, options).await {
            store.shut().await;
            return Err(error);
        }
        Ok(store)
    }
}

async fn prepare(db: &Database, options: ClientOptions) -> Result<(), StoreError> {
    let hello = match hello(db).await {
        Ok(hello) => hello,
        Err(error) => return Err(why_none(&error, options).await),
    };
    if !has_transactions(&hello) {
        return Err(StoreError::Unavailable(NO_REPLICA_SET.to_owned()));
    }
    schema::ensure(db).await
}

/// What every write waits for, whatever the URL says: a hold that a failover can take back was
/// never promised.
pub(super) fn durable() -> WriteConcern {
    WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .journal(true)
        .w_timeout(MAJORITY_TIMEOUT)
        .build()
}

async fn options(
    url: &str,
    clock: Clock,
    clock_ahead_ms: Arc<AtomicI64>,
) -> Result<ClientOptions, StoreError> {
    let mut options = ClientOptions::parse(url).await.map_err(|error| unreadable(url, &error))?;
    options.app_name.get_or_insert_with(|| "jatah".to_owned());
    options.max_pool_size.get_or_insert(MAX_POOL);
    options.max_connecting.get_or_insert(MAX_CONNECTING);
    options.server_selection_timeout.get_or_insert(SELECTION_TIMEOUT);
    options.read_concern = Some(ReadConcern::majority());
    options.write_concern = Some(durable());
    // Decisions are made from what was read: only the primary is never behind.
    options.selection_criteria = None;
    options.sdam_event_handler = Some(EventHandler::callback(move |event| {
        if let SdamEvent::ServerHeartbeatSucceeded(heartbeat) = event
            && let Some(ahead) = clock_ahead(&heartbeat, &clock)
        {
            clock_ahead_ms.store(ahead, Ordering::Relaxed);
        }
    }));
    Ok(options)
}

/// How far the primary's clock was ahead when its answer arrived.
///
/// Coarse: a heartbeat that the server held back until something changed says nothing of the
/// way, so that its answer is taken as if it had come at once. Half the round trip of the others
/// is allowed for.
fn clock_ahead(heartbeat: &ServerHeartbeatSucceededEvent, clock: &Clock) -> Option<i64> {
    let reply = &heartbeat.reply;
    let is_primary = |key| reply.get_bool(key).unwrap_or(false);
    if !is_primary("isWritablePrimary") && !is_primary("ismaster") {
        return None;
    }
    let server = reply.get_datetime("localTime").ok()?.timestamp_millis();
    let way = if heartbeat.awaited { Duration::ZERO } else { heartbeat.duration / 2 };
    let way = i64::try_from(way.as_millis()).ok()?;
    Some(server + way - clock.now().timestamp_millis())
}

async fn hello(db: &Database) -> Result<Document, mongodb::error::Error> {
    db.client().database("admin").run_command(doc! { "hello": 1 }).await
}

fn has_transactions(hello: &Document) -> bool {
    // A member names its set; a router of a sharded cluster says this.
    hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
}

/// A server that is there but not of the set that the URL names, or of none yet, looks to the
/// driver like no server at all: so ask it directly before saying that it is away.
async fn why_none(error: &mongodb::error::Error, mut options: ClientOptions) -> StoreError {
    if matches!(*error.kind, ErrorKind::ServerSelection { .. }) {
        options.hosts.truncate(1);
        options.direct_connection = Some(true);
        options.repl_set_name = None;
        options.server_selection_timeout = Some(LOOK_AGAIN_TIMEOUT);
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

/// A URL may hold a password, and the driver may quote what it cannot read.
fn unreadable(url: &str, error: &mongodb::error::Error) -> StoreError {
    let detail = if url.contains('@') { String::new() } else { format!(": {}", error.kind) };
    StoreError::Unexpected(format!("the MongoDB URL cannot be read{detail}"))
}
