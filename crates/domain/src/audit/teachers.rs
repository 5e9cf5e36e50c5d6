//! Who teaches how much, and how much of it outside his field.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::counted::{length, why_uncounted};
use super::load_findings::load_findings;
use super::report::TimetableVersion;
use super::rounded;
use super::teacher_report::{LoadPart, OwnField, TaughtLesson, TaughtSubject, TeacherAudit, TeacherRow};
use crate::bell::period_key;
use crate::book::{Lesson, LessonWeeks, Parity, SchoolBook, Timetable};
use crate::class_name::{display_name, grade_of};
use crate::ids::{ClassId, SubjectId, TeacherId};
use crate::lesson_weeks::weekly_shares;
use crate::plan::CurriculumPlan;

/// The loads of a school's teachers on a date.
pub fn teachers(book: &SchoolBook, on: NaiveDate) -> TeacherAudit {
    let version = book.timetable_on(on);
    let (rows, unnamed_lessons) =
        version.map_or_else(Default::default, |(_, timetable)| rows(book, timetable, on));
    TeacherAudit {
        school: book.name.clone(),
        on,
        timetable: version.map(|(id, timetable)| TimetableVersion::of(id, timetable)),
        limits: book.settings.load,
        findings: load_findings(book, on, &rows),
        teachers: rows,
        unnamed_lessons,
    }
}

/// A lesson with the class it is given to.
type Given<'a> = (ClassId, &'a Lesson);

/// The rows of a version as of a date, and how many lessons name nobody.
pub(super) fn rows(book: &SchoolBook, timetable: &Timetable, on: NaiveDate) -> (Vec<TeacherRow>, f64) {
    let mut by_teacher: BTreeMap<Option<TeacherId>, Vec<Given<'_>>> = BTreeMap::new();
    for (class, lessons) in &timetable.grid {
        let there = book.class_on(*class, on).is_some_and(|class| grade_of(class, on).is_some());
        for lesson in lessons.iter().filter(|lesson| there && counts(book, *class, lesson, on)) {
            by_teacher.entry(lesson.teacher).or_default().push((*class, lesson));
        }
    }
    let weeks = book.weeks_of_term(on);
    let unnamed = by_teacher.remove(&None).unwrap_or_default();
    let unnamed: f64 = unnamed.iter().flat_map(|(_, lesson)| weekly_shares(&[lesson.weeks], &weeks)).sum();
    let of =
        |(teacher, given): (Option<TeacherId>, Vec<Given<'_>>)| Some(row(book, teacher?, &given, &weeks, on));
    let mut rows: Vec<TeacherRow> = by_teacher.into_iter().filter_map(of).collect();
    rows.sort_by(|a, b| {
        b.lessons.total_cmp(&a.lessons).then_with(|| (&a.name, a.teacher).cmp(&(&b.name, b.teacher)))
    });
    (rows, rounded(unnamed))
}

fn counts(book: &SchoolBook, class: ClassId, lesson: &Lesson, on: NaiveDate) -> bool {
    let grade = book.classes.get(&class).and_then(|class| grade_of(class, on));
    let period = book.bell_schedule(grade, on).and_then(|bell| bell.period(&lesson.period));
    why_uncounted(book.subjects.get(&lesson.subject), period).is_none()
}

fn row(
    book: &SchoolBook,
    teacher: TeacherId,
    given: &[Given<'_>],
    weeks: &[(u32, Parity)],
    on: NaiveDate,
) -> TeacherRow {
    let plan = book.settings.plan();
    let mut slots: BTreeMap<(u32, String), Vec<Given<'_>>> = BTreeMap::new();
    for one in given {
        slots.entry((one.1.weekday, period_key(&one.1.period))).or_default().push(*one);
    }
    let mut taught: BTreeMap<SubjectId, Vec<TaughtLesson>> = BTreeMap::new();
    for slot in slots.into_values() {
        let at_once: Vec<LessonWeeks> = slot.iter().map(|(_, lesson)| lesson.weeks).collect();
        for ((class, lesson), weekly) in slot.iter().zip(weekly_shares(&at_once, weeks)) {
            let told = told(book, *class, lesson, weekly, on);
            taught.entry(lesson.subject).or_default().push(told);
        }
    }
    let mut subjects: Vec<TaughtSubject> =
        taught.into_iter().map(|(id, of)| subject(book, plan, id, of)).collect();
    let (own, own_from) = own_fields(book, plan, teacher, &subjects);
    for one in &mut subjects {
        if one.part != LoadPart::Duty && !own.contains(&one.field) {
            one.part = LoadPart::OutOfField;
        }
    }
    subjects.sort_by(|a, b| b.lessons.total_cmp(&a.lessons).then_with(|| a.subject.cmp(&b.subject)));
    let lessons_of = |parts: &[LoadPart]| -> f64 {
        subjects.iter().filter(|one| parts.contains(&one.part)).map(|one| one.lessons).sum()
    };
    let (outside, in_fields) =
        (lessons_of(&[LoadPart::OutOfField]), lessons_of(&[LoadPart::Own, LoadPart::OutOfField]));
    let mut fields: Vec<String> = Vec::new();
    for one in subjects.iter().filter(|one| one.part != LoadPart::Duty) {
        if !fields.contains(&one.field) {
            fields.push(one.field.clone());
        }
    }
    let classes: BTreeSet<ClassId> = given.iter().map(|(class, _)| *class).collect();
    TeacherRow {
        teacher,
        name: book.teachers.get(&teacher).map_or_else(|| teacher.to_string(), |one| one.name.clone()),
        lessons: rounded(subjects.iter().map(|one| one.lessons).sum()),
        minutes: rounded(subjects.iter().map(|one| one.minutes).sum()),
        classes: u32::try_from(classes.len()).unwrap_or(u32::MAX),
        fields,
        own: own.into_iter().collect(),
        own_from,
        out_of_field_lessons: rounded(outside),
        out_of_field_percent: (in_fields > 0.0).then(|| rounded(outside * 100.0 / in_fields)),
        subjects,
    }
}

fn told(book: &SchoolBook, class: ClassId, lesson: &Lesson, weekly: f64, on: NaiveDate) -> TaughtLesson {
    let known = book.classes.get(&class);
    let grade = known.and_then(|class| grade_of(class, on));
    let period = book.bell_schedule(grade, on).and_then(|bell| bell.period(&lesson.period));
    let standard = grade.and_then(|grade| book.settings.plan().lesson_minutes.at(grade)).unwrap_or(0.0);
    TaughtLesson {
        class,
        class_name: known.map(|class| display_name(class, on)).unwrap_or_default(),
        weekday: lesson.weekday,
        period: period.map_or_else(|| lesson.period.clone(), |period| period.label.clone()),
        weeks: lesson.weeks,
        weekly,
        minutes: period.map_or(standard, length),
    }
}

fn subject(
    book: &SchoolBook,
    plan: &CurriculumPlan,
    id: SubjectId,
    mut of: Vec<TaughtLesson>,
) -> TaughtSubject {
    of.sort_by(|a, b| {
        let order = |one: &TaughtLesson| (one.weekday, period_key(&one.period), one.class, one.weeks.order());
        order(a).cmp(&order(b))
    });
    let known = book.subjects.get(&id);
    let part = if known.is_some_and(|known| plan.is_duty(known)) { LoadPart::Duty } else { LoadPart::Own };
    TaughtSubject {
        subject: known.map_or_else(|| id.to_string(), |known| known.name.clone()),
        field: known.map_or_else(|| id.to_string(), |known| plan.field_of(known)),
        part,
        lessons: rounded(of.iter().map(|one| one.weekly).sum()),
        minutes: rounded(of.iter().map(|one| one.weekly * one.minutes).sum()),
        of,
    }
}

/// The teacher's own fields: as the school says, else the one with the most lessons (the first by name of several).
fn own_fields(
    book: &SchoolBook,
    plan: &CurriculumPlan,
    teacher: TeacherId,
    subjects: &[TaughtSubject],
) -> (BTreeSet<String>, OwnField) {
    if let Some(own) = book.own_subjects.get(&teacher) {
        let of = |id: &SubjectId| book.subjects.get(id).map(|subject| plan.field_of(subject));
        return (own.iter().filter_map(of).collect(), OwnField::Record);
    }
    let mut lessons: BTreeMap<&str, f64> = BTreeMap::new();
    for one in subjects.iter().filter(|one| one.part != LoadPart::Duty) {
        *lessons.entry(&one.field).or_insert(0.0) += one.lessons;
    }
    let most = lessons.iter().min_by(|(a, one), (b, other)| other.total_cmp(one).then_with(|| a.cmp(b)));
    match most {
        Some((field, _)) => (BTreeSet::from([(*field).to_owned()]), OwnField::MostLessons),
        None => (BTreeSet::new(), OwnField::Unknown),
    }
}
