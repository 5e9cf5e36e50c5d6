//! What should be going on in a slot: calendar, timetable in force and approved lesson changes.
//!
//! Pure, so that the phone says the same as the server. A change filed after the visit clears it
//! when the slot is resolved again (domain, section 4).

use chrono::NaiveDate;

use crate::bell::period_key;
use crate::book::{BellSchedule, Class, SchoolBook, Timetable};
use crate::calendar::{ClosedSpan, DayState, NoLessonsReason};
use crate::class_name::grade_of;
use crate::ids::{ClassId, LessonChangeId, SubjectId, TeacherId, TimetableId};
use crate::visit::Slot;

/// A lesson that may be expected in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// What is taught.
    pub subject: SubjectId,
    /// By whom, where the timetable or the change says.
    pub teacher: Option<TeacherId>,
}

/// What an approved change puts in a slot (see `lesson_changes`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedExpectation {
    /// The change; the newest one where several touch the slot.
    pub change: LessonChangeId,
    /// The lessons now expected; several for parallel groups, and any of them matches.
    pub lessons: Vec<Expected>,
}

/// What should be going on in a slot, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The class is not of this school, or no longer.
    UnknownClass,
    /// A holiday, a weekend, or outside the semester.
    NoSchool {
        /// Which of these.
        reason: NoLessonsReason,
    },
    /// No timetable is in force that has the class.
    NoTimetable,
    /// Neither the bell schedule nor the timetable knows the period.
    UnknownPeriod,
    /// An event or a half day takes the period.
    Closed {
        /// What takes it.
        span: ClosedSpan,
    },
    /// An approved change leaves the slot empty: cancelled, or moved away.
    Cancelled {
        /// The change.
        change: LessonChangeId,
    },
    /// The timetable has nothing here.
    NoLesson,
    /// A lesson is expected.
    Lesson {
        /// The timetable in force.
        timetable: TimetableId,
        /// What the timetable says; several for parallel groups, none if only the change puts a
        /// lesson here.
        planned: Vec<Expected>,
        /// What an approved change says instead.
        approved: Option<ApprovedExpectation>,
    },
}

impl Resolution {
    /// The lessons expected now: those of the approved change if there is one, else those planned.
    pub fn expected(&self) -> &[Expected] {
        match self {
            Self::Lesson { approved: Some(approved), .. } => &approved.lessons,
            Self::Lesson { planned, approved: None, .. } => planned,
            Self::UnknownClass
            | Self::NoSchool { .. }
            | Self::NoTimetable
            | Self::UnknownPeriod
            | Self::Closed { .. }
            | Self::Cancelled { .. }
            | Self::NoLesson => &[],
        }
    }
}

impl SchoolBook {
    /// Resolves a slot to what should be going on there.
    pub fn resolve(&self, slot: &Slot) -> Resolution {
        let Slot { date, period, class } = slot;
        let Some(known) = self.class_on(*class, *date) else { return Resolution::UnknownClass };
        let day = self.school_day(*date).kind;
        if let DayState::NoLessons { reason } = day
            && reason != NoLessonsReason::Weekend
        {
            return Resolution::NoSchool { reason };
        }
        let Some((timetable, version)) = self.timetable_on(*date).filter(|(_, version)| has(version, *class))
        else {
            return match day {
                DayState::NoLessons { reason } => Resolution::NoSchool { reason },
                DayState::Lessons { .. } => Resolution::NoTimetable,
            };
        };
        let bell = self.bell_schedule(grade_of(known, *date), *date);
        if let DayState::Lessons { closed, .. } = &day {
            if !knows(bell, version, *class, period) {
                return Resolution::UnknownPeriod;
            }
            if let Some(span) = closed.iter().find(|span| span.closes(period, bell)) {
                return Resolution::Closed { span: span.clone() };
            }
        }
        let planned = self.planned_lessons(*class, *date, period);
        match (self.approved_expectation(slot, &planned), planned.is_empty(), day) {
            (Some(ApprovedExpectation { change, lessons }), false, _) if lessons.is_empty() => {
                Resolution::Cancelled { change }
            }
            (Some(approved), _, _) if !approved.lessons.is_empty() => {
                Resolution::Lesson { timetable, planned, approved: Some(approved) }
            }
            (_, false, _) => Resolution::Lesson { timetable, planned, approved: None },
            (_, true, DayState::NoLessons { reason }) => Resolution::NoSchool { reason },
            (_, true, DayState::Lessons { .. }) => Resolution::NoLesson,
        }
    }

    /// The timetable in force on a date: the latest `valid_from` not after it, not retired by then.
    pub fn timetable_on(&self, date: NaiveDate) -> Option<(TimetableId, &Timetable)> {
        self.timetables
            .iter()
            .filter(|(_, timetable)| timetable.valid_from <= date)
            .filter(|(_, timetable)| timetable.retired.is_none_or(|retired| retired > date))
            .max_by_key(|(id, timetable)| (timetable.valid_from, **id))
            .map(|(id, timetable)| (*id, timetable))
    }

    /// The class if it is there on a date.
    pub(crate) fn class_on(&self, class: ClassId, date: NaiveDate) -> Option<&Class> {
        self.classes.get(&class).filter(|class| class.retired.is_none_or(|retired| retired > date))
    }

    /// What the timetable has in a cell of a date, without asking whether the period is closed.
    pub(crate) fn planned_lessons(&self, class: ClassId, date: NaiveDate, period: &str) -> Vec<Expected> {
        let DayState::Lessons { weekday, parity, .. } = self.school_day(date).kind else { return Vec::new() };
        let week = self.teaching_week_of(date);
        let key = period_key(period);
        let lessons = self.timetable_on(date).and_then(|(_, timetable)| timetable.grid.get(&class));
        let mut expected: Vec<Expected> = lessons
            .into_iter()
            .flatten()
            .filter(|lesson| lesson.weekday == weekday && period_key(&lesson.period) == key)
            .filter(|lesson| lesson.weeks.holds(parity, week))
            .map(|lesson| Expected { subject: lesson.subject, teacher: lesson.teacher })
            .collect();
        expected.sort();
        expected.dedup();
        expected
    }
}

fn has(timetable: &Timetable, class: ClassId) -> bool {
    timetable.grid.get(&class).is_some_and(|lessons| !lessons.is_empty())
}

fn knows(bell: Option<&BellSchedule>, timetable: &Timetable, class: ClassId, period: &str) -> bool {
    let key = period_key(period);
    let taught =
        |lessons: &Vec<crate::book::Lesson>| lessons.iter().any(|lesson| period_key(&lesson.period) == key);
    bell.is_some_and(|bell| bell.ordinal(period).is_some()) || timetable.grid.get(&class).is_some_and(taught)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::book::{Lesson, LessonWeeks};
    use crate::sample::{day, plan, sample_book, slot};

    const CLASS: &str = "三年级(2)班";

    /// The lessons planned in the six periods of a date.
    fn lessons(book: &SchoolBook, class: &str, date: &str) -> Vec<Vec<Expected>> {
        (1..=6)
            .map(|n| book.resolve(&slot(book, class, date, &format!("第{n}节"))).expected().to_vec())
            .collect()
    }

    #[test]
    fn a_makeup_sunday_has_the_lessons_of_the_friday_it_follows() {
        let book = sample_book();

        let sunday = lessons(&book, CLASS, "2026-09-20");

        assert_eq!(sunday, lessons(&book, CLASS, "2026-09-18"));
        assert!(sunday.iter().all(|lessons| lessons.len() == 1));
    }

    #[test]
    fn a_makeup_saturday_follows_the_odd_week_set_by_hand_in_an_even_week() {
        let mut book = sample_book();
        let class = slot(&book, CLASS, "2026-10-10", "第2节").class;
        let cells = book.timetables.values_mut().next().unwrap().grid.get_mut(&class).unwrap();
        let place = cells.iter().position(|lesson| lesson.weekday == 4 && lesson.period == "第2节").unwrap();
        let odd = Lesson { weeks: LessonWeeks::Odd, ..cells[place].clone() };
        let even =
            Lesson { weeks: LessonWeeks::Even, subject: SubjectId::from_uuid(Uuid::nil()), ..odd.clone() };
        cells.splice(place..=place, [odd.clone(), even.clone()]);

        let on = |date| plan(&book, &slot(&book, CLASS, date, "第2节")).subject;

        assert_eq!(on("2026-10-10"), odd.subject);
        assert_eq!(on("2026-10-15"), odd.subject);
        assert_eq!(on("2026-10-22"), even.subject);
        assert_eq!(lessons(&book, CLASS, "2026-10-10"), lessons(&book, CLASS, "2026-10-15"));
    }

    #[test]
    fn an_ordinary_friday_may_follow_a_wednesday() {
        let book = sample_book();

        assert_eq!(lessons(&book, CLASS, "2026-10-09"), lessons(&book, CLASS, "2026-10-14"));
    }

    #[test]
    fn the_odd_and_even_lessons_of_the_sample_alternate() {
        let book = sample_book();
        let (class, label, weekday) = book
            .timetables
            .values()
            .flat_map(|timetable| &timetable.grid)
            .find_map(|(class, lessons)| {
                let odd = lessons.iter().find(|lesson| lesson.weeks == LessonWeeks::Odd)?;
                Some((*class, odd.period.clone(), odd.weekday))
            })
            .unwrap();
        let in_week = |monday: &str| {
            let date = day(monday) + chrono::Days::new(u64::from(weekday) - 1);
            plan(&book, &Slot { date, period: label.clone(), class }).subject
        };

        assert_ne!(in_week("2026-11-09"), in_week("2026-11-16"));
        assert_eq!(in_week("2026-11-02"), in_week("2026-11-16"));
    }

    #[test]
    fn an_event_closes_the_afternoon_and_leaves_the_morning() {
        let book = sample_book();

        let at = |period| book.resolve(&slot(&book, CLASS, "2026-11-12", period));

        assert!(matches!(at("第4节"), Resolution::Lesson { .. }));
        let Resolution::Closed { span } = at("第5节") else { panic!("not closed") };
        assert_eq!(span.note.as_deref(), Some("秋季运动会，下午停课"));
        assert!(matches!(at("第6节"), Resolution::Closed { .. }));
    }

    #[test]
    fn why_there_is_no_lesson_is_said() {
        let book = sample_book();

        let at = |date, period| book.resolve(&slot(&book, CLASS, date, period));

        assert_eq!(at("2026-10-01", "第1节"), Resolution::NoSchool { reason: NoLessonsReason::Holiday });
        assert_eq!(at("2026-11-21", "第1节"), Resolution::NoSchool { reason: NoLessonsReason::Weekend });
        assert_eq!(
            at("2027-02-10", "第1节"),
            Resolution::NoSchool { reason: NoLessonsReason::OutsideSemester }
        );
        assert_eq!(at("2026-11-17", "早读"), Resolution::NoLesson);
        assert_eq!(at("2026-11-17", "第9节"), Resolution::UnknownPeriod);
    }

    #[test]
    fn the_newest_version_in_force_counts() {
        let mut book = sample_book();
        let slot = slot(&book, CLASS, "2026-11-17", "第3节");
        let old = book.timetables.values().next().unwrap().clone();
        let subject = SubjectId::from_uuid(Uuid::nil());
        let mut newer = Timetable { valid_from: day("2026-11-16"), ..old.clone() };
        for lesson in newer.grid.values_mut().flatten() {
            lesson.subject = subject;
        }
        let id = |n| TimetableId::from_uuid(Uuid::from_u128(n));
        book.timetables.insert(id(0x05), newer);
        book.timetables.insert(id(0x06), Timetable { valid_from: day("2026-11-18"), ..old });

        assert_eq!(plan(&book, &slot).subject, subject);
        assert_eq!(book.timetable_on(day("2026-11-15")).map(|(id, _)| id), Some(id(0x04)));

        book.timetables.get_mut(&id(0x05)).unwrap().retired = Some(day("2026-11-17"));

        assert_ne!(plan(&book, &slot).subject, subject);
    }

    #[test]
    fn either_parallel_group_is_expected() {
        let mut book = sample_book();
        let slot = slot(&book, CLASS, "2026-11-17", "第3节");
        let cells = book.timetables.values_mut().next().unwrap().grid.get_mut(&slot.class).unwrap();
        let one =
            cells.iter().find(|lesson| lesson.weekday == 2 && lesson.period == "第3节").unwrap().clone();
        cells.push(Lesson { subject: SubjectId::from_uuid(Uuid::nil()), ..one });

        assert_eq!(book.resolve(&slot).expected().len(), 2);
    }
}
