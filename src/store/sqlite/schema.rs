//! Opens connections and creates the tables. `user_version` holds the version of the schema.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::super::StoreError;

/// How long a call waits while another process writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The number of prepared statements that a connection caches.
const STATEMENT_CACHE_SIZE: usize = 64;

/// One script for each version. These scripts never change; new versions are added at the end.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// Columns that were added without a new version, as (table, column, type): the version before
/// ignores them, and so can still open the database.
const ADDED_COLUMNS: [(&str, &str, &str); 8] = [
    ("notices", "gave_up_code", "TEXT"),
    ("notices", "gave_up_detail", "TEXT"),
    ("bookings", "words", "TEXT"),
    ("codes", "telegram_id", "TEXT"),
    ("sessions", "telegram_id", "TEXT"),
    ("claims", "is_closed", "INTEGER NOT NULL DEFAULT 0"),
    ("claims", "waiting", "INTEGER NOT NULL DEFAULT 0"),
    ("claims", "line", "INTEGER NOT NULL DEFAULT 0"),
];

/// The index of words, which was added without a new version in the same way. A row of `bookings`
/// without words was written by the version before.
const SEARCH_INDEX: &str = "
    CREATE TABLE IF NOT EXISTS search_words (
        word    TEXT    NOT NULL,
        booking INTEGER NOT NULL,
        PRIMARY KEY (word, booking)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS bookings_without_words ON bookings (id) WHERE words IS NULL;";

/// The waiting list, added in the same way. `claims` are the room nights that the guest could take.
const WAITING_LIST: &str = "
    CREATE TABLE IF NOT EXISTS waiting (
        ticket     TEXT    NOT NULL PRIMARY KEY,
        is_waiting INTEGER NOT NULL,
        since_ms   INTEGER NOT NULL,
        check_in   TEXT    NOT NULL,
        claims     TEXT    NOT NULL,
        document   TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS waiting_line ON waiting (check_in, since_ms, ticket);";

/// The list of what was forgotten, and the index by which the request of a booking is found, added in
/// the same way.
const PERSONAL_DATA: &str = "
    CREATE TABLE IF NOT EXISTS forgotten (
        receipt_no TEXT    NOT NULL PRIMARY KEY,
        at_ms      INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS requests_booking ON requests (receipt_no);";

/// The notifications to recipients that the version before does not know, added in the same way. It
/// would not read `notices` with such a row. There is no foreign key, so that it can delete changes.
const MORE_NOTIFICATIONS: &str = "
    CREATE TABLE IF NOT EXISTS more_notices (
        id              INTEGER PRIMARY KEY,
        change_id       INTEGER NOT NULL,
        receipt_no      TEXT    NOT NULL,
        revision        INTEGER NOT NULL,
        recipient       TEXT    NOT NULL,
        useful_until_ms INTEGER NOT NULL,
        lease_node      TEXT    NOT NULL,
        lease_until_ms  INTEGER NOT NULL,
        sent_at_ms      INTEGER,
        gave_up_at_ms   INTEGER,
        gave_up_reason  TEXT,
        gave_up_code    TEXT,
        gave_up_detail  TEXT,
        UNIQUE (receipt_no, revision, recipient)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS more_notices_owed ON more_notices (id)
        WHERE sent_at_ms IS NULL AND gave_up_at_ms IS NULL;";

/// The index by which expired texts are deleted, added in the same way.
const EXPIRY_INDEX: &str = "CREATE INDEX IF NOT EXISTS memos_expiry ON memos (expires_at_ms);";

/// Indexes that replace those of the scripts without a new version, since the version before needs
/// none of them: a page is read in the order of receipt numbers, in which 1000 comes after 999.
const PAGE_INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS bookings_page_order
        ON bookings (booked_at_ms DESC, length(receipt_no), receipt_no);
    CREATE INDEX IF NOT EXISTS bookings_status_order
        ON bookings (status, booked_at_ms DESC, length(receipt_no), receipt_no);
    CREATE INDEX IF NOT EXISTS bookings_check_in_order
        ON bookings (check_in, booked_at_ms DESC, length(receipt_no), receipt_no);
    DROP INDEX IF EXISTS bookings_page;
    DROP INDEX IF EXISTS bookings_status;
    DROP INDEX IF EXISTS bookings_check_in;";

pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let io = |error: io::Error| {
        StoreError::Unavailable(format!("cannot make {}: {error}", path.display()))
    };
    make_folder(path).map_err(io)?;
    // SQLite gives its log and index files the permissions of the database file. A file that is
    // there is not opened: closing it would drop the locks of this process's connections.
    if !path.exists() {
        private_file(path).map_err(io)?;
    }
    let mut connection = connect(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", "ON")?;
    Ok(connection)
}

/// Creates the folder of a file.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder != Path::new("") => std::fs::create_dir_all(folder),
        _ => Ok(()),
    }
}

/// Opens a file, and creates it readable by its owner only if there is none.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Moves the write-ahead log into the database and empties it, unless a connection is reading
/// from it.
pub(super) fn truncate_log(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(Duration::ZERO)?;
    let done = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(done?)
}

/// Writes a page as it is, to see whether the database can be written.
pub(super) fn try_writing(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    // An absolute path, so that neither `:memory:` nor a `file:` URI has a special meaning.
    let path = std::path::absolute(path)
        .map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE_SIZE);
    Ok(connection)
}

/// Copies the database beside it if its version is about to move forward: a version never goes back.
/// The copy is called after the version that it has, and replaces an earlier one of that version.
fn copy_before_migration(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let is_old = usize::try_from(version).is_ok_and(|version| version < MIGRATIONS.len());
    if version == 0 || !is_old {
        return Ok(());
    }
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".schema-{version}{end}"));
        PathBuf::from(name)
    };
    // Another process may copy at the same time.
    let part = beside(&format!(".{}.part", std::process::id()));
    let copied = copy_into(connection, &part, &beside(""));
    if copied.is_err() {
        // It is not complete.
        let _ = std::fs::remove_file(&part);
    }
    copied
}

fn copy_into(connection: &Connection, part: &Path, copy: &Path) -> Result<(), StoreError> {
    let io = |error: io::Error| {
        StoreError::Unavailable(format!("cannot make {}: {error}", copy.display()))
    };
    let name = std::path::absolute(part).map_err(io)?;
    let Some(name) = name.to_str() else {
        return Err(io(io::Error::from(io::ErrorKind::InvalidFilename)));
    };
    // SQLite takes an empty file as the target, and keeps its permissions.
    let file = private_file(part).map_err(io)?;
    file.set_len(0).map_err(io)?;
    connection.execute("VACUUM INTO ?1", [name])?;
    file.sync_all().map_err(io)?;
    std::fs::rename(part, copy).map_err(io)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    copy_before_migration(connection, path)?;
    // In a transaction, so that only one of two processes that start at once migrates.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = (1_i64..).zip(MIGRATIONS);
    let newest = known.clone().map(|(number, _)| number).last().unwrap_or(0);
    if version > newest {
        return Err(StoreError::Unexpected(format!(
            "{} was written by a newer jatah: it has schema {version}, this one knows {newest}",
            path.display()
        )));
    }
    for (number, script) in known.filter(|(number, _)| *number > version) {
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2)";
    for (table, column, kind) in ADDED_COLUMNS {
        let is_there: bool = transaction.query_row(sql, [table, column], |row| row.get(0))?;
        if !is_there {
            transaction
                .execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}"))?;
        }
    }
    transaction.execute_batch(PAGE_INDEXES)?;
    transaction.execute_batch(SEARCH_INDEX)?;
    transaction.execute_batch(EXPIRY_INDEX)?;
    transaction.execute_batch(WAITING_LIST)?;
    transaction.execute_batch(PERSONAL_DATA)?;
    transaction.execute_batch(MORE_NOTIFICATIONS)?;
    Ok(transaction.commit()?)
}
