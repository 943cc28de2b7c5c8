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
    BelowSold, Changes, Commit, CommitAnswer, Cursor, Fed, Filter, Lease, LeaseAnswer, Memo, Night,
    NoticeId, Outcome, Owed, Page, PageKey, Pass, PassKind, Requested, Store, StoreError,
    Undelivered, Wake,
};
use crate::domain::{Change, Held, Moment, ReceiptNo, RoomCode, TokenHash, Track};

mod commit;
mod error;
mod feed;
mod json;
mod lock;
mod memos;
mod notices;
mod passes;
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

    async fn commit(&self, batch: &[Commit]) -> Result<Vec<CommitAnswer>, StoreError> {
        let batch = batch.to_vec();
        let (answers, deleted_positions) =
            self.write(move |writer| commit::commit(writer, &batch)).await?;
        if deleted_positions {
            self.scrub_later();
        }
        Ok(answers)
    }

    async fn requested(&self, request: TokenHash) -> Result<Option<Requested>, StoreError> {
        self.read(move |connection| read::requested(connection, request)).await
    }

    async fn held(&self, receipt_no: ReceiptNo) -> Result<Option<Held>, StoreError> {
        self.read(move |connection| read::held(connection, receipt_no)).await
    }

    async fn held_many(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<Held>, StoreError> {
        let receipt_nos = receipt_nos.to_vec();
        self.read(move |connection| read::held_many(connection, &receipt_nos)).await
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

    async fn undelivered(&self, receipt_nos: &[ReceiptNo]) -> Result<Vec<Undelivered>, StoreError> {
        let receipt_nos = receipt_nos.to_vec();
        self.read(move |connection| notices::undelivered(connection, &receipt_nos)).await
    }

    async fn wakes(&self) -> Result<BoxStream<'static, Result<Wake, StoreError>>, StoreError> {
        Ok(self.in_chunks(read::wakes))
    }

    async fn keep_track(&self, receipt_no: ReceiptNo, track: &Track) -> Result<bool, StoreError> {
        let track = track.clone();
        self.write(move |writer| commit::keep_track(writer, receipt_no, &track)).await
    }

    async fn nights(&self, from: NaiveDate, nights: u32) -> Result<Vec<Night>, StoreError> {
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
    ) -> Result<BoxStream<'static, Result<(Cursor, Fed), StoreError>>, StoreError> {
        self.open_replay(after.clone(), until.clone()).await
    }

    async fn owed(&self) -> Result<BoxStream<'static, Result<Owed, StoreError>>, StoreError> {
        Ok(self.in_chunks(notices::owed))
    }

    async fn take_lease(
        &self,
        notice: NoticeId,
        lease: &Lease,
        now: Moment,
    ) -> Result<LeaseAnswer, StoreError> {
        let lease = lease.clone();
        self.write(move |writer| notices::take_lease(&mut writer.connection, notice, &lease, now))
            .await
    }

    async fn mark(&self, notice: NoticeId, outcome: &Outcome) -> Result<(), StoreError> {
        let outcome = outcome.clone();
        self.write(move |writer| notices::mark(writer, notice, &outcome)).await
    }

    async fn keep_pass(
        &self,
        kind: PassKind,
        secret: TokenHash,
        pass: &Pass,
    ) -> Result<(), StoreError> {
        let pass = pass.clone();
        self.write(move |writer| passes::keep(&mut writer.connection, kind, secret, &pass)).await
    }

    async fn take_pass(
        &self,
        kind: PassKind,
        secret: TokenHash,
    ) -> Result<Option<Pass>, StoreError> {
        self.write(move |writer| passes::take(&writer.connection, kind, secret)).await
    }

    async fn pass(&self, kind: PassKind, secret: TokenHash) -> Result<Option<Pass>, StoreError> {
        self.read(move |connection| passes::read(connection, kind, secret)).await
    }

    async fn signing_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.write(move |writer| passes::signing_key(&mut writer.connection, fresh)).await
    }

    async fn keep_memo(&self, name: &str, memo: &Memo, now: Moment) -> Result<(), StoreError> {
        let (name, memo) = (name.to_owned(), memo.clone());
        self.write(move |writer| memos::keep(&mut writer.connection, &name, &memo, now)).await
    }

    async fn memo(&self, name: &str) -> Result<Option<Memo>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| memos::read(connection, &name)).await
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
