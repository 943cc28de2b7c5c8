//! What is special to the SQLite store. What every store must do is in the contract.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use jatah::domain::{Allotment, Event, Role, TelegramId};
use jatah::store::sqlite::{LockError, SqliteStore};
use jatah::store::{
    BookingReader, ChangeLog, CommitOutcome, CommitStore, Credential, CredentialKind,
    CredentialStore, Cursor, FeedEvent, Filter, Store, StoreControl, StoreError, StoreFault, Wake,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::build::{
    Input, TestBooking, apply, book, cancel, fix_north, minute, pay, put, room, secret,
    set_allotment, staff, today, too_many, track, tracked,
};

/// A fresh store. Its folder is removed when the guard is dropped.
#[expect(clippy::unused_async, reason = "the other stores need it")]
pub async fn open() -> (TempDir, Arc<dyn Store>) {
    let (folder, path) = fresh_path();
    (folder, Arc::new(SqliteStore::open(&path).unwrap()))
}

fn fresh_path() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    // The folder of the database does not exist yet.
    let path = folder.path().join("data").join("jatah.db");
    (folder, path)
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let (_folder, path) = fresh_path();
    let store = SqliteStore::open(&path).unwrap();
    let mut test_booking = TestBooking::new(1).limited("one guest", 1);
    let before = book(&store, &test_booking).await;
    let fixes = track(&[fix_north(0.4, minute(1))]);
    store.put_track(test_booking.receipt_no(), &fixes).await.unwrap();
    book(&store, &TestBooking::new(2)).await;
    apply(&store, TestBooking::new(2).receipt_no(), pay(), minute(1)).await;
    let credential = Credential {
        name: staff("Sari"),
        role: Role::Manager,
        telegram_id: Some(TelegramId(501)),
        expires_at: minute(60),
    };
    store.put_credential(CredentialKind::Session, secret(5), &credential).await.unwrap();
    set_allotment(&store, &room("STD"), Allotment::of_night(today(), 2)).await.unwrap();
    store.next_serials(today(), 1).await.unwrap();
    let key = store.signing_key([1; 32]).await.unwrap();
    let cursor = store.changes(None).await.unwrap().start;
    store.close().await;

    let store = SqliteStore::open(&path).unwrap();
    let after = tracked(&store, test_booking.receipt_no()).await;
    assert_eq!((after.booking, after.track), (before.booking, fixes));
    assert_eq!(store.history(TestBooking::new(2).receipt_no()).await.unwrap().len(), 2);
    assert_eq!(
        store.credential(CredentialKind::Session, secret(5)).await.unwrap(),
        Some(credential)
    );
    assert_eq!(store.next_serials(today(), 3).await.unwrap(), 2..=4);
    assert_eq!(store.signing_key([2; 32]).await.unwrap(), key);
    assert_eq!(store.changes(None).await.unwrap().start, cursor);
    test_booking.serial = 3;
    test_booking.request = 3;
    assert_eq!(put(&store, test_booking.commit()).await, too_many("one guest", 1));
    assert_eq!(put(&store, TestBooking::new(3).commit()).await, CommitOutcome::SoldOut(today()));
    let wakes: Vec<Wake> = store.wakes().await.unwrap().try_collect().await.unwrap();
    assert_eq!(wakes.iter().map(|wake| wake.receipt_no.day()).collect::<Vec<_>>(), [today()]);
}

#[tokio::test]
async fn what_was_committed_survives_a_process_that_dies() {
    let (folder, path) = fresh_path();
    let store = SqliteStore::open(&path).unwrap();
    book(&store, &TestBooking::new(1)).await;
    // A copy of the files as they are now: the store is not closed and there was no checkpoint.
    let copy = folder.path().join("copy.db");
    for suffix in ["", "-wal"] {
        std::fs::copy(with_suffix(&path, suffix), with_suffix(&copy, suffix)).unwrap();
    }
    let copy = SqliteStore::open(&copy).unwrap();
    assert_eq!(tracked(&copy, TestBooking::new(1).receipt_no()).await.booking.revision.0, 1);
}

#[tokio::test]
async fn another_command_opens_the_database_beside_the_server() {
    let (_folder, path) = fresh_path();
    let (server, command) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    let credential = Credential {
        name: staff("Sari"),
        role: Role::Manager,
        telegram_id: Some(TelegramId(501)),
        expires_at: minute(60),
    };
    command.put_credential(CredentialKind::Code, secret(5), &credential).await.unwrap();
    assert_eq!(
        server.take_credential(CredentialKind::Code, secret(5)).await.unwrap(),
        Some(credential)
    );
    command.close().await;
    book(&server, &TestBooking::new(1)).await;
}

#[test]
fn a_second_server_of_one_database_is_refused_until_the_first_is_gone() {
    let (_folder, path) = fresh_path();
    let first = SqliteStore::lock(&path).unwrap();
    let refused = SqliteStore::lock(&path).unwrap_err().to_string();
    assert_eq!(refused, format!("{} is served by another process already", path.display()));
    drop(first);
    SqliteStore::lock(&path).unwrap();
}

#[test]
fn a_database_of_a_newer_version_is_refused_in_one_line() {
    let (_folder, path) = fresh_path();
    drop(SqliteStore::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = SqliteStore::open(&path).err().unwrap().to_string();
    assert!(refused.contains("newer jatah") && refused.contains("99"), "{refused}");
    assert!(!refused.contains('\n'));
}

#[tokio::test]
async fn before_the_version_of_a_database_moves_forward_it_is_copied_beside_it() {
    let (_folder, path) = fresh_path();
    let names = || {
        let entries = std::fs::read_dir(path.parent().unwrap()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.contains("schema")).collect();
        names.sort();
        names
    };
    let store = SqliteStore::open(&path).unwrap();
    book(&store, &TestBooking::new(1)).await;
    store.close().await;
    drop(store);
    assert_eq!(names(), Vec::<String>::new(), "a new one is not copied");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("DROP INDEX bookings_settled; PRAGMA user_version = 2").unwrap();
    drop(connection);

    let store = SqliteStore::open(&path).unwrap();
    book(&store, &TestBooking::new(2)).await;
    store.close().await;
    drop(store);
    let copy = format!("{}.schema-2", path.file_name().unwrap().to_str().unwrap());
    assert_eq!(names(), [copy.as_str()]);
    let copy = path.with_file_name(copy);
    let mode = std::os::unix::fs::PermissionsExt::mode(&copy.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let read = |path: &Path, sql: &str| -> i64 {
        Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    for (path, version, bookings) in [(&copy, 2, 1), (&path, 3, 2)] {
        assert_eq!(read(path, "SELECT user_version FROM pragma_user_version"), version);
        assert_eq!(read(path, "SELECT count(*) FROM bookings"), bookings);
    }
    drop(SqliteStore::open(&path).unwrap());
    assert_eq!(names().len(), 1, "once");
}

#[tokio::test]
async fn a_path_that_looks_like_a_uri_or_a_memory_database_is_still_a_path() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:odd?mode=memory", "with space%20 and ü.db"] {
        let path = folder.path().join(name);
        let store = SqliteStore::open(&path).unwrap();
        book(&store, &TestBooking::new(1)).await;
        store.close().await;
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(
            tracked(&store, TestBooking::new(1).receipt_no()).await.booking.revision.0,
            1,
            "{name}"
        );
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let (_folder, path) = fresh_path();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = "Dear front office, this is not a database at all. ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Damaged(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn positions_leave_no_trace_in_the_files_once_the_hold_is_over() {
    let (_folder, path) = fresh_path();
    let store = SqliteStore::open(&path).unwrap();
    let bookings = [(1, pay()), (2, cancel()), (3, Input::Wake)];
    for (serial, end) in bookings {
        let number = book(&store, &TestBooking::new(serial)).await.booking.receipt_no;
        for step in 1..=12 {
            let fixes: Vec<_> = (1..=step).map(|fix| fix_north(0.123_456, minute(fix))).collect();
            store.put_track(number, &track(&fixes)).await.unwrap();
        }
        assert!(contains(&path, "-6.07654"), "the position must be in the files first");
        apply(&store, number, end, minute(120)).await;
        // A separate task empties the write-ahead log soon after the commit.
        let mut writes = 0;
        while contains(&path, "-6.07654") {
            store.next_serials(today(), 1).await.unwrap();
            writes += 1;
            assert!(writes < 10_000, "after booking {serial}");
        }
    }
    store.close().await;
    assert!(!contains(&path, "-6.07654"));
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn contains(path: &Path, text: &str) -> bool {
    ["", "-wal"].iter().any(|suffix| {
        let bytes = std::fs::read(with_suffix(path, suffix)).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = fresh_path();
    let _store = SqliteStore::open(&path).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(with_suffix(&path, suffix)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{suffix}");
    }
}

#[tokio::test]
async fn a_cursor_beyond_the_newest_change_is_not_found() {
    let (_folder, store) = open().await;
    book(&*store, &TestBooking::new(1)).await;
    let beyond = Cursor("2".to_owned());
    assert!(matches!(store.changes(Some(&beyond)).await.err(), Some(StoreError::NotFound)));
}

#[tokio::test]
async fn streams_run_on_past_one_chunk() {
    let (_folder, store) = open().await;
    for batch in 0..5_u32 {
        let serials = 1 + batch * 500..=(batch + 1) * 500;
        let batch: Vec<_> =
            serials.map(|serial| TestBooking::new(serial).of("HALL").commit()).collect();
        store.commit(&batch).await.unwrap();
    }
    let wakes: Vec<Wake> = store.wakes().await.unwrap().try_collect().await.unwrap();
    let numbers: std::collections::BTreeSet<_> = wakes.iter().map(|wake| wake.receipt_no).collect();
    assert_eq!((wakes.len(), numbers.len()), (2_500, 2_500));
    let owed: Vec<_> = store.owed().await.unwrap().try_collect().await.unwrap();
    assert_eq!(owed.len(), 7_500);
    let (start, end) = (Cursor("0".to_owned()), store.changes(None).await.unwrap().start);
    let replay: Vec<_> = store.replay(&start, &end).await.unwrap().try_collect().await.unwrap();
    assert_eq!(replay.len(), 2_500);
    let page = store.page(&Filter::default(), 10, None).await.unwrap();
    assert_eq!(page.total, 2_500);
}

/// Bookings of the same moment are in the order of their numbers by an index too. Sorting them took
/// 0.4 s when there were a million.
#[tokio::test]
async fn pages_are_read_in_the_order_of_an_index() {
    let (_folder, path) = fresh_path();
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    for filter in ["", "WHERE status IN ('PENDING')", "WHERE check_in = '2026-01-04'"] {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT document, fixes
             FROM bookings LEFT JOIN tracks USING (receipt_no) {filter}
             ORDER BY booked_at_ms DESC, length(receipt_no), receipt_no LIMIT 51"
        );
        let mut statement = connection.prepare(&sql).unwrap();
        let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(steps[0].contains("USING INDEX"), "{filter}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{filter}: {steps:?}");
    }
}

/// Changes one part of every stored document, to what a newer version of the program would write.
fn rewrite(path: &Path, table: &str, part: &str, value: &str) {
    let connection = Connection::open(path).unwrap();
    let sql = format!("UPDATE {table} SET document = json_set(document, ?1, json(?2))");
    assert!(connection.execute(&sql, [part, value]).unwrap() > 0);
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_read_and_does_not_end_the_feed() {
    let (_folder, path) = fresh_path();
    let store = SqliteStore::open(&path).unwrap();
    let start = store.changes(None).await.unwrap().start;
    let number = book(&store, &TestBooking::new(1)).await.booking.receipt_no;
    book(&store, &TestBooking::new(2)).await;
    rewrite(&path, "changes", "$.event", r#"{"kind":"LENT","until_ms":1}"#);
    rewrite(&path, "bookings", "$.min_reader", "3");
    let mut changes = store.changes(Some(&start)).await.unwrap().stream;
    for _ in 1..=2 {
        let (_, event) = changes.next().await.unwrap().unwrap();
        let FeedEvent::Changed { change, .. } = event else { panic!("{event:?}") };
        assert_eq!(change.event, Event::Other);
    }
    let booking = store.booking(number).await.unwrap().unwrap().booking;
    assert!(booking.is_read_only && booking.is_pending());
    assert_eq!(store.history(number).await.unwrap()[0].event, Event::Other);
}

/// What the store says of itself now.
async fn fault(store: &SqliteStore) -> Option<StoreFault> {
    store.faults().next().await.unwrap()
}

#[tokio::test]
async fn a_database_that_is_removed_while_it_serves_accepts_nothing_more() {
    for suffix in ["", "-wal", "-shm"] {
        let (_folder, path) = fresh_path();
        let store = SqliteStore::open(&path).unwrap();
        book(&store, &TestBooking::new(1)).await;
        assert_eq!(fault(&store).await, None);
        let (file, aside) = (beside(&path, suffix), beside(&path, "-aside"));
        std::fs::rename(&file, &aside).unwrap();
        let refused = store.commit(&[TestBooking::new(2).commit()]).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{suffix}: {refused:?}");
        assert!(store.next_serials(today(), 1).await.is_err());
        assert!(store.ping().await.is_err());
        assert_eq!(fault(&store).await, Some(StoreFault::FilesChanged), "{suffix}");
        // Put back, it goes on without a restart.
        std::fs::rename(&aside, &file).unwrap();
        store.ping().await.unwrap();
        assert_eq!(fault(&store).await, None);
        book(&store, &TestBooking::new(2)).await;
    }
}

#[tokio::test]
async fn a_removed_database_is_noticed_without_a_write() {
    let (_folder, path) = fresh_path();
    let store = SqliteStore::open(&path).unwrap();
    store.ping().await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(store.ping().await.is_err());
    assert_eq!(fault(&store).await, Some(StoreFault::FilesChanged));
}

#[tokio::test]
async fn a_database_with_a_second_name_accepts_nothing_more() {
    let (_folder, path) = fresh_path();
    let store = SqliteStore::open(&path).unwrap();
    std::fs::hard_link(&path, beside(&path, "-second")).unwrap();
    assert!(store.commit(&[TestBooking::new(1).commit()]).await.is_err());
    assert_eq!(fault(&store).await, Some(StoreFault::FilesChanged));
}

#[test]
fn one_process_serves_a_database_by_whichever_name() {
    let (folder, path) = fresh_path();
    let lock = SqliteStore::lock(&path).unwrap();
    let refused = |path: &Path| {
        let error = SqliteStore::lock(path).unwrap_err();
        assert!(matches!(error, LockError::AlreadyServed(_)), "{error}");
    };
    refused(&path);
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    refused(&link);
    let second = folder.path().join("second.db");
    std::fs::hard_link(&path, &second).unwrap();
    refused(&second);
    // The file of the lock that older versions take.
    std::fs::remove_file(beside(&path, ".lock")).unwrap();
    refused(&path);
    drop(lock);
    let error = SqliteStore::lock(&path).unwrap_err();
    assert!(matches!(error, LockError::Linked(_)), "{error}");
    std::fs::remove_file(&second).unwrap();
    SqliteStore::lock(&link).unwrap();
}

#[tokio::test]
async fn a_damaged_page_is_reported_and_the_rest_goes_on() {
    let (_folder, path) = fresh_path();
    let store = SqliteStore::open(&path).unwrap();
    book(&store, &TestBooking::new(1)).await;
    store.close().await;
    let connection = Connection::open(&path).unwrap();
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let root = number("SELECT rootpage FROM sqlite_master WHERE name = 'changes'");
    let at = (root - 1) * number("PRAGMA page_size");
    drop(connection);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[0xff; 64], at.unsigned_abs()).unwrap();
    drop(file);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(fault(&store).await, None);
    let read = store.history(TestBooking::new(1).receipt_no()).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
    assert_eq!(fault(&store).await, Some(StoreFault::Damaged));
    tracked(&store, TestBooking::new(1).receipt_no()).await;
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
