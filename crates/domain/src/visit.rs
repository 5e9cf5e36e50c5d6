//! A visit as typed values, read from the fields of its record.
//!
//! Field by field rules (for writes) live in the schema; this is what the log and the verdict read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ClassId, SubjectId, TeacherId, TimetableId, UserId, VisitId};
use crate::verdict::Verdict;

/// Passing many classes, or staying for the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitKind {
    /// 巡课.
    Walkthrough,
    /// 听课.
    LessonObservation,
}

/// Under whose authority the visit was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// 行政巡课, by the school.
    SchoolPatrol,
    /// 常态督查, by the bureau.
    BureauSupervision,
}

/// Where and when on the timetable: one class, one date, one period (by label).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// School-local date.
    pub date: NaiveDate,
    /// Label of the bell schedule, such as `第3节`; not a row number.
    pub period: String,
    /// The class.
    pub class: ClassId,
}

/// What was going on in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    /// A lesson was being taught.
    Lesson,
    /// Self-study.
    SelfStudy,
    /// Pupils without a teacher.
    NoTeacher,
    /// Nobody in the room.
    NoClass,
    /// An assembly.
    Assembly,
    /// An exam.
    Exam,
    /// Another activity.
    Activity,
}

/// What the inspector saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// The subject really taught.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// The teacher really there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<TeacherId>,
    /// What was going on.
    pub situation: Situation,
}

/// The planned lesson as the phone saw it when the visit was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The timetable version the phone held.
    pub timetable: TimetableId,
    /// The subject planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// The teacher planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<TeacherId>,
}

/// An ordinal level (优良中差); never converted between scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 优.
    Excellent,
    /// 良.
    Good,
    /// 中.
    Fair,
    /// 差.
    Poor,
}

/// What is to follow (处理意见).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// 无意见.
    None,
    /// 现场反馈建议.
    OnsiteAdvice,
    /// 整改通知书.
    RectifyNotice,
    /// 上报督导办.
    EscalateToOffice,
    /// 向科室协商.
    ConsultSection,
}

/// A highlight (亮点).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Highlight {
    /// What was good, 1–1000 characters.
    pub text: String,
    /// The subject it belongs to, if not the observed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// At most 10 short tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A point to improve (待改进之处).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Improvement {
    /// What could be better, 1–1000 characters.
    pub text: String,
}

/// A finding (存在问题) under a problem category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The category's code, such as `TT01` (domain, section 2.2).
    pub category: String,
    /// 1 提醒 · 2 一般 · 3 较重 · 4 红线.
    pub severity: u8,
    /// Required from severity 3 on; at most 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A visit, typed. Absent optional fields were never set or were removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// The record's id.
    pub id: VisitId,
    /// Who made it: the author of the record.
    pub inspector: UserId,
    /// Walkthrough unless said otherwise.
    pub kind: VisitKind,
    /// School patrol unless said otherwise.
    pub regime: Regime,
    /// Without it the visit is in no log.
    pub slot: Option<Slot>,
    /// The round it belongs to.
    pub round: Option<Uuid>,
    /// Who came along.
    pub companions: BTreeSet<UserId>,
    /// When the inspector came in, by the phone's clock.
    pub arrived_at: Option<DateTime<FixedOffset>>,
    /// When the inspector left, by the phone's clock.
    pub left_at: Option<DateTime<FixedOffset>>,
    /// What the phone held as planned.
    pub planned: Option<Planned>,
    /// What was seen.
    pub observed: Option<Observed>,
    /// The verdict of the phone.
    pub verdict: Option<Verdict>,
    /// The rubric version of the ratings.
    pub rubric: Option<Uuid>,
    /// Dimension → level.
    pub ratings: BTreeMap<String, Level>,
    /// Element → highlight.
    pub highlights: BTreeMap<String, Highlight>,
    /// Element → improvement.
    pub improvements: BTreeMap<String, Improvement>,
    /// Element → finding.
    pub findings: BTreeMap<String, Finding>,
    /// What is to follow.
    pub disposition: Option<Disposition>,
    /// Marked as part of "all normal": left out of ratings and consistency.
    pub bulk: bool,
    /// Absent: a draft, in no log.
    pub submitted_at: Option<DateTime<FixedOffset>>,
    /// Why it was withdrawn, if it was.
    pub withdrawn: Option<String>,
}
