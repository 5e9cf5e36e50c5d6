//! Everything a weekly log is compiled from, read together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::ids::{ClassId, SchoolId, SubjectId, TeacherId, UserId, VisitId};
use xunke_domain::objection::Objection;
use xunke_domain::record_type::RecordType;
use xunke_domain::visit::Visit;
use xunke_domain::week::Week;

use crate::earlier::EarlierVisit;
use crate::entity::{edition, visit};
use crate::feedback::{Feedback, objections_in};
use crate::gaps::{Named, UnmetTask, UnsentDevice};
use crate::records::StoredRecord;
use crate::schools::School;
use crate::visits::VisitFilter;
use crate::{Queries, Store, StoreError, Tx};

/// Most visits of one week of one school.
const VISITS: u64 = 100_000;

/// Teaching weeks a log looks back on.
const EARLIER: usize = 7;

/// A visit with what the server knows of its arrival.
#[derive(Clone, Debug)]
pub struct ArrivedVisit {
    /// The visit.
    pub visit: Visit,
    /// When it first arrived, milliseconds.
    pub received_at: i64,
    /// The sender's clock minus ours then, milliseconds.
    pub clock_offset: Option<i64>,
    /// Minutes between the chosen period and the arrival by the corrected clock.
    pub off_minutes: Option<i64>,
}

/// What a week's log is compiled from.
#[derive(Clone, Debug)]
pub struct WeekMaterial {
    /// The school; its head is what the log is compiled as of.
    pub school: School,
    /// Its reference data.
    pub book: Arc<SchoolBook>,
    /// The submitted visits of the week.
    pub visits: Vec<ArrivedVisit>,
    /// Names of the inspectors.
    pub names: BTreeMap<UserId, String>,
    /// The last week before this one in which each class was visited, in this semester.
    pub last_seen: BTreeMap<ClassId, Week>,
    /// The same of each subject, by lessons planned.
    pub subjects_last_seen: BTreeMap<SubjectId, Week>,
    /// The same of each teacher, by who was seen teaching.
    pub teachers_last_seen: BTreeMap<TeacherId, Week>,
    /// The teaching weeks before this one in its semester with their submitted visits, the newest week first.
    pub earlier: Vec<(Week, Vec<EarlierVisit>)>,
    /// Devices that still hold unsent entries.
    pub unsent: Vec<UnsentDevice>,
    /// Visits of the week with open conflicts.
    pub conflicted: BTreeSet<VisitId>,
    /// Held writes nobody has decided.
    pub held: u64,
    /// All feedback on visits of the week.
    pub feedback: Vec<Feedback>,
    /// What teachers contest of the week.
    pub objections: BTreeMap<VisitId, Objection>,
    /// Patrol tasks due in the week without a visit for each of their classes.
    pub unmet: Vec<UnmetTask>,
    /// When the week was first published, milliseconds; what arrives after that is 补录.
    pub first_published_at: Option<i64>,
}

impl WeekMaterial {
    /// The feedback that no teacher has answered.
    pub fn unanswered(&self) -> impl Iterator<Item = &Feedback> {
        self.feedback.iter().filter(|feedback| feedback.answered_at.is_none())
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// The newest week with a submitted visit or an edition.
    pub async fn newest_week(&self, stream: SchoolId) -> Result<Option<Week>, StoreError> {
        let visited: Option<Option<String>> = visit::Entity::find()
            .select_only()
            .column(visit::Column::Week)
            .filter(visit::Column::Stream.eq(stream.into_uuid()))
            .filter(visit::Column::Submitted.eq(true))
            .filter(visit::Column::Week.is_not_null())
            .order_by_desc(visit::Column::Week)
            .limit(1)
            .into_tuple()
            .one(&self.db)
            .await?;
        let published: Option<String> = edition::Entity::find()
            .select_only()
            .column(edition::Column::Week)
            .filter(edition::Column::Stream.eq(stream.into_uuid()))
            .order_by_desc(edition::Column::Week)
            .limit(1)
            .into_tuple()
            .one(&self.db)
            .await?;
        let newest = visited.flatten().max(published);
        newest.map(|week| week.parse().map_err(|error| StoreError::corrupt("week", error))).transpose()
    }

    async fn week_material(
        &self,
        school: School,
        book: Arc<SchoolBook>,
        week: Week,
    ) -> Result<WeekMaterial, StoreError> {
        let filter = VisitFilter { week: Some(week), submitted: Some(true), ..VisitFilter::default() };
        let rows = self.visit_list(school.id, &filter, None, VISITS).await?;
        let (mut visits, mut conflicted) = (Vec::with_capacity(rows.len()), BTreeSet::new());
        let mut named = Named::new();
        for chunk in rows.chunks(500) {
            let ids = chunk.iter().map(|row| row.id.into_uuid()).collect();
            let records = self.records_by_id(school.id, RecordType::Visit, ids).await?;
            let records: BTreeMap<_, _> = records.into_iter().map(|record| (record.id, record)).collect();
            for row in chunk {
                let Some(record) = records.get(&row.id.into_uuid()) else { continue };
                if record.open_conflicts > 0 {
                    conflicted.insert(row.id);
                }
                if let Some((task, class)) = task_of(record).zip(row.class) {
                    named.entry(task).or_default().insert(class);
                }
                let visit = Visit::from_fields(row.id, record.author, &record.state);
                visits.push(ArrivedVisit {
                    visit,
                    received_at: row.received_at,
                    clock_offset: row.clock_offset,
                    off_minutes: row.off_minutes,
                });
            }
        }
        let earlier = self.visits_of(school.id, &book.teaching_weeks_before(week, EARLIER)).await?;
        let seen_by = visits.iter().map(|arrived| &arrived.visit);
        let seen_by = seen_by.chain(earlier.iter().flat_map(|(_, visits)| visits).map(|one| &one.visit));
        let names = self.account_names(&seen_by.map(|visit| visit.inspector).collect()).await?;
        let since = book.semester_of(week.monday()).map_or(week.back(20).monday(), |term| term.first_day);
        let seen = self.classes_last_seen(school.id, since, week.monday()).await?;
        let subjects = self.subjects_last_seen(school.id, since, week.monday()).await?;
        let teachers = self.teachers_last_seen(school.id, since, week.monday()).await?;
        let editions = self.edition_heads_of(school.id, week).await?;
        let held = self.held_open(school.id).await?;
        let feedback =
            self.feedback_on(school.id, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
        Ok(WeekMaterial {
            unsent: self.unsent(&school).await?,
            objections: objections_in(&feedback, &rows),
            feedback,
            unmet: self.unmet(school.id, week, &named).await?,
            last_seen: seen.into_iter().map(|(class, date)| (class, Week::of(date))).collect(),
            subjects_last_seen: subjects.into_iter().map(|(id, date)| (id, Week::of(date))).collect(),
            teachers_last_seen: teachers.into_iter().map(|(id, date)| (id, Week::of(date))).collect(),
            earlier,
            held,
            first_published_at: editions.first().map(|edition| edition.published_at),
            school,
            book,
            visits,
            names,
            conflicted,
        })
    }
}

/// The task that a visit says it was made for.
fn task_of(record: &StoredRecord) -> Option<Uuid> {
    let selection = record.state.registers.get("selection")?;
    selection.value.get("assignment")?.as_str()?.parse().ok()
}

impl Store {
    /// The material of a week as committed; `None` if there is no such school.
    pub async fn week_material(
        &self,
        school: SchoolId,
        week: Week,
    ) -> Result<Option<WeekMaterial>, StoreError> {
        let Some(school) = self.read().school_find(school).await? else { return Ok(None) };
        let book = self.book(&school).await?;
        Ok(Some(self.read().week_material(school, book, week).await?))
    }

    /// The material of a week with the school's stream locked, so that nothing changes until the commit.
    pub async fn week_material_in(
        &self,
        tx: &Tx,
        school: SchoolId,
        week: Week,
    ) -> Result<Option<WeekMaterial>, StoreError> {
        let Some(school) = tx.school_lock(school).await? else { return Ok(None) };
        let book = self.books.get(tx, &school).await?;
        Ok(Some(tx.week_material(school, book, week).await?))
    }

    /// Marks the newest edition of a week as overtaken, by something that no phone has written: published again, it would
    /// tell more. The school stays locked until the end of `tx`, so that nobody publishes without having seen it.
    pub async fn week_overtaken_in(&self, tx: &Tx, school: SchoolId, week: Week) -> Result<(), StoreError> {
        if tx.school_lock(school).await?.is_some() {
            tx.editions_overtake(school, &BTreeSet::from([week])).await?;
        }
        Ok(())
    }
}
