//! What can go wrong below the API.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError, SqlxPostgresError};
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

/// Failures after which the same request may well succeed.
fn passing(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            match error.as_ref() {
                SqlxError::Database(error) => {
                    let code = error.code().unwrap_or_default();
                    if error.try_downcast_ref::<SqlxPostgresError>().is_some() {
                        is_passing_state(&code)
                    } else {
                        code.parse().is_ok_and(is_passing_result)
                    }
                }
                // The connection broke, in whatever way the driver came to notice.
                SqlxError::Io(_)
                | SqlxError::Tls(_)
                | SqlxError::PoolTimedOut
                | SqlxError::PoolClosed
                | SqlxError::WorkerCrashed
                | SqlxError::BeginFailed => true,
                _ => false,
            }
        }
        _ => false,
    }
}

/// SQLSTATEs of PostgreSQL that pass (its manual, appendix A).
fn is_passing_state(state: &str) -> bool {
    // Connection exceptions; insufficient resources, a full disk among them; system errors.
    let class = ["08", "53", "58"].iter().any(|class| state.starts_with(class));
    class
        || matches!(
            state,
            // Serialization failures and deadlocks; a node that is or became a standby.
            "40001" | "40P01" | "25006"
            // Idle in a transaction, waiting for a lock, or running for too long.
            | "25P03" | "55P03" | "57014"
            // Shutting down, crashed, starting up, idle for too long.
            | "57P01" | "57P02" | "57P03" | "57P05"
        )
}

/// Result codes of SQLite that pass; the lowest byte of an extended code is the plain one.
const fn is_passing_result(code: i32) -> bool {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NO_MEMORY: i32 = 7;
    const READ_ONLY: i32 = 8;
    const IO_ERROR: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    matches!(code & 0xff, BUSY | LOCKED | NO_MEMORY | READ_ONLY | IO_ERROR | FULL | CANNOT_OPEN)
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if passing(&error) { Self::Unavailable(error) } else { Self::Database(error) }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnAcquireErr;

    use super::*;

    fn kind(error: DbErr) -> &'static str {
        match StoreError::from(error) {
            StoreError::Unavailable(_) => "unavailable",
            _ => "failed",
        }
    }

    #[test]
    fn a_broken_connection_is_no_failure_of_the_server() {
        let broken = |kind: std::io::ErrorKind| SqlxError::Io(kind.into());
        for error in [
            broken(std::io::ErrorKind::ConnectionReset),
            broken(std::io::ErrorKind::BrokenPipe),
            broken(std::io::ErrorKind::UnexpectedEof),
            SqlxError::PoolTimedOut,
            SqlxError::WorkerCrashed,
        ] {
            let error = RuntimeErr::SqlxError(error.into());
            assert_eq!(kind(DbErr::Query(error.clone())), "unavailable", "{error}");
            assert_eq!(kind(DbErr::Exec(error.clone())), "unavailable", "{error}");
        }
        assert_eq!(kind(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)), "unavailable");
        assert_eq!(kind(DbErr::Query(RuntimeErr::SqlxError(SqlxError::RowNotFound.into()))), "failed");
        assert_eq!(kind(DbErr::Custom("connection".to_owned())), "failed");
    }

    #[test]
    fn only_states_that_pass_ask_for_another_try() {
        for state in ["08006", "53100", "53300", "57P01", "57P03", "55P03", "57014", "40001", "40P01"] {
            assert!(is_passing_state(state), "{state}");
        }
        for state in ["23505", "42601", "42P01", "22P02", "25P02", "XX001", ""] {
            assert!(!is_passing_state(state), "{state}");
        }
        // Busy while another recovers; a full disk; a read, a write, a sync that failed.
        for code in [5, 261, 6, 13, 10, 266, 778, 1034] {
            assert!(is_passing_result(code), "{code}");
        }
        // A wrong statement, a corrupt file, a broken constraint.
        for code in [1, 11, 19, 787, 2067, 26] {
            assert!(!is_passing_result(code), "{code}");
        }
    }
}
