//! Asking for visits: through the projection, always of one school.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveDate;
use sea_orm::sea_query::LikeExpr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;
use xunke_domain::ids::{ClassId, SchoolId, SubjectId, TeacherId, UserId, VisitId};
use xunke_domain::verdict::Verdict;
use xunke_domain::week::Week;
use xunke_sync::record::Seq;

use crate::entity::visit;
use crate::intake::projection::word;
use crate::{Queries, StoreError};

/// Which visits.
#[derive(Clone, Debug, Default)]
pub struct VisitFilter {
    /// Only those this person made or came along on.
    pub own: Option<UserId>,
    /// Of this week.
    pub week: Option<Week>,
    /// Of this class.
    pub class: Option<ClassId>,
    /// Planned or observed teacher.
    pub teacher: Option<TeacherId>,
    /// Planned or observed subject.
    pub subject: Option<SubjectId>,
    /// Made by this person.
    pub inspector: Option<UserId>,
    /// With this verdict.
    pub verdict: Option<Verdict>,
    /// Containing this text, in whatever case.
    pub text: Option<String>,
    /// Submitted and not withdrawn.
    pub submitted: Option<bool>,
    /// Among these; at most a page of them.
    pub among: Option<Vec<VisitId>>,
}

/// What the server knows of a visit beside its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitRow {
    /// The visit.
    pub id: VisitId,
    /// The record's newest seq.
    pub seq: Seq,
    /// Who made it.
    pub inspector: UserId,
    /// The slot's date.
    pub date: Option<NaiveDate>,
    /// The slot's class.
    pub class: Option<ClassId>,
    /// The slot's period.
    pub period: Option<String>,
    /// Judged with what is known now.
    pub verdict: Option<Verdict>,
    /// The subject planned, with approved changes.
    pub planned_subject: Option<SubjectId>,
    /// The teacher planned, with approved changes.
    pub planned_teacher: Option<TeacherId>,
    /// The teacher seen.
    pub observed_teacher: Option<TeacherId>,
    /// When it first arrived, milliseconds.
    pub received_at: i64,
    /// The device's clock minus ours then, milliseconds.
    pub clock_offset: Option<i64>,
    /// Minutes between the chosen period and the arrival by the corrected clock.
    pub off_minutes: Option<i64>,
}

/// Date, class and period: where a lesson is seen.
pub type SlotKey = (NaiveDate, ClassId, String);

impl VisitRow {
    /// Where it was, if it says so.
    pub fn slot(&self) -> Option<SlotKey> {
        Some((self.date?, self.class?, self.period.clone()?))
    }

    /// More than 20 minutes between the chosen period and the arrival by the corrected clock.
    pub fn is_time_flagged(&self) -> bool {
        self.off_minutes.is_some_and(|minutes| minutes > 20)
    }

    fn from_row(row: visit::Model) -> Result<Self, StoreError> {
        let date = row.date.map(|date| date.parse()).transpose();
        let verdict = row.verdict.map(|word| serde_json::from_value(word.into())).transpose();
        Ok(Self {
            id: VisitId::from_uuid(row.id),
            seq: row.seq,
            inspector: UserId::from_uuid(row.inspector),
            date: date.map_err(|error| StoreError::corrupt("visit", error))?,
            class: row.class.map(ClassId::from_uuid),
            period: row.period,
            verdict: verdict.map_err(|error| StoreError::corrupt("visit", error))?,
            planned_subject: row.planned_subject.map(SubjectId::from_uuid),
            planned_teacher: row.planned_teacher.map(TeacherId::from_uuid),
            observed_teacher: row.observed_teacher.map(TeacherId::from_uuid),
            received_at: row.received_at,
            clock_offset: row.clock_offset,
            off_minutes: row.off_minutes,
        })
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// Visits of a school after `after`, by id, at most `limit`.
    pub async fn visit_list(
        &self,
        stream: SchoolId,
        filter: &VisitFilter,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<VisitRow>, StoreError> {
        let mut query = visit::Entity::find()
            .filter(condition(stream, filter))
            .order_by_asc(visit::Column::Id)
            .limit(limit);
        if let Some(after) = after {
            query = query.filter(visit::Column::Id.gt(after));
        }
        query.all(&self.db).await?.into_iter().map(VisitRow::from_row).collect()
    }

    /// How many visits of a school there are.
    pub async fn visit_count(&self, stream: SchoolId, filter: &VisitFilter) -> Result<u64, StoreError> {
        Ok(visit::Entity::find().filter(condition(stream, filter)).count(&self.db).await?)
    }

    /// The visits of the slots of these, among those themselves: by date, class and period, ascending by id. `own`: only
    /// those this person made or came along on.
    pub async fn visits_by_slot(
        &self,
        stream: SchoolId,
        own: Option<UserId>,
        rows: &[VisitRow],
    ) -> Result<BTreeMap<SlotKey, Vec<VisitId>>, StoreError> {
        use visit::Column as C;
        let wanted: BTreeSet<SlotKey> = rows.iter().filter_map(VisitRow::slot).collect();
        let dates: BTreeSet<String> = wanted.iter().map(|(date, _, _)| date.to_string()).collect();
        let classes: BTreeSet<Uuid> = wanted.iter().map(|(_, class, _)| class.into_uuid()).collect();
        let mut found: Vec<(Uuid, String, Uuid, String)> = visit::Entity::find()
            .select_only()
            .columns([C::Id, C::Date, C::Class, C::Period])
            .filter(condition(stream, &VisitFilter { own, ..VisitFilter::default() }))
            .filter(C::Date.is_in(dates))
            .filter(C::Class.is_in(classes))
            .filter(C::Period.is_not_null())
            .into_tuple()
            .all(&self.db)
            .await?;
        // Sorted here: asked for in the order of ids, SQLite would go through all visits of the school.
        found.sort_unstable();
        let mut by_slot: BTreeMap<SlotKey, Vec<VisitId>> = BTreeMap::new();
        for (id, date, class, period) in found {
            let date = date.parse().map_err(|error| StoreError::corrupt("visit", error))?;
            let slot = (date, ClassId::from_uuid(class), period);
            if wanted.contains(&slot) {
                by_slot.entry(slot).or_default().push(VisitId::from_uuid(id));
            }
        }
        Ok(by_slot)
    }

    /// What the server knows of one visit.
    pub async fn visit_find(&self, stream: SchoolId, id: VisitId) -> Result<Option<VisitRow>, StoreError> {
        let row = visit::Entity::find_by_id((stream.into_uuid(), id.into_uuid())).one(&self.db).await?;
        row.map(VisitRow::from_row).transpose()
    }

    /// The weeks that have submitted visits, newest first.
    pub async fn visit_weeks(&self, stream: SchoolId) -> Result<Vec<(Week, i64)>, StoreError> {
        let rows: Vec<(String, i64)> = visit::Entity::find()
            .select_only()
            .column(visit::Column::Week)
            .column_as(visit::Column::Id.count(), "visits")
            .filter(visit::Column::Stream.eq(stream.into_uuid()))
            .filter(visit::Column::Submitted.eq(true))
            .filter(visit::Column::Week.is_not_null())
            .group_by(visit::Column::Week)
            .order_by_desc(visit::Column::Week)
            .into_tuple()
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|(week, visits)| {
                Ok((week.parse().map_err(|error| StoreError::corrupt("visit", error))?, visits))
            })
            .collect()
    }

    /// For each class the last date before `before`, from `since` on, that it was visited.
    pub async fn classes_last_seen(
        &self,
        stream: SchoolId,
        since: NaiveDate,
        before: NaiveDate,
    ) -> Result<Vec<(ClassId, NaiveDate)>, StoreError> {
        let rows = self.last_seen(stream, visit::Column::Class, since..before, Condition::all()).await?;
        Ok(rows.into_iter().map(|(class, date)| (ClassId::from_uuid(class), date)).collect())
    }

    /// For each subject the last date before `before`, from `since` on, that a lesson planned of it was visited.
    pub async fn subjects_last_seen(
        &self,
        stream: SchoolId,
        since: NaiveDate,
        before: NaiveDate,
    ) -> Result<Vec<(SubjectId, NaiveDate)>, StoreError> {
        let column = visit::Column::PlannedSubject;
        let rows = self.last_seen(stream, column, since..before, Condition::all()).await?;
        Ok(rows.into_iter().map(|(subject, date)| (SubjectId::from_uuid(subject), date)).collect())
    }

    /// For each teacher the last date before `before`, from `since` on, that he was seen teaching: as observed, or as
    /// planned where the plan was kept and the visit does not say who taught.
    pub async fn teachers_last_seen(
        &self,
        stream: SchoolId,
        since: NaiveDate,
        before: NaiveDate,
    ) -> Result<BTreeMap<TeacherId, NaiveDate>, StoreError> {
        use visit::Column as C;
        let kept = [Verdict::AsTimetabled, Verdict::ApprovedChange];
        let as_planned = Condition::all()
            .add(C::ObservedTeacher.is_null())
            .add(C::Verdict.is_in(kept.iter().filter_map(word)));
        let observed = self.last_seen(stream, C::ObservedTeacher, since..before, Condition::all()).await?;
        let planned = self.last_seen(stream, C::PlannedTeacher, since..before, as_planned).await?;
        let mut last: BTreeMap<TeacherId, NaiveDate> = BTreeMap::new();
        for (teacher, date) in observed.into_iter().chain(planned) {
            let known = last.entry(TeacherId::from_uuid(teacher)).or_insert(date);
            *known = date.max(*known);
        }
        Ok(last)
    }

    /// The last date of the submitted visits of each value of a column.
    async fn last_seen(
        &self,
        stream: SchoolId,
        column: visit::Column,
        dates: Range<NaiveDate>,
        only: Condition,
    ) -> Result<Vec<(Uuid, NaiveDate)>, StoreError> {
        let rows: Vec<(Uuid, String)> = visit::Entity::find()
            .select_only()
            .column(column)
            .column_as(visit::Column::Date.max(), "last")
            .filter(visit::Column::Stream.eq(stream.into_uuid()))
            .filter(visit::Column::Submitted.eq(true))
            .filter(column.is_not_null())
            .filter(visit::Column::Date.gte(dates.start.to_string()))
            .filter(visit::Column::Date.lt(dates.end.to_string()))
            .filter(only)
            .group_by(column)
            .into_tuple()
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|(id, date)| Ok((id, date.parse().map_err(|error| StoreError::corrupt("visit", error))?)))
            .collect()
    }
}

fn condition(stream: SchoolId, filter: &VisitFilter) -> Condition {
    use visit::Column as C;
    let VisitFilter { own, week, class, teacher, subject, inspector, verdict, text, submitted, among } =
        filter;
    let either = |a: C, b: C, id: Uuid| Condition::any().add(a.eq(id)).add(b.eq(id));
    Condition::all()
        .add(C::Stream.eq(stream.into_uuid()))
        .add_option(own.map(|person| C::Id.in_subquery(crate::pages::own_records(stream, person))))
        .add_option(week.map(|week| C::Week.eq(week.to_string())))
        .add_option(class.map(|class| C::Class.eq(class.into_uuid())))
        .add_option(teacher.map(|teacher| either(C::PlannedTeacher, C::ObservedTeacher, teacher.into_uuid())))
        .add_option(subject.map(|subject| either(C::PlannedSubject, C::ObservedSubject, subject.into_uuid())))
        .add_option(inspector.map(|inspector| C::Inspector.eq(inspector.into_uuid())))
        .add_option(verdict.and_then(|verdict| word(&verdict)).map(|verdict| C::Verdict.eq(verdict)))
        .add_option(text.as_ref().map(|text| C::Text.like(anywhere(text))))
        .add_option(submitted.map(|submitted| C::Submitted.eq(submitted)))
        .add_option(among.as_ref().map(|ids| C::Id.is_in(ids.iter().map(|id| id.into_uuid()))))
}

/// A pattern for a text as it stands: `%` and `_` are what people look for, too.
fn anywhere(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for char in text.to_lowercase().chars() {
        if matches!(char, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}
