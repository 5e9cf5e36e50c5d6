//! Schools: a district's, and each the head of its stream.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;
use xunke_domain::ids::{DistrictId, SchoolId};
use xunke_domain::people::{Membership, Scope};
use xunke_sync::cursor::Lineage;
use xunke_sync::planted::{Bug, planted};
use xunke_sync::record::Seq;

use crate::entity::{lineage, school};
use crate::{Queries, StoreError, Tx};

/// A school and where its stream stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct School {
    /// The id, also of its stream.
    pub id: SchoolId,
    /// Its district.
    pub district: DistrictId,
    /// The name, copied from its record.
    pub name: String,
    /// 学校标识码, ten digits.
    pub code: Option<String>,
    /// The newest seq of its stream.
    pub head: Seq,
    /// The newest seq of its reference data.
    pub book_seq: Seq,
}

impl From<school::Model> for School {
    fn from(row: school::Model) -> Self {
        let school::Model { id, district, name, code, head, book_seq, created_at: _ } = row;
        Self {
            id: SchoolId::from_uuid(id),
            district: DistrictId::from_uuid(district),
            name,
            code,
            head,
            book_seq,
        }
    }
}

/// Which schools to list.
#[derive(Clone, Debug)]
pub enum SchoolFilter {
    /// These.
    Ids(Vec<SchoolId>),
    /// All of these districts.
    Districts(Vec<DistrictId>),
}

impl From<&Membership> for SchoolFilter {
    /// The schools a place covers.
    fn from(membership: &Membership) -> Self {
        match &membership.scope {
            Scope::Schools(schools) => Self::Ids(schools.iter().copied().collect()),
            Scope::District => Self::Districts(vec![membership.district]),
        }
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// A school by id.
    pub async fn school_find(&self, id: SchoolId) -> Result<Option<School>, StoreError> {
        Ok(school::Entity::find_by_id(id.into_uuid()).one(&self.db).await?.map(School::from))
    }

    /// Schools after `after`, by id, at most `limit`.
    pub async fn school_list(
        &self,
        filter: &[SchoolFilter],
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<School>, StoreError> {
        let any = filter.iter().fold(sea_orm::Condition::any(), |any, filter| match filter {
            SchoolFilter::Ids(ids) => any.add(school::Column::Id.is_in(ids.iter().map(|id| id.into_uuid()))),
            SchoolFilter::Districts(ids) => {
                any.add(school::Column::District.is_in(ids.iter().map(|id| id.into_uuid())))
            }
        });
        if filter.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = school::Entity::find().filter(any);
        if let Some(after) = after {
            query = query.filter(school::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(school::Column::Id).limit(limit).all(&self.db).await?;
        Ok(rows.into_iter().map(School::from).collect())
    }

    /// Every school after `after`, by id, at most `limit`; for whoever looks after the server.
    pub async fn school_every(&self, after: Option<SchoolId>, limit: u64) -> Result<Vec<School>, StoreError> {
        let mut query = school::Entity::find();
        if let Some(after) = after {
            query = query.filter(school::Column::Id.gt(after.into_uuid()));
        }
        let rows = query.order_by_asc(school::Column::Id).limit(limit).all(&self.db).await?;
        Ok(rows.into_iter().map(School::from).collect())
    }

    /// The lineage of a stream, ascending by `from_seq`.
    pub async fn lineage(&self, stream: SchoolId) -> Result<Vec<Lineage>, StoreError> {
        let rows = lineage::Entity::find()
            .filter(lineage::Column::Stream.eq(stream.into_uuid()))
            .order_by_asc(lineage::Column::FromSeq)
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(|row| Lineage { from_seq: row.from_seq, nonce: row.nonce }).collect())
    }
}

impl Tx {
    /// Adds a school with an empty stream; [`StoreError::Taken`] if its code is in use.
    pub async fn school_add(&self, school: &School, at: i64) -> Result<(), StoreError> {
        let School { id, district, name, code, head, book_seq } = school.clone();
        let row = school::Model {
            id: id.into_uuid(),
            district: district.into_uuid(),
            name,
            code,
            head,
            book_seq,
            created_at: at,
        };
        school::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.db)
            .await
            .map_err(StoreError::taken("the school code"))?;
        Ok(())
    }

    /// Reads a school and locks its stream until the transaction ends: whoever holds the lock assigns the next
    /// seqs, so their order is the order of commits (protocol, section 6).
    pub async fn school_lock(&self, id: SchoolId) -> Result<Option<School>, StoreError> {
        let backend = self.db.get_database_backend();
        let mark = if backend == DatabaseBackend::Postgres { "$1" } else { "?" };
        let sql = format!("SELECT * FROM school WHERE id = {mark}{}", self.for_update());
        let statement = Statement::from_sql_and_values(backend, sql, [id.into_uuid().into()]);
        let row = self.db.query_one_raw(statement).await?;
        let row = row.map(|row| school::Model::from_query_result(&row, "")).transpose()?;
        Ok(row.map(School::from))
    }

    /// Moves the stream on; the last statement before a commit.
    pub(crate) async fn school_advance(&self, school: &School) -> Result<(), StoreError> {
        school::Entity::update_many()
            .col_expr(school::Column::Head, Expr::value(school.head))
            .col_expr(school::Column::BookSeq, Expr::value(school.book_seq))
            .col_expr(school::Column::Name, Expr::value(school.name.clone()))
            .col_expr(school::Column::Code, Expr::value(school.code.clone()))
            .filter(school::Column::Id.eq(school.id.into_uuid()))
            .exec(&self.db)
            .await
            .map_err(StoreError::taken("the school code"))?;
        Ok(())
    }

    /// Notes that this process writes to the stream from `from_seq` on, unless it did so before.
    pub(crate) async fn lineage_note(
        &self,
        stream: SchoolId,
        from_seq: Seq,
        process: Uuid,
        at: i64,
    ) -> Result<(), StoreError> {
        if planted(Bug::LineageForgotten) {
            return Ok(());
        }
        let known = lineage::Entity::find()
            .filter(lineage::Column::Stream.eq(stream.into_uuid()))
            .filter(lineage::Column::Nonce.eq(process))
            .limit(1)
            .one(&self.db)
            .await?;
        if known.is_none() {
            let row =
                lineage::Model { stream: stream.into_uuid(), from_seq, nonce: process, recorded_at: at };
            lineage::Entity::insert(row.into_active_model()).exec_without_returning(&self.db).await?;
        }
        Ok(())
    }
}
