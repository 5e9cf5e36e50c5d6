//! Connections, transactions, migrations under a lock.
//!
//! SQLite: one connection writes (`BEGIN IMMEDIATE`, a fair queue), several read; WAL with
//! `synchronous=FULL`, read back at start, since anything less loses acknowledged commits in a power cut.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;
use xunke_migrations::{Migrator, MigratorTrait as _};
use xunke_sync::planted::{Bug, planted};

use crate::book::BookCache;
use crate::claim::{sqlite_file, with_end};
use crate::error::StoreError;
use crate::fresh::{Fresh, Notice};
use crate::taught::TaughtCache;

/// Where the database is and how it is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:///path/to/file.db` or `postgres://…`.
    pub url: String,
    /// Connections that read (SQLite), or all connections (PostgreSQL).
    pub connections: u32,
    /// Drawn at random by this process: the lineage of what it writes (protocol, section 6).
    pub process: Uuid,
}

/// Queries over a connection or inside a transaction.
#[derive(Debug)]
pub struct Queries<C> {
    pub(crate) db: C,
    /// Of a transaction that may change anything; dropped after the transaction.
    pub(crate) notice: Option<Notice>,
}

/// A transaction; dropped without [`Tx::commit`] it leaves no trace.
pub type Tx = Queries<DatabaseTransaction>;

/// A connection for reading only.
pub type Looking = Queries<DatabaseConnection>;

/// The database.
#[derive(Debug)]
pub struct Store {
    write: DatabaseConnection,
    read: Queries<DatabaseConnection>,
    pub(crate) process: Uuid,
    pub(crate) books: BookCache,
    pub(crate) taught: TaughtCache,
    pub(crate) fresh: Fresh,
}

impl Store {
    /// Connects, checks what durability rests on, and brings the shape of the database up to date.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        let sqlite = settings.url.starts_with("sqlite:");
        let write = if sqlite {
            let write = Database::connect(sqlite_writer(settings)).await?;
            check_sqlite(&write).await?;
            write
        } else {
            Database::connect(options(settings, settings.connections)).await?
        };
        migrate(&write, &settings.url).await?;
        let read = if sqlite {
            Database::connect(options(settings, settings.connections)).await?
        } else {
            write.clone()
        };
        let store = Self {
            write,
            read: Queries { db: read, notice: None },
            process: settings.process,
            books: BookCache::default(),
            taught: TaughtCache::default(),
            fresh: Fresh::new(sqlite),
        };
        store.fill_published_weeks().await?;
        Ok(store)
    }

    /// Connects to a database that is there, for reading only and beside whoever serves it: nothing is made or
    /// brought up to date.
    pub async fn look(url: &str) -> Result<Looking, StoreError> {
        let settings = Settings { url: url.to_owned(), connections: 1, process: Uuid::nil() };
        let mut options = options(&settings, 1);
        options.map_sqlx_sqlite_opts(|sqlite| durable(sqlite).create_if_missing(false));
        Ok(Queries { db: Database::connect(options).await?, notice: None })
    }

    /// For reading outside a transaction.
    pub const fn read(&self) -> &Queries<DatabaseConnection> {
        &self.read
    }

    /// Begins a transaction that writes; when it ends, nothing read before it is trusted any more.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Queries { notice: Some(self.fresh.notice()), ..self.begin_unnoticed().await? })
    }

    /// Begins a transaction that changes nothing of what is kept in memory, or gives notice by other ways.
    pub(crate) async fn begin_unnoticed(&self) -> Result<Tx, StoreError> {
        let mode = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Queries { db: self.write.begin_with_options(mode).await?, notice: None })
    }

    /// Whether the database takes a write now: one is committed, since until then no disk is touched. Nothing is
    /// left behind; set-up codes have other ids.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let tx = self.begin_unnoticed().await?;
        tx.db
            .execute_unprepared("INSERT INTO setup_code (id, code_hash, created_at) VALUES (-1, '', 0)")
            .await?;
        tx.db.execute_unprepared("DELETE FROM setup_code WHERE id = -1").await?;
        tx.commit().await
    }

    /// Lets go of every connection; on SQLite the write-ahead log is folded in first.
    pub async fn close(&self) -> Result<(), StoreError> {
        if self.write.get_database_backend() == DatabaseBackend::Sqlite {
            self.write.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        }
        self.read.db.close_by_ref().await?;
        Ok(self.write.close_by_ref().await?)
    }
}

impl Tx {
    /// Makes it durable. The last line of whoever began it.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.count_change().await?;
        let Self { db, notice } = self;
        let done = db.commit().await;
        drop(notice);
        Ok(done?)
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// A lock on rows about to be changed: PostgreSQL needs it said, SQLite has one writer anyway.
    pub(crate) fn for_update(&self) -> &'static str {
        if self.db.get_database_backend() == DatabaseBackend::Postgres { " FOR UPDATE" } else { "" }
    }
}

/// Longest wait for a connection. While the database is away every request waits that long; a push may do so twice,
/// behind the commit before its own, and its phone should have an answer within ten seconds.
const ACQUIRE: Duration = Duration::from_secs(4);

fn options(settings: &Settings, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(&settings.url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .sqlx_logging(false)
        // A file does not go away: a question before each use would only cost. PostgreSQL may.
        .test_before_acquire(!settings.url.starts_with("sqlite:"))
        // create_if_missing is the "no set-up" of small schools.
        .map_sqlx_sqlite_opts(|sqlite| durable(sqlite).create_if_missing(true))
        .map_sqlx_postgres_opts(|postgres| {
            postgres.options([
                ("statement_timeout", "15000"),
                ("lock_timeout", "5000"),
                ("idle_in_transaction_session_timeout", "30000"),
            ])
        });
    options
}

/// Statements that the writing connection keeps prepared: the three of `rows.rs` in each of their sizes, and the rest.
const STATEMENTS: usize = 400;

/// The one connection that writes. When a disk is full or fails, SQLite may take a transaction back by itself;
/// sqlx does not notice, would take the next one for a part of it, and that would never be committed. Such a
/// connection is closed instead of used again.
fn sqlite_writer(settings: &Settings) -> ConnectOptions {
    let mut options = options(settings, 1);
    options.map_sqlx_sqlite_opts(|sqlite| {
        durable(sqlite).create_if_missing(true).statement_cache_capacity(STATEMENTS)
    });
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                // The roll-back of a dropped transaction is done before the ping is answered.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
    });
    options
}

/// How a SQLite database is used: the values of reliability.md, "Defaults".
pub(crate) fn durable(sqlite: SqliteConnectOptions) -> SqliteConnectOptions {
    sqlite
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("journal_mode", "WAL")
        .pragma("synchronous", if planted(Bug::SynchronousNormal) { "NORMAL" } else { "FULL" })
        .pragma("wal_autocheckpoint", "1000")
        .pragma("journal_size_limit", "67108864")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("secure_delete", "ON")
        .pragma("mmap_size", "0")
        .pragma("temp_store", "MEMORY")
}

/// One connection to a SQLite database that is there, as `how` says.
pub(crate) async fn open_file(
    path: &Path,
    how: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static,
) -> Result<DatabaseConnection, StoreError> {
    let path = path.to_owned();
    // The path itself, since not every path can stand in an address.
    let mut options = ConnectOptions::new("sqlite:");
    options
        .max_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| how(sqlite).filename(&path).create_if_missing(false));
    Ok(Database::connect(options).await?)
}

/// Reads back what durability rests on (reliability, "Facts measured").
pub(crate) async fn check_sqlite(db: &DatabaseConnection) -> Result<(), StoreError> {
    let text = async |sql: &str| -> Result<String, StoreError> {
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Sqlite, sql.to_owned())).await?;
        let row = row.ok_or_else(|| StoreError::Unsafe(format!("`{sql}` gave nothing")))?;
        Ok(row
            .try_get_by_index::<String>(0)
            .or_else(|_| row.try_get_by_index::<i64>(0).map(|n| n.to_string()))?)
    };
    let synchronous = if planted(Bug::SynchronousNormal) { "1" } else { "2" };
    for (sql, wanted) in
        [("PRAGMA journal_mode", "wal"), ("PRAGMA synchronous", synchronous), ("PRAGMA foreign_keys", "1")]
    {
        let found = text(sql).await?;
        if found != wanted {
            return Err(StoreError::Unsafe(format!("`{sql}` is {found}, must be {wanted}")));
        }
    }
    let version = text("SELECT sqlite_version()").await?;
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < [3, 51, 3].as_slice() {
        return Err(StoreError::Unsafe(format!("SQLite {version} has the WAL bug mended in 3.51.3")));
    }
    Ok(())
}

/// The lock's name among PostgreSQL's advisory locks.
const MIGRATION_LOCK: i64 = 0x0078_756e_6b65;

/// Two nodes that start at once must not migrate at once: sea-orm has no lock of its own.
async fn migrate(db: &DatabaseConnection, url: &str) -> Result<(), StoreError> {
    if db.get_database_backend() == DatabaseBackend::Postgres {
        let holder = Database::connect(ConnectOptions::new(url).max_connections(1).to_owned()).await?;
        holder.execute_unprepared(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).await?;
        let done = Migrator::up(db, None).await;
        holder.close().await?;
        return Ok(done?);
    }
    let _lock = file_lock(url)?;
    Ok(Migrator::up(db, None).await?)
}

/// An exclusive lock on a file beside the SQLite database, let go when dropped; one in memory needs none.
fn file_lock(url: &str) -> Result<Option<std::fs::File>, StoreError> {
    let Some(database) = sqlite_file(url)? else { return Ok(None) };
    let path = with_end(&database, ".lock");
    let fail =
        |error: std::io::Error| StoreError::Unsafe(format!("{} cannot be locked: {error}", path.display()));
    let file =
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
    file.lock().map_err(fail)?;
    Ok(Some(file))
}
