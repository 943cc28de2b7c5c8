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

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::stream::BoxStream;
use mongodb::bson::doc;
use mongodb::{Client, Database};
use tokio_util::sync::CancellationToken;

use connect::ServerClock;

use super::{
    BelowSold, Changes, Commit, CommitOutcome, Credential, CredentialKind, Cursor, DeliveryOutcome,
    FeedEvent, Filter, Lease, LeaseOutcome, NotificationId, OwedNotification, Page, PageKey,
    RequestRecord, RoomNight, Store, StoreError, StoredValue, UndeliveredNotification, Wake,
};
use crate::clock::Clock;
use crate::domain::{Change, Moment, ReceiptNo, RoomCode, TokenHash, Track, TrackedBooking};

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

    async fn shut(&self) {
        self.closed.cancel();
        // Streams that somebody still holds end by the token; nobody waits for them.
        self.client.clone().shutdown().immediate(true).await;
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn next_serial(&self, day: NaiveDate) -> Result<u32, StoreError> {
        self.call(self.count_serial(day)).await
    }

    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitOutcome>, StoreError> {
        self.call(self.commit_batch(batch)).await
    }

    async fn requested(&self, request: TokenHash) -> Result<Option<RequestRecord>, StoreError> {
        self.call(self.read_request(request)).await
    }

    async fn tracked(&self, receipt_no: ReceiptNo) -> Result<Option<TrackedBooking>, StoreError> {
        Ok(self.call(self.read_bookings(&[receipt_no])).await?.pop())
    }

    async fn bookings(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<TrackedBooking>, StoreError> {
        self.call(self.read_bookings(receipt_nos)).await
    }

    async fn page(
        &self,
        filter: &Filter,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError> {
        self.call(self.read_page(filter, first, after)).await
    }

    async fn history(&self, receipt_no: ReceiptNo) -> Result<Vec<Change>, StoreError> {
        self.call(self.read_history(receipt_no)).await
    }

    async fn undelivered(
        &self,
        receipt_nos: &[ReceiptNo],
    ) -> Result<Vec<UndeliveredNotification>, StoreError> {
        self.call(self.read_undelivered(receipt_nos)).await
    }

    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError> {
        self.call(self.stream_wakes()).await
    }

    async fn keep_track(&self, receipt_no: ReceiptNo, track: &Track) -> Result<bool, StoreError> {
        self.call(self.replace_track(receipt_no, track)).await
    }

    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError> {
        self.call(self.read_nights(from, nights)).await
    }

    async fn set_allotment(
        &self,
        room: &RoomCode,
        night: NaiveDate,
        rooms: u32,
    ) -> Result<Result<(), BelowSold>, StoreError> {
        self.call(self.write_allotment(room, night, rooms)).await
    }

    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError> {
        self.call(self.open_changes(after)).await
    }

    async fn replay(
        &self,
        after: &Cursor,
        until: &Cursor,
    ) -> Result<BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>>, StoreError> {
        self.call(self.open_replay(after, until)).await
    }

    async fn owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError> {
        self.call(self.stream_owed()).await
    }

    async fn take_lease(
        &self,
        notification: NotificationId,
        lease: &Lease,
        now: Moment,
    ) -> Result<LeaseOutcome, StoreError> {
        self.call(self.move_lease(notification, lease, now)).await
    }

    async fn settle(
        &self,
        notification: NotificationId,
        outcome: &DeliveryOutcome,
    ) -> Result<(), StoreError> {
        self.call(self.write_settlement(notification, outcome)).await
    }

    async fn put_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
        credential: &Credential,
    ) -> Result<(), StoreError> {
        self.call(self.write_credential(kind, secret, credential)).await
    }

    async fn take_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.call(self.remove_credential(kind, secret)).await
    }

    async fn credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.call(self.read_credential(kind, secret)).await
    }

    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.call(self.keep_signing_key(fresh)).await
    }

    async fn put_value(
        &self,
        name: &str,
        value: &StoredValue,
        _: Moment,
    ) -> Result<(), StoreError> {
        self.call(self.write_value(name, value)).await
    }

    async fn value(&self, name: &str) -> Result<Option<StoredValue>, StoreError> {
        self.call(self.read_value(name)).await
    }

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
        self.shut().await;
    }
}
