//! What has happened to weekly logs by themselves: steps done, each once a week, and objections to a publication.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect,
    Statement, TryInsertResult,
};
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::schedule::Step;
use xunke_domain::settings::PUBLISH_SCHEDULE;
use xunke_domain::week::Week;

use crate::entity::{edition, publish_veto, schedule_step, school, visit};
use crate::leases::Lease;
use crate::schools::School;
use crate::{Queries, StoreError, Tx};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// Its time came, and there was no need.
    Needless,
}

/// A step of a week's log that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoneStep {
    /// When, milliseconds.
    pub at: i64,
    /// How.
    pub outcome: Outcome,
}

/// An objection to the publication of a week by rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    /// Whose.
    pub by: UserId,
    /// When, milliseconds.
    pub at: i64,
    /// Why, for people.
    pub why: String,
}

/// What is stored of a week beside its visits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeekSteps {
    /// The steps settled.
    pub done: BTreeMap<Step, DoneStep>,
    /// The objection, if there is one.
    pub veto: Option<Veto>,
    /// Whether it has an edition.
    pub published: bool,
    /// Whether a visit was submitted.
    pub visited: bool,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Needless => "needless",
        }
    }
}

fn week_of(stored: &str) -> Result<Week, StoreError> {
    stored.parse().map_err(|error| StoreError::corrupt("week", error))
}

impl<C: ConnectionTrait> Queries<C> {
    /// The schools that have ever set a schedule; whether one is in force their books tell.
    pub async fn schools_with_schedule(&self) -> Result<Vec<School>, StoreError> {
        let sql = format!(
            "SELECT school.* FROM school JOIN record ON record.stream = school.id AND record.kind = 'school' \
             AND record.id = school.id WHERE record.fields LIKE '%\"settings/{PUBLISH_SCHEDULE}\"%' ORDER BY school.id"
        );
        let rows = self.db.query_all_raw(Statement::from_string(self.db.get_database_backend(), sql)).await?;
        rows.iter().map(|row| Ok(School::from(school::Model::from_query_result(row, "")?))).collect()
    }

    /// What is stored of these weeks of a school; each is there.
    pub async fn week_steps(
        &self,
        stream: SchoolId,
        weeks: &[Week],
    ) -> Result<BTreeMap<Week, WeekSteps>, StoreError> {
        let mut found: BTreeMap<Week, WeekSteps> =
            weeks.iter().map(|week| (*week, WeekSteps::default())).collect();
        let (uuid, names) = (stream.into_uuid(), weeks.iter().map(Week::to_string).collect::<Vec<_>>());
        let steps = schedule_step::Entity::find()
            .filter(schedule_step::Column::Stream.eq(uuid))
            .filter(schedule_step::Column::Week.is_in(names.clone()))
            .all(&self.db)
            .await?;
        for row in steps {
            let step = row.step.parse().map_err(|error| StoreError::corrupt("step", error))?;
            let outcome =
                if row.outcome == Outcome::Done.as_str() { Outcome::Done } else { Outcome::Needless };
            let done = DoneStep { at: row.done_at, outcome };
            found.entry(week_of(&row.week)?).or_default().done.insert(step, done);
        }
        let vetoes = publish_veto::Entity::find()
            .filter(publish_veto::Column::Stream.eq(uuid))
            .filter(publish_veto::Column::Week.is_in(names.clone()))
            .all(&self.db)
            .await?;
        for row in vetoes {
            let veto = Veto { by: UserId::from_uuid(row.vetoed_by), at: row.vetoed_at, why: row.why };
            found.entry(week_of(&row.week)?).or_default().veto = Some(veto);
        }
        let published: Vec<String> = edition::Entity::find()
            .select_only()
            .column(edition::Column::Week)
            .distinct()
            .filter(edition::Column::Stream.eq(uuid))
            .filter(edition::Column::Week.is_in(names.clone()))
            .into_tuple()
            .all(&self.db)
            .await?;
        let visited: Vec<Option<String>> = visit::Entity::find()
            .select_only()
            .column(visit::Column::Week)
            .distinct()
            .filter(visit::Column::Stream.eq(uuid))
            .filter(visit::Column::Submitted.eq(true))
            .filter(visit::Column::Week.is_in(names))
            .into_tuple()
            .all(&self.db)
            .await?;
        let parsed =
            |weeks: Vec<String>| weeks.iter().map(|week| week_of(week)).collect::<Result<BTreeSet<_>, _>>();
        for week in parsed(published)? {
            found.entry(week).or_default().published = true;
        }
        for week in parsed(visited.into_iter().flatten().collect())? {
            found.entry(week).or_default().visited = true;
        }
        Ok(found)
    }
}

impl Tx {
    /// Notes that a step is settled; `false` if it was before.
    pub async fn step_add(
        &self,
        stream: SchoolId,
        week: Week,
        step: Step,
        DoneStep { at, outcome }: DoneStep,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        let row = schedule_step::Model {
            stream: stream.into_uuid(),
            week: week.to_string(),
            step: step.as_str().to_owned(),
            done_at: at,
            outcome: outcome.as_str().to_owned(),
            fence: lease.fence(),
        };
        let added = schedule_step::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(&self.db)
            .await?;
        Ok(matches!(added, TryInsertResult::Inserted(1..)))
    }

    /// Objects to the publication of a week by rule; `false` if somebody has before. The stream must be locked.
    pub async fn veto_add(&self, stream: SchoolId, week: Week, veto: Veto) -> Result<bool, StoreError> {
        let Veto { by, at, why } = veto;
        let row = publish_veto::Model {
            stream: stream.into_uuid(),
            week: week.to_string(),
            vetoed_by: by.into_uuid(),
            vetoed_at: at,
            why,
        };
        let added = publish_veto::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(&self.db)
            .await?;
        Ok(matches!(added, TryInsertResult::Inserted(1..)))
    }

    /// Takes an objection back; `false` if there was none.
    pub async fn veto_lift(&self, stream: SchoolId, week: Week) -> Result<bool, StoreError> {
        let lifted = publish_veto::Entity::delete_many()
            .filter(publish_veto::Column::Stream.eq(stream.into_uuid()))
            .filter(publish_veto::Column::Week.eq(week.to_string()))
            .exec(&self.db)
            .await?;
        Ok(lifted.rows_affected == 1)
    }
}
