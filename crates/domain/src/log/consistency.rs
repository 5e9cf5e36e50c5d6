//! Timetable consistency (课表一致率; domain, section 7, formula 2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::VisitId;
use crate::log::Place;
use crate::log::gathered::{Gathered, Ruling, SeenSlot};
use crate::log::labels::verdict_code;
use crate::log::shares::{count, share, wilson95};
use crate::log::trace::Trace;
use crate::verdict::Verdict;

/// How many checked slots were taught as planned.
///
/// Checked are visited slots with a definite verdict on which all inspectors agree. Left out are
/// slots not verifiable, without a planned lesson, given to an official event, disputed, or seen in
/// bulk only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consistency {
    /// Slots the rate speaks of.
    pub checked: u32,
    /// As timetabled or by an approved change.
    pub consistent: u32,
    /// The other checked slots.
    pub inconsistent: u32,
    /// Slots whose inspectors contradict each other; not in `checked`.
    pub disputed: u32,
    /// 95 % Wilson interval of consistent / checked, `[low, high]`, 4 decimals; none below 5 checked.
    pub wilson95: Option<[f64; 2]>,
}

/// The parts the rate is made of, and those left out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsistencyParts {
    /// Slots by agreed verdict, those not checked included.
    pub by_verdict: BTreeMap<Verdict, u32>,
    /// Slots seen by bulk visits only.
    pub bulk_only: u32,
    /// consistent / checked, 4 decimals; none below 5 checked.
    pub rate: Option<f64>,
    /// Each contradiction, with both opinions.
    pub disputed_slots: Vec<DisputedSlot>,
}

/// A slot whose inspectors contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputedSlot {
    /// Where and when.
    pub place: Place,
    /// What each visit says, in the order of visit ids.
    pub opinions: Vec<Opinion>,
}

/// What one visit of a disputed slot says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// The visit.
    pub visit: VisitId,
    /// Who made it.
    pub inspector: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The subject it saw, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_subject: Option<String>,
}

pub(super) fn consistency(week: &Gathered<'_>, trace: &mut Trace) -> (Consistency, ConsistencyParts) {
    let (mut checked, mut consistent, mut bulk_only) = (0, 0, 0);
    let mut by_verdict: BTreeMap<Verdict, u32> = BTreeMap::new();
    let mut disputed_slots = Vec::new();
    for slot in week.slots.values() {
        match slot.ruling {
            Ruling::Agreed(verdict) => {
                *by_verdict.entry(verdict).or_default() += 1;
                trace.slot(format_args!("verdict.{}", verdict_code(verdict)), slot);
            }
            Ruling::Disputed => {
                trace.slot("consistency.disputed", slot);
                disputed_slots.push(disputed(week, slot));
            }
            Ruling::BulkOnly => bulk_only += 1,
        }
        if let Some(verdict) = slot.checked() {
            checked += 1;
            trace.slot("consistency.checked", slot);
            if matches!(verdict, Verdict::AsTimetabled | Verdict::ApprovedChange) {
                consistent += 1;
                trace.slot("consistency.consistent", slot);
            } else {
                trace.slot("consistency.inconsistent", slot);
            }
        }
    }
    let figures = Consistency {
        checked,
        consistent,
        inconsistent: checked - consistent,
        disputed: count(disputed_slots.len()),
        wilson95: wilson95(consistent, checked),
    };
    (figures, ConsistencyParts { by_verdict, bulk_only, rate: share(consistent, checked), disputed_slots })
}

fn disputed(week: &Gathered<'_>, slot: &SeenSlot<'_>) -> DisputedSlot {
    let evidence = slot.visits.iter().filter(|seen| !seen.logged.visit.bulk);
    let opinions = evidence.map(|seen| Opinion {
        visit: seen.id(),
        inspector: seen.logged.inspector_name.clone(),
        verdict: seen.logged.verdict,
        observed_subject: (seen.logged.visit.observed.and_then(|observed| observed.subject))
            .map(|subject| week.subject_name(Some(subject))),
    });
    DisputedSlot { place: week.place(slot.slot), opinions: opinions.collect() }
}
