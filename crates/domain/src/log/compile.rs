//! The weekly log and how it is made from its parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{SchoolId, VisitId};
use crate::log::LogInput;
use crate::log::comparison::{Comparison, comparison};
use crate::log::consistency::{Consistency, ConsistencyParts, consistency};
use crate::log::coverage::{Coverage, classes_visited, coverage};
use crate::log::digest::{VisitDigest, digests};
use crate::log::displacement::{Delivery, Displacement, Displacements, Taking, displacements};
use crate::log::findings::{FindingGroup, findings, rectification_notices};
use crate::log::gathered::Gathered;
use crate::log::inspectors::{InspectorWork, inspectors};
use crate::log::notes::{DataNote, notes};
use crate::log::ratings::{LevelCounts, RatingShares, Ratings, ratings};
use crate::log::remarks::{HighlightRate, Remark, highlight_rates, highlights, improvements, total};
use crate::log::repeats::{Repeats, repeats};
use crate::log::rules::{self, RULES};
use crate::log::shares::count;
use crate::log::trace::Trace;
use crate::log::trend::{Trend, trend};
use crate::week::Week;

/// What a week's visits say. The same visits give the same bytes, in whatever order they come.
///
/// Names of subjects are keys, since that is how people read it; two subjects of one name are told
/// together. Every figure leads to its visits by [`trace`](Self::trace).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeeklyLog {
    /// The version of the rules it was compiled by ([`RULES`]); 1 in editions that do not tell it.
    #[serde(default = "rules::first", skip_serializing_if = "rules::is_first")]
    pub rules: u32,
    /// The school's name.
    pub school: String,
    /// The school's id.
    pub school_id: SchoolId,
    /// The week.
    pub week: Week,
    /// Number of the teaching week, from 1; none outside a semester.
    pub teaching_week: Option<u32>,
    /// Slots with a planned lesson.
    pub planned_slots: u32,
    /// Visits (人次).
    pub visits: u32,
    /// Distinct slots visited (节次), those without a planned lesson included.
    pub visited_slots: u32,
    /// Classes that exist in the week.
    pub classes_total: u32,
    /// Those visited.
    pub classes_visited: u32,
    /// How far the timetable was kept.
    pub consistency: Consistency,
    /// What that is made of.
    pub consistency_parts: ConsistencyParts,
    /// Displacement by planned subject; every subject with a checked slot is listed.
    pub displacement_by_subject: BTreeMap<String, Displacement>,
    /// Which subject took which one's slots.
    pub displacement_matrix: Vec<Taking>,
    /// Subjects that took slots → how many.
    pub displacement_takers: BTreeMap<String, u32>,
    /// Planned subject → checked slots given to self-study.
    pub self_study_by_subject: BTreeMap<String, u32>,
    /// Delivery by planned subject; protected subjects are listed even if unchecked.
    pub delivery_by_subject: BTreeMap<String, Delivery>,
    /// Ratings over all dimensions; bulk visits left out.
    pub ratings: LevelCounts,
    /// Ratings by dimension of the rubric.
    pub ratings_by_dimension: BTreeMap<String, LevelCounts>,
    /// Visits with a rating; bulk visits left out.
    pub rating_visits: u32,
    /// What the counts of levels come to; absent from editions of older rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_shares: Option<RatingShares>,
    /// How many highlights.
    pub highlights: u32,
    /// How many improvements.
    pub improvements: u32,
    /// Highlights by subject.
    pub highlights_by_subject: BTreeMap<String, Vec<Remark>>,
    /// Highlights per 10 visits by subject; empty in editions of older rules.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub highlight_rates: BTreeMap<String, HighlightRate>,
    /// Improvements by subject.
    pub improvements_by_subject: BTreeMap<String, Vec<Remark>>,
    /// Category code → how many findings.
    pub findings_by_category: BTreeMap<String, u32>,
    /// Findings by category, with where they were made.
    pub findings: Vec<FindingGroup>,
    /// Visits that led to a rectification notice, of all visits; absent from editions of older rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rectification_notices: Option<u32>,
    /// What came back within four weeks, and what many classes have; absent from editions of older rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
    /// The last weeks beside each other; absent from editions of older rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
    /// What of the plan was seen, and what was not.
    pub coverage: Coverage,
    /// Who did how much.
    pub inspectors: Vec<InspectorWork>,
    /// How inspectors rate beside each other; absent from editions of older rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// What a reader must know about the data.
    pub data_notes: Vec<DataNote>,
    /// Figure key → the visits behind it, those of earlier weeks included, such as `displacement.音乐`, `findings.TT01`,
    /// `ratings.poor`, `consistency.inconsistent`, `coverage.grade.3`. A figure of 0 has no key.
    pub trace: BTreeMap<String, Vec<VisitId>>,
    /// What each visit said, in short: by it the next edition tells what changed.
    pub visit_digests: BTreeMap<VisitId, VisitDigest>,
}

/// Compiles the log of a week (domain, section 7).
pub fn compile(input: &LogInput<'_>) -> WeeklyLog {
    let week = Gathered::new(input);
    let mut trace = Trace::default();
    for seen in &week.visits {
        trace.visit("visits", seen.id());
    }
    let (consistency, consistency_parts) = consistency(&week, &mut trace);
    let Displacements { by_subject, matrix, takers, self_study, delivery } = displacements(&week, &mut trace);
    let Ratings { all, by_dimension, visits: rating_visits, shares } = ratings(&week, &mut trace);
    let highlights_by_subject = highlights(&week, &mut trace);
    let improvements_by_subject = improvements(&week, &mut trace);
    let findings = findings(&week, &mut trace);

    WeeklyLog {
        rules: RULES,
        school: input.book.name.clone(),
        school_id: input.school,
        week: input.week,
        teaching_week: input.teaching_week,
        planned_slots: count(week.planned.len()),
        visits: count(week.visits.len()),
        visited_slots: count(week.slots.len()),
        classes_total: count(input.class_names.len()),
        classes_visited: count(classes_visited(&week).len()),
        consistency,
        consistency_parts,
        data_notes: notes(&week, &by_subject),
        displacement_by_subject: by_subject,
        displacement_matrix: matrix,
        displacement_takers: takers,
        self_study_by_subject: self_study,
        delivery_by_subject: delivery,
        ratings: all,
        ratings_by_dimension: by_dimension,
        rating_visits,
        rating_shares: Some(shares),
        highlights: total(&highlights_by_subject),
        improvements: total(&improvements_by_subject),
        highlight_rates: highlight_rates(&week, &highlights_by_subject, &mut trace),
        highlights_by_subject,
        improvements_by_subject,
        findings_by_category: findings.iter().map(|group| (group.code.clone(), group.count)).collect(),
        findings,
        rectification_notices: Some(rectification_notices(&week, &mut trace)),
        repeats: Some(repeats(&week, &mut trace)),
        trend: Some(trend(&week, &mut trace)),
        coverage: coverage(&week, &mut trace),
        inspectors: inspectors(&week, &mut trace),
        comparison: Some(comparison(&week, &mut trace)),
        visit_digests: digests(&week),
        trace: trace.finish(),
    }
}
