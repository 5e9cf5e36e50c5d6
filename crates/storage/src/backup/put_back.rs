//! Putting a backup back, and practising it.
//!
//! The new database is complete beside the old one before that one is touched; then files only change names. Whoever
//! stops this at any point finds the old database, or the new one, or a mark that stops the server from starting.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, TransactionTrait as _};
use uuid::Uuid;
use xunke_migrations::{Migrator, MigratorTrait as _};

use super::make::examine;
use super::manifest::Manifest;
use super::{BackupError, DATABASE, KEYS, files};
use crate::Queries;
use crate::audit::AuditEntry;
use crate::claim::{Claim, RESTORING, sqlite_file, with_end};
use crate::db::{check_sqlite, durable, open_file};

/// What is put back, and where to.
#[derive(Clone, Copy, Debug)]
pub struct RestoreJob<'a> {
    /// The backup's folder.
    pub from: &'a Path,
    /// The database.
    pub url: &'a str,
    /// The key file.
    pub keys: &'a Path,
    /// Now.
    pub at: DateTime<Utc>,
    /// The id of the entry in the audit trail.
    pub audit: Uuid,
}

/// What was put back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What the backup held.
    pub manifest: Manifest,
    /// The database now in force.
    pub database: PathBuf,
    /// Where the files are that were there before.
    pub kept: Vec<PathBuf>,
}

/// Puts a backup in the place of the database, which is moved aside. Refused while a server runs on it.
///
/// The restored server is another lineage without more ado (protocol, section 6): each start draws a nonce, and what
/// was written after the backup stands under seqs that the restored database either has not reached or records under
/// that new nonce. A running server would keep its nonce, which is why it is refused.
pub async fn restore(job: RestoreJob<'_>) -> Result<Restored, BackupError> {
    let RestoreJob { from, url, keys, at, audit } = job;
    let database = sqlite_file(url)?.ok_or(BackupError::Postgres)?;
    let _claim = Claim::of_database(&database)?;
    let (part, keys_part) = (with_end(&database, ".restore-part"), with_end(keys, ".restore-part"));
    let staged = stage(from, &part, &keys_part, at, audit).await;
    if staged.is_err() {
        let _ = files::remove(&part).and_then(|()| files::remove(&keys_part));
    }
    let manifest = staged?;

    // From here until the last line the server does not start.
    let restoring = with_end(&database, RESTORING);
    files::rename(&part, &restoring)?;
    let before = format!(".before-restore-{}", at.format("%Y%m%dT%H%M%SZ"));
    let mut kept = Vec::new();
    let aside = free_name(&database, &before);
    // What was committed last may stand in the log alone; SQLite looks for it under the database's name.
    let log = with_end(&database, "-wal");
    if log.exists() {
        files::rename(&log, &with_end(&aside, "-wal"))?;
    }
    if database.exists() {
        files::rename(&database, &aside)?;
        kept.push(aside);
    }
    files::remove(&with_end(&database, "-shm"))?;
    if keys.exists() && std::fs::read(keys).ok() != std::fs::read(&keys_part).ok() {
        let aside = free_name(keys, &before);
        files::rename(keys, &aside)?;
        kept.push(aside);
    }
    files::rename(&keys_part, keys)?;
    files::rename(&restoring, &database)?;
    Ok(Restored { manifest, database, kept })
}

/// Puts a backup back into an empty folder and looks whether all of it is there.
pub async fn drill(
    from: &Path,
    into: &Path,
    at: DateTime<Utc>,
    audit: Uuid,
) -> Result<Manifest, BackupError> {
    stage(from, &into.join(DATABASE), &into.join(KEYS), at, audit).await
}

/// Copies database and keys out of a backup, checks them, and makes the database ready to be served.
async fn stage(
    from: &Path,
    database: &Path,
    keys: &Path,
    at: DateTime<Utc>,
    audit: Uuid,
) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read(from)?;
    manifest.copy_out(from, DATABASE, database)?;
    manifest.copy_out(from, KEYS, keys)?;
    let (schema, rows) = examine(database).await?;
    if (&schema, &rows) != (&manifest.schema, &manifest.rows) {
        let detail = "its rows are not those of the manifest".to_owned();
        return Err(BackupError::Damaged { path: from.join(DATABASE), detail });
    }
    let db = open_file(database, durable).await?;
    let ready = make_ready(&db, from, &manifest, at, audit).await;
    db.close().await?;
    ready?;
    for left in ["-wal", "-shm"] {
        files::remove(&with_end(database, left))?;
    }
    files::seal(database)?;
    files::sync_folder_of(database)?;
    Ok(manifest)
}

/// Brings the database's shape up to date and notes in the audit trail where it came from.
async fn make_ready(
    db: &DatabaseConnection,
    from: &Path,
    manifest: &Manifest,
    at: DateTime<Utc>,
    audit: Uuid,
) -> Result<(), BackupError> {
    check_sqlite(db).await?;
    Migrator::up(db, None).await?;
    let tx = Queries { db: db.begin().await?, notice: None };
    tx.audit_add(AuditEntry {
        id: audit,
        at: at.timestamp_millis(),
        actor: None,
        action: "restore",
        school: None,
        object: from.display().to_string(),
        detail: format!("made {} by xunke {}", manifest.created_at.to_rfc3339(), manifest.version),
    })
    .await?;
    tx.commit().await?;
    db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    Ok(())
}

/// A name that nothing has yet: what was kept by an earlier restore stays.
fn free_name(path: &Path, end: &str) -> PathBuf {
    let first = with_end(path, end);
    let taken = |path: &PathBuf| path.exists() || with_end(path, "-wal").exists();
    let others = (2_u32..).map(|number| with_end(path, &format!("{end}-{number}")));
    std::iter::once(first.clone()).chain(others).find(|path| !taken(path)).unwrap_or(first)
}
