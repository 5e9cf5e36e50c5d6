//! Loads of teachers, one fact each.

use super::small_school::{ON, give, school, subject, teacher_id, version, version_id};
use crate::audit::teacher_report::{LoadFinding, LoadFindingKind, OwnField, TeacherRow};
use crate::audit::teachers;
use crate::book::SchoolBook;
use crate::sample::day;

fn row(book: &SchoolBook, teacher: u32) -> TeacherRow {
    let mut rows = teachers(book, day(ON)).teachers;
    rows.retain(|row| row.teacher == teacher_id(teacher));
    rows.remove(0)
}

fn found(book: &SchoolBook, on: &str) -> Vec<(LoadFindingKind, String)> {
    let findings = teachers(book, day(on)).findings;
    findings.into_iter().map(|LoadFinding { kind, since, .. }| (kind, since.name)).collect()
}

#[test]
fn classes_taught_together_are_one_lesson() {
    let mut book = school(3);
    give(&mut book, 1, 1, (1, "第1节"), "体育", 1);
    give(&mut book, 1, 2, (1, "第1节"), "体育", 1);
    give(&mut book, 1, 1, (2, "第1节"), "体育", 1);

    let row = row(&book, 1);

    assert_eq!((row.lessons, row.minutes, row.classes), (2.0, 80.0, 2));
    assert_eq!(row.subjects[0].of.len(), 3);
}

#[test]
fn the_own_field_is_what_the_school_says_and_else_the_most_taught() {
    let mut book = school(3);
    for (weekday, name) in [(1, "语文"), (2, "语文"), (3, "书法"), (4, "音乐"), (5, "班队")] {
        give(&mut book, 1, 1, (weekday, "第1节"), name, 1);
    }

    let guessed = row(&book, 1);
    let music = subject(&mut book, "音乐");
    book.own_subjects.insert(teacher_id(1), [music].into());
    let said = row(&book, 1);

    assert_eq!((guessed.own.as_slice(), guessed.own_from), (&["语文".to_owned()][..], OwnField::MostLessons));
    assert_eq!((guessed.out_of_field_lessons, guessed.out_of_field_percent), (1.0, Some(25.0)));
    assert_eq!((said.own.as_slice(), said.own_from), (&["音乐".to_owned()][..], OwnField::Record));
    assert_eq!((said.out_of_field_lessons, said.out_of_field_percent), (3.0, Some(75.0)));
    assert_eq!(said.fields, ["语文", "音乐"], "书法 is of the field of 语文, 班队 of none");
}

/// A teacher with three fields in the versions numbered, all of them in force one after the other.
fn three_fields(overloaded: &[u32]) -> SchoolBook {
    let mut book = school(3);
    for (number, from) in [(2, "2026-10-01"), (3, "2026-11-01")] {
        book.timetables.insert(version_id(number), version(&format!("v{number}"), from));
    }
    for number in 1..=3 {
        for (weekday, name) in [(1, "语文"), (2, "语文"), (3, "语文"), (4, "数学")] {
            give(&mut book, number, 1, (weekday, "第1节"), name, 1);
        }
        if overloaded.contains(&number) {
            give(&mut book, number, 1, (5, "第1节"), "音乐", 1);
        }
    }
    book
}

#[test]
fn a_finding_opens_by_itself_and_says_since_which_version_it_holds() {
    let found_with = |overloaded: &[u32]| {
        let mut found = found(&three_fields(overloaded), ON);
        found.retain(|(kind, _)| *kind == LoadFindingKind::Subjects);
        found.into_iter().map(|(_, since)| since).collect::<Vec<_>>()
    };

    assert_eq!(found_with(&[3]), ["v3"]);
    assert_eq!(found_with(&[2, 3]), ["v2"]);
    assert_eq!(found_with(&[1, 2, 3]), ["2026A"]);
    assert_eq!(found_with(&[1, 3]), ["v3"], "it was closed between");
    assert_eq!(found_with(&[1, 2]), Vec::<String>::new(), "the newest timetable removed the cause");
}

#[test]
fn a_finding_of_an_older_timetable_is_found_on_its_dates() {
    let book = three_fields(&[1]);

    assert_eq!(found(&book, "2026-09-15").len(), 2, "three fields, and two of five lessons outside the own");
    assert_eq!(found(&book, ON), []);
}

#[test]
fn a_load_at_the_limit_is_none_too_much() {
    let mut book = school(3);
    for period in 1..=4 {
        for weekday in 1..=5 {
            give(&mut book, 1, 1, (weekday, &format!("第{period}节")), "数学", 1);
        }
    }
    assert_eq!(found(&book, ON), [], "twenty lessons are the default limit");

    book.settings.load.lessons = 19.0;
    assert_eq!(found(&book, ON), [(LoadFindingKind::Lessons, "2026A".to_owned())]);
}

#[test]
fn nothing_outside_the_field_is_nought() {
    let mut book = school(3);
    give(&mut book, 1, 1, (1, "第1节"), "数学", 1);

    let row = row(&book, 1);

    let share = row.out_of_field_percent.unwrap();
    assert!(row.out_of_field_lessons.is_sign_positive() && share.is_sign_positive(), "and not -0");
}

#[test]
fn lessons_that_name_nobody_are_counted_apart() {
    let mut book = school(3);
    super::small_school::put(&mut book, 1, "第1节", "语文", crate::book::LessonWeeks::Odd);

    let audit = teachers(&book, day(ON));

    assert_eq!((audit.teachers.len(), audit.unnamed_lessons), (0, 0.5));
}
