//! When what a person may see changes, or the server was restored (protocol, sections 5 and 6).

use std::collections::{BTreeMap, BTreeSet};

use xunke_domain::ids::SchoolId;

use super::outbox::Ticket;
use super::store::{Key, LocalTx};
use super::streams::{Pull, Stream};
use super::{Replica, Standing};
use crate::cursor::CursorFault;
use crate::numbers::Numbers;
use crate::planted::{Bug, planted};
use crate::stamp::DeviceId;
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
            replica.me.unaccounted = !replica.answered_under().is_empty();
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

    /// The registrations under which writes were answered that are still kept.
    pub(super) fn answered_under(&self) -> BTreeSet<DeviceId> {
        let answered = self.writes.values().filter(|kept| !kept.is_queued());
        answered.map(|kept| kept.device).collect()
    }

    /// Compares what was answered with what the server says it has of the registrations it was `asked` for. It lacks
    /// a write only if it was restored to a time before it took it in; such writes go out again. What the queue says
    /// of the same records may have been told by those answers, so it counts as having seen nothing.
    pub(super) fn compare(
        &mut self,
        asked: &[DeviceId],
        ledger: &BTreeMap<DeviceId, Numbers>,
        tx: &mut LocalTx,
    ) {
        if planted(Bug::ResendForgotten) {
            return;
        }
        for device in asked.iter().filter(|device| !ledger.contains_key(device)) {
            self.forgotten(*device, tx);
        }
        let mut shaken = BTreeSet::new();
        for kept in self.writes.values_mut().filter(|kept| !kept.is_queued()) {
            if ledger.get(&kept.device).is_some_and(|numbers| !numbers.contain(kept.write.n)) {
                kept.send_again();
                shaken.insert(kept.write.record);
            }
        }
        if !shaken.is_empty() {
            // What it lacks goes before what is out.
            self.me.flight = None;
        }
        let queued = self.writes.iter_mut().filter(|(_, kept)| kept.is_queued());
        for (ticket, kept) in queued.filter(|(_, kept)| shaken.contains(&kept.write.record)) {
            kept.write.base = Some(0);
            tx.put(Key::Write(*ticket), kept);
        }
    }

    /// The server does not know the device of the push that is out.
    pub(super) fn push_forgotten(&mut self, tx: &mut LocalTx) {
        self.forgotten(self.device_out(), tx);
    }

    /// The server does not know a registration of this phone: it was restored to a time before it, so it has nothing
    /// of what was sent under it, whatever it had answered. All of that is queued again, to be numbered anew when the
    /// phone has registered again.
    fn forgotten(&mut self, device: DeviceId, tx: &mut LocalTx) {
        for (ticket, kept) in self.writes.iter_mut().filter(|(_, kept)| kept.device == device) {
            kept.send_again();
            (kept.stuck, kept.forgotten) = (false, true);
            tx.put(Key::Write(*ticket), kept);
        }
        (self.me.flight, self.me.standing) = (None, Standing::Forked);
    }
}
