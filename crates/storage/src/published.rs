//! Published weeks as a district is told of them: a small row each, written together with the edition.
//!
//! A district's page reads these alone: neither visits nor editions, however many there are.

use chrono::{DateTime, FixedOffset, TimeZone as _};
use chrono_tz::Tz;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use uuid::Uuid;
use xunke_domain::district::{EditionOfWeek, FIGURES, PublishedWeek, WeekFigures};
use xunke_domain::ids::{DistrictId, SchoolId};
use xunke_domain::log::edition::Edition;
use xunke_domain::week::Week;

use crate::editions::StoredEdition;
use crate::entity::edition;
use crate::entity::published_week::{self, Column};
use crate::records::read_json;
use crate::{Queries, Store, StoreError, Tx};

/// What a district is told of a week whose newest edition this is. `first`: when the first one was published,
/// milliseconds.
pub fn published_week(newest: &StoredEdition, first: i64, figures: WeekFigures) -> PublishedWeek {
    PublishedWeek {
        school: newest.stream,
        week: newest.week,
        edition: EditionOfWeek {
            number: newest.number,
            hash: newest.hash.clone(),
            published_at: school_time(newest.published_at),
        },
        first_published_at: school_time(first),
        withdrawn: newest.withdrawn.is_some(),
        figures,
    }
}

fn school_time(millis: i64) -> DateTime<FixedOffset> {
    let utc = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    Tz::Asia__Shanghai.from_utc_datetime(&utc.naive_utc()).fixed_offset()
}

impl<C: ConnectionTrait> Queries<C> {
    /// What the schools of a district have published of these weeks, both ends included.
    pub async fn published_weeks(
        &self,
        district: DistrictId,
        first: Week,
        last: Week,
    ) -> Result<Vec<PublishedWeek>, StoreError> {
        let rows = published_week::Entity::find()
            .filter(Column::District.eq(district.into_uuid()))
            .filter(Column::Week.between(first.to_string(), last.to_string()))
            .all(&self.db)
            .await?;
        rows.into_iter().map(from_row).collect()
    }
}

fn from_row(row: published_week::Model) -> Result<PublishedWeek, StoreError> {
    let corrupt = |error: &dyn std::fmt::Display| StoreError::corrupt("published week", error);
    Ok(PublishedWeek {
        school: SchoolId::from_uuid(row.stream),
        week: row.week.parse().map_err(|error| corrupt(&error))?,
        edition: EditionOfWeek {
            number: u32::try_from(row.number).map_err(|error| corrupt(&error))?,
            hash: row.hash,
            published_at: school_time(row.published_at),
        },
        first_published_at: school_time(row.first_published_at),
        withdrawn: row.withdrawn,
        figures: read_json("published week", &row.figures)?,
    })
}

impl Tx {
    /// Keeps what a district is told of a week, in place of what it was told before. The school must be locked.
    pub async fn published_week_put(
        &self,
        district: DistrictId,
        told: &PublishedWeek,
    ) -> Result<(), StoreError> {
        let corrupt = |error: &dyn std::fmt::Display| StoreError::corrupt("published week", error);
        let row = published_week::Model {
            district: district.into_uuid(),
            week: told.week.to_string(),
            stream: told.school.into_uuid(),
            number: i32::try_from(told.edition.number).map_err(|error| corrupt(&error))?,
            hash: told.edition.hash.clone(),
            published_at: told.edition.published_at.timestamp_millis(),
            first_published_at: told.first_published_at.timestamp_millis(),
            withdrawn: told.withdrawn,
            version: FIGURES,
            figures: serde_json::to_string(&told.figures).map_err(|error| corrupt(&error))?,
        };
        let again = OnConflict::columns([Column::District, Column::Week, Column::Stream])
            .update_columns([
                Column::Number,
                Column::Hash,
                Column::PublishedAt,
                Column::FirstPublishedAt,
                Column::Withdrawn,
                Column::Version,
                Column::Figures,
            ])
            .to_owned();
        published_week::Entity::insert(row.into_active_model())
            .on_conflict(again)
            .exec_without_returning(&self.db)
            .await?;
        Ok(())
    }

    /// Notes that the edition was withdrawn, if it is the newest of its week.
    pub(crate) async fn published_week_withdraw(
        &self,
        school: SchoolId,
        week: Week,
        number: i32,
    ) -> Result<(), StoreError> {
        let Some(school) = self.school_find(school).await? else { return Ok(()) };
        published_week::Entity::update_many()
            .col_expr(Column::Withdrawn, Expr::value(true))
            .filter(Column::District.eq(school.district.into_uuid()))
            .filter(Column::Week.eq(week.to_string()))
            .filter(Column::Stream.eq(school.id.into_uuid()))
            .filter(Column::Number.eq(number))
            .exec(&self.db)
            .await?;
        Ok(())
    }

    async fn published_week_fill(&self, school: SchoolId, week: Week) -> Result<(), StoreError> {
        let Some(school) = self.school_lock(school).await? else { return Ok(()) };
        let Some(newest) = self.edition_newest(school.id, week).await? else { return Ok(()) };
        let first: Option<i64> = edition::Entity::find()
            .select_only()
            .column(edition::Column::PublishedAt)
            .filter(edition::Column::Stream.eq(school.id.into_uuid()))
            .filter(edition::Column::Week.eq(week.to_string()))
            .order_by_asc(edition::Column::Number)
            .into_tuple()
            .one(&self.db)
            .await?;
        let log = match serde_json::from_str::<Edition>(&newest.bytes) {
            Ok(edition) => edition.log,
            // Its school's page fails likewise; the server must start all the same.
            Err(error) => {
                tracing::error!(%error, school = %school.id, %week, "a published edition does not read");
                return Ok(());
            }
        };
        let told = published_week(&newest, first.unwrap_or(newest.published_at), WeekFigures::from(&log));
        self.published_week_put(school.district, &told).await
    }
}

/// Weeks whose row is missing, speaks of an older edition, knows nothing of its withdrawal, or lacks what rows hold by
/// now.
const UNTOLD: &str = "SELECT edition.stream AS stream, edition.week AS week FROM edition \
    JOIN school ON school.id = edition.stream \
    LEFT JOIN published_week AS told ON told.district = school.district AND told.week = edition.week \
        AND told.stream = edition.stream AND told.version >= $version AND told.number >= edition.number \
        AND (told.number > edition.number OR told.withdrawn = (edition.withdrawn_at IS NOT NULL)) \
    WHERE told.number IS NULL GROUP BY edition.stream, edition.week ORDER BY edition.stream, edition.week";

#[derive(FromQueryResult)]
struct Untold {
    stream: Uuid,
    week: String,
}

impl Store {
    /// Makes the rows of editions that were published before there were any, or by a node of an older version. At each
    /// start, since that node may still be running at this one; several nodes do no harm, the school is locked for each.
    pub(crate) async fn fill_published_weeks(&self) -> Result<(), StoreError> {
        let read = self.read();
        let sql = UNTOLD.replace("$version", &FIGURES.to_string());
        let statement = Statement::from_string(read.db.get_database_backend(), sql);
        let untold = Untold::find_by_statement(statement).all(&read.db).await?;
        for Untold { stream, week } in untold {
            let week: Week = week.parse().map_err(|error| StoreError::corrupt("edition", error))?;
            let tx = self.begin().await?;
            tx.published_week_fill(SchoolId::from_uuid(stream), week).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
