//! What another book would change in the visits of a school, asked before anything is stored.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use xunke_domain::book::SchoolBook;
use xunke_domain::ids::{SchoolId, VisitId};
use xunke_domain::resolve::Expected;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::Slot;

use super::projection::{judged, seen, slot};
use super::rejudge::swapped_with;
use crate::entity::visit;
use crate::{Queries, StoreError};

/// A visit that another book would judge otherwise, or would expect another lesson for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitImpact {
    /// The visit.
    pub id: VisitId,
    /// Where it was, or is to be.
    pub slot: Slot,
    /// Whether it was seen; one that was not has no verdict yet.
    pub seen: bool,
    /// What it is judged now.
    pub before: Option<Verdict>,
    /// What it would be judged.
    pub after: Option<Verdict>,
    /// The lessons expected now.
    pub expected_before: Vec<Expected>,
    /// The lessons that would be expected.
    pub expected_after: Vec<Expected>,
}

impl<C: ConnectionTrait> Queries<C> {
    /// Visits from a date on, and those that swaps bind to it, that `after` tells otherwise than `before`. Of a
    /// visit that was seen the verdict counts; of one that was not, the lesson that is expected.
    pub async fn visits_impact(
        &self,
        stream: SchoolId,
        before: &SchoolBook,
        after: &SchoolBook,
        from: NaiveDate,
    ) -> Result<Vec<VisitImpact>, StoreError> {
        let dates: RangeInclusive<NaiveDate> = from..=NaiveDate::MAX;
        let swapped = swapped_with(before, &dates);
        let earliest = swapped.iter().min().copied().unwrap_or(from).min(from);
        let rows = visit::Entity::find()
            .filter(visit::Column::Stream.eq(stream.into_uuid()))
            .filter(visit::Column::Withdrawn.eq(false))
            .filter(visit::Column::Date.gte(earliest.to_string()))
            .order_by_asc(visit::Column::Date)
            .order_by_asc(visit::Column::Id)
            .all(&self.db)
            .await?;
        // Many visits are to one slot; what is expected there is found once.
        let mut known: BTreeMap<(NaiveDate, String, xunke_domain::ids::ClassId), [Vec<Expected>; 2]> =
            BTreeMap::new();
        let mut impacts = Vec::new();
        for row in rows {
            let Some(slot) = slot(&row).filter(|slot| slot.date >= from || swapped.contains(&slot.date))
            else {
                continue;
            };
            let observed = seen(&row).map(|(_, observed)| observed);
            let key = (slot.date, slot.period.clone(), slot.class);
            let [expected_before, expected_after] = known
                .entry(key)
                .or_insert_with(|| [before, after].map(|book| book.resolve(&slot).expected().to_vec()))
                .clone();
            let [now, then] =
                [before, after].map(|book| judged(book, Some(&slot), observed.as_ref()).verdict);
            let moved = if observed.is_some() { now != then } else { expected_before != expected_after };
            if moved {
                impacts.push(VisitImpact {
                    id: VisitId::from_uuid(row.id),
                    slot,
                    seen: observed.is_some(),
                    before: now,
                    after: then,
                    expected_before,
                    expected_after,
                });
            }
        }
        Ok(impacts)
    }
}
