//! Held writes: stored as sent, with a reason, until people have looked at them (protocol, section 8).

use std::collections::BTreeSet;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_sync::stamp::DeviceId;

use crate::entity::held_write;
use crate::records::chunks;
use crate::sessions::device_id;
use crate::{Queries, StoreError, Tx};

/// A held write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldWrite {
    /// Its id in the held list.
    pub id: Uuid,
    /// The stream it named, if it could be read.
    pub stream: Option<SchoolId>,
    /// The device it came from.
    pub device: DeviceId,
    /// Its number there.
    pub n: i64,
    /// Who sent it.
    pub author: UserId,
    /// Why it is held (protocol, section 4).
    pub reason: String,
    /// Where in the write the fault is.
    pub pointer: Option<String>,
    /// The fault, for people.
    pub detail: String,
    /// The write as sent.
    pub body: String,
    /// `open`, `admitted` or `discarded`.
    pub state: String,
    /// When it arrived, milliseconds.
    pub received_at: i64,
    /// Who decided.
    pub decided_by: Option<UserId>,
    /// When, milliseconds.
    pub decided_at: Option<i64>,
    /// Why it was discarded.
    pub decision: Option<String>,
}

impl HeldWrite {
    fn from_row(row: held_write::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            stream: row.stream.map(SchoolId::from_uuid),
            device: device_id(&row.device)?,
            n: row.n,
            author: UserId::from_uuid(row.author),
            reason: row.reason,
            pointer: row.pointer,
            detail: row.detail,
            body: row.body,
            state: row.state,
            received_at: row.received_at,
            decided_by: row.decided_by.map(UserId::from_uuid),
            decided_at: row.decided_at,
            decision: row.decision,
        })
    }

    fn into_row(self) -> held_write::Model {
        held_write::Model {
            id: self.id,
            stream: self.stream.map(SchoolId::into_uuid),
            device: self.device.to_string(),
            n: self.n,
            author: self.author.into_uuid(),
            reason: self.reason,
            pointer: self.pointer,
            detail: self.detail,
            body: self.body,
            state: self.state,
            received_at: self.received_at,
            decided_by: self.decided_by.map(UserId::into_uuid),
            decided_at: self.decided_at,
            decision: self.decision,
        }
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// A held write by id.
    pub async fn held_find(&self, id: Uuid) -> Result<Option<HeldWrite>, StoreError> {
        held_write::Entity::find_by_id(id).one(&self.db).await?.map(HeldWrite::from_row).transpose()
    }

    /// Held writes of a school that `reader` may see, after `after`, by id: all, or his own. His own writes that
    /// name no school are among them, since nobody else could find them. `open`: only those nobody has decided.
    pub async fn held_list(
        &self,
        stream: SchoolId,
        reader: UserId,
        all: bool,
        open: bool,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<HeldWrite>, StoreError> {
        let own = held_write::Column::Author.eq(reader.into_uuid());
        let here = Condition::all()
            .add(held_write::Column::Stream.eq(stream.into_uuid()))
            .add_option((!all).then(|| own.clone()));
        let nowhere = Condition::all().add(held_write::Column::Stream.is_null()).add(own);
        let seen = Condition::any().add(here).add(nowhere);
        let mut query = held_write::Entity::find().filter(seen);
        if open {
            query = query.filter(held_write::Column::State.eq("open"));
        }
        if let Some(after) = after {
            query = query.filter(held_write::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(held_write::Column::Id).limit(limit).all(&self.db).await?;
        rows.into_iter().map(HeldWrite::from_row).collect()
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// How many held writes of a school nobody has decided.
    pub(crate) async fn held_open(&self, stream: SchoolId) -> Result<u64, StoreError> {
        let open = held_write::Entity::find()
            .filter(held_write::Column::Stream.eq(stream.into_uuid()))
            .filter(held_write::Column::State.eq("open"));
        Ok(open.count(&self.db).await?)
    }
}

impl Tx {
    /// Takes the stream away from writes whose stream is no school's.
    pub(crate) async fn held_where_they_are_seen(
        &self,
        mut held: Vec<HeldWrite>,
    ) -> Result<Vec<HeldWrite>, StoreError> {
        let named: BTreeSet<SchoolId> = held.iter().filter_map(|held| held.stream).collect();
        for stream in named {
            if self.school_find(stream).await?.is_none() {
                for held in held.iter_mut().filter(|held| held.stream == Some(stream)) {
                    held.stream = None;
                }
            }
        }
        Ok(held)
    }

    /// Adds held writes.
    pub(crate) async fn held_add(&self, held: Vec<HeldWrite>) -> Result<(), StoreError> {
        for chunk in chunks(held, 100) {
            let rows = chunk.into_iter().map(|held| held.into_row().into_active_model());
            held_write::Entity::insert_many(rows).exec_without_returning(&self.db).await?;
        }
        Ok(())
    }

    /// Decides an open one; `false` if it was decided before.
    pub async fn held_decide(
        &self,
        id: Uuid,
        state: &str,
        by: UserId,
        at: i64,
        reason: Option<String>,
    ) -> Result<bool, StoreError> {
        let decision = held_write::ActiveModel {
            state: Set(state.to_owned()),
            decided_by: Set(Some(by.into_uuid())),
            decided_at: Set(Some(at)),
            decision: Set(reason),
            ..Default::default()
        };
        let changed = held_write::Entity::update_many()
            .set(decision)
            .filter(held_write::Column::Id.eq(id))
            .filter(held_write::Column::State.eq("open"))
            .exec(&self.db)
            .await?;
        Ok(changed.rows_affected == 1)
    }
}
