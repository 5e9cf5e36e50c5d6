//! A term's visits put in order: each slot once, with what its inspectors agree on.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::bell::period_key;
use crate::book::{ChangeStatus, SchoolBook};
use crate::class_name::grade_of;
use crate::ids::{ClassId, SubjectId, VisitId};
use crate::judge::{Judgement, judge};
use crate::log::{Ruling, rule};
use crate::resolve::Resolution;
use crate::verdict::Verdict;
use crate::visit::{Slot, Visit};
use crate::week::Week;

/// A slot that was seen, a definite verdict on which all who saw it agree, and a lesson that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// Where and when, the period as the bell schedule names it.
    pub slot: Slot,
    /// The visits it rests on, by id.
    pub visits: Vec<VisitId>,
    /// What they say.
    pub verdict: Verdict,
    /// The subject on the timetable, before any change.
    pub posted: SubjectId,
    /// The subject due, after approved changes.
    pub due: SubjectId,
    /// Whether another subject than that on the timetable, or self-study, was seen. An empty room (空堂) is a fault of
    /// another kind, and another teacher still teaches the subject; so does a class that keeps to the timetable though a
    /// change was approved.
    pub otherwise: bool,
    /// The grade of the class on that date.
    pub grade: Option<u32>,
    /// Whether a change of the slot is filed that nobody has decided.
    pub undecided: bool,
}

/// The occasions by date, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occasions {
    /// By date, class and period.
    pub occasions: Vec<Occasion>,
    /// Slots whose inspectors contradict each other.
    pub disputed: u32,
    /// Slots that were only marked in bulk.
    pub bulk_only: u32,
}

/// A visit that counts, judged.
struct Judged<'a> {
    visit: &'a Visit,
    judgement: Judgement,
    due: Option<SubjectId>,
    seen: Option<SubjectId>,
}

/// Gathers submitted visits of these weeks up to a date. A visit that saw nothing is none.
pub fn gather(book: &SchoolBook, visits: &[Visit], weeks: &[Week], until: NaiveDate) -> Occasions {
    let mut slots: BTreeMap<(NaiveDate, ClassId, String), (Slot, Vec<Judged<'_>>)> = BTreeMap::new();
    for visit in visits.iter().filter(|visit| visit.is_submitted()) {
        let (Some(slot), Some(observed)) = (&visit.slot, &visit.observed) else { continue };
        if slot.date > until || !weeks.contains(&Week::of(slot.date)) {
            continue;
        }
        let slot = book.canonical_slot(slot);
        let judgement = judge(book, &slot, observed);
        let due = judgement.lesson_for(observed.subject).map(|lesson| lesson.subject);
        let judged = Judged { visit, judgement, due, seen: observed.subject };
        let key = (slot.date, slot.class, period_key(&slot.period));
        slots.entry(key).or_insert_with(|| (slot, Vec::new())).1.push(judged);
    }
    let mut gathered = Occasions::default();
    for (slot, visits) in slots.into_values() {
        let evidence = || visits.iter().filter(|judged| !judged.visit.bulk);
        match rule(evidence().map(|judged| (judged.judgement.verdict, judged.seen))) {
            Ruling::BulkOnly => gathered.bulk_only += 1,
            Ruling::Disputed => gathered.disputed += 1,
            Ruling::Agreed(Verdict::NotVerifiable | Verdict::NoLessonPlanned | Verdict::OfficialEvent) => {}
            Ruling::Agreed(verdict) => {
                let agreed = || evidence().filter(|judged| judged.judgement.verdict == verdict);
                let Some((first, due)) = agreed().find_map(|judged| Some((judged, judged.due?))) else {
                    continue;
                };
                let posted = posted(&first.judgement.resolution, first.seen).unwrap_or(due);
                let mut ids: Vec<VisitId> = agreed().map(|judged| judged.visit.id).collect();
                ids.sort_unstable();
                let class = book.classes.get(&slot.class);
                gathered.occasions.push(Occasion {
                    visits: ids,
                    otherwise: match verdict {
                        Verdict::SelfStudy => true,
                        Verdict::SubjectMismatch => first.seen != Some(posted),
                        _ => false,
                    },
                    verdict,
                    posted,
                    due,
                    grade: class.and_then(|class| grade_of(class, slot.date)),
                    undecided: is_undecided(book, &slot),
                    slot,
                });
            }
        }
    }
    gathered
}

/// What the timetable says, whatever a change says; of parallel groups the one that was seen.
fn posted(resolution: &Resolution, seen: Option<SubjectId>) -> Option<SubjectId> {
    let Resolution::Lesson { planned, .. } = resolution else { return None };
    let found = planned.iter().find(|lesson| Some(lesson.subject) == seen).or_else(|| planned.first());
    found.map(|lesson| lesson.subject)
}

fn is_undecided(book: &SchoolBook, slot: &Slot) -> bool {
    let key = period_key(&slot.period);
    let at = |date: NaiveDate, period: &str| date == slot.date && period_key(period) == key;
    book.lesson_changes.values().any(|change| {
        change.status == ChangeStatus::Filed
            && change.retired.is_none()
            && change.class == slot.class
            && (at(change.date, &change.period)
                || change.with.as_ref().is_some_and(|with| at(with.date, &with.period)))
    })
}
