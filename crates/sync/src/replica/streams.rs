//! What the server has said: the records of each stream, and how far they were read (protocol, section 5).
//!
//! Reading from zero again fills a second generation of the records beside the one in sight, and takes its
//! place when it is whole; so the view is never empty, and what is gone on the server goes here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use xunke_domain::ids::SchoolId;

use super::store::{Key, LocalTx};
use super::{Replica, Standing};
use crate::record::Seq;
use crate::wire::page::{Change, Life, Page};

/// A record within its stream: type and id.
pub(super) type RecordKey = (String, Uuid);

/// A stream as this phone holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stream {
    pub(super) name: String,
    /// No longer this person's: it is pushed to, and read no more.
    #[serde(default)]
    pub(super) gone: bool,
    /// What is in sight.
    pub(super) live: Generation,
    /// What is being read from zero.
    #[serde(default)]
    pub(super) next: Option<Generation>,
}

/// One reading of a stream from zero on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Generation {
    number: u64,
    #[serde(default)]
    cursor: Option<String>,
    /// Consistent as of this seq.
    #[serde(default)]
    pub(super) applied: Seq,
    /// The last page said that there is more.
    #[serde(default)]
    behind: bool,
    /// The server has lost this past: its seqs mean nothing any more.
    #[serde(default)]
    pub(super) lost: bool,
    #[serde(skip)]
    pub(super) records: BTreeMap<RecordKey, Change>,
}

/// A page to ask for: a stream, and where to go on (`None`: from zero).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// The stream.
    pub stream: SchoolId,
    /// The cursor.
    pub cursor: Option<String>,
}

impl Generation {
    pub(super) const fn new(number: u64) -> Self {
        Self { number, cursor: None, applied: 0, behind: true, lost: false, records: BTreeMap::new() }
    }

    pub(super) fn delete(&self, stream: SchoolId, tx: &mut LocalTx) {
        for (kind, id) in self.records.keys() {
            tx.delete(Key::Record(stream, self.number, kind, *id));
        }
    }

    /// Takes a record in, unless a newer state of it is here already.
    fn take(&mut self, stream: SchoolId, change: Change, tx: &mut LocalTx) {
        let key = (change.kind.clone(), change.id);
        if self.records.get(&key).is_some_and(|held| held.seq > change.seq) {
            return;
        }
        let row = Key::Record(stream, self.number, &key.0, key.1);
        match change.life {
            Life::Alive => {
                tx.put(row, &change);
                self.records.insert(key, change);
            }
            Life::Erased => {
                tx.delete(row);
                self.records.remove(&key);
            }
        }
    }
}

impl Stream {
    pub(super) const fn new(name: String) -> Self {
        Self { name, gone: false, live: Generation::new(0), next: Some(Generation::new(1)) }
    }

    /// The generation that pages go to.
    const fn filling(&self) -> &Generation {
        match &self.next {
            Some(next) => next,
            None => &self.live,
        }
    }

    /// Begins to read from zero.
    pub(super) fn restart(&mut self, id: SchoolId, tx: &mut LocalTx) {
        let number = self.filling().number.saturating_add(1);
        if let Some(partial) = self.next.replace(Generation::new(number)) {
            partial.delete(id, tx);
        }
    }

    /// How far a record was read. A record is its newest state, so one read ahead of the others counts.
    pub(super) fn seen(&self, kind: &str, id: Uuid) -> Seq {
        if self.live.lost {
            return 0;
        }
        self.live.applied.max(self.confirmed(kind, id).map_or(0, |change| change.seq))
    }

    /// A record as the server says.
    pub(super) fn confirmed(&self, kind: &str, id: Uuid) -> Option<&Change> {
        self.live.records.get(&(kind.to_owned(), id))
    }

    pub(super) fn put_back(&mut self, generation: u64, change: Change) {
        let place = match &mut self.next {
            Some(next) if next.number == generation => next,
            _ if self.live.number == generation => &mut self.live,
            _ => return,
        };
        place.records.insert((change.kind.clone(), change.id), change);
    }

    /// Takes a page in. With the last one, what was read from zero comes in sight.
    fn take(&mut self, id: SchoolId, page: Page, tx: &mut LocalTx) {
        let Page { changes, cursor, more, head } = page;
        let filling = self.next.as_mut().unwrap_or(&mut self.live);
        for change in changes {
            filling.take(id, change, tx);
        }
        filling.cursor = Some(cursor);
        filling.behind = more;
        if more {
            return;
        }
        filling.applied = filling.applied.max(head);
        if let Some(next) = self.next.take() {
            std::mem::replace(&mut self.live, next).delete(id, tx);
        }
    }
}

impl Replica {
    /// What to read: every stream this person may see, each from where it stands.
    pub fn next_pulls(&self) -> Vec<Pull> {
        if self.me.standing != Standing::Free {
            return Vec::new();
        }
        let readable = self.streams.iter().filter(|(_, stream)| !stream.gone);
        readable.map(|(id, stream)| Pull { stream: *id, cursor: stream.filling().cursor.clone() }).collect()
    }

    /// Takes in the page that `pull` asked for: rows and cursor together. A page that was asked for from
    /// where the stream stands no more, such as one received twice, changes nothing.
    pub fn page(&mut self, pull: &Pull, page: Page) -> LocalTx {
        self.change(|replica, tx| {
            replica.take_page(pull, page, tx);
            replica.answered();
        })
    }

    /// The streams held, with their names.
    pub fn streams(&self) -> impl Iterator<Item = (SchoolId, &str)> {
        self.streams.iter().map(|(id, stream)| (*id, stream.name.as_str()))
    }

    /// Whether everything the server had when it was last asked is in sight.
    pub fn is_synced(&self, stream: SchoolId) -> bool {
        self.streams.get(&stream).is_some_and(|stream| stream.next.is_none() && !stream.live.behind)
    }

    pub(super) fn take_page(&mut self, pull: &Pull, page: Page, tx: &mut LocalTx) {
        let Some(stream) = self.streams.get_mut(&pull.stream) else { return };
        if stream.filling().cursor != pull.cursor {
            return;
        }
        let heard =
            page.changes.iter().flat_map(|change| change.stamps.values().copied().chain(change.stamp));
        if let Some(heard) = heard.max() {
            self.me.clock.receive(heard);
        }
        stream.take(pull.stream, page, tx);
        tx.put(Key::Stream(pull.stream), stream);
    }

    /// Whether a pull stands where its stream stands.
    pub(super) fn stands(&self, pull: &Pull) -> bool {
        self.streams.get(&pull.stream).is_some_and(|stream| stream.filling().cursor == pull.cursor)
    }

    /// The seq up to which a record was read.
    pub(super) fn seen(&self, stream: SchoolId, kind: &str, id: Uuid) -> Seq {
        self.streams.get(&stream).map_or(0, |stream| stream.seen(kind, id))
    }
}
