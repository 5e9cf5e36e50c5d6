//! The three files of the sample school hold one timetable.

use std::collections::BTreeSet;

use serde_json::Value;
use xunke_domain::book::SchoolBook;
use xunke_domain::workbook::desk::Known;
use xunke_domain::workbook::found::Layout;
use xunke_domain::workbook::questions::Answers;
use xunke_domain::workbook::reading::read;

use crate::support::{Fact, errors, facts, read_new, sample};

fn expected() -> BTreeSet<Fact> {
    let timetable: Value = serde_json::from_slice(&sample("qinghe-timetable.json")).expect("JSON");
    let text = |lesson: &Value, key: &str| lesson[key].as_str().expect("a text").to_owned();
    timetable["lessons"]
        .as_array()
        .expect("lessons")
        .iter()
        .map(|lesson| {
            let of = |key| text(lesson, key);
            let weekday = u32::try_from(lesson["weekday"].as_u64().expect("a number")).expect("a weekday");
            (
                of("class_name"),
                weekday,
                of("period"),
                of("subject"),
                lesson["teacher"].as_str().map(str::to_owned),
                of("weeks"),
            )
        })
        .collect()
}

#[test]
fn each_of_the_three_files_gives_exactly_the_lessons_of_the_sample() {
    let expected = expected();
    for (file, layout, sheets) in [
        ("qinghe-class-timetables.xlsx", Layout::ClassSheet, 24),
        ("qinghe-school-timetable.xlsx", Layout::SchoolMatrix, 1),
        ("qinghe-timetable-gb18030.csv", Layout::LongTable, 1),
    ] {
        let reading = read_new(&sample(file));

        assert_eq!(errors(&reading), Vec::<String>::new(), "{file}");
        assert_eq!(facts(&reading), expected, "{file}");
        assert_eq!(
            reading.lessons.len(),
            690,
            "{file}: two cells have a lesson for odd and one for even weeks"
        );
        let slots: BTreeSet<_> = reading
            .lessons
            .iter()
            .map(|lesson| (&lesson.row.class_name, lesson.row.weekday, &lesson.row.period))
            .collect();
        assert_eq!(slots.len(), 688, "{file}");
        assert_eq!(reading.sheets.len(), sheets, "{file}");
        assert!(
            reading.sheets.iter().all(|sheet| sheet.layout == Some(layout)),
            "{file}: {:?}",
            reading.sheets
        );
        assert_eq!((reading.questions.as_slice(), reading.clashes.as_slice()), (&[][..], &[][..]), "{file}");
        assert!(reading.is_complete(), "{file}");
    }
}

#[test]
fn the_hours_of_each_class_are_those_of_the_plan() {
    let book = SchoolBook::default();
    let known = Known { book: &book, on: "2026-09-01".parse().expect("a date") };
    let workbook = xunke_workbook::open(&sample("qinghe-class-timetables.xlsx")).expect("a workbook");

    let reading = read(&workbook, known, &Answers::new());

    assert_eq!(reading.classes.len(), 24);
    for class in &reading.classes {
        assert_eq!((Some(class.hours), class.stated), (class.planned, class.planned), "{}", class.class_name);
    }
    let third = reading.classes.iter().find(|class| class.class_name == "三年级(1)班").expect("the class");
    assert_eq!((third.hours, third.planned), (30.0, Some(30.0)));
    let hours = |subject: &str| {
        third.subjects.iter().find(|read| read.subject == subject).map(|read| (read.hours, read.planned))
    };
    assert_eq!(hours("艺术"), Some((4.0, Some(4.0))), "music and art together");
    assert_eq!(hours("语文"), Some((7.0, Some(7.0))), "with calligraphy");
    assert_eq!(hours("校本课程"), Some((0.5, Some(1.0))), "every other week it is 心理健康");
}
