//! Backup files: writes everything that a store has into one file, and restores it into any store.
//!
//! A file is gzip. Its first line is the head; every other line is one record as JSON
//! ([`store::backup::Record`](crate::store::backup::Record)). The head has the version of the
//! format, the number of records and a checksum over the lines after it. It is written last, over a
//! place of the same length, so a file is never read or written as a whole. A file gets its name
//! once it is complete.
//!
//! This module does not know databases. `schedule` makes a backup each day.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::domain::Moment;
use crate::store::backup::{Counts, Record, RecordCheck, RestoreTarget};
use crate::store::{BackupStore, StoreError, erase_record};

mod schedule;

pub use schedule::{BackupFolder, ScheduledBackup, try_folder};

/// The version of the format that this program writes, and the newest that it reads.
const VERSION: u32 = 1;
/// What every head says that the file is.
const FORMAT: &str = "jatah backup";
/// The length of the first line, with its end. The head is filled up with spaces.
const HEAD_BYTES: usize = 2_048;
/// The longest line that is read. No record is nearly as long.
const MAX_LINE_BYTES: u64 = 16 * 1_024 * 1_024;
/// The number of records that are read from a file at once.
const CHUNK: usize = 500;
/// How many chunks may wait between the store and the file.
const AHEAD: usize = 2;

/// The first line of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    format: String,
    version: u32,
    /// The version of the program that wrote it.
    pub jatah: String,
    /// When it was made.
    pub made_at: Moment,
    /// How many records there are of each kind, and how many notifications are owed.
    pub counts: Counts,
    /// SHA-256 over the lines after this one, in hexadecimal.
    sha256: String,
}

impl Head {
    /// How many records of a kind there are.
    #[must_use]
    pub fn count(&self, kind: &str) -> u64 {
        self.counts.get(kind).copied().unwrap_or_default()
    }

    /// How many records there are.
    #[must_use]
    pub fn records(&self) -> u64 {
        let kinds = self.counts.iter().filter(|(kind, _)| *kind != "owed");
        kinds.map(|(_, count)| count).sum()
    }
}

/// What every head has, whatever the version. A newer one may have no other field of [`Head`].
#[derive(Deserialize)]
struct Version {
    format: String,
    version: u32,
}

/// Why a backup was not written or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// There is a file of this name.
    #[error("{} exists already; choose another name", .0.display())]
    Exists(PathBuf),
    /// The file is something else.
    #[error("{} is no backup of jatah", .0.display())]
    NoBackup(PathBuf),
    /// A newer version wrote it.
    #[error("{} was written by a newer jatah: it has format {found}, this one knows {VERSION}", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        found: u32,
    },
    /// The file ends too early, or was changed.
    #[error("{} is damaged: {problem}; nothing was restored", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The records of a store do not fit together. The file was written nevertheless.
    #[error("{} was written, but what is stored does not fit together: {problem}", .path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The store to restore into has bookings.
    #[error("the store is not empty; --replace replaces what is in it")]
    NotEmpty,
    /// The store failed.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
}

/// Told of progress with the number of records so far.
pub type Progress = Box<dyn FnMut(u64) + Send>;

/// Writes everything that a store has into a file, which must not exist. The store may be in use.
///
/// # Errors
/// [`BackupError`]. There is no file of this name then, except for [`BackupError::Inconsistent`].
pub async fn write(
    store: &dyn BackupStore,
    file: &Path,
    now: Moment,
    progress: Progress,
) -> Result<Head, BackupError> {
    let mut chunks = store.dump(now).await?;
    let (sender, receiver) = mpsc::channel(AHEAD);
    let path = file.to_owned();
    let writing = tokio::task::spawn_blocking(move || write_file(&path, now, receiver, progress));
    while let Some(chunk) = chunks.next().await {
        let has_failed = chunk.is_err();
        if sender.send(chunk.map(Some)).await.is_err() || has_failed {
            break;
        }
    }
    // The writer ends at the first failure.
    let _ = sender.send(Ok(None)).await;
    joined(writing.await)
}

/// What the writer is given: chunks, and `None` at the end. If whoever gives them is cancelled
/// before, the file is not complete.
type Chunks = mpsc::Receiver<Result<Option<Vec<Record>>, StoreError>>;

fn write_file(
    path: &Path,
    now: Moment,
    mut chunks: Chunks,
    mut progress: Progress,
) -> Result<Head, BackupError> {
    let failed = |error| BackupError::File { path: path.to_owned(), error };
    if path.exists() {
        return Err(BackupError::Exists(path.to_owned()));
    }
    let part = unfinished(path);
    let written = (|| {
        let mut file = private_file(&part).map_err(failed)?;
        let mut head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            jatah: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: now,
            counts: Counts::new(),
            sha256: String::new(),
        };
        let place = head_member(&head).map_err(failed)?;
        file.write_all(&place).map_err(failed)?;
        let (check, sha256) = write_records(&mut file, &mut chunks, &mut progress, failed)?;
        (head.counts, head.sha256) = (check.counts().clone(), sha256);
        let member = head_member(&head).map_err(failed)?;
        if member.len() != place.len() {
            return Err(failed(io::Error::other("the head has no place")));
        }
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        file.write_all(&member).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&part, path).map_err(failed)?;
        sync_folder(path).map_err(failed)?;
        match check.faults() {
            faults if faults.is_empty() => Ok(head),
            faults => {
                Err(BackupError::Inconsistent { path: path.to_owned(), problem: faults.join("; ") })
            }
        }
    })();
    // If it is still there, it is not complete.
    let _ = fs::remove_file(&part);
    written
}

/// Writes the lines after the head. Returns what was checked, and their checksum.
fn write_records(
    file: &mut File,
    chunks: &mut Chunks,
    progress: &mut Progress,
    failed: impl Fn(io::Error) -> BackupError,
) -> Result<(RecordCheck, String), BackupError> {
    let mut lines = GzEncoder::new(BufWriter::new(file), Compression::fast());
    let (mut check, mut digest, mut count) = (RecordCheck::default(), Sha256::new(), 0);
    loop {
        let given_up = Err(StoreError::Unexpected("the backup was given up".to_owned()));
        let Some(chunk) = chunks.blocking_recv().unwrap_or(given_up)? else { break };
        for record in chunk {
            check.add(&record);
            let mut line = serde_json::to_vec(&record)
                .map_err(|_| StoreError::Unexpected("a record cannot be written".to_owned()))?;
            line.push(b'\n');
            digest.update(&line);
            lines.write_all(&line).map_err(&failed)?;
            count += 1;
        }
        progress(count);
    }
    lines.finish().and_then(|mut buffer| buffer.flush()).map_err(failed)?;
    Ok((check, hex::encode(digest.finalize())))
}

/// The head as a part of the file that can be read by itself. It is not compressed, so every head
/// has the same length.
fn head_member(head: &Head) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(head)?;
    if line.len() >= HEAD_BYTES {
        return Err(io::Error::other("the head is too long"));
    }
    line.resize(HEAD_BYTES - 1, b' ');
    line.push(b'\n');
    let mut member = GzEncoder::new(Vec::new(), Compression::none());
    member.write_all(&line)?;
    member.finish()
}

/// Checks a whole file: its checksum, its counts, and that its records fit together. Blocks.
///
/// # Errors
/// [`BackupError`] if it cannot be restored.
pub fn check(file: &Path, mut progress: Progress) -> Result<Head, BackupError> {
    let mut reader = FileReader::open(file)?;
    let mut check = RecordCheck::default();
    let mut count = 0;
    while let Some(chunk) = reader.chunk()? {
        for record in &chunk {
            check.add(record);
        }
        count += chunk.len() as u64;
        progress(count);
    }
    let faults = check.faults();
    if *check.counts() != reader.head.counts {
        return Err(reader.damaged(&"it has not as many records as it says"));
    }
    if !faults.is_empty() {
        return Err(reader.damaged(&faults.join("; ")));
    }
    reader.check_sum()?;
    Ok(reader.head)
}

/// What a restore did.
#[derive(Debug)]
pub struct RestoreOutcome {
    /// The head of the backup.
    pub head: Head,
    /// Where the replaced store is kept, if it is.
    pub kept: Option<String>,
}

/// Replaces a store by a backup. The backup is checked as a whole first.
///
/// # Errors
/// [`BackupError`]. The store is as it was then.
pub async fn restore(
    file: &Path,
    mut target: Box<dyn RestoreTarget>,
    replaces: bool,
    progress: impl Fn(&'static str) -> Progress,
) -> Result<RestoreOutcome, BackupError> {
    match load_into(target.as_mut(), file, replaces, progress).await {
        Ok(head) => Ok(RestoreOutcome { head, kept: target.put_in_place().await? }),
        Err(error) => {
            target.give_up().await;
            Err(error)
        }
    }
}

async fn load_into(
    target: &mut dyn RestoreTarget,
    file: &Path,
    replaces: bool,
    progress: impl Fn(&'static str) -> Progress,
) -> Result<Head, BackupError> {
    let (path, told) = (file.to_owned(), progress("checked"));
    let checked = joined(tokio::task::spawn_blocking(move || check(&path, told)).await)?;
    match target.is_empty().await {
        Ok(true) => {}
        // A store that cannot be read may be why there is a restore.
        Ok(false) | Err(_) if replaces => {}
        Ok(false) => return Err(BackupError::NotEmpty),
        Err(error) => return Err(error.into()),
    }
    // What was forgotten since the backup is forgotten again. A store that cannot be read has no
    // list any more.
    let forgotten = target.forgotten().await.unwrap_or_default();
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    let path = file.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let mut reader = FileReader::open(&path)?;
        while let Some(chunk) = reader.chunk()? {
            if sender.blocking_send(chunk).is_err() {
                break;
            }
        }
        Ok(reader)
    });
    let (mut count, mut told) = (0, progress("loaded"));
    let numbers: HashSet<_> = forgotten.iter().filter_map(Record::receipt_no).collect();
    while let Some(mut chunk) = receiver.recv().await {
        count += chunk.len() as u64;
        chunk.retain_mut(|record| keep(record, &numbers));
        target.load(chunk).await?;
        told(count);
    }
    let reader = joined(reading.await)?;
    if reader.head != checked {
        return Err(reader.damaged(&"it was changed while it was restored"));
    }
    reader.check_sum()?;
    for chunk in forgotten.chunks(CHUNK) {
        target.load(chunk.to_vec()).await?;
    }
    Ok(checked)
}

/// Takes the guest out of a record, if they were forgotten. Returns whether anything of it is kept.
fn keep(record: &mut Record, forgotten: &HashSet<&str>) -> bool {
    if !record.receipt_no().is_some_and(|number| forgotten.contains(number)) {
        return true;
    }
    erase_record(record);
    match record {
        // Those of the list are added at the end.
        Record::Forgotten { .. } | Record::Waiting { .. } | Record::Request { .. } => false,
        Record::Booking { .. }
        | Record::Change { .. }
        | Record::Track { .. }
        | Record::Claim { .. }
        | Record::Limit { .. }
        | Record::Counter { .. }
        | Record::SigningKey { .. }
        | Record::Text { .. } => true,
    }
}

/// Reads a file from its head to its end.
struct FileReader {
    path: PathBuf,
    head: Head,
    lines: BufReader<MultiGzDecoder<BufReader<File>>>,
    digest: Sha256,
}

impl FileReader {
    fn open(path: &Path) -> Result<Self, BackupError> {
        let failed = |error| BackupError::File { path: path.to_owned(), error };
        let file = File::open(path).map_err(failed)?;
        let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
        let no_backup = || BackupError::NoBackup(path.to_owned());
        let mut line = Vec::new();
        let read = (&mut lines).take(HEAD_BYTES as u64).read_until(b'\n', &mut line);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData
            | io::ErrorKind::UnexpectedEof => no_backup(),
            _ => failed(error),
        })?;
        let version: Version = serde_json::from_slice(&line).map_err(|_| no_backup())?;
        if version.format != FORMAT {
            return Err(no_backup());
        }
        if version.version > VERSION {
            return Err(BackupError::Newer { path: path.to_owned(), found: version.version });
        }
        let head = serde_json::from_slice(&line).map_err(|_| no_backup())?;
        Ok(Self { path: path.to_owned(), head, lines, digest: Sha256::new() })
    }

    /// The next records; `None` at the end.
    fn chunk(&mut self) -> Result<Option<Vec<Record>>, BackupError> {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut line = Vec::new();
        while chunk.len() < CHUNK {
            line.clear();
            let read = (&mut self.lines).take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(self.damaged(&"its end is missing"));
                }
                Err(error) => return Err(self.damaged(&error)),
            }
            self.digest.update(&line);
            let record = serde_json::from_slice(&line);
            chunk.push(record.map_err(|_| self.damaged(&"a line is no record"))?);
        }
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    /// Compares the checksum of what was read with the head's.
    fn check_sum(&self) -> Result<(), BackupError> {
        if hex::encode(self.digest.clone().finalize()) == self.head.sha256 {
            Ok(())
        } else {
            Err(self.damaged(&"its checksum is wrong"))
        }
    }

    fn damaged(&self, problem: &dyn std::fmt::Display) -> BackupError {
        BackupError::Damaged { path: self.path.clone(), problem: problem.to_string() }
    }
}

/// The name of a file that is not complete.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(".part");
    PathBuf::from(name)
}

/// Creates a file that only its owner may read, or empties it.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn joined<T>(
    ended: Result<Result<T, BackupError>, tokio::task::JoinError>,
) -> Result<T, BackupError> {
    let gone = |_| StoreError::Unexpected("reading or writing the file did not end".to_owned());
    ended.map_err(gone)?
}
