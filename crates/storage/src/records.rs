//! Records as rows: the fields as they are sent, and beside them who won each field.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use xunke_domain::fields::{FieldPath, FieldSource as _, Fields};
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;
use xunke_sync::record::{Origin, RecordState, Register, Seq, WriteId};
use xunke_sync::stamp::{DeviceId, Stamp};

use crate::entity::record;
use crate::{Queries, StoreError};

/// A record, read whole.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRecord {
    /// The stream it belongs to.
    pub stream: SchoolId,
    /// What kind of record.
    pub kind: RecordType,
    /// Its id.
    pub id: Uuid,
    /// Its newest seq; the `ETag`.
    pub seq: Seq,
    /// Erased for good.
    pub erased: bool,
    /// Who made it.
    pub author: UserId,
    /// Fields and winners.
    pub state: RecordState,
    /// The latest date a visit ever had; none if it once had no date, or is none.
    pub visit_until: Option<NaiveDate>,
    /// How many conflicts are open on it.
    pub open_conflicts: i64,
    /// Whether this transaction made it.
    pub(crate) created: bool,
    /// When it first arrived, milliseconds.
    pub created_at: i64,
}

/// The write that won a field, as it is stored beside the stamp.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredOrigin {
    Numbered(Seq, i64),
    /// Numbered anew after a restore.
    Named(Seq, i64, WriteId),
}

impl From<Origin> for StoredOrigin {
    fn from(origin: Origin) -> Self {
        match origin.born() {
            None => Self::Numbered(origin.seq, origin.n),
            Some(born) => Self::Named(origin.seq, origin.n, born),
        }
    }
}

impl StoredOrigin {
    fn under(self, stamp: Stamp, stream: SchoolId) -> Origin {
        match self {
            Self::Numbered(seq, n) => origin(stream, stamp, seq, n, None),
            Self::Named(seq, n, born) => origin(stream, stamp, seq, n, Some(born)),
        }
    }
}

/// The device that stands for the server in a stream; its writes have seen everything.
pub(crate) fn server_device(stream: SchoolId) -> DeviceId {
    let (_, low) = stream.into_uuid().as_u64_pair();
    DeviceId::from_u64(low)
}

/// A stored write as the merge sees it: one of the server's own has no name.
pub(crate) fn origin(stream: SchoolId, stamp: Stamp, seq: Seq, n: i64, born: Option<WriteId>) -> Origin {
    if stamp.device() == server_device(stream) {
        Origin { stamp, seq, n, id: None }
    } else {
        Origin::named(stamp, seq, n, born)
    }
}

impl StoredRecord {
    /// People other than the author who may see a visit: `+id` companions, `-id` former ones, who are told that
    /// it is gone.
    pub(crate) fn readers(&self) -> String {
        self.state
            .registers
            .iter()
            .filter(|(path, _)| path.name() == "companions")
            .filter_map(|(path, register)| {
                let sign = if register.value == Value::Bool(true) { '+' } else { '-' };
                path.element().map(|user| format!("{sign}{user} "))
            })
            .collect()
    }

    /// The date of a visit's slot.
    pub fn visit_date(&self) -> Option<NaiveDate> {
        let slot = self.state.registers.get("slot")?;
        slot.value.get("date")?.as_str()?.parse().ok()
    }

    /// The latest date it ever had, the one it has now included.
    fn visit_until_now(&self) -> Option<NaiveDate> {
        let date = self.visit_date()?;
        if self.created { Some(date) } else { self.visit_until.map(|until| until.max(date)) }
    }

    /// The week whose log tells this visit; none while it is a draft, and none once it is withdrawn.
    pub fn logged_week(&self) -> Option<Week> {
        let said =
            |name: &str| self.state.registers.get(name).is_some_and(|register| !register.value.is_null());
        let told = said("submitted_at") && !said("withdrawn");
        self.visit_date().filter(|_| told).map(Week::of)
    }

    /// Whether this person is the author or came along.
    pub fn concerns(&self, person: UserId) -> bool {
        let companion = format!("companions/{person}");
        let came = self.state.registers.get(companion.as_str());
        self.author == person || came.is_some_and(|register| register.value == Value::Bool(true))
    }

    /// Whether this person may write these fields of a visit: the author everything; a companion everything but the
    /// withdrawal and the list of companions.
    pub fn may_be_written<'f>(
        &self,
        person: UserId,
        fields: impl IntoIterator<Item = &'f FieldPath>,
    ) -> bool {
        let author = self.author == person;
        let left_to_companions = |path: &FieldPath| !matches!(path.name(), "withdrawn" | "companions");
        author || (self.concerns(person) && fields.into_iter().all(left_to_companions))
    }

    /// The row; `fields` is the fields as JSON, where that is known.
    pub(crate) fn row(&self, fields: Option<String>) -> record::Model {
        let stamp = self.state.stamp();
        let main = self
            .state
            .registers
            .values()
            .map(|register| register.origin)
            .filter(|origin| Some(origin.stamp) == stamp)
            .max_by_key(|origin| origin.seq);
        let mut stamps = BTreeMap::new();
        let mut origins: BTreeMap<&str, StoredOrigin> = BTreeMap::new();
        if let Some(main) = main {
            origins.insert("", StoredOrigin::from(main));
        }
        for (path, Register { origin, .. }) in &self.state.registers {
            if Some(*origin) != main {
                stamps.insert(path.as_str(), origin.stamp);
                origins.insert(path.as_str(), StoredOrigin::from(*origin));
            }
        }
        record::Model {
            stream: self.stream.into_uuid(),
            kind: self.kind.as_str().to_owned(),
            id: self.id,
            seq: self.seq,
            life: if self.erased { "erased" } else { "alive" }.to_owned(),
            author: self.author.into_uuid(),
            readers: self.readers(),
            visit_date: self.visit_date().map(|date| date.to_string()),
            visit_until: self.visit_until_now().map(|date| date.to_string()),
            stamp: stamp.map(|stamp| stamp.to_string()).unwrap_or_default(),
            stamps: json(&stamps),
            writes: json(&self.state.writes),
            origins: json(&origins),
            fields: fields.unwrap_or_else(|| json(&InPlace(&self.state))),
            open_conflicts: self.open_conflicts,
            created_at: self.created_at,
        }
    }

    pub(crate) fn from_row(row: &record::Model) -> Result<Self, StoreError> {
        let corrupt = |detail: String| StoreError::corrupt("record", detail);
        let fields: Fields = read_json("record", &row.fields)?;
        let stamps: BTreeMap<FieldPath, Stamp> = read_json("record", &row.stamps)?;
        let origins: BTreeMap<String, StoredOrigin> = read_json("record", &row.origins)?;
        let main: Option<Stamp> = (!row.stamp.is_empty())
            .then(|| row.stamp.parse())
            .transpose()
            .map_err(|error: xunke_sync::stamp::StampError| corrupt(error.to_string()))?;
        let stream = SchoolId::from_uuid(row.stream);
        let registers = fields
            .into_iter()
            .map(|(path, value)| {
                let stamp = stamps.get(&path).copied().or(main);
                let origin = origins.get(path.as_str()).or_else(|| origins.get(""));
                let (stamp, origin) =
                    stamp.zip(origin).ok_or_else(|| corrupt(format!("{path} has no origin")))?;
                Ok((path, Register { value, origin: origin.under(stamp, stream) }))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Self {
            stream,
            kind: row.kind.parse().map_err(|_| corrupt(format!("type {}", row.kind)))?,
            id: row.id,
            seq: row.seq,
            erased: row.life == "erased",
            author: UserId::from_uuid(row.author),
            state: RecordState { registers, writes: read_json("record", &row.writes)? },
            visit_until: row.visit_until.as_deref().and_then(|date| date.parse().ok()),
            created: false,
            open_conflicts: row.open_conflicts,
            created_at: row.created_at,
        })
    }
}

/// The fields of a record as JSON, written where they lie.
struct InPlace<'a>(&'a RecordState);

impl serde::Serialize for InPlace<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.each())
    }
}

/// Text of a value that always serialises: maps with text keys, plain structs.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("maps with text keys and plain structs always serialise")
}

/// Reads stored JSON back.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(what, error))
}

impl<C: ConnectionTrait> Queries<C> {
    /// One record of a school.
    pub async fn record_find(
        &self,
        stream: SchoolId,
        kind: RecordType,
        id: Uuid,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let row = record::Entity::find_by_id((stream.into_uuid(), kind.as_str().to_owned(), id))
            .one(&self.db)
            .await?;
        row.as_ref().map(StoredRecord::from_row).transpose()
    }

    /// Records of a school by their ids.
    pub async fn records_by_id(
        &self,
        stream: SchoolId,
        kind: RecordType,
        ids: Vec<Uuid>,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let rows = record::Entity::find()
            .filter(record::Column::Stream.eq(stream.into_uuid()))
            .filter(record::Column::Kind.eq(kind.as_str()))
            .filter(record::Column::Id.is_in(ids))
            .all(&self.db)
            .await?;
        rows.iter().map(StoredRecord::from_row).collect()
    }

    /// Records of one kind after `after`, by id, at most `limit`.
    pub async fn record_list(
        &self,
        stream: SchoolId,
        kind: RecordType,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let mut query = record::Entity::find()
            .filter(record::Column::Stream.eq(stream.into_uuid()))
            .filter(record::Column::Kind.eq(kind.as_str()))
            .filter(record::Column::Life.eq("alive"));
        if let Some(after) = after {
            query = query.filter(record::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(record::Column::Id).limit(limit).all(&self.db).await?;
        rows.iter().map(StoredRecord::from_row).collect()
    }
}

/// Splits rows so that no statement meets the limit of bound values.
pub(crate) fn chunks<T>(mut items: Vec<T>, size: usize) -> Vec<Vec<T>> {
    let mut chunks = Vec::new();
    while items.len() > size {
        let rest = items.split_off(size);
        chunks.push(std::mem::replace(&mut items, rest));
    }
    if !items.is_empty() {
        chunks.push(items);
    }
    chunks
}
