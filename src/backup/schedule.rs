//! The backup of each day: a file named by its time in one folder, of which the newest are kept.
//!
//! Only files with such a name are ever deleted, and only after the new one is complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use tracing::{info, warn};

use super::BackupError;
use crate::clock::Clock;
use crate::config::BackupSchedule;
use crate::daily::{DailyJob, JobFailed};
use crate::domain::Moment;
use crate::lifecycle::Health;
use crate::store::BackupStore;
use crate::system;
use crate::text;

/// The name of this part in the list of degraded parts.
const PART: &str = "backup";
/// The form of the names, by the hotel's clock. In the order of the names the oldest is first.
const NAME: &str = "jatah-%Y-%m-%d-%H%M%S.backup";
/// The end of the name of a file that was not completed.
const UNFINISHED: &str = ".part";

/// The job that makes a backup each day.
pub struct ScheduledBackup {
    schedule: BackupSchedule,
    keep: usize,
    store: Arc<dyn BackupStore>,
    timezone: Tz,
    clock: Clock,
    health: Health,
}

impl ScheduledBackup {
    /// A job that keeps the newest `keep` backups of a store.
    #[must_use]
    pub fn new(
        schedule: BackupSchedule,
        keep: u32,
        store: Arc<dyn BackupStore>,
        timezone: Tz,
        clock: Clock,
        health: Health,
    ) -> Self {
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let newest = names(&schedule.folder).ok().and_then(|mut names| names.pop());
        record(newest.and_then(|name| moment_of(&name, timezone)));
        Self { schedule, keep, store, timezone, clock, health }
    }

    async fn make(&self) -> Result<(), BackupError> {
        let folder = &self.schedule.folder;
        make_folder(folder).map_err(|error| BackupError::File { path: folder.clone(), error })?;
        let now = self.clock.now();
        let name = now.with_timezone(&self.timezone).format(NAME).to_string();
        let head = super::write(&*self.store, &folder.join(&name), now, Box::new(|_| {})).await?;
        info!(name, records = head.records(), "a backup was made");
        record(Some(now));
        if let Err(error) = delete_oldest(folder, self.keep, &name) {
            warn!(%error, "old backups were not deleted");
        }
        Ok(())
    }
}

#[async_trait]
impl DailyJob for ScheduledBackup {
    fn name(&self) -> &'static str {
        "backup"
    }

    fn at(&self) -> NaiveTime {
        self.schedule.at
    }

    async fn run(&self, _: Moment) -> Result<(), JobFailed> {
        let made = self.make().await;
        let reason = made.as_ref().err().map(|error| text::backup_failed(&error.to_string()));
        self.health.set_degraded(PART, reason);
        match made {
            // Another try would write another such file. The next day looks again.
            Ok(()) | Err(BackupError::Inconsistent { .. }) => Ok(()),
            Err(error) => Err(JobFailed::because(error)),
        }
    }

    fn was_done_elsewhere(&self) {
        self.health.set_degraded(PART, None);
    }
}

/// The folder of the scheduled backups, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFolder {
    /// Whether it is there. If not, the first backup makes it.
    pub is_there: bool,
    /// The newest backup in it, with its size in bytes.
    pub newest: Option<(String, u64)>,
    /// The bytes that may still be written there; `None` if that is not known.
    pub free: Option<u64>,
}

/// Tries whether a backup could be written into a folder, by a small file that is removed again. If
/// the folder is missing, the one in which it would be made is tried.
///
/// # Errors
/// [`io::Error`] if no file can be made there.
pub fn try_folder(folder: &Path) -> io::Result<BackupFolder> {
    let is_there = folder.try_exists()?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let tried = if is_there { folder } else { parent.unwrap_or(Path::new(".")) };
    let file = tried.join(format!(".jatah-check-{}", std::process::id()));
    fs::write(&file, b"jatah")?;
    fs::remove_file(&file)?;
    let newest = if is_there { names(folder)?.pop() } else { None };
    let newest = newest.map(|name| {
        let size = fs::metadata(folder.join(&name)).map_or(0, |file| file.len());
        (name, size)
    });
    Ok(BackupFolder { is_there, newest, free: system::free_space(&file) })
}

/// Publishes when the newest backup was made.
fn record(made_at: Option<Moment>) {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact for ages")]
    let seconds = made_at.map_or(0.0, |moment| moment.timestamp() as f64);
    metrics::gauge!("jatah_last_backup_timestamp_seconds").set(seconds);
}

/// Makes the folder, readable by its owner alone. The one that it is in must be there: a missing one
/// may be a disk that is not mounted.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The names of the backups in a folder, the oldest first.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        names.extend(name.to_str().filter(|name| is_name(name)).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn local_time(name: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(name, NAME).ok()
}

/// Whether a name is one that this module gives. Parsing alone takes a missing zero too.
fn is_name(name: &str) -> bool {
    local_time(name).is_some_and(|time| time.format(NAME).to_string() == name)
}

fn moment_of(name: &str, timezone: Tz) -> Option<DateTime<Utc>> {
    let moment = local_time(name)?.and_local_timezone(timezone).earliest()?;
    Some(moment.with_timezone(&Utc))
}

/// Deletes the oldest backups beyond `keep`, but never the one that was just made, and what was left
/// by backups that were not completed.
fn delete_oldest(folder: &Path, keep: usize, just_made: &str) -> io::Result<()> {
    let names = names(folder)?;
    let beyond = names.len().saturating_sub(keep);
    for name in names.iter().take(beyond).filter(|name| *name != just_made) {
        fs::remove_file(folder.join(name))?;
        info!(name, "an old backup was deleted");
    }
    for path in unfinished(folder)? {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn unfinished(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let begun = name.to_str().and_then(|name| name.strip_suffix(UNFINISHED));
        if begun.is_some_and(is_name) {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}
