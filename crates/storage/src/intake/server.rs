//! Writes that do not come from a phone: reference data kept over REST, admitted writes, published logs.

use std::collections::BTreeSet;

use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::flaw::Flaw;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_domain::schema;
use xunke_domain::week::Week;
use xunke_sync::limits::Limits;
use xunke_sync::merge::Base;
use xunke_sync::record::{LastWrites, Seq};
use xunke_sync::wire::push::{self, Arrived};
use xunke_sync::wire::result::{Late, Outcome, WriteResult};

use super::desk::{Desk, Entry};
use super::examined::Examined;
use super::push::{Sender, accepted, admit, born};
use super::rejudge;
use crate::book::is_in_book;
use crate::held::HeldWrite;
use crate::ledger::LedgerEntry;
use crate::records::{StoredRecord, server_device};
use crate::{Store, StoreError, Tx};

/// A change of one record of a school by the server itself.
#[derive(Clone, Debug)]
pub struct ServerWrite {
    /// The school.
    pub stream: SchoolId,
    /// The record type.
    pub kind: RecordType,
    /// The record.
    pub id: Uuid,
    /// What is set.
    pub set: Fields,
    /// On whose behalf.
    pub author: UserId,
    /// What must be there now: `None` whatever is, `Some(None)` nothing, `Some(Some(seq))` this version.
    pub expected: Option<Option<Seq>>,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerWritten {
    /// The record as it now is.
    Done(Box<StoredRecord>),
    /// Something else is there than was expected.
    Changed,
    /// There is no such school, or no such record.
    Absent,
    /// The values break rules; pointers go into the record.
    Invalid(Vec<Flaw>),
}

impl Store {
    /// Writes a record on behalf of a person, inside a transaction of the caller.
    pub async fn write_in(
        &self,
        tx: &Tx,
        write: &ServerWrite,
        now: i64,
    ) -> Result<ServerWritten, StoreError> {
        let written = self.write_many_in(tx, write.stream, std::slice::from_ref(write), now).await?;
        Ok(match written {
            Ok(mut records) => {
                records.pop().map_or(ServerWritten::Absent, |record| ServerWritten::Done(Box::new(record)))
            }
            Err(refused) => refused,
        })
    }

    /// Writes records of one school together: all or none.
    pub async fn write_many_in(
        &self,
        tx: &Tx,
        stream: SchoolId,
        writes: &[ServerWrite],
        now: i64,
    ) -> Result<Result<Vec<StoredRecord>, ServerWritten>, StoreError> {
        let mut desk = Desk::new(tx, &self.books, now);
        desk.lock(&BTreeSet::from([stream]), false).await?;
        if desk.streams.is_empty() {
            return Ok(Err(ServerWritten::Absent));
        }
        for kind in RecordType::ALL {
            let ids: Vec<Uuid> =
                writes.iter().filter(|write| write.kind == kind).map(|write| write.id).collect();
            if !ids.is_empty() {
                desk.stream(stream)?.load(tx, kind, ids).await?;
            }
        }
        let mut touched = Vec::new();
        for write in writes {
            let before = desk.stream(stream)?.record((write.kind, write.id)).cloned();
            if let Some(refused) = refused(write, before.as_ref()) {
                return Ok(Err(refused));
            }
            take(&mut desk, write, now).await?;
            let after =
                desk.stream(stream)?.record((write.kind, write.id)).map(|record| record.state.fields());
            let before = before.map(|record| record.state.fields()).unwrap_or_default();
            touched.extend(rejudge::touched(write.kind, &before, &after.unwrap_or_default()));
        }
        let school = &mut desk.stream(stream)?.school;
        if writes.iter().any(|write| is_in_book(write.kind)) {
            school.book_seq = school.head;
        }
        let written: Vec<StoredRecord> = writes
            .iter()
            .filter_map(|write| desk.streams.get(&stream)?.record((write.kind, write.id)).cloned())
            .collect();
        follow_school(&mut desk, stream, &written)?;
        desk.store(self.process).await?;
        if !touched.is_empty() {
            let book = tx.book_read(stream).await?;
            for touched in touched {
                let weeks = tx.visits_rejudge(stream, &book, &touched).await?;
                tx.editions_overtake(stream, &weeks).await?;
            }
        }
        Ok(Ok(written))
    }

    /// Takes a held write in after all: author and stamp stay, rights are not asked again, validity is.
    pub async fn admit_in(
        &self,
        tx: &Tx,
        held: &HeldWrite,
        now: i64,
    ) -> Result<Result<WriteResult, Flaw>, StoreError> {
        let body = format!(r#"{{"device":"{}","schema":1,"writes":[{}]}}"#, held.device, held.body);
        let limits = Limits { push_bytes: usize::MAX, ..Limits::default() };
        let unreadable = |_| StoreError::corrupt("held write", "its envelope does not read");
        let arrived: Arrived = push::read(body.as_bytes(), &limits)
            .map_err(unreadable)?
            .writes
            .pop()
            .ok_or_else(|| StoreError::corrupt("held write", "it is empty"))?;
        let known = tx.ledger_find(held.device, held.n).await?;
        let known = known.ok_or_else(|| StoreError::corrupt("held write", "it is not in the ledger"))?;
        let sender = Sender { account: held.author, memberships: Vec::new(), revoked: false, admitted: true };
        let mut desk = Desk::new(tx, &self.books, now);
        if let Ok(write) = &arrived.write {
            desk.lock(&BTreeSet::from([write.stream]), true).await?;
            if let Some(stream) = desk.streams.get_mut(&write.stream) {
                stream.load(tx, RecordType::Visit, vec![write.record]).await?;
            }
        }
        let arrived = Examined::of(arrived);
        let (write, kind) = match admit(&mut desk, &sender, &arrived).await? {
            Ok(admitted) => admitted,
            Err(held) => return Ok(Err(held.flaw)),
        };
        let latest_n = tx.device_find(held.device).await?.map_or(i64::MAX, |device| device.latest_n);
        let entry = Entry {
            stream: write.stream,
            key: (kind, write.record),
            author: held.author,
            device: held.device,
            n: Some(held.n),
            base: write.base(),
            saw: write.saw.as_ref(),
            born: born(tx, &sender, write).await?,
            claimed: write.stamp,
            set: &write.set,
            set_json: None,
            latest_n,
            clock_offset: known.clock_offset,
        };
        let taken = desk.take(entry).await?;
        let mut result = accepted(write, &taken);
        let weeks: BTreeSet<Week> = desk.stream(write.stream)?.weeks.values().flatten().copied().collect();
        let published = tx.editions_overtake(write.stream, &weeks).await?;
        result.late =
            published.last_key_value().map(|(week, number)| Late { week: *week, published_edition: *number });
        let canonical = Some(taken.canonical);
        let entry = LedgerEntry {
            seq: Some(taken.seq),
            canonical,
            born: taken.born,
            answer: result.clone(),
            ..known
        };
        tx.ledger_replace(entry).await?;
        desk.store(self.process).await?;
        Ok(Ok(result))
    }
}

/// Whether the write may be made on what is there.
fn refused(write: &ServerWrite, before: Option<&StoredRecord>) -> Option<ServerWritten> {
    if before.is_some_and(|record| record.erased) {
        // For good: nothing is written over it either.
        return Some(ServerWritten::Absent);
    }
    match (write.expected, before) {
        (Some(Some(_)), None) => return Some(ServerWritten::Absent),
        (Some(None), Some(_)) => return Some(ServerWritten::Changed),
        (Some(Some(seq)), Some(record)) if record.seq != seq => return Some(ServerWritten::Changed),
        _ => (),
    }
    let mut fields = before.map(|record| record.state.fields()).unwrap_or_default();
    fields.extend(write.set.clone());
    let strip = |flaw: Flaw| {
        let pointer = flaw.pointer.strip_prefix("/set").unwrap_or(&flaw.pointer).to_owned();
        Flaw { pointer, ..flaw }
    };
    let mut flaws: Vec<Flaw> = schema::validate(write.kind, &write.set).into_iter().map(strip).collect();
    if flaws.is_empty() {
        flaws = schema::validate_record(write.kind, &fields);
    }
    (!flaws.is_empty()).then_some(ServerWritten::Invalid(flaws))
}

pub(super) async fn take(desk: &mut Desk<'_>, write: &ServerWrite, now: i64) -> Result<(), StoreError> {
    let device = server_device(write.stream);
    let entry = Entry {
        stream: write.stream,
        key: (write.kind, write.id),
        author: write.author,
        device,
        n: None,
        base: Base::Current,
        saw: None,
        born: None,
        claimed: None,
        set: &write.set,
        set_json: None,
        latest_n: 0,
        clock_offset: None,
    };
    let taken = desk.take(entry).await?;
    let entry = LedgerEntry {
        device,
        n: taken.seq,
        stream: Some(write.stream),
        kind: Some(write.kind.as_str().to_owned()),
        record: Some(write.id),
        seq: Some(taken.seq),
        base: None,
        saw: LastWrites::new(),
        born: None,
        claimed: None,
        canonical: Some(taken.canonical),
        set: write.set.clone(),
        body_hash: String::new(),
        answer: WriteResult { seq: Some(taken.seq), ..WriteResult::plain(taken.seq, Outcome::Applied) },
        author: write.author,
        received_at: now,
        clock_offset: None,
    };
    desk.tx.ledger_add(vec![entry]).await
}

/// The row of a school repeats the name and code of its record, for lists.
fn follow_school(desk: &mut Desk<'_>, stream: SchoolId, written: &[StoredRecord]) -> Result<(), StoreError> {
    for record in written.iter().filter(|record| record.kind == RecordType::School) {
        let text = |name: &str| {
            record.state.registers.get(name).and_then(|register| register.value.as_str()).map(str::to_owned)
        };
        let school = &mut desk.stream(stream)?.school;
        school.code = text("code");
        school.name = text("name").unwrap_or_else(|| school.name.clone());
    }
    Ok(())
}
