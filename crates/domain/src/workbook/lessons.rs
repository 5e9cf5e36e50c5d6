//! All lessons of a workbook held against each other: what stands on two sheets, what cannot be held.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::cells::Found;
use super::desk::Desk;
use super::sheet::Place;
use crate::bell::period_key;
use crate::ids::TeacherId;
use crate::timetable_csv::TimetableRow;

/// A lesson as it would be imported; `row.line` is its number in the reading, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadLesson {
    /// The lesson by names.
    pub row: TimetableRow,
    /// The teacher people chose among several of that name.
    pub teacher_id: Option<TeacherId>,
    /// Where it stands.
    pub place: Place,
}

/// Something that cannot be held as planned; a warning, since some schools plan so on purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Clash {
    /// A teacher is in several classes at once.
    Teacher {
        /// Who.
        teacher: String,
        /// 1 Monday – 7 Sunday.
        weekday: u32,
        /// The period's label.
        period: String,
        /// Where.
        classes: Vec<String>,
        /// The cells that say so.
        places: Vec<Place>,
    },
    /// A class has several lessons at once, from different cells.
    Class {
        /// Which.
        class_name: String,
        /// 1 Monday – 7 Sunday.
        weekday: u32,
        /// The period's label.
        period: String,
        /// What is taught there.
        subjects: Vec<String>,
        /// The cells that say so.
        places: Vec<Place>,
    },
    /// The hours of a class are not those of the plan (26, 30 or 34).
    Total {
        /// Which.
        class_name: String,
        /// What was read, a week.
        hours: f64,
        /// What the plan has.
        planned: f64,
    },
}

type Slot = (String, u32, String);

/// Lessons that several sheets tell are one; cells that contradict each other are told. They come in the order
/// of the file.
pub(super) fn merge(found: Vec<Found>, desk: &mut Desk<'_>) -> Vec<Found> {
    let mut slots: BTreeMap<Slot, Vec<Found>> = BTreeMap::new();
    for lesson in found {
        let slot = (lesson.class.clone(), lesson.weekday, period_key(&lesson.period));
        let taken = slots.entry(slot).or_default();
        let twin =
            taken.iter_mut().find(|one| one.subject == lesson.subject && one.weeks.overlaps(lesson.weeks));
        let Some(twin) = twin else {
            taken.push(lesson);
            continue;
        };
        let agree = twin.teacher.is_none()
            || lesson.teacher.is_none()
            || (twin.teacher == lesson.teacher && (twin.teacher_id == lesson.teacher_id));
        if twin.weeks == lesson.weeks && agree {
            if twin.teacher.is_none() {
                (twin.teacher, twin.teacher_id) = (lesson.teacher, lesson.teacher_id);
            }
        } else {
            let told =
                |lesson: &Found| format!("{} {}", lesson.subject, lesson.teacher.as_deref().unwrap_or("—"));
            let detail = format!(
                "{} {}: {} here, {} in {}",
                lesson.class,
                lesson.period,
                told(&lesson),
                told(twin),
                twin.place
            );
            let column = if lesson.place.sheet.is_empty() { "学科" } else { "" };
            desk.error_in(column, lesson.place.clone(), detail);
        }
    }
    let mut lessons: Vec<Found> = slots.into_values().flatten().collect();
    lessons.sort_by_key(|lesson| lesson.origin);
    lessons
}

/// Where a teacher is in several classes, or a class has several lessons, in some one week. What one cell says
/// of several classes or groups is meant so.
pub(super) fn clashes(lessons: &[Found]) -> Vec<Clash> {
    let mut cells: BTreeMap<(u32, String), Vec<&Found>> = BTreeMap::new();
    for lesson in lessons {
        cells.entry((lesson.weekday, period_key(&lesson.period))).or_default().push(lesson);
    }
    cells.into_values().flat_map(|cell| of_teachers(&cell).into_iter().chain(of_classes(&cell))).collect()
}

fn of_teachers(cell: &[&Found]) -> Vec<Clash> {
    let mut teachers: BTreeMap<(&str, Option<TeacherId>), Vec<&Found>> = BTreeMap::new();
    for lesson in cell {
        if let Some(teacher) = &lesson.teacher {
            teachers.entry((teacher, lesson.teacher_id)).or_default().push(lesson);
        }
    }
    let clash = |((teacher, _), lessons): ((&str, _), Vec<&Found>)| {
        let meeting = meeting(&lessons, |one, other| one.class != other.class);
        let first = *meeting.first()?;
        Some(Clash::Teacher {
            teacher: teacher.to_owned(),
            weekday: first.weekday,
            period: first.period.clone(),
            classes: distinct(meeting.iter().map(|lesson| lesson.class.clone())),
            places: distinct(meeting.iter().map(|lesson| lesson.place.clone())),
        })
    };
    teachers.into_iter().filter_map(clash).collect()
}

fn of_classes(cell: &[&Found]) -> Vec<Clash> {
    let mut classes: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for lesson in cell {
        classes.entry(&lesson.class).or_default().push(lesson);
    }
    let clash = |(class, lessons): (&str, Vec<&Found>)| {
        let meeting = meeting(&lessons, |_, _| true);
        let first = *meeting.first()?;
        Some(Clash::Class {
            class_name: class.to_owned(),
            weekday: first.weekday,
            period: first.period.clone(),
            subjects: distinct(meeting.iter().map(|lesson| lesson.subject.clone())),
            places: distinct(meeting.iter().map(|lesson| lesson.place.clone())),
        })
    };
    classes.into_iter().filter_map(clash).collect()
}

/// Lessons of different cells that some one week has together.
fn meeting<'a>(lessons: &[&'a Found], count: impl Fn(&Found, &Found) -> bool) -> Vec<&'a Found> {
    let meets = |one: &Found| {
        lessons
            .iter()
            .any(|other| one.origin != other.origin && count(one, other) && one.weeks.overlaps(other.weeks))
    };
    lessons.iter().copied().filter(|lesson| meets(lesson)).collect()
}

fn distinct<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.collect::<BTreeSet<T>>().into_iter().collect()
}

/// The rows of an import, numbered.
pub(super) fn rows(lessons: Vec<Found>) -> Vec<ReadLesson> {
    let row = |(lesson, line): (Found, u64)| {
        let Found { place, origin: _, class, weekday, period, subject, teacher, teacher_id, weeks } = lesson;
        ReadLesson {
            row: TimetableRow { line, class_name: class, weekday, period, subject, teacher, weeks },
            teacher_id,
            place,
        }
    };
    lessons.into_iter().zip(1..).map(row).collect()
}
