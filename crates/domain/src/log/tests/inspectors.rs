//! What is told of those who visit: their work, and how they rate beside each other.

use chrono::TimeDelta;
use uuid::Uuid;

use super::sample::{Sample, SampleVisit};
use crate::ids::UserId;
use crate::log::{Comparison, InspectorMore, WeeklyLog};
use crate::visit::Level;

fn comparison(log: &WeeklyLog) -> &Comparison {
    log.comparison.as_ref().unwrap()
}

fn by(mut visit: SampleVisit, number: u128, level: Level) -> SampleVisit {
    visit.visit.inspector = UserId::from_uuid(Uuid::from_u128(number));
    visit.inspector_name = format!("巡课人{number}");
    visit.visit.ratings.insert("conduct".to_owned(), level);
    visit
}

/// Nobody rated but two inspectors in the weeks before, all in one subject and one band of grades: so many visits of
/// each, the first ones good and the others fair.
fn two_inspectors(first: (u64, u64), second: (u64, u64)) -> Sample {
    let mut sample = Sample::qinghe();
    for visit in &mut sample.visits {
        visit.visit.ratings.clear();
    }
    for (number, (good, all)) in [(1, first), (2, second)] {
        for visit in 0..all {
            // The slots differ by week and by inspector, so that none is seen twice.
            let mut before = sample.weeks_before(0, visit % 7 + 1);
            before.visit.id =
                crate::ids::VisitId::from_uuid(Uuid::from_u128(number * 10_000 + u128::from(visit)));
            before.visit.slot.as_mut().unwrap().period = format!("第{number}{visit}节");
            let level = if visit < good { Level::Good } else { Level::Fair };
            sample.earlier.push(by(before, number, level));
        }
    }
    sample
}

#[test]
fn the_work_of_an_inspector_is_told_in_minutes_classes_and_how_soon_it_was_entered() {
    let mut sample = Sample::qinghe();
    let name = sample.visits[0].inspector_name.clone();
    let own: Vec<usize> =
        (0..sample.visits.len()).filter(|place| sample.visits[*place].inspector_name == name).collect();
    let arrived = sample.visits[0].visit.submitted_at.unwrap();
    for (place, minutes) in own.iter().zip([10, 15, 600]) {
        sample.visits[*place].visit.arrived_at = Some(arrived);
        sample.visits[*place].visit.left_at = Some(arrived + TimeDelta::minutes(minutes));
    }
    sample.visits[own[0]].entered_after_minutes = Some(24 * 60 + 1);
    sample.visits[own[1]].entered_after_minutes = Some(24 * 60);
    sample.visits[own[2]].entered_after_minutes = None;
    sample.visits[own[0]].sync_delay_minutes = Some(90);

    let log = sample.compile();

    let work = log.inspectors.iter().find(|work| work.inspector == name).unwrap();
    let InspectorMore { classes, protected, minutes, timed, entered_late, entered, median_sync_delay } =
        work.more.unwrap();
    assert_eq!((minutes, timed), (25, 2), "ten hours in one lesson are a clock gone wrong");
    assert_eq!((entered_late, entered), (1, work.visits - 1));
    assert_eq!(median_sync_delay, Some(5));
    let visits = own.iter().map(|place| &sample.visits[*place]);
    let protected_ones =
        visits.filter(|visit| sample.book.subjects[&visit.planned_subject.unwrap()].protected);
    assert_eq!(protected, u32::try_from(protected_ones.count()).unwrap());
    assert!(classes > 1 && classes <= work.slots);
}

/// The school: 12 of 20 good. The first inspector 9 of 12: expected 12 × 0.6 = 7.2, (9 − 7.2)/12 = 0.15.
#[test]
fn a_difference_is_what_an_inspector_gave_beyond_the_school_in_the_same_lessons() {
    let sample = two_inspectors((9, 12), (3, 8));

    let log = sample.compile();

    let [row] = &comparison(&log).inspectors[..] else { panic!("one of ten visits: {:?}", comparison(&log)) };
    assert_eq!((row.inspector.as_str(), row.visits, row.good, row.rated), ("巡课人1", 12, 9, 12));
    assert_eq!((row.expected, row.difference), (7.2, 0.15));
    let [stratum] = &row.strata[..] else { panic!("one stratum") };
    assert_eq!((stratum.school_good, stratum.school_rated, stratum.difference), (12, 20, 0.15));
    assert_eq!(log.trace["comparison.巡课人1"].len(), 12);
    assert!(!log.trace.contains_key("comparison.巡课人2"), "eight visits are too few");
}

#[test]
fn lessons_that_nobody_else_rated_make_no_difference() {
    let log = two_inspectors((9, 12), (0, 0)).compile();

    assert_eq!(comparison(&log).inspectors, []);
}

#[test]
fn levels_of_different_rubrics_are_not_held_against_each_other() {
    let mut sample = two_inspectors((9, 12), (3, 12));
    for visit in sample.earlier.iter_mut().filter(|visit| visit.inspector_name == "巡课人2") {
        visit.visit.rubric = Some(Uuid::from_u128(7));
    }

    assert_eq!(comparison(&sample.compile()).inspectors, []);
}

#[test]
fn two_who_saw_the_same_lesson_are_a_pair_in_every_dimension_both_rated() {
    let mut sample = two_inspectors((0, 0), (0, 0));
    let mut first = by(sample.visits[0].clone(), 1, Level::Good);
    first.visit.ratings.insert("engagement".to_owned(), Level::Fair);
    let mut second = by(sample.second(0), 2, Level::Good);
    second.visit.ratings.insert("engagement".to_owned(), Level::Good);
    second.visit.ratings.insert("resources".to_owned(), Level::Poor);
    let mut again = by(sample.second(1), 1, Level::Poor);
    again.visit.slot = first.visit.slot.clone();
    sample.visits[0] = first;
    sample.visits.extend([second]);

    let log = sample.compile();
    let agreement = comparison(&log).agreement;
    assert_eq!((agreement.slots, agreement.pairs, agreement.exact), (1, 2, 1));
    assert_eq!((agreement.share, agreement.kappa), (None, None));
    assert_eq!(log.trace["comparison.agreement"].len(), 2);

    // The same inspector once more is no second opinion, neither of his own first nor of the other's.
    sample.visits.push(again);
    let agreement = comparison(&sample.compile()).agreement;
    assert_eq!((agreement.slots, agreement.pairs, agreement.exact), (1, 2, 1));
}

#[test]
fn nothing_about_inspectors_is_in_a_public_log() {
    let log = two_inspectors((9, 12), (3, 12)).compile();
    assert_eq!(comparison(&log).inspectors.len(), 2);

    let edition = super::editions::edition(log, None);
    let public = serde_json::to_string(&crate::log::public::public(&edition, &[].into())).unwrap();

    assert!(!public.contains("巡课人") && !public.contains("kappa"));
}
