//! A server as small as it gets, around the real reader, the real merge and the real cursors. It keeps what the
//! properties ask for: every write it took in, with the time of receipt.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_sync::cursor::{Cursor, CursorFault, Lineage, nonce_covering};
use xunke_sync::limits::Limits;
use xunke_sync::merge::{Base, Incoming, Past, merge, needs_history};
use xunke_sync::record::{Origin, RecordState, Seq};
use xunke_sync::stamp::DeviceId;
use xunke_sync::wire::page::{Change, Life, Page};
use xunke_sync::wire::push::{self, PushRequest, Write};
use xunke_sync::wire::result::{HeldReason, LostField, Outcome, Pulled, PushAnswer, WriteResult};

const KEY: &[u8] = b"model";
/// Writes of this type are held.
pub(crate) const HELD_KIND: &str = "odd";

/// Rules that a model can leave out, to show that a property needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Lifting above what was seen.
    Lift,
    /// Knowing what was seen by the numbers of writes, and not by the base alone.
    Saw,
    /// Clamping stamps from the future.
    Clamp,
    /// Telling a restored server's past by its nonces.
    Lineage,
    /// Knowing a write again.
    Ledger,
}

/// The one school of the model.
pub(crate) fn school() -> SchoolId {
    SchoolId::from_uuid(Uuid::from_u128(1))
}

/// The server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) now: i64,
    process: u128,
    head: Seq,
    lineage: Vec<Lineage>,
    pub(crate) records: BTreeMap<Uuid, Record>,
    pub(crate) held: Vec<Value>,
    ledger: BTreeMap<(DeviceId, i64), (String, WriteResult)>,
}

/// A record with everything that was ever said about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    seq: Seq,
    pub(crate) state: RecordState,
    past: Vec<Past>,
    /// The times of receipt, milliseconds, in the order of `past`.
    received: Vec<i64>,
    /// What was told to people: two writes that had not seen each other.
    clashes: Vec<[Value; 2]>,
}

/// A write the server has taken in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) origin: Origin,
    /// What it says; each write of the model says something of its own.
    pub(crate) said: &'a Value,
    pub(crate) received: i64,
}

impl Record {
    /// Whether people were told that these two disagree.
    pub(crate) fn told(&self, one: &Value, other: &Value) -> bool {
        self.clashes.iter().any(|clash| clash.contains(one) && clash.contains(other))
    }

    pub(crate) fn taken(&self) -> impl Iterator<Item = Taken<'_>> {
        self.past.iter().zip(&self.received).flat_map(|(past, received)| {
            past.set.values().map(|said| Taken { origin: past.origin, said, received: *received })
        })
    }
}

impl Server {
    pub(crate) const fn new(now: i64) -> Self {
        Self {
            now,
            process: 1,
            head: 0,
            lineage: Vec::new(),
            records: BTreeMap::new(),
            held: Vec::new(),
            ledger: BTreeMap::new(),
        }
    }

    /// What comes back when `backup` is put in place and a new process is started a second later.
    pub(crate) fn restored(&self, backup: &Self) -> Self {
        Self { now: self.now + 1_000, process: self.process + 1, ..backup.clone() }
    }

    pub(crate) fn push(
        &mut self,
        request: &PushRequest,
        without: Option<Rule>,
        page_records: usize,
    ) -> PushAnswer {
        let body = serde_json::to_vec(request).expect("a request is JSON");
        let read = push::read(&body, &Limits::default()).expect("a replica sends what can be read");
        let mut results = Vec::new();
        for arrived in &read.writes {
            let key = (read.device, arrived.n);
            if without != Some(Rule::Ledger)
                && let Some((hash, known)) = self.ledger.get(&key)
            {
                assert_eq!(*hash, arrived.body_hash(), "no phone of the model was cloned");
                results.push(known.clone().again());
                continue;
            }
            let write = arrived.write.as_ref().expect("a replica sends what can be read");
            let result = self.take(read.device, write, without);
            self.ledger.insert(key, (arrived.body_hash(), result.clone()));
            results.push(result);
        }
        let pulled = |(stream, cursor): (&SchoolId, &Option<String>)| {
            let pulled = match self.pull(cursor.as_deref(), page_records) {
                Ok(page) => Pulled::Page(page),
                Err(fault) => Pulled::Problem(json!({"type": "/problems/cursor-invalid", "reason": fault})),
            };
            (stream.to_string(), pulled)
        };
        let numbers = |device: &DeviceId| {
            let of_it = self.ledger.keys().filter(|(of, _)| of == device).map(|(_, n)| *n);
            (*device, of_it.collect())
        };
        let ledger = Some(request.ledger.iter().map(numbers).collect());
        let pull = request.pull.iter().map(pulled).collect();
        PushAnswer { server_time: String::new(), results, ledger, pull }
    }

    pub(crate) fn pull(&self, cursor: Option<&str>, page_records: usize) -> Result<Page, CursorFault> {
        let after = match cursor {
            None => 0,
            Some(text) => {
                let cursor = Cursor::open(text, KEY)?;
                cursor.check(school(), 0, &self.lineage, self.head)?;
                cursor.seq
            }
        };
        let mut newer: Vec<_> = self.records.iter().filter(|(_, record)| record.seq > after).collect();
        newer.sort_by_key(|(_, record)| record.seq);
        let more = newer.len() > page_records;
        newer.truncate(page_records);
        let upto = newer.last().filter(|_| more).map_or(self.head, |(_, record)| record.seq);
        let (head, nonce) = (self.head, nonce_covering(&self.lineage, self.head));
        let place =
            Cursor { stream: school(), seq: upto, grant: 0, from: None, head, nonce, schema: 1, began: 0 };
        let changes = newer.into_iter().map(|(id, record)| change(*id, record)).collect();
        Ok(Page { changes, cursor: place.seal(KEY), more, head: self.head })
    }

    fn next_seq(&mut self, without: Option<Rule>) -> Seq {
        self.head += 1;
        let nonce = Uuid::from_u128(if without == Some(Rule::Lineage) { 1 } else { self.process });
        if self.lineage.last().is_none_or(|last| last.nonce != nonce) {
            self.lineage.push(Lineage { from_seq: self.head, nonce });
        }
        self.head
    }

    fn take(&mut self, device: DeviceId, write: &Write, without: Option<Rule>) -> WriteResult {
        if write.kind == HELD_KIND {
            self.held.extend(write.set.values().cloned());
            self.held.sort_by_key(Value::to_string);
            return WriteResult {
                reason: Some(HeldReason::UnknownType),
                held: Some(Uuid::from_u128(1)),
                ..WriteResult::plain(write.n, Outcome::Held)
            };
        }
        let seq = self.next_seq(without);
        let latest_n = self.ledger.keys().filter(|(known, _)| *known == device).map(|(_, n)| *n).max();
        let base = if without == Some(Rule::Lift) { Base::Seen(0) } else { write.base() };
        let blind = matches!(without, Some(Rule::Lift | Rule::Saw));
        let saw = if blind { None } else { write.saw.as_ref() };
        let incoming = Incoming {
            device,
            n: write.n,
            base,
            saw,
            id: Some(write.id(device)),
            claimed: write.stamp,
            set: &write.set,
        };
        let record = self.records.entry(write.record).or_default();
        let asked = needs_history(&record.state, &incoming, latest_n.unwrap_or(0));
        let past = if asked { record.past.as_slice() } else { &[] };
        // A clamp that never strikes.
        let received = if without == Some(Rule::Clamp) { i64::MAX } else { self.now };
        let merged = merge(&mut record.state, past, &[], &incoming, received, seq);
        record.seq = seq;
        let origin = Origin::named(merged.canonical, seq, write.n, None);
        record.past.push(Past { origin, set: write.set.clone(), saw: saw.cloned().unwrap_or_default() });
        record.received.push(self.now);
        let told = merged.clashes.into_iter().map(|clash| [clash.standing.value, clash.arrived.value]);
        record.clashes.extend(told);
        let lost = merged.lost.into_iter().map(|lost| {
            let (value, stamp) = (lost.winner.value, lost.winner.origin.stamp);
            let write = lost.winner.origin.id;
            (lost.path, LostField { value, stamp, by: UserId::from_uuid(Uuid::nil()), write, conflict: None })
        });
        let lost: BTreeMap<_, _> = lost.collect();
        let outcome = if lost.is_empty() { Outcome::Applied } else { Outcome::Merged };
        let stamp = (Some(merged.canonical) != write.stamp).then_some(merged.canonical);
        WriteResult { seq: Some(seq), stamp, lost, ..WriteResult::plain(write.n, outcome) }
    }
}

fn change(id: Uuid, record: &Record) -> Change {
    let stamp = record.state.stamp();
    let registers = record.state.registers.iter();
    let stamps = registers.map(|(path, register)| (path.clone(), register.origin.stamp));
    Change {
        seq: record.seq,
        kind: "visit".to_owned(),
        id,
        life: Life::Alive,
        author: None,
        stamp,
        stamps: stamps.filter(|(_, own)| Some(*own) != stamp).collect(),
        writes: record.state.writes.clone(),
        fields: record.state.fields(),
    }
}
