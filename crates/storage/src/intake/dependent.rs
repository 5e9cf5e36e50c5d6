//! The visits that reference data of a time may have been used for.

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use xunke_domain::ids::{SchoolId, VisitId};
use xunke_domain::timetable_undo::DependentVisit;

use super::projection::{seen, slot};
use crate::entity::visit;
use crate::{Queries, StoreError};

impl<C: ConnectionTrait> Queries<C> {
    /// The visits from a date on that are not withdrawn, by date.
    pub async fn visits_dependent(
        &self,
        stream: SchoolId,
        from: NaiveDate,
    ) -> Result<Vec<DependentVisit>, StoreError> {
        let rows = visit::Entity::find()
            .filter(visit::Column::Stream.eq(stream.into_uuid()))
            .filter(visit::Column::Date.gte(from.to_string()))
            .filter(visit::Column::Withdrawn.eq(false))
            .order_by_asc(visit::Column::Date)
            .order_by_asc(visit::Column::Id)
            .all(&self.db)
            .await?;
        let dependent = rows.iter().filter_map(|row| {
            let observed = seen(row).map(|(_, observed)| observed);
            let (id, submitted) = (VisitId::from_uuid(row.id), row.submitted);
            Some(DependentVisit { id, slot: slot(row)?, observed, submitted })
        });
        Ok(dependent.collect())
    }
}
