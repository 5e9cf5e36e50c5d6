//! What almost every request asks first, kept in memory until something may have changed it.
//!
//! On SQLite this process alone writes (`claim.rs`): every transaction gives notice when it ends, however it ends, and
//! what was read before the notice counts no more. On PostgreSQL other nodes write, too: every transaction that changes
//! more than streams counts itself in `change_count`, and a request asks for the sum first, one short query instead of
//! the five for person and rights; where a stream stands is asked each time. So nobody who was sent away on one node is
//! served by another, and no node serves a stale head; only who waits for a stream to move shares what was read within
//! [`LATELY`]. Whatever is kept is read again after a second in any case, so that a hand that writes past the server is
//! noticed, too; by the server's clock, so that a simulated day has one course.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};
use tokio::time::Instant;
use xunke_domain::ids::SchoolId;
use xunke_sync::cursor::Lineage;

use crate::schools::School;
use crate::{Queries, Store, StoreError, Tx};

/// Longest that anything is kept, milliseconds.
const KEPT: i64 = 1000;

/// How old a head may be for those who wait for it to move: they look again that often anyway.
const LATELY: Duration = Duration::from_millis(400);

/// Rows of `change_count`.
const SLOTS: i64 = 16;

/// Most streams of which something is kept.
const STREAMS: usize = 10_000;

/// A moment between two transactions: what was read after one mark holds while it is the newest.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    number: i64,
    at: i64,
}

impl Mark {
    /// Whether what was read after an earlier mark still holds.
    pub fn covers(&self, earlier: &Self) -> bool {
        self.number == earlier.number && (0..KEPT).contains(&(self.at - earlier.at))
    }
}

/// What is known of a stream, and how often pushes have moved it.
#[derive(Debug, Default)]
struct Known {
    moves: u64,
    school: Option<(Mark, School)>,
    /// When the school was read, for those who wait: they do so by the real clock.
    read: Option<Instant>,
    lineage: Option<(Mark, Arc<[Lineage]>)>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Fresh {
    alone: bool,
    begun: AtomicI64,
    ended: Arc<AtomicI64>,
    streams: Mutex<HashMap<SchoolId, Known>>,
}

/// Gives notice, when dropped, that a transaction has ended.
#[derive(Debug)]
pub(crate) struct Notice {
    ended: Arc<AtomicI64>,
    /// The row of `change_count` that it counts itself in.
    slot: i64,
}

impl Drop for Notice {
    fn drop(&mut self) {
        self.ended.fetch_add(1, Ordering::AcqRel);
    }
}

impl Fresh {
    /// `alone`: no other process writes to the database.
    pub(crate) fn new(alone: bool) -> Self {
        Self { alone, begun: AtomicI64::default(), ended: Arc::default(), streams: Mutex::default() }
    }

    /// For a transaction that may change anything.
    pub(crate) fn notice(&self) -> Notice {
        let slot = self.begun.fetch_add(1, Ordering::Relaxed).rem_euclid(SLOTS);
        Notice { ended: Arc::clone(&self.ended), slot }
    }

    fn mark(&self, now: i64) -> Mark {
        Mark { number: self.ended.load(Ordering::Acquire), at: now }
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, HashMap<SchoolId, Known>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept of a stream, if it holds, and how often the stream has moved.
    fn look<T: Clone>(
        &self,
        id: SchoolId,
        mark: Mark,
        kept: impl FnOnce(&Known) -> Option<&(Mark, T)>,
    ) -> (Option<T>, u64) {
        let streams = self.streams();
        let Some(known) = streams.get(&id) else { return (None, 0) };
        let held = kept(known).filter(|(earlier, _)| self.alone && mark.covers(earlier));
        (held.map(|(_, kept)| kept.clone()), known.moves)
    }

    /// A school that was read within [`LATELY`].
    fn lately(&self, id: SchoolId) -> Option<School> {
        let streams = self.streams();
        let known = streams.get(&id)?;
        known.read.filter(|read| read.elapsed() < LATELY)?;
        known.school.as_ref().map(|(_, school)| school.clone())
    }

    /// Keeps what was read, unless the stream has moved since: it may be from before.
    fn keep(&self, id: SchoolId, moves: u64, put: impl FnOnce(&mut Known)) {
        let mut streams = self.streams();
        if streams.len() > STREAMS && !streams.contains_key(&id) {
            return;
        }
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
    /// A mark of this moment: what was kept after an earlier one holds if this one covers it; what is read after this
    /// one may be kept under it. Pushes change nothing but streams and what a device board shows.
    pub async fn mark(&self, now: i64) -> Result<Mark, StoreError> {
        let mark = self.fresh.mark(now);
        if self.fresh.alone { Ok(mark) } else { Ok(Mark { number: self.read().changes().await?, ..mark }) }
    }

    /// A school as committed, and so where its stream stands.
    pub async fn school(&self, id: SchoolId, now: i64) -> Result<Option<School>, StoreError> {
        let mark = self.fresh.mark(now);
        let (kept, moves) = self.fresh.look(id, mark, |known| known.school.as_ref());
        if kept.is_some() {
            return Ok(kept);
        }
        let began = Instant::now();
        let school = self.read().school_find(id).await?;
        if let Some(school) = school.clone() {
            self.fresh.keep(id, moves, |known| {
                (known.school, known.read) = (Some((mark, school)), Some(began));
            });
        }
        Ok(school)
    }

    /// A school for those who wait for its stream to move; where others write, too, it may be 0.4 s old.
    pub async fn school_lately(&self, id: SchoolId, now: i64) -> Result<Option<School>, StoreError> {
        let lately = if self.fresh.alone { None } else { self.fresh.lately(id) };
        if lately.is_some() { Ok(lately) } else { self.school(id, now).await }
    }

    /// The lineage of a stream as committed, ascending by `from_seq`.
    pub async fn lineage(&self, id: SchoolId, now: i64) -> Result<Arc<[Lineage]>, StoreError> {
        let mark = self.fresh.mark(now);
        let (kept, moves) = self.fresh.look(id, mark, |known| known.lineage.as_ref());
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let lineage: Arc<[Lineage]> = self.read().lineage(id).await?.into();
        let kept = Arc::clone(&lineage);
        self.fresh.keep(id, moves, |known| known.lineage = Some((mark, kept)));
        Ok(lineage)
    }
}

impl<C: sea_orm::ConnectionTrait> Queries<C> {
    /// How often any node has changed more than streams.
    async fn changes(&self) -> Result<i64, StoreError> {
        let sql = "SELECT CAST(SUM(changes) AS bigint) FROM change_count";
        let sum = self.db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await?;
        let sum = sum.ok_or_else(|| StoreError::corrupt("change_count", "it has no sum"))?;
        Ok(sum.try_get_by_index(0)?)
    }
}

impl Tx {
    /// Counts this transaction among those that change more than streams. The last thing it does: nobody else has that
    /// slot until it ends.
    pub(crate) async fn count_change(&self) -> Result<(), StoreError> {
        if self.db.get_database_backend() == DatabaseBackend::Postgres
            && let Some(Notice { ended: _, slot }) = &self.notice
        {
            let sql = format!("UPDATE change_count SET changes = changes + 1 WHERE slot = {slot}");
            self.db.execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}
