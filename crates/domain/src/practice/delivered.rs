//! 实开: how many of the lessons planned were taught, estimated from those that were seen.
//!
//! Visits are chosen, not drawn, and few; so it is told per subject and band of grades over a term, never per class or
//! week, with its interval, and not at all below five lessons seen. Where a subject is taught in several bands the sum
//! is stratified by band: each band's share times its own lessons, since grades are seen unevenly.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::occasions::Occasion;
use crate::book::SchoolBook;
use crate::class_name::grade_band;
use crate::ids::{SubjectId, VisitId};
use crate::log::{MIN_SHARE, share, wilson95};
use crate::planned::PlannedSlot;
use crate::verdict::Verdict;
use crate::visit::Slot;

/// The lessons planned of a term so far, and what of them was taught.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delivered {
    /// By the subject's name.
    pub subjects: Vec<DeliveredSubject>,
    /// Lessons planned in subjects and bands of which fewer than five were seen: nothing is estimated of these.
    pub lessons_untold: u32,
}

/// A subject over all grades.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeliveredSubject {
    /// The subject.
    pub subject: SubjectId,
    /// Its name.
    pub name: String,
    /// Whether its displacement is watched most.
    pub protected: bool,
    /// Bands of grades in which it is planned.
    pub bands: Vec<DeliveredBand>,
    /// The sum over bands; none unless each band has five lessons seen.
    pub estimate: Option<LessonEstimate>,
}

/// A subject in a band of grades.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeliveredBand {
    /// First and last grade; none for classes without a grade.
    pub grades: Option<[u32; 2]>,
    /// Lessons planned, after calendar and approved changes.
    pub planned: u32,
    /// Those that were seen: slots with a definite verdict on which all agree.
    pub seen: u32,
    /// Those in which the subject was taught, by whomever.
    pub taught: u32,
    /// taught / seen, 4 decimals; none below five.
    pub share: Option<f64>,
    /// 95 % Wilson interval of the share; none below five.
    pub wilson95: Option<[f64; 2]>,
    /// The lessons that this makes of those planned; none below five.
    pub estimate: Option<LessonEstimate>,
    /// The visits that saw it taught.
    pub visits_taught: Vec<VisitId>,
    /// The visits that saw something else.
    pub visits_not_taught: Vec<VisitId>,
}

/// Lessons estimated to have been taught.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LessonEstimate {
    /// The estimate, to one decimal.
    pub lessons: f64,
    /// 95 % interval `[low, high]`, to one decimal.
    pub interval95: [f64; 2],
}

type Band = Option<[u32; 2]>;

pub(super) fn delivered(book: &SchoolBook, occasions: &[Occasion], planned: &[PlannedSlot]) -> Delivered {
    let mut strata: BTreeMap<SubjectId, BTreeMap<Band, (u32, Vec<&Occasion>)>> = BTreeMap::new();
    for lesson in planned {
        let band = lesson.grade.map(grade_band);
        strata.entry(lesson.subject).or_default().entry(band).or_default().0 += 1;
    }
    // What was seen of a planned lesson is counted where the lesson is: parallel groups are one, morning reading is none.
    let by_slot: BTreeMap<&Slot, &PlannedSlot> =
        planned.iter().map(|lesson| (&lesson.slot, lesson)).collect();
    for occasion in occasions {
        let Some(lesson) = by_slot.get(&occasion.slot) else { continue };
        let stratum = strata.get_mut(&lesson.subject);
        if let Some((_, seen)) = stratum.and_then(|bands| bands.get_mut(&lesson.grade.map(grade_band))) {
            seen.push(occasion);
        }
    }
    let mut subjects: Vec<DeliveredSubject> = strata
        .into_iter()
        .map(|(subject, bands)| {
            let bands: Vec<DeliveredBand> =
                bands.into_iter().map(|(grades, (planned, seen))| band(grades, planned, &seen)).collect();
            let known = book.subjects.get(&subject);
            DeliveredSubject {
                subject,
                name: known.map(|one| one.name.clone()).unwrap_or_default(),
                protected: known.is_some_and(|one| one.protected),
                estimate: stratified(&bands),
                bands,
            }
        })
        .collect();
    subjects.sort_by(|a, b| (&a.name, a.subject).cmp(&(&b.name, b.subject)));
    let untold = subjects.iter().flat_map(|one| &one.bands).filter(|band| band.seen < MIN_SHARE);
    Delivered { lessons_untold: untold.map(|band| band.planned).sum(), subjects }
}

fn band(grades: Band, planned: u32, seen: &[&Occasion]) -> DeliveredBand {
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let (kept, other): (Vec<&Occasion>, Vec<&Occasion>) =
        seen.iter().partition(|occasion| is_taught(occasion.verdict));
    let (taught, n) = (count(kept.len()), count(seen.len()));
    let (share, wilson95) = (share(taught, n), wilson95(taught, n));
    let lessons = |share: f64| tenth(share * f64::from(planned));
    let estimate = share.zip(wilson95).map(|(share, interval)| LessonEstimate {
        lessons: lessons(share),
        interval95: interval.map(lessons),
    });
    let visits = |of: &[&Occasion]| {
        let ids: BTreeSet<VisitId> = of.iter().flat_map(|one| one.visits.iter().copied()).collect();
        ids.into_iter().collect()
    };
    DeliveredBand {
        grades,
        planned,
        seen: n,
        taught,
        share,
        wilson95,
        estimate,
        visits_taught: visits(&kept),
        visits_not_taught: visits(&other),
    }
}

/// The sum of bands with its interval by the method of variance estimates recovery (Zou and Donner 2008): the
/// distances of the bands' own limits are added as squares, as independent errors are.
fn stratified(bands: &[DeliveredBand]) -> Option<LessonEstimate> {
    let each: Vec<LessonEstimate> = bands.iter().map(|band| band.estimate).collect::<Option<_>>()?;
    let sum: f64 = each.iter().map(|one| one.lessons).sum();
    let reach = |edge: usize| {
        let squares = each.iter().map(|one| {
            let limit = one.interval95.get(edge).copied().unwrap_or(one.lessons);
            (one.lessons - limit).powi(2)
        });
        squares.sum::<f64>().sqrt()
    };
    let planned: f64 = bands.iter().map(|band| f64::from(band.planned)).sum();
    let interval95 = [(sum - reach(0)).max(0.0), (sum + reach(1)).min(planned)].map(tenth);
    (!each.is_empty()).then(|| LessonEstimate { lessons: tenth(sum), interval95 })
}

/// The subject was taught: as planned, as a change says, or by somebody else.
const fn is_taught(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::AsTimetabled | Verdict::ApprovedChange | Verdict::TeacherMismatch)
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
