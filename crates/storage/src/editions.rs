//! Editions of the weekly log: bytes that never change.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::week::Week;
use xunke_sync::planted::{Bug, planted};
use xunke_sync::record::Seq;

use crate::entity::edition;
use crate::{Queries, StoreError, Tx};

/// A published edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEdition {
    /// The school.
    pub stream: SchoolId,
    /// The week.
    pub week: Week,
    /// From 1.
    pub number: u32,
    /// SHA-256 of `bytes`, hexadecimal.
    pub hash: String,
    /// The hash of the edition before it.
    pub previous: Option<String>,
    /// The internal edition as published.
    pub bytes: String,
    /// The public edition as published.
    pub public_bytes: String,
    /// Who published it.
    pub published_by: UserId,
    /// When, milliseconds.
    pub published_at: i64,
    /// The stream's head it was compiled from.
    pub head: Seq,
    /// Whether a visit of the week has changed since: the next edition waits.
    pub overtaken: bool,
}

/// What a list of weeks tells of a week's newest edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditionHead {
    /// From 1.
    pub number: u32,
    /// When it was published, milliseconds.
    pub published_at: i64,
    /// Whether a visit of the week has changed since: the next edition waits.
    pub overtaken: bool,
}

impl StoredEdition {
    fn from_row(row: edition::Model) -> Result<Self, StoreError> {
        Ok(Self {
            stream: SchoolId::from_uuid(row.stream),
            week: row.week.parse().map_err(|error| StoreError::corrupt("edition", error))?,
            number: number(row.number)?,
            hash: row.hash,
            previous: row.previous,
            bytes: row.bytes,
            public_bytes: row.public_bytes,
            published_by: UserId::from_uuid(row.published_by),
            published_at: row.published_at,
            head: row.head,
            overtaken: row.superseded_by_changes,
        })
    }
}

fn number(stored: i32) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|error| StoreError::corrupt("edition", error))
}

impl<C: ConnectionTrait> Queries<C> {
    /// The editions of a week, oldest first.
    pub async fn edition_list(&self, stream: SchoolId, week: Week) -> Result<Vec<StoredEdition>, StoreError> {
        let rows = edition::Entity::find()
            .filter(edition::Column::Stream.eq(stream.into_uuid()))
            .filter(edition::Column::Week.eq(week.to_string()))
            .order_by_asc(edition::Column::Number)
            .all(&self.db)
            .await?;
        rows.into_iter().map(StoredEdition::from_row).collect()
    }

    /// The newest edition of each week, without its bytes.
    pub async fn edition_heads(&self, stream: SchoolId) -> Result<BTreeMap<Week, EditionHead>, StoreError> {
        let rows: Vec<(String, i32, i64, bool)> = edition::Entity::find()
            .select_only()
            .columns([
                edition::Column::Week,
                edition::Column::Number,
                edition::Column::PublishedAt,
                edition::Column::SupersededByChanges,
            ])
            .filter(edition::Column::Stream.eq(stream.into_uuid()))
            .order_by_asc(edition::Column::Number)
            .into_tuple()
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|(week, stored, published_at, overtaken)| {
                let week: Week = week.parse().map_err(|error| StoreError::corrupt("edition", error))?;
                Ok((week, EditionHead { number: number(stored)?, published_at, overtaken }))
            })
            .collect()
    }
}

impl Tx {
    /// Freezes an edition; [`StoreError::Taken`] if another with its number was quicker.
    pub async fn edition_add(&self, edition: StoredEdition) -> Result<(), StoreError> {
        let row = edition::Model {
            stream: edition.stream.into_uuid(),
            week: edition.week.to_string(),
            number: i32::try_from(edition.number).map_err(|error| StoreError::corrupt("edition", error))?,
            hash: edition.hash,
            previous: edition.previous,
            bytes: edition.bytes,
            public_bytes: edition.public_bytes,
            published_by: edition.published_by.into_uuid(),
            published_at: edition.published_at,
            head: edition.head,
            superseded_by_changes: edition.overtaken,
        };
        edition::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.db)
            .await
            .map_err(StoreError::taken("the edition"))?;
        Ok(())
    }

    /// Marks the newest editions of these weeks as overtaken by a change; gives their numbers.
    pub(crate) async fn editions_overtake(
        &self,
        stream: SchoolId,
        weeks: &BTreeSet<Week>,
    ) -> Result<BTreeMap<Week, u32>, StoreError> {
        if weeks.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows: Vec<(String, i32)> = edition::Entity::find()
            .select_only()
            .columns([edition::Column::Week, edition::Column::Number])
            .filter(edition::Column::Stream.eq(stream.into_uuid()))
            .filter(edition::Column::Week.is_in(weeks.iter().map(Week::to_string)))
            .order_by_asc(edition::Column::Number)
            .into_tuple()
            .all(&self.db)
            .await?;
        let mut newest = BTreeMap::new();
        for (week, stored) in rows {
            let week: Week = week.parse().map_err(|error| StoreError::corrupt("edition", error))?;
            newest.insert(week, number(stored)?);
        }
        for (week, number) in &newest {
            let number = i32::try_from(*number).unwrap_or(i32::MAX);
            let mut update = edition::Entity::update_many();
            if planted(Bug::EditionInPlace) {
                update = update.col_expr(edition::Column::Bytes, Expr::cust("bytes || ' '"));
            }
            update
                .col_expr(edition::Column::SupersededByChanges, Expr::value(true))
                .filter(edition::Column::Stream.eq(stream.into_uuid()))
                .filter(edition::Column::Week.eq(week.to_string()))
                .filter(edition::Column::Number.eq(number))
                .exec(&self.db)
                .await?;
        }
        Ok(newest)
    }
}
