//! Conflicts: two writes of one field that did not know of each other (protocol, section 2.6).

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_sync::merge::OpenConflict;
use xunke_sync::record::{Origin, Seq, WriteId};
use xunke_sync::stamp::Stamp;

use crate::entity::conflict;
use crate::records::{chunks, json, origin, read_json};
use crate::{Queries, StoreError, Tx};

/// One of the two writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConflictSide {
    /// The value it set.
    pub value: Value,
    /// Its canonical stamp.
    pub stamp: Stamp,
    /// Its place in the stream.
    pub seq: Seq,
    /// Which write of its device.
    pub n: i64,
    /// Its name, if it was captured under another number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<WriteId>,
    /// Who wrote it.
    pub by: UserId,
    /// When it arrived, milliseconds.
    pub received_at: i64,
}

/// A conflict.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Its id; the same however often the same two writes meet.
    pub id: Uuid,
    /// The stream.
    pub stream: SchoolId,
    /// The record's type.
    pub kind: String,
    /// The record.
    pub record: Uuid,
    /// The field.
    pub path: String,
    /// What stood there.
    pub standing: ConflictSide,
    /// What arrived.
    pub arrived: ConflictSide,
    /// When it was noticed, milliseconds.
    pub opened_at: i64,
    /// When a write that had seen both closed it, milliseconds.
    pub settled_at: Option<i64>,
}

impl Conflict {
    pub(crate) fn between(&self) -> [Origin; 2] {
        [&self.standing, &self.arrived]
            .map(|side| origin(self.stream, side.stamp, side.seq, side.n, side.born))
    }

    pub(crate) fn open(&self) -> Result<OpenConflict, StoreError> {
        let path = self.path.parse().map_err(|error| StoreError::corrupt("conflict", error))?;
        Ok(OpenConflict { id: self.id, path, between: self.between() })
    }

    fn from_row(row: conflict::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            stream: SchoolId::from_uuid(row.stream),
            kind: row.kind,
            record: row.record,
            path: row.path,
            standing: read_json("conflict", &row.standing)?,
            arrived: read_json("conflict", &row.arrived)?,
            opened_at: row.opened_at,
            settled_at: row.settled_at,
        })
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// Open conflicts of a school after `after`, by id; only those on records of `author` if given.
    pub async fn conflict_list(
        &self,
        stream: SchoolId,
        author: Option<UserId>,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Conflict>, StoreError> {
        let mut query = conflict::Entity::find()
            .filter(conflict::Column::Stream.eq(stream.into_uuid()))
            .filter(conflict::Column::SettledAt.is_null());
        if let Some(author) = author {
            query =
                query.filter(conflict::Column::Record.in_subquery(crate::pages::own_records(stream, author)));
        }
        if let Some(after) = after {
            query = query.filter(conflict::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(conflict::Column::Id).limit(limit).all(&self.db).await?;
        rows.into_iter().map(Conflict::from_row).collect()
    }

    /// One conflict of a school, settled or not.
    pub async fn conflict_find(&self, stream: SchoolId, id: Uuid) -> Result<Option<Conflict>, StoreError> {
        let row = conflict::Entity::find_by_id(id)
            .filter(conflict::Column::Stream.eq(stream.into_uuid()))
            .one(&self.db)
            .await?;
        row.map(Conflict::from_row).transpose()
    }

    /// The open conflicts of one record.
    pub(crate) async fn conflicts_of(
        &self,
        stream: SchoolId,
        record: Uuid,
    ) -> Result<Vec<Conflict>, StoreError> {
        let rows = conflict::Entity::find()
            .filter(conflict::Column::Stream.eq(stream.into_uuid()))
            .filter(conflict::Column::Record.eq(record))
            .filter(conflict::Column::SettledAt.is_null())
            .order_by_asc(conflict::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(Conflict::from_row).collect()
    }
}

impl Tx {
    /// Stores conflicts that were opened.
    pub(crate) async fn conflicts_add(&self, conflicts: Vec<(Conflict, Seq)>) -> Result<(), StoreError> {
        let rows = |(conflict, seq): (Conflict, Seq)| {
            conflict::Model {
                id: conflict.id,
                stream: conflict.stream.into_uuid(),
                kind: conflict.kind,
                record: conflict.record,
                path: conflict.path,
                standing: json(&conflict.standing),
                arrived: json(&conflict.arrived),
                opened_at: conflict.opened_at,
                opened_seq: seq,
                settled_at: conflict.settled_at,
                settled_seq: None,
            }
            .into_active_model()
        };
        for chunk in chunks(conflicts, 100) {
            let rows = chunk.into_iter().map(rows);
            conflict::Entity::insert_many(rows)
                .on_conflict_do_nothing()
                .exec_without_returning(&self.db)
                .await?;
        }
        Ok(())
    }

    /// Closes conflicts.
    pub(crate) async fn conflicts_settle(&self, ids: Vec<Uuid>, at: i64, seq: Seq) -> Result<(), StoreError> {
        conflict::Entity::update_many()
            .col_expr(conflict::Column::SettledAt, Expr::value(at))
            .col_expr(conflict::Column::SettledSeq, Expr::value(seq))
            .filter(conflict::Column::Id.is_in(ids))
            .exec(&self.db)
            .await?;
        Ok(())
    }
}
