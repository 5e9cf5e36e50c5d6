//! What can go wrong below the API.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError, SqlxSqliteError};
use thiserror::Error;

/// A failure of the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another row has this value, which must be unique.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The database cannot be reached or is too busy; trying again may help.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] DbErr),
    /// A stored row breaks a rule of the domain.
    #[error("a stored {what} does not read: {detail}")]
    Corrupt {
        /// Which kind of row.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The database was started with settings that would lose acknowledged writes.
    #[error("the database is not as it must be: {0}")]
    Unsafe(String),
    /// Another process serves the database, or puts a backup in its place.
    #[error("{} is in use by process {process}: stop that server first", database.display())]
    InUse {
        /// The database.
        database: std::path::PathBuf,
        /// Which process.
        process: String,
    },
    /// Anything else the database says.
    #[error("the database failed: {0}")]
    Database(#[source] DbErr),
}

impl StoreError {
    /// A row that does not read.
    pub(crate) fn corrupt(what: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Corrupt { what, detail: detail.to_string() }
    }

    /// The same failure, told to another who waited for the same commit.
    pub(crate) fn again(&self) -> Self {
        let text = self.to_string();
        match self {
            Self::Unavailable(_) => Self::Unavailable(DbErr::Custom(text)),
            _ => Self::Database(DbErr::Custom(text)),
        }
    }

    /// Names what a unique violation is about; every other failure stays what it is.
    pub(crate) fn taken(what: &'static str) -> impl Fn(DbErr) -> Self {
        move |error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Taken(what),
            _ => Self::from(error),
        }
    }
}

/// SQLite's primary result codes after which the same request may well succeed: `BUSY`, `LOCKED`, `NOMEM`,
/// `READONLY` (a file system that is remounted so after an error), `IOERR`, `FULL`, `CANTOPEN`.
const SQLITE_PASSING: [u32; 7] = [5, 6, 7, 8, 10, 13, 14];

/// The primary result code, if it was SQLite that failed.
fn sqlite_code(error: &SqlxError) -> Option<u32> {
    let error = error.as_database_error()?;
    error.try_downcast_ref::<SqlxSqliteError>()?;
    let extended: u32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Failures after which the same request may well succeed.
fn passing(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source)) => {
            if let Some(code) = sqlite_code(source) {
                return SQLITE_PASSING.contains(&code);
            }
            let text = error.to_string();
            // Lost connections, shutdown in progress (57P0x), serialization and lock time-outs, a full disk.
            [
                "terminating connection",
                "connection",
                "shutting down",
                "starting up",
                "locked",
                "busy",
                "lock timeout",
                "could not serialize",
                "deadlock",
                "disk",
                "Broken pipe",
                "closed",
            ]
            .iter()
            .any(|sign| text.contains(sign))
        }
        _ => false,
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if passing(&error) { Self::Unavailable(error) } else { Self::Database(error) }
    }
}
