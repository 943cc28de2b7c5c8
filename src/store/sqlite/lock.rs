//! The lock that prevents two processes from serving the same database.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The lock for serving a database. It is released when it is dropped, and by the system when the
/// process dies.
#[derive(Debug)]
pub struct ServeLock(#[expect(dead_code, reason = "held for its lock")] File);

/// Why a database cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process serves it.
    #[error("{} is served by another process already", .0.display())]
    AlreadyServed(PathBuf),
    /// The lock file cannot be created or locked.
    #[error("cannot lock {}: {error}", .path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
}

impl ServeLock {
    pub(super) fn take(database: &Path) -> Result<Self, LockError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let file = super::schema::make_folder(database)
            .and_then(|()| super::schema::private_file(&path))
            .map_err(|error| LockError::Io { path: path.clone(), error })?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::AlreadyServed(database.to_owned())),
            Err(TryLockError::Error(error)) => Err(LockError::Io { path, error }),
        }
    }
}
