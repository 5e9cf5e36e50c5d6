//! What is missing from a week before its log is published.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use xunke_domain::assignment::Assignment;
use xunke_domain::ids::{ClassId, SchoolId, UserId, VisitId};
use xunke_domain::people::Role;
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;

use crate::entity::visit;
use crate::feedback::{Feedback, FeedbackOf};
use crate::schools::School;
use crate::sessions::Device;
use crate::{Queries, StoreError};

/// Most patrol tasks of a school that are read.
const TASKS: u64 = 10_000;
/// Most visits, and most pieces of feedback, of one week.
const MOST: u64 = 100_000;

/// Where a visit was.
struct Visited {
    inspector: UserId,
    date: NaiveDate,
    class: ClassId,
}

/// A device that said it still holds entries.
#[derive(Clone, Debug)]
pub struct UnsentDevice {
    /// Whose it is, by name.
    pub person: String,
    /// The device.
    pub device: Device,
}

/// A patrol task without a visit for each of its classes.
#[derive(Clone, Debug)]
pub struct UnmetTask {
    /// The record.
    pub id: Uuid,
    /// The task.
    pub task: Assignment,
    /// Whose it is, by name.
    pub person: String,
    /// The classes left; empty: it names none, and there is no visit at all.
    pub classes: BTreeSet<ClassId>,
}

/// The classes that visits of a week were made in for a task they name, by task.
pub(crate) type Named = BTreeMap<Uuid, BTreeSet<ClassId>>;

impl<C: ConnectionTrait> Queries<C> {
    /// Devices of the school's own people that said they still hold entries.
    pub(crate) async fn unsent(&self, school: &School) -> Result<Vec<UnsentDevice>, StoreError> {
        let members = self.members_of(school.id, school.district).await?;
        let people: BTreeSet<UserId> = members
            .into_iter()
            .filter(|(_, membership)| membership.role.visits() && membership.role != Role::Supervisor)
            .map(|(account, _)| account)
            .collect();
        let names = self.account_names(&people).await?;
        let devices = self.device_list(&people.into_iter().collect::<Vec<_>>()).await?;
        let holding = devices.into_iter().filter(|device| device.unsent > 0 && device.revoked_at.is_none());
        let named = holding.map(|device| UnsentDevice {
            person: names.get(&device.account).cloned().unwrap_or_else(|| device.name.clone()),
            device,
        });
        Ok(named.collect())
    }

    /// All feedback on these visits.
    pub async fn feedback_on(
        &self,
        stream: SchoolId,
        visits: &[VisitId],
    ) -> Result<Vec<Feedback>, StoreError> {
        let mut all = Vec::new();
        for chunk in visits.chunks(500) {
            all.extend(self.feedback_list(stream, FeedbackOf::Visits(chunk), None, MOST).await?);
        }
        Ok(all)
    }

    /// The tasks due in a week without a visit for each of their classes: one of the inspector's own in the days of
    /// the task, or one of the week that names it.
    pub(crate) async fn unmet(
        &self,
        stream: SchoolId,
        week: Week,
        named: &Named,
    ) -> Result<Vec<UnmetTask>, StoreError> {
        let records = self.record_list(stream, RecordType::Assignment, None, TASKS).await?;
        let due: Vec<(Uuid, Assignment)> = records
            .iter()
            .filter(|record| !record.erased)
            .filter_map(|record| Some((record.id, Assignment::from_fields(&record.state)?)))
            .filter(|(_, task)| task.is_due_in(week))
            .collect();
        let people = due.iter().map(|(_, task)| task.inspector).collect();
        let names = self.account_names(&people).await?;
        let visits = match due.iter().map(|(_, task)| task.from).min() {
            Some(first) => self.visits_between(stream, &people, first, week.sunday()).await?,
            None => Vec::new(),
        };
        let mut unmet = Vec::new();
        for (id, task) in due {
            let own = visits.iter().filter(|visit| visit.inspector == task.inspector);
            let in_time = own.filter(|visit| (task.from..=task.to).contains(&visit.date));
            let mut visited: BTreeSet<ClassId> = in_time.map(|visit| visit.class).collect();
            visited.extend(named.get(&id).into_iter().flatten());
            if let Some(classes) = task.unmet(&visited) {
                let person = names.get(&task.inspector).cloned().unwrap_or_default();
                unmet.push(UnmetTask { id, task, person, classes });
            }
        }
        Ok(unmet)
    }

    /// Where these people's submitted visits were, from a day to another.
    async fn visits_between(
        &self,
        stream: SchoolId,
        people: &BTreeSet<UserId>,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Vec<Visited>, StoreError> {
        let rows: Vec<(Uuid, Option<String>, Option<Uuid>)> = visit::Entity::find()
            .select_only()
            .columns([visit::Column::Inspector, visit::Column::Date, visit::Column::Class])
            .filter(visit::Column::Stream.eq(stream.into_uuid()))
            .filter(visit::Column::Submitted.eq(true))
            .filter(visit::Column::Withdrawn.eq(false))
            .filter(visit::Column::Week.gte(Week::of(first).to_string()))
            .filter(visit::Column::Week.lte(Week::of(last).to_string()))
            .filter(visit::Column::Inspector.is_in(people.iter().map(|person| person.into_uuid())))
            .limit(MOST)
            .into_tuple()
            .all(&self.db)
            .await?;
        let visited = |(inspector, date, class): (Uuid, Option<String>, Option<Uuid>)| {
            Some(Visited {
                inspector: UserId::from_uuid(inspector),
                date: date?.parse().ok()?,
                class: ClassId::from_uuid(class?),
            })
        };
        Ok(rows.into_iter().filter_map(visited).collect())
    }
}
