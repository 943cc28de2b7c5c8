//! The lock that prevents two processes from serving the same database.
//!
//! There are two locks: one on the database itself, which is the same file under every name, and
//! one on a file beside it, which older versions take alone.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::files::link_count;

/// The lock for serving a database. It is released when it is dropped, and by the system when the
/// process dies.
///
/// It must live longer than every connection of the process: closing the database's file drops the
/// locks that SQLite has on it. SQLite's locks do not meet this one, which is of another kind
/// (`flock`).
#[derive(Debug)]
pub struct ServeLock(#[expect(dead_code, reason = "held for their locks")] [File; 2]);

/// Why a database cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process serves it.
    #[error("{} is served by another process already", .0.display())]
    AlreadyServed(PathBuf),
    /// The database has a second name, by which another process could open it with a write-ahead
    /// log of its own.
    #[error(
        "{} has more than one name (a hard link); remove the other one or copy the file", .0.display()
    )]
    Linked(PathBuf),
    /// The database or the lock file cannot be created or locked.
    #[error("cannot lock {}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
}

impl ServeLock {
    pub(super) fn take(database: &Path) -> Result<Self, LockError> {
        let mut beside = database.as_os_str().to_owned();
        beside.push(".lock");
        let beside = lock_file(&PathBuf::from(beside), database)?;
        let file = lock_file(database, database)?;
        match file.metadata() {
            Ok(metadata) if link_count(&metadata) > 1 => {
                Err(LockError::Linked(database.to_owned()))
            }
            Ok(_) => Ok(Self([beside, file])),
            Err(error) => Err(LockError::Io { path: database.to_owned(), error }),
        }
    }
}

fn lock_file(path: &Path, database: &Path) -> Result<File, LockError> {
    let failed = |error| LockError::Io { path: path.to_owned(), error };
    let file = super::schema::make_folder(path)
        .and_then(|()| super::schema::private_file(path))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockError::AlreadyServed(database.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
