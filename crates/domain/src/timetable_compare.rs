//! Two timetables held against each other cell by cell: the one that is posted, and the one that is said to be used
//! (阴阳课表; domain, section 3). It says where they differ, never why: a version that followed another differs, too.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::bell::period_key;
use crate::book::{Lesson, LessonWeeks, Parity, SchoolBook};
use crate::class_name::display_name;
use crate::ids::{ClassId, SubjectId, TeacherId};
use crate::lesson_weeks::weekly_shares;
use crate::timetable_build::Grid;

/// Where two timetables differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TimetableComparison {
    /// Cells (class × weekday × period) in which either has a lesson.
    pub cells: u32,
    /// Those in which they differ; at most `cells`.
    pub different: u32,
    /// Each of them, in the order of classes, weekdays and periods.
    pub differences: Vec<CellDifference>,
    /// Lessons a week of each subject over all classes, where the two come to another sum.
    pub subjects: Vec<SubjectDifference>,
}

/// A cell in which two timetables differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellDifference {
    /// The class.
    pub class: ClassId,
    /// Its name on the date.
    pub class_name: String,
    /// 1 Monday – 7 Sunday.
    pub weekday: u32,
    /// Label of the period.
    pub period: String,
    /// How they differ.
    pub what: WhatDiffers,
    /// The lessons of the posted one.
    pub posted: Vec<CellLesson>,
    /// The lessons of the other.
    pub used: Vec<CellLesson>,
}

/// How a cell differs; the gravest that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhatDiffers {
    /// Only the posted one has a lesson.
    OnlyPosted,
    /// Only the other has one.
    OnlyUsed,
    /// Another subject.
    Subject,
    /// The same subjects, by somebody else.
    Teacher,
    /// The same subjects and teachers, in other weeks.
    Weeks,
}

/// A lesson of a cell, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellLesson {
    /// The subject.
    pub subject: String,
    /// The teacher, where the timetable says.
    pub teacher: Option<String>,
    /// In which weeks.
    pub weeks: LessonWeeks,
}

/// Lessons a week of a subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubjectDifference {
    /// The subject.
    pub subject: String,
    /// Whether its displacement is watched most.
    pub protected: bool,
    /// By the posted timetable; lessons of odd or even weeks are halves.
    pub posted: f64,
    /// By the other.
    pub used: f64,
}

type CellKey = (ClassId, u32, String);

/// Compares two timetables of a school. Names are those of the date, and lessons of some weeks count by the teaching
/// weeks of its term; outside a term an odd and an even week stand for all.
pub fn compare(book: &SchoolBook, posted: &Grid, used: &Grid, on: NaiveDate) -> TimetableComparison {
    let (posted, used, weeks) = (cells(posted), cells(used), book.weeks_of_term(on));
    let keys: BTreeSet<&CellKey> = posted.keys().chain(used.keys()).collect();
    let none = Vec::new();
    let mut differences = Vec::new();
    for key in &keys {
        let (a, b) = (posted.get(key).unwrap_or(&none), used.get(key).unwrap_or(&none));
        let Some(what) = what_differs(a, b) else { continue };
        let (class, weekday, _) = *key;
        let label = a.first().or(b.first()).map_or_else(String::new, |lesson| lesson.period.clone());
        differences.push(CellDifference {
            class: *class,
            class_name: book.classes.get(class).map(|class| display_name(class, on)).unwrap_or_default(),
            weekday: *weekday,
            period: label,
            what,
            posted: a.iter().map(|lesson| told(book, lesson)).collect(),
            used: b.iter().map(|lesson| told(book, lesson)).collect(),
        });
    }
    TimetableComparison {
        cells: count(keys.len()),
        different: count(differences.len()),
        differences,
        subjects: subjects(book, &sums(&posted, &weeks), &sums(&used, &weeks)),
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// The lessons of each cell, in an order of their own.
fn cells(grid: &Grid) -> BTreeMap<CellKey, Vec<&Lesson>> {
    let mut cells: BTreeMap<CellKey, Vec<&Lesson>> = BTreeMap::new();
    for (class, lessons) in grid {
        for lesson in lessons {
            let key = (*class, lesson.weekday, period_key(&lesson.period));
            cells.entry(key).or_default().push(lesson);
        }
    }
    for cell in cells.values_mut() {
        cell.sort_by_key(|lesson| (lesson.subject, lesson.weeks.order(), lesson.teacher));
    }
    cells
}

fn what_differs(posted: &[&Lesson], used: &[&Lesson]) -> Option<WhatDiffers> {
    let subjects =
        |cell: &[&Lesson]| cell.iter().map(|lesson| lesson.subject).collect::<BTreeSet<SubjectId>>();
    let taught = |cell: &[&Lesson]| {
        let pairs = cell.iter().map(|lesson| (lesson.subject, lesson.teacher));
        pairs.collect::<BTreeSet<(SubjectId, Option<TeacherId>)>>()
    };
    let whole = |cell: &[&Lesson]| {
        cell.iter().map(|lesson| (lesson.subject, lesson.teacher, lesson.weeks.order())).collect::<Vec<_>>()
    };
    match (posted.is_empty(), used.is_empty()) {
        (true, true) => None,
        (false, true) => Some(WhatDiffers::OnlyPosted),
        (true, false) => Some(WhatDiffers::OnlyUsed),
        (false, false) if subjects(posted) != subjects(used) => Some(WhatDiffers::Subject),
        (false, false) if taught(posted) != taught(used) => Some(WhatDiffers::Teacher),
        (false, false) => (whole(posted) != whole(used)).then_some(WhatDiffers::Weeks),
    }
}

fn told(book: &SchoolBook, lesson: &Lesson) -> CellLesson {
    let subject = book.subjects.get(&lesson.subject);
    let teacher = lesson.teacher.and_then(|teacher| book.teachers.get(&teacher));
    CellLesson {
        subject: subject.map_or_else(|| lesson.subject.to_string(), |subject| subject.name.clone()),
        teacher: teacher.map(|teacher| teacher.name.clone()),
        weeks: lesson.weeks,
    }
}

/// Lessons a week by subject, over all classes.
fn sums(cells: &BTreeMap<CellKey, Vec<&Lesson>>, weeks: &[(u32, Parity)]) -> BTreeMap<SubjectId, f64> {
    let mut sums: BTreeMap<SubjectId, f64> = BTreeMap::new();
    for cell in cells.values() {
        let on: Vec<LessonWeeks> = cell.iter().map(|lesson| lesson.weeks).collect();
        for (lesson, weekly) in cell.iter().zip(weekly_shares(&on, weeks)) {
            *sums.entry(lesson.subject).or_default() += weekly;
        }
    }
    sums
}

fn subjects(
    book: &SchoolBook,
    posted: &BTreeMap<SubjectId, f64>,
    used: &BTreeMap<SubjectId, f64>,
) -> Vec<SubjectDifference> {
    let rounded = |sums: &BTreeMap<SubjectId, f64>, subject| {
        (sums.get(subject).copied().unwrap_or_default() * 100.0).round() / 100.0
    };
    let keys: BTreeSet<&SubjectId> = posted.keys().chain(used.keys()).collect();
    let mut rows: Vec<SubjectDifference> = keys
        .into_iter()
        .map(|id| {
            let subject = book.subjects.get(id);
            SubjectDifference {
                subject: subject.map_or_else(|| id.to_string(), |subject| subject.name.clone()),
                protected: subject.is_some_and(|subject| subject.protected),
                posted: rounded(posted, id),
                used: rounded(used, id),
            }
        })
        .filter(|row| (row.posted - row.used).abs() > f64::EPSILON)
        .collect();
    rows.sort_by(|a, b| a.subject.cmp(&b.subject));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{day, sample_book};

    /// The sample school with its timetable, and the same once more.
    fn twice() -> (SchoolBook, Grid, Grid) {
        let book = sample_book();
        let grid = book.timetable_on(day("2026-11-17")).unwrap().1.grid.clone();
        (book, grid.clone(), grid)
    }

    fn subject(book: &SchoolBook, name: &str) -> SubjectId {
        *book.subjects.iter().find(|(_, subject)| subject.name == name).unwrap().0
    }

    /// The first lesson of a subject that is on in every week, anywhere.
    fn lesson(grid: &mut Grid, subject: SubjectId) -> &mut Lesson {
        let all = grid.values_mut().flatten();
        let mut of_all_weeks = all.filter(|lesson| lesson.weeks == LessonWeeks::All);
        of_all_weeks.find(|lesson| lesson.subject == subject).unwrap()
    }

    fn compared(book: &SchoolBook, posted: &Grid, used: &Grid) -> TimetableComparison {
        compare(book, posted, used, day("2026-11-17"))
    }

    #[test]
    fn a_timetable_is_the_same_as_itself() {
        let (book, posted, used) = twice();

        let same = compared(&book, &posted, &used);

        assert_eq!((same.different, same.differences.len(), same.subjects.len()), (0, 0, 0));
        assert_eq!(same.cells, 688, "odd and even lessons share a cell");
    }

    #[test]
    fn music_that_is_mathematics_in_the_other_is_found_with_what_it_costs() {
        let (book, posted, mut used) = twice();
        let (music, maths) = (subject(&book, "音乐"), subject(&book, "数学"));
        lesson(&mut used, music).subject = maths;

        let told = compared(&book, &posted, &used);

        let [cell] = told.differences.as_slice() else { unreachable!("{told:?}") };
        assert_eq!((cell.what, told.different), (WhatDiffers::Subject, 1));
        assert_eq!((cell.posted[0].subject.as_str(), cell.used[0].subject.as_str()), ("音乐", "数学"));
        assert!(!cell.class_name.is_empty());
        let sums: Vec<_> =
            told.subjects.iter().map(|row| (row.subject.as_str(), row.used - row.posted)).collect();
        assert_eq!(sums, [("数学", 1.0), ("音乐", -1.0)]);
        assert!(told.subjects[1].protected);
    }

    #[test]
    fn another_teacher_other_weeks_and_a_lesson_of_one_side_are_told_apart() {
        let (book, posted, mut used) = twice();
        let (art, english, moral) =
            (subject(&book, "美术"), subject(&book, "英语"), subject(&book, "道德与法治"));
        lesson(&mut used, art).teacher = None;
        lesson(&mut used, english).weeks = LessonWeeks::Odd;
        let (class, weekday, period) = posted
            .iter()
            .find_map(|(class, lessons)| {
                let found = lessons
                    .iter()
                    .find(|lesson| lesson.subject == moral && lesson.weeks == LessonWeeks::All)?;
                Some((*class, found.weekday, found.period.clone()))
            })
            .unwrap();
        let lessons = used.get_mut(&class).unwrap();
        lessons.retain(|lesson| (lesson.weekday, &lesson.period) != (weekday, &period));

        let found = |told: &TimetableComparison| {
            told.differences.iter().map(|cell| cell.what).collect::<BTreeSet<_>>()
        };
        let here = compared(&book, &posted, &used);
        let there = compared(&book, &used, &posted);

        let [teacher, weeks] = [WhatDiffers::Teacher, WhatDiffers::Weeks];
        assert_eq!(found(&here), [WhatDiffers::OnlyPosted, teacher, weeks].into());
        assert_eq!(found(&there), [WhatDiffers::OnlyUsed, teacher, weeks].into());
        let english = here.subjects.iter().find(|row| row.subject == "英语").unwrap();
        assert!((english.posted - english.used - 0.5).abs() < 1e-9, "half of the weeks");
    }

    #[test]
    fn the_order_of_lessons_and_the_way_a_period_is_written_make_no_difference() {
        let (book, posted, mut used) = twice();
        for lessons in used.values_mut() {
            lessons.reverse();
            for lesson in lessons {
                lesson.period = lesson.period.replace(['第', '节'], "");
            }
        }

        assert_eq!(compared(&book, &posted, &used).different, 0);
    }
}
