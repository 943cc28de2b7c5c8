//! The embedded store: one SQLite file, for a hotel with one server process.
//!
//! One connection writes and a few read. Every call runs in `spawn_blocking`, and no lock is held
//! across an `await`. Committed changes are published under the writer's lock, so the feed has the
//! order of the rows. A cursor is a row id.
//!
//! The live feed does not contain changes that another process commits to the same file.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use rusqlite::Connection;
use tokio::sync::watch;
use tokio::time::Instant;

use super::latency::timed;
use super::older_bookings::OlderBookings;
use super::{StoreControl, StoreError, StoreFault};

mod backup;
mod commit;
mod conditions;
mod credentials;
mod error;
mod feed;
mod files;
mod json;
mod key_value;
mod lock;
mod notifications;
mod personal_data;
mod read;
mod rooms;
mod schema;
mod search;
mod waiting;

pub use backup::SqliteRestore;
use files::DatabaseFiles;
pub use lock::{LockError, ServeLock};

/// The number of rows that a stream reads at once.
const CHUNK: i64 = 1_000;

/// A chunk of a stream: the items, each with its row.
type Chunk<T> = Result<Vec<(i64, T)>, StoreError>;

/// The number of connections that only read.
const READERS: usize = 3;

/// How long no write may fail before a disk counts as well again. A full disk still takes small
/// writes.
const STEADY: Duration = Duration::from_secs(2);

/// The embedded store. Clones share its connections.
#[derive(Clone)]
pub struct SqliteStore {
    connections: Arc<Connections>,
    older_bookings: OlderBookings,
}

struct Connections {
    path: PathBuf,
    /// `None` once the store is closed.
    writer: Mutex<Option<Writer>>,
    readers: [Mutex<Option<Connection>>; READERS],
    next_reader: AtomicUsize,
    files: DatabaseFiles,
    /// The fault that was found last, with when that was.
    fault: watch::Sender<Option<(StoreFault, Instant)>>,
}

/// The connection that writes, with the sender of the feed.
struct Writer {
    connection: Connection,
    feed: feed::Sender,
}

impl SqliteStore {
    /// Opens the database at a path, and creates it and its folder if there is none. Blocks.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be opened or created, or was written by a newer version of
    /// this program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = schema::open_writer(path)?;
        let reader = || schema::open_reader(path).map(|reader| Mutex::new(Some(reader)));
        let readers = [reader()?, reader()?, reader()?];
        let writer = Mutex::new(Some(Writer { connection, feed: feed::sender() }));
        let files = DatabaseFiles::of(path).map_err(|error| {
            StoreError::Unavailable(format!("cannot read {}: {error}", path.display()))
        })?;
        let next_reader = AtomicUsize::new(0);
        let fault = watch::Sender::new(None);
        let path = path.to_owned();
        let connections = Connections { path, writer, readers, next_reader, files, fault };
        Ok(Self { connections: Arc::new(connections), older_bookings: OlderBookings::default() })
    }

    /// Takes the lock that one process must hold to serve this database. Other commands may open
    /// the database meanwhile.
    ///
    /// # Errors
    /// [`LockError`] if another process serves it, or the lock file cannot be created.
    pub fn lock(path: &Path) -> Result<ServeLock, LockError> {
        ServeLock::take(path)
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connections = Arc::clone(&self.connections);
        timed(blocking(move || connections.write(work))).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connections = Arc::clone(&self.connections);
        timed(blocking(move || {
            let turn = connections.next_reader.fetch_add(1, Ordering::Relaxed) % READERS;
            let result = work(lock(&connections.readers[turn]).as_mut().ok_or_else(closed)?);
            if let Err(StoreError::Damaged(_)) = result {
                connections.set_fault(StoreFault::Damaged);
            }
            result
        }))
        .await
    }

    /// Removes deleted data from the write-ahead log too. Does not delay the caller.
    fn truncate_log_later(&self) {
        let connections = Arc::clone(&self.connections);
        // Nobody waits for it. If it fails, the next run or `close` does its work.
        drop(tokio::task::spawn_blocking(move || {
            if let Some(writer) = lock(&connections.writer).as_mut()
                && let Err(error) = schema::truncate_log(&writer.connection)
            {
                tracing::warn!(%error, "the write-ahead log was not emptied");
            }
        }));
    }
}

impl Connections {
    /// Runs a call that writes, unless the files are no longer those that were opened, and keeps
    /// the fault current.
    fn write<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = lock(&self.writer);
        let writer = writer.as_mut().ok_or_else(closed)?;
        if !self.files.are_unchanged() {
            let fault = StoreFault::FilesChanged;
            self.set_fault(fault);
            return Err(StoreError::Unavailable(fault.reason().to_owned()));
        }
        let result = work(writer);
        match &result {
            Ok(_) => self.recover(),
            Err(StoreError::Damaged(_)) => self.set_fault(StoreFault::Damaged),
            Err(StoreError::Unavailable(_)) => self.check_writing(writer),
            Err(StoreError::NotFound | StoreError::Conflict(_) | StoreError::Unexpected(_)) => {}
        }
        result
    }

    /// Finds out whether a write failed because of the disk.
    fn check_writing(&self, writer: &mut Writer) {
        match schema::try_writing(&mut writer.connection) {
            Ok(()) => self.recover(),
            Err(error) if error::is_of_disk(&error) => self.set_fault(StoreFault::CannotWrite),
            Err(_) => {}
        }
    }

    fn set_fault(&self, fault: StoreFault) {
        self.fault.send_if_modified(|last| {
            let before = last.replace((fault, Instant::now()));
            before.is_none_or(|(before, _)| before != fault)
        });
    }

    /// Notes that a write succeeded.
    fn recover(&self) {
        let is_over = match *self.fault.borrow() {
            None | Some((StoreFault::Damaged, _)) => false,
            Some((StoreFault::FilesChanged, _)) => true,
            Some((StoreFault::CannotWrite, failed)) => failed.elapsed() >= STEADY,
        };
        if is_over {
            self.fault.send_replace(None);
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let gone = |_| StoreError::Unexpected("a call to the store did not end".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(gone)?
}

/// Locks a connection. A transaction that panicked was rolled back, so a poisoned lock is safe.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}

#[async_trait]
impl StoreControl for SqliteStore {
    fn clock_ahead_ms(&self) -> Option<i64> {
        None
    }

    fn faults(&self) -> BoxStream<'static, Option<StoreFault>> {
        let mut fault = self.connections.fault.subscribe();
        fault.mark_changed();
        stream::unfold(fault, async |mut fault| {
            fault.changed().await.ok()?;
            let now = *fault.borrow_and_update();
            Some((now.map(|(fault, _)| fault), fault))
        })
        .boxed()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let fault = *self.connections.fault.borrow();
        let is_writable = match fault {
            None | Some((StoreFault::Damaged, _)) => self.connections.files.are_unchanged(),
            Some((StoreFault::FilesChanged | StoreFault::CannotWrite, _)) => false,
        };
        if !is_writable {
            self.write(|writer| Ok(schema::try_writing(&mut writer.connection)?)).await?;
        }
        self.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await
    }

    async fn close(&self) {
        let connections = Arc::clone(&self.connections);
        let closing = blocking(move || {
            let writer = lock(&connections.writer).take();
            for reader in &connections.readers {
                drop(lock(reader).take());
            }
            writer.map_or(Ok(()), |writer| schema::truncate_log(&writer.connection))
        });
        if let Err(error) = closing.await {
            tracing::warn!(%error, "the database was closed without emptying its log");
        }
    }
}
