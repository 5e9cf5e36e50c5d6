//! A timetable, calendar day or lesson change that arrives later lets verdicts be judged again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use xunke_domain::book::{LessonChange, SchoolBook};
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, SubjectId, TeacherId};
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;

use super::projection::{judged, off_minutes, seen, slot, word};
use crate::entity::visit;
use crate::{StoreError, Tx};

/// What a change of reference data may touch.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    /// The dates whose visits may be judged otherwise.
    pub(super) dates: RangeInclusive<NaiveDate>,
    /// Whether their periods may lie at other times of the day.
    pub(super) periods: bool,
}

/// What a change of reference data may touch; `None`: nothing derived of a visit depends on it.
pub(super) fn touched(kind: RecordType, before: &Fields, after: &Fields) -> Option<Touched> {
    let periods = matches!(kind, RecordType::BellSchedule | RecordType::Class | RecordType::School);
    dates_touched(kind, before, after).map(|dates| Touched { dates, periods })
}

fn dates_touched(kind: RecordType, before: &Fields, after: &Fields) -> Option<RangeInclusive<NaiveDate>> {
    let dates = |names: &[&str]| -> Vec<NaiveDate> {
        let values =
            [before, after].into_iter().flat_map(|fields| names.iter().map(|name| fields.get(*name)));
        values.flatten().filter_map(|value| value.get("date").or(Some(value))).filter_map(date).collect()
    };
    let span = |dates: Vec<NaiveDate>| Some(*dates.iter().min()?..=*dates.iter().max()?);
    match kind {
        RecordType::LessonChange => span(dates(&["date", "with"])),
        RecordType::CalendarDay => span(dates(&["date"])),
        RecordType::Timetable | RecordType::BellSchedule => {
            dates(&["valid_from"]).into_iter().min().map(|first| first..=NaiveDate::MAX)
        }
        RecordType::Class | RecordType::Semester | RecordType::School | RecordType::Subject => {
            Some(NaiveDate::MIN..=NaiveDate::MAX)
        }
        RecordType::Visit
        | RecordType::Teacher
        | RecordType::Rubric
        | RecordType::ProblemCategory
        | RecordType::Assignment
        | RecordType::PublishedLog => None,
    }
}

/// Dates outside a range in which a swap expects lessons of the range: what is planned here is judged there.
pub(super) fn swapped_with(book: &SchoolBook, dates: &RangeInclusive<NaiveDate>) -> BTreeSet<NaiveDate> {
    let ends = |change: &LessonChange| Some((change.date, change.with.as_ref()?.date));
    let swaps = book.lesson_changes.values().filter_map(ends);
    let across = swaps.filter_map(|(one, other)| match (dates.contains(&one), dates.contains(&other)) {
        (true, false) => Some(other),
        (false, true) => Some(one),
        (true, true) | (false, false) => None,
    });
    across.collect()
}

fn date(value: &Value) -> Option<NaiveDate> {
    value.as_str()?.parse().ok()
}

impl Tx {
    /// Judges the visits of these dates again, and those of dates that a swap gives lessons of these; gives the
    /// weeks in which a verdict changed.
    pub(super) async fn visits_rejudge(
        &self,
        stream: SchoolId,
        book: &SchoolBook,
        touched: &Touched,
    ) -> Result<BTreeSet<Week>, StoreError> {
        let Touched { dates, periods } = touched;
        let mut weeks = self.visits_rejudge_on(stream, book, dates, *periods).await?;
        for date in swapped_with(book, dates) {
            weeks.extend(self.visits_rejudge_on(stream, book, &(date..=date), *periods).await?);
        }
        Ok(weeks)
    }

    async fn visits_rejudge_on(
        &self,
        stream: SchoolId,
        book: &SchoolBook,
        dates: &RangeInclusive<NaiveDate>,
        periods: bool,
    ) -> Result<BTreeSet<Week>, StoreError> {
        let mut query = visit::Entity::find().filter(visit::Column::Stream.eq(stream.into_uuid()));
        // Dates are ISO text, so years beyond 9999 would not compare.
        if *dates.start() != NaiveDate::MIN {
            query = query.filter(visit::Column::Date.gte(dates.start().to_string()));
        }
        if *dates.end() != NaiveDate::MAX {
            query = query.filter(visit::Column::Date.lte(dates.end().to_string()));
        }
        let rows = query.all(&self.db).await?;
        if periods {
            self.visits_time(stream, book, &rows).await?;
        }
        let mut weeks = BTreeSet::new();
        for row in rows {
            let Some((slot, observed)) = seen(&row) else { continue };
            let now = judged(book, Some(&slot), Some(&observed));
            let changed = visit::ActiveModel {
                verdict: Set(now.verdict.and_then(|verdict| word(&verdict))),
                planned_subject: Set(now.planned_subject.map(SubjectId::into_uuid)),
                planned_teacher: Set(now.planned_teacher.map(TeacherId::into_uuid)),
                ..Default::default()
            };
            let same = *changed.verdict.as_ref() == row.verdict
                && *changed.planned_subject.as_ref() == row.planned_subject
                && *changed.planned_teacher.as_ref() == row.planned_teacher;
            if same {
                continue;
            }
            visit::Entity::update_many()
                .set(changed)
                .filter(visit::Column::Stream.eq(row.stream))
                .filter(visit::Column::Id.eq(row.id))
                .exec(&self.db)
                .await?;
            if row.submitted {
                weeks.insert(Week::of(slot.date));
            }
        }
        Ok(weeks)
    }

    /// Measures again how far from the chosen periods visits arrived; no log lists that as a change.
    async fn visits_time(
        &self,
        stream: SchoolId,
        book: &SchoolBook,
        rows: &[visit::Model],
    ) -> Result<(), StoreError> {
        for chunk in rows.chunks(500) {
            let ids = chunk.iter().map(|row| row.id).collect();
            let records = self.records_by_id(stream, RecordType::Visit, ids).await?;
            let records: BTreeMap<_, _> = records.into_iter().map(|record| (record.id, record)).collect();
            for row in chunk {
                let Some(record) = records.get(&row.id) else { continue };
                let off = off_minutes(book, slot(row).as_ref(), &record.state, row.clock_offset);
                if off == row.off_minutes {
                    continue;
                }
                visit::Entity::update_many()
                    .set(visit::ActiveModel { off_minutes: Set(off), ..Default::default() })
                    .filter(visit::Column::Stream.eq(row.stream))
                    .filter(visit::Column::Id.eq(row.id))
                    .exec(&self.db)
                    .await?;
            }
        }
        Ok(())
    }
}
