//! A school of one class, to be filled with one week.

use uuid::Uuid;

use crate::book::{
    BellSchedule, Class, Lesson, LessonWeeks, Period, PeriodKind, SchoolBook, Subject, Teacher, Timetable,
};
use crate::ids::{ClassId, SubjectId, TeacherId, TimetableId};
use crate::sample::day;

pub(super) const ON: &str = "2026-11-23";

pub(super) fn class_id(number: u32) -> ClassId {
    ClassId::from_uuid(Uuid::from_u128(u128::from(number)))
}

pub(super) fn teacher_id(number: u32) -> TeacherId {
    TeacherId::from_uuid(Uuid::from_u128(u128::from(number)))
}

pub(super) fn version_id(number: u32) -> TimetableId {
    TimetableId::from_uuid(Uuid::from_u128(u128::from(number)))
}

/// A school with class 1 of a grade and an empty timetable from September on; eight lessons of 40 minutes a day
/// between 早读 and 课后服务.
pub(super) fn school(grade: u32) -> SchoolBook {
    let mut book = SchoolBook { name: "试点学校".into(), ..SchoolBook::default() };
    let entry_grade = if grade > 6 { 7 } else { 1 };
    let cohort = 2026 - i32::try_from(grade - entry_grade).unwrap();
    book.classes.insert(class_id(1), Class { cohort, number: 1, entry_grade, retired: None });
    let period = |label: &str, kind, start: &str, minutes: i64| {
        let start = start.parse().unwrap();
        Period { label: label.into(), kind, start, end: start + chrono::TimeDelta::minutes(minutes) }
    };
    let mut periods = vec![period("早读", PeriodKind::MorningReading, "08:00:00", 20)];
    periods.extend(
        (1..=8).map(|n| period(&format!("第{n}节"), PeriodKind::Lesson, &format!("{:02}:30:00", 7 + n), 40)),
    );
    periods.push(period("短课", PeriodKind::Lesson, "16:30:00", 20));
    periods.push(period("课后服务", PeriodKind::AfterSchool, "17:00:00", 60));
    book.bell_schedules.push(BellSchedule {
        name: "作息".into(),
        valid_from: day("2026-09-01"),
        valid_to: None,
        grades: Vec::new(),
        periods,
        retired: None,
    });
    book.timetables.insert(version_id(1), version("2026A", "2026-09-01"));
    book
}

pub(super) fn version(name: &str, valid_from: &str) -> Timetable {
    Timetable {
        name: name.into(),
        valid_from: day(valid_from),
        grid: [(class_id(1), Vec::new())].into(),
        retired: None,
    }
}

/// The subject of a name, added if it is new.
pub(super) fn subject(book: &mut SchoolBook, name: &str) -> SubjectId {
    if let Some(id) = book.subject_by_name(name) {
        return id;
    }
    let id = SubjectId::from_uuid(Uuid::from_u128(1000 + u128::try_from(book.subjects.len()).unwrap()));
    let new = Subject { name: name.into(), aliases: Vec::new(), protected: false, retired: None };
    book.subjects.insert(id, new);
    id
}

/// Puts a lesson of class 1 into the first version.
pub(super) fn put(book: &mut SchoolBook, weekday: u32, period: &str, name: &str, weeks: LessonWeeks) {
    let subject = subject(book, name);
    let lesson = Lesson { weekday, period: period.into(), subject, teacher: None, weeks };
    let version = book.timetables.get_mut(&version_id(1)).unwrap();
    version.grid.entry(class_id(1)).or_default().push(lesson);
}

/// Fills the week of class 1 with whole lessons, Monday to Friday, period by period.
pub(super) fn fill(book: &mut SchoolBook, hours: &[(&str, u32)]) {
    let mut cells = (1..=8).flat_map(|period| (1..=5).map(move |weekday| (weekday, format!("第{period}节"))));
    for (name, times) in hours {
        for _ in 0..*times {
            let (weekday, period) = cells.next().unwrap();
            put(book, weekday, &period, name, LessonWeeks::All);
        }
    }
}

/// Gives a class's lesson to a teacher, in a version.
pub(super) fn give(
    book: &mut SchoolBook,
    version: u32,
    class: u32,
    at: (u32, &str),
    name: &str,
    teacher: u32,
) {
    let subject = subject(book, name);
    book.teachers.entry(teacher_id(teacher)).or_insert_with(|| Teacher {
        name: format!("教师{teacher}"),
        user: None,
        retired: None,
    });
    let like = book.classes[&class_id(1)].clone();
    book.classes.entry(class_id(class)).or_insert(Class { number: class, ..like });
    let lesson = Lesson {
        weekday: at.0,
        period: at.1.into(),
        subject,
        teacher: Some(teacher_id(teacher)),
        weeks: LessonWeeks::All,
    };
    let version = book.timetables.get_mut(&version_id(version)).unwrap();
    version.grid.entry(class_id(class)).or_default().push(lesson);
}
