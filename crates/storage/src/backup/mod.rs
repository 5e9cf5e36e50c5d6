//! Backups of a school's SQLite database, and how one is put back (reliability, "Backup" and "Restore").
//!
//! A backup is a folder: the database, the key file, and a [`Manifest`] that says what they are. It has its name only
//! once all of it is on disk.

mod files;
mod make;
mod manifest;
mod put_back;

use std::path::PathBuf;

use sea_orm::DbErr;
use thiserror::Error;

use crate::StoreError;

pub use make::{BackupJob, Made, back_up};
pub use manifest::{ListedFile, Manifest};
pub use put_back::{RestoreJob, Restored, drill, restore};

/// The database's name in a backup.
const DATABASE: &str = "xunke.db";
/// The key file's name in a backup: phones' tokens and cursors need the same keys.
const KEYS: &str = "keys.json";
/// The manifest's name in a backup.
const MANIFEST: &str = "manifest.json";
/// What a backup's folder is called at the end.
const FINISHED: &str = ".backup";
/// And before that.
const UNFINISHED: &str = ".backup.part";

/// Why there is no backup, or why one was not put back. Nothing was changed then.
#[derive(Debug, Error)]
pub enum BackupError {
    /// Only SQLite in a file is backed up by this program.
    #[error("only a SQLite database in a file is backed up; PostgreSQL has tools of its own")]
    Postgres,
    /// There is no database to back up.
    #[error("there is no database at {}", .0.display())]
    NoDatabase(PathBuf),
    /// A backup of this second is there already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// Another backup is being made in the same folder.
    #[error("another backup is being made in {}", .0.display())]
    Busy(PathBuf),
    /// A folder that is no finished backup.
    #[error("{} is no finished backup: {detail}", path.display())]
    NoBackup {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A file of the backup is not what was backed up.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The backup was made by a newer version.
    #[error(
        "the backup was made by xunke {version}, with step `{schema}`, which this version does not know: use that version or a newer one"
    )]
    Newer {
        /// Who made it.
        version: String,
        /// Its newest migration.
        schema: String,
    },
    /// A file or folder failed.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// How.
        source: std::io::Error,
    },
    /// The database failed, or is in use.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbErr> for BackupError {
    fn from(error: DbErr) -> Self {
        Self::Store(StoreError::from(error))
    }
}
