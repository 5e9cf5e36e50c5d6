//! What a reader must know about the data before believing a figure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::VisitId;
use crate::log::displacement::Displacement;
use crate::log::gathered::{Gathered, Ruling, Seen};
use crate::log::shares::{MIN_SHARE, count};
use crate::objection::Objection;
use crate::verdict::Verdict;
use crate::visit::Slot;

/// An arrival further than this from the chosen period is told, in minutes (protocol, section 7).
const TIME_OFF_MINUTES: u64 = 20;

/// Something that limits what the log can say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DataNote {
    /// What it is.
    pub kind: NoteKind,
    /// How many devices, visits, slots, subjects …, by kind.
    pub count: u32,
    /// Their names, where a name helps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// The visits concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<VisitId>,
}

/// Kinds of notes; the first five come from the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// Devices known to hold entries not sent yet.
    UnsentEntries,
    /// Fields with several values side by side, to be decided.
    OpenConflicts,
    /// Writes held back by the server.
    HeldWrites,
    /// Feedback that the teacher has not answered.
    UnansweredFeedback,
    /// Patrol tasks without a visit for each of their classes.
    UnmetTasks,
    /// Visits marked in bulk: in coverage, not in ratings and consistency.
    BulkVisits,
    /// Slots whose inspectors contradict each other.
    DisputedSlots,
    /// Visits from which nothing could be said about the timetable.
    NotVerifiable,
    /// Visits recorded more than 20 minutes away from the chosen period.
    TimeOff,
    /// Visits received after the week's first publication (补录).
    ReceivedLate,
    /// Visits whose facts the teacher contests, undecided: counted as recorded.
    Contested,
    /// Visits whose facts the teacher contested with success, not corrected yet: counted as recorded.
    ObjectionUpheld,
    /// Visits of a class that does not exist in the week.
    UnknownClass,
    /// Visited slots in which no lesson is planned.
    OutsidePlan,
    /// Rubric versions in use beside each other: their levels are counted together.
    SeveralRubrics,
    /// Subjects with fewer than 5 checked slots: no rates are told.
    SmallNumbers,
}

/// The caller's notes and those the visits give, by kind.
pub(super) fn notes(week: &Gathered<'_>, displacement: &BTreeMap<String, Displacement>) -> Vec<DataNote> {
    let mut notes = week.input.notes.clone();
    notes.extend([
        of_visits(week, NoteKind::BulkVisits, |seen| seen.logged.visit.bulk),
        of_visits(week, NoteKind::NotVerifiable, |seen| seen.logged.verdict == Verdict::NotVerifiable),
        of_visits(week, NoteKind::TimeOff, |seen| {
            seen.logged.arrived_off_minutes.is_some_and(|off| off.unsigned_abs() > TIME_OFF_MINUTES)
        }),
        of_visits(week, NoteKind::ReceivedLate, |seen| seen.logged.received_late),
        of_visits(week, NoteKind::Contested, |seen| seen.logged.objection == Some(Objection::Open)),
        of_visits(week, NoteKind::ObjectionUpheld, |seen| seen.logged.objection == Some(Objection::Upheld)),
        of_visits(week, NoteKind::UnknownClass, |seen| {
            !week.input.class_names.contains_key(&seen.slot.class)
        }),
        disputed_slots(week),
        outside_plan(week),
        several_rubrics(week),
        small_numbers(displacement),
    ]);
    notes.retain(|note| note.count > 0);
    notes.sort();
    notes
}

fn of_visits(week: &Gathered<'_>, kind: NoteKind, concerned: impl Fn(&Seen<'_>) -> bool) -> DataNote {
    let visits: Vec<VisitId> = week.visits.iter().filter(|seen| concerned(seen)).map(Seen::id).collect();
    DataNote { kind, count: count(visits.len()), about: Vec::new(), visits }
}

fn disputed_slots(week: &Gathered<'_>) -> DataNote {
    let disputed = || week.slots.values().filter(|slot| slot.ruling == Ruling::Disputed);
    DataNote {
        kind: NoteKind::DisputedSlots,
        count: count(disputed().count()),
        about: disputed().map(|slot| named(week, slot.slot)).collect(),
        visits: disputed().flat_map(|slot| slot.visits.iter().map(Seen::id)).collect(),
    }
}

fn outside_plan(week: &Gathered<'_>) -> DataNote {
    let outside = || week.slots.values().filter(|slot| !week.planned.contains_key(slot.slot));
    DataNote {
        kind: NoteKind::OutsidePlan,
        count: count(outside().count()),
        about: outside().map(|slot| named(week, slot.slot)).collect(),
        visits: outside().flat_map(|slot| slot.visits.iter().map(Seen::id)).collect(),
    }
}

fn several_rubrics(week: &Gathered<'_>) -> DataNote {
    let rated = week.visits.iter().map(|seen| seen.logged.visit);
    let rated = rated.filter(|visit| !visit.bulk && !visit.ratings.is_empty());
    let rubrics = rated.map(|visit| visit.rubric).collect::<BTreeSet<_>>().len();
    let count = if rubrics > 1 { count(rubrics) } else { 0 };
    DataNote { kind: NoteKind::SeveralRubrics, count, about: Vec::new(), visits: Vec::new() }
}

fn small_numbers(displacement: &BTreeMap<String, Displacement>) -> DataNote {
    let small = displacement.iter().filter(|(_, figures)| figures.checked < MIN_SHARE);
    let about: Vec<String> = small.map(|(name, _)| name.clone()).collect();
    DataNote { kind: NoteKind::SmallNumbers, count: count(about.len()), about, visits: Vec::new() }
}

fn named(week: &Gathered<'_>, slot: &Slot) -> String {
    let place = week.place(slot);
    format!("{} {} {}", place.class, place.date, place.period)
}
