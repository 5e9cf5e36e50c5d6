//! What the weeks before add: repeats, common problems, the trend.

use proptest::prelude::{Just, Strategy, prop_assert_eq, proptest};
use proptest::test_runner::Config;

use super::sample::{Sample, SampleVisit, week};
use crate::log::{Repeat, Repeats, Side, Trend, WeeklyLog};
use crate::verdict::Verdict;
use crate::visit::Finding;

fn with(mut visit: SampleVisit, code: &str) -> SampleVisit {
    let finding = Finding { category: code.to_owned(), severity: 1, note: None };
    visit.visit.findings.insert(code.to_owned(), finding);
    visit
}

/// The sample week without a finding in it or before it.
fn blameless() -> Sample {
    let mut sample = Sample::qinghe();
    for visit in &mut sample.visits {
        visit.visit.findings.clear();
    }
    sample
}

fn repeats(log: &WeeklyLog) -> &Repeats {
    log.repeats.as_ref().unwrap()
}

fn trend(log: &WeeklyLog) -> &Trend {
    log.trend.as_ref().unwrap()
}

fn classes(rows: &[Repeat]) -> Vec<(&str, usize)> {
    rows.iter().map(|row| (row.code.as_str(), row.weeks.len())).collect()
}

#[test]
fn a_problem_of_one_class_in_two_weeks_is_a_repeat_and_in_one_week_is_not() {
    let mut sample = blameless();
    sample.visits[0] = with(sample.visits[0].clone(), "ST01");
    assert_eq!(repeats(&sample.compile()).by_class, []);
    sample.earlier = vec![with(sample.weeks_before(0, 2), "ST01"), with(sample.weeks_before(0, 2), "HW01")];

    let log = sample.compile();

    let [row] = &repeats(&log).by_class[..] else { panic!("one repeat: {:?}", repeats(&log)) };
    let class = sample.visits[0].visit.slot.as_ref().unwrap().class;
    assert_eq!((row.code.as_str(), row.name.as_str(), row.red_line), ("ST01", "参与度低", false));
    assert_eq!(row.classes, [sample.class_names[&class].name.clone()]);
    assert_eq!(row.weeks.iter().map(|row| row.week).collect::<Vec<_>>(), [week().back(2), week()]);
    assert_eq!(log.trace["repeats.class.1"].len(), 2);
}

#[test]
fn a_problem_before_the_last_four_weeks_is_no_repeat() {
    let mut sample = blameless();
    sample.visits[0] = with(sample.visits[0].clone(), "ST01");
    // The third week before is still among the four; in the weeks between nothing was found.
    sample.earlier = (1..=4).map(|weeks| sample.weeks_before(1, weeks)).collect();
    sample.earlier.push(with(sample.weeks_before(0, 4), "ST01"));
    assert_eq!(classes(&repeats(&sample.compile()).by_class), []);

    sample.earlier.push(with(sample.weeks_before(0, 3), "ST01"));

    let log = sample.compile();
    assert_eq!(repeats(&log).weeks, [3, 2, 1, 0].map(|weeks| week().back(weeks)));
    assert_eq!(classes(&repeats(&log).by_class), [("ST01", 2)]);
}

#[test]
fn a_teacher_in_two_classes_repeats_and_is_not_named() {
    let mut sample = blameless();
    sample.visits[0] = with(sample.visits[0].clone(), "TB05");
    let teacher = sample.visits[0].visit.observed.unwrap().teacher;
    let mut before = with(sample.weeks_before(1, 1), "TB05");
    before.visit.observed.as_mut().unwrap().teacher = teacher;
    sample.earlier = vec![before];

    let log = sample.compile();

    assert_eq!(classes(&repeats(&log).by_class), []);
    let [row] = &repeats(&log).by_teacher[..] else { panic!("one repeat: {:?}", repeats(&log)) };
    assert_eq!((row.classes.len(), row.weeks.len()), (2, 2));
    let name = &sample.book.teachers[&teacher.unwrap()].name;
    assert!(!serde_json::to_string(repeats(&log)).unwrap().contains(name.as_str()));
}

#[test]
fn a_problem_of_one_teacher_in_one_class_is_told_of_the_class_alone() {
    let mut sample = blameless();
    sample.visits[0] = with(sample.visits[0].clone(), "TB05");
    sample.earlier = vec![with(sample.weeks_before(0, 1), "TB05")];

    let log = sample.compile();

    assert_eq!(classes(&repeats(&log).by_class), [("TB05", 2)]);
    assert_eq!(repeats(&log).by_teacher, []);
}

#[test]
fn three_classes_of_one_grade_make_a_common_problem_and_two_do_not() {
    let mut sample = blameless();
    let mut places: Vec<usize> = Vec::new();
    let untouched = sample.clone();
    let label = |place: usize| {
        let class = untouched.visits[place].visit.slot.as_ref().unwrap().class;
        (untouched.class_names[&class].grade, class)
    };
    for place in 0..sample.visits.len() {
        let alike = places.first().is_none_or(|first| label(*first).0 == label(place).0);
        if places.len() < 3 && alike && places.iter().all(|other| label(*other).1 != label(place).1) {
            places.push(place);
        }
    }
    let [first, second, third] = places[..] else { panic!("a grade with three classes seen") };
    for place in [first, second] {
        sample.visits[place] = with(sample.visits[place].clone(), "EN04");
    }
    assert_eq!(classes(&repeats(&sample.compile()).common), []);

    sample.earlier = vec![with(sample.weeks_before(third, 1), "EN04")];

    let log = sample.compile();
    let [row] = &repeats(&log).common[..] else { panic!("one common problem: {:?}", repeats(&log)) };
    assert_eq!((row.classes.len(), row.grade, row.red_line), (3, label(first).0, true));
    assert_eq!(row.weeks.iter().map(|row| row.findings).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(log.trace["repeats.common.1"].len(), 3);
}

#[test]
fn the_trend_ends_with_the_figures_of_this_week() {
    let mut sample = Sample::qinghe();
    sample.earlier = (0..44).map(|place| sample.weeks_before(place, 1)).collect();

    let log = sample.compile();

    let [before, this] = &trend(&log).weeks[..] else { panic!("two weeks") };
    assert_eq!((before.week, this.week, this.teaching_week), (week().back(1), week(), Some(12)));
    assert_eq!((this.consistency.k, this.consistency.n), (40, 44));
    assert_eq!(this.consistency.share, log.consistency_parts.rate);
    assert_eq!(trend(&log).consistency.n, 44 + before.consistency.n);
    let protected = ["信息科技", "体育与健康", "科学", "美术", "音乐"];
    let rows = protected.map(|name| log.displacement_by_subject[name]);
    let displaced = this.protected_displacement;
    assert_eq!(displaced.n, rows.iter().map(|row| row.checked).sum::<u32>());
    assert_eq!((displaced.k, displaced.n), (3, 10));
    assert_eq!(log.trace["trend.2026-W47.protected_displaced"].len(), 3);
    assert_eq!(log.trace["trend.2026-W47.checked"], log.trace["consistency.checked"]);
}

#[test]
fn a_week_in_which_the_timetable_was_hardly_kept_is_outside_the_limits() {
    let mut sample = Sample::qinghe();
    for weeks in 1..=7 {
        for place in 0..44 {
            let empty = weeks == 3 && place % 2 == 0;
            let verdict = if empty { Verdict::NoTeacher } else { Verdict::AsTimetabled };
            sample.earlier.push(SampleVisit { verdict, ..sample.weeks_before(place, weeks) });
        }
    }

    let log = sample.compile();

    let outside: Vec<_> = trend(&log)
        .weeks
        .iter()
        .map(|row| (row.week, row.consistency.outside))
        .filter(|(_, side)| side.is_some())
        .collect();
    assert_eq!(outside, [(week().back(3), Some(Side::Below))]);
    assert_eq!(trend(&log).weeks.len(), 8);
}

#[test]
fn what_the_weeks_before_say_is_in_no_public_log() {
    let mut sample = Sample::qinghe();
    sample.earlier = vec![with(sample.weeks_before(0, 1), "TB05"), with(sample.weeks_before(0, 2), "TB05")];
    let log = sample.compile();
    assert_eq!(classes(&repeats(&log).by_class), [("TB05", 2)]);

    let edition = super::editions::edition(log, None);
    let public = crate::log::public::public(&edition, &[].into());

    assert!(!serde_json::to_string(&public).unwrap().contains("TB05"));
}

fn shuffled() -> impl Strategy<Value = Sample> {
    let sample = looking_back();
    Just(sample.earlier.clone()).prop_shuffle().prop_map(move |earlier| Sample { earlier, ..sample.clone() })
}

fn looking_back() -> Sample {
    let mut sample = Sample::qinghe();
    for weeks in 1..=5 {
        for place in 0..20 {
            sample.earlier.push(with(sample.weeks_before(place, weeks), "TB05"));
        }
    }
    sample
}

proptest! {
    #![proptest_config(Config::with_cases(16))]

    #[test]
    fn the_order_in_which_earlier_visits_come_changes_no_byte(sample in shuffled()) {
        let bytes = serde_json::to_string(&sample.compile()).unwrap();

        prop_assert_eq!(bytes, serde_json::to_string(&looking_back().compile()).unwrap());
    }
}
