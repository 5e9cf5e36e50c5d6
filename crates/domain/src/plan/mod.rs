//! Curriculum plans: what each grade should be taught, and for how long (domain, section 3).
//!
//! Plans are data. [`bundled`] has the national one for both systems; a school may choose among them or bring its
//! province's in a setting ([`choice`]). One type serves the importer of timetables and the audit.

pub mod bundled;
pub mod choice;
pub(crate) mod names;
pub mod shares;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What two hours may differ by and still be equal (domain, section 3.3).
pub const EPSILON: f64 = 0.05;

/// A number for each grade from 1 on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerGrade(Vec<f64>);

impl PerGrade {
    /// The number of a grade; none where the list does not reach.
    pub fn at(&self, grade: u32) -> Option<f64> {
        let place = grade.checked_sub(1).and_then(|place| usize::try_from(place).ok())?;
        self.0.get(place).copied()
    }

    /// The numbers with their grades.
    pub fn each(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        (1..).zip(self.0.iter().copied())
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A plan, keyed by authority, version and system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurriculumPlan {
    /// Who issued it: `national`, or such as `江西省`.
    pub authority: String,
    /// Such as `2022`.
    pub version: String,
    /// 学制: `6-3` (六三) or `5-4` (五四).
    pub system: String,
    /// The name, for people.
    pub name: String,
    /// First day it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<NaiveDate>,
    /// Where it is written.
    #[serde(default)]
    pub source: String,
    /// Whether the hours of subjects are an official table.
    #[serde(default)]
    pub official_table: bool,
    /// What readers must know before they rely on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Weeks of a school year that count for the shares; none: the shares are not told.
    #[serde(default)]
    pub weeks: PerGrade,
    /// Hours of the week.
    pub weekly_total: PerGrade,
    /// Minutes of an hour (标准课时).
    pub lesson_minutes: PerGrade,
    /// The subjects, in the order in which they are told.
    pub subjects: Vec<PlannedSubject>,
    /// Those whose surplus is where others' hours usually go.
    #[serde(default)]
    pub main: Vec<String>,
    /// What is asked of physical education beside its hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise: Option<Exercise>,
    /// Subjects that one teacher's field includes, beside those that carry its name.
    #[serde(default)]
    pub fields: Vec<FieldOfTeaching>,
    /// Lessons that go with being a class's teacher: of no field, and no burden of another one.
    #[serde(default)]
    pub duties: Vec<String>,
    /// Shares of the nine years' hours.
    #[serde(default)]
    pub shares: Vec<ShareBand>,
}

/// Whose decision a subject is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CourseKind {
    /// 国家课程: required, and 开齐开足 is about these.
    #[default]
    National,
    /// 地方课程: told, not required.
    Local,
    /// 校本课程: told, not required.
    School,
}

/// A subject of a plan; it may include others (音乐 and 美术 in 艺术).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedSubject {
    /// Its name.
    pub subject: String,
    /// Whose decision it is.
    #[serde(default)]
    pub kind: CourseKind,
    /// Hours a week; empty where the plan has no table.
    #[serde(default)]
    pub weekly: PerGrade,
    /// Grades in which it must be taught, where there is no table.
    #[serde(default)]
    pub offered: Vec<u32>,
    /// Hours a week below which no table may go.
    #[serde(default)]
    pub minimum: PerGrade,
    /// Subjects whose hours count for it.
    #[serde(default)]
    pub includes: Vec<String>,
    /// Which of them may not be missing.
    #[serde(default)]
    pub parts: Vec<PlannedPart>,
    /// Subjects that may be taught in its place, or it in theirs (科学; 生物学, 物理, 化学).
    #[serde(default)]
    pub split: Vec<String>,
}

/// A part of a subject that may not be missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedPart {
    /// Its name.
    pub subject: String,
    /// Grades in which it must be taught; not asked where lessons bear the whole subject's name.
    #[serde(default)]
    pub offered: Vec<u32>,
    /// Hours a week it must have.
    #[serde(default)]
    pub minimum: PerGrade,
}

/// Physical education has a second threshold: every day (domain, section 3.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// The subject.
    pub subject: String,
    /// Hours a week that every day would need.
    pub daily: f64,
    /// What counts for this threshold only (体育活动课).
    #[serde(default)]
    pub daily_includes: Vec<String>,
}

/// A field and the subjects that belong to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldOfTeaching {
    /// The field.
    pub field: String,
    /// Subjects of it.
    pub subjects: Vec<String>,
}

/// How much of the nine years' hours some subjects may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareBand {
    /// What they are called together.
    pub name: String,
    /// The subjects of the plan.
    pub subjects: Vec<String>,
    /// At least, percent.
    pub from: f64,
    /// At most, percent.
    pub to: f64,
}

impl CurriculumPlan {
    /// Authority, version and system in one word, such as `national/2022/6-3`.
    pub fn key(&self) -> String {
        let Self { authority, version, system, .. } = self;
        format!("{authority}/{version}/{system}")
    }
}

impl PlannedSubject {
    /// Hours a week of a grade; none where the plan has no table for the subject.
    pub fn hours(&self, grade: u32) -> Option<f64> {
        (!self.weekly.is_empty()).then(|| self.weekly.at(grade).unwrap_or(0.0))
    }

    /// Hours below which a grade may not go, if there is such a rule.
    pub fn least(&self, grade: u32) -> Option<f64> {
        self.minimum.at(grade).filter(|hours| *hours > 0.0)
    }

    /// Whether the plan has it in a grade.
    pub fn is_due(&self, grade: u32) -> bool {
        self.offered.contains(&grade)
            || self.least(grade).is_some()
            || self.hours(grade).is_some_and(|hours| hours > 0.0)
    }
}
