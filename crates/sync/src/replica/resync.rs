//! When what a person may see changes, or the server was restored (protocol, sections 5 and 6).

use std::collections::{BTreeMap, BTreeSet};

use xunke_domain::ids::SchoolId;

use super::Replica;
use super::outbox::Ticket;
use super::store::{Key, LocalTx};
use super::streams::{Pull, Stream};
use crate::cursor::CursorFault;
use crate::wire::page::StreamInfo;

impl Replica {
    /// Takes in `GET /sync/streams`: a new stream is read from zero, so is one whose grant has changed; one
    /// that is gone is pushed to until its queue is empty, see [`removable`](Self::removable).
    pub fn streams_listed(&mut self, listed: &[StreamInfo]) -> LocalTx {
        let listed: BTreeMap<SchoolId, &StreamInfo> = listed.iter().map(|info| (info.stream, info)).collect();
        self.change(|replica, tx| {
            for (id, info) in &listed {
                let StreamInfo { stream: _, name, head: _, grant } = *info;
                let new = || Stream::new(name.clone(), grant.clone());
                let stream = replica.streams.entry(*id).or_insert_with(new);
                if stream.grant != *grant {
                    stream.restart(*id, tx);
                }
                stream.name.clone_from(name);
                stream.grant.clone_from(grant);
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
    /// kept; after a fork, everything answered that is still kept goes out again, before newer writes.
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
        if let Some(stream) = self.streams.get_mut(&pull.stream) {
            stream.restart(pull.stream, tx);
            stream.live.lost |= fault == CursorFault::Fork;
            tx.put(Key::Stream(pull.stream), stream);
        }
        if fault == CursorFault::Fork {
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
}
