//! How the queue is sent, and how its answers are taken in (protocol, section 4).
//!
//! A push is out until it is answered: the same writes are offered again, before any later one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use xunke_domain::fields::FieldPath;

use super::outbox::{Answered, Kept, Ticket};
use super::store::{Key, LocalTx};
use super::streams::Pull;
use super::{Replica, Standing};
use crate::cursor::CursorFault;
use crate::limits::{Limits, SCHEMA};
use crate::record::note;
use crate::stamp::{DeviceId, Stamp};
use crate::wire::push::{PushRequest, Write};
use crate::wire::result::{Outcome, Pulled, PushAnswer};

/// A push that is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flight {
    /// Tells its answer from that of an earlier one.
    pub(super) id: u64,
    pub(super) tickets: Vec<Ticket>,
}

/// A push to be sent; keep it until its answer is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// The body of `POST /sync/push`.
    pub request: PushRequest,
    flight: Option<u64>,
}

/// An answer that is not one to this push; the push counts as not delivered, and nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotDelivered {
    /// Not one result a write.
    #[error("{writes} writes were answered with {results} results")]
    Count {
        /// Writes sent.
        writes: usize,
        /// Results received.
        results: usize,
    },
    /// The results are not those of the writes, in order.
    #[error("write {n} was answered with a result for {other}")]
    Order {
        /// The write sent.
        n: i64,
        /// The number in the result at its place.
        other: i64,
    },
}

/// Bytes of a push left to what is around its writes.
const ENVELOPE_BYTES: usize = 16 * 1024;
/// From here on, finding out again that a push is too large costs less than small pushes do.
const BATCH_ENOUGH: usize = 512;

impl Replica {
    /// What to send next: once after the streams were listed the question which writes the server has, so that what it
    /// lacks goes out before what was said later; then the push that is out, or the first writes of the queue; with an
    /// empty queue the pulls alone. `now` is the phone's clock in RFC 3339. Nothing while the server will not listen.
    pub fn next_push(&mut self, now: &str, limits: &Limits, pulls: &[Pull]) -> Option<(Push, LocalTx)> {
        if self.me.standing != Standing::Free {
            return None;
        }
        let ledger = if self.me.unaccounted { self.answered_under() } else { BTreeSet::new() };
        let asking = !ledger.is_empty();
        let tx = self.change(|replica, _| {
            if replica.me.flight.is_none() && !asking {
                replica.take_off(limits);
            }
        });
        let device = self.device_out();
        let out = self.me.flight.as_ref().filter(|_| !asking);
        let tickets = out.map(|flight| flight.tickets.as_slice()).unwrap_or_default();
        let kept: Vec<&Kept> = tickets.iter().filter_map(|ticket| self.writes.get(ticket)).collect();
        if kept.is_empty() && pulls.is_empty() && !asking {
            return None;
        }
        let beyond = self.unsent().saturating_sub(kept.len());
        let request = PushRequest {
            device,
            schema: SCHEMA,
            now: now.to_owned(),
            unsent: i64::try_from(beyond).unwrap_or(i64::MAX),
            writes: kept.into_iter().map(|kept| self.as_sent(kept)).collect(),
            ledger: ledger.into_iter().collect(),
            pull: pulls.iter().map(|pull| (pull.stream, pull.cursor.clone())).collect(),
        };
        Some((Push { request, flight: out.map(|flight| flight.id) }, tx))
    }

    /// Takes in the answer to a push. An answer to a push that is out no more changes nothing.
    pub fn push_answered(
        &mut self,
        now_ms: i64,
        push: &Push,
        answer: PushAnswer,
    ) -> Result<LocalTx, NotDelivered> {
        let PushAnswer { server_time: _, results, ledger, pull } = answer;
        let Push { request, flight } = push;
        if results.len() != request.writes.len() {
            return Err(NotDelivered::Count { writes: request.writes.len(), results: results.len() });
        }
        if let Some((write, result)) =
            request.writes.iter().zip(&results).find(|(write, result)| write.n != result.n)
        {
            return Err(NotDelivered::Order { n: write.n, other: result.n });
        }
        let current = flight.is_none() || self.me.flight.as_ref().map(|out| out.id) == *flight;
        Ok(self.change(|replica, tx| {
            if let Some(flight) = replica.me.flight.take_if(|out| Some(out.id) == *flight) {
                replica.me.batch = replica
                    .me
                    .batch
                    .map(|batch| batch.saturating_mul(2))
                    .filter(|batch| *batch < BATCH_ENOUGH);
                let sent = request.writes.iter().map(|write| write.stamp);
                for ((ticket, claimed), result) in flight.tickets.into_iter().zip(sent).zip(results) {
                    let answered = Answered { at: now_ms, result, dismissed: false };
                    replica.settle(ticket, claimed, answered, tx);
                }
            }
            if current && !request.ledger.is_empty() {
                replica.me.unaccounted = false;
                // A server that says none is of a version before the ledger was said.
                if let Some(ledger) = ledger {
                    replica.compare(&request.ledger, &ledger, tx);
                }
            }
            for (stream, pulled) in pull {
                let Ok(stream) = stream.parse() else { continue };
                let Some(cursor) = request.pull.get(&stream) else { continue };
                let asked = Pull { stream, cursor: cursor.clone() };
                match pulled {
                    Pulled::Page(page) => replica.take_page(&asked, page, tx),
                    Pulled::Problem(problem) => {
                        if let Some(fault) = cursor_fault(&problem) {
                            replica.start_again(&asked, fault, tx);
                        }
                    }
                }
            }
            replica.me.refused = 0;
            replica.answered();
        }))
    }

    /// A write with what it saw of this phone's own under other registrations: that it was captured later on the same
    /// phone counts for nothing if the server does not take it for what it was born as.
    fn as_sent(&self, kept: &Kept) -> Write {
        let mut write = kept.write.clone();
        let before = self.writes.values().take_while(|other| !std::ptr::eq(*other, kept));
        for own in before.filter(|own| own.is_of(kept.write.stream, &kept.write.kind, kept.write.record)) {
            let elsewhere = own.device != kept.device || own.id().device != kept.id().device;
            if let Some(saw) = write.saw.as_mut().filter(|_| elsewhere) {
                note(saw, own.id());
            }
        }
        write
    }

    /// The device whose writes are out.
    pub(super) fn device_out(&self) -> DeviceId {
        let mut out = self.me.flight.iter().flat_map(|flight| &flight.tickets);
        out.find_map(|ticket| self.writes.get(ticket)).map_or(self.me.device, |kept| kept.device)
    }

    /// The first writes of the queue that are not stuck, as many as fit, those of one device together.
    fn take_off(&mut self, limits: &Limits) {
        let most = limits.push_writes.min(self.me.batch.unwrap_or(usize::MAX)).max(1);
        let mut room = limits.push_bytes.saturating_sub(ENVELOPE_BYTES);
        let mut device = None;
        let mut tickets = Vec::new();
        for (ticket, kept) in self.queue().filter(|(_, kept)| !kept.stuck) {
            let bytes = serde_json::to_string(&kept.write).map_or(0, |text| text.len() + 1);
            if *device.get_or_insert(kept.device) != kept.device {
                continue;
            }
            if !tickets.is_empty() && (tickets.len() == most || bytes > room) {
                break;
            }
            room = room.saturating_sub(bytes);
            tickets.push(ticket);
        }
        if !tickets.is_empty() {
            self.me.flights = self.me.flights.saturating_add(1);
            self.me.flight = Some(Flight { id: self.me.flights, tickets });
        }
    }

    /// Takes a write out of the queue, with its canonical stamp and the fields it lost.
    fn settle(&mut self, ticket: Ticket, claimed: Option<Stamp>, answered: Answered, tx: &mut LocalTx) {
        let Some(kept) = self.writes.get_mut(&ticket) else { return };
        let result = &answered.result;
        let canonical = result.stamp.or(claimed);
        let heard = result.lost.values().map(|lost| lost.stamp).chain(result.stamp).max();
        if result.settled() != Outcome::Held {
            kept.write.stamp = canonical;
        }
        kept.answered = Some(answered);
        tx.put(Key::Write(ticket), kept);
        if canonical > claimed {
            self.lift_later(ticket, tx);
        }
        if let Some(heard) = heard {
            self.me.clock.receive(heard);
        }
    }

    /// The server lifts a write above what it had seen, so the queued writes of this phone that come after
    /// a lifted one are lifted here as they will be there; else an older word would show over a newer.
    fn lift_later(&mut self, lifted: Ticket, tx: &mut LocalTx) {
        let Some(first) = self.writes.get(&lifted) else { return };
        let (device, write) = (first.device, first.write.clone());
        let mut floors: BTreeMap<FieldPath, Stamp> =
            write.set.keys().map(|path| (path.clone(), first.stamp())).collect();
        let later = self.writes.range_mut(lifted..).skip(1).filter(|(_, kept)| {
            kept.is_queued() && kept.device == device && kept.is_of(write.stream, &write.kind, write.record)
        });
        for (ticket, kept) in later {
            let floor = kept.write.set.keys().filter_map(|path| floors.get(path)).max().copied();
            let Some(floor) = floor else { continue };
            if kept.stamp() <= floor {
                kept.write.stamp = Some(floor.just_above(device));
                tx.put(Key::Write(*ticket), kept);
                self.me.clock.receive(kept.stamp());
            }
            let stamp = kept.stamp();
            floors.extend(kept.write.set.keys().map(|path| (path.clone(), stamp)));
        }
    }
}

/// Why a pull inside a push was refused; `None` for a problem that says nothing about the cursor.
fn cursor_fault(problem: &Value) -> Option<CursorFault> {
    let name = problem.get("type")?.as_str()?;
    if !name.ends_with("cursor-invalid") {
        return None;
    }
    let reason = problem.get("reason").cloned().unwrap_or_default();
    // A reason this version has no name for is still a refusal.
    Some(serde_json::from_value(reason).unwrap_or(CursorFault::Expired))
}
