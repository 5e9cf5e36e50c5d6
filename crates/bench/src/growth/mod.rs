//! What stays flat while visits heap up, and what does not: one school with 20,000, 100,000, 1,000,000 visits, copied
//! straight into the database, and the real server over it.

mod asked;
mod rows;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Serialize;

use crate::run::Sizes;
use crate::school::today;
use crate::subject::{Home, Kind, Subject};
use crate::workload::{Load, Workload};

pub use asked::Asked;

/// Visits that are pushed, as a phone's, and then copied.
const TEMPLATES: usize = 400;
/// Fewer visits would leave the week that is asked for half empty.
const LEAST: usize = 2_000;
/// Phones that push them.
const PHONES: usize = 4;

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// This program, started again as the server.
    pub program: PathBuf,
    /// On SQLite or on PostgreSQL.
    pub kind: Kind,
    /// Visits of the school, a run each.
    pub sizes: Vec<usize>,
    /// How often each question is asked.
    pub times: u32,
}

/// A school of one size.
#[derive(Clone, Debug, Serialize)]
pub struct Grown {
    /// Visits.
    pub visits: usize,
    /// How long the copying took, seconds.
    pub grown_in: f64,
    /// The database on disk, MiB.
    pub on_disk: u64,
    /// What the server was asked, in a fixed order.
    pub asked: Vec<Asked>,
    /// Peak memory of the server during the first sync, MiB.
    pub memory: u64,
}

/// Runs every size; `tell` hears of each as it comes.
pub fn run(options: &Options, mut tell: impl FnMut(&Grown)) -> anyhow::Result<Vec<Grown>> {
    ensure!(options.kind != Kind::Minimum, "the minimum is not grown");
    let mut all = Vec::new();
    for visits in &options.sizes {
        ensure!(*visits >= LEAST, "at least {LEAST} visits");
        let grown = of(options, *visits)?;
        tell(&grown);
        all.push(grown);
    }
    Ok(all)
}

fn of(options: &Options, visits: usize) -> anyhow::Result<Grown> {
    let subject = Subject::start(options.kind, &options.program, PHONES)?;
    let sizes = Sizes { phones: PHONES, visits: TEMPLATES, polls: 0, singles: 0, edits: 0 };
    Load::new(&subject, &sizes, 1).run(Workload::W1, &sizes)?;
    let mut grown_in = Duration::ZERO;
    let subject = subject.between(&options.program, |home| {
        let began = Instant::now();
        grow(home, visits - TEMPLATES)?;
        grown_in = began.elapsed();
        Ok(())
    })?;
    let (asked, memory) = asked::all(&subject, visits, options.times)?;
    let on_disk = on_disk(&subject.home)?;
    Ok(Grown { visits, grown_in: grown_in.as_secs_f64(), on_disk, asked, memory })
}

fn grow(home: &Home, visits: usize) -> anyhow::Result<()> {
    match home.url() {
        None => {
            let database = rusqlite::Connection::open(home.folder.path().join("xunke.db"))?;
            Ok(database.execute_batch(&rows::script(&rows::SQLITE, visits, today()))?)
        }
        Some(url) => psql(&url, &rows::script(&rows::POSTGRES, visits, today())).map(drop),
    }
}

/// Has PostgreSQL's own client run a script; gives what it printed.
pub fn psql(url: &str, script: &str) -> anyhow::Result<String> {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url]);
    let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("psql starts")?;
    child.stdin.take().context("its input")?.write_all(script.as_bytes())?;
    let ended = child.wait_with_output()?;
    ensure!(ended.status.success(), "psql ended with {}", ended.status);
    Ok(String::from_utf8(ended.stdout)?)
}

fn on_disk(home: &Home) -> anyhow::Result<u64> {
    let bytes = match home.url() {
        None => size(&home.folder.path().join("xunke.db"))? + size(&home.folder.path().join("xunke.db-wal"))?,
        Some(url) => psql(&url, "SELECT pg_database_size(current_database());")?.trim().parse()?,
    };
    Ok(bytes / 1024 / 1024)
}

fn size(file: &Path) -> anyhow::Result<u64> {
    Ok(if file.exists() { std::fs::metadata(file)?.len() } else { 0 })
}

/// A line a size, each figure beside its ratio to that of the smallest.
pub fn markdown(all: &[Grown]) -> String {
    let Some(smallest) = all.first() else { return String::new() };
    let mut text = String::from("| visits | MiB on disk | peak MiB |");
    for asked in &smallest.asked {
        // Writing to a String cannot fail.
        let _ = write!(text, " {} ms, CPU ms |", asked.what);
    }
    let _ = write!(text, "\n|---|---|---|{}\n", "---|".repeat(smallest.asked.len()));
    for grown in all {
        let _ = write!(text, "| {} | {} | {} |", grown.visits, grown.on_disk, grown.memory);
        for (asked, first) in grown.asked.iter().zip(&smallest.asked) {
            let Asked { what: _, took, cpu } = asked;
            let _ = write!(text, " {took:.3}, {cpu:.3} (× {:.2}) |", cpu / first.cpu);
        }
        text.push('\n');
    }
    text
}
