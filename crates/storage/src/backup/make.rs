//! Making a backup while the server runs.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseConnection, Statement};

use super::manifest::{ListedFile, Manifest};
use super::{BackupError, DATABASE, FINISHED, KEYS, MANIFEST, UNFINISHED, files};
use crate::claim::{Claim, sqlite_file};
use crate::db::open_file;

/// What is backed up, and where to.
#[derive(Clone, Copy, Debug)]
pub struct BackupJob<'a> {
    /// The database.
    pub url: &'a str,
    /// The key file.
    pub keys: &'a Path,
    /// The folder that gets the backup.
    pub to: &'a Path,
    /// Now.
    pub at: DateTime<Utc>,
    /// The version of this program.
    pub version: &'a str,
}

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its folder.
    pub path: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

/// Makes a backup. The server may run and write; the backup is of one moment between two commits.
pub async fn back_up(job: BackupJob<'_>) -> Result<Made, BackupError> {
    let BackupJob { url, keys, to, at, version } = job;
    let database = sqlite_file(url)?.ok_or(BackupError::Postgres)?;
    if !database.exists() {
        return Err(BackupError::NoDatabase(database));
    }
    std::fs::create_dir_all(to).map_err(files::failed(to))?;
    // One backup at a time in a folder: what is unfinished there is then a crash's.
    let _turn = Claim::of(&to.join(".xunke-backup.lock"))?.ok_or_else(|| BackupError::Busy(to.to_owned()))?;
    remove_unfinished(to)?;
    let name = format!("xunke-{}", at.format("%Y%m%dT%H%M%SZ"));
    let path = to.join(format!("{name}{FINISHED}"));
    if path.exists() {
        return Err(BackupError::Exists(path));
    }
    let part = to.join(format!("{name}{UNFINISHED}"));
    let made = match fill(&part, &database, keys, at, version).await {
        Ok(manifest) => files::rename(&part, &path).map(|()| Made { path, manifest }),
        Err(error) => Err(error),
    };
    if made.is_err() {
        // The failure is what is told; what is left behind the next backup removes.
        let _ = std::fs::remove_dir_all(&part);
    }
    made
}

/// Removes what interrupted backups have left.
fn remove_unfinished(to: &Path) -> Result<(), BackupError> {
    for entry in std::fs::read_dir(to).map_err(files::failed(to))? {
        let path = entry.map_err(files::failed(to))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("xunke-") && name.ends_with(UNFINISHED) {
            std::fs::remove_dir_all(&path).map_err(files::failed(&path))?;
        }
    }
    Ok(())
}

/// Writes everything into the folder that becomes the backup.
async fn fill(
    part: &Path,
    database: &Path,
    keys: &Path,
    at: DateTime<Utc>,
    version: &str,
) -> Result<Manifest, BackupError> {
    std::fs::DirBuilder::new().mode(0o700).create(part).map_err(files::failed(part))?;
    let copy = part.join(DATABASE);
    // `VACUUM INTO` writes into an empty file that is there: so nobody else reads it for a moment.
    files::write(&copy, &[])?;
    let db = open_file(database, |sqlite| sqlite).await?;
    let sql = "VACUUM INTO ?";
    let target = copy.to_string_lossy().into_owned();
    let copied =
        db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Sqlite, sql, [target.into()])).await;
    db.close().await?;
    copied?;
    // And does not bring it to disk.
    let database = files::seal(&copy)?;
    let keys = files::copy(keys, &part.join(KEYS))?;
    let (schema, rows) = examine(&copy).await?;
    let listed = |name: &str, bytes: files::Bytes| ListedFile {
        name: name.to_owned(),
        size: bytes.size,
        sha256: bytes.sha256,
    };
    let manifest = Manifest {
        version: version.to_owned(),
        schema,
        created_at: at,
        files: vec![listed(DATABASE, database), listed(KEYS, keys)],
        rows,
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| BackupError::Damaged { path: part.join(MANIFEST), detail: error.to_string() })?;
    files::write(&part.join(MANIFEST), &text)?;
    files::sync_folder_of(&copy)?;
    Ok(manifest)
}

/// Checks a database that nobody writes to; gives its newest migration and the rows of each table.
pub(super) async fn examine(path: &Path) -> Result<(String, BTreeMap<String, i64>), BackupError> {
    // Immutable: SQLite puts no files of its own beside it.
    let db = open_file(path, |sqlite| sqlite.read_only(true).immutable(true)).await?;
    let found = look_through(&db, path).await;
    db.close().await?;
    found
}

async fn look_through(
    db: &DatabaseConnection,
    path: &Path,
) -> Result<(String, BTreeMap<String, i64>), BackupError> {
    let damaged = |detail: String| BackupError::Damaged { path: path.to_owned(), detail };
    // A file that is no database fails in whatever is asked first.
    let sound = texts(db, "PRAGMA integrity_check(5)").await.map_err(|error| damaged(error.to_string()))?;
    if sound != ["ok"] {
        return Err(damaged(sound.join("; ")));
    }
    let orphans = texts(db, "SELECT \"table\" FROM pragma_foreign_key_check").await?;
    if let Some(table) = orphans.first() {
        return Err(damaged(format!(
            "{} rows name others that are not there, first in `{table}`",
            orphans.len()
        )));
    }
    let newest = "SELECT version FROM seaql_migrations ORDER BY version DESC LIMIT 1";
    let newest = texts(db, newest).await.map_err(|error| damaged(error.to_string()))?;
    let newest = newest.into_iter().next().ok_or_else(|| damaged("it holds no tables".to_owned()))?;
    let tables =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut rows = BTreeMap::new();
    for table in texts(db, tables).await? {
        let count = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Sqlite, count)).await?;
        let count = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        rows.insert(table, count);
    }
    Ok((newest, rows))
}

/// The first column of every row.
async fn texts(db: &DatabaseConnection, sql: &str) -> Result<Vec<String>, BackupError> {
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, sql.to_owned())).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}
