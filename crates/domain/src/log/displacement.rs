//! Displacement (挤占) and delivery (开课) by planned subject (domain, section 7, formulae 3 and 4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::Place;
use crate::log::gathered::{Gathered, SeenSlot};
use crate::log::shares::count;
use crate::log::trace::Trace;
use crate::verdict::Verdict;

/// How often another subject was taught in place of a planned one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Displacement {
    /// Checked slots in which the subject was planned.
    pub checked: u32,
    /// Those in which another subject was taught without approval; self-study is told apart.
    pub displaced: u32,
}

/// How often a planned subject was really taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Checked slots in which the subject was planned; 0 is listed for protected subjects.
    pub checked: u32,
    /// Those in which it was taught, by whomever.
    pub delivered: u32,
}

/// One subject taking another's slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taking {
    /// The subject planned (被挤占).
    pub planned: String,
    /// The subject taught (占用).
    pub taken_by: String,
    /// How many slots.
    pub slots: u32,
    /// Which ones, in the order of time.
    pub places: Vec<Place>,
}

/// All that is told about planned and taught subjects.
#[derive(Debug, Default)]
pub(super) struct Displacements {
    pub(super) by_subject: BTreeMap<String, Displacement>,
    pub(super) matrix: Vec<Taking>,
    pub(super) takers: BTreeMap<String, u32>,
    pub(super) self_study: BTreeMap<String, u32>,
    pub(super) delivery: BTreeMap<String, Delivery>,
}

pub(super) fn displacements(week: &Gathered<'_>, trace: &mut Trace) -> Displacements {
    let mut all = Displacements::default();
    let mut takings: BTreeMap<(String, String), Vec<Place>> = BTreeMap::new();
    for name in week.protected_subjects() {
        all.delivery.entry(name.to_owned()).or_default();
    }
    for slot in week.slots.values() {
        let Some(verdict) = slot.checked() else { continue };
        let planned = week.subject_name(slot.planned);
        trace.slot(format_args!("checked.{planned}"), slot);
        let displacement = all.by_subject.entry(planned.clone()).or_default();
        let delivery = all.delivery.entry(planned.clone()).or_default();
        displacement.checked += 1;
        delivery.checked += 1;

        if verdict == Verdict::SubjectMismatch {
            displacement.displaced += 1;
            let taker = week.subject_name(slot.observed);
            trace.slot(format_args!("displacement.{planned}"), slot);
            trace.slot(format_args!("displacement.{planned}→{taker}"), slot);
            *all.takers.entry(taker.clone()).or_default() += 1;
            takings.entry((planned, taker)).or_default().push(week.place(slot.slot));
        } else if verdict == Verdict::SelfStudy {
            trace.slot(format_args!("self_study.{planned}"), slot);
            *all.self_study.entry(planned).or_default() += 1;
        } else if delivered(slot, verdict) {
            delivery.delivered += 1;
            trace.slot(format_args!("delivered.{planned}"), slot);
        }
    }
    all.matrix = takings.into_iter().map(|(subjects, places)| taking(subjects, places)).collect();
    all
}

/// Taught by whomever, as long as it was the planned subject: an approved change may bring another.
fn delivered(slot: &SeenSlot<'_>, verdict: Verdict) -> bool {
    let lesson_given =
        matches!(verdict, Verdict::AsTimetabled | Verdict::ApprovedChange | Verdict::TeacherMismatch);
    lesson_given && slot.observed.is_none_or(|observed| Some(observed) == slot.planned)
}

fn taking((planned, taken_by): (String, String), mut places: Vec<Place>) -> Taking {
    places.sort();
    Taking { planned, taken_by, slots: count(places.len()), places }
}
