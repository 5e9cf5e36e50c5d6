//! 阴阳课表: is another timetable in use than the posted one?
//!
//! Every school swaps a lesson now and then without filing it. So one mismatch says little, and many of one class and
//! subject say much. For each class × subject of the timetable a likelihood ratio is kept (Wald's sequential test, 1945):
//! it begins at 1; a lesson taught otherwise multiplies it by `p1 / p0`, one taught as posted by `(1 − p1) / (1 − p0)`.
//! If lessons are taught otherwise with a chance of at most `p0`, its expectation never exceeds 1 however often one
//! looks and whenever one stops (an e-value; Ville 1939: it reaches `1 / α` with a probability of at most `α`).
//!
//! Hundreds of pairs are looked at together, so that one would be found by chance: of `m` pairs those are flagged that
//! the e-BH procedure finds (Wang and Ramdas 2022), the `k` largest with each at least `m / (α k)`. Of all that is
//! flagged at most a share of `α` is expected to be so by chance, whatever depends on whatever.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::occasions::{Occasion, Occasions};
use crate::book::{ChangeKind, ChangeStatus, SchoolBook};
use crate::class_name::display_name;
use crate::ids::{ClassId, SubjectId, VisitId};
use crate::log::Place;
use crate::planned::PlannedSlot;
use crate::verdict::Verdict;

/// What chance swaps are taken to be at least, where the school has filed fewer.
const LEAST_P0: f64 = 0.05;
/// What they are taken to be at most: above that the test could find nothing.
const MOST_P0: f64 = 0.25;

/// The setting `dual_timetable` of a school. Nobody prescribes these; the defaults are ours (domain, section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DualLimits {
    /// The share of lessons that chance swaps explain; unset: what the school's own filed swaps moved, 0.05 to 0.25.
    pub p0: Option<f64>,
    /// The share of lessons taught otherwise that the test is made to find.
    pub p1: f64,
    /// At most this share of what is flagged is expected to be so by chance.
    pub alpha: f64,
}

impl Default for DualLimits {
    fn default() -> Self {
        Self { p0: None, p1: 0.5, alpha: 0.01 }
    }
}

impl DualLimits {
    pub(crate) fn read(value: &serde_json::Value) -> Result<Self, String> {
        let limits = Self::deserialize(value).map_err(|error| error.to_string())?;
        let Self { p0, p1, alpha } = limits;
        if !p0.is_none_or(|p0| (0.001..=0.5).contains(&p0)) {
            return Err("p0 must be 0.001 to 0.5".to_owned());
        }
        if !(p0.unwrap_or(MOST_P0) + 0.05..=0.95).contains(&p1) {
            return Err(
                "p1 must be at least 0.05 above p0 (0.25, if that is not set), and at most 0.95".to_owned()
            );
        }
        if !(0.0001..=0.2).contains(&alpha) {
            return Err("alpha must be 0.0001 to 0.2".to_owned());
        }
        Ok(limits)
    }
}

/// What the test says of a school's term so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DualTimetable {
    /// The share of lessons that chance swaps explain.
    pub p0: f64,
    /// Whether `p0` is set by the school; if not, it follows from `filed` of `planned`.
    pub p0_set: bool,
    /// Lessons that filed changes gave to another subject, refused ones left out.
    pub filed: u32,
    /// Lessons planned.
    pub planned: u32,
    /// The share of lessons taught otherwise that the test is made to find.
    pub p1: f64,
    /// At most this share of what is flagged is expected to be so by chance.
    pub alpha: f64,
    /// Pairs of class and subject on the timetable, seen or not: the more, the more evidence each one needs.
    pub pairs: u32,
    /// Pairs with at least one lesson seen.
    pub seen: u32,
    /// Mismatches left out since a filed change of their slot is not decided yet.
    pub undecided: u32,
    /// Pairs with a mismatch, flagged ones first, then by evidence. The others have none to show.
    pub found: Vec<DualPair>,
}

/// What was seen of a class's lessons of a subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DualPair {
    /// The class.
    pub class: ClassId,
    /// Its name on the date.
    pub class_name: String,
    /// The subject on the timetable.
    pub subject: SubjectId,
    /// Its name.
    pub subject_name: String,
    /// Whether mismatches exceed what chance swaps explain.
    pub flagged: bool,
    /// Lessons seen: slots, each once.
    pub lessons: u32,
    /// Those in which another subject or self-study was seen, without a change that is filed.
    pub mismatches: u32,
    /// The likelihood ratio, rounded to 3 significant digits; at most 1e300.
    pub evidence: f64,
    /// What it takes to be flagged alone: pairs / alpha.
    pub needed: f64,
    /// The probability of so many mismatches or more among so many lessons by chance swaps (exact binomial), rounded
    /// to 3 significant digits. For readers; the test goes by `evidence`, which may be looked at every week.
    pub by_chance: f64,
    /// The mismatches, by date.
    pub evidence_slots: Vec<DualSlot>,
    /// The visits of the lessons seen as posted.
    pub visits_as_posted: Vec<VisitId>,
}

/// A lesson that was taught otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DualSlot {
    /// Where and when.
    pub place: Place,
    /// What was seen.
    pub verdict: Verdict,
    /// The visits that saw it.
    pub visits: Vec<VisitId>,
}

/// The test of one pair: how much the lessons seen speak for another timetable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequential {
    /// ln of what a mismatch multiplies by.
    otherwise: f64,
    /// ln of what a lesson taught as posted multiplies by.
    as_posted: f64,
}

impl Sequential {
    /// For shares `0 < p0 < p1 < 1`.
    pub fn new(p0: f64, p1: f64) -> Self {
        Self { otherwise: (p1 / p0).ln(), as_posted: ((1.0 - p1) / (1.0 - p0)).ln() }
    }

    /// ln of the likelihood ratio after so many mismatches among so many lessons.
    pub fn ln_evidence(self, mismatches: u32, lessons: u32) -> f64 {
        let as_posted = lessons.saturating_sub(mismatches);
        f64::from(mismatches) * self.otherwise + f64::from(as_posted) * self.as_posted
    }
}

/// How many of the largest e-values (their logarithms, descending) are flagged among `pairs` (e-BH).
pub fn flagged(ln_evidence: &[f64], pairs: u32, alpha: f64) -> usize {
    let needed = (f64::from(pairs.max(1)) / alpha).ln();
    let holds = |(ln, rank): &(&f64, u32)| **ln >= needed - f64::from(*rank).ln();
    let ranks = ln_evidence.iter().zip(1..).filter(holds).map(|(_, rank)| rank);
    ranks.max().map_or(0, |rank| usize::try_from(rank).unwrap_or(usize::MAX))
}

/// The probability of `k` or more of `n` at a chance of `p` each, exactly.
pub fn binomial_tail(k: u32, n: u32, p: f64) -> f64 {
    let mut ln_choose = 0.0;
    let mut sum = 0.0;
    for i in 0..=n {
        if i > 0 {
            ln_choose += f64::from(n - i + 1).ln() - f64::from(i).ln();
        }
        if i >= k {
            sum += (ln_choose + f64::from(i) * p.ln() + f64::from(n - i) * (1.0 - p).ln()).exp();
        }
    }
    sum.min(1.0)
}

pub(super) fn dual_timetable(
    book: &SchoolBook,
    gathered: &Occasions,
    planned: &[PlannedSlot],
    on: NaiveDate,
) -> DualTimetable {
    let limits = book.settings.dual;
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let (filed, lessons) = (filed(book, planned), count(planned.len()));
    let own = f64::from(filed) / f64::from(lessons.max(1));
    let p0 = limits.p0.unwrap_or_else(|| round3(own.clamp(LEAST_P0, MOST_P0)));
    let pairs = pairs(book, planned, on);
    let mut seen: BTreeMap<(ClassId, SubjectId), Vec<&Occasion>> = BTreeMap::new();
    let mut undecided = 0;
    for occasion in &gathered.occasions {
        if occasion.undecided && occasion.otherwise {
            undecided += 1;
            continue;
        }
        seen.entry((occasion.slot.class, occasion.posted)).or_default().push(occasion);
    }
    // What was seen is at least as many pairs as are asked about.
    let pairs = pairs.max(count(seen.len()));
    let test = Sequential::new(p0, limits.p1);
    let seen_pairs = count(seen.len());
    let mut found: Vec<(f64, DualPair)> = seen
        .into_iter()
        .filter(|(_, occasions)| occasions.iter().any(|occasion| occasion.otherwise))
        .map(|((class, subject), occasions)| {
            let (otherwise, as_posted): (Vec<&Occasion>, Vec<&Occasion>) =
                occasions.iter().copied().partition(|occasion| occasion.otherwise);
            let (mismatches, lessons) = (count(otherwise.len()), count(occasions.len()));
            let ln = test.ln_evidence(mismatches, lessons);
            let class_name = |on: NaiveDate| book.classes.get(&class).map(|class| display_name(class, on));
            let slot = |occasion: &Occasion| DualSlot {
                place: Place {
                    date: occasion.slot.date,
                    period: occasion.slot.period.clone(),
                    class: class_name(occasion.slot.date).unwrap_or_default(),
                },
                verdict: occasion.verdict,
                visits: occasion.visits.clone(),
            };
            let pair = DualPair {
                class,
                class_name: class_name(on).unwrap_or_default(),
                subject,
                subject_name: book.subjects.get(&subject).map(|one| one.name.clone()).unwrap_or_default(),
                flagged: false,
                lessons,
                mismatches,
                evidence: significant(ln.min(690.0).exp()),
                needed: (f64::from(pairs) / limits.alpha).ceil(),
                by_chance: significant(binomial_tail(mismatches, lessons, p0)),
                evidence_slots: otherwise.into_iter().map(slot).collect(),
                visits_as_posted: as_posted.iter().flat_map(|one| one.visits.iter().copied()).collect(),
            };
            (ln, pair)
        })
        .collect();
    found.sort_by(|(a, one), (b, other)| {
        b.total_cmp(a).then_with(|| (one.class, one.subject).cmp(&(other.class, other.subject)))
    });
    let ln: Vec<f64> = found.iter().map(|(ln, _)| *ln).collect();
    let many = flagged(&ln, pairs, limits.alpha);
    for (_, pair) in found.iter_mut().take(many) {
        pair.flagged = true;
    }
    DualTimetable {
        p0,
        p0_set: limits.p0.is_some(),
        filed,
        planned: lessons,
        p1: limits.p1,
        alpha: limits.alpha,
        pairs,
        seen: seen_pairs,
        undecided,
        found: found.into_iter().map(|(_, pair)| pair).collect(),
    }
}

/// Pairs of class and subject on the timetable of the span.
fn pairs(book: &SchoolBook, planned: &[PlannedSlot], on: NaiveDate) -> u32 {
    let posted = book.timetable_on(on).into_iter().flat_map(|(_, timetable)| &timetable.grid);
    let posted = posted.flat_map(|(class, lessons)| lessons.iter().map(|lesson| (*class, lesson.subject)));
    let due = planned.iter().map(|planned| (planned.slot.class, planned.subject));
    let all: std::collections::BTreeSet<(ClassId, SubjectId)> = posted.chain(due).collect();
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}

/// Lessons of the span that filed changes gave to another subject: both ends of a 调课, and a 代课 of another subject.
fn filed(book: &SchoolBook, planned: &[PlannedSlot]) -> u32 {
    let dates: std::collections::BTreeSet<NaiveDate> = planned.iter().map(|one| one.slot.date).collect();
    let counts = |date: &NaiveDate| u32::from(dates.contains(date));
    let changes = book.lesson_changes.values();
    changes
        .filter(|change| change.status != ChangeStatus::Rejected && change.retired.is_none())
        .map(|change| match (change.kind, &change.with, change.subject) {
            (ChangeKind::Swap, Some(with), _) => counts(&change.date) + counts(&with.date),
            (ChangeKind::Substitution, _, Some(_)) => counts(&change.date),
            (ChangeKind::Swap | ChangeKind::Substitution | ChangeKind::Cancellation, _, _) => 0,
        })
        .sum()
}

fn round3(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// To 3 significant digits, so that a figure is the same on every machine.
fn significant(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}
