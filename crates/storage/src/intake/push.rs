//! A phone's push: every write gets its outcome, in one transaction (protocol, section 4).

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use xunke_domain::flaw::Flaw;
use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_sync::derived_id::derived_id;
use xunke_sync::planted::{Bug, planted};
use xunke_sync::record::WriteId;
use xunke_sync::stamp::DeviceId;
use xunke_sync::wire::push::{Arrived, Write};
use xunke_sync::wire::result::{Late, Outcome, WriteResult};

use super::admission::{self, Held, Sender as Who};
use super::desk::{Desk, Entry, Taken};
use crate::entity::{device, school};
use crate::held::HeldWrite;
use crate::ledger::LedgerEntry;
use crate::records::chunks;
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
    pub writes: Vec<Arrived>,
    /// How many the device still holds beyond these.
    pub unsent: i64,
    /// The device's clock minus ours, milliseconds, if it said.
    pub clock_offset: Option<i64>,
    /// The time of receipt, milliseconds.
    pub now: i64,
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
    arrived: &'a Arrived,
    result: WriteResult,
    /// The write and its record type, unless it is held.
    taken: Option<(&'a Write, Taken)>,
    known: bool,
}

impl Store {
    /// Notes that a device was in touch without sending anything.
    pub async fn note_contact(&self, device: DeviceId, now: i64, unsent: i64) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        tx.device_contact(device, now, unsent.max(0)).await?;
        tx.commit().await
    }

    /// Takes a push in, inside a transaction of the caller.
    pub(crate) async fn push_in(&self, tx: &Tx, job: &PushJob) -> Result<Pushed, StoreError> {
        let device = tx
            .device_find(job.device)
            .await?
            .ok_or_else(|| StoreError::corrupt("push", "the device is not registered"))?;
        let numbers: Vec<i64> = job.writes.iter().map(|arrived| arrived.n).collect();
        let known: BTreeMap<i64, LedgerEntry> =
            tx.ledger_known(job.device, numbers).await?.into_iter().map(|entry| (entry.n, entry)).collect();
        let known = if planted(Bug::LedgerForgets) { of_a_month(known, job.now) } else { known };
        if let Some(n) = forked(&job.writes, &known) {
            return Ok(Pushed::Fork { n });
        }

        let mut desk = Desk::new(tx, &self.books, job.now);
        prepare(&mut desk, &job.writes).await?;
        let mut settled: Vec<Settled<'_>> = Vec::with_capacity(job.writes.len());
        for arrived in &job.writes {
            let earlier =
                settled.iter().find(|earlier| earlier.arrived.n == arrived.n).map(|earlier| &earlier.result);
            let answered = known.get(&arrived.n).map(|entry| &entry.answer).or(earlier);
            settled.push(match answered {
                Some(answer) => Settled { arrived, result: answer.clone().again(), taken: None, known: true },
                None => settle(&mut desk, job, &device, arrived).await?,
            });
        }
        mark_late(&mut desk, &mut settled).await?;
        record(tx, job, &device, &settled).await?;
        desk.store(self.process).await?;
        Ok(Pushed::Results(settled.into_iter().map(|settled| settled.result).collect()))
    }
}

impl Tx {
    /// Locks what the pushes of one commit touch: devices first, so that one push sent to two nodes is one push,
    /// then streams, each in the order of ids, so that two nodes cannot wait for each other.
    pub(crate) async fn lock_for(&self, jobs: &[PushJob]) -> Result<(), StoreError> {
        let devices: BTreeSet<String> = jobs.iter().map(|job| job.device.to_string()).collect();
        let _: Vec<String> = device::Entity::find()
            .select_only()
            .column(device::Column::Id)
            .filter(device::Column::Id.is_in(devices))
            .order_by_asc(device::Column::Id)
            .lock_exclusive()
            .into_tuple()
            .all(&self.db)
            .await?;
        let streams: BTreeSet<Uuid> = jobs
            .iter()
            .flat_map(|job| &job.writes)
            .filter_map(|arrived| arrived.write.as_ref().ok())
            .map(|write| write.stream.into_uuid())
            .collect();
        for chunk in chunks(streams.into_iter().collect(), 1000) {
            let _: Vec<Uuid> = school::Entity::find()
                .select_only()
                .column(school::Column::Id)
                .filter(school::Column::Id.is_in(chunk))
                .order_by_asc(school::Column::Id)
                .lock_exclusive()
                .into_tuple()
                .all(&self.db)
                .await?;
        }
        Ok(())
    }
}

/// What [`Bug::LedgerForgets`] leaves of the ledger.
fn of_a_month(mut known: BTreeMap<i64, LedgerEntry>, now: i64) -> BTreeMap<i64, LedgerEntry> {
    known.retain(|_, entry| now - entry.received_at < 30 * 24 * 60 * 60 * 1000);
    known
}

/// The first write whose number is known under another body.
fn forked(writes: &[Arrived], known: &BTreeMap<i64, LedgerEntry>) -> Option<i64> {
    let mut hashes: BTreeMap<i64, String> =
        known.iter().map(|(n, entry)| (*n, entry.body_hash.clone())).collect();
    writes.iter().find_map(|arrived| {
        let hash = arrived.body_hash();
        let first = hashes.entry(arrived.n).or_insert_with(|| hash.clone());
        (*first != hash && !planted(Bug::ReplayTrusted)).then_some(arrived.n)
    })
}

/// Locks the streams and loads the records that the writes name.
async fn prepare(desk: &mut Desk<'_>, writes: &[Arrived]) -> Result<(), StoreError> {
    let mut ids: BTreeMap<SchoolId, BTreeSet<Uuid>> = BTreeMap::new();
    for write in writes.iter().filter_map(|arrived| arrived.write.as_ref().ok()) {
        ids.entry(write.stream).or_default().insert(write.record);
    }
    desk.lock(&ids.keys().copied().collect(), true).await?;
    for (stream, records) in ids {
        let tx = desk.tx;
        if let Some(stream) = desk.streams.get_mut(&stream) {
            stream.load(tx, RecordType::Visit, records.into_iter().collect()).await?;
        }
    }
    Ok(())
}

async fn settle<'a>(
    desk: &mut Desk<'_>,
    job: &PushJob,
    device: &Device,
    arrived: &'a Arrived,
) -> Result<Settled<'a>, StoreError> {
    match admit(desk, &job.sender, arrived).await? {
        Err(Held { reason, flaw: Flaw { pointer, detail, unknown: _ } }) => {
            let id = derived_id(&[job.device.to_string().as_bytes(), arrived.n.to_string().as_bytes()]);
            let result = WriteResult {
                held: Some(id),
                reason: Some(reason),
                pointer: (!pointer.is_empty()).then_some(pointer),
                detail: Some(detail),
                ..WriteResult::plain(arrived.n, Outcome::Held)
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
    arrived: &'a Arrived,
) -> Result<Result<(&'a Write, RecordType), Held>, StoreError> {
    let (write, kind) = match admission::readable(arrived, sender) {
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
async fn mark_late(desk: &mut Desk<'_>, settled: &mut [Settled<'_>]) -> Result<(), StoreError> {
    let mut late: BTreeMap<(SchoolId, Uuid), Late> = BTreeMap::new();
    for stream in desk.streams.values() {
        let weeks: BTreeSet<_> = stream.weeks.values().flatten().copied().collect();
        let published = desk.tx.editions_overtake(stream.school.id, &weeks).await?;
        for (visit, weeks) in &stream.weeks {
            let newest =
                weeks.iter().rev().find_map(|week| published.get(week).map(|number| (*week, *number)));
            if let Some((week, published_edition)) = newest {
                late.insert((stream.school.id, *visit), Late { week, published_edition });
            }
        }
    }
    for settled in settled {
        if let Some((write, _)) = &settled.taken {
            settled.result.late = late.get(&(write.stream, write.record)).copied();
        }
    }
    Ok(())
}

/// Ledger, held list and device board.
async fn record(tx: &Tx, job: &PushJob, device: &Device, settled: &[Settled<'_>]) -> Result<(), StoreError> {
    let new = || settled.iter().filter(|settled| !settled.known);
    let entries: Vec<LedgerEntry> = new().map(|settled| entry(job, settled)).collect();
    let arrived = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let latest_n = entries.iter().map(|entry| entry.n).max().unwrap_or(0).max(device.latest_n);
    let held: Vec<HeldWrite> = new().filter_map(|settled| held(job, settled)).collect();
    // A stream that is none has nobody to look at it but the author.
    let held = tx.held_where_they_are_seen(held).await?;
    if !entries.is_empty() {
        tx.ledger_add(entries).await?;
    }
    if !held.is_empty() && !planted(Bug::HeldDropped) {
        tx.held_add(held).await?;
    }
    tx.device_seen(job.device, job.now, job.unsent, latest_n, device.arrived + arrived, job.clock_offset)
        .await
}

fn entry(job: &PushJob, settled: &Settled<'_>) -> LedgerEntry {
    let write = settled.arrived.write.as_ref().ok();
    LedgerEntry {
        device: job.device,
        n: settled.arrived.n,
        stream: settled.arrived.stream(),
        kind: write.map(|write| write.kind.clone()),
        record: write.map(|write| write.record),
        seq: settled.taken.as_ref().map(|(_, taken)| taken.seq),
        base: write.and_then(|write| write.base),
        saw: write.and_then(|write| write.saw.clone()).unwrap_or_default(),
        born: settled.taken.as_ref().and_then(|(_, taken)| taken.born),
        claimed: write.and_then(|write| write.stamp),
        canonical: settled.taken.as_ref().map(|(_, taken)| taken.canonical),
        set: write.map(|write| write.set.clone()).unwrap_or_default(),
        body_hash: settled.arrived.body_hash(),
        answer: settled.result.clone(),
        author: job.sender.account,
        received_at: job.now,
        clock_offset: job.clock_offset,
    }
}

fn held(job: &PushJob, settled: &Settled<'_>) -> Option<HeldWrite> {
    Some(HeldWrite {
        id: settled.result.held?,
        stream: settled.arrived.stream(),
        device: job.device,
        n: settled.arrived.n,
        author: job.sender.account,
        reason: settled.result.reason?.as_str().to_owned(),
        pointer: settled.result.pointer.clone(),
        detail: settled.result.detail.clone().unwrap_or_default(),
        body: settled.arrived.raw.clone(),
        state: "open".to_owned(),
        received_at: job.now,
        decided_by: None,
        decided_at: None,
        decision: None,
    })
}
