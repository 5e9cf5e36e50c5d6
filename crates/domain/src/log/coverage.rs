//! Coverage: what of the plan was seen, and what was not (domain, section 7, formula 1).

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, TeacherId};
use crate::log::gathered::{Gathered, Seen};
use crate::log::period_coverage::{PeriodCoverage, period_coverage};
use crate::log::shares::count;
use crate::log::trace::Trace;
use crate::log::{ClassLabel, PlannedLesson};
use crate::week::Week;

/// What is unseen for this many weeks is told as such.
const LONG_UNSEEN_WEEKS: u32 = 4;

/// What of the plan was seen. `visited` counts planned slots only, so it never exceeds `planned`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Planned slots with at least one visit.
    pub planned_slots_visited: u32,
    /// By grade, ascending; classes without a grade first.
    pub by_grade: Vec<GradeCoverage>,
    /// By the name of the planned subject.
    pub by_subject: BTreeMap<String, SubjectCoverage>,
    /// By weekday, Monday first; days without a planned lesson left out.
    pub by_weekday: Vec<WeekdayCoverage>,
    /// By grade and planned subject (附表).
    pub by_grade_and_subject: Vec<GradeSubjectCoverage>,
    /// By class and period of the day. For the school alone. Absent from editions that were published before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_class_and_period: Option<PeriodCoverage>,
    /// Classes without a visit this week, in the order of grades and names.
    pub classes_not_seen: Vec<ClassNotSeen>,
    /// Planned subjects without a visit this week.
    pub subjects_not_seen: Vec<String>,
    /// The same subjects with when they were last visited; empty in editions of older rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects_unseen: Vec<NotSeen>,
    /// Teachers with a planned lesson this week whom nobody has seen teaching for 4 teaching weeks or more, by name.
    /// For the school alone. Empty in editions of older rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teachers_long_unseen: Vec<NotSeen>,
    /// Teachers with a planned lesson this week.
    pub teachers_planned: u32,
    /// Those of them who were seen teaching.
    pub teachers_visited: u32,
}

/// Coverage of a grade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeCoverage {
    /// The grade; none for classes that have none.
    pub grade: Option<u32>,
    /// Planned slots.
    pub planned: u32,
    /// Those visited.
    pub visited: u32,
    /// Classes.
    pub classes_total: u32,
    /// Those visited.
    pub classes_visited: u32,
    /// Teachers with a planned lesson in the grade.
    pub teachers: u32,
}

/// Coverage of a subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectCoverage {
    /// Planned slots.
    pub planned: u32,
    /// Those visited.
    pub visited: u32,
    /// Teachers with a planned lesson of the subject.
    pub teachers: u32,
}

/// Coverage of a weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekdayCoverage {
    /// 1 Monday – 7 Sunday, by date: a makeup Saturday is a Saturday.
    pub weekday: u32,
    /// Planned slots.
    pub planned: u32,
    /// Those visited.
    pub visited: u32,
}

/// Coverage of a subject in a grade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeSubjectCoverage {
    /// The grade; none for classes that have none.
    pub grade: Option<u32>,
    /// The planned subject.
    pub subject: String,
    /// Planned slots.
    pub planned: u32,
    /// Those visited.
    pub visited: u32,
    /// Teachers with a planned lesson of the subject in the grade.
    pub teachers: u32,
}

/// A class without a visit this week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassNotSeen {
    /// The class's name.
    pub class: String,
    /// Its grade.
    pub grade: Option<u32>,
    /// The last week it was visited; none: never this semester.
    pub last_seen: Option<Week>,
    /// Teaching weeks since then, at least 1; none: never this semester.
    pub weeks_since: Option<u32>,
    /// Unseen for 4 teaching weeks or more, or never in a semester at least that old.
    pub long_unseen: bool,
}

/// A subject or a teacher not seen this week.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotSeen {
    /// The name.
    pub name: String,
    /// The last week it was seen; none: never this semester.
    pub last_seen: Option<Week>,
    /// Teaching weeks since then, at least 1; none: never this semester.
    pub weeks_since: Option<u32>,
    /// Unseen for 4 teaching weeks or more, or never in a semester at least that old.
    pub long_unseen: bool,
}

/// Planned and visited slots under one heading.
#[derive(Default)]
struct Tally {
    planned: u32,
    visited: u32,
    teachers: BTreeSet<TeacherId>,
}

impl Tally {
    fn add(&mut self, lesson: &PlannedLesson, visited: bool) {
        self.planned += 1;
        self.visited += u32::from(visited);
        self.teachers.extend(lesson.teacher);
    }
}

pub(super) fn coverage(week: &Gathered<'_>, trace: &mut Trace) -> Coverage {
    let mut all = Tally::default();
    let mut grades: BTreeMap<Option<u32>, Tally> = BTreeMap::new();
    let mut subjects: BTreeMap<String, Tally> = BTreeMap::new();
    let mut weekdays: BTreeMap<u32, Tally> = BTreeMap::new();
    let mut cells: BTreeMap<(Option<u32>, String), Tally> = BTreeMap::new();
    for (slot, lesson) in &week.planned {
        let grade = week.grade(slot.class);
        let subject = week.subject_name(Some(lesson.subject));
        let weekday = slot.date.weekday().number_from_monday();
        let seen = week.slots.get(slot);
        if let Some(seen) = seen {
            let heading = grade.map_or_else(|| "none".to_owned(), |grade| grade.to_string());
            trace.slot(format_args!("coverage.grade.{heading}"), seen);
            trace.slot(format_args!("coverage.subject.{subject}"), seen);
            trace.slot(format_args!("coverage.weekday.{weekday}"), seen);
        }
        all.add(lesson, seen.is_some());
        grades.entry(grade).or_default().add(lesson, seen.is_some());
        subjects.entry(subject.clone()).or_default().add(lesson, seen.is_some());
        weekdays.entry(weekday).or_default().add(lesson, seen.is_some());
        cells.entry((grade, subject)).or_default().add(lesson, seen.is_some());
    }

    let teachers_seen: BTreeSet<TeacherId> = week.visits.iter().filter_map(Seen::teacher_seen).collect();
    Coverage {
        planned_slots_visited: all.visited,
        by_grade: by_grade(week, grades),
        subjects_not_seen: (subjects.iter())
            .filter(|(_, tally)| tally.visited == 0)
            .map(|(name, _)| name.clone())
            .collect(),
        by_subject: subjects.into_iter().map(|(name, tally)| (name, subject_row(&tally))).collect(),
        by_weekday: (weekdays.into_iter())
            .map(|(weekday, Tally { planned, visited, .. })| WeekdayCoverage { weekday, planned, visited })
            .collect(),
        by_grade_and_subject: cells.into_iter().map(|(key, tally)| cell_row(key, &tally)).collect(),
        by_class_and_period: Some(period_coverage(week, trace)),
        classes_not_seen: classes_not_seen(week),
        subjects_unseen: subjects_unseen(week),
        teachers_long_unseen: teachers_long_unseen(week, all.teachers.difference(&teachers_seen)),
        teachers_planned: count(all.teachers.len()),
        teachers_visited: count(all.teachers.intersection(&teachers_seen).count()),
    }
}

/// The classes of the week with a visit; classes unknown to the week are told in a note instead.
pub(super) fn classes_visited(week: &Gathered<'_>) -> BTreeSet<ClassId> {
    let visited = week.slots.keys().map(|slot| slot.class);
    visited.filter(|class| week.input.class_names.contains_key(class)).collect()
}

fn by_grade(week: &Gathered<'_>, mut tallies: BTreeMap<Option<u32>, Tally>) -> Vec<GradeCoverage> {
    let visited = classes_visited(week);
    let mut classes: BTreeMap<Option<u32>, (u32, u32)> = BTreeMap::new();
    for (class, label) in &week.input.class_names {
        let (total, seen) = classes.entry(label.grade).or_default();
        *total += 1;
        *seen += u32::from(visited.contains(class));
        tallies.entry(label.grade).or_default();
    }
    let row = |(grade, tally): (Option<u32>, Tally)| {
        let (classes_total, classes_visited) = classes.get(&grade).copied().unwrap_or_default();
        let (planned, visited, teachers) = (tally.planned, tally.visited, count(tally.teachers.len()));
        GradeCoverage { grade, planned, visited, classes_total, classes_visited, teachers }
    };
    tallies.into_iter().map(row).collect()
}

fn subject_row(tally: &Tally) -> SubjectCoverage {
    let Tally { planned, visited, teachers } = tally;
    SubjectCoverage { planned: *planned, visited: *visited, teachers: count(teachers.len()) }
}

fn cell_row((grade, subject): (Option<u32>, String), tally: &Tally) -> GradeSubjectCoverage {
    let SubjectCoverage { planned, visited, teachers } = subject_row(tally);
    GradeSubjectCoverage { grade, subject, planned, visited, teachers }
}

fn classes_not_seen(week: &Gathered<'_>) -> Vec<ClassNotSeen> {
    let visited = classes_visited(week);
    let unseen = week.input.class_names.iter().filter(|(class, _)| !visited.contains(class));
    let mut rows: Vec<_> = unseen.map(|(class, label)| class_not_seen(week, *class, label)).collect();
    rows.sort_by(|a, b| (a.grade, &a.class).cmp(&(b.grade, &b.class)));
    rows
}

fn class_not_seen(week: &Gathered<'_>, class: ClassId, label: &ClassLabel) -> ClassNotSeen {
    let last = week.input.unseen_since.get(&class).copied().flatten();
    let NotSeen { name, last_seen, weeks_since, long_unseen } = not_seen(week, label.name.clone(), last);
    ClassNotSeen { class: name, grade: label.grade, last_seen, weeks_since, long_unseen }
}

/// By name; of two subjects of one name the one seen last counts.
fn subjects_unseen(week: &Gathered<'_>) -> Vec<NotSeen> {
    let mut subjects: BTreeMap<&str, (bool, Option<Week>)> = BTreeMap::new();
    for (slot, lesson) in &week.planned {
        let known = week.input.book.subjects.get(&lesson.subject);
        let Some(name) = known.map(|subject| subject.name.as_str()) else { continue };
        let (seen, last) = subjects.entry(name).or_default();
        *seen |= week.slots.contains_key(slot);
        *last = (*last).max(week.input.subjects_last_seen.get(&lesson.subject).copied());
    }
    let unseen = subjects.into_iter().filter(|(_, (seen, _))| !seen);
    unseen.map(|(name, (_, last))| not_seen(week, name.to_owned(), last)).collect()
}

fn teachers_long_unseen<'a>(
    week: &Gathered<'_>,
    unseen: impl Iterator<Item = &'a TeacherId>,
) -> Vec<NotSeen> {
    let mut teachers: Vec<NotSeen> = unseen
        .filter_map(|teacher| {
            let last = week.input.teachers_last_seen.get(teacher).copied();
            Some(not_seen(week, week.teacher_name(Some(*teacher))?, last))
        })
        .filter(|teacher| teacher.long_unseen)
        .collect();
    teachers.sort();
    teachers
}

fn not_seen(week: &Gathered<'_>, name: String, last_seen: Option<Week>) -> NotSeen {
    let weeks_since = last_seen.and_then(|last| weeks_between(week, last)).filter(|weeks| *weeks > 0);
    let unseen_for = if last_seen.is_some() { weeks_since } else { week.input.teaching_week };
    let long_unseen = unseen_for.is_some_and(|weeks| weeks >= LONG_UNSEEN_WEEKS);
    NotSeen { name, last_seen, weeks_since, long_unseen }
}

/// Teaching weeks from an earlier week to this one; weeks of the calendar where they have no numbers.
fn weeks_between(week: &Gathered<'_>, earlier: Week) -> Option<u32> {
    let numbers = week.input.teaching_week.zip(week.input.book.teaching_week_of(earlier.monday()));
    let calendar = || {
        let days = week.input.week.monday().signed_duration_since(earlier.monday());
        u32::try_from(days.num_weeks()).ok()
    };
    numbers.map_or_else(calendar, |(now, then)| now.checked_sub(then))
}
