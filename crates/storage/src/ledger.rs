//! The ledger of writes: one row a write, every write ever answered. History and duplicate check in one.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_sync::merge::Past;
use xunke_sync::numbers::Numbers;
use xunke_sync::record::{LastWrites, Seq, WriteId};
use xunke_sync::stamp::{DeviceId, Stamp};
use xunke_sync::wire::result::WriteResult;

use crate::entity::write;
use crate::records::{json, origin, read_json};
use crate::sessions::{Device, device_id};
use crate::{Queries, StoreError, Tx};

/// A write as it was taken in or held.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// The device it came from.
    pub device: DeviceId,
    /// Its number there.
    pub n: i64,
    /// The stream, if it could be read.
    pub stream: Option<SchoolId>,
    /// The record type, if it could be read.
    pub kind: Option<String>,
    /// The record, if it could be read.
    pub record: Option<Uuid>,
    /// Its place in the stream; none for a held write.
    pub seq: Option<Seq>,
    /// What it had seen.
    pub base: Option<Seq>,
    /// The last writes of the record that it had seen.
    pub saw: LastWrites,
    /// Its name, if it was captured under another number.
    pub born: Option<WriteId>,
    /// The stamp it claimed.
    pub claimed: Option<Stamp>,
    /// The stamp it was given; none for a held write.
    pub canonical: Option<Stamp>,
    /// What it sets; empty for a write that could not be read (its bytes are in the held list).
    pub set: Fields,
    /// Tells another body under the same number.
    pub body_hash: String,
    /// What was answered.
    pub answer: WriteResult,
    /// Who wrote it.
    pub author: UserId,
    /// When it arrived, milliseconds.
    pub received_at: i64,
    /// The device's clock minus ours then, milliseconds.
    pub clock_offset: Option<i64>,
}

impl LedgerEntry {
    /// For the merge; held writes are no history.
    pub(crate) fn past(&self) -> Option<Past> {
        let origin = origin(self.stream?, self.canonical?, self.seq?, self.n, self.born);
        Some(Past { origin, set: self.set.clone(), saw: self.saw.clone() })
    }

    fn from_row(row: write::Model) -> Result<Self, StoreError> {
        let stamp = |text: Option<String>| {
            text.map(|text| text.parse().map_err(|error| StoreError::corrupt("write", error))).transpose()
        };
        Ok(Self {
            device: device_id(&row.device)?,
            n: row.n,
            stream: row.stream.map(SchoolId::from_uuid),
            kind: row.kind,
            record: row.record,
            seq: row.seq,
            base: row.base,
            born: row.born.map(|born| read_json("write", &born)).transpose()?,
            saw: row.saw.map(|saw| read_json("write", &saw)).transpose()?.unwrap_or_default(),
            claimed: stamp(row.claimed)?,
            canonical: stamp(row.canonical)?,
            set: read_json("write", &row.body)?,
            body_hash: row.body_hash,
            answer: read_json("write", &row.answer)?,
            author: UserId::from_uuid(row.author),
            received_at: row.received_at,
            clock_offset: row.clock_offset,
        })
    }

    fn into_row(self) -> write::Model {
        let body = json(&self.set);
        self.into_row_of(body)
    }

    /// The same where the fields are JSON already, and `set` is not looked at.
    pub(crate) fn into_row_of(self, body: String) -> write::Model {
        write::Model {
            device: self.device.to_string(),
            n: self.n,
            stream: self.stream.map(SchoolId::into_uuid),
            kind: self.kind,
            record: self.record,
            seq: self.seq,
            base: self.base,
            born: self.born.map(|born| json(&born)),
            saw: (!self.saw.is_empty()).then(|| json(&self.saw)),
            claimed: self.claimed.map(|stamp| stamp.to_string()),
            canonical: self.canonical.map(|stamp| stamp.to_string()),
            body,
            body_hash: self.body_hash,
            answer: json(&self.answer),
            author: self.author.into_uuid(),
            received_at: self.received_at,
            clock_offset: self.clock_offset,
        }
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// One write.
    pub(crate) async fn ledger_find(
        &self,
        device: DeviceId,
        n: i64,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let row = write::Entity::find_by_id((device.to_string(), n)).one(&self.db).await?;
        row.map(LedgerEntry::from_row).transpose()
    }

    /// The known ones among a device's writes.
    pub(crate) async fn ledger_known(
        &self,
        device: DeviceId,
        numbers: Vec<i64>,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let rows = write::Entity::find()
            .filter(write::Column::Device.eq(device.to_string()))
            .filter(write::Column::N.is_in(numbers))
            .all(&self.db)
            .await?;
        rows.into_iter().map(LedgerEntry::from_row).collect()
    }

    /// Which writes of a device have been answered, taken in or held.
    pub async fn ledger_numbers(&self, device: &Device) -> Result<Numbers, StoreError> {
        if device.arrived == device.latest_n {
            return Ok(Numbers::up_to(device.latest_n));
        }
        let numbers: Vec<i64> = write::Entity::find()
            .select_only()
            .column(write::Column::N)
            .filter(write::Column::Device.eq(device.id.to_string()))
            .order_by_asc(write::Column::N)
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(numbers.into_iter().collect())
    }

    /// The accepted writes of a record, in the order of the stream.
    pub async fn ledger_of(
        &self,
        stream: SchoolId,
        kind: RecordType,
        record: Uuid,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let rows = write::Entity::find()
            .filter(write::Column::Stream.eq(stream.into_uuid()))
            .filter(write::Column::Record.eq(record))
            .filter(write::Column::Kind.eq(kind.as_str()))
            .filter(write::Column::Seq.is_not_null())
            .order_by_asc(write::Column::Seq)
            .all(&self.db)
            .await?;
        rows.into_iter().map(LedgerEntry::from_row).collect()
    }
}

impl Tx {
    /// Adds writes to the ledger.
    pub(crate) async fn ledger_add(&self, entries: Vec<LedgerEntry>) -> Result<(), StoreError> {
        self.put_rows(&mut entries.into_iter().map(LedgerEntry::into_row)).await
    }

    /// Replaces the entry of a held write that has been admitted.
    pub(crate) async fn ledger_replace(&self, entry: LedgerEntry) -> Result<(), StoreError> {
        write::Entity::delete_by_id((entry.device.to_string(), entry.n)).exec(&self.db).await?;
        self.ledger_add(vec![entry]).await
    }
}
