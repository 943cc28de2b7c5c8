//! Everything in an SQLite file as records, and a file made from records that takes its place.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chrono::DateTime;
use futures_util::StreamExt;
use futures_util::stream;
use rusqlite::{Connection, Row, Statement, TransactionBehavior, params};
use serde_json::Value;
use tokio::sync::mpsc;

use super::super::backup::{
    self, BackupStore, CHUNK, LeaseRecord, NotificationRecord, Record, RecordStream, RestoreTarget,
};
use super::super::document::status_text;
use super::super::search::booking_words;
use super::super::{StatusKind, StoreControl, StoreError};
use super::notifications::Table;
use super::{ServeLock, SqliteStore, blocking, json, schema, search};
use crate::domain::{Moment, ReceiptNo};

/// How many chunks may wait for the reader of a dump.
const AHEAD: usize = 2;

#[async_trait]
impl BackupStore for SqliteStore {
    async fn dump(&self, now: Moment) -> Result<RecordStream, StoreError> {
        // A connection of its own: a dump may take long, and must not keep others from reading.
        let path = self.connections.path.clone();
        let (sender, receiver) = mpsc::channel(AHEAD);
        let reading = tokio::task::spawn_blocking(move || {
            let outcome = dump(&path, now, &sender);
            // If nobody listens any more, there is nobody to be told.
            if let Err(error) = outcome {
                let _ = sender.blocking_send(Err(error));
            }
        });
        let next = |(mut receiver, reading): (mpsc::Receiver<_>, _)| async move {
            let chunk = receiver.recv().await?;
            Some((chunk, (receiver, reading)))
        };
        Ok(stream::unfold((receiver, reading), next).boxed())
    }
}

type Chunks = mpsc::Sender<Result<Vec<Record>, StoreError>>;

/// Sends everything that a database has, as of one moment. Ends early if nobody listens.
fn dump(path: &Path, now: Moment, to: &Chunks) -> Result<(), StoreError> {
    let mut connection = schema::open_reader(path)?;
    // All statements of one transaction see the same state, whatever is written meanwhile.
    let transaction = connection.transaction()?;
    let mut dump = Dump { connection: &transaction, chunk: Vec::with_capacity(CHUNK), to };
    dump.all(now)?;
    dump.flush();
    Ok(())
}

struct Dump<'a> {
    connection: &'a Connection,
    chunk: Vec<Record>,
    to: &'a Chunks,
}

impl Dump<'_> {
    fn all(&mut self, now: Moment) -> Result<(), StoreError> {
        self.rows("SELECT value FROM meta WHERE name = 'signing_key'", |row| {
            Ok(Record::SigningKey { key: row.get(0)? })
        })?;
        self.rows("SELECT day, last FROM counters ORDER BY day", |row| {
            Ok(Record::Counter { day: row.get(0)?, last: row.get(1)? })
        })?;
        let sql = "SELECT room, night, taken, allotment, is_closed, waiting, line FROM claims
                   ORDER BY night, room";
        self.rows(sql, |row| {
            let (room, night) = (row.get(0)?, row.get(1)?);
            let (taken, allotment, is_closed) = (row.get(2)?, row.get(3)?, row.get(4)?);
            let (waiting, line) = (row.get(5)?, row.get(6)?);
            Ok(Record::Claim { room, night, taken, allotment, is_closed, waiting, line })
        })?;
        self.rows("SELECT document, is_waiting, claims FROM waiting ORDER BY ticket", |row| {
            let claims =
                serde_json::from_value(value(row, 2)?).map_err(|error| broken(2, error))?;
            Ok(Record::Waiting { document: value(row, 0)?, is_waiting: row.get(1)?, claims })
        })?;
        self.rows("SELECT key, running FROM limits ORDER BY key", |row| {
            Ok(Record::Limit { key: row.get(0)?, running: row.get(1)? })
        })?;
        self.rows(&format!("{BOOKINGS} ORDER BY id"), booking_record)?;
        self.rows(&format!("{TRACKS} ORDER BY receipt_no"), track_record)?;
        self.rows(REQUESTS, request_record)?;
        let sql = format!(
            "SELECT name, text, expires_at_ms FROM memos WHERE expires_at_ms > {} ORDER BY name",
            now.timestamp_millis()
        );
        self.rows(&sql, |row| {
            let (name, text, expires_at_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Record::Text { name, text, expires_at_ms })
        })?;
        let sql = "SELECT receipt_no, at_ms FROM forgotten ORDER BY at_ms";
        self.rows(sql, |row| {
            Ok(Record::Forgotten { receipt_no: row.get(0)?, at_ms: row.get(1)? })
        })?;
        let mut notifications = NotificationReader::new(self.connection)?;
        self.rows(&format!("{CHANGES} ORDER BY id"), |row| change_record(row, &mut notifications))
    }

    /// Adds a record for each row of a query.
    fn rows(
        &mut self,
        sql: &str,
        mut record: impl FnMut(&Row<'_>) -> rusqlite::Result<Record>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.chunk.push(record(row)?);
            if self.chunk.len() == CHUNK && !self.flush() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends what was read. Returns whether somebody listens.
    fn flush(&mut self) -> bool {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        self.to.blocking_send(Ok(chunk)).is_ok()
    }
}

const BOOKINGS: &str = "SELECT document, limit_keys FROM bookings";
const TRACKS: &str = "SELECT receipt_no, fixes FROM tracks";
const REQUESTS: &str = "SELECT request, receipt_no, fingerprint FROM requests";
const CHANGES: &str = "SELECT id, document, lease_node, lease_until_ms, receipt_no, revision
                       FROM changes";

fn booking_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let limit_keys = serde_json::from_value(value(row, 1)?).map_err(|error| broken(1, error))?;
    Ok(Record::Booking { document: value(row, 0)?, limit_keys })
}

fn track_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Track { receipt_no: row.get(0)?, fixes: value(row, 1)? })
}

fn request_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let (request, receipt_no, fingerprint) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Record::Request { request, receipt_no, fingerprint })
}

/// The record of a row of [`CHANGES`].
fn change_record(
    row: &Row<'_>,
    notifications: &mut NotificationReader<'_>,
) -> rusqlite::Result<Record> {
    let key: (String, u32) = (row.get(4)?, row.get(5)?);
    Ok(Record::Change {
        row: Some(row.get(0)?),
        document: value(row, 1)?,
        lease: LeaseRecord { node: row.get(2)?, until_ms: row.get(3)? },
        notifications: notifications.of(Table::First, &key)?,
        more_notifications: notifications.of(Table::More, &key)?,
    })
}

/// Reads the notifications of changes.
struct NotificationReader<'a> {
    first: Statement<'a>,
    more: Statement<'a>,
}

impl<'a> NotificationReader<'a> {
    fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let prepare = |table: Table| {
            connection.prepare(&format!(
                "SELECT recipient, lease_node, lease_until_ms, sent_at_ms, gave_up_at_ms,
                        gave_up_reason, gave_up_code, gave_up_detail
                 FROM {} WHERE receipt_no = ?1 AND revision = ?2 ORDER BY id",
                table.name()
            ))
        };
        Ok(Self { first: prepare(Table::First)?, more: prepare(Table::More)? })
    }

    /// The notifications of the change with this receipt number and revision.
    fn of(
        &mut self,
        table: Table,
        change: &(String, u32),
    ) -> rusqlite::Result<Vec<NotificationRecord>> {
        let statement = match table {
            Table::First => &mut self.first,
            Table::More => &mut self.more,
        };
        statement.query_map(params![change.0, change.1], notification)?.collect()
    }
}

/// Makes a record of a row.
type RowReader = fn(&Row<'_>) -> rusqlite::Result<Record>;

/// The records of one booking.
pub(super) fn stored_about(
    connection: &Connection,
    receipt_no: ReceiptNo,
) -> Result<Vec<Record>, StoreError> {
    let number = receipt_no.to_string();
    let mut all = Vec::new();
    let readings: [(&str, RowReader); 3] =
        [(BOOKINGS, booking_record), (TRACKS, track_record), (REQUESTS, request_record)];
    for (sql, record) in readings {
        let mut statement = connection.prepare(&format!("{sql} WHERE receipt_no = ?1"))?;
        for record in statement.query_map([&number], record)? {
            all.push(record?);
        }
    }
    let mut notifications = NotificationReader::new(connection)?;
    let mut changes =
        connection.prepare(&format!("{CHANGES} WHERE receipt_no = ?1 ORDER BY id"))?;
    let mut found = changes.query([&number])?;
    while let Some(row) = found.next()? {
        all.push(change_record(row, &mut notifications)?);
    }
    Ok(all)
}

fn notification(row: &Row<'_>) -> rusqlite::Result<NotificationRecord> {
    Ok(NotificationRecord {
        to: row.get(0)?,
        lease: LeaseRecord { node: row.get(1)?, until_ms: row.get(2)? },
        sent_at_ms: row.get(3)?,
        gave_up_at_ms: row.get(4)?,
        gave_up: row.get(5)?,
        gave_up_code: row.get(6)?,
        gave_up_detail: row.get(7)?,
    })
}

/// The JSON in a column. Errors contain no content of it.
fn value(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| broken(column, error))
}

fn broken(column: usize, error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}

/// A database that is being replaced. The new one is made in a file beside it.
pub struct SqliteRestore {
    _lock: ServeLock,
    path: PathBuf,
    /// What is there now; the error if it cannot be opened.
    current: Result<SqliteStore, StoreError>,
    new_path: PathBuf,
    new: SqliteStore,
    /// Whether there is anything that is worth keeping.
    is_empty: bool,
    /// Tells one kept file from another.
    now: Moment,
}

impl SqliteRestore {
    /// Starts to replace the database at a path. There may be none.
    ///
    /// # Errors
    /// If another process serves it, or no file can be made beside it.
    pub async fn begin(path: &Path, lock: ServeLock, now: Moment) -> Result<Self, StoreError> {
        let path = path.to_owned();
        blocking(move || {
            // A symbolic link stays; what it leads to is replaced.
            let path = fs::canonicalize(&path).map_err(|error| io(&path, &error))?;
            let current = SqliteStore::open(&path);
            let new_path = beside(&path, ".restore");
            remove_database(&new_path)?;
            let new = SqliteStore::open(&new_path)?;
            Ok(Self { _lock: lock, path, current, new_path, new, is_empty: false, now })
        })
        .await
    }
}

#[async_trait]
impl RestoreTarget for SqliteRestore {
    async fn is_empty(&mut self) -> Result<bool, StoreError> {
        let current = self.current.as_ref().map_err(Clone::clone)?;
        self.is_empty = current
            .read(|connection| {
                let sql = "SELECT NOT EXISTS (SELECT 1 FROM bookings)
                              AND NOT EXISTS (SELECT 1 FROM changes)
                              AND NOT EXISTS (SELECT 1 FROM claims)
                              AND NOT EXISTS (SELECT 1 FROM counters)";
                Ok(connection.query_row(sql, [], |row| row.get(0))?)
            })
            .await?;
        Ok(self.is_empty)
    }

    async fn forgotten(&mut self) -> Result<Vec<Record>, StoreError> {
        let current = self.current.as_ref().map_err(Clone::clone)?;
        current
            .read(|connection| {
                let mut statement =
                    connection.prepare("SELECT receipt_no, at_ms FROM forgotten")?;
                let found = statement.query_map([], |row| {
                    Ok(Record::Forgotten { receipt_no: row.get(0)?, at_ms: row.get(1)? })
                })?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    async fn load(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        self.new.write(move |writer| load(&mut writer.connection, &records)).await
    }

    async fn put_in_place(self: Box<Self>) -> Result<Option<String>, StoreError> {
        let Self { _lock, path, current, new_path, new, is_empty, now } = *self;
        new.close().await;
        if let Ok(current) = current {
            current.close().await;
        }
        drop(new);
        blocking(move || put_in_place(&path, &new_path, !is_empty, now)).await
    }

    async fn give_up(self: Box<Self>) {
        let Self { _lock, new_path, new, current, .. } = *self;
        new.close().await;
        if let Ok(current) = current {
            current.close().await;
        }
        let removed = blocking(move || remove_database(&new_path)).await;
        if let Err(error) = removed {
            tracing::warn!(%error, "the unfinished file was not removed");
        }
    }
}

/// Puts a new database in the place of another, in one step. The old one gets another name.
fn put_in_place(
    path: &Path,
    new: &Path,
    is_kept: bool,
    now: Moment,
) -> Result<Option<String>, StoreError> {
    let failed = |error: std::io::Error| io(path, &error);
    File::open(new).and_then(|file| file.sync_all()).map_err(failed)?;
    let time = DateTime::format(&now, "%Y%m%d-%H%M%S");
    let kept = beside(path, &format!(".replaced-{time}"));
    // With a second name, the old database is not served if this is interrupted.
    if is_kept {
        fs::hard_link(path, &kept).map_err(failed)?;
    }
    // The log of the old database must not be applied to the new one. It goes with the old one,
    // unless closing emptied it.
    for suffix in ["-wal", "-shm"] {
        let log = beside(path, suffix);
        let is_empty = fs::metadata(&log).is_ok_and(|file| file.len() == 0);
        let moved = if suffix == "-shm" || is_empty || !is_kept {
            fs::remove_file(&log)
        } else {
            fs::rename(&log, beside(&kept, suffix))
        };
        match moved {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    fs::rename(new, path).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(is_kept.then(|| kept.display().to_string()))
}

fn remove_database(path: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm"] {
        let file = beside(path, suffix);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io(&file, &error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

fn io(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

/// Inserts records into a database that has none of them.
fn load(connection: &mut Connection, records: &[Record]) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for record in records {
        insert(&transaction, record)?;
    }
    Ok(transaction.commit()?)
}

fn insert(connection: &Connection, record: &Record) -> Result<(), StoreError> {
    match record {
        Record::Booking { document, limit_keys } => {
            return insert_booking(connection, document, limit_keys);
        }
        Record::Change { row, document, lease, notifications, more_notifications } => {
            let owed = [(Table::First, notifications), (Table::More, more_notifications)];
            return insert_change(connection, *row, document, lease, owed);
        }
        Record::Claim { room, night, taken, allotment, is_closed, waiting, line } => {
            let sql = "INSERT INTO claims (night, room, taken, allotment, is_closed, waiting, line)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let values = params![night, room, taken, allotment, is_closed, waiting, line];
            connection.prepare_cached(sql)?.execute(values)?;
        }
        Record::Waiting { document, is_waiting, claims } => {
            let guest = backup::waiting(document)?;
            let sql =
                "INSERT INTO waiting (ticket, is_waiting, since_ms, check_in, claims, document)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            connection.prepare_cached(sql)?.execute(params![
                guest.ticket,
                is_waiting,
                guest.since_ms,
                guest.check_in.to_string(),
                json::encode(claims)?,
                document.to_string(),
            ])?;
        }
        Record::Limit { key, running } => {
            let sql = "INSERT INTO limits (key, running) VALUES (?1, ?2)";
            connection.prepare_cached(sql)?.execute(params![key, running])?;
        }
        Record::Request { request, receipt_no, fingerprint } => {
            let sql = "INSERT INTO requests (request, receipt_no, fingerprint) VALUES (?1, ?2, ?3)";
            connection.prepare_cached(sql)?.execute([request, receipt_no, fingerprint])?;
        }
        Record::Track { receipt_no, fixes } => {
            let sql = "INSERT INTO tracks (receipt_no, fixes) VALUES (?1, ?2)";
            connection.prepare_cached(sql)?.execute([receipt_no, &fixes.to_string()])?;
        }
        Record::Counter { day, last } => {
            let sql = "INSERT INTO counters (day, last) VALUES (?1, ?2)";
            connection.prepare_cached(sql)?.execute(params![day, last])?;
        }
        Record::Forgotten { receipt_no, at_ms } => {
            let sql = "INSERT OR REPLACE INTO forgotten (receipt_no, at_ms) VALUES (?1, ?2)";
            connection.prepare_cached(sql)?.execute(params![receipt_no, at_ms])?;
        }
        Record::SigningKey { key } => {
            let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES ('signing_key', ?1)";
            connection.prepare_cached(sql)?.execute([key])?;
        }
        Record::Text { name, text, expires_at_ms } => {
            let sql = "INSERT INTO memos (name, text, expires_at_ms) VALUES (?1, ?2, ?3)";
            connection.prepare_cached(sql)?.execute(params![name, text, expires_at_ms])?;
        }
    }
    Ok(())
}

fn insert_booking(
    connection: &Connection,
    document: &Value,
    limit_keys: &[String],
) -> Result<(), StoreError> {
    let booking = backup::booking(document)?;
    let words = booking_words(&booking);
    let sql = "INSERT INTO bookings (receipt_no, revision, status, booked_at_ms, check_in,
                   wake_at_ms, name_folded, limit_keys, document, words)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let row = connection.prepare_cached(sql)?.insert(params![
        booking.receipt_no.to_string(),
        booking.revision.0,
        status_text(StatusKind::from(&booking.status)),
        booking.booked_at.timestamp_millis(),
        booking.stay.check_in.to_string(),
        booking.wake_at().map(|at| at.timestamp_millis()),
        booking.guest.name.as_str().to_lowercase(),
        json::encode(&limit_keys)?,
        document.to_string(),
        search::joined(&words),
    ])?;
    search::insert(connection, row, &words)
}

fn insert_change(
    connection: &Connection,
    row: Option<i64>,
    document: &Value,
    lease: &LeaseRecord,
    owed: [(Table, &Vec<NotificationRecord>); 2],
) -> Result<(), StoreError> {
    let key = backup::change_key(document)?;
    let receipt_no = key.receipt_no.to_string();
    let sql = "INSERT INTO changes (id, receipt_no, revision, lease_node, lease_until_ms, document)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let row = connection.prepare_cached(sql)?.insert(params![
        row,
        receipt_no,
        key.revision,
        lease.node,
        lease.until_ms,
        document.to_string(),
    ])?;
    for (table, notifications) in owed {
        let sql = format!(
            "INSERT INTO {} (change_id, receipt_no, revision, recipient, useful_until_ms,
                 lease_node, lease_until_ms, sent_at_ms, gave_up_at_ms, gave_up_reason,
                 gave_up_code, gave_up_detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            table.name()
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let recipients = match table {
            Table::First => &key.notifications,
            Table::More => &key.more_notifications,
        };
        for (notification, (_, useful_until_ms)) in notifications.iter().zip(recipients) {
            statement.execute(params![
                row,
                receipt_no,
                key.revision,
                notification.to,
                useful_until_ms,
                notification.lease.node,
                notification.lease.until_ms,
                notification.sent_at_ms,
                notification.gave_up_at_ms,
                notification.gave_up,
                notification.gave_up_code,
                notification.gave_up_detail,
            ])?;
        }
    }
    Ok(())
}
