//! Editions of the weekly log: bytes that never change.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{Expr, SimpleExpr};
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
    /// The term whose chain it is in, and its place there; none for editions from before there was one.
    pub in_term: Option<(String, u32)>,
    /// Since when the public may not see it any more, and why.
    pub withdrawn: Option<Withdrawal>,
}

/// That an edition is not posted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// When, milliseconds.
    pub at: i64,
    /// Why, for people.
    pub why: String,
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
    /// Whether it was withdrawn from the public.
    pub withdrawn: bool,
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
            in_term: row.term.zip(row.place.map(number).transpose()?),
            withdrawn: row
                .withdrawn_at
                .map(|at| Withdrawal { at, why: row.withdrawn_why.unwrap_or_default() }),
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

    /// The newest edition of a week.
    pub async fn edition_newest(
        &self,
        stream: SchoolId,
        week: Week,
    ) -> Result<Option<StoredEdition>, StoreError> {
        let row = edition::Entity::find()
            .filter(edition::Column::Stream.eq(stream.into_uuid()))
            .filter(edition::Column::Week.eq(week.to_string()))
            .order_by_desc(edition::Column::Number)
            .one(&self.db)
            .await?;
        row.map(StoredEdition::from_row).transpose()
    }

    /// One edition.
    pub async fn edition_find(
        &self,
        stream: SchoolId,
        week: Week,
        number: u32,
    ) -> Result<Option<StoredEdition>, StoreError> {
        // A number that no edition can have is one that none has.
        let Ok(number) = i32::try_from(number) else { return Ok(None) };
        let key = (stream.into_uuid(), week.to_string(), number);
        let row = edition::Entity::find_by_id(key).one(&self.db).await?;
        row.map(StoredEdition::from_row).transpose()
    }

    /// The newest edition of each week, without its bytes.
    pub async fn edition_heads(&self, stream: SchoolId) -> Result<BTreeMap<Week, EditionHead>, StoreError> {
        let all = self.heads(stream, edition::Column::Stream.eq(stream.into_uuid())).await?;
        Ok(all.into_iter().collect())
    }

    /// The editions of a week without their bytes, oldest first.
    pub async fn edition_heads_of(
        &self,
        stream: SchoolId,
        week: Week,
    ) -> Result<Vec<EditionHead>, StoreError> {
        let all = self.heads(stream, edition::Column::Week.eq(week.to_string())).await?;
        Ok(all.into_iter().map(|(_, head)| head).collect())
    }

    /// Of a stream and of those, in the order of numbers.
    async fn heads(
        &self,
        stream: SchoolId,
        which: SimpleExpr,
    ) -> Result<Vec<(Week, EditionHead)>, StoreError> {
        let rows: Vec<(String, i32, i64, bool, Option<i64>)> = edition::Entity::find()
            .select_only()
            .columns([
                edition::Column::Week,
                edition::Column::Number,
                edition::Column::PublishedAt,
                edition::Column::SupersededByChanges,
                edition::Column::WithdrawnAt,
            ])
            .filter(edition::Column::Stream.eq(stream.into_uuid()))
            .filter(which)
            .order_by_asc(edition::Column::Number)
            .into_tuple()
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|(week, stored, published_at, overtaken, withdrawn_at)| {
                let week: Week = week.parse().map_err(|error| StoreError::corrupt("edition", error))?;
                let withdrawn = withdrawn_at.is_some();
                Ok((week, EditionHead { number: number(stored)?, published_at, overtaken, withdrawn }))
            })
            .collect()
    }

    /// The place and the hash of the newest publication of a term.
    pub async fn term_head(&self, stream: SchoolId, term: &str) -> Result<Option<(u32, String)>, StoreError> {
        let head: Option<(i32, String)> = edition::Entity::find()
            .select_only()
            .columns([edition::Column::Place, edition::Column::Hash])
            .filter(edition::Column::Stream.eq(stream.into_uuid()))
            .filter(edition::Column::Term.eq(term))
            .order_by_desc(edition::Column::Place)
            .limit(1)
            .into_tuple()
            .one(&self.db)
            .await?;
        head.map(|(place, hash)| Ok((number(place)?, hash))).transpose()
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
            place: (edition.in_term.as_ref())
                .map(|(_, place)| i32::try_from(*place))
                .transpose()
                .map_err(|error| StoreError::corrupt("edition", error))?,
            term: edition.in_term.map(|(term, _)| term),
            withdrawn_at: edition.withdrawn.as_ref().map(|withdrawal| withdrawal.at),
            withdrawn_why: edition.withdrawn.map(|withdrawal| withdrawal.why),
        };
        edition::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.db)
            .await
            .map_err(StoreError::taken("the edition"))?;
        Ok(())
    }

    /// Withdraws an edition from the public; `false` if it was before.
    pub async fn edition_withdraw(
        &self,
        stream: SchoolId,
        week: Week,
        number: u32,
        withdrawal: Withdrawal,
    ) -> Result<bool, StoreError> {
        let number = i32::try_from(number).map_err(|error| StoreError::corrupt("edition", error))?;
        let done = edition::Entity::update_many()
            .col_expr(edition::Column::WithdrawnAt, Expr::value(withdrawal.at))
            .col_expr(edition::Column::WithdrawnWhy, Expr::value(withdrawal.why))
            .filter(edition::Column::Stream.eq(stream.into_uuid()))
            .filter(edition::Column::Week.eq(week.to_string()))
            .filter(edition::Column::Number.eq(number))
            .filter(edition::Column::WithdrawnAt.is_null())
            .exec(&self.db)
            .await?;
        self.published_week_withdraw(stream, week, number).await?;
        Ok(done.rows_affected == 1)
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
