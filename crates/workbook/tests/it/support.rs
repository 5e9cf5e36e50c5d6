//! Reading with the sample school or with none, and lessons in a form that compares.

use std::collections::BTreeSet;
use std::path::Path;

use xunke_domain::book::{LessonWeeks, SchoolBook};
use xunke_domain::workbook::desk::Known;
use xunke_domain::workbook::questions::Answers;
use xunke_domain::workbook::reading::{Reading, read};

/// Class, weekday, period, subject, teacher, weeks.
pub(crate) type Fact = (String, u32, String, String, Option<String>, String);

/// A file of the sample school.
pub(crate) fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name))
        .expect("a sample file")
}

/// A file of a school that has nothing yet, with answers.
pub(crate) fn read_with(bytes: &[u8], book: &SchoolBook, answers: &[(&str, &str)]) -> Reading {
    let answers: Answers =
        answers.iter().map(|(id, answer)| ((*id).to_owned(), (*answer).to_owned())).collect();
    let workbook = xunke_workbook::open(bytes).expect("a workbook");
    let on = "2026-09-01".parse().expect("a date");
    read(&workbook, Known { book, on }, &answers)
}

/// A file of a school that has nothing yet.
pub(crate) fn read_new(bytes: &[u8]) -> Reading {
    read_with(bytes, &SchoolBook::default(), &[])
}

/// The lessons without their places.
pub(crate) fn facts(reading: &Reading) -> BTreeSet<Fact> {
    let weeks = |weeks| match weeks {
        LessonWeeks::All => "all".to_owned(),
        LessonWeeks::Odd => "odd".to_owned(),
        LessonWeeks::Even => "even".to_owned(),
        LessonWeeks::Range(from, to) => format!("{from}-{to}"),
    };
    reading
        .lessons
        .iter()
        .map(|lesson| {
            let row = lesson.row.clone();
            (row.class_name, row.weekday, row.period, row.subject, row.teacher, weeks(row.weeks))
        })
        .collect()
}

/// The errors by their places.
pub(crate) fn errors(reading: &Reading) -> Vec<String> {
    reading.errors().map(|problem| format!("{}: {}", problem.place, problem.detail)).collect()
}
