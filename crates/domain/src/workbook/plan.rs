//! The hours a week should have.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A plan of weekly hours by grade; its subjects may include others (音乐 and 美术 in 艺术).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct WeeklyPlan {
    /// Grade, as text → hours of the week.
    pub weekly_total: BTreeMap<String, f64>,
    /// The subjects.
    pub subjects: Vec<PlannedSubject>,
}

/// A subject of a plan.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PlannedSubject {
    /// Its name.
    pub subject: String,
    /// Hours a week in grades 1, 2, 3 …
    pub weekly: Vec<f64>,
    /// Subjects whose hours count for it.
    #[serde(default)]
    pub includes: Vec<String>,
}

/// The hours of a week in the national plan of 2022 (domain, section 3.1): 26, 30 and 34.
pub(super) fn national_total(grade: u32) -> Option<f64> {
    match grade {
        1 | 2 => Some(26.0),
        3..=6 => Some(30.0),
        7..=9 => Some(34.0),
        _ => None,
    }
}

impl WeeklyPlan {
    /// Hours of the week in a grade.
    pub(super) fn total(&self, grade: u32) -> Option<f64> {
        self.weekly_total.get(&grade.to_string()).copied().or_else(|| national_total(grade))
    }

    /// Hours of a subject of the plan in a grade.
    pub(super) fn hours(subject: &PlannedSubject, grade: u32) -> f64 {
        let place = grade.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| subject.weekly.get(place)).copied().unwrap_or(0.0)
    }
}
