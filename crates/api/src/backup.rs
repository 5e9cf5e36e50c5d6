//! The commands `backup` and `restore`, for whoever looks after a school's server.
#![expect(clippy::print_stdout, reason = "these commands print")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clap::Args;
use uuid::Uuid;
use xunke_storage::backup::{BackupJob, Made, Manifest, RestoreJob, Restored, back_up, drill, restore};

use crate::config::{Place, PlaceFlags};
use crate::world::{Chance, Clock as _, SystemClock};

/// What to back up, and where to.
#[derive(Args, Clone, Debug)]
pub struct BackupFlags {
    /// Folder for backups; each is a folder of its own in it, named after its time in UTC
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
    /// Where everything lies.
    #[command(flatten)]
    pub place: PlaceFlags,
}

/// What to restore.
#[derive(Args, Clone, Debug)]
pub struct RestoreFlags {
    /// The backup: a folder `xunke-….backup` that `xunke backup` has made
    #[arg(long, value_name = "BACKUP")]
    pub from: PathBuf,
    /// Only practise: restore into a temporary folder, look whether all is there, touch nothing else
    #[arg(long)]
    pub drill: bool,
    /// Where everything lies.
    #[command(flatten)]
    pub place: PlaceFlags,
}

/// Said by a command that does not do this, as `clap` does for a wrong flag.
const NOT_HERE: u8 = 2;

/// Makes a backup, and says what was made.
pub async fn run_backup(flags: BackupFlags) -> anyhow::Result<ExitCode> {
    let BackupFlags { to, place } = flags;
    let Place { database_url: url, key_file } = Place::read(place)?;
    if !url.starts_with("sqlite:") {
        println!(
            "The database is PostgreSQL, which is backed up with its own tools while the servers run:\n\n  \
             pg_dump --format=custom --file=xunke.dump \"$DATABASE_URL\"\n\n\
             or, for restoring to any moment, pg_basebackup with archived WAL. Keep a copy of the key file \
             {} with it.\n\
             To restore: stop every server, run\n\n  \
             pg_restore --clean --if-exists --single-transaction --dbname=\"$DATABASE_URL\" xunke.dump\n\n\
             and start the servers again. One that kept running would not know that it went back in time.",
            key_file.display()
        );
        return Ok(ExitCode::from(NOT_HERE));
    }
    let started = Instant::now();
    let version = env!("CARGO_PKG_VERSION");
    let job = BackupJob { url: &url, keys: &key_file, to: &to, at: SystemClock.now(), version };
    let Made { path, manifest } = back_up(job).await?;
    println!("{}\n{}", path.display(), figures(&manifest, started.elapsed()));
    Ok(ExitCode::SUCCESS)
}

/// Puts a backup back, or practises that.
pub async fn run_restore(flags: RestoreFlags) -> anyhow::Result<ExitCode> {
    let RestoreFlags { from, drill: practise, place } = flags;
    let (started, at, audit) = (Instant::now(), SystemClock.now(), Chance::system().id(SystemClock.now()));
    if practise {
        return practise_restore(&from, at, audit, started).await;
    }
    let Place { database_url: url, key_file } = Place::read(place)?;
    if !url.starts_with("sqlite:") {
        println!(
            "The database is PostgreSQL: stop every server, run\n\n  \
             pg_restore --clean --if-exists --single-transaction --dbname=\"$DATABASE_URL\" xunke.dump\n\n\
             put the key file back to {}, and start the servers again.",
            key_file.display()
        );
        return Ok(ExitCode::from(NOT_HERE));
    }
    let job = RestoreJob { from: &from, url: &url, keys: &key_file, at, audit };
    let Restored { manifest, database, kept } = restore(job).await?;
    println!("Restored {} as of {}.", database.display(), manifest.created_at.format("%F %T UTC"));
    println!("{}", figures(&manifest, started.elapsed()));
    for kept in kept {
        println!("What was there before is kept as {}", kept.display());
    }
    println!(
        "\nStart the server now. Phones notice by themselves that it went back in time and send again what they\n\
         said since then, so wait until each has been online; some people have to sign in once more.\n\
         What was done in a browser since then (people, timetables, published logs) has to be done again."
    );
    Ok(ExitCode::SUCCESS)
}

async fn practise_restore(
    from: &Path,
    at: DateTime<Utc>,
    audit: Uuid,
    started: Instant,
) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let manifest = drill(from, folder.path(), at, audit).await?;
    println!("The backup is whole and can be restored. Nothing was changed.");
    println!("{}", figures(&manifest, started.elapsed()));
    Ok(ExitCode::SUCCESS)
}

fn figures(manifest: &Manifest, took: Duration) -> String {
    let rows = |table: &str| manifest.rows.get(table).copied().unwrap_or_default();
    format!(
        "{} rows ({} records, {} writes, {} held, {} editions), {} bytes, {:.1} s",
        manifest.all_rows(),
        rows("record"),
        rows("write"),
        rows("held_write"),
        rows("edition"),
        manifest.bytes(),
        took.as_secs_f64(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn postgresql_is_left_to_its_own_tools_with_an_exit_code_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let place = PlaceFlags {
            data: Some(folder.path().to_owned()),
            database_url: Some("postgres://localhost/xunke".to_owned()),
            ..PlaceFlags::default()
        };
        let (to, from) = (folder.path().join("backups"), folder.path().join("x.backup"));

        let backup = run_backup(BackupFlags { to: to.clone(), place: place.clone() }).await.unwrap();
        let restore = run_restore(RestoreFlags { from, drill: false, place }).await.unwrap();

        assert_eq!((backup, restore), (ExitCode::from(2), ExitCode::from(2)));
        assert!(!to.exists());
    }
}
