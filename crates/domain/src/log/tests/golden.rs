//! The sample week must come out as the expected file says, and from it the rest.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Just, Strategy, prop_assert_eq, proptest};
use proptest::test_runner::Config;
use serde_json::{Map, Value};

use super::sample::{Sample, week};
use crate::book::{Semester, TeachingWeek};
use crate::log::{Delivery, SubjectCoverage, WeeklyLog};
use crate::verdict::Verdict;
use crate::visit::Disposition;

const EXPECTED: &str = include_str!("../../../../../tests/data/qinghe-week12-expected.json");

#[test]
fn the_sample_week_comes_out_as_expected() {
    let expected: Map<String, Value> = serde_json::from_str(EXPECTED).unwrap();

    let log = serde_json::to_value(Sample::qinghe().compile()).unwrap();

    for (key, value) in &expected {
        assert_eq!(log.get(key), Some(value), "{key}");
    }
}

#[test]
fn a_log_reads_back_as_it_was_written() {
    let log = Sample::qinghe().compile();

    let json = serde_json::to_string(&log).unwrap();

    assert_eq!(serde_json::from_str::<WeeklyLog>(&json).unwrap(), log);
}

#[test]
fn the_parts_of_coverage_add_up_to_the_whole() {
    let log = Sample::qinghe().compile();
    let coverage = &log.coverage;

    let by_grade: u32 = coverage.by_grade.iter().map(|row| row.planned).sum();
    let by_weekday: u32 = coverage.by_weekday.iter().map(|row| row.planned).sum();
    let by_subject: u32 = coverage.by_subject.values().map(|row| row.planned).sum();
    let seen_by_cell: u32 = coverage.by_grade_and_subject.iter().map(|row| row.visited).sum();

    assert_eq!([by_grade, by_weekday, by_subject], [688; 3]);
    assert_eq!((seen_by_cell, coverage.planned_slots_visited), (44, 44));
    assert_eq!(coverage.by_grade.iter().map(|row| row.classes_visited).sum::<u32>(), 21);
    assert_eq!(coverage.classes_not_seen.len(), 3);
}

#[test]
fn what_nobody_looked_at_is_printed() {
    let log = Sample::qinghe().compile();

    assert!(log.coverage.subjects_not_seen.contains(&"劳动".to_owned()));
    assert!(matches!(log.coverage.by_subject.get("劳动"), Some(SubjectCoverage { visited: 0, .. })));
    assert_eq!(log.delivery_by_subject.get("劳动"), Some(&Delivery { checked: 0, delivered: 0 }));
    assert_eq!(log.highlights_by_subject.get("劳动"), Some(&Vec::new()));
    assert!(!log.displacement_by_subject.contains_key("劳动"));
}

#[test]
fn a_class_unseen_for_four_weeks_or_never_is_marked() {
    let mut sample = Sample::qinghe();
    let unseen = sample.compile().coverage.classes_not_seen;
    let last = [Some(week().back(2)), Some(week().back(4)), None];
    for (row, last) in unseen.iter().zip(last) {
        let class = sample.class_names.iter().find(|(_, label)| label.name == row.class).unwrap();
        sample.unseen_since.insert(*class.0, last);
    }

    let rows = sample.compile().coverage.classes_not_seen;

    let told: Vec<_> = rows.iter().map(|row| (row.weeks_since, row.long_unseen)).collect();
    assert_eq!(told, [(Some(2), false), (Some(4), true), (None, true)]);
}

#[test]
fn every_figure_leads_to_as_many_visits_as_it_counts() {
    let log = Sample::qinghe().compile();
    let traced = |key: &str| log.trace.get(key).map_or(0, Vec::len);

    assert_eq!(traced("visits"), 46);
    assert_eq!(traced("consistency.checked"), 46);
    assert_eq!(traced("findings.EN01"), 3);
    for taking in &log.displacement_matrix {
        assert!(traced(&format!("displacement.{}→{}", taking.planned, taking.taken_by)) > 0);
        assert!(traced(&format!("displacement.{}", taking.planned)) > 0);
    }
    assert!(log.trace.values().flatten().all(|visit| log.visit_digests.contains_key(visit)));
    let taken: u32 = log.displacement_takers.values().sum();
    let given: u32 = log.displacement_matrix.iter().map(|taking| taking.slots).sum();
    assert_eq!(taken, given);
}

#[test]
fn an_improvement_names_no_teacher_and_a_highlight_does() {
    let log = Sample::qinghe().compile();

    assert!(log.improvements_by_subject.values().flatten().all(|remark| remark.teacher.is_none()));
    assert!(log.highlights_by_subject.values().flatten().all(|remark| remark.teacher.is_some()));
}

#[test]
fn a_week_without_visits_is_a_log_of_noughts() {
    let mut sample = Sample::qinghe();
    sample.visits.clear();

    let log = sample.compile();

    assert_eq!((log.visits, log.visited_slots, log.planned_slots), (0, 0, 688));
    assert_eq!(log.consistency.wilson95, None);
    assert_eq!(log.coverage.classes_not_seen.len(), 24);
    assert_eq!(log.trace, BTreeMap::new());
}

#[test]
fn the_share_of_good_and_the_rate_of_highlights_follow_from_the_counts() {
    let mut sample = Sample::qinghe();
    sample.visits[0].visit.rubric = Some(uuid::Uuid::from_u128(7));
    let log = sample.compile();

    let shares = log.rating_shares.unwrap();
    assert_eq!((shares.all.good, shares.all.rated), (47 + 99, 47 + 99 + 32 + 6));
    assert_eq!(shares.by_rubric.len(), 2, "levels of two rubrics do not compare");
    assert_eq!(shares.by_rubric.values().map(|share| share.rated).sum::<u32>(), 184);
    let told = (1..=2).filter(|place| log.trace.contains_key(&format!("good.rubric.{place}")));
    assert_eq!(told.count(), 2, "each leads to its visits");
    let labor = log.highlight_rates["劳动"];
    assert_eq!((labor.highlights, labor.visits, labor.per_ten), (0, 0, None));
    let chinese = log.highlight_rates["语文"];
    let expected = (f64::from(chinese.highlights) * 100.0 / f64::from(chinese.visits)).round() / 10.0;
    assert_eq!(chinese.per_ten, Some(expected));
    assert_eq!(log.highlight_rates.values().map(|rate| rate.visits).sum::<u32>(), 46);
    assert_eq!(log.highlight_rates.values().map(|rate| rate.highlights).sum::<u32>(), log.highlights);
}

#[test]
fn rectification_notices_are_counted_with_the_visits_that_led_to_them() {
    let mut sample = Sample::qinghe();
    assert_eq!(sample.compile().rectification_notices, Some(0));
    sample.visits[3].visit.disposition = Some(Disposition::RectifyNotice);
    sample.visits[4].visit.disposition = Some(Disposition::OnsiteAdvice);

    let log = sample.compile();

    assert_eq!(log.rectification_notices, Some(1));
    assert_eq!(log.trace["rectification.notices"], [sample.visits[3].visit.id]);
}

#[test]
fn a_subject_and_a_teacher_unseen_for_four_weeks_are_told_with_when_they_were_last_seen() {
    let mut sample = Sample::qinghe();
    let labor = sample.subject("劳动");
    let seen: BTreeSet<_> =
        sample.visits.iter().filter_map(|visit| visit.visit.observed.unwrap().teacher).collect();
    let planned: BTreeSet<_> = sample.planned.iter().filter_map(|lesson| lesson.teacher).collect();
    let unseen: Vec<_> = planned.difference(&seen).copied().collect();
    for (teacher, weeks) in unseen.iter().zip([3, 4]) {
        sample.teachers_last_seen.insert(*teacher, week().back(weeks));
    }
    sample.subjects_last_seen.insert(labor, week().back(4));

    let coverage = sample.compile().coverage;

    let subject = coverage.subjects_unseen.iter().find(|subject| subject.name == "劳动").unwrap();
    assert_eq!(
        (subject.last_seen, subject.weeks_since, subject.long_unseen),
        (Some(week().back(4)), Some(4), true)
    );
    let names: Vec<&String> = coverage.subjects_unseen.iter().map(|subject| &subject.name).collect();
    assert_eq!(names, coverage.subjects_not_seen.iter().collect::<Vec<_>>());
    let told: Vec<&String> = coverage.teachers_long_unseen.iter().map(|teacher| &teacher.name).collect();
    assert!(!told.contains(&&sample.book.teachers[&unseen[0]].name), "seen three weeks ago");
    assert!(told.contains(&&sample.book.teachers[&unseen[1]].name), "seen four weeks ago");
    assert_eq!(told.len(), unseen.len() - 1, "the others never, in a semester of twelve weeks");
}

#[test]
fn weeks_unseen_are_teaching_weeks() {
    let mut sample = Sample::qinghe();
    let labor = sample.subject("劳动");
    sample.subjects_last_seen.insert(labor, week().back(5));
    // The weeks 10 and 11 were moved: between weeks 9 and 12 lie three of teaching and five of the calendar.
    let monday = |weeks| TeachingWeek { start: week().back(weeks).monday(), parity: None };
    sample.book.semesters = vec![Semester {
        school_year: "2026-2027".to_owned(),
        term: 1,
        first_day: week().back(13).monday(),
        last_day: week().monday(),
        week_one: week().back(13).monday(),
        weeks: [(10, monday(2))].into(),
        retired: None,
    }];

    let coverage = sample.compile().coverage;

    let subject = coverage.subjects_unseen.iter().find(|subject| subject.name == "劳动").unwrap();
    assert_eq!((subject.weeks_since, subject.long_unseen), (Some(3), false));
}

/// The sample week with a slot on which three inspectors disagree.
fn quarrelsome() -> Sample {
    let mut sample = Sample::qinghe();
    let place = sample.position(Verdict::SubjectMismatch);
    let (mut second, mut third) = (sample.second(place), sample.second(0));
    second.verdict = Verdict::AsTimetabled;
    third.visit.slot.clone_from(&second.visit.slot);
    third.verdict = Verdict::SelfStudy;
    sample.visits.extend([second, third]);
    sample
}

fn shuffled() -> impl Strategy<Value = Sample> {
    let sample = quarrelsome();
    let visits = Just(sample.visits.clone()).prop_shuffle();
    let planned = Just(sample.planned.clone()).prop_shuffle();
    (visits, planned).prop_map(move |(visits, planned)| Sample { planned, visits, ..sample.clone() })
}

proptest! {
    #![proptest_config(Config::with_cases(24))]

    #[test]
    fn the_order_in_which_visits_come_changes_no_byte(sample in shuffled()) {
        let bytes = serde_json::to_string(&sample.compile()).unwrap();

        prop_assert_eq!(bytes, serde_json::to_string(&quarrelsome().compile()).unwrap());
    }
}
