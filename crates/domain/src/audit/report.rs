//! What the curriculum audit says.

use chrono::NaiveDate;
use serde::Serialize;

use super::class_report::ClassAudit;
use crate::book::Timetable;
use crate::ids::{ClassId, TimetableId};
use crate::plan::{CourseKind, CurriculumPlan};

/// The curriculum audit of a school.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    /// The school's name.
    pub school: String,
    /// The date whose timetable, bell schedules and grades hold.
    pub on: NaiveDate,
    /// The timetable in force; none: there is nothing to audit.
    pub timetable: Option<TimetableVersion>,
    /// The plan it is held against.
    pub plan: PlanUsed,
    /// The classes, by grade and number.
    pub classes: Vec<ClassAudit>,
    /// Classes that are not judged, and why.
    pub not_judged: Vec<NotJudged>,
    /// Each subject over all classes, in the plan's order.
    pub subjects: Vec<SubjectAcross>,
    /// Shares of the nine years' hours; none if the plan says nothing of them.
    pub nine_years: Option<NineYears>,
    /// What readers should know of the figures.
    pub notes: Vec<AuditNote>,
}

/// A version of the timetable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimetableVersion {
    /// Which.
    pub id: TimetableId,
    /// Its name.
    pub name: String,
    /// First day it is in force.
    pub valid_from: NaiveDate,
}

impl TimetableVersion {
    pub(super) fn of(id: TimetableId, timetable: &Timetable) -> Self {
        Self { id, name: timetable.name.clone(), valid_from: timetable.valid_from }
    }
}

/// The plan an audit goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanUsed {
    /// Authority, version and system, such as `national/2022/6-3`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub source: String,
    /// Whether its hours of subjects are an official table. If not, what falls short of it does not yet break a rule.
    pub official_table: bool,
    /// What readers must know.
    pub note: Option<String>,
    /// Whether the school brought it.
    pub own: bool,
}

impl PlanUsed {
    pub(super) fn of(plan: &CurriculumPlan, own: bool) -> Self {
        Self {
            key: plan.key(),
            name: plan.name.clone(),
            source: plan.source.clone(),
            official_table: plan.official_table,
            note: plan.note.clone(),
            own,
        }
    }
}

/// A class that is not judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotJudged {
    /// Which.
    pub class: ClassId,
    /// Its name.
    pub name: String,
    /// Why.
    pub why: WhyNotJudged,
}

/// Why a class is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNotJudged {
    /// The timetable in force has no lessons of it, or none is in force.
    NoLessons,
    /// It has lessons, but has not begun yet or has left.
    NoGrade,
    /// The plan does not speak of its grade.
    NotInPlan,
}

/// What readers should know of the figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AuditNote {
    /// A setting of the school does not read; what holds without it was taken.
    UnreadableSetting {
        /// Its name.
        name: String,
    },
    /// Some periods are in no bell schedule: a standard hour was taken for each. The lessons say so.
    MinutesAssumed,
}

/// A subject over all classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubjectAcross {
    /// What the plan calls it.
    pub subject: String,
    /// Whose decision it is.
    pub kind: CourseKind,
    /// Classes in which it is due.
    pub due: u32,
    /// Those of them in which it is taught.
    pub offered: u32,
    /// Those of them that have its hours; not counted where the plan says nothing of hours.
    pub enough: u32,
    /// Hours a week missing in all of them.
    pub shortfall_hours: f64,
    /// The same in minutes.
    pub shortfall_minutes: f64,
    /// Names of the classes in which it is not taught or short.
    pub classes: Vec<String>,
}

/// Shares of the nine years' hours. The bands are a check of a plan, not of a school's week.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NineYears {
    /// Hours of nine years in the plan; none without a table.
    pub plan_hours: Option<f64>,
    /// Grades that the school's classes are of.
    pub grades: Vec<u32>,
    /// Hours that a pupil has in these grades by the timetable of now, the mean of each grade's classes.
    pub taught_hours: f64,
    /// Whether these are all nine grades: only then are the school's shares held against the bands.
    pub complete: bool,
    /// The groups of subjects.
    pub groups: Vec<ShareRow>,
}

/// A group of subjects and its share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareRow {
    /// What they are called together.
    pub name: String,
    /// The subjects of the plan.
    pub subjects: Vec<String>,
    /// At least, percent.
    pub from: f64,
    /// At most, percent.
    pub to: f64,
    /// Hours of nine years in the plan.
    pub plan_hours: Option<f64>,
    /// Their share, percent.
    pub plan_percent: Option<f64>,
    /// Whether the plan is within the band.
    pub plan_within: Option<bool>,
    /// Hours by the timetable of now in the grades the school has.
    pub taught_hours: f64,
    /// Their share of what is taught in these grades, percent.
    pub taught_percent: Option<f64>,
    /// Whether that is within the band; only told for all nine grades.
    pub taught_within: Option<bool>,
}
