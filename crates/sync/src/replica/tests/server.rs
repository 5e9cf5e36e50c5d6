//! A naive server: everything in memory, every write merged against the whole history of its record.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;

use super::user;
use crate::cursor::{Cursor, CursorFault, Grant, Lineage, nonce_covering};
use crate::limits::Limits;
use crate::merge::{Incoming, Past, merge};
use crate::record::{LastWrites, Origin, RecordState, Seq};
use crate::stamp::DeviceId;
use crate::wire::page::{Change, Life, Page, StreamInfo};
use crate::wire::push::{self, PushRequest, Write};
use crate::wire::result::{HeldReason, LostField, Outcome, Pulled, PushAnswer, WriteResult};

const KEY: &[u8] = b"naive";

#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) now: i64,
    pub(super) page_records: usize,
    /// A push of more writes is too large.
    pub(super) push_writes: usize,
    /// A push with a write of this type is too large, whatever its size.
    pub(super) poison: Option<&'static str>,
    pub(super) streams: BTreeMap<SchoolId, Log>,
    pub(super) ledger: BTreeMap<(DeviceId, i64), (String, WriteResult)>,
    pub(super) processes: u128,
    /// Devices registered after the backup that was put back.
    pub(super) unknown: Vec<DeviceId>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) grant: Grant,
    head: Seq,
    lineage: Vec<Lineage>,
    records: BTreeMap<(String, Uuid), Record>,
}

#[derive(Clone, Debug, Default)]
struct Record {
    seq: Seq,
    erased: bool,
    state: RecordState,
    past: Vec<Past>,
}

/// A status that is not 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Fork,
    TooLarge,
    UnknownDevice,
}

impl Server {
    pub(super) fn new(streams: impl IntoIterator<Item = SchoolId>) -> Self {
        Self {
            now: 1_000_000,
            page_records: 2,
            push_writes: 500,
            poison: None,
            streams: streams.into_iter().map(|id| (id, Log::default())).collect(),
            ledger: BTreeMap::new(),
            processes: 1,
            unknown: Vec::new(),
        }
    }

    /// What comes back when `backup` is put in place and a new process is started; clocks go on.
    pub(super) fn restored(&self, backup: Self) -> Self {
        Self { now: self.now, processes: self.processes + 1, ..backup }
    }

    pub(super) fn listed(&self) -> Vec<StreamInfo> {
        let info = |(id, log): (&SchoolId, &Log)| StreamInfo {
            stream: *id,
            name: format!("school {id}"),
            head: log.head,
            grant: log.grant.to_string(),
        };
        self.streams.iter().map(info).collect()
    }

    /// Whether a write has been answered.
    pub(super) fn knows(&self, device: DeviceId, n: i64) -> bool {
        self.ledger.contains_key(&(device, n))
    }

    pub(super) fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, Refusal> {
        let body = serde_json::to_vec(request).unwrap();
        let read = push::read(&body, &Limits::default()).unwrap();
        if self.unknown.contains(&read.device) {
            return Err(Refusal::UnknownDevice);
        }
        let poisoned = |write: &Write| Some(write.kind.as_str()) == self.poison;
        if read.writes.len() > self.push_writes || request.writes.iter().any(poisoned) {
            return Err(Refusal::TooLarge);
        }
        let forked = read.writes.iter().any(|arrived| {
            let known = self.ledger.get(&(read.device, arrived.n));
            known.is_some_and(|(hash, _)| *hash != arrived.body_hash())
        });
        if forked {
            return Err(Refusal::Fork);
        }
        let mut results = Vec::new();
        for arrived in &read.writes {
            let key = (read.device, arrived.n);
            if let Some((_, known)) = self.ledger.get(&key) {
                results.push(known.clone().again());
                continue;
            }
            let result = self.accept(read.device, arrived.write.as_ref().unwrap());
            self.ledger.insert(key, (arrived.body_hash(), result.clone()));
            results.push(result);
        }
        let pulled = |(stream, cursor): (&SchoolId, &Option<String>)| {
            let pulled = match self.pull(*stream, cursor.as_deref()) {
                Ok(page) => Pulled::Page(page),
                Err(fault) => Pulled::Problem(json!({"type": "/problems/cursor-invalid", "reason": fault})),
            };
            (stream.to_string(), pulled)
        };
        let pull = request.pull.iter().map(pulled).collect();
        let known = request.ledger.iter().filter(|device| !self.unknown.contains(device));
        let numbers = |device: &DeviceId| {
            let of_it = self.ledger.keys().filter(|(of, _)| of == device).map(|(_, n)| *n);
            (*device, of_it.collect())
        };
        let ledger = Some(known.map(numbers).collect());
        Ok(over_the_wire(&PushAnswer { server_time: "now".into(), results, ledger, pull }))
    }

    pub(super) fn pull(&self, stream: SchoolId, cursor: Option<&str>) -> Result<Page, CursorFault> {
        let log = self.streams.get(&stream).ok_or(CursorFault::Expired)?;
        let after = match cursor {
            None => 0,
            Some(text) => {
                let cursor = Cursor::open(text, KEY)?;
                cursor.check(stream, log.grant, &log.lineage, log.head)?;
                cursor.seq
            }
        };
        let mut newer: Vec<_> = log.records.iter().filter(|(_, record)| record.seq > after).collect();
        newer.retain(|(_, record)| after > 0 || !record.erased);
        newer.sort_by_key(|(_, record)| record.seq);
        let more = newer.len() > self.page_records;
        newer.truncate(self.page_records);
        let upto = if more { newer.last().unwrap().1.seq } else { log.head };
        let cursor = Cursor {
            stream,
            seq: upto,
            grant: log.grant,
            from: NaiveDate::from_ymd_opt(2026, 9, 1),
            head: log.head,
            nonce: nonce_covering(&log.lineage, log.head),
            schema: 1,
            began: 0,
        };
        let changes = newer.into_iter().map(|((kind, id), record)| change(kind, *id, record)).collect();
        Ok(over_the_wire(&Page { changes, cursor: cursor.seal(KEY), more, head: log.head }))
    }

    pub(super) fn erase(&mut self, stream: SchoolId, kind: &str, id: Uuid) {
        let seq = self.next_seq(stream);
        let log = self.streams.get_mut(&stream).unwrap();
        log.records.insert((kind.to_owned(), id), Record { seq, erased: true, ..Record::default() });
    }

    /// The records of a stream as they are, without removed fields.
    pub(super) fn records(&self, stream: SchoolId) -> Vec<(String, Uuid, Fields)> {
        let mut records = self.stored(stream);
        for (_, _, fields) in &mut records {
            fields.retain(|_, value| !value.is_null());
        }
        records
    }

    /// The records of a stream as its database has them: removed fields are there as `null`.
    pub(super) fn stored(&self, stream: SchoolId) -> Vec<(String, Uuid, Fields)> {
        let there = self.streams[&stream].records.iter().filter(|(_, record)| !record.erased);
        there.map(|((kind, id), record)| (kind.clone(), *id, record.state.fields())).collect()
    }

    fn next_seq(&mut self, stream: SchoolId) -> Seq {
        let nonce = Uuid::from_u128(self.processes);
        let log = self.streams.get_mut(&stream).unwrap();
        log.head += 1;
        if log.lineage.last().is_none_or(|last| last.nonce != nonce) {
            log.lineage.push(Lineage { from_seq: log.head, nonce });
        }
        log.head
    }

    fn accept(&mut self, device: DeviceId, write: &Write) -> WriteResult {
        let held = |reason| WriteResult {
            reason: Some(reason),
            held: Some(Uuid::from_u128(1)),
            ..WriteResult::plain(write.n, Outcome::Held)
        };
        let key = (write.kind.clone(), write.record);
        let Some(log) = self.streams.get(&write.stream) else {
            return held(HeldReason::MembershipEnded);
        };
        if log.records.get(&key).is_some_and(|record| record.erased) {
            return held(HeldReason::RecordErased);
        }
        if write.kind == "odd" {
            return held(HeldReason::UnknownType);
        }
        let seq = self.next_seq(write.stream);
        let record = self.streams.get_mut(&write.stream).unwrap().records.entry(key).or_default();
        let incoming = Incoming {
            device,
            n: write.n,
            base: write.base(),
            saw: write.saw.as_ref(),
            id: Some(write.id(device)),
            claimed: write.stamp,
            set: &write.set,
        };
        let merged = merge(&mut record.state, &record.past, &[], &incoming, self.now, seq);
        record.seq = seq;
        let origin = Origin::named(merged.canonical, seq, write.n, write.born);
        record.past.push(Past { origin, set: write.set.clone(), saw: write.saw.clone().unwrap_or_default() });
        let lost = merged.lost.into_iter().map(|lost| {
            let (value, stamp) = (lost.winner.value, lost.winner.origin.stamp);
            (lost.path, LostField { value, stamp, by: user(9), write: lost.winner.origin.id, conflict: None })
        });
        let lost: BTreeMap<_, _> = lost.collect();
        let outcome = if lost.is_empty() { Outcome::Applied } else { Outcome::Merged };
        WriteResult {
            seq: Some(seq),
            stamp: (Some(merged.canonical) != write.stamp).then_some(merged.canonical),
            lost,
            ..WriteResult::plain(write.n, outcome)
        }
    }
}

fn change(kind: &str, id: Uuid, record: &Record) -> Change {
    let (kind, seq) = (kind.to_owned(), record.seq);
    if record.erased {
        return Change {
            seq,
            kind,
            id,
            life: Life::Erased,
            author: None,
            stamp: None,
            stamps: BTreeMap::new(),
            writes: LastWrites::new(),
            fields: Fields::new(),
        };
    }
    let stamp = record.state.stamp();
    let registers = record.state.registers.iter();
    let stamps = registers.map(|(path, register)| (path.clone(), register.origin.stamp));
    let stamps = stamps.filter(|(_, own)| Some(*own) != stamp).collect();
    let fields = record.state.fields();
    let writes = record.state.writes.clone();
    Change { seq, kind, id, life: Life::Alive, author: Some(user(9)), stamp, stamps, writes, fields }
}

/// What a client reads of what is said.
fn over_the_wire<T: serde::Serialize + serde::de::DeserializeOwned>(said: &T) -> T {
    serde_json::from_slice(&serde_json::to_vec(said).unwrap()).unwrap()
}
