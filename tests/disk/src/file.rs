//! One file: what readers see, what is safe, and every change in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng as _, RngCore as _};

use crate::content::{Content, PAGE, Page, Piece, zeroes};
use crate::locks::{FileLocks, Shm};

/// A change that no sync has made safe yet.
#[derive(Clone, Debug)]
enum Change {
    /// A page got this content; the piece of it that was written.
    Page(Piece, Page),
    /// The file got this length.
    Length(usize),
}

/// A file with its locks.
#[derive(Debug, Default)]
pub(crate) struct File {
    now: Content,
    durable: Content,
    /// Since the last sync, in order.
    changes: Vec<Change>,
    /// Those that a failed sync gave up: Linux marks them clean, so no later sync writes them. Only the platter
    /// knows whether they arrived.
    given_up: Vec<Change>,
    /// Open handles.
    pub(crate) open: u32,
    pub(crate) locks: FileLocks,
    pub(crate) shm: Option<Shm>,
}

/// How a power cut deals with what was not synced; drawn anew for each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mood {
    arrives: f64,
    tears: f64,
    sector: usize,
    overwrite: Overwrite,
}

impl Mood {
    pub(crate) fn draw(draw: &mut StdRng, sector: usize, overwrite: Overwrite) -> Self {
        let one_of = |draw: &mut StdRng, values: [f64; 4]| values[draw.random_range(0..4)];
        let (arrives, tears) = (one_of(draw, [0.0, 0.3, 0.7, 0.97]), one_of(draw, [0.0, 0.02, 0.1, 0.5]));
        Self { arrives, tears, sector, overwrite }
    }
}

/// What a torn write does to the bytes around it in the same sector, and what SQLite is told about that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// It leaves them alone, but SQLite is not told and writes its log up to the end of a sector.
    #[default]
    Unpromised,
    /// It leaves them alone, as SQLite believes of every disk on Unix.
    Safe,
    /// It may harm them.
    Harmful,
}

impl File {
    /// A file as it lies on the platter.
    pub(crate) fn durable(content: &Content) -> Self {
        Self { now: content.clone(), durable: content.clone(), ..Self::default() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.now.len()
    }

    /// What readers see.
    pub(crate) const fn seen(&self) -> &Content {
        &self.now
    }

    /// What is safe.
    pub(crate) const fn safe(&self) -> &Content {
        &self.durable
    }

    pub(crate) fn write(&mut self, offset: usize, data: &[u8]) {
        let Self { now, changes, .. } = self;
        let before = now.len();
        now.write(offset, data, |piece, page| changes.push(Change::Page(piece, Arc::clone(page))));
        if now.len() > before {
            changes.push(Change::Length(now.len()));
        }
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        for page in self.now.whole_pages_from(len) {
            self.changes.push(Change::Page(Piece { page, from: 0, to: PAGE }, zeroes()));
        }
        self.now.resize(len);
        if !len.is_multiple_of(PAGE) {
            let piece = Piece { page: len / PAGE, from: len % PAGE, to: PAGE };
            self.changes.push(Change::Page(piece, self.now.page(len / PAGE)));
        }
        self.changes.push(Change::Length(len));
    }

    /// Makes safe what was written since the last sync.
    pub(crate) fn sync(&mut self) {
        for change in self.changes.drain(..) {
            if let Change::Page(piece, content) = change {
                self.durable.put(piece.page, content);
            }
        }
        self.durable.end_at(self.now.len());
    }

    /// A sync that answers EIO.
    pub(crate) fn sync_fails(&mut self) {
        self.given_up.append(&mut self.changes);
    }

    /// What is found when power is back, and how many sectors are torn: per sector the old bytes, those of any
    /// write since, or a torn mix.
    pub(crate) fn after_power_cut(&self, draw: &mut StdRng, mood: Mood) -> (Content, u64) {
        let mut versions: BTreeMap<usize, Vec<(Piece, &Page)>> = BTreeMap::new();
        let mut lengths = vec![self.durable.len()];
        for change in self.given_up.iter().chain(&self.changes) {
            match change {
                Change::Page(piece, content) => {
                    versions.entry(piece.page).or_default().push((*piece, content));
                }
                Change::Length(len) => lengths.push(*len),
            }
        }
        let newest = draw.random_bool(mood.arrives.max(0.5));
        let len = if newest { self.now.len() } else { lengths[draw.random_range(0..lengths.len())] };
        let (mut found, mut torn) = (self.durable.clone(), 0);
        for (page, versions) in versions {
            if page * PAGE >= len {
                continue;
            }
            let mut content = found.page(page);
            for start in (0..PAGE).step_by(mood.sector) {
                let end = start + mood.sector;
                let touched = |(piece, _): &&(Piece, &Page)| piece.from < end && piece.to > start;
                let written: Vec<(Piece, &Page)> = versions.iter().filter(touched).copied().collect();
                if written.is_empty() || page * PAGE + start >= len {
                    continue;
                }
                let sector = &mut Arc::make_mut(&mut content)[start..end];
                torn += u64::from(power_on_sector(sector, &written, start, draw, mood));
            }
            found.put(page, content);
        }
        found.end_at(len);
        (found, torn)
    }
}

/// Decides one sector; whether it is torn.
fn power_on_sector(
    sector: &mut [u8],
    written: &[(Piece, &Page)],
    start: usize,
    draw: &mut StdRng,
    mood: Mood,
) -> bool {
    let any = if draw.random_bool(0.8) { written.len() - 1 } else { draw.random_range(0..written.len()) };
    let new = &written[any].1[start..start + sector.len()];
    if draw.random_bool(mood.tears) {
        let seam = draw.random_range(1..sector.len());
        match draw.random_range(0..3) {
            0 => sector[..seam].copy_from_slice(&new[..seam]),
            1 => sector[seam..].copy_from_slice(&new[seam..]),
            _ if mood.overwrite == Overwrite::Harmful => draw.fill_bytes(&mut sector[seam..]),
            _ => {
                for (piece, _) in written {
                    let from = piece.from.max(start + seam);
                    let to = piece.to.min(start + sector.len());
                    if from < to {
                        draw.fill_bytes(&mut sector[from - start..to - start]);
                    }
                }
            }
        }
        return true;
    }
    if draw.random_bool(mood.arrives) {
        sector.copy_from_slice(new);
    }
    false
}
