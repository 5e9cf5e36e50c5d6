//! The lessons of a class's week, with what each counts.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Timelike};

use super::class_report::{CountedLesson, WhyUncounted};
use crate::bell::period_key;
use crate::book::{Lesson, LessonWeeks, Period, PeriodKind, SchoolBook, Subject};
use crate::lesson_weeks::weekly_shares;
use crate::workbook::subjects::{counts_for_nothing, is_no_lesson};

/// A lesson that counts.
#[derive(Clone, Debug)]
pub(super) struct Counted<'a> {
    /// The subject, if the school has it.
    pub(super) subject: Option<&'a Subject>,
    /// What is told of it.
    pub(super) told: CountedLesson,
}

impl Counted<'_> {
    /// Minutes a week.
    pub(super) fn minutes(&self) -> f64 {
        self.told.weekly * self.told.minutes
    }
}

/// The week of a class.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassWeek<'a> {
    /// What counts, in the order of the week.
    pub(super) counted: Vec<Counted<'a>>,
    /// What does not, and why.
    pub(super) uncounted: Vec<(WhyUncounted, CountedLesson)>,
}

/// Minutes a week of some lessons.
pub(super) fn minutes<'c, 'a: 'c>(lessons: impl IntoIterator<Item = &'c Counted<'a>>) -> f64 {
    lessons.into_iter().map(Counted::minutes).sum()
}

/// Reads the lessons of a class. Their order in the timetable does not matter.
pub(super) fn class_week<'a>(
    book: &'a SchoolBook,
    lessons: &[Lesson],
    grade: u32,
    standard: f64,
    on: NaiveDate,
) -> ClassWeek<'a> {
    let bell = book.bell_schedule(Some(grade), on);
    let weeks = book.weeks_of_term(on);
    let mut cells: BTreeMap<(u32, usize, String), Vec<&Lesson>> = BTreeMap::new();
    for lesson in lessons {
        let place = bell.and_then(|bell| bell.ordinal(&lesson.period)).unwrap_or(usize::MAX);
        cells.entry((lesson.weekday, place, period_key(&lesson.period))).or_default().push(lesson);
    }
    let mut week = ClassWeek::default();
    for (_, mut cell) in cells {
        cell.sort_by_key(|lesson| (lesson.subject, lesson.weeks.order(), lesson.teacher));
        let on: Vec<LessonWeeks> = cell.iter().map(|lesson| lesson.weeks).collect();
        for (lesson, weekly) in cell.into_iter().zip(weekly_shares(&on, &weeks)) {
            let subject = book.subjects.get(&lesson.subject);
            let period = bell.and_then(|bell| bell.period(&lesson.period));
            let told = CountedLesson {
                weekday: lesson.weekday,
                period: period.map_or_else(|| lesson.period.clone(), |period| period.label.clone()),
                subject: subject.map_or_else(|| lesson.subject.to_string(), |known| known.name.clone()),
                weeks: lesson.weeks,
                weekly,
                minutes: period.map_or(standard, length),
                assumed: period.is_none(),
            };
            match why_uncounted(subject, period) {
                Some(why) => week.uncounted.push((why, told)),
                None => week.counted.push(Counted { subject, told }),
            }
        }
    }
    week
}

/// Why a lesson counts for nothing, if it does not count.
pub(super) fn why_uncounted(subject: Option<&Subject>, period: Option<&Period>) -> Option<WhyUncounted> {
    if period.is_some_and(|period| period.kind != PeriodKind::Lesson) {
        return Some(WhyUncounted::Period);
    }
    subject
        .is_some_and(|subject| counts_for_nothing(&subject.name) || is_no_lesson(&subject.name))
        .then_some(WhyUncounted::Subject)
}

/// Minutes of a period.
pub(super) fn length(period: &Period) -> f64 {
    let minute = |time: chrono::NaiveTime| time.hour() * 60 + time.minute();
    f64::from(minute(period.end).saturating_sub(minute(period.start)))
}
