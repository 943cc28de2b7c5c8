//! The store in one file beside the process: SQLite, for a hotel with one machine.
//!
//! One connection writes, a few read. Every call works in `spawn_blocking`, and no lock lives
//! across an `await`. What this process committed is fed under the writer's lock, so the order of
//! the feed is the order of the rows; the cursor is the row.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::stream::BoxStream;
use rusqlite::Connection;

use super::{
    BelowSold, Changes, Commit, CommitOutcome, Credential, CredentialKind, Cursor, DeliveryOutcome,
    FeedEvent, Filter, Lease, LeaseOutcome, NotificationId, OwedNotification, Page, PageKey,
    RequestRecord, RoomNight, Store, StoreError, StoredValue, UndeliveredNotification, Wake,
};
use crate::domain::{Change, Moment, ReceiptNo, RoomCode, TokenHash, Track, TrackedBooking};

mod commit;
mod credentials;
mod error;
mod feed;
mod json;
mod key_value;
mod lock;
mod notifications;
mod read;
mod rooms;
mod schema;

pub use lock::{LockError, ServeLock};

/// Connections that only read.
const READERS: usize = 3;

/// The embedded store. Clones share the file.
#[derive(Clone)]
pub struct SqliteStore {
    connections: Arc<Connections>,
}

struct Connections {
    /// `None` once the store is closed.
    writer: Mutex<Option<Writer>>,
    readers: [Mutex<Option<Connection>>; READERS],
    next_reader: AtomicUsize,
}

/// The one connection that writes, with the feed of what it wrote.
struct Writer {
    connection: Connection,
    feed: feed::Sender,
}

impl SqliteStore {
    /// Opens the database of a path, and makes it with its folder if there is none. Blocks.
    ///
    /// # Errors
    /// If the file cannot be opened or made, or was written by a newer version of this program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = schema::open_writer(path)?;
        let reader = || schema::open_reader(path).map(|reader| Mutex::new(Some(reader)));
        let readers = [reader()?, reader()?, reader()?];
        let writer = Mutex::new(Some(Writer { connection, feed: feed::sender() }));
        let connections = Connections { writer, readers, next_reader: AtomicUsize::new(0) };
        Ok(Self { connections: Arc::new(connections) })
    }

    /// The right to serve this database, which one process has at a time. Other commands may
    /// open the database beside it.
    ///
    /// # Errors
    /// If another process serves it, or the lock file cannot be made.
    pub fn lock(path: &Path) -> Result<ServeLock, LockError> {
        ServeLock::take(path)
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connections = Arc::clone(&self.connections);
        blocking(move || work(hold(&connections.writer).as_mut().ok_or_else(closed)?)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connections = Arc::clone(&self.connections);
        blocking(move || {
            let turn = connections.next_reader.fetch_add(1, Ordering::Relaxed) % READERS;
            work(hold(&connections.readers[turn]).as_mut().ok_or_else(closed)?)
        })
        .await
    }

    /// Takes what was deleted out of the write-ahead log too, after the answer was given.
    fn scrub_later(&self) {
        let connections = Arc::clone(&self.connections);
        // Nobody waits for it: what it misses the next one takes along, or `close`.
        drop(tokio::task::spawn_blocking(move || {
            if let Some(writer) = hold(&connections.writer).as_mut()
                && let Err(error) = schema::truncate_log(&writer.connection)
            {
                tracing::warn!(%error, "the write-ahead log was not emptied");
            }
        }));
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let gone = |_| StoreError::Unexpected("a call to the store did not end".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(gone)?
}

/// A transaction that panicked was rolled back, so the connection behind is as good as before.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}

#[async_trait]
impl Store for SqliteStore {
    async fn next_serial(&self, day: NaiveDate) -> Result<u32, StoreError> {
        self.write(move |writer| rooms::next_serial(&writer.connection, day)).await
    }

    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitOutcome>, StoreError> {
        let batch = batch.to_vec();
        let (answers, deleted_positions) =
            self.write(move |writer| commit::commit(writer, &batch)).await?;
        if deleted_positions {
            self.scrub_later();
        }
        Ok(answers)
    }

    async fn requested(&self, request: TokenHash) -> Result<Option<RequestRecord>, StoreError> {
        self.read(move |connection| read::requested(connection, request)).await
    }

    async fn tracked(&self, receipt_no: ReceiptNo) -> Result<Option<TrackedBooking>, StoreError> {
        self.read(move |connection| read::tracked(connection, receipt_no)).await
    }

    async fn bookings(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<TrackedBooking>, StoreError> {
        let receipt_nos = receipt_nos.to_vec();
        self.read(move |connection| read::bookings(connection, &receipt_nos)).await
    }

    async fn page(
        &self,
        filter: &Filter,
        first: usize,
        after: Option<PageKey>,
    ) -> Result<Page, StoreError> {
        let filter = filter.clone();
        self.read(move |connection| read::page(connection, &filter, first, after)).await
    }

    async fn history(&self, receipt_no: ReceiptNo) -> Result<Vec<Change>, StoreError> {
        self.read(move |connection| read::history(connection, receipt_no)).await
    }

    async fn undelivered(
        &self,
        receipt_nos: &[ReceiptNo],
    ) -> Result<Vec<UndeliveredNotification>, StoreError> {
        let receipt_nos = receipt_nos.to_vec();
        self.read(move |connection| notifications::undelivered(connection, &receipt_nos)).await
    }

    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError> {
        Ok(self.in_chunks(read::wakes))
    }

    async fn keep_track(&self, receipt_no: ReceiptNo, track: &Track) -> Result<bool, StoreError> {
        let track = track.clone();
        self.write(move |writer| commit::keep_track(writer, receipt_no, &track)).await
    }

    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<RoomNight>, StoreError> {
        self.read(move |connection| rooms::nights(connection, from, nights)).await
    }

    async fn set_allotment(
        &self,
        room: &RoomCode,
        night: NaiveDate,
        rooms: u32,
    ) -> Result<Result<(), BelowSold>, StoreError> {
        let room = room.clone();
        self.write(move |writer| rooms::set_allotment(&mut writer.connection, &room, night, rooms))
            .await
    }

    async fn changes(&self, after: Option<&Cursor>) -> Result<Changes, StoreError> {
        self.open_feed(after.cloned()).await
    }

    async fn replay(
        &self,
        after: &Cursor,
        until: &Cursor,
    ) -> Result<BoxStream<'static, Result<(Cursor, FeedEvent), StoreError>>, StoreError> {
        self.open_replay(after.clone(), until.clone()).await
    }

    async fn owed(
        &self,
    ) -> Result<BoxStream<'static, Result<OwedNotification, StoreError>>, StoreError> {
        Ok(self.in_chunks(notifications::owed))
    }

    async fn take_lease(
        &self,
        notification: NotificationId,
        lease: &Lease,
        now: Moment,
    ) -> Result<LeaseOutcome, StoreError> {
        let lease = lease.clone();
        self.write(move |writer| {
            notifications::take_lease(&mut writer.connection, notification, &lease, now)
        })
        .await
    }

    async fn settle(
        &self,
        notification: NotificationId,
        outcome: &DeliveryOutcome,
    ) -> Result<(), StoreError> {
        let outcome = outcome.clone();
        self.write(move |writer| notifications::settle(writer, notification, &outcome)).await
    }

    async fn put_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
        credential: &Credential,
    ) -> Result<(), StoreError> {
        let credential = credential.clone();
        self.write(move |writer| {
            credentials::keep(&mut writer.connection, kind, secret, &credential)
        })
        .await
    }

    async fn take_credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.write(move |writer| credentials::take(&writer.connection, kind, secret)).await
    }

    async fn credential(
        &self,
        kind: CredentialKind,
        secret: TokenHash,
    ) -> Result<Option<Credential>, StoreError> {
        self.read(move |connection| credentials::read(connection, kind, secret)).await
    }

    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.write(move |writer| credentials::signing_key(&mut writer.connection, fresh)).await
    }

    async fn put_value(
        &self,
        name: &str,
        value: &StoredValue,
        now: Moment,
    ) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.clone());
        self.write(move |writer| key_value::keep(&mut writer.connection, &name, &value, now)).await
    }

    async fn value(&self, name: &str) -> Result<Option<StoredValue>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| key_value::read(connection, &name)).await
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        None
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await
    }

    async fn close(&self) {
        let connections = Arc::clone(&self.connections);
        let closing = blocking(move || {
            let writer = hold(&connections.writer).take();
            for reader in &connections.readers {
                drop(hold(reader).take());
            }
            writer.map_or(Ok(()), |writer| schema::truncate_log(&writer.connection))
        });
        if let Err(error) = closing.await {
            tracing::warn!(%error, "the database was closed without emptying its log");
        }
    }
}
