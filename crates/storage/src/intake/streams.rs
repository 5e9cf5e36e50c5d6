//! The streams a batch touches: locked, with the records it needs, and what has been changed so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;
use xunke_sync::merge::Past;
use xunke_sync::record::{RecordState, Seq};

use crate::book::BookCache;
use crate::entity::record;
use crate::records::StoredRecord;
use crate::schools::School;
use crate::{StoreError, Tx};

/// A record by kind and id.
pub(super) type Key = (RecordType, Uuid);

/// One locked stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// The school; `head` moves on with every accepted write.
    pub(super) school: School,
    /// Where the stream stood when it was locked.
    pub(super) locked_head: Seq,
    /// The reference data as of the lock.
    pub(super) book: Arc<SchoolBook>,
    records: BTreeMap<Key, StoredRecord>,
    /// Records changed so far.
    pub(super) changed: BTreeSet<Key>,
    /// Writes accepted so far, by record: history the database does not have yet.
    pub(super) accepted: BTreeMap<Key, Vec<Past>>,
    /// Weeks whose logs told each changed visit before, or tell it now.
    pub(super) weeks: BTreeMap<Uuid, BTreeSet<Week>>,
    /// The fields as JSON of records that are just what one write said.
    pub(super) said: BTreeMap<Key, String>,
}

impl Stream {
    /// Locks a stream; `None` if there is no such school. `keeps_book`: the batch leaves the book as it is.
    pub(super) async fn lock(
        tx: &Tx,
        books: &BookCache,
        id: SchoolId,
        keeps_book: bool,
    ) -> Result<Option<Self>, StoreError> {
        let Some(school) = tx.school_lock(id).await? else { return Ok(None) };
        let book =
            if keeps_book { books.get(tx, &school).await? } else { books.get_unkept(tx, &school).await? };
        Ok(Some(Self::locked(school, book)))
    }

    /// A stream that has been locked.
    pub(super) const fn locked(school: School, book: Arc<SchoolBook>) -> Self {
        Self {
            locked_head: school.head,
            school,
            book,
            records: BTreeMap::new(),
            changed: BTreeSet::new(),
            accepted: BTreeMap::new(),
            weeks: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }

    /// Reads the records of one kind that the batch names.
    pub(super) async fn load(&mut self, tx: &Tx, kind: RecordType, ids: Vec<Uuid>) -> Result<(), StoreError> {
        for record in tx.records_by_id(self.school.id, kind, ids).await? {
            self.records.insert((kind, record.id), record);
        }
        Ok(())
    }

    /// A record of the batch, as it now is.
    pub(super) fn record(&self, key: Key) -> Option<&StoredRecord> {
        self.records.get(&key)
    }

    /// A record of the batch to be changed; a new one is made by `author`.
    pub(super) fn record_mut(&mut self, key: Key, author: UserId, at: i64) -> &mut StoredRecord {
        let stream = self.school.id;
        self.records.entry(key).or_insert_with(|| StoredRecord {
            stream,
            kind: key.0,
            id: key.1,
            seq: 0,
            erased: false,
            author,
            state: RecordState::default(),
            visit_until: None,
            created: true,
            open_conflicts: 0,
            created_at: at,
        })
    }

    /// Assigns the next seq.
    pub(super) const fn next_seq(&mut self) -> Seq {
        self.school.head += 1;
        self.school.head
    }

    /// The rows of the records changed so far.
    pub(super) fn changed_rows(&mut self) -> impl Iterator<Item = record::Model> {
        let Self { changed, records, said, .. } = self;
        changed.iter().filter_map(|key| Some(records.get(key)?.row(said.remove(key))))
    }

    /// The records changed so far.
    pub(super) fn changed_records(&self) -> impl Iterator<Item = &StoredRecord> {
        self.changed.iter().filter_map(|key| self.records.get(key))
    }
}
