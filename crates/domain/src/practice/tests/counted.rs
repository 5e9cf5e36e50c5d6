//! Visits of the sample school's term: what counts once, what does not count, and what is said of it.

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use crate::book::{ChangeKind, ChangeStatus, SchoolBook};
use crate::ids::{SubjectId, UserId, VisitId};
use crate::practice::{Practice, practice};
use crate::sample::{change, day, fields, sample_book, slot};
use crate::verdict::Verdict;
use crate::visit::{Slot, Visit};

const CLASS: &str = "三年级(2)班";

fn subject(book: &SchoolBook, name: &str) -> SubjectId {
    book.subject_by_name(name).unwrap()
}

fn visit(number: u128, slot: &Slot, subject: SubjectId) -> Visit {
    let value = serde_json::json!({
        "slot": slot, "observed": {"situation": "lesson", "subject": subject},
        "submitted_at": format!("{}T17:00:00+08:00", slot.date),
    });
    Visit::from_fields(
        VisitId::from_uuid(Uuid::from_u128(number)),
        UserId::from_uuid(Uuid::nil()),
        &fields(&value),
    )
}

/// Tuesdays of the term up to week 12, holidays left out.
fn tuesdays() -> Vec<NaiveDate> {
    let first = day("2026-09-08");
    (0..11).map(|week| first + Days::new(7 * week)).filter(|date| *date != day("2026-10-06")).collect()
}

/// 科学 of every Tuesday, in which 数学 was seen.
fn displaced(book: &SchoolBook, many: usize) -> Vec<Visit> {
    let math = subject(book, "数学");
    let slots = tuesdays().into_iter().map(|date| slot(book, CLASS, &date.to_string(), "第3节"));
    slots.take(many).zip(1..).map(|(slot, number)| visit(number, &slot, math)).collect()
}

fn of(practice: &Practice) -> Vec<(u32, u32, bool)> {
    practice.dual.found.iter().map(|pair| (pair.mismatches, pair.lessons, pair.flagged)).collect()
}

#[test]
fn a_subject_that_is_taught_otherwise_every_time_is_flagged_with_its_visits() {
    let book = sample_book();
    let on = day("2026-11-20");

    let few = practice(&book, &displaced(&book, 3), on);
    let many = practice(&book, &displaced(&book, 7), on);

    assert_eq!((of(&few), of(&many)), (vec![(3, 3, false)], vec![(7, 7, true)]));
    let pair = &many.dual.found[0];
    assert_eq!((pair.class_name.as_str(), pair.subject_name.as_str()), (CLASS, "科学"));
    assert_eq!(pair.evidence_slots.len(), 7);
    assert_eq!(pair.evidence_slots[0].visits, [VisitId::from_uuid(Uuid::from_u128(1))]);
    assert_eq!(pair.evidence_slots[0].verdict, Verdict::SubjectMismatch);
    assert!((many.dual.p0 - 0.05).abs() < 1e-9 && !many.dual.p0_set);
    assert!(many.dual.pairs > 200, "{}", many.dual.pairs);
}

#[test]
fn two_visits_of_a_slot_are_one_occasion_and_a_contradiction_is_none() {
    let book = sample_book();
    let mut visits = displaced(&book, 3);
    let (first, second) = (visits[0].slot.clone().unwrap(), visits[1].slot.clone().unwrap());
    visits.push(visit(100, &first, subject(&book, "数学")));
    visits.push(visit(101, &second, subject(&book, "科学")));

    let practice = practice(&book, &visits, day("2026-11-20"));

    assert_eq!(of(&practice), [(2, 2, false)]);
    assert_eq!((practice.occasions, practice.disputed), (2, 1));
    assert_eq!(practice.dual.found[0].evidence_slots[0].visits.len(), 2);
}

#[test]
fn bulk_marks_drafts_and_what_lies_after_the_date_do_not_count() {
    let book = sample_book();
    let mut visits = displaced(&book, 4);
    visits[0].bulk = true;
    visits[1].submitted_at = None;
    visits[2].withdrawn = Some("记错班级".into());

    let counted = practice(&book, &visits, day("2026-11-20"));
    let before = practice(&book, &visits, day("2026-09-21"));

    assert_eq!((of(&counted), counted.bulk_only), (vec![(1, 1, false)], 1));
    assert_eq!(of(&before), []);
}

#[test]
fn a_filed_change_is_no_mismatch_and_a_refused_one_is() {
    let mut book = sample_book();
    let visits = displaced(&book, 2);
    let (id, mut substitution) =
        change(1, ChangeKind::Substitution, &slot(&book, CLASS, "2026-09-08", "第3节"));
    substitution.subject = Some(subject(&book, "数学"));
    book.lesson_changes.insert(id, substitution);
    let on = day("2026-11-20");
    let mut with = |status| {
        book.lesson_changes.get_mut(&id).unwrap().status = status;
        practice(&book, &visits, on)
    };

    let approved = with(ChangeStatus::Approved);
    let filed = with(ChangeStatus::Filed);
    let refused = with(ChangeStatus::Rejected);

    assert_eq!((of(&approved), approved.dual.filed), (vec![(1, 2, false)], 1));
    assert_eq!((of(&filed), filed.dual.undecided), (vec![(1, 1, false)], 1));
    assert_eq!((of(&refused), refused.dual.filed), (vec![(2, 2, false)], 0));
}

#[test]
fn what_a_school_files_is_what_chance_swaps_are_taken_to_be() {
    let mut book = sample_book();
    book.settings.dual.p0 = Some(0.2);
    let set = practice(&book, &displaced(&book, 7), day("2026-11-20")).dual;

    assert!((set.p0 - 0.2).abs() < 1e-9 && set.p0_set);
    assert!(!set.found[0].flagged, "seven lessons do not exceed what two swaps in ten explain");
}

#[test]
fn delivered_lessons_are_told_with_their_interval_and_not_below_five() {
    let book = sample_book();
    let (math, science) = (subject(&book, "数学"), subject(&book, "科学"));
    let mut visits = displaced(&book, 2);
    let rest = tuesdays().into_iter().skip(2).take(6);
    visits.extend(
        rest.zip(50..)
            .map(|(date, number)| visit(number, &slot(&book, CLASS, &date.to_string(), "第3节"), science)),
    );

    let told = practice(&book, &visits, day("2026-11-20")).delivered;

    let row = told.subjects.iter().find(|one| one.subject == science).unwrap();
    let band = row.bands.iter().find(|band| band.grades == Some([3, 4])).unwrap();
    assert_eq!((band.taught, band.seen, band.share), (6, 8, Some(0.75)));
    assert_eq!((band.visits_taught.len(), band.visits_not_taught.len()), (6, 2));
    let estimate = band.estimate.unwrap();
    assert!((estimate.lessons - 0.75 * f64::from(band.planned)).abs() < 0.06);
    assert!(estimate.interval95[0] < estimate.lessons && estimate.lessons < estimate.interval95[1]);
    assert_eq!(row.estimate, None, "the other grades were not seen");
    let untold = told.subjects.iter().find(|one| one.subject == math).unwrap();
    assert!(untold.bands.iter().all(|band| band.share.is_none() && band.estimate.is_none()));
    let planned: u32 = told.subjects.iter().flat_map(|one| &one.bands).map(|band| band.planned).sum();
    assert_eq!(told.lessons_untold, planned - band.planned);
}

#[test]
fn outside_a_term_there_is_nothing_to_say() {
    let book = sample_book();

    let told = practice(&book, &displaced(&book, 7), day("2026-07-20"));

    assert_eq!((told.span, told.weeks, told.occasions), (None, 0, 0));
    assert_eq!((told.dual.found.len(), told.delivered.subjects.len()), (0, 0));
}
