//! Watches the files of an open database.
//!
//! A process goes on writing into files that were removed or replaced, and everything is lost when
//! it ends. SQLite does not notice, so this looks before each write. It only compares names and
//! numbers of files; it opens none, because closing a file would drop the locks that SQLite has on
//! it.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// The files of an open database: the database, its write-ahead log and its shared memory.
pub(super) struct DatabaseFiles(Vec<(PathBuf, FileIdentity)>);

/// What stays the same while a file is the same file.
#[derive(PartialEq, Eq)]
struct FileIdentity {
    device: u64,
    inode: u64,
}

impl DatabaseFiles {
    /// The files as they are now. A connection must have read or written the database before.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        // SQLite makes its other files beside the file that a symbolic link leads to.
        let real = fs::canonicalize(database)?;
        let beside = |suffix: &str| {
            let mut name = OsString::from(real.as_os_str());
            name.push(suffix);
            PathBuf::from(name)
        };
        let paths = [std::path::absolute(database)?, beside("-wal"), beside("-shm")];
        let identified = |path: PathBuf| {
            let identity = FileIdentity::of(&fs::metadata(&path)?);
            Ok((path, identity))
        };
        Ok(Self(paths.into_iter().map(identified).collect::<io::Result<_>>()?))
    }

    /// Whether every file is still the one that was opened, and has no second name.
    pub(super) fn are_unchanged(&self) -> bool {
        self.0.iter().all(|(path, identity)| {
            fs::metadata(path)
                .is_ok_and(|now| link_count(&now) == 1 && FileIdentity::of(&now) == *identity)
        })
    }
}

#[cfg(unix)]
impl FileIdentity {
    fn of(file: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: file.dev(), inode: file.ino() }
    }
}

/// The number of names of a file. A database with two names gets two write-ahead logs, of which
/// each process sees one.
#[cfg(unix)]
pub(super) fn link_count(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(file)
}

#[cfg(not(unix))]
impl FileIdentity {
    fn of(_: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

/// The number of names of a file; not known here.
#[cfg(not(unix))]
pub(super) fn link_count(_: &Metadata) -> u64 {
    1
}
