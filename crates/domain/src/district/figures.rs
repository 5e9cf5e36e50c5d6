//! What is kept of a published week for the district: counts, and nothing about a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::{RatingShare, WeeklyLog};

/// The version of [`WeekFigures`]: goes up when they hold more, and what older ones lack is taken from the editions.
pub const FIGURES: i32 = 1;

/// `k` of `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// How many.
    pub k: u32,
    /// Of how many.
    pub n: u32,
}

/// The findings of one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemCount {
    /// The category's name.
    pub name: String,
    /// The highest severity given, 1 提醒 – 4 红线.
    pub severity: u8,
    /// How many findings.
    pub count: u32,
}

/// The figures of a published week that a district needs; each is that of the edition, or a sum of its figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekFigures {
    /// Visits (人次).
    pub visits: u32,
    /// Distinct slots visited (节次).
    pub slots: u32,
    /// Planned slots visited, of all planned.
    pub coverage: Counted,
    /// Slots taught as planned, of those checked.
    pub consistency: Counted,
    /// Slots in which another subject was taught without approval, of those checked.
    pub displacement: Counted,
    /// Levels 优 and 良, of all levels given.
    pub good: Counted,
    /// Highlights.
    pub highlights: u32,
    /// Improvements.
    pub improvements: u32,
    /// Visits that led to a rectification notice; none where the edition's rules did not count them.
    pub notices: Option<u32>,
    /// Findings by category code, such as `TT01`.
    pub problems: BTreeMap<String, ProblemCount>,
}

impl Counted {
    /// The two counts, each put to its own.
    pub(super) fn add(&mut self, other: Self) {
        self.k = self.k.saturating_add(other.k);
        self.n = self.n.saturating_add(other.n);
    }
}

impl WeekFigures {
    /// Puts another week to these.
    pub(super) fn add(&mut self, other: &Self) {
        let Self {
            visits,
            slots,
            coverage,
            consistency,
            displacement,
            good,
            highlights,
            improvements,
            notices,
            problems,
        } = other;
        self.visits = self.visits.saturating_add(*visits);
        self.slots = self.slots.saturating_add(*slots);
        self.coverage.add(*coverage);
        self.consistency.add(*consistency);
        self.displacement.add(*displacement);
        self.good.add(*good);
        self.highlights = self.highlights.saturating_add(*highlights);
        self.improvements = self.improvements.saturating_add(*improvements);
        self.notices = match (self.notices, *notices) {
            (Some(so_far), Some(more)) => Some(so_far.saturating_add(more)),
            (so_far, more) => so_far.or(more),
        };
        for (code, problem) in problems {
            let sum = self.problems.entry(code.clone()).or_insert_with(|| ProblemCount {
                name: problem.name.clone(),
                severity: problem.severity,
                count: 0,
            });
            sum.severity = sum.severity.max(problem.severity);
            sum.count = sum.count.saturating_add(problem.count);
        }
    }
}

impl From<&WeeklyLog> for WeekFigures {
    fn from(log: &WeeklyLog) -> Self {
        let mut displacement = Counted::default();
        for subject in log.displacement_by_subject.values() {
            displacement.add(Counted { k: subject.displaced, n: subject.checked });
        }
        let RatingShare { good, rated, .. } = RatingShare::from(log.ratings);
        let problem = |group: &crate::log::FindingGroup| ProblemCount {
            name: group.name.clone(),
            severity: group.severity,
            count: group.count,
        };
        Self {
            visits: log.visits,
            slots: log.visited_slots,
            coverage: Counted { k: log.coverage.planned_slots_visited, n: log.planned_slots },
            consistency: Counted { k: log.consistency.consistent, n: log.consistency.checked },
            displacement,
            good: Counted { k: good, n: rated },
            highlights: log.highlights,
            improvements: log.improvements,
            notices: log.rectification_notices,
            problems: log.findings.iter().map(|group| (group.code.clone(), problem(group))).collect(),
        }
    }
}
