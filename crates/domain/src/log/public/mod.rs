//! The public edition: a projection that names nobody (domain, section 6, publication table).
//!
//! Dropped: names of teachers and inspectors and of who published, what was written about
//! improvements, findings and in remarks, ids of visits, who took whose slots, self-study and delivery,
//! and red-line findings altogether. Negative counts are shown by subject or by grade, never by both,
//! and small cells are hidden together with what would give them away. Highlights keep their text
//! and class, unless the text speaks of a person.

mod counts;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use crate::log::edition::{ContentHash, Edition};
use crate::log::public::counts::{Counts, counts, whole_school_is_small};
use crate::log::public::people::People;
use crate::log::{
    ChangeKind, ClassNotSeen, GradeCoverage, LevelCounts, NoteKind, Remark, SubjectCoverage, WeekdayCoverage,
};
use crate::week::Week;

/// A log as anybody may read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublicLog {
    /// The school's name.
    pub school: String,
    /// The week.
    pub week: Week,
    /// Number of the teaching week, from 1.
    pub teaching_week: Option<u32>,
    /// Number of the edition, from 1.
    pub edition: u32,
    /// When it was published.
    pub published_at: DateTime<FixedOffset>,
    /// The root over the visits it tells: by it their authors can check that theirs are among them; none in editions
    /// from before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits_root: Option<ContentHash>,
    /// How many visits changed since the edition before, by kind of change.
    pub changes: BTreeMap<ChangeKind, u32>,
    /// Slots with a planned lesson.
    pub planned_slots: u32,
    /// Visits (人次).
    pub visits: u32,
    /// Distinct slots visited (节次).
    pub visited_slots: u32,
    /// Classes.
    pub classes_total: u32,
    /// Those visited.
    pub classes_visited: u32,
    /// What of the plan was seen.
    pub coverage: PublicCoverage,
    /// How far the timetable was kept.
    pub consistency: PublicConsistency,
    /// Displacement by planned subject.
    pub displacement_by_subject: BTreeMap<String, PublicDisplacement>,
    /// Ratings over all dimensions; none below 5 rated visits or with one teacher in the school.
    pub ratings: Option<LevelCounts>,
    /// Ratings by dimension; empty where `ratings` is none.
    pub ratings_by_dimension: BTreeMap<String, LevelCounts>,
    /// How many highlights, those not shown included.
    pub highlights: u32,
    /// Highlights that speak of no person, in the order of subjects and slots.
    pub highlights_shown: Vec<PublicHighlight>,
    /// How many improvements.
    pub improvements: u32,
    /// Findings by category; red lines left out. Empty where even the school's totals are small cells:
    /// an empty list does not say that nothing was found.
    pub findings: Vec<PublicFindings>,
    /// Findings of all those categories by grade; empty likewise.
    pub findings_by_grade: Vec<PublicGradeFindings>,
    /// What a reader must know about the data.
    pub data_notes: BTreeMap<NoteKind, u32>,
}

/// Coverage, which says nothing about anybody's teaching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicCoverage {
    /// By grade.
    pub by_grade: Vec<GradeCoverage>,
    /// By planned subject.
    pub by_subject: BTreeMap<String, SubjectCoverage>,
    /// By weekday.
    pub by_weekday: Vec<WeekdayCoverage>,
    /// Classes without a visit.
    pub classes_not_seen: Vec<ClassNotSeen>,
    /// Planned subjects without a visit.
    pub subjects_not_seen: Vec<String>,
}

/// Consistency with its small cells hidden.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublicConsistency {
    /// Slots the rate speaks of.
    pub checked: u32,
    /// As planned; none if hidden.
    pub consistent: Option<u32>,
    /// Not as planned; none if hidden.
    pub inconsistent: Option<u32>,
    /// 95 % Wilson interval of consistent / checked; none if hidden.
    pub wilson95: Option<[f64; 2]>,
    /// Whether the counts are hidden (shown as "—").
    pub hidden: bool,
}

/// Displacement of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicDisplacement {
    /// Checked slots.
    pub checked: u32,
    /// Those displaced; none if hidden.
    pub displaced: Option<u32>,
    /// Whether the count is hidden (shown as "—").
    pub hidden: bool,
}

/// A count that may be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicCount {
    /// The count; none if hidden.
    pub count: Option<u32>,
    /// Whether it is hidden (shown as "—").
    pub hidden: bool,
}

/// A highlight that speaks of no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicHighlight {
    /// The subject.
    pub subject: String,
    /// The class.
    pub class: String,
    /// What was good.
    pub text: String,
}

/// Findings of a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicFindings {
    /// Such as `TT01`.
    pub code: String,
    /// Such as 挤占.
    pub name: String,
    /// How many in the school.
    pub total: u32,
    /// By subject; the same subjects under every category, so that a row tells nothing by being there.
    pub by_subject: BTreeMap<String, PublicCount>,
}

/// Findings of a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicGradeFindings {
    /// The grade; none for classes that have none.
    pub grade: Option<u32>,
    /// How many, over all categories shown.
    pub findings: PublicCount,
}

/// What of an edition anybody may read. `teacher_names` are all of the school, retired ones included.
pub fn public(edition: &Edition, teacher_names: &BTreeSet<String>) -> PublicLog {
    let log = &edition.log;
    let people = People::new(log, teacher_names);
    let Counts { consistency, displacement, findings, findings_by_grade } = counts(log);
    let rated = !whole_school_is_small(log, log.rating_visits);
    PublicLog {
        school: log.school.clone(),
        week: edition.week,
        teaching_week: log.teaching_week,
        edition: edition.number,
        published_at: edition.published_at,
        visits_root: edition.visits_root.clone(),
        changes: edition.changes.iter().fold(BTreeMap::new(), |mut kinds, change| {
            *kinds.entry(change.kind).or_default() += 1;
            kinds
        }),
        planned_slots: log.planned_slots,
        visits: log.visits,
        visited_slots: log.visited_slots,
        classes_total: log.classes_total,
        classes_visited: log.classes_visited,
        coverage: PublicCoverage {
            by_grade: log.coverage.by_grade.clone(),
            by_subject: log.coverage.by_subject.clone(),
            by_weekday: log.coverage.by_weekday.clone(),
            classes_not_seen: log.coverage.classes_not_seen.clone(),
            subjects_not_seen: log.coverage.subjects_not_seen.clone(),
        },
        consistency,
        displacement_by_subject: displacement,
        ratings: rated.then_some(log.ratings),
        ratings_by_dimension: if rated { log.ratings_by_dimension.clone() } else { BTreeMap::new() },
        highlights: log.highlights,
        highlights_shown: log
            .highlights_by_subject
            .values()
            .flatten()
            .filter_map(|remark| highlight(remark, &people))
            .collect(),
        improvements: log.improvements,
        findings,
        findings_by_grade,
        data_notes: log.data_notes.iter().fold(BTreeMap::new(), |mut kinds, note| {
            *kinds.entry(note.kind).or_default() += note.count;
            kinds
        }),
    }
}

fn highlight(remark: &Remark, people: &People) -> Option<PublicHighlight> {
    let Remark { subject, place, text, .. } = remark;
    let shown = PublicHighlight { subject: subject.clone(), class: place.class.clone(), text: text.clone() };
    (!people.are_in(text)).then_some(shown)
}
