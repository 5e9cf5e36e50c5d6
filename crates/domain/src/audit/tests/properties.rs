//! What holds for any week.

use proptest::prelude::*;

use super::small_school::{ON, class_id, put, school, version_id};
use crate::audit::{curriculum, teachers};
use crate::book::{LessonWeeks, SchoolBook};
use crate::sample::{day, sample_book};

const NAMES: [&str; 8] = ["语文", "书法", "数学", "音乐", "美术", "体育", "劳动", "自习"];

fn weeks() -> impl Strategy<Value = LessonWeeks> {
    prop_oneof![
        Just(LessonWeeks::All),
        Just(LessonWeeks::Odd),
        Just(LessonWeeks::Even),
        (1_u32..10, 0_u32..10).prop_map(|(from, more)| LessonWeeks::Range(from, from + more)),
    ]
}

fn lesson() -> impl Strategy<Value = (u32, u32, usize, LessonWeeks)> {
    (1_u32..=5, 1_u32..=6, 0..NAMES.len(), weeks())
}

fn filled(lessons: &[(u32, u32, usize, LessonWeeks)]) -> SchoolBook {
    let mut book = school(3);
    for name in NAMES {
        super::small_school::subject(&mut book, name);
    }
    for (weekday, period, name, weeks) in lessons {
        put(&mut book, *weekday, &format!("第{period}节"), NAMES[*name], *weeks);
    }
    book
}

fn hours(book: &SchoolBook, subject: &str) -> f64 {
    let audit = curriculum(book, day(ON));
    let rows = audit.classes.iter().flat_map(|class| &class.subjects);
    rows.filter(|row| row.subject == subject).map(|row| row.hours).sum()
}

proptest! {
    #[test]
    fn one_more_lesson_never_lowers_its_subject(
        lessons in prop::collection::vec(lesson(), 0..20),
        more in lesson(),
    ) {
        let subject = ["语文", "语文", "数学", "艺术", "艺术", "体育与健康", "劳动", "自习"][more.2];
        let before = hours(&filled(&lessons), subject);
        let after = hours(&filled(&[lessons, vec![more]].concat()), subject);

        prop_assert!(after >= before - 0.011, "{before} {after}");
    }

    #[test]
    fn the_order_of_lessons_changes_nothing(
        lessons in prop::collection::vec(lesson(), 1..25),
        turn in 0_usize..25,
    ) {
        let one = filled(&lessons);
        let mut other = one.clone();
        let grid = other.timetables.get_mut(&version_id(1)).unwrap().grid.get_mut(&class_id(1)).unwrap();
        grid.reverse();
        let turn = turn % grid.len();
        grid.rotate_left(turn);

        prop_assert_eq!(curriculum(&one, day(ON)), curriculum(&other, day(ON)));
        prop_assert_eq!(teachers(&one, day(ON)), teachers(&other, day(ON)));
    }

    #[test]
    fn a_week_has_no_more_hours_than_cells_and_rows_make_up_the_whole(
        lessons in prop::collection::vec(lesson(), 1..25),
    ) {
        let audit = curriculum(&filled(&lessons), day(ON));
        let class = &audit.classes[0];
        let cells: std::collections::BTreeSet<_> = lessons.iter().map(|one| (one.0, one.1)).collect();
        let rows = class.subjects.iter().map(|row| row.hours).chain(class.others.iter().map(|row| row.hours));

        prop_assert!(class.total.hours <= f64::from(u32::try_from(cells.len()).unwrap()) + 0.01);
        prop_assert!((rows.sum::<f64>() - class.total.hours).abs() < 0.2);
    }
}

#[test]
fn the_order_of_a_whole_school_s_lessons_changes_nothing() {
    let one = sample_book();
    let mut other = one.clone();
    for timetable in other.timetables.values_mut() {
        timetable.grid.values_mut().for_each(|lessons| lessons.reverse());
    }

    assert_eq!(curriculum(&one, day(ON)), curriculum(&other, day(ON)));
    assert_eq!(teachers(&one, day(ON)), teachers(&other, day(ON)));
}
