//! How inspectors rate beside each other (domain, section 7, formula 10), over the weeks of the trend.
//!
//! A difference says that two people see, or look for, different things; not who is right. It is for the school
//! alone and no ranking: rows go by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::class_name::grade_band;
use crate::ids::{SubjectId, UserId};
use crate::log::gathered::{Gathered, Seen, SeenSlot};
use crate::log::shares::{MIN_SHARE, count, round4, share, wilson95};
use crate::log::trace::Trace;
use crate::visit::Level;
use crate::week::Week;

/// Of fewer rated visits no difference is told.
const MIN_VISITS: u32 = 10;
/// Of fewer pairs no κ is told.
const MIN_PAIRS: u32 = 20;

/// Differences between inspectors, and how far those agree who saw the same lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The weeks looked at, the oldest first, this one last.
    pub weeks: Vec<Week>,
    /// Inspectors with 10 or more rated visits where others rated, too; by name.
    pub inspectors: Vec<InspectorDifference>,
    /// What those say who saw the same lesson.
    pub agreement: Agreement,
}

/// How one inspector's share of 优良 differs from the school's in the same strata.
///
/// A stratum is a subject in a band of grades (1–2, 3–4, 5–6, 7–9, above), rated by one rubric. Strata that nobody
/// else rated are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InspectorDifference {
    /// The inspector's name.
    pub inspector: String,
    /// Rated visits.
    pub visits: u32,
    /// Levels given that are 优 or 良.
    pub good: u32,
    /// Levels given.
    pub rated: u32,
    /// 优 and 良 if he had given them as often as the school in each stratum, 2 decimals.
    pub expected: f64,
    /// (good − expected) / rated, 4 decimals.
    pub difference: f64,
    /// The strata in which he alone has 10 or more rated visits.
    pub strata: Vec<StratumDifference>,
}

/// The difference in one stratum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StratumDifference {
    /// The subject that was given.
    pub subject: String,
    /// First and last grade of the band; none for classes without a grade.
    pub grades: Option<[u32; 2]>,
    /// Rated visits.
    pub visits: u32,
    /// 优 and 良.
    pub good: u32,
    /// Levels given.
    pub rated: u32,
    /// 优 and 良 of the whole school in this stratum.
    pub school_good: u32,
    /// Levels given by the whole school in this stratum.
    pub school_rated: u32,
    /// His share less that of the school, 4 decimals.
    pub difference: f64,
}

/// Levels that two inspectors gave in one dimension of one lesson by one rubric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Slots rated by two or more inspectors.
    pub slots: u32,
    /// Pairs of levels.
    pub pairs: u32,
    /// Pairs of the same level.
    pub exact: u32,
    /// exact / pairs, 4 decimals; none below 5.
    pub share: Option<f64>,
    /// 95 % Wilson interval of exact / pairs; none below 5.
    pub wilson95: Option<[f64; 2]>,
    /// κ with linear weights, 4 decimals, between raters in no order (each pair counts both ways). None below 20
    /// pairs, or where all gave one level.
    pub kappa: Option<f64>,
}

/// Rubric, subject, band of grades.
type Stratum = (Option<Uuid>, Option<SubjectId>, Option<[u32; 2]>);

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    visits: u32,
    good: u32,
    rated: u32,
}

impl Tally {
    fn add(&mut self, seen: &Seen<'_>) {
        let levels = || seen.logged.visit.ratings.values();
        self.visits += 1;
        self.rated += count(levels().count());
        self.good += count(levels().filter(|level| **level <= Level::Good).count());
    }

    fn share(self) -> f64 {
        f64::from(self.good) / f64::from(self.rated)
    }
}

pub(super) fn comparison(week: &Gathered<'_>, trace: &mut Trace) -> Comparison {
    let rated: Vec<(Stratum, &Seen<'_>)> = (week.earlier.iter().flat_map(|earlier| &earlier.visits))
        .chain(&week.visits)
        .filter(|seen| is_rated(seen))
        .map(|seen| (stratum(week, seen), seen))
        .collect();
    let mut school: BTreeMap<Stratum, Tally> = BTreeMap::new();
    let mut own: BTreeMap<(&str, UserId), BTreeMap<Stratum, Tally>> = BTreeMap::new();
    for (stratum, seen) in &rated {
        school.entry(*stratum).or_default().add(seen);
        own.entry(who(seen)).or_default().entry(*stratum).or_default().add(seen);
    }
    // Where nearly he alone rated there is nothing to compare with, and the school's figure less his would be another's.
    let compared =
        |stratum: &Stratum, own: &Tally| school.get(stratum).filter(|all| all.rated >= own.rated + MIN_SHARE);
    let mut inspectors = Vec::new();
    let mut told: BTreeMap<(&str, UserId), BTreeSet<Stratum>> = BTreeMap::new();
    for (inspector, strata) in &own {
        let strata: Vec<(Stratum, Tally, Tally)> = strata
            .iter()
            .filter_map(|(stratum, own)| Some((*stratum, *own, *compared(stratum, own)?)))
            .collect();
        if strata.iter().map(|(_, own, _)| own.visits).sum::<u32>() < MIN_VISITS {
            continue;
        }
        told.insert(*inspector, strata.iter().map(|(stratum, ..)| *stratum).collect());
        inspectors.push(difference(week, inspector.0, &strata));
    }
    for (stratum, seen) in &rated {
        let inspector = who(seen);
        if told.get(&inspector).is_some_and(|strata| strata.contains(stratum)) {
            trace.visit(format_args!("comparison.{}", inspector.0), seen.id());
        }
    }
    let weeks = week.earlier.iter().map(|earlier| earlier.week).chain([week.input.week]).collect();
    Comparison { weeks, inspectors, agreement: agreement(week, trace) }
}

fn difference(
    week: &Gathered<'_>,
    inspector: &str,
    strata: &[(Stratum, Tally, Tally)],
) -> InspectorDifference {
    let sum = |of: fn(&Tally) -> u32| strata.iter().map(|(_, own, _)| of(own)).sum::<u32>();
    let (good, rated) = (sum(|own| own.good), sum(|own| own.rated));
    let expected: f64 = strata.iter().map(|(_, own, school)| f64::from(own.rated) * school.share()).sum();
    let row = |((_, subject, grades), own, school): &(Stratum, Tally, Tally)| StratumDifference {
        subject: week.subject_name(*subject),
        grades: *grades,
        visits: own.visits,
        good: own.good,
        rated: own.rated,
        school_good: school.good,
        school_rated: school.rated,
        difference: round4(own.share() - school.share()),
    };
    let told = strata.iter().filter(|(_, own, _)| own.visits >= MIN_VISITS);
    let mut rows: Vec<StratumDifference> = told.map(row).collect();
    rows.sort_by(|a, b| (&a.subject, a.grades).cmp(&(&b.subject, b.grades)));
    InspectorDifference {
        inspector: inspector.to_owned(),
        visits: sum(|own| own.visits),
        good,
        rated,
        expected: (expected * 100.0).round() / 100.0,
        difference: round4((f64::from(good) - expected) / f64::from(rated)),
        strata: rows,
    }
}

fn is_rated(seen: &Seen<'_>) -> bool {
    !seen.logged.visit.bulk && !seen.logged.visit.ratings.is_empty()
}

fn who<'a>(seen: &Seen<'a>) -> (&'a str, UserId) {
    (seen.logged.inspector_name.as_str(), seen.logged.visit.inspector)
}

fn stratum(week: &Gathered<'_>, seen: &Seen<'_>) -> Stratum {
    let band = week.grade(seen.slot.class).map(grade_band);
    (seen.logged.visit.rubric, seen.subject_given(), band)
}

fn agreement(week: &Gathered<'_>, trace: &mut Trace) -> Agreement {
    let slots = week.earlier.iter().flat_map(|earlier| earlier.slots.values()).chain(week.slots.values());
    let (mut seen_twice, mut pairs) = (0, Pairs::default());
    for slot in slots.filter(|slot| slot.visits.len() > 1) {
        let before = pairs.count();
        pairs.add(slot);
        if pairs.count() > before {
            seen_twice += 1;
            for seen in slot.visits.iter().filter(|seen| is_rated(seen)) {
                trace.visit("comparison.agreement", seen.id());
            }
        }
    }
    let (exact, all) = (pairs.exact(), pairs.count());
    Agreement {
        slots: seen_twice,
        pairs: all,
        exact,
        share: share(exact, all),
        wilson95: wilson95(exact, all),
        kappa: pairs.kappa(),
    }
}

/// How often which two levels were given to the same, each pair counted both ways.
#[derive(Clone, Copy, Debug, Default)]
struct Pairs([[u32; 4]; 4]);

impl Pairs {
    /// Every two inspectors by one rubric, in the dimensions that both rated; of each the first visit of the slot.
    fn add(&mut self, slot: &SeenSlot<'_>) {
        let mut inspectors = BTreeSet::new();
        let first = |seen: &&Seen<'_>| is_rated(seen) && inspectors.insert(seen.logged.visit.inspector);
        let rated: Vec<&Seen<'_>> = slot.visits.iter().filter(first).collect();
        for (place, one) in rated.iter().enumerate() {
            for other in rated.iter().skip(place + 1) {
                let (a, b) = (one.logged.visit, other.logged.visit);
                if a.rubric != b.rubric {
                    continue;
                }
                let both = a
                    .ratings
                    .iter()
                    .filter_map(|(dimension, level)| Some((level, b.ratings.get(dimension)?)));
                for (level, other) in both {
                    self.0[place_of(*level)][place_of(*other)] += 1;
                    self.0[place_of(*other)][place_of(*level)] += 1;
                }
            }
        }
    }

    fn count(&self) -> u32 {
        self.0.iter().flatten().sum::<u32>() / 2
    }

    fn exact(&self) -> u32 {
        (0..4).map(|level| self.0[level][level]).sum::<u32>() / 2
    }

    /// 1 − Σ w·observed / Σ w·expected, where w is how many levels lie between the two.
    fn kappa(&self) -> Option<f64> {
        if self.count() < MIN_PAIRS {
            return None;
        }
        let all = f64::from(2 * self.count());
        let given: Vec<f64> = self.0.iter().map(|row| f64::from(row.iter().sum::<u32>()) / all).collect();
        let (mut observed, mut expected) = (0.0, 0.0);
        for (a, row) in self.0.iter().enumerate() {
            for (b, pairs) in row.iter().enumerate() {
                let apart = f64::from(count(a.abs_diff(b)));
                observed += apart * f64::from(*pairs) / all;
                expected += apart * given[a] * given[b];
            }
        }
        (expected > 0.0).then(|| round4(1.0 - observed / expected))
    }
}

const fn place_of(level: Level) -> usize {
    match level {
        Level::Excellent => 0,
        Level::Good => 1,
        Level::Fair => 2,
        Level::Poor => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(given: &[(Level, Level, u32)]) -> Pairs {
        let mut pairs = Pairs::default();
        for (a, b, times) in given {
            pairs.0[place_of(*a)][place_of(*b)] += times;
            pairs.0[place_of(*b)][place_of(*a)] += times;
        }
        pairs
    }

    /// 24 of 40 levels are good, 16 fair; observed 4/20 apart, expected 2 × 0.6 × 0.4: κ = 1 − 0.2/0.48.
    #[test]
    fn kappa_of_twenty_pairs_is_the_known_one() {
        let pairs = pairs(&[
            (Level::Good, Level::Good, 10),
            (Level::Fair, Level::Fair, 6),
            (Level::Good, Level::Fair, 4),
        ]);

        assert_eq!((pairs.count(), pairs.exact()), (20, 16));
        assert_eq!(pairs.kappa(), Some(0.5833));
    }

    #[test]
    fn levels_further_apart_weigh_more() {
        let same = [(Level::Good, Level::Good, 10), (Level::Fair, Level::Fair, 6)];
        let near = pairs(&[same[0], same[1], (Level::Good, Level::Fair, 4)]);
        let far = pairs(&[same[0], same[1], (Level::Good, Level::Poor, 4)]);

        assert_eq!((near.exact(), far.exact()), (16, 16));
        assert_eq!(far.kappa(), Some(0.3939), "1 − 0.4 / 0.66");
        assert!(far.kappa() < near.kappa());
    }

    #[test]
    fn fewer_than_twenty_pairs_and_pairs_of_one_level_have_no_kappa() {
        assert_eq!(pairs(&[(Level::Good, Level::Fair, 19)]).kappa(), None);
        assert_eq!(pairs(&[(Level::Good, Level::Good, 30)]).kappa(), None);
    }
}
