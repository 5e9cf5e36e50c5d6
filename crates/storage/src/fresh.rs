//! What almost every request asks first, kept in memory until something may have changed it.
//!
//! Only on SQLite, where this process alone writes (`claim.rs`): every transaction gives notice when it ends, however
//! it ends, and what was read before the notice counts no more. On PostgreSQL another node may have written, so
//! nothing is kept and the database is asked. Whatever is kept is read again after a second in any case, so that
//! a hand that writes past the server is noticed, too; by the server's clock, so that a simulated day has one course.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use xunke_domain::ids::SchoolId;
use xunke_sync::cursor::Lineage;

use crate::schools::School;
use crate::{Store, StoreError};

/// Longest that anything is kept, milliseconds.
const KEPT: i64 = 1000;

/// Most streams of which something is kept.
const STREAMS: usize = 10_000;

/// A moment between two transactions: what was read after one mark holds while it is the newest.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    number: u64,
    at: i64,
}

/// What is known of a stream, and how often pushes have moved it.
#[derive(Debug, Default)]
struct Known {
    moves: u64,
    school: Option<(Mark, School)>,
    lineage: Option<(Mark, Arc<[Lineage]>)>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Fresh {
    alone: bool,
    ended: Arc<AtomicU64>,
    streams: Mutex<HashMap<SchoolId, Known>>,
}

/// Gives notice, when dropped, that a transaction has ended.
#[derive(Debug)]
pub(crate) struct Notice(Arc<AtomicU64>);

impl Drop for Notice {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl Fresh {
    /// `alone`: no other process writes to the database.
    pub(crate) fn new(alone: bool) -> Self {
        Self { alone, ended: Arc::default(), streams: Mutex::default() }
    }

    /// For a transaction that may change anything.
    pub(crate) fn notice(&self) -> Notice {
        Notice(Arc::clone(&self.ended))
    }

    fn mark(&self, now: i64) -> Option<Mark> {
        self.alone.then(|| Mark { number: self.ended.load(Ordering::Acquire), at: now })
    }

    fn holds(&self, mark: &Mark, now: i64) -> bool {
        mark.number == self.ended.load(Ordering::Acquire) && (0..KEPT).contains(&(now - mark.at))
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, HashMap<SchoolId, Known>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept of a stream, if it holds, and how often the stream has moved.
    fn look<T: Clone>(
        &self,
        id: SchoolId,
        now: i64,
        kept: impl FnOnce(&Known) -> Option<&(Mark, T)>,
    ) -> (Option<T>, u64) {
        let streams = self.streams();
        let Some(known) = streams.get(&id) else { return (None, 0) };
        let held = kept(known).filter(|(mark, _)| self.holds(mark, now));
        (held.map(|(_, kept)| kept.clone()), known.moves)
    }

    /// Keeps what was read, unless the stream has moved since: it may be from before.
    fn keep(&self, id: SchoolId, moves: u64, put: impl FnOnce(&mut Known)) {
        let mut streams = self.streams();
        let known = streams.entry(id).or_default();
        if known.moves == moves {
            put(known);
        }
    }

    /// Notes that pushes may have moved these streams; before anybody is told that they have.
    pub(crate) fn moved(&self, ids: impl Iterator<Item = SchoolId>) {
        let mut streams = self.streams();
        if streams.len() > STREAMS {
            // Anybody may name streams that are none. Whoever is reading now has a mark that no longer holds.
            streams.clear();
            drop(self.notice());
        }
        for id in ids {
            let known = streams.entry(id).or_default();
            known.moves += 1;
            (known.school, known.lineage) = (None, None);
        }
    }
}

impl Store {
    /// A mark of this moment, to be taken before reading what is to be kept; none where nothing may be kept.
    pub fn mark(&self, now: i64) -> Option<Mark> {
        self.fresh.mark(now)
    }

    /// Whether what was read after a mark still holds; pushes change nothing but streams and what a device board shows.
    pub fn holds(&self, mark: &Mark, now: i64) -> bool {
        self.fresh.holds(mark, now)
    }

    /// A school as committed, and so where its stream stands.
    pub async fn school(&self, id: SchoolId, now: i64) -> Result<Option<School>, StoreError> {
        let (kept, moves) = self.fresh.look(id, now, |known| known.school.as_ref());
        if kept.is_some() {
            return Ok(kept);
        }
        let mark = self.mark(now);
        let school = self.read().school_find(id).await?;
        if let Some((mark, school)) = mark.zip(school.clone()) {
            self.fresh.keep(id, moves, |known| known.school = Some((mark, school)));
        }
        Ok(school)
    }

    /// The lineage of a stream as committed, ascending by `from_seq`.
    pub async fn lineage(&self, id: SchoolId, now: i64) -> Result<Arc<[Lineage]>, StoreError> {
        let (kept, moves) = self.fresh.look(id, now, |known| known.lineage.as_ref());
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let mark = self.mark(now);
        let lineage: Arc<[Lineage]> = self.read().lineage(id).await?.into();
        if let Some(mark) = mark {
            let kept = Arc::clone(&lineage);
            self.fresh.keep(id, moves, |known| known.lineage = Some((mark, kept)));
        }
        Ok(lineage)
    }
}
