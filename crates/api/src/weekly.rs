//! From what is stored to a compiled log: the input of `xunke_domain::log::compile`, put together.

use std::collections::{BTreeMap, BTreeSet};

use xunke_domain::class_name::{display_name, grade_of};
use xunke_domain::ids::ClassId;
use xunke_domain::judge::judge;
use xunke_domain::log::{
    ClassLabel, DataNote, LogInput, LoggedVisit, NoteKind, PlannedLesson, WeeklyLog, compile,
};
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::Visit;
use xunke_domain::week::Week;
use xunke_storage::weeks::{ArrivedVisit, WeekMaterial};

/// Compiles the log of a week. Verdicts are judged with the timetable and the changes known now.
pub fn compile_week(material: &WeekMaterial, week: Week) -> WeeklyLog {
    let book = &*material.book;
    let visits: Vec<(Visit, &ArrivedVisit)> = material
        .visits
        .iter()
        .map(|arrived| {
            let slot = arrived.visit.slot.as_ref().map(|slot| book.canonical_slot(slot));
            (Visit { slot, ..arrived.visit.clone() }, arrived)
        })
        .collect();
    let logged = visits.iter().map(|(visit, arrived)| logged(material, visit, arrived)).collect();
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
        notes: notes(material),
    })
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
        received_late: material.first_published_at.is_some_and(|first| arrived.received_at > first),
    }
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
        count: count(material.unanswered.len()),
        about: Vec::new(),
        visits: material
            .unanswered
            .iter()
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
