//! A phone's push: every write gets its outcome, in one transaction (protocol, section 4).

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::flaw::Flaw;
use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;
use xunke_sync::derived_id::derived_id;
use xunke_sync::planted::{Bug, planted};
use xunke_sync::record::WriteId;
use xunke_sync::stamp::{DeviceId, Stamp};
use xunke_sync::wire::push::Write;
use xunke_sync::wire::result::{Late, Outcome, WriteResult};

use super::admission::{self, Held, Sender as Who};
use super::desk::{Desk, Entry, Taken};
use super::examined::Examined;
use super::locked::{Locked, prepare};
use crate::entity::write;
use crate::held::HeldWrite;
use crate::ledger::LedgerEntry;
use crate::sessions::Device;
use crate::{Store, StoreError, Tx};

pub use super::admission::Sender;

/// A push, with who sends it and when it arrived.
#[derive(Clone, Debug)]
pub struct PushJob {
    /// The device.
    pub device: DeviceId,
    /// The person.
    pub sender: Sender,
    /// The writes in the order sent.
    pub writes: Vec<Examined>,
    /// How many the device still holds beyond these.
    pub unsent: i64,
    /// The device's clock minus ours, milliseconds, if it said.
    pub clock_offset: Option<i64>,
    /// The time of receipt, milliseconds.
    pub now: i64,
}

/// What of a push one commit takes in. Nothing of a push is one with the rest of it but the answer, so a large one may be
/// taken in in slices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice<'a> {
    pub(crate) job: &'a PushJob,
    from: usize,
    count: usize,
}

impl<'a> Slice<'a> {
    /// `count` writes, the one at `from` first.
    pub(crate) const fn new(job: &'a PushJob, from: usize, count: usize) -> Self {
        Self { job, from, count }
    }

    /// Its writes.
    pub(crate) fn writes(&self) -> &'a [Examined] {
        self.job.writes.get(self.from..self.from.saturating_add(self.count)).unwrap_or_default()
    }

    /// The writes that are held against the ledger for a fork. The first slice looks ahead at all of the push, so that
    /// nothing of a forked one is taken in; what comes between two slices forks the rest, and a phone that then sends all
    /// of it under a new number and `born` doubles nothing.
    fn looked_at(&self) -> &'a [Examined] {
        if self.from == 0 { &self.job.writes } else { self.writes() }
    }
}

/// What becomes of a push.
#[derive(Clone, Debug, PartialEq)]
pub enum Pushed {
    /// One result a write, in the order sent.
    Results(Vec<WriteResult>),
    /// Another body under a known number: the device was cloned or restored; nothing was taken in.
    Fork {
        /// The number.
        n: i64,
    },
}

/// How far one write has got.
struct Settled<'a> {
    arrived: &'a Examined,
    result: WriteResult,
    /// The write and its record type, unless it is held.
    taken: Option<(&'a Write, Taken)>,
    known: bool,
}

impl Store {
    /// Notes that a device was in touch without sending anything.
    pub async fn note_contact(&self, device: DeviceId, now: i64, unsent: i64) -> Result<(), StoreError> {
        let tx = self.begin_unnoticed().await?;
        tx.device_contact(device, now, unsent.max(0)).await?;
        tx.commit().await
    }

    /// Takes slices of pushes in, inside a transaction of the caller: one outcome each, in order. Each device is there
    /// once at most. They share what they read and write; an error leaves nothing of any.
    pub(crate) async fn push_in(&self, tx: &Tx, slices: &[Slice<'_>]) -> Result<Vec<Pushed>, StoreError> {
        let Locked { devices, schools } = tx.lock_for(slices).await?;
        let mut desk = Desk::new(tx, &self.books, 0);
        prepare(&mut desk, schools, slices).await?;
        let mut parts: Vec<Part<'_>> = Vec::with_capacity(slices.len());
        for slice in slices {
            let device = devices
                .get(&slice.job.device)
                .ok_or_else(|| StoreError::corrupt("push", "the device is not registered"))?;
            parts.push(take_in(&mut desk, *slice, device).await?);
        }
        mark_late(&mut desk, &mut parts).await?;
        record(tx, &parts).await?;
        desk.store(self.process).await?;
        Ok(parts.into_iter().map(Part::into_outcome).collect())
    }
}

/// A push of a batch, and how far this slice of it has got.
struct Part<'a> {
    job: &'a PushJob,
    device: &'a Device,
    /// Another body under a known number: nothing of the push is taken in.
    fork: Option<i64>,
    settled: Vec<Settled<'a>>,
    /// Weeks whose logs told each visit it changed before, or tell it now.
    weeks: BTreeMap<SchoolId, BTreeMap<Uuid, BTreeSet<Week>>>,
}

impl Part<'_> {
    fn into_outcome(self) -> Pushed {
        match self.fork {
            Some(n) => Pushed::Fork { n },
            None => Pushed::Results(self.settled.into_iter().map(|settled| settled.result).collect()),
        }
    }
}

/// Takes one slice of a batch in.
async fn take_in<'a>(
    desk: &mut Desk<'_>,
    slice: Slice<'a>,
    device: &'a Device,
) -> Result<Part<'a>, StoreError> {
    let job = slice.job;
    desk.now = job.now;
    // What lies above the largest number ever received cannot have been received.
    let numbers: Vec<i64> = slice.looked_at().iter().map(Examined::n).collect();
    let numbers: Vec<i64> = numbers.into_iter().filter(|n| *n <= device.latest_n).collect();
    let known =
        if numbers.is_empty() { Vec::new() } else { desk.tx.ledger_known(job.device, numbers).await? };
    let known: BTreeMap<i64, LedgerEntry> = known.into_iter().map(|entry| (entry.n, entry)).collect();
    let known = if planted(Bug::LedgerForgets) { of_a_month(known, job.now) } else { known };
    let mut part = Part {
        job,
        device,
        fork: forked(slice.looked_at(), &known),
        settled: Vec::new(),
        weeks: BTreeMap::new(),
    };
    if part.fork.is_some() {
        return Ok(part);
    }
    let mut answered: BTreeMap<i64, (WriteResult, Option<Stamp>)> =
        known.into_iter().map(|(n, entry)| (n, (entry.answer, entry.canonical))).collect();
    for arrived in slice.writes() {
        let settled = match answered.get(&arrived.n()) {
            Some((answer, canonical)) => {
                let result = again(answer, *canonical, arrived);
                Settled { arrived, result, taken: None, known: true }
            }
            None => settle(desk, job, device, arrived).await?,
        };
        let canonical = settled.taken.as_ref().map(|(_, taken)| taken.canonical);
        answered.entry(arrived.n()).or_insert_with(|| (settled.result.clone(), canonical));
        part.settled.push(settled);
    }
    for stream in desk.streams.values_mut().filter(|stream| !stream.weeks.is_empty()) {
        part.weeks.insert(stream.school.id, std::mem::take(&mut stream.weeks));
    }
    Ok(part)
}

/// The first answer, given again. A write may come again under another stamp than it first claimed, from a phone that was
/// put back to a backup of its own; it is told the canonical one then, too.
fn again(answer: &WriteResult, canonical: Option<Stamp>, arrived: &Examined) -> WriteResult {
    let claimed = arrived.write().and_then(|write| write.stamp);
    let changed = canonical.filter(|canonical| Some(*canonical) != claimed);
    WriteResult { stamp: changed.or(answer.stamp), ..answer.clone().again() }
}

/// What [`Bug::LedgerForgets`] leaves of the ledger.
fn of_a_month(mut known: BTreeMap<i64, LedgerEntry>, now: i64) -> BTreeMap<i64, LedgerEntry> {
    known.retain(|_, entry| now - entry.received_at < 30 * 24 * 60 * 60 * 1000);
    known
}

/// The first write whose number is known under another body.
fn forked(writes: &[Examined], known: &BTreeMap<i64, LedgerEntry>) -> Option<i64> {
    let mut hashes: BTreeMap<i64, &str> =
        known.iter().map(|(n, entry)| (*n, entry.body_hash.as_str())).collect();
    writes.iter().find_map(|arrived| {
        let first = hashes.entry(arrived.n()).or_insert(&arrived.hash);
        (*first != arrived.hash && !planted(Bug::ReplayTrusted)).then_some(arrived.n())
    })
}

async fn settle<'a>(
    desk: &mut Desk<'_>,
    job: &PushJob,
    device: &Device,
    arrived: &'a Examined,
) -> Result<Settled<'a>, StoreError> {
    match admit(desk, &job.sender, arrived).await? {
        Err(Held { reason, flaw: Flaw { pointer, detail, unknown: _ } }) => {
            let id = derived_id(&[job.device.to_string().as_bytes(), arrived.n().to_string().as_bytes()]);
            let result = WriteResult {
                held: Some(id),
                reason: Some(reason),
                pointer: (!pointer.is_empty()).then_some(pointer),
                detail: Some(detail),
                ..WriteResult::plain(arrived.n(), Outcome::Held)
            };
            Ok(Settled { arrived, result, taken: None, known: false })
        }
        Ok((write, kind)) => {
            let entry = Entry {
                stream: write.stream,
                key: (kind, write.record),
                author: job.sender.account,
                device: job.device,
                n: Some(write.n),
                base: write.base(),
                saw: write.saw.as_ref(),
                born: born(desk.tx, &job.sender, write).await?,
                claimed: write.stamp,
                set: &write.set,
                set_json: arrived.set_json.as_deref(),
                latest_n: device.latest_n,
                clock_offset: job.clock_offset,
            };
            let taken = desk.take(entry).await?;
            let result = accepted(write, &taken);
            Ok(Settled { arrived, result, taken: Some((write, taken)), known: false })
        }
    }
}

/// The name of a write that was numbered anew. It counts unless it is plainly another's: that of somebody else, or of
/// what a phone wrote after it had been put back to a backup of its own and gave numbers out again.
pub(super) async fn born(tx: &Tx, sender: &Who, write: &Write) -> Result<Option<WriteId>, StoreError> {
    let Some(id) = write.born else { return Ok(None) };
    let owner = tx.device_find(id.device).await?.map(|device| device.account);
    let first = tx.ledger_find(id.device, id.n).await?;
    let own = owner.is_none_or(|owner| owner == sender.account);
    Ok(Some(id).filter(|_| own && first.is_none_or(|first| first.body_hash == write.body_hash())))
}

/// The answer to a write that was taken in.
pub(super) fn accepted(write: &Write, taken: &Taken) -> WriteResult {
    let outcome = if taken.lost.is_empty() { Outcome::Applied } else { Outcome::Merged };
    WriteResult {
        seq: Some(taken.seq),
        stamp: (Some(taken.canonical) != write.stamp).then_some(taken.canonical),
        lost: taken.lost.clone(),
        ..WriteResult::plain(write.n, outcome)
    }
}

/// Whether a write may be taken in; the streams are locked and its record is loaded.
pub(super) async fn admit<'a>(
    desk: &mut Desk<'_>,
    sender: &Who,
    arrived: &'a Examined,
) -> Result<Result<(&'a Write, RecordType), Held>, StoreError> {
    let (write, kind) = match arrived.readable(sender) {
        Ok(readable) => readable,
        Err(held) => return Ok(Err(held)),
    };
    let open = desk
        .conflicts_of(write.stream, (kind, write.record))
        .await?
        .iter()
        .filter(|conflict| conflict.settled_at.is_none())
        .map(|conflict| (conflict.path.clone(), [conflict.standing.clone(), conflict.arrived.clone()]))
        .collect::<Vec<_>>();
    let now = desk.now;
    let Some(stream) = desk.streams.get(&write.stream) else {
        let flaw = Flaw::invalid("/stream", "you were never one who visits this school");
        return Ok(Err(Held { reason: xunke_sync::wire::result::HeldReason::NotAMember, flaw }));
    };
    Ok(admission::entitled(stream, kind, write, sender, &open, now).map(|()| (write, kind)))
}

/// Tells the writes that touch a published week, and marks the newest edition as overtaken (section 7).
async fn mark_late(desk: &mut Desk<'_>, parts: &mut [Part<'_>]) -> Result<(), StoreError> {
    let mut published = BTreeMap::new();
    for stream in desk.streams.keys() {
        let of_stream = parts.iter().filter_map(|part| part.weeks.get(stream));
        let weeks: BTreeSet<Week> = of_stream.flat_map(BTreeMap::values).flatten().copied().collect();
        published.insert(*stream, desk.tx.editions_overtake(*stream, &weeks).await?);
    }
    for Part { settled, weeks, .. } in parts {
        for settled in settled {
            let Some((write, _)) = &settled.taken else { continue };
            let weeks = weeks.get(&write.stream).and_then(|weeks| weeks.get(&write.record));
            settled.result.late = weeks.zip(published.get(&write.stream)).and_then(|(weeks, published)| {
                let newest =
                    weeks.iter().rev().find_map(|week| published.get(week).map(|number| (*week, *number)));
                newest.map(|(week, published_edition)| Late { week, published_edition })
            });
        }
    }
    Ok(())
}

/// Ledger, held list and device board.
async fn record(tx: &Tx, parts: &[Part<'_>]) -> Result<(), StoreError> {
    let mut new: Vec<(&PushJob, &Settled<'_>)> = Vec::new();
    for Part { job, settled, .. } in parts {
        new.extend(settled.iter().filter(|settled| !settled.known).map(|settled| (*job, settled)));
    }
    // A stream that is none has nobody to look at it but the author.
    let held_back = new.iter().filter_map(|(job, settled)| held(job, settled)).collect();
    let held = tx.held_where_they_are_seen(held_back).await?;
    tx.put_rows(&mut new.into_iter().map(|(job, settled)| row(job, settled))).await?;
    if !held.is_empty() && !planted(Bug::HeldDropped) {
        tx.held_add(held).await?;
    }
    for Part { job, device, settled, .. } in parts.iter().filter(|part| part.fork.is_none()) {
        let new = || settled.iter().filter(|settled| !settled.known).map(|settled| settled.arrived.n());
        let arrived = i64::try_from(new().count()).unwrap_or(i64::MAX);
        let latest_n = new().max().unwrap_or(0).max(device.latest_n);
        tx.device_seen(job.device, job.now, job.unsent, latest_n, device.arrived + arrived, job.clock_offset)
            .await?;
    }
    Ok(())
}

/// The row of the ledger.
fn row(job: &PushJob, settled: &Settled<'_>) -> write::Model {
    let write = settled.arrived.write();
    let entry = LedgerEntry {
        device: job.device,
        n: settled.arrived.n(),
        stream: settled.arrived.stream(),
        kind: write.map(|write| write.kind.clone()),
        record: write.map(|write| write.record),
        seq: settled.taken.as_ref().map(|(_, taken)| taken.seq),
        base: write.and_then(|write| write.base),
        saw: write.and_then(|write| write.saw.clone()).unwrap_or_default(),
        born: settled.taken.as_ref().and_then(|(_, taken)| taken.born),
        claimed: write.and_then(|write| write.stamp),
        canonical: settled.taken.as_ref().map(|(_, taken)| taken.canonical),
        set: Fields::new(),
        body_hash: settled.arrived.hash.clone(),
        answer: settled.result.clone(),
        author: job.sender.account,
        received_at: job.now,
        clock_offset: job.clock_offset,
    };
    entry.into_row_of(settled.arrived.set_json.clone().unwrap_or_else(|| "{}".to_owned()))
}

fn held(job: &PushJob, settled: &Settled<'_>) -> Option<HeldWrite> {
    Some(HeldWrite {
        id: settled.result.held?,
        stream: settled.arrived.stream(),
        device: job.device,
        n: settled.arrived.n(),
        author: job.sender.account,
        reason: settled.result.reason?.as_str().to_owned(),
        pointer: settled.result.pointer.clone(),
        detail: settled.result.detail.clone().unwrap_or_default(),
        body: settled.arrived.arrived.raw.clone(),
        state: "open".to_owned(),
        received_at: job.now,
        decided_by: None,
        decided_at: None,
        decision: None,
    })
}
