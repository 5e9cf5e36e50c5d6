//! When what a person may see changes, or the server was restored (protocol, sections 5 and 6).

use std::collections::{BTreeMap, BTreeSet};

use xunke_domain::ids::SchoolId;

use super::outbox::{Kept, Ticket};
use super::store::{Key, LocalTx};
use super::streams::{Pull, Stream};
use super::{Replica, Standing};
use crate::cursor::CursorFault;
use crate::planted::{Bug, planted};
use crate::record::Seq;
use crate::wire::page::StreamInfo;

impl Replica {
    /// Takes in `GET /sync/streams`: a new stream is read from zero; one that is gone is pushed to until its
    /// queue is empty, see [`removable`](Self::removable). So that nothing is removed that a restored server has
    /// lost, with the school or the membership itself perhaps, all that was answered is asked after first. A changed
    /// grant is left to the cursor, which the server refuses: only the refusal tells whether the server was restored
    /// as well.
    pub fn streams_listed(&mut self, listed: &[StreamInfo]) -> LocalTx {
        let listed: BTreeMap<SchoolId, &StreamInfo> = listed.iter().map(|info| (info.stream, info)).collect();
        self.change(|replica, tx| {
            for (id, info) in &listed {
                let StreamInfo { stream: _, name, head: _, grant: _ } = *info;
                let stream = replica.streams.entry(*id).or_insert_with(|| Stream::new(name.clone()));
                stream.name.clone_from(name);
            }
            for (id, stream) in &mut replica.streams {
                let was_gone = std::mem::replace(&mut stream.gone, !listed.contains_key(id));
                tx.put(Key::Stream(*id), stream);
                if was_gone || !stream.gone {
                    continue;
                }
                for (ticket, kept) in &mut replica.writes {
                    if kept.write.stream == *id && kept.answered.is_some() {
                        kept.send_again();
                        tx.put(Key::Write(*ticket), kept);
                    }
                }
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
        if planted(Bug::ResendForgotten) {
            return;
        }
        let mut touched: BTreeSet<Ticket> = BTreeSet::new();
        for (ticket, kept) in self.writes.iter_mut().filter(|(_, kept)| kept.write.stream == stream) {
            kept.send_again();
            tx.put(Key::Write(*ticket), kept);
            touched.insert(*ticket);
        }
        // An answer that is still under way is the lost past's.
        self.me.flight.take_if(|flight| flight.tickets.iter().any(|ticket| touched.contains(ticket)));
    }

    /// The server does not know the device of the push that is out: it was restored to a time before that
    /// registration, so it has nothing of what was sent under it, whatever it had answered. All of that is queued
    /// again, to be numbered anew when the phone has registered again.
    pub(super) fn forgotten(&mut self, tx: &mut LocalTx) {
        let mut out = self.me.flight.iter().flat_map(|flight| &flight.tickets);
        let sent = out.find_map(|ticket| self.writes.get(ticket));
        let device = sent.map_or(self.me.device, |kept| kept.device);
        for (ticket, kept) in self.writes.iter_mut().filter(|(_, kept)| kept.device == device) {
            kept.send_again();
            (kept.stuck, kept.forgotten) = (false, true);
            tx.put(Key::Write(*ticket), kept);
        }
        (self.me.flight, self.me.standing) = (None, Standing::Forked);
    }

    /// The stream was read from `from` on and is consistent. What was acknowledged above `from` must be in
    /// it: a server restored to a point after `from` finds nothing wrong with the cursor, nor with none at
    /// all, but it has lost those writes. They go out again, and with them the held ones, which no page
    /// shows. Each is asked after once: if the server does have it, its answer names a seq that was read.
    pub(super) fn read_back(&mut self, stream: SchoolId, from: Seq, tx: &mut LocalTx) {
        if let Some(flight) = &mut self.me.flight {
            flight.overtaken = true;
        }
        let Some(read) = self.streams.get(&stream) else { return };
        let since = |kept: &Kept| kept.write.stream == stream && kept.seq().is_some_and(|seq| seq > from);
        let missing = self.writes.values().any(|kept| since(kept) && !read.contains(kept));
        if missing && from == 0 {
            // No cursor vouches for anything that was read before.
            return self.send_again(stream, tx);
        }
        for (ticket, kept) in self.writes.iter_mut().filter(|(_, kept)| kept.write.stream == stream) {
            let doubtful = since(kept) && (missing || !read.shows(kept));
            if doubtful || kept.ask_after_held(read.head(), missing) {
                kept.answered = None;
                tx.put(Key::Write(*ticket), kept);
            }
        }
    }

    /// Whether what was read to the end does not show that the server has a write that it acknowledged.
    pub(super) fn is_in_doubt(&self, ticket: Ticket) -> bool {
        let Some(kept) = self.writes.get(&ticket) else { return false };
        let write = &kept.write;
        let seen = self.seen(write.stream, &write.kind, write.record);
        let shown = self.streams.get(&write.stream).is_some_and(|stream| stream.shows(kept));
        kept.seq().is_none_or(|seq| seq <= seen && !shown)
    }
}

impl Kept {
    /// Whether a held write is to be asked after. It has no seq that a cursor could vouch for, so it is asked after
    /// when the stream is first read after its answer, and once more when that has moved on since: a cursor above
    /// everything there was when it was answered is one that a server without it does not know.
    fn ask_after_held(&mut self, head: Seq, missing: bool) -> bool {
        if !self.is_held() {
            return false;
        }
        let sight = self.shows_as_held().is_some();
        let ask = missing || (sight && self.asked.is_none_or(|asked| asked < head));
        if ask {
            self.asked = Some(if self.asked.is_some() { Seq::MAX } else { head });
        }
        ask
    }
}

impl Stream {
    /// Consistent as of this seq.
    const fn head(&self) -> Seq {
        self.live.applied
    }

    /// Whether the server's record shows an acknowledged write itself: a field has its stamp. A larger one says
    /// nothing: what beat this write may have come to a restored server, by another phone or from this one's queue,
    /// that has lost this one.
    fn shows(&self, kept: &Kept) -> bool {
        let Some(change) = self.confirmed(&kept.write.kind, kept.write.record) else { return false };
        let own = |path| change.fields.contains_key(path) && change.stamp_of(path) == Some(kept.stamp());
        kept.write.set.keys().any(own)
    }

    /// Whether the server's record shows that it took in an acknowledged write: every field has its stamp,
    /// or the larger one of a write that beat it.
    fn contains(&self, kept: &Kept) -> bool {
        let Some(change) = self.confirmed(&kept.write.kind, kept.write.record) else { return false };
        let shows = |path| change.fields.contains_key(path) && change.stamp_of(path) >= Some(kept.stamp());
        kept.seq() <= Some(change.seq) && kept.write.set.keys().all(shows)
    }
}
