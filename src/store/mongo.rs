//! The store for a hotel with more than one process: a MongoDB replica set.
//!
//! A batch of commits is one transaction; the log is a change stream; the rest is single
//! documents, each written with its condition. Every write waits for a majority and its journal.
//! Several processes share one database and need to know nothing of each other.
//!
//! What it deliberately does not do: it elects nobody and locks nothing across calls; it keeps
//! no cache; it never reads from secondaries, which may be behind; it never looks documents up
//! for the feed, which would show a later state; and it does not run without a replica set, since
//! a standalone server has neither transactions nor change streams.

use crate::store::StoreControl;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::doc;
use mongodb::{Client, Database};
use tokio_util::sync::CancellationToken;

use connect::ServerClock;

use super::StoreError;
use crate::clock::Clock;

mod bookings;
mod commit;
mod connect;
mod credentials;
mod error;
mod feed;
mod key_value;
mod notifications;
mod rooms;
mod schema;
mod shape;
mod writes;

/// A call that takes longer than this has failed: the driver itself waits for a lost connection
/// for as long as the system does. Longer than a commit's patience and its last try.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// Everything that outlives the process, in a MongoDB replica set. Made by
/// [`MongoStore::connect`].
#[derive(Debug)]
pub struct MongoStore {
    client: Client,
    db: Database,
    clock: Clock,
    server_clock: Arc<ServerClock>,
    closed: CancellationToken,
}

impl MongoStore {
    /// Every call goes through here: none after the close, and none for ever.
    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        if self.closed.is_cancelled() {
            return Err(error::closed());
        }
        tokio::time::timeout(CALL_TIMEOUT, call)
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
        // Streams that somebody still holds end by the token; nobody waits for them.
        self.client.clone().shutdown().immediate(true).await;
    }
}
