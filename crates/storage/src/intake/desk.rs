//! The desk where writes are taken in, inside one transaction: merge write by write, then store together.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use xunke_domain::fields::{FieldPath, Fields};
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_sync::derived_id::derived_id;
use xunke_sync::merge::{self, Base, Incoming, Merged, Past};
use xunke_sync::record::{LastWrites, Origin, Register, Seq, WriteId};
use xunke_sync::stamp::{DeviceId, Stamp};
use xunke_sync::wire::result::LostField;

use super::projection::Arrival;
use super::streams::{Key, Stream};
use crate::book::BookCache;
use crate::conflicts::{Conflict, ConflictSide};
use crate::ledger::LedgerEntry;
use crate::schools::School;
use crate::{StoreError, Tx};

/// Everything one batch of writes has in hand.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) tx: &'a Tx,
    pub(super) books: &'a BookCache,
    /// The time of receipt, milliseconds.
    pub(super) now: i64,
    pub(super) streams: BTreeMap<SchoolId, Stream>,
    conflicts: BTreeMap<(SchoolId, Uuid), Vec<Conflict>>,
    opened: BTreeSet<Uuid>,
    settled: Vec<(Uuid, Seq)>,
    /// Authors and times of receipt of writes by `(device, n)`, as far as they were asked for.
    authors: BTreeMap<(DeviceId, i64), (UserId, i64)>,
    /// How each visit first arrived, as far as this batch goes.
    arrivals: BTreeMap<Uuid, Arrival>,
    /// The records that more than one write of the batch names; none: it is not known.
    repeated: Option<BTreeSet<Uuid>>,
}

/// A write ready to be merged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) stream: SchoolId,
    pub(super) key: Key,
    pub(super) author: UserId,
    pub(super) device: DeviceId,
    /// The write's number; `None`: the server's own, numbered by its seq.
    pub(super) n: Option<i64>,
    pub(super) base: Base,
    pub(super) saw: Option<&'a LastWrites>,
    /// Its name, if its number is another.
    pub(super) born: Option<WriteId>,
    pub(super) claimed: Option<Stamp>,
    pub(super) set: &'a Fields,
    /// The same as JSON in path order, where that is at hand.
    pub(super) set_json: Option<&'a str>,
    /// The largest number this device had reached before.
    pub(super) latest_n: i64,
    /// Sender's clock minus ours, milliseconds.
    pub(super) clock_offset: Option<i64>,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) seq: Seq,
    pub(super) canonical: Stamp,
    /// The write's name, if its number is another.
    pub(super) born: Option<WriteId>,
    pub(super) lost: BTreeMap<FieldPath, LostField>,
}

impl<'a> Desk<'a> {
    pub(super) const fn new(tx: &'a Tx, books: &'a BookCache, now: i64) -> Self {
        Self {
            tx,
            books,
            now,
            streams: BTreeMap::new(),
            conflicts: BTreeMap::new(),
            opened: BTreeSet::new(),
            settled: Vec::new(),
            authors: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            repeated: None,
        }
    }

    /// Locks streams, in the order of their ids so that two batches cannot wait for each other.
    /// `keeps_book`: nothing in the batch changes reference data.
    pub(super) async fn lock(
        &mut self,
        ids: &BTreeSet<SchoolId>,
        keeps_book: bool,
    ) -> Result<(), StoreError> {
        for id in ids {
            if let Some(stream) = Stream::lock(self.tx, self.books, *id, keeps_book).await? {
                self.streams.insert(*id, stream);
            }
        }
        Ok(())
    }

    /// Puts in streams that have been locked already. `repeated`: the records that more than one write will name.
    pub(super) async fn put_locked(
        &mut self,
        schools: Vec<School>,
        repeated: BTreeSet<Uuid>,
    ) -> Result<(), StoreError> {
        self.repeated = Some(repeated);
        for school in schools {
            let book = self.books.get(self.tx, &school).await?;
            self.streams.insert(school.id, Stream::locked(school, book));
        }
        Ok(())
    }

    /// The open conflicts of a record, those of this batch included.
    pub(super) async fn conflicts_of(
        &mut self,
        stream: SchoolId,
        key: Key,
    ) -> Result<&[Conflict], StoreError> {
        let open = self.streams.get(&stream).and_then(|stream| stream.record(key));
        if open.is_some_and(|record| record.open_conflicts > 0)
            && !self.conflicts.contains_key(&(stream, key.1))
        {
            let found = self.tx.conflicts_of(stream, key.1).await?;
            self.conflicts.insert((stream, key.1), found);
        }
        Ok(self.conflicts.get(&(stream, key.1)).map_or(&[], Vec::as_slice))
    }

    /// Merges one write. The stream must have been locked and its record loaded.
    pub(super) async fn take(&mut self, entry: Entry<'_>) -> Result<Taken, StoreError> {
        let open = self
            .conflicts_of(entry.stream, entry.key)
            .await?
            .iter()
            .filter(|conflict| conflict.settled_at.is_none())
            .map(Conflict::open)
            .collect::<Result<Vec<_>, _>>()?;
        let now = self.now;
        let repeated = self.repeated.as_ref().is_none_or(|repeated| repeated.contains(&entry.key.1));
        let stream = self.stream(entry.stream)?;
        let seq = stream.next_seq();
        let incoming = Incoming {
            device: entry.device,
            n: entry.n.unwrap_or(seq),
            base: entry.base,
            saw: entry.saw,
            id: entry.n.map(|n| WriteId::of(entry.device, n, entry.born)),
            claimed: entry.claimed,
            set: entry.set,
        };
        let record = stream.record_mut(entry.key, entry.author, now);
        let past = if merge::needs_history(&record.state, &incoming, entry.latest_n) {
            self.past(entry.stream, entry.key).await?
        } else {
            Vec::new()
        };
        let stream = self.stream(entry.stream)?;
        let record = stream.record_mut(entry.key, entry.author, now);
        let week_before = record.logged_week();
        let new = record.created && record.state.registers.is_empty();
        let merged = merge::merge(&mut record.state, &past, &open, &incoming, now, seq);
        record.seq = seq;
        let origin = Origin { stamp: merged.canonical, seq, n: incoming.n, id: incoming.id };
        let week_after = record.logged_week();
        // Every field won, so the record says what the write said.
        let as_said = new && record.state.registers.len() == entry.set.len();
        stream.weeks.entry(entry.key.1).or_default().extend(week_before.into_iter().chain(week_after));
        stream.changed.insert(entry.key);
        match entry.set_json.filter(|_| as_said) {
            Some(json) => stream.said.insert(entry.key, json.to_owned()),
            None => stream.said.remove(&entry.key),
        };
        if repeated {
            stream.accepted.entry(entry.key).or_default().push(Past {
                origin,
                set: entry.set.clone(),
                saw: entry.saw.cloned().unwrap_or_default(),
            });
        }
        self.authors.insert((entry.device, incoming.n), (entry.author, now));
        self.arrivals.entry(entry.key.1).or_insert(Arrival { at: now, offset: entry.clock_offset });
        self.disagree(&entry, merged, seq).await
    }

    pub(super) fn stream(&mut self, id: SchoolId) -> Result<&mut Stream, StoreError> {
        self.streams.get_mut(&id).ok_or_else(|| StoreError::corrupt("stream", "it was not locked"))
    }

    /// The earlier accepted writes of a record: the ledger's, then this batch's.
    async fn past(&mut self, stream: SchoolId, key: Key) -> Result<Vec<Past>, StoreError> {
        let mut past: Vec<Past> =
            self.tx.ledger_of(stream, key.0, key.1).await?.iter().filter_map(LedgerEntry::past).collect();
        past.extend(self.stream(stream)?.accepted.get(&key).into_iter().flatten().cloned());
        Ok(past)
    }

    /// Opens and closes conflicts, and says who holds the fields that were lost.
    async fn disagree(&mut self, entry: &Entry<'_>, merged: Merged, seq: Seq) -> Result<Taken, StoreError> {
        let Merged { canonical, lost: lost_fields, clashes, settled } = merged;
        let (kind, id) = entry.key;
        let mut by_path = BTreeMap::new();
        for clash in clashes {
            let path = clash.path.as_str();
            let (standing, arrived) = (&clash.standing.origin, &clash.arrived.origin);
            let conflict = derived_id(&[
                id.as_bytes(),
                path.as_bytes(),
                format!("{}#{}|{}#{}", standing.device(), standing.n, arrived.device(), arrived.n).as_bytes(),
            ]);
            let conflict = Conflict {
                id: conflict,
                stream: entry.stream,
                kind: kind.as_str().to_owned(),
                record: id,
                path: path.to_owned(),
                standing: self.side(&clash.standing).await?,
                arrived: self.side(&clash.arrived).await?,
                opened_at: self.now,
                settled_at: None,
            };
            by_path.insert(clash.path, conflict.id);
            self.opened.insert(conflict.id);
            self.conflicts.entry((entry.stream, id)).or_default().push(conflict);
            self.count_conflicts(entry, 1)?;
        }
        for closed in settled {
            let known = self.conflicts.entry((entry.stream, id)).or_default();
            if let Some(conflict) = known.iter_mut().find(|conflict| conflict.id == closed) {
                conflict.settled_at = Some(self.now);
            }
            if !self.opened.contains(&closed) {
                self.settled.push((closed, seq));
            }
            self.count_conflicts(entry, -1)?;
        }
        let mut lost = BTreeMap::new();
        for field in lost_fields {
            let side = self.side(&field.winner).await?;
            let conflict = by_path.get(&field.path).copied();
            let write = field.winner.origin.id;
            lost.insert(
                field.path,
                LostField { value: side.value, stamp: side.stamp, by: side.by, write, conflict },
            );
        }
        Ok(Taken { seq, canonical, born: entry.born, lost })
    }

    fn count_conflicts(&mut self, entry: &Entry<'_>, more: i64) -> Result<(), StoreError> {
        let now = self.now;
        self.stream(entry.stream)?.record_mut(entry.key, entry.author, now).open_conflicts += more;
        Ok(())
    }

    async fn side(&mut self, register: &Register) -> Result<ConflictSide, StoreError> {
        let Origin { stamp, seq, n, id: _ } = register.origin;
        let key = (stamp.device(), n);
        let known = if let Some(known) = self.authors.get(&key) {
            *known
        } else {
            let entry = self.tx.ledger_find(key.0, key.1).await?;
            let entry =
                entry.ok_or_else(|| StoreError::corrupt("write", format!("{}#{n} is gone", key.0)))?;
            *self.authors.entry(key).or_insert((entry.author, entry.received_at))
        };
        let (by, received_at) = known;
        let born = register.origin.born();
        Ok(ConflictSide { value: register.value.clone(), stamp, seq, n, born, by, received_at })
    }

    /// Stores what has been taken in and moves the streams on.
    pub(super) async fn store(mut self, process: Uuid) -> Result<(), StoreError> {
        let mut opened = Vec::new();
        for conflict in std::mem::take(&mut self.conflicts).into_values().flatten() {
            if self.opened.contains(&conflict.id) {
                let seq = conflict.arrived.seq;
                opened.push((conflict, seq));
            }
        }
        if !opened.is_empty() {
            self.tx.conflicts_add(opened).await?;
        }
        for (id, seq) in std::mem::take(&mut self.settled) {
            self.tx.conflicts_settle(vec![id], self.now, seq).await?;
        }
        for stream in self.streams.values_mut().filter(|stream| !stream.changed.is_empty()) {
            self.tx.put_rows(&mut stream.changed_rows()).await?;
            let visits = stream.changed_records().filter(|record| record.kind == RecordType::Visit);
            self.tx.visits_project(&stream.book, visits, &self.arrivals, self.now).await?;
        }
        for stream in self.streams.values().filter(|stream| stream.school.head > stream.locked_head) {
            self.tx.lineage_note(stream.school.id, stream.locked_head + 1, process, self.now).await?;
            self.tx.school_advance(&stream.school).await?;
        }
        Ok(())
    }
}
