//! What was captured on this phone, and what has become of it.
//!
//! Every write stays in one list under its [`Ticket`], queued first, then answered; the ticket outlives
//! the write's number, which changes when the device is registered anew.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;
use xunke_domain::fields::{FieldPath, Fields};
use xunke_domain::ids::SchoolId;

use super::store::{Key, LocalTx};
use super::{Replica, standing};
use crate::limits::{KEEP_ACKNOWLEDGED_DAYS, Limits};
use crate::record::{LastWrites, Seq, WriteId, note};
use crate::stamp::{DeviceId, Stamp};
use crate::strict_json;
use crate::wire::push::Write;
use crate::wire::result::{LostField, Outcome, WriteResult};

/// Names a captured write on this phone for good; tickets ascend in the order of capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticket(u64);

impl Ticket {
    const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Ticket {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// A write as this phone keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Whose number `write.n` is.
    pub(super) device: DeviceId,
    pub(super) write: Write,
    /// It was refused when sent alone, and waits for [`Replica::retry_stuck`].
    #[serde(default)]
    pub(super) stuck: bool,
    /// The server does not know its device; it waits to be numbered anew under the next registration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) forgotten: bool,
    /// Absent: it is in the queue.
    #[serde(default)]
    pub(super) answered: Option<Answered>,
}

/// What the server said, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Answered {
    /// The phone's clock, milliseconds.
    pub(super) at: i64,
    pub(super) result: WriteResult,
    /// Whether the author has put a held write out of sight.
    #[serde(default)]
    pub(super) dismissed: bool,
}

impl Kept {
    pub(super) const fn is_queued(&self) -> bool {
        self.answered.is_none()
    }

    /// Canonical once it is answered, before that claimed.
    pub(super) fn stamp(&self) -> Stamp {
        self.write.stamp.unwrap_or_else(|| standing::oldest(self.device))
    }

    /// Its name, which outlasts registrations.
    pub(super) fn id(&self) -> WriteId {
        self.write.id(self.device)
    }

    pub(super) fn is_of(&self, stream: SchoolId, kind: &str, record: Uuid) -> bool {
        self.write.stream == stream && self.write.record == record && self.write.kind == kind
    }

    pub(super) fn is_held(&self) -> bool {
        self.answered.as_ref().is_some_and(|answered| answered.result.settled() == Outcome::Held)
    }

    /// Its place in the stream, once it is acknowledged.
    pub(super) fn seq(&self) -> Option<Seq> {
        self.answered.as_ref()?.result.seq
    }

    /// Queues what was answered. What it had seen may be another past's.
    pub(super) fn send_again(&mut self) {
        self.answered = None;
        self.write.base = Some(0);
    }

    pub(super) fn shows_as_held(&self) -> Option<&WriteResult> {
        let answered = self.answered.as_ref().filter(|answered| !answered.dismissed)?;
        self.is_held().then_some(&answered.result)
    }
}

/// Where a write stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Status<'a> {
    /// In the queue.
    Queued,
    /// In the queue, but refused when sent alone; it waits for [`Replica::retry_stuck`].
    Stuck,
    /// The server has it.
    Acknowledged(&'a WriteResult),
    /// The server stored it for people to look at.
    Held(&'a WriteResult),
}

/// A write that people have to look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldWrite<'a> {
    /// Which write.
    pub ticket: Ticket,
    /// As it was sent.
    pub write: &'a Write,
    /// The answer, with reason and pointer.
    pub result: &'a WriteResult,
}

/// A write of this phone that lost fields to somebody else's, to be shown to the author.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disagreement<'a> {
    /// Which write.
    pub ticket: Ticket,
    /// What this phone said.
    pub write: &'a Write,
    /// What stands instead.
    pub lost: &'a BTreeMap<FieldPath, LostField>,
}

/// Why nothing was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CaptureFault {
    /// A write sets at least one field.
    #[error("a write sets at least one field")]
    NothingSet,
    /// Deeper than the protocol allows, and than a stored row can be read back.
    #[error("a value is nested too deep")]
    TooDeep,
}

/// Levels of a write above the values it sets.
const WRITE_DEPTH: usize = 2;

impl Replica {
    /// Captures what a person says about a record; needs neither a token nor a network.
    pub fn capture(
        &mut self,
        now_ms: i64,
        stream: SchoolId,
        kind: &str,
        record: Uuid,
        set: Fields,
    ) -> Result<(Ticket, LocalTx), CaptureFault> {
        if set.is_empty() {
            return Err(CaptureFault::NothingSet);
        }
        let depth = Limits::default().depth.saturating_sub(WRITE_DEPTH);
        let set = set.into_iter().map(|(path, value)| Some((path, strict_json::composed(value, depth)?)));
        let set = set.collect::<Option<Fields>>().ok_or(CaptureFault::TooDeep)?;
        let ticket = self.me.next_ticket;
        let tx = self.change(|replica, tx| {
            let device = replica.me.device;
            let write = Write {
                n: replica.me.next_n,
                stream,
                kind: kind.to_owned(),
                record,
                base: Some(replica.seen_of(stream, kind, record, &set)),
                stamp: Some(replica.me.clock.issue(now_ms, device)),
                saw: replica.writes_seen(stream, kind, record),
                born: None,
                set,
            };
            replica.me.next_n = replica.me.next_n.saturating_add(1);
            replica.me.next_ticket = ticket.next();
            let kept = Kept { device, write, stuck: false, forgotten: false, answered: None };
            tx.put(Key::Write(ticket), &kept);
            replica.writes.insert(ticket, kept);
        });
        Ok((ticket, tx))
    }

    /// Where a write stands; `None` once it was acknowledged so long ago that it is kept no more.
    pub fn status(&self, ticket: Ticket) -> Option<Status<'_>> {
        let kept = self.writes.get(&ticket)?;
        Some(match (&kept.answered, kept.shows_as_held()) {
            (None, _) if kept.stuck => Status::Stuck,
            (None, _) => Status::Queued,
            (Some(_), Some(held)) => Status::Held(held),
            (Some(answered), None) => Status::Acknowledged(&answered.result),
        })
    }

    /// The write of a ticket, with the number and stamp it has now.
    pub fn write(&self, ticket: Ticket) -> Option<&Write> {
        self.writes.get(&ticket).map(|kept| &kept.write)
    }

    /// How many writes wait to be answered.
    pub fn unsent(&self) -> usize {
        self.queue().count()
    }

    /// Writes refused when sent alone, which the others go past.
    pub fn stuck(&self) -> impl Iterator<Item = (Ticket, &Write)> {
        self.queue().filter(|(_, kept)| kept.stuck).map(|(ticket, kept)| (ticket, &kept.write))
    }

    /// Puts stuck writes back in their places: for when the app starts, or its person asks, or an hour has
    /// passed. One that is still at fault is found out again and delays the others by no wait.
    pub fn retry_stuck(&mut self) -> LocalTx {
        self.change(|replica, tx| {
            for (ticket, kept) in replica.writes.iter_mut().filter(|(_, kept)| kept.stuck) {
                kept.stuck = false;
                tx.put(Key::Write(*ticket), kept);
            }
        })
    }

    /// Writes that people have to look at, until the author dismisses them.
    pub fn held(&self) -> impl Iterator<Item = HeldWrite<'_>> {
        self.writes.iter().filter_map(|(ticket, kept)| {
            Some(HeldWrite { ticket: *ticket, write: &kept.write, result: kept.shows_as_held()? })
        })
    }

    /// Writes that lost fields to somebody else's.
    pub fn disagreements(&self) -> impl Iterator<Item = Disagreement<'_>> {
        self.writes.iter().filter_map(|(ticket, kept)| {
            let lost = &kept.answered.as_ref()?.result.lost;
            (!lost.is_empty()).then_some(Disagreement { ticket: *ticket, write: &kept.write, lost })
        })
    }

    /// The author has seen a held write; from here on it is kept like an acknowledged one.
    pub fn dismiss(&mut self, ticket: Ticket) -> LocalTx {
        self.change(|replica, tx| {
            if let Some(kept) = replica.writes.get_mut(&ticket)
                && let Some(answered) = &mut kept.answered
            {
                answered.dismissed = true;
                tx.put(Key::Write(ticket), kept);
            }
        })
    }

    /// Lets go of what was acknowledged more than 30 days ago. Held writes stay until dismissed, and what
    /// the phone has not read back yet stays in sight.
    pub fn prune(&mut self, now_ms: i64) -> LocalTx {
        let oldest = now_ms.saturating_sub(i64::from(KEEP_ACKNOWLEDGED_DAYS) * 24 * 60 * 60 * 1000);
        let old = |kept: &Kept| kept.answered.as_ref().is_some_and(|answered| answered.at < oldest);
        let done = |kept: &Kept| {
            let read_back = !self.streams.contains_key(&kept.write.stream) || !self.is_overlaid(kept);
            old(kept) && read_back && kept.shows_as_held().is_none()
        };
        let gone: Vec<Ticket> =
            self.writes.iter().filter(|(_, kept)| done(kept)).map(|(ticket, _)| *ticket).collect();
        self.change(|replica, tx| {
            for ticket in gone {
                replica.writes.remove(&ticket);
                tx.delete(Key::Write(ticket));
            }
        })
    }

    /// The seq up to which all of these fields are known. Beside pages, the answer to a write says how its fields
    /// stand: as it set them, or as the newer write that it lost to.
    fn seen_of(&self, stream: SchoolId, kind: &str, record: Uuid, set: &Fields) -> Seq {
        let read = self.seen(stream, kind, record);
        let told = |path: &FieldPath| {
            let own = self.writes.values().filter(|kept| kept.is_of(stream, kind, record) && !kept.is_held());
            let own = own.filter(|kept| kept.write.set.contains_key(path));
            own.filter_map(Kept::seq).max().unwrap_or(0)
        };
        set.keys().map(|path| read.max(told(path))).min().unwrap_or(read)
    }

    /// The last write of each other device that is in sight in a record: in what pages say, and in what answers say
    /// of fields that were lost. `None` where the page comes from before writes had names.
    fn writes_seen(&self, stream: SchoolId, kind: &str, record: Uuid) -> Option<LastWrites> {
        let confirmed = self.streams.get(&stream).and_then(|stream| stream.confirmed(kind, record));
        if confirmed.is_some_and(|change| change.writes.is_empty()) {
            return None;
        }
        let mut seen = confirmed.map(|change| change.writes.clone()).unwrap_or_default();
        let own = self.writes.values().filter(|kept| kept.is_of(stream, kind, record));
        let lost = own.filter_map(|kept| kept.answered.as_ref());
        for id in lost.flat_map(|answered| answered.result.lost.values()).filter_map(|lost| lost.write) {
            note(&mut seen, id);
        }
        seen.remove(&self.me.device);
        Some(seen)
    }

    /// The queue, in the order of capture.
    pub(super) fn queue(&self) -> impl Iterator<Item = (Ticket, &Kept)> {
        self.writes.iter().filter(|(_, kept)| kept.is_queued()).map(|(ticket, kept)| (*ticket, kept))
    }
}
