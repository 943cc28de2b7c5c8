//! The store for a hotel with several processes: a MongoDB replica set.
//!
//! A batch of commits is one transaction. The log is a change stream. Everything else is written as
//! single documents with conditions. Every write waits for a majority and its journal. Several
//! processes share one database without knowing of each other.
//!
//! It deliberately has no leader election, no locks across calls and no cache. It never reads from
//! secondaries, which may be behind, and never looks documents up for the feed, which would show a
//! later state. It needs a replica set, because a standalone server has neither transactions nor
//! change streams.

use crate::store::StoreControl;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::doc;
use mongodb::{Client, Database};
use tokio_util::sync::CancellationToken;

use connect::ServerClock;

use super::StoreError;
use super::latency::timed;
use super::older_bookings::OlderBookings;
use crate::clock::Clock;

mod backup;
mod bookings;
mod commit;
mod connect;
mod credentials;
mod error;
mod feed;
mod key_value;
mod notifications;
mod personal_data;
mod rooms;
mod schema;
mod search;
mod shape;
mod waiting;
mod writes;

pub use backup::MongoRestore;

/// A call that takes longer than this fails, because the driver waits for a lost connection as long
/// as the operating system does. It is longer than [`commit`] tries a batch, with its last try.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// The store in a MongoDB replica set. Made by [`MongoStore::connect`]. Clones share its
/// connections.
#[derive(Debug, Clone)]
pub struct MongoStore {
    client: Client,
    db: Database,
    /// The name by which the server knows the processes of this program.
    app_name: String,
    clock: Clock,
    server_clock: Arc<ServerClock>,
    older_bookings: OlderBookings,
    closed: CancellationToken,
}

impl MongoStore {
    /// Runs a call to the database. It fails once the store is closed, and after [`CALL_TIMEOUT`].
    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        if self.closed.is_cancelled() {
            return Err(error::closed());
        }
        timed(tokio::time::timeout(CALL_TIMEOUT, call))
            .await
            .map_err(|_| StoreError::Unavailable("MongoDB does not answer".to_owned()))?
    }
}

#[async_trait]
impl StoreControl for MongoStore {
    fn clock_ahead_ms(&self) -> Option<i64> {
        self.server_clock.ahead_ms(self.clock.now())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.call(async {
            let pong = self.db.run_command(doc! { "ping": 1 }).await;
            pong.map(|_| ()).map_err(|error| error::store_error(&error))
        })
        .await
    }

    async fn close(&self) {
        self.closed.cancel();
        // Open streams end by the token; this does not wait for them.
        self.client.clone().shutdown().immediate(true).await;
    }
}
