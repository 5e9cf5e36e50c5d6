//! What counts once, what counts twice, and what does not count.

use super::sample::Sample;
use crate::log::{ChangedField, ContentPart, DataNote, NoteKind, WeeklyLog, changes};
use crate::objection::Objection;
use crate::verdict::Verdict;

fn note(log: &WeeklyLog, kind: NoteKind) -> Option<&DataNote> {
    log.data_notes.iter().find(|note| note.kind == kind)
}

#[test]
fn two_inspectors_on_one_slot_are_two_visits_and_one_slot() {
    let mut sample = Sample::qinghe();
    let place = sample.position(Verdict::AsTimetabled);
    sample.visits.push(sample.second(place));

    let log = sample.compile();

    assert_eq!((log.visits, log.visited_slots), (47, 44));
    assert_eq!((log.consistency.checked, log.consistency.disputed), (44, 0));
    let work = log.inspectors.iter().find(|work| work.inspector == "督学罗老师").unwrap();
    assert_eq!((work.visits, work.slots, work.days), (1, 1, 1));
}

#[test]
fn a_slot_whose_inspectors_disagree_is_out_of_all_rates() {
    let mut sample = Sample::qinghe();
    let mut other = sample.second(sample.position(Verdict::SubjectMismatch));
    other.verdict = Verdict::AsTimetabled;
    sample.visits.push(other);

    let log = sample.compile();

    let figures = log.consistency;
    assert_eq!((figures.checked, figures.consistent, figures.disputed), (43, 40, 1));
    assert_eq!(log.displacement_by_subject.values().map(|row| row.displaced).sum::<u32>(), 3);
    assert_eq!(log.consistency_parts.disputed_slots[0].opinions.len(), 2);
    assert_eq!(log.trace.get("consistency.disputed").map(Vec::len), Some(2));
    assert_eq!(note(&log, NoteKind::DisputedSlots).map(|note| note.count), Some(1));
}

#[test]
fn inspectors_who_saw_different_subjects_in_a_displaced_slot_disagree() {
    let mut sample = Sample::qinghe();
    let mut other = sample.second(sample.position(Verdict::SubjectMismatch));
    let elsewhere = sample.subject("班队");
    other.visit.observed.as_mut().unwrap().subject = Some(elsewhere);
    sample.visits.push(other);

    assert_eq!(sample.compile().consistency.disputed, 1);
}

#[test]
fn an_inspector_who_cannot_say_does_not_contradict_one_who_can() {
    let mut sample = Sample::qinghe();
    let mut other = sample.second(sample.position(Verdict::SubjectMismatch));
    other.verdict = Verdict::NotVerifiable;
    sample.visits.push(other);

    let log = sample.compile();

    assert_eq!((log.consistency.inconsistent, log.consistency.disputed), (4, 0));
    assert_eq!(note(&log, NoteKind::NotVerifiable).map(|note| note.count), Some(1));
}

#[test]
fn bulk_visits_count_in_coverage_but_not_in_ratings_and_consistency() {
    let mut sample = Sample::qinghe();
    for visit in &mut sample.visits {
        visit.visit.bulk = true;
    }

    let log = sample.compile();

    assert_eq!((log.visits, log.visited_slots, log.coverage.planned_slots_visited), (46, 44, 44));
    assert_eq!((log.consistency.checked, log.consistency_parts.bulk_only), (0, 44));
    assert_eq!((log.rating_visits, log.ratings.good), (0, 0));
    assert_eq!(note(&log, NoteKind::BulkVisits).map(|note| note.count), Some(46));
}

#[test]
fn verdicts_that_say_nothing_about_the_plan_are_not_checked() {
    for verdict in [Verdict::NotVerifiable, Verdict::NoLessonPlanned, Verdict::OfficialEvent] {
        let mut sample = Sample::qinghe();
        let place = sample.position(Verdict::SubjectMismatch);
        sample.visits[place].verdict = verdict;

        let log = sample.compile();

        assert_eq!((log.consistency.checked, log.consistency.inconsistent), (43, 3), "{verdict:?}");
        assert_eq!(log.consistency_parts.by_verdict.get(&verdict), Some(&1));
    }
}

#[test]
fn self_study_is_inconsistent_and_told_apart_from_displacement() {
    let mut sample = Sample::qinghe();
    let place = sample.position(Verdict::SubjectMismatch);
    sample.visits[place].verdict = Verdict::SelfStudy;

    let log = sample.compile();

    assert_eq!(log.consistency.inconsistent, 4);
    assert_eq!(log.self_study_by_subject.values().sum::<u32>(), 1);
    assert_eq!(log.displacement_by_subject.values().map(|row| row.displaced).sum::<u32>(), 3);
}

#[test]
fn an_approved_change_is_consistent() {
    let mut sample = Sample::qinghe();
    let place = sample.position(Verdict::SubjectMismatch);
    sample.visits[place].verdict = Verdict::ApprovedChange;

    assert_eq!(sample.compile().consistency.consistent, 41);
}

#[test]
fn drafts_withdrawn_visits_and_visits_of_other_weeks_are_in_no_log() {
    let mut sample = Sample::qinghe();
    sample.visits[0].visit.submitted_at = None;
    sample.visits[1].visit.withdrawn = Some("记错班级".to_owned());
    sample.visits[2].visit.slot = None;
    let slot = sample.visits[3].visit.slot.as_mut().unwrap();
    slot.date = slot.date.checked_add_days(chrono::Days::new(7)).unwrap();

    assert_eq!(sample.compile().visits, 42);
}

#[test]
fn a_visit_of_an_unknown_class_is_counted_and_noted() {
    let mut sample = Sample::qinghe();
    let class = sample.visits[0].visit.slot.as_ref().unwrap().class;
    sample.class_names.remove(&class);

    let log = sample.compile();

    assert_eq!((log.visits, log.classes_total), (46, 23));
    assert!(log.classes_visited < 21);
    assert!(note(&log, NoteKind::UnknownClass).is_some());
}

#[test]
fn clocks_far_off_and_late_entries_are_noted() {
    let mut sample = Sample::qinghe();
    sample.visits[0].arrived_off_minutes = Some(-21);
    sample.visits[1].arrived_off_minutes = Some(20);
    sample.visits[2].received_late = true;

    let log = sample.compile();

    assert_eq!(note(&log, NoteKind::TimeOff).map(|note| note.visits.len()), Some(1));
    assert_eq!(note(&log, NoteKind::ReceivedLate).map(|note| note.count), Some(1));
    assert!(note(&log, NoteKind::SmallNumbers).unwrap().about.contains(&"音乐".to_owned()));
}

#[test]
fn every_planned_slot_stands_in_the_cell_of_its_class_and_period_seen_or_not() {
    let log = Sample::qinghe().compile();

    let told = log.coverage.by_class_and_period.as_ref().unwrap();
    let cells = || told.classes.iter().flat_map(|row| &row.cells);
    assert_eq!(cells().map(|cell| cell.planned).sum::<u32>(), log.planned_slots);
    assert_eq!(cells().map(|cell| cell.visited).sum::<u32>(), log.coverage.planned_slots_visited);
    assert!(told.periods.is_sorted(), "第1节 comes before 第2节: {:?}", told.periods);
    assert_eq!(told.classes.len(), 24);
    for row in &told.classes {
        for (period, cell) in told.periods.iter().zip(&row.cells) {
            let visits = log.trace.get(&format!("coverage.period.{}.{period}", row.class));
            assert_eq!(visits.is_some(), cell.visited > 0, "{} {period}", row.class);
        }
    }
}

#[test]
fn a_class_without_a_lesson_in_a_period_has_none_planned_there() {
    let mut sample = Sample::qinghe();
    let gone = sample.planned[0].slot.clone();
    sample.planned.retain(|lesson| (lesson.slot.class, &lesson.slot.period) != (gone.class, &gone.period));
    sample.visits.clear();

    let log = sample.compile();

    let told = log.coverage.by_class_and_period.unwrap();
    let empty = |cell: &&crate::log::PeriodCell| cell.planned == 0;
    let before = Sample::qinghe().compile().coverage.by_class_and_period.unwrap();
    let count = |told: &crate::log::PeriodCoverage| {
        told.classes.iter().flat_map(|row| &row.cells).filter(empty).count()
    };
    assert_eq!(count(&told), count(&before) + 1);
}

#[test]
fn what_a_teacher_contests_is_counted_as_recorded_and_marked() {
    let plain = Sample::qinghe();
    let mut sample = Sample::qinghe();
    sample.visits[0].objection = Some(Objection::Open);
    sample.visits[1].objection = Some(Objection::Upheld);

    let (before, log) = (plain.compile(), sample.compile());

    assert_eq!(
        (&log.consistency, &log.findings, &log.ratings),
        (&before.consistency, &before.findings, &before.ratings)
    );
    let marked = |kind| note(&log, kind).map(|note| note.visits.clone());
    assert_eq!(marked(NoteKind::Contested), Some(vec![sample.visits[0].visit.id]));
    assert_eq!(marked(NoteKind::ObjectionUpheld), Some(vec![sample.visits[1].visit.id]));
    let changed = changes(&before.visit_digests, &log.visit_digests);
    assert_eq!(changed.len(), 2, "the next edition tells that they were contested");
    assert!(changed.iter().all(|entry| entry.fields == [ChangedField::Content(ContentPart::Objection)]));
}
