//! Files that are on disk when a function says so.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::BackupError;

/// A file's bytes, as far as a manifest tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) size: u64,
    pub(super) sha256: String,
}

/// Names the file in a failure.
pub(super) fn failed(path: &Path) -> impl Fn(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path: path.clone(), source }
}

/// A file only its owner reads: all of them hold secrets or people.
fn create(path: &Path) -> Result<File, BackupError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(failed(path))
}

/// Copies a file, and says what was written.
pub(super) fn copy(from: &Path, to: &Path) -> Result<Bytes, BackupError> {
    let mut source = File::open(from).map_err(failed(from))?;
    let mut target = create(to)?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = source.read(&mut buffer).map_err(failed(from))?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        target.write_all(part).map_err(failed(to))?;
        hash.update(part);
        size += u64::try_from(read).unwrap_or(0);
    }
    target.sync_all().map_err(failed(to))?;
    Ok(Bytes { size, sha256: hexadecimal(hash) })
}

/// Brings a file that others wrote to disk, and says what it holds.
pub(super) fn seal(path: &Path) -> Result<Bytes, BackupError> {
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed(path))?;
    file.sync_all().map_err(failed(path))?;
    let mut hash = Sha256::new();
    let size = std::io::copy(&mut file, &mut hash).map_err(failed(path))?;
    Ok(Bytes { size, sha256: hexadecimal(hash) })
}

/// Writes a file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let mut file = create(path)?;
    file.write_all(bytes).map_err(failed(path))?;
    file.sync_all().map_err(failed(path))
}

/// Brings the names in the folder of `path` to disk.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), BackupError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

/// Moves a file to a name that nothing has, on the same file system.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    std::fs::rename(from, to).map_err(failed(from))?;
    sync_folder_of(to)
}

/// Removes a file if it is there.
pub(super) fn remove(path: &Path) -> Result<(), BackupError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(failed(path)),
    }
}

fn hexadecimal(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())
}
