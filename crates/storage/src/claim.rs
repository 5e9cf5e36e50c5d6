//! One process serves a SQLite database; others are told so.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use crate::StoreError;

/// A restore that was interrupted leaves the new database under this end of its name; the one in use may be half away.
pub(crate) const RESTORING: &str = ".restoring";

/// The right to serve a database, or to put another in its place, until dropped; a process that dies lets go of it.
#[derive(Debug)]
pub struct Claim {
    _file: File,
}

impl Claim {
    /// Claims the database for serving it. PostgreSQL has as many nodes as there are, so there is nothing to claim.
    pub fn to_serve(url: &str) -> Result<Option<Self>, StoreError> {
        let Some(database) = sqlite_file(url)? else { return Ok(None) };
        let claim = Self::of_database(&database)?;
        let restoring = with_end(&database, RESTORING);
        if restoring.exists() {
            return Err(StoreError::Unsafe(format!(
                "a restore was interrupted, {} is left of it: run `xunke restore` again",
                restoring.display()
            )));
        }
        only_the_owners(&database);
        Ok(Some(claim))
    }

    /// Claims a SQLite database.
    pub(crate) fn of_database(database: &Path) -> Result<Self, StoreError> {
        let file = with_end(database, ".in-use");
        Self::of(&file)?.ok_or_else(|| {
            let mut process = String::new();
            let _ = File::open(&file).and_then(|mut file| file.read_to_string(&mut process));
            StoreError::InUse { database: database.to_owned(), process: process.trim().to_owned() }
        })
    }

    /// Claims whatever a lock file stands for; `None` if another process has.
    pub(crate) fn of(path: &Path) -> Result<Option<Self>, StoreError> {
        let fail = |error: std::io::Error| {
            StoreError::Unsafe(format!("{} cannot be locked: {error}", path.display()))
        };
        let mut options = OpenOptions::new();
        let mut file = options.create(true).truncate(false).write(true).open(path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        // Who it is, for people; the lock alone counts.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Some(Self { _file: file }))
    }
}

/// Makes a database that is not there yet with mode 0600, which its log inherits: it holds names and remarks. What is
/// wrong with the path is told when it is opened.
fn only_the_owners(database: &Path) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(database);
}

/// The file of a SQLite database; `None` for PostgreSQL, and for one in memory.
pub(crate) fn sqlite_file(url: &str) -> Result<Option<PathBuf>, StoreError> {
    if !url.starts_with("sqlite:") || url.contains(":memory:") || url.contains("mode=memory") {
        return Ok(None);
    }
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| StoreError::Unsafe(format!("the database's address does not read: {error}")))?;
    Ok(Some(options.get_filename().to_owned()))
}

/// A path with something added to its last name.
pub(crate) fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
