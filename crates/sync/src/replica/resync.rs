//! When what a person may see changes, or the server was restored (protocol, sections 5 and 6).

use std::collections::{BTreeMap, BTreeSet};

use xunke_domain::fields::FieldPath;
use xunke_domain::ids::SchoolId;

use super::Replica;
use super::outbox::{Kept, Ticket};
use super::store::{Key, LocalTx};
use super::streams::{Pull, Stream};
use crate::cursor::CursorFault;
use crate::record::Seq;
use crate::stamp::Stamp;
use crate::wire::page::StreamInfo;

impl Replica {
    /// Takes in `GET /sync/streams`: a new stream is read from zero; one that is gone is pushed to until its
    /// queue is empty, see [`removable`](Self::removable). A changed grant is left to the cursor, which the
    /// server refuses: only the refusal tells whether the server was restored as well.
    pub fn streams_listed(&mut self, listed: &[StreamInfo]) -> LocalTx {
        let listed: BTreeMap<SchoolId, &StreamInfo> = listed.iter().map(|info| (info.stream, info)).collect();
        self.change(|replica, tx| {
            for (id, info) in &listed {
                let StreamInfo { stream: _, name, head: _, grant: _ } = *info;
                let stream = replica.streams.entry(*id).or_insert_with(|| Stream::new(name.clone()));
                stream.name.clone_from(name);
            }
            for (id, stream) in &mut replica.streams {
                stream.gone = !listed.contains_key(id);
                tx.put(Key::Stream(*id), stream);
            }
            replica.answered();
        })
    }

    /// Streams that are gone and have nothing queued: time to [`remove`](Self::remove) them.
    pub fn removable(&self) -> Vec<SchoolId> {
        let queued: BTreeSet<SchoolId> = self.queue().map(|(_, kept)| kept.write.stream).collect();
        let gone = self.streams.iter().filter(|(id, stream)| stream.gone && !queued.contains(id));
        gone.map(|(id, _)| *id).collect()
    }

    /// Removes everything of a stream that is [`removable`](Self::removable), answered writes included.
    pub fn remove(&mut self, stream: SchoolId) -> LocalTx {
        let may = self.removable().contains(&stream);
        self.change(|replica, tx| {
            if !may {
                return;
            }
            if let Some(removed) = replica.streams.remove(&stream) {
                removed.live.delete(stream, tx);
                if let Some(next) = removed.next {
                    next.delete(stream, tx);
                }
                tx.delete(Key::Stream(stream));
            }
            replica.writes.retain(|ticket, kept| {
                let stays = kept.write.stream != stream;
                if !stays {
                    tx.delete(Key::Write(*ticket));
                }
                stays
            });
        })
    }

    /// The cursor of `pull` was refused (410 `cursor-invalid`): the stream is read from zero, the queue is
    /// kept; after a fork, everything answered that is still kept goes out again, before newer writes. So it
    /// does where the server cannot read the cursor: it may have come back from a backup without its keys.
    pub fn cursor_refused(&mut self, pull: &Pull, fault: CursorFault) -> LocalTx {
        self.change(|replica, tx| {
            replica.start_again(pull, fault, tx);
            replica.answered();
        })
    }

    pub(super) fn start_again(&mut self, pull: &Pull, fault: CursorFault, tx: &mut LocalTx) {
        if !self.stands(pull) {
            return;
        }
        let lost = match fault {
            CursorFault::Fork | CursorFault::Expired => true,
            CursorFault::Grant => false,
        };
        if let Some(stream) = self.streams.get_mut(&pull.stream) {
            stream.restart(pull.stream, tx);
            stream.live.lost |= lost;
            tx.put(Key::Stream(pull.stream), stream);
        }
        if lost {
            self.send_again(pull.stream, tx);
        }
    }

    /// Queues what was answered, under the same number and the canonical stamp, and takes back what the
    /// queue says it had seen: those seqs are another past's. The server knows such a write by its number.
    fn send_again(&mut self, stream: SchoolId, tx: &mut LocalTx) {
        let mut touched: BTreeSet<Ticket> = BTreeSet::new();
        for (ticket, kept) in self.writes.iter_mut().filter(|(_, kept)| kept.write.stream == stream) {
            kept.answered = None;
            kept.write.base = Some(0);
            tx.put(Key::Write(*ticket), kept);
            touched.insert(*ticket);
        }
        // An answer that is still under way is the lost past's.
        self.me.flight.take_if(|flight| flight.tickets.iter().any(|ticket| touched.contains(ticket)));
    }

    /// The stream was read from `from` on and is consistent. What was acknowledged above `from` must be in
    /// it: a server restored to a point after `from` finds nothing wrong with the cursor, nor with none at
    /// all, but it has lost those writes. They go out again, and with them the held ones, which no page
    /// shows. A write that was beaten leaves no mark of its own, so it is asked after in any case. Each is
    /// asked after once: if the server does have it, its answer names a seq that was read.
    pub(super) fn read_back(&mut self, stream: SchoolId, from: Seq, tx: &mut LocalTx) {
        if let Some(flight) = &mut self.me.flight {
            flight.overtaken = true;
        }
        let since = self.writes.iter().filter(|(_, kept)| kept.write.stream == stream);
        let since = since.filter(|(_, kept)| kept.seq().is_some_and(|seq| seq > from));
        let traces: BTreeMap<Ticket, Trace> =
            since.map(|(ticket, kept)| (*ticket, self.trace(kept))).collect();
        let missing = traces.values().any(|trace| *trace == Trace::Missing);
        if missing && from == 0 {
            // No cursor vouches for anything that was read before.
            return self.send_again(stream, tx);
        }
        for (ticket, kept) in self.writes.iter_mut().filter(|(_, kept)| kept.write.stream == stream) {
            let again = match traces.get(ticket) {
                Some(trace) => missing || *trace == Trace::Beaten,
                None => missing && kept.is_held(),
            };
            if again {
                kept.answered = None;
                tx.put(Key::Write(*ticket), kept);
            }
        }
    }

    /// Whether what was read to the end does not show that the server has a write that it acknowledged.
    pub(super) fn is_in_doubt(&self, ticket: Ticket) -> bool {
        let Some(kept) = self.writes.get(&ticket) else { return false };
        let seen = self.seen(kept.write.stream, &kept.write.kind, kept.write.record);
        kept.seq().is_none_or(|seq| seq <= seen && self.trace(kept) != Trace::Shown)
    }

    /// What the server's record tells of an acknowledged write.
    fn trace(&self, kept: &Kept) -> Trace {
        let write = &kept.write;
        let stream = self.streams.get(&write.stream);
        let change = stream.and_then(|stream| stream.confirmed(&write.kind, write.record));
        let Some(change) = change.filter(|change| kept.seq() <= Some(change.seq)) else {
            return Trace::Missing;
        };
        let mut trace = Trace::Shown;
        for path in write.set.keys() {
            let stamp = change.stamps.get(path).copied().or(change.stamp);
            if !change.fields.contains_key(path) || stamp < Some(kept.stamp()) {
                return Trace::Missing;
            }
            if stamp > Some(kept.stamp()) && !self.beaten_by_its_own(kept, path, stamp) {
                trace = Trace::Beaten;
            }
        }
        trace
    }

    /// Whether a field stands as a later write of this phone says, answered together with this one: then
    /// who has that one has both.
    fn beaten_by_its_own(&self, kept: &Kept, path: &FieldPath, stamp: Option<Stamp>) -> bool {
        let flight = |kept: &Kept| kept.answered.as_ref().and_then(|answered| answered.flight);
        self.writes.values().any(|later| {
            later.is_of(kept.write.stream, &kept.write.kind, kept.write.record)
                && later.write.set.contains_key(path)
                && Some(later.stamp()) == stamp
                && later.seq() > kept.seq()
                && flight(later).is_some()
                && flight(later) == flight(kept)
        })
    }
}

/// What a record tells of a write that was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trace {
    /// Every field it set has its stamp.
    Shown,
    /// Some field has the larger stamp of another, which may have come alone.
    Beaten,
    /// The record stands as if it had never come.
    Missing,
}
