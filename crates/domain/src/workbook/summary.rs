//! What was read per class: hours against the plan.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::Found;
use super::desk::Desk;
use super::lessons::Clash;
use super::questions::{Ask, QuestionKind};
use super::sheet::Place;
use super::subjects::counts_for_nothing;
use crate::bell::period_key;
use crate::book::{LessonWeeks, SchoolBook};
use crate::class_name::parse_class_name;
use crate::lesson_weeks::weekly_shares;
use crate::plan::{CurriculumPlan, EPSILON};

/// A class as it was read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassRead {
    /// Canonical name.
    pub class_name: String,
    /// Hours a week; what is taught every other week is half an hour.
    pub hours: f64,
    /// Hours the plan has.
    pub planned: Option<f64>,
    /// Hours the file itself says.
    pub stated: Option<f64>,
    /// Hours of each subject, those of the plan that are missing included.
    pub subjects: Vec<SubjectHours>,
}

/// The hours of a subject in a class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubjectHours {
    /// What it is called; a subject of the plan stands for those it includes (艺术 for 音乐 and 美术).
    pub subject: String,
    /// Hours a week, read.
    pub hours: f64,
    /// Hours the plan has, where it has a table.
    pub planned: Option<f64>,
}

/// A class by grade and number, where it has them, and by its name.
type Name<'a> = (Option<(u32, u32)>, &'a str);

/// Sums up the classes; `stated` is what each class's sheet says of its hours.
pub(super) fn classes(
    lessons: &[Found],
    stated: &BTreeMap<String, (String, Place)>,
    desk: &mut Desk<'_>,
) -> (Vec<ClassRead>, Vec<Clash>) {
    let mut by_class: BTreeMap<Name<'_>, Vec<&Found>> = BTreeMap::new();
    for lesson in lessons {
        by_class.entry((parse_class_name(&lesson.class), &lesson.class)).or_default().push(lesson);
    }
    let (mut read, mut clashes) = (Vec::new(), Vec::new());
    for ((name, class), lessons) in by_class {
        let grade = name.map(|(grade, _)| grade);
        let plan = desk.known.book.settings.plan();
        let planned = grade.and_then(|grade| plan.weekly_total.at(grade));
        let by_subject = hours(&lessons);
        let hours = rounded(
            by_subject
                .iter()
                .filter(|(subject, _)| !counts_for_nothing(subject))
                .map(|(_, hours)| hours)
                .sum(),
        );
        if let Some(planned) = planned.filter(|planned| (planned - hours).abs() > EPSILON) {
            clashes.push(Clash::Total { class_name: class.to_owned(), hours, planned });
        }
        let stated =
            stated.get(class).and_then(|(text, place)| stated_hours(class, text, hours, place, desk));
        let subjects = match grade {
            Some(grade) => against(plan, desk.known.book, grade, by_subject),
            None => by_subject
                .into_iter()
                .map(|(subject, hours)| SubjectHours { subject, hours: rounded(hours), planned: None })
                .collect(),
        };
        read.push(ClassRead { class_name: class.to_owned(), hours, planned, stated, subjects });
    }
    (read, clashes)
}

/// Hours of each subject over two weeks, halved. Groups beside each other, and parts of a term, share their hour.
fn hours(lessons: &[&Found]) -> BTreeMap<String, f64> {
    let mut slots: BTreeMap<(u32, String), Vec<&Found>> = BTreeMap::new();
    for lesson in lessons {
        slots.entry((lesson.weekday, period_key(&lesson.period))).or_default().push(lesson);
    }
    let mut hours = BTreeMap::new();
    for slot in slots.into_values() {
        let weeks: Vec<LessonWeeks> = slot.iter().map(|lesson| lesson.weeks).collect();
        for (lesson, share) in slot.iter().zip(weekly_shares(&weeks, &[])) {
            *hours.entry(lesson.subject.clone()).or_insert(0.0) += share;
        }
    }
    hours
}

/// Holds what was read against the plan, subject by subject of the plan; what the plan does not name comes last.
fn against(
    plan: &CurriculumPlan,
    book: &SchoolBook,
    grade: u32,
    read: BTreeMap<String, f64>,
) -> Vec<SubjectHours> {
    let mut counted: BTreeMap<&str, f64> = BTreeMap::new();
    let mut rest = Vec::new();
    for (subject, hours) in read {
        match plan.subject_named(book, &subject) {
            Some(planned) => *counted.entry(&planned.subject).or_insert(0.0) += hours,
            None => rest.push(SubjectHours { subject, hours: rounded(hours), planned: None }),
        }
    }
    let of_plan = plan.subjects.iter().filter_map(|subject| {
        let (hours, planned) = (counted.get(subject.subject.as_str()).copied(), subject.hours(grade));
        (hours.is_some() || subject.is_due(grade)).then(|| SubjectHours {
            subject: subject.subject.clone(),
            hours: rounded(hours.unwrap_or(0.0)),
            planned,
        })
    });
    of_plan.chain(rest).collect()
}

/// What a sheet says of its hours: one number, or `4/3`, which people must explain.
fn stated_hours(class: &str, text: &str, read: f64, place: &Place, desk: &mut Desk<'_>) -> Option<f64> {
    let numbers: Vec<f64> = text
        .split('/')
        .filter_map(|part| part.parse().ok())
        .filter(|hours: &f64| hours.is_finite())
        .collect();
    let hours = match numbers.as_slice() {
        [one] => *one,
        [first, second] => {
            let ask = Ask::new(QuestionKind::Hours, text, format!("`{text}` hours a week: which are meant?"))
                .option("odd_even", format!("{first} in odd weeks (单周), {second} in even weeks (双周)"))
                .option("semesters", format!("{first} in the first semester, {second} in the second"))
                .option("second_semester", format!("this is the second semester: {second}"));
            match desk.asked.ask(ask, place.clone())?.as_str() {
                "odd_even" => f64::midpoint(*first, *second),
                "second_semester" => *second,
                _ => *first,
            }
        }
        _ => return None,
    };
    if (hours - read).abs() > EPSILON {
        desk.warning(place.clone(), format!("{class} says {hours} hours a week; {read} were read"));
    }
    Some(hours)
}

fn rounded(hours: f64) -> f64 {
    (hours * 100.0).round() / 100.0
}
