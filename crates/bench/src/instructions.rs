//! How many instructions the pieces take, which no busy machine bends: each is run under callgrind as often as it says,
//! once with its work and once with only what that work is made ready by, and the difference is told.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use serde::Serialize;

use crate::pieces::merge::{Arrival, Arriving};
use crate::pieces::page::Stream;
use crate::pieces::push::Body;
use crate::pieces::week::{BigWeek, log};
use crate::pieces::workbook::TimetableFile;

/// Which piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
pub enum Piece {
    /// A write that makes a record is merged.
    MergeNew,
    /// An edit of two fields is merged by somebody who had seen the record.
    MergeSeen,
    /// The same by somebody who had not: with history, and a conflict.
    MergeStale,
    /// A page of 500 visits is spliced, SQLite's work included.
    Page,
    /// A push of 100 visits is read.
    Push,
    /// 500 visits are judged.
    Verdict,
    /// The log of a week of 500 visits is compiled.
    Log,
    /// The workbook of a school of 60 classes is previewed.
    Workbook,
}

impl Piece {
    /// Every piece.
    pub const ALL: [Self; 8] = [
        Self::MergeNew,
        Self::MergeSeen,
        Self::MergeStale,
        Self::Page,
        Self::Push,
        Self::Verdict,
        Self::Log,
        Self::Workbook,
    ];

    /// What it does, in tables, and how often that is in one go: records, writes or visits.
    pub const fn what(self) -> (&'static str, u64) {
        match self {
            Self::MergeNew => ("merge: a write that makes a record", 1),
            Self::MergeSeen => ("merge: an edit of two fields", 1),
            Self::MergeStale => ("merge: the same without having seen the last edit", 1),
            Self::Page => ("page of 500 visits, SQLite included: a record", 500),
            Self::Push => ("push of 100 visits, read: a write", 100),
            Self::Verdict => ("verdict: a visit", 500),
            Self::Log => ("log of a week of 500 visits: a visit", 500),
            Self::Workbook => ("workbook of 60 classes, previewed: a lesson", 1800),
        }
    }

    const fn times(self) -> usize {
        match self {
            Self::MergeNew | Self::MergeSeen | Self::MergeStale => 500,
            Self::Page | Self::Push | Self::Verdict | Self::Log => 10,
            Self::Workbook => 2,
        }
    }

    /// Does the piece, or only what comes before it.
    pub fn exercise(self, work: bool) -> anyhow::Result<()> {
        let times = if work { self.times() } else { 0 };
        match self {
            Self::MergeNew => merge(Arrival::New, times),
            Self::MergeSeen => merge(Arrival::Seen, times),
            Self::MergeStale => merge(Arrival::Stale, times),
            Self::Page => {
                let stream = Stream::of(500)?;
                (0..times).for_each(|_| drop(black_box(stream.page())));
            }
            Self::Push => {
                let body = Body::of(100);
                (0..times).for_each(|_| drop(black_box(body.read())));
            }
            Self::Verdict => {
                let week = BigWeek::of(500);
                (0..times).for_each(|_| {
                    black_box(week.judge());
                });
            }
            Self::Log => {
                let week = BigWeek::of(500);
                let input = week.input();
                (0..times).for_each(|_| drop(black_box(log(&input))));
            }
            Self::Workbook => {
                let file = TimetableFile::new();
                (0..times).for_each(|_| {
                    black_box(file.preview());
                });
            }
        }
        Ok(())
    }
}

fn merge(arrival: Arrival, times: usize) {
    let arriving = Arriving::new(arrival);
    // Every record is copied, and thrown away, whether it is worked on or not.
    let mut records: Vec<_> = (0..Piece::MergeNew.times()).map(|_| arriving.record()).collect();
    for record in records.iter_mut().take(times) {
        drop(black_box(arriving.merge(record)));
    }
    drop(black_box(records));
}

/// Instructions of a piece for each of what it does.
pub fn count(program: &Path, piece: Piece) -> anyhow::Result<u64> {
    let (work, ready) = (counted(program, piece, true)?, counted(program, piece, false)?);
    let (_, each) = piece.what();
    let times = u64::try_from(piece.times())?;
    Ok(work.saturating_sub(ready) / times / each)
}

fn counted(program: &Path, piece: Piece, work: bool) -> anyhow::Result<u64> {
    let name = piece.to_possible_value().context("a name")?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    valgrind.args(["exercise", name.get_name()]).args(work.then_some("--work"));
    let ended = valgrind.output().context("valgrind starts (Debian: apt-get install valgrind)")?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "valgrind ended with {}: {said}", ended.status);
    let collected =
        said.lines().find_map(|line| line.split_once("Collected : ")).context("callgrind's sum")?;
    Ok(collected.1.trim().parse()?)
}
