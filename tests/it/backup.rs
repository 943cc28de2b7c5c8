//! Backup files: the way from one store to another and back, copies of a store that is written to,
//! and everything that is no usable backup.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jatah::backup::{self, BackupError, Head, Progress};
use jatah::clock::Clock;
use jatah::domain::{
    Allotment, Command, FailureCode, FailureReason, Recipient, Revision, Role, WaitingGuest,
    WaitingState, Wish, WishedRoom,
};
use jatah::personal_data::{self, Person};
use jatah::store::backup::{Record, RestoreTarget};
use jatah::store::mongo::{MongoRestore, MongoStore};
use jatah::store::sqlite::{SqliteRestore, SqliteStore};
use jatah::store::{
    ChangeLog, Commit, CommitOutcome, CommitStore, Credential, CredentialKind, CredentialStore,
    DeliveryOutcome, NotificationId, Store, StoreControl, StoredValue, WaitingStep,
};
use std::io::{Read, Write};
use tempfile::TempDir;

use crate::build::{
    TestBooking, apply, arrive, book, cancel, day, fix_north, lease, minute, pay, put, room,
    secret, set_allotment, staff, track, tracked,
};
use crate::mongod;

fn quiet() -> Progress {
    Box::new(|_| {})
}

async fn write(store: &dyn Store, file: &Path) -> Result<Head, BackupError> {
    backup::write(store, file, minute(300), quiet()).await
}

async fn restore(
    file: &Path,
    target: Box<dyn RestoreTarget>,
    replaces: bool,
) -> Result<Option<String>, BackupError> {
    backup::restore(file, target, replaces, |_| quiet()).await.map(|restored| restored.kept)
}

async fn sqlite_target(path: &Path) -> Box<dyn RestoreTarget> {
    let lock = SqliteStore::lock(path).unwrap();
    Box::new(SqliteRestore::begin(path, lock, minute(400)).await.unwrap())
}

async fn mongo_target(url: &str) -> Box<dyn RestoreTarget> {
    Box::new(MongoRestore::begin(url, Clock::system()).await.unwrap())
}

async fn mongo(url: &str) -> MongoStore {
    MongoStore::connect(url, Clock::system()).await.unwrap()
}

/// The lines of a file, with the head.
fn lines(file: &Path) -> Vec<String> {
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The records of a file in an order that does not depend on the store.
fn records(file: &Path) -> Vec<String> {
    let mut records: Vec<_> = lines(file)
        .iter()
        .skip(1)
        .map(|line| match serde_json::from_str(line).unwrap() {
            Record::Change { document, lease, notifications, more_notifications, .. } => {
                let change = Record::Change {
                    row: None,
                    document,
                    lease,
                    notifications,
                    more_notifications,
                };
                serde_json::to_string(&change).unwrap()
            }
            record => serde_json::to_string(&record).unwrap(),
        })
        .collect();
    records.sort();
    records
}

/// Writes lines as a backup.
fn put_lines(file: &Path, lines: &[String]) {
    let mut encoder = GzEncoder::new(fs::File::create(file).unwrap(), Compression::fast());
    for line in lines {
        writeln!(encoder, "{line}").unwrap();
    }
    encoder.finish().unwrap();
}

/// Stores some of everything.
async fn fill(store: &dyn Store) {
    let email = "Budi.S@Example.com";
    book(store, &TestBooking::new(1).named("Budi Ma'ruf").by_mail(email)).await;
    let fixes = [fix_north(0.123_456_789, minute(10)), fix_north(0.1, minute(20))];
    assert!(store.put_track(TestBooking::new(1).receipt_no(), &track(&fixes)).await.unwrap());
    let second = TestBooking::new(2).staying(day(6), 3);
    book(store, &second).await;
    store.put_track(second.receipt_no(), &track(&fixes)).await.unwrap();
    apply(store, second.receipt_no(), crate::build::Input::Wake, minute(110)).await;
    apply(store, second.receipt_no(), cancel(), minute(120)).await;
    let third = TestBooking::new(3).of("SUITE");
    book(store, &third).await;
    apply(store, third.receipt_no(), arrive(), minute(30)).await;
    apply(store, third.receipt_no(), pay(), minute(31)).await;
    let fourth = TestBooking::new(4);
    book(store, &fourth).await;
    apply(store, fourth.receipt_no(), arrive(), minute(30)).await;
    let extend = Command::Extend { by: staff("Sari"), minutes: 45 };
    book(store, &TestBooking::new(5)).await;
    apply(store, TestBooking::new(5).receipt_no(), extend, minute(9)).await;
    let id = |to| NotificationId {
        receipt_no: TestBooking::new(1).receipt_no(),
        revision: Revision::FIRST,
        to,
    };
    let reason = FailureReason { code: FailureCode::MailServerReply, detail: "550 no".to_owned() };
    let given_up = DeliveryOutcome::GivenUp(minute(2), reason);
    let sent = DeliveryOutcome::Sent(minute(1));
    let outcomes = [(id(Recipient::Guest), given_up), (id(Recipient::FrontOffice), sent)];
    store.settle(&outcomes).await.unwrap();
    let closed = Allotment { is_closed: Some(true), ..Allotment::of_night(day(9), 4) };
    set_allotment(store, &room("STD"), closed).await.unwrap();
    let guest = WaitingGuest {
        ticket: secret(900),
        guest: tracked(store, TestBooking::new(1).receipt_no()).await.booking.guest,
        wish: Wish {
            room: WishedRoom::OfType(room("SUITE")),
            check_in: crate::build::today(),
            nights: 1,
        },
        since: minute(40),
        state: WaitingState::Waiting,
        limit_key: "wait:1".to_owned(),
        address_key: None,
    };
    let join = WaitingStep::Join { guest: Arc::new(guest), rooms: vec![(room("SUITE"), 1)] };
    let join = Commit { waiting: Some(join), ..Commit::of_steps(vec![], None, lease()) };
    assert_eq!(put(store, join).await, CommitOutcome::Done);
    store.next_serials(day(4), 5).await.unwrap();
    store.signing_key([9; 32]).await.unwrap();
    let credential = Credential {
        name: staff("Sari"),
        role: Role::Manager,
        telegram_id: None,
        expires_at: minute(100_000_000),
    };
    store.put_credential(CredentialKind::Session, secret(5), &credential).await.unwrap();
    let text = |expires_at| StoredValue { text: "{\"v\":1}".to_owned(), expires_at };
    store.put_value("dashboard", &text(minute(100_000_000)), minute(0)).await.unwrap();
    store.put_value("over", &text(minute(299)), minute(0)).await.unwrap();
}

/// What a hotel would look at, from a store.
async fn seen(store: &dyn Store) -> String {
    let mut seen = Vec::new();
    for serial in 1..=5 {
        let receipt_no = TestBooking::new(serial).receipt_no();
        let history = store.history(receipt_no).await.unwrap();
        let undelivered = store.undelivered(&[receipt_no]).await.unwrap();
        let name = tracked(store, receipt_no).await.booking.guest.name.as_str().to_owned();
        seen.push(format!(
            "{name} {:?} {history:?} {undelivered:?}",
            tracked(store, receipt_no).await
        ));
    }
    seen.push(format!("{:?}", store.nights(day(1), 30).await.unwrap()));
    seen.push(format!("{:?}", store.waiting_guests(day(1)).await.unwrap()));
    seen.push(format!("{:?}", store.value("dashboard").await.unwrap()));
    seen.push(format!("{:?}", store.signing_key([1; 32]).await.unwrap()));
    let words = jatah::store::Filter {
        search: Some(jatah::store::Search::parse("maruf")),
        ..Default::default()
    };
    seen.push(format!("{:?}", store.page(&words, 5, None).await.unwrap()));
    seen.join("\n")
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jatah.db");
    (folder, path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hotel_moves_from_sqlite_to_mongodb_and_back_with_everything() {
    let (folder, path) = folder();
    let file = |name: &str| folder.path().join(name);
    let first = SqliteStore::open(&path).unwrap();
    fill(&first).await;
    let before = seen(&first).await;
    let head = write(&first, &file("one")).await.unwrap();
    let counts: Vec<_> =
        ["booking", "change", "claim", "track", "request", "waiting", "text", "signing_key"]
            .map(|kind| head.count(kind))
            .into_iter()
            .collect();
    assert_eq!(counts, [5, 11, 6, 2, 5, 1, 1, 1]);
    assert!(head.count("owed") > 5);
    first.close().await;

    let url = mongod::fresh_url();
    assert_eq!(restore(&file("one"), mongo_target(&url).await, false).await.unwrap(), None);
    let second = mongo(&url).await;
    assert_eq!(seen(&second).await, before);
    // It goes on from where the other one stopped.
    assert_eq!(second.next_serials(day(4), 1).await.unwrap(), 6..=6);
    apply(&second, TestBooking::new(1).receipt_no(), pay(), minute(90)).await;
    let after = seen(&second).await;
    let session = second.credential(CredentialKind::Session, secret(5)).await.unwrap();
    assert_eq!(session, None, "sessions are left out");
    let head = write(&second, &file("two")).await.unwrap();
    assert_eq!(head.count("change"), 12);
    second.close().await;

    let kept = restore(&file("two"), sqlite_target(&path).await, true).await.unwrap().unwrap();
    let third = SqliteStore::open(&path).unwrap();
    assert_eq!(seen(&third).await, after);
    write(&third, &file("three")).await.unwrap();
    assert_eq!(records(&file("two")), records(&file("three")));
    assert_eq!(third.next_serials(day(4), 1).await.unwrap(), 7..=7);
    assert!(third.changes(None).await.unwrap().start.0 == "12", "the log goes on");
    let kept = SqliteStore::open(Path::new(&kept)).unwrap();
    assert_eq!(seen(&kept).await, before, "what was replaced is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_sqlite_is_consistent_while_guests_book_and_leave() {
    let (folder, path) = folder();
    backups_under_writes(Arc::new(SqliteStore::open(&path).unwrap()), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_mongodb_is_consistent_while_guests_book_and_leave() {
    let folder = tempfile::tempdir().unwrap();
    backups_under_writes(Arc::new(mongo(&mongod::fresh_url()).await), folder.path()).await;
}

async fn backups_under_writes(store: Arc<dyn Store>, folder: &Path) {
    let is_over = Arc::new(AtomicBool::new(false));
    let (writes_to, ends) = (Arc::clone(&store), Arc::clone(&is_over));
    let mut writing = tokio::task::JoinSet::new();
    writing.spawn(async move {
        let mut serial = 0;
        while !ends.load(Ordering::SeqCst) {
            let of = |serial| TestBooking::new(serial).of("HALL").staying(day(4), 1 + serial % 3);
            let batch: Vec<_> = (1..=20).map(|more| of(serial + more).commit()).collect();
            writes_to.commit(&batch).await.unwrap();
            for more in 1..=20 {
                let receipt_no = of(serial + more).receipt_no();
                let end = if more % 2 == 0 { pay() } else { cancel() };
                if more % 5 > 0 {
                    apply(&*writes_to, receipt_no, end, minute(5)).await;
                }
            }
            serial += 20;
        }
        serial
    });
    let mut sizes = Vec::new();
    for number in 0..6 {
        let file = folder.join(format!("backup-{number}"));
        let head = write(&*store, &file).await.unwrap();
        assert_eq!(backup::check(&file, quiet()).unwrap(), head);
        sizes.push(head.count("change"));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    is_over.store(true, Ordering::SeqCst);
    assert!(writing.join_next().await.unwrap().unwrap() > 0);
    assert!(sizes.is_sorted() && sizes.first() < sizes.last(), "{sizes:?}");
}

#[tokio::test]
async fn what_is_no_whole_backup_is_refused_in_one_line_and_nothing_is_lost() {
    let (folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    fill(&store).await;
    let before = seen(&store).await;
    let file = folder.path().join("good");
    write(&store, &file).await.unwrap();
    let refused = write(&store, &file).await.unwrap_err().to_string();
    assert_eq!(refused, format!("{} exists already; choose another name", file.display()));
    store.close().await;
    let good = lines(&file);
    let bytes = fs::read(&file).unwrap();
    let bad = folder.path().join("bad");
    let line_of = |kind: &str| {
        let has_kind = |line: &&String| line.contains(&format!("\"kind\":\"{kind}\""));
        good.iter().find(has_kind).unwrap().clone()
    };
    let without = |line: &String| good.iter().filter(|other| *other != line).cloned().collect();
    let recounted = |kind: &str, lines: Vec<String>| {
        let mut head: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        head["counts"][kind] = (head["counts"][kind].as_u64().unwrap() - 1).into();
        let mut lines = lines;
        lines[0] = head.to_string();
        lines
    };
    let pending = good.iter().find(|line| line.contains("\"kind\":\"track\"")).unwrap();
    let cases: Vec<(Vec<String>, &str)> = vec![
        (
            vec![good[0].replace("\"version\":1", "\"version\":2")],
            "by a newer jatah: it has format 2",
        ),
        (vec!["hello".to_owned()], "is no backup of jatah"),
        (vec!["{\"format\":\"other\",\"version\":1}".to_owned()], "is no backup of jatah"),
        (vec![], "is no backup of jatah"),
        (without(&line_of("counter")), "it has not as many records as it says"),
        (recounted("request", without(&line_of("request"))), "its checksum is wrong"),
        (recounted("claim", without(&line_of("claim"))), "live bookings of"),
        (recounted("track", without(pending)), "is held and has no track"),
        (recounted("booking", without(&line_of("booking"))), "live bookings of"),
        (
            // The change owes a call of the hotel's own system.
            recounted("owed", recounted("change", without(&line_of("change")))),
            "the changes are not those",
        ),
        (good.iter().cloned().chain(["{}".to_owned()]).collect(), "a line is no record"),
    ];
    let mut refusals = BTreeMap::new();
    for (lines, expected) in cases {
        put_lines(&bad, &lines);
        let refused = restore(&bad, sqlite_target(&path).await, true).await.unwrap_err();
        refusals.insert(expected, refused.to_string());
    }
    for length in [0, 1, 500, 2_080, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&bad, &bytes[..length]).unwrap();
        let refused = restore(&bad, sqlite_target(&path).await, true).await.unwrap_err();
        let expected = if length < 2_048 { "is no backup of jatah" } else { "its end is missing" };
        assert!(refused.to_string().contains(expected), "{length}: {refused}");
    }
    let mut flipped = bytes.clone();
    flipped[bytes.len() - 40] ^= 1;
    fs::write(&bad, flipped).unwrap();
    let refused = restore(&bad, sqlite_target(&path).await, true).await.unwrap_err();
    assert!(refused.to_string().contains("is damaged"), "{refused}");
    for (expected, refused) in refusals {
        assert!(refused.contains(expected) && !refused.contains('\n'), "{expected}: {refused}");
    }
    let none = folder.path().join("none");
    let refused = restore(&none, sqlite_target(&path).await, true).await.unwrap_err().to_string();
    assert!(refused.starts_with(&none.display().to_string()), "{refused}");
    let refused = restore(&file, sqlite_target(&path).await, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::NotEmpty), "{refused}");

    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(seen(&store).await, before);
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".restore") || name.contains(".part"))
        .collect();
    left.sort();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_replaced_only_if_told_and_is_kept() {
    let (folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    fill(&store).await;
    let before = seen(&store).await;
    let file = folder.path().join("good");
    write(&store, &file).await.unwrap();
    store.close().await;
    drop(store);
    fs::write(&path, [b'x'; 5_000]).unwrap();
    let refused = restore(&file, sqlite_target(&path).await, false).await.unwrap_err();
    assert!(refused.to_string().contains("damaged"), "{refused}");
    let kept = restore(&file, sqlite_target(&path).await, true).await.unwrap().unwrap();
    assert_eq!(fs::read(kept).unwrap(), [b'x'; 5_000]);
    assert_eq!(seen(&SqliteStore::open(&path).unwrap()).await, before);
}

#[tokio::test]
async fn what_is_served_is_not_replaced() {
    let (folder, path) = folder();
    let lock = SqliteStore::lock(&path).unwrap();
    let refused = SqliteStore::lock(&path).unwrap_err().to_string();
    assert!(refused.contains("is served by another process already"), "{refused}");
    drop(lock);

    let url = mongod::fresh_url();
    let node = mongo(&url).await;
    fill(&node).await;
    let before = seen(&node).await;
    let file = folder.path().join("good");
    write(&node, &file).await.unwrap();
    let feed = node.changes(None).await.unwrap();
    let refused = MongoRestore::begin(&url, Clock::system()).await.err().unwrap().to_string();
    assert!(refused.contains("is served by a node"), "{refused}");
    // The refused restore keeps no node away.
    mongo(&url).await.close().await;
    drop(feed);
    node.close().await;

    let mut target = mongo_target(&url).await;
    assert!(!target.is_empty().await.unwrap());
    let refused = MongoStore::connect(&url, Clock::system()).await.unwrap_err().to_string();
    assert!(refused.contains("a backup is being restored"), "{refused}");
    // It is interrupted after some records, and started again.
    let some = lines(&file)[1..5].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    target.load(some).await.unwrap();
    drop(target);
    let refused = MongoStore::connect(&url, Clock::system()).await.unwrap_err().to_string();
    assert!(refused.contains("run `jatah restore FILE --replace` again"), "{refused}");
    let refused = restore(&file, mongo_target(&url).await, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::NotEmpty), "{refused}");
    restore(&file, mongo_target(&url).await, true).await.unwrap();
    let node = mongo(&url).await;
    assert_eq!(seen(&node).await, before);
    put(&node, TestBooking::new(77).commit()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_forgets_again_who_was_forgotten_since_the_backup() {
    let (folder, path) = folder();
    let url = mongod::fresh_url();
    let file = |name: &str| folder.path().join(name);
    let store = SqliteStore::open(&path).unwrap();
    fill(&store).await;
    let second = TestBooking::new(2).receipt_no();
    write(&store, &file("before")).await.unwrap();
    let person = Person::OfBooking(second);
    personal_data::forget(&store, &person, minute(200)).await.unwrap();
    let forgotten = seen(&store).await;
    store.close().await;
    restore(&file("before"), sqlite_target(&path).await, true).await.unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(seen(&store).await, forgotten);
    let head = write(&store, &file("after")).await.unwrap();
    assert_eq!(head.count("forgotten"), 1);
    store.close().await;

    // The list goes with the hotel.
    restore(&file("after"), mongo_target(&url).await, false).await.unwrap();
    restore(&file("before"), mongo_target(&url).await, true).await.unwrap();
    let store = mongo(&url).await;
    assert_eq!(seen(&store).await, forgotten);
}
