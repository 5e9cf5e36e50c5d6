//! What leaves the school names nobody and hides small cells.

use std::collections::BTreeSet;

use proptest::prelude::{Strategy, any, prop_assert, proptest};
use proptest::sample::Index;
use proptest::test_runner::Config;
use serde_json::{Value, json};

use super::editions::edition;
use super::sample::Sample;
use crate::log::public::{PublicLog, public};
use crate::visit::{Finding, Highlight, Improvement};

fn teacher_names(sample: &Sample) -> BTreeSet<String> {
    sample.book.teachers.values().map(|teacher| teacher.name.clone()).collect()
}

fn published(sample: &Sample) -> PublicLog {
    public(&edition(sample.compile(), None), &teacher_names(sample))
}

#[test]
fn the_public_log_keeps_counts_and_highlights() {
    let log = published(&Sample::qinghe());

    assert_eq!((log.visits, log.visited_slots, log.classes_visited), (46, 44, 21));
    assert_eq!((log.consistency.checked, log.consistency.consistent), (44, Some(40)));
    assert_eq!(log.ratings.map(|ratings| ratings.poor), Some(6));
    assert_eq!((log.highlights, log.highlights_shown.len()), (8, 8));
    assert_eq!(log.findings.iter().find(|row| row.code == "TT01").map(|row| row.total), Some(4));
}

#[test]
fn displacement_of_a_subject_checked_fewer_than_five_times_is_hidden() {
    let log = published(&Sample::qinghe());

    let music = log.displacement_by_subject.get("音乐").unwrap();
    assert_eq!((music.checked, music.displaced, music.hidden), (2, None, true));
    let chinese = log.displacement_by_subject.get("语文").unwrap();
    assert_eq!((chinese.checked, chinese.displaced, chinese.hidden), (16, Some(0), false));
    let finding = log.findings.iter().find(|row| row.code == "TT01").unwrap();
    assert_eq!(finding.by_subject.get("音乐").and_then(|cell| cell.count), None);
}

#[test]
fn a_grade_is_hidden_if_its_finding_points_to_the_one_teacher_of_a_subject() {
    let mut sample = Sample::qinghe();
    for visit in &mut sample.visits {
        visit.visit.findings.clear();
    }
    let is_hidden = |sample: &Sample, grade| {
        published(sample).findings_by_grade.iter().any(|row| row.grade == grade && row.findings.hidden)
    };
    let cells = sample.compile().coverage.by_grade_and_subject;
    let mut cases = BTreeSet::new();
    for place in 0..sample.visits.len() {
        let class = sample.visits[place].visit.slot.as_ref().unwrap().class;
        let grade = sample.class_names.get(&class).unwrap().grade;
        let subject = sample.visits[place].planned_subject.unwrap();
        let subject = &sample.book.subjects.get(&subject).unwrap().name;
        let cell = cells.iter().find(|cell| cell.grade == grade && cell.subject == *subject).unwrap();
        if is_hidden(&sample, grade) {
            continue;
        }
        let mut found = sample.clone();
        let finding = Finding { category: "TT01".to_owned(), severity: 3, note: None };
        found.visits[place].visit.findings.insert("a".to_owned(), finding);

        assert_eq!(is_hidden(&found, grade), cell.teachers == 1, "{grade:?} {subject}");
        cases.insert(cell.teachers == 1);
    }
    assert_eq!(cases.len(), 2, "the sample has both cases");
}

#[test]
fn red_lines_are_in_no_public_log() {
    let mut sample = Sample::qinghe();
    let finding = Finding { category: "EN04".to_owned(), severity: 2, note: Some("护栏松动".to_owned()) };
    sample.visits[0].visit.findings.insert("red".to_owned(), finding);

    let json = serde_json::to_string(&published(&sample)).unwrap();

    assert!(!json.contains("EN04"));
    assert_eq!(sample.compile().findings_by_category.get("EN04"), Some(&1));
}

#[test]
fn a_school_with_one_teacher_shows_no_negative_count() {
    let mut sample = Sample::qinghe();
    let keeper = sample.planned[0].teacher;
    for lesson in &mut sample.planned {
        lesson.teacher = keeper;
    }

    let log = published(&sample);

    assert_eq!(log.ratings, None);
    assert!(log.consistency.hidden && log.consistency.inconsistent.is_none());
    assert!(log.displacement_by_subject.values().all(|row| row.displaced.is_none()));
    assert!(log.findings.is_empty() && log.findings_by_grade.is_empty());
}

#[test]
fn a_highlight_that_speaks_of_a_person_is_counted_but_not_shown() {
    let mut sample = Sample::qinghe();
    let texts = ["谭 景行 的课堂气氛好", "谭老师板书工整", "郑校长示范课"];
    for (place, text) in texts.into_iter().enumerate() {
        let highlight = Highlight { text: text.to_owned(), subject: None, tags: Vec::new() };
        sample.visits[place].visit.highlights.insert("named".to_owned(), highlight);
    }

    let log = published(&sample);

    assert_eq!((log.highlights, log.highlights_shown.len()), (11, 8));
}

#[test]
fn no_id_of_a_visit_leaves_the_school() {
    let sample = Sample::qinghe();

    let json = serde_json::to_string(&published(&sample)).unwrap();

    assert!(sample.visits.iter().all(|visit| !json.contains(&visit.visit.id.to_string())));
    assert!(!json.contains("无调课单") && !json.contains("小组讨论时间不足"));
}

#[test]
fn a_hidden_cell_is_null_and_says_so() {
    let json = serde_json::to_value(published(&Sample::qinghe())).unwrap();

    let music: &Value = &json["displacement_by_subject"]["音乐"];
    assert_eq!(music, &json!({ "checked": 2, "displaced": null, "hidden": true }));
}

/// The sample week with texts that name people, on any visit, in any list.
fn gossip() -> impl Strategy<Value = Sample> {
    let spaces = proptest::sample::select(vec!["", " ", "\u{3000}"]);
    let remark = (any::<Index>(), any::<Index>(), 0..3_usize, spaces);
    proptest::collection::vec(remark, 1..12).prop_map(|remarks| {
        let mut sample = Sample::qinghe();
        let mut names: Vec<String> = teacher_names(&sample).into_iter().collect();
        names.extend(sample.visits.iter().map(|visit| visit.inspector_name.clone()));
        for (number, (visit, name, list, space)) in remarks.iter().enumerate() {
            let name = name.get(&names).chars().map(String::from).collect::<Vec<_>>().join(space);
            let (element, text) = (format!("g{number}"), format!("听了{name}的课，讲解清楚"));
            let place = visit.index(sample.visits.len());
            let visit = &mut sample.visits[place].visit;
            match list {
                0 => {
                    let highlight = Highlight { text, subject: None, tags: vec![name] };
                    visit.highlights.insert(element, highlight);
                }
                1 => {
                    visit.improvements.insert(element, Improvement { text });
                }
                _ => {
                    let finding = Finding { category: "ST01".to_owned(), severity: 1, note: Some(text) };
                    visit.findings.insert(element, finding);
                }
            }
        }
        sample
    })
}

proptest! {
    #![proptest_config(Config::with_cases(32))]

    #[test]
    fn no_name_of_a_teacher_or_inspector_leaves_the_school(sample in gossip()) {
        let json = serde_json::to_string(&published(&sample)).unwrap();
        let squeezed: String = json.chars().filter(|letter| !letter.is_whitespace()).collect();

        prop_assert!(teacher_names(&sample).iter().all(|name| !squeezed.contains(name.as_str())));
        prop_assert!(sample.visits.iter().all(|visit| !squeezed.contains(&visit.inspector_name)));
    }
}
