//! All slots of a week in which a lesson is expected: what coverage is measured against
//! (domain, section 7).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::bell::period_key;
use crate::book::{BellSchedule, PeriodKind, SchoolBook};
use crate::calendar::DayState;
use crate::class_name::grade_of;
use crate::ids::{ClassId, SubjectId, TeacherId, TimetableId};
use crate::resolve::{Expected, Resolution};
use crate::visit::Slot;
use crate::week::Week;

/// A slot with the lesson expected in it, after calendar and approved changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSlot {
    /// The slot, its period named as the bell schedule names it.
    pub slot: Slot,
    /// The timetable in force.
    pub timetable: TimetableId,
    /// The subject expected.
    pub subject: SubjectId,
    /// The teacher expected.
    pub teacher: Option<TeacherId>,
    /// Lessons taught at the same time to other groups of the class.
    pub parallel: Vec<Expected>,
    /// The grade of the class on that date.
    pub grade: Option<u32>,
}

impl SchoolBook {
    /// The planned slots of a week by date, class and place in the day. Only lesson periods count;
    /// a label the bell schedule does not know counts as one.
    pub fn planned_slots(&self, week: Week) -> Vec<PlannedSlot> {
        week.days().flat_map(|date| self.planned_on(date)).collect()
    }

    /// The slot with its period named as the bell schedule names it, so that slots compare equal
    /// however their labels were written.
    #[must_use]
    pub fn canonical_slot(&self, slot: &Slot) -> Slot {
        let grade = self.classes.get(&slot.class).and_then(|class| grade_of(class, slot.date));
        let bell = self.bell_schedule(grade, slot.date);
        let known = bell.and_then(|bell| bell.period(&slot.period)).map(|period| period.label.clone());
        Slot { period: known.unwrap_or_else(|| slot.period.clone()), ..slot.clone() }
    }

    fn planned_on(&self, date: NaiveDate) -> Vec<PlannedSlot> {
        let labels = self.labels_on(date);
        labels.into_iter().flat_map(|(class, labels)| self.planned_of(class, date, labels)).collect()
    }

    fn planned_of(&self, class: ClassId, date: NaiveDate, labels: BTreeSet<String>) -> Vec<PlannedSlot> {
        let grade = self.class_on(class, date).and_then(|class| grade_of(class, date));
        let bell = self.bell_schedule(grade, date);
        let cells: BTreeMap<String, String> =
            labels.into_iter().map(|label| (period_key(&label), label)).collect();
        let mut slots: Vec<PlannedSlot> = cells
            .into_values()
            .filter(|label| counts(bell, label))
            .filter_map(|period| {
                let slot = self.canonical_slot(&Slot { date, period, class });
                let resolution = self.resolve(&slot);
                let (first, others) = resolution.expected().split_first()?;
                let Resolution::Lesson { timetable, .. } = resolution else { return None };
                let Expected { subject, teacher } = *first;
                Some(PlannedSlot { slot, timetable, subject, teacher, parallel: others.to_vec(), grade })
            })
            .collect();
        slots.sort_by_cached_key(|planned| {
            let PlannedSlot { slot: Slot { period, .. }, .. } = planned;
            (bell.and_then(|bell| bell.ordinal(period)).unwrap_or(usize::MAX), period_key(period))
        });
        slots
    }

    /// The labels under which each class may have a lesson on a date, by timetable or by change.
    fn labels_on(&self, date: NaiveDate) -> BTreeMap<ClassId, BTreeSet<String>> {
        let mut labels: BTreeMap<ClassId, BTreeSet<String>> = BTreeMap::new();
        if let DayState::Lessons { weekday, .. } = self.school_day(date).kind
            && let Some((_, timetable)) = self.timetable_on(date)
        {
            for (class, lessons) in &timetable.grid {
                let today = lessons.iter().filter(|lesson| lesson.weekday == weekday);
                labels.entry(*class).or_default().extend(today.map(|lesson| lesson.period.clone()));
            }
        }
        for (_, change) in self.changes_in_force() {
            let here = Some((change.date, &change.period));
            let there = change.with.as_ref().map(|with| (with.date, &with.period));
            for (_, period) in here.into_iter().chain(there).filter(|(on, _)| *on == date) {
                labels.entry(change.class).or_default().insert(period.clone());
            }
        }
        labels
    }
}

fn counts(bell: Option<&BellSchedule>, label: &str) -> bool {
    bell.and_then(|bell| bell.period(label)).is_none_or(|period| period.kind == PeriodKind::Lesson)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::book::{ChangeKind, Lesson, LessonWeeks};
    use crate::sample::{change, day, sample_book, slot};

    fn slots(book: &SchoolBook, week: &str) -> Vec<PlannedSlot> {
        book.planned_slots(week.parse().unwrap())
    }

    #[test]
    fn teaching_week_twelve_of_the_sample_has_688_planned_slots() {
        let book = sample_book();

        let planned = slots(&book, "2026-W47");

        let distinct: BTreeSet<_> = planned.iter().map(|planned| &planned.slot).collect();
        assert_eq!(planned.len(), 688);
        assert_eq!(distinct.len(), 688);
        assert_eq!(planned.iter().filter(|planned| planned.grade == Some(1)).count(), 4 * 26);
    }

    #[test]
    fn holidays_weekends_and_closed_afternoons_have_no_slots() {
        let book = sample_book();

        let golden_week = slots(&book, "2026-W40");
        let sports_week = slots(&book, "2026-W46");

        assert!(golden_week.iter().all(|planned| planned.slot.date < day("2026-10-01")));
        assert!(sports_week.iter().all(|planned| {
            planned.slot.date != day("2026-11-12")
                || !["第5节", "第6节"].contains(&planned.slot.period.as_str())
        }));
        assert_eq!(slots(&book, "2026-W30"), []);
    }

    #[test]
    fn a_makeup_sunday_adds_a_day_of_slots() {
        let book = sample_book();

        let planned = slots(&book, "2026-W38");

        let on = |date| planned.iter().filter(|planned| planned.slot.date == day(date)).count();
        assert_eq!(on("2026-09-20"), on("2026-09-18"));
        assert!(on("2026-09-20") > 100);
    }

    #[test]
    fn a_retired_class_and_a_cancelled_lesson_are_not_planned() {
        let mut book = sample_book();
        let gone = slot(&book, "一年级(1)班", "2026-11-17", "第1节").class;
        book.classes.get_mut(&gone).unwrap().retired = Some(day("2026-11-01"));
        let cancelled = slot(&book, "三年级(2)班", "2026-11-17", "第3节");
        let (id, cancellation) = change(1, ChangeKind::Cancellation, &cancelled);
        book.lesson_changes.insert(id, cancellation);

        assert_eq!(slots(&book, "2026-W47").len(), 688 - 26 - 1);
    }

    #[test]
    fn only_lesson_periods_count_and_unknown_labels_do() {
        let mut book = sample_book();
        let class = slot(&book, "三年级(2)班", "2026-11-17", "第1节").class;
        let timetable = book.timetables.values_mut().next().unwrap();
        let lessons = timetable.grid.get_mut(&class).unwrap();
        let subject = lessons[0].subject;
        for period in ["早读", "课后服务", "第9节"] {
            let weeks = LessonWeeks::All;
            lessons.push(Lesson { weekday: 2, period: period.into(), subject, teacher: None, weeks });
        }

        assert_eq!(slots(&book, "2026-W47").len(), 689);
    }

    #[test]
    fn parallel_groups_are_one_slot() {
        let mut book = sample_book();
        let class = slot(&book, "三年级(2)班", "2026-11-17", "第1节").class;
        let timetable = book.timetables.values_mut().next().unwrap();
        let lessons = timetable.grid.get_mut(&class).unwrap();
        let twin = Lesson { teacher: None, ..lessons[0].clone() };
        lessons.push(twin);

        let planned = slots(&book, "2026-W47");

        assert_eq!(planned.len(), 688);
        assert_eq!(planned.iter().filter(|planned| planned.parallel.len() == 1).count(), 1);
    }

    #[test]
    fn a_slot_is_named_as_the_bell_schedule_names_it() {
        let book = sample_book();
        let written = slot(&book, "三年级(2)班", "2026-11-17", "三");

        assert_eq!(book.canonical_slot(&written).period, "第3节");
    }
}
