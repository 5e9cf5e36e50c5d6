//! From what is stored to a compiled log: the input of `xunke_domain::log::compile`, put together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use xunke_domain::book::SchoolBook;
use xunke_domain::class_name::{display_name, grade_of};
use xunke_domain::ids::ClassId;
use xunke_domain::judge::judge;
use xunke_domain::log::{
    ClassLabel, DataNote, EarlierWeek, LogInput, LoggedVisit, NoteKind, PlannedLesson, WeeklyLog, compile,
};
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{Slot, Visit};
use xunke_domain::week::Week;
use xunke_storage::earlier::EarlierVisit;
use xunke_storage::weeks::{ArrivedVisit, WeekMaterial};

/// Milliseconds.
const MINUTE: i64 = 60_000;

/// Compiles the log of a week. Verdicts are judged with the timetable and the changes known now.
pub fn compile_week(material: &WeekMaterial, week: Week) -> WeeklyLog {
    let book = &*material.book;
    let visits: Vec<(Visit, &ArrivedVisit)> =
        material.visits.iter().map(|arrived| (canonical(book, &arrived.visit), arrived)).collect();
    let logged = visits.iter().map(|(visit, arrived)| logged(material, visit, arrived)).collect();
    let earlier: Vec<(Week, Vec<(Visit, &EarlierVisit)>)> = material
        .earlier
        .iter()
        .map(|(week, visits)| (*week, visits.iter().map(|one| (canonical(book, &one.visit), one)).collect()))
        .collect();
    let exists = |retired: Option<chrono::NaiveDate>| retired.is_none_or(|day| day > week.monday());
    let classes: BTreeMap<ClassId, ClassLabel> = book
        .classes
        .iter()
        .filter(|(_, class)| exists(class.retired) && grade_of(class, week.monday()).is_some())
        .map(|(id, class)| {
            let grade = grade_of(class, week.monday());
            (*id, ClassLabel { grade, name: display_name(class, week.monday()) })
        })
        .collect();
    let planned = book
        .planned_slots(week)
        .into_iter()
        .map(|planned| PlannedLesson {
            slot: planned.slot,
            subject: planned.subject,
            teacher: planned.teacher,
        })
        .collect();
    let unseen_since = classes.keys().map(|class| (*class, material.last_seen.get(class).copied())).collect();
    compile(&LogInput {
        school: material.school.id,
        week,
        teaching_week: book.teaching_week_of(week.monday()),
        book,
        class_names: classes,
        planned,
        visits: logged,
        unseen_since,
        subjects_last_seen: material.subjects_last_seen.clone(),
        teachers_last_seen: material.teachers_last_seen.clone(),
        earlier: earlier
            .iter()
            .map(|(week, visits)| EarlierWeek {
                week: *week,
                visits: visits.iter().map(|(visit, one)| earlier_logged(material, visit, one)).collect(),
            })
            .collect(),
        notes: notes(material),
    })
}

/// The visit with its period named as the bell schedule names it.
fn canonical(book: &SchoolBook, visit: &Visit) -> Visit {
    let slot = visit.slot.as_ref().map(|slot| book.canonical_slot(slot));
    Visit { slot, ..visit.clone() }
}

/// A visit of an earlier week, as the projection has it judged.
fn earlier_logged<'a>(material: &WeekMaterial, visit: &'a Visit, earlier: &EarlierVisit) -> LoggedVisit<'a> {
    LoggedVisit {
        visit,
        inspector_name: material.names.get(&visit.inspector).cloned().unwrap_or_default(),
        verdict: earlier.verdict.unwrap_or(Verdict::NotVerifiable),
        planned_subject: earlier.planned_subject,
        planned_teacher: earlier.planned_teacher,
        arrived_off_minutes: None,
        entered_after_minutes: None,
        sync_delay_minutes: None,
        received_late: false,
        objection: None,
    }
}

fn logged<'a>(material: &WeekMaterial, visit: &'a Visit, arrived: &ArrivedVisit) -> LoggedVisit<'a> {
    let judgement = visit.slot.as_ref().zip(visit.observed.as_ref());
    let judgement = judgement.map(|(slot, observed)| judge(&material.book, slot, observed));
    let seen = visit.observed.and_then(|observed| observed.subject);
    let expected = judgement.as_ref().and_then(|judgement| judgement.lesson_for(seen));
    LoggedVisit {
        visit,
        inspector_name: material.names.get(&visit.inspector).cloned().unwrap_or_default(),
        verdict: judgement.as_ref().map_or(Verdict::NotVerifiable, |judgement| judgement.verdict),
        planned_subject: expected.map(|lesson| lesson.subject),
        planned_teacher: expected.and_then(|lesson| lesson.teacher),
        arrived_off_minutes: arrived.off_minutes,
        entered_after_minutes: visit.slot.as_ref().and_then(|slot| {
            let end = end_of(&material.book, slot)?;
            Some((submitted(visit, arrived)? - end.timestamp_millis()).div_euclid(MINUTE))
        }),
        sync_delay_minutes: submitted(visit, arrived)
            .map(|at| u32::try_from((arrived.received_at - at).div_euclid(MINUTE)).unwrap_or(0)),
        received_late: material.first_published_at.is_some_and(|first| arrived.received_at > first),
        objection: material.objections.get(&visit.id).copied(),
    }
}

/// When a visit was submitted, milliseconds: by our clock, as far as it is known how the phone's went.
fn submitted(visit: &Visit, arrived: &ArrivedVisit) -> Option<i64> {
    Some(visit.submitted_at?.timestamp_millis() - arrived.clock_offset.unwrap_or(0))
}

/// When the period of a slot ends.
fn end_of(book: &SchoolBook, slot: &Slot) -> Option<DateTime<Tz>> {
    let grade = book.classes.get(&slot.class).and_then(|class| grade_of(class, slot.date));
    let period = book.bell_schedule(grade, slot.date)?.period(&slot.period)?;
    let zone = book.zone();
    zone.from_local_datetime(&slot.date.and_time(period.end)).earliest()
}

fn notes(material: &WeekMaterial) -> Vec<DataNote> {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let unsent = DataNote {
        kind: NoteKind::UnsentEntries,
        count: count(material.unsent.len()),
        about: material
            .unsent
            .iter()
            .map(|unsent| unsent.person.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        visits: Vec::new(),
    };
    let conflicts = DataNote {
        kind: NoteKind::OpenConflicts,
        count: count(material.conflicted.len()),
        about: Vec::new(),
        visits: material.conflicted.iter().copied().collect(),
    };
    let held = DataNote {
        kind: NoteKind::HeldWrites,
        count: u32::try_from(material.held).unwrap_or(u32::MAX),
        about: Vec::new(),
        visits: Vec::new(),
    };
    let feedback = DataNote {
        kind: NoteKind::UnansweredFeedback,
        count: count(material.unanswered().count()),
        about: Vec::new(),
        visits: material
            .unanswered()
            .map(|feedback| feedback.visit)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    };
    let tasks = DataNote {
        kind: NoteKind::UnmetTasks,
        count: count(material.unmet.len()),
        about: material
            .unmet
            .iter()
            .map(|unmet| unmet.person.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        visits: Vec::new(),
    };
    [unsent, conflicts, held, feedback, tasks].into_iter().filter(|note| note.count > 0).collect()
}
