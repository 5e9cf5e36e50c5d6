//! What a backup says about itself.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use xunke_migrations::{Migrator, MigratorTrait as _};

use super::{BackupError, DATABASE, KEYS, MANIFEST, UNFINISHED, files};

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the program that made it.
    pub version: String,
    /// The newest migration of the database.
    pub schema: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The files beside this one.
    pub files: Vec<ListedFile>,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Of its bytes, hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads the manifest of a finished backup that this version can put back.
    pub fn read(backup: &Path) -> Result<Self, BackupError> {
        let no_backup = |detail: String| BackupError::NoBackup { path: backup.to_owned(), detail };
        if backup.to_string_lossy().trim_end_matches('/').ends_with(UNFINISHED) {
            return Err(no_backup("it was interrupted".to_owned()));
        }
        let path = backup.join(MANIFEST);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| no_backup(format!("its {MANIFEST} cannot be read: {error}")))?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| BackupError::Damaged { path, detail: error.to_string() })?;
        let known = Migrator::migrations().iter().any(|step| step.name() == manifest.schema);
        // What a newer version adds to a backup this one would leave out without a word.
        let all_known = manifest.files.iter().all(|file| [DATABASE, KEYS].contains(&file.name.as_str()));
        if !known || !all_known {
            return Err(BackupError::Newer { version: manifest.version, schema: manifest.schema });
        }
        Ok(manifest)
    }

    /// Rows of all tables together.
    pub fn all_rows(&self) -> i64 {
        self.rows.values().sum()
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Copies one of the files out of a backup; what arrives on disk is what was backed up.
    pub(super) fn copy_out(&self, backup: &Path, name: &str, to: &Path) -> Result<(), BackupError> {
        let path = backup.join(name);
        let listed = self.files.iter().find(|file| file.name == name);
        let damaged = |detail: &str| BackupError::Damaged { path: path.clone(), detail: detail.to_owned() };
        let listed = listed.ok_or_else(|| damaged("the manifest does not list it"))?;
        let copied = files::copy(&path, to)?;
        if copied.size != listed.size {
            return Err(damaged(&format!("it has {} bytes instead of {}", copied.size, listed.size)));
        }
        if copied.sha256 != listed.sha256 {
            return Err(damaged("its SHA-256 is not the manifest's"));
        }
        Ok(())
    }
}
