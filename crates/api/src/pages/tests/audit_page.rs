//! The page of an audit, against the sample school and against one with something to find.

use uuid::Uuid;
use xunke_domain::audit::{curriculum, teachers};
use xunke_domain::book::{SchoolBook, Teacher, Timetable};
use xunke_domain::ids::TimetableId;
use xunke_domain::timetable_build::{build_grid, missing_names, with_missing};
use xunke_domain::timetable_csv::read_timetable_csv;

use super::markup::check;
use super::sample::FRAME;
use crate::pages::{AuditView, audit_page};

const SAMPLE: &[u8] = include_bytes!("../../../../../tests/data/qinghe-timetable-gb18030.csv");

fn book() -> SchoolBook {
    let on = "2026-09-01".parse().unwrap();
    let rows = read_timetable_csv(SAMPLE).unwrap().rows;
    let new = SchoolBook { name: "青禾实验小学".to_owned(), ..SchoolBook::default() };
    let mut book = with_missing(&new, &missing_names(&new, &rows, on), on);
    let grid = build_grid(&book, &rows, on).unwrap();
    let version = Timetable { name: "2026A".to_owned(), valid_from: on, grid, retired: None };
    book.timetables.insert(TimetableId::from_uuid(Uuid::nil()), version);
    book
}

fn page(book: &SchoolBook, names: bool) -> String {
    let on = "2026-11-23".parse().unwrap();
    let (audit, loads) = (curriculum(book, on), teachers(book, on));
    let view = AuditView {
        frame: FRAME,
        audit: &audit,
        teachers: names.then_some(&loads),
        url: "/schools/1/audit",
        workbook_url: "/schools/1/audit/xlsx",
    };
    let page = audit_page(&view).unwrap();
    check(&page);
    page
}

#[test]
fn the_page_of_the_sample_school_says_that_all_is_offered_and_what_each_figure_is_made_of() {
    let page = page(&book(), true);

    for told in [
        "青禾实验小学课程开设核查",
        "24/24",
        "0/24",
        "各班均已开齐、开足",
        "不是任何地方的官方课时表",
        "差2课时（80分钟）",
        "20.85%",
        "没有教师超过上限",
        "2节，28.57%",
        "语文*",
        "按课时最多的学科推定",
        "（双周）",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("-0节"), "nothing is told as a negative nought");
}

#[test]
fn whoever_may_not_see_names_sees_none() {
    let (with, without) = (page(&book(), true), page(&book(), false));

    for Teacher { name, .. } in book().teachers.values() {
        assert!(with.contains(name.as_str()) && !without.contains(name.as_str()), "{name}");
    }
    assert!(!without.contains("names=false"));
}

#[test]
fn what_is_missing_or_too_much_is_told_in_sentences() {
    let mut book = book();
    book.settings.load.out_of_field_percent = 25.0;
    let labour = book.subject_by_name("劳动").unwrap();
    let chinese = book.subject_by_name("语文").unwrap();
    let class = book.class_by_name("五年级(4)班", "2026-11-23".parse().unwrap()).unwrap();
    let version = book.timetables.values_mut().next().unwrap();
    for lesson in version.grid.get_mut(&class).unwrap() {
        if lesson.subject == labour {
            lesson.subject = chinese;
        }
    }

    let page = page(&book, true);

    for told in [
        "劳动未开设，应有1课时，少1课时（40分钟）",
        "语文每周7课时，应有6课时，多1课时（40分钟）",
        "23/24",
        "非本学科课时占比过高，现为28.57%，上限25%（道德与法治）；自课表“2026A”（9月1日起）",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn a_school_without_a_timetable_is_told_so() {
    let page = page(&SchoolBook { name: "<新校>".to_owned(), ..SchoolBook::default() }, true);

    assert!(page.contains("当日没有生效的课表") && page.contains("没有可核查的班级"));
    assert!(page.contains("&#60;新校&#62;"));
}
