//! A school's reference data as typed values: what a visit is held against.
//!
//! Built from the records of the school's stream, on the phone as on the server.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ClassId, LessonChangeId, SubjectId, TeacherId, TimetableId, UserId};
use crate::record_type::RecordType;
use crate::settings::SchoolSettings;

/// Everything of one school that resolving a slot, judging a visit and compiling a log need.
#[derive(Clone, Debug, Default)]
pub struct SchoolBook {
    /// The school's name.
    pub name: String,
    /// The school's time zone; `Asia/Shanghai` unless set.
    pub time_zone: Option<Tz>,
    /// What the school sets for itself.
    pub settings: SchoolSettings,
    /// Classes, retired ones included.
    pub classes: BTreeMap<ClassId, Class>,
    /// Teachers, retired ones included.
    pub teachers: BTreeMap<TeacherId, Teacher>,
    /// The subjects that are a teacher's own, for those of whom the school says so (fields `subjects/<subject>`).
    pub own_subjects: BTreeMap<TeacherId, BTreeSet<SubjectId>>,
    /// Subjects, retired ones included.
    pub subjects: BTreeMap<SubjectId, Subject>,
    /// Bell schedules in no particular order.
    pub bell_schedules: Vec<BellSchedule>,
    /// Timetable versions.
    pub timetables: BTreeMap<TimetableId, Timetable>,
    /// Semesters.
    pub semesters: Vec<Semester>,
    /// Days that differ from their weekday.
    pub calendar_days: Vec<CalendarDay>,
    /// Lesson changes of every status.
    pub lesson_changes: BTreeMap<LessonChangeId, LessonChange>,
    /// Problem categories by code.
    pub problem_categories: BTreeMap<String, ProblemCategory>,
    /// Records whose fields do not read: left out, and said so.
    pub unreadable: Vec<(RecordType, Uuid)>,
}

impl SchoolBook {
    /// The time zone the school lives by.
    pub fn zone(&self) -> Tz {
        self.time_zone.unwrap_or(Tz::Asia__Shanghai)
    }
}

/// A class: cohort and number are its identity, the display name is derived (domain, section 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Year of entry (级): 2024 for pupils who began in autumn 2024.
    pub cohort: i32,
    /// Number within the cohort, from 1.
    pub number: u32,
    /// Grade of entry: 1 for primary, 7 for junior secondary (6 under 五四制).
    #[serde(default = "first_grade")]
    pub entry_grade: u32,
    /// From this date on the class is no longer there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

const fn first_grade() -> u32 {
    1
}

/// A teacher of the school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Teacher {
    /// The name as on the timetable.
    pub name: String,
    /// The account of the teacher, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// From this date on the teacher is no longer there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

/// A subject of the school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The name, such as 音乐.
    pub name: String,
    /// Other names that mean it, such as 音.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// One of 音体美劳科信心理: its displacement is watched most.
    #[serde(default)]
    pub protected: bool,
    /// From this date on the subject is no longer taught.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

/// Kinds of periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodKind {
    /// 早读.
    MorningReading,
    /// A lesson; the only kind that counts toward the plan.
    Lesson,
    /// 大课间.
    Break,
    /// 午休.
    Noon,
    /// 课后服务.
    AfterSchool,
    /// 晚自习.
    Evening,
}

/// A period of the day. The label names it; its place in the list orders it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Such as `第1节`; a label, not a row number.
    pub label: String,
    /// What kind of period.
    pub kind: PeriodKind,
    /// Local time it begins (`08:30`).
    #[serde(with = "hour_minute")]
    pub start: NaiveTime,
    /// Local time it ends.
    #[serde(with = "hour_minute")]
    pub end: NaiveTime,
}

/// When periods begin and end, for some grades and some time of the year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BellSchedule {
    /// The name, such as 冬季作息.
    pub name: String,
    /// First day it holds.
    pub valid_from: NaiveDate,
    /// Last day it holds; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// Grades it holds for; all if empty.
    #[serde(default)]
    pub grades: Vec<u32>,
    /// The periods in the order of the day.
    pub periods: Vec<Period>,
    /// From this date on it is no longer used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

/// In which teaching weeks a lesson is taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LessonWeeks {
    /// Every week.
    #[default]
    All,
    /// 单周.
    Odd,
    /// 双周.
    Even,
    /// 第 from–to 周, both included.
    Range(u32, u32),
}

/// One lesson of a class's week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// 1 Monday – 7 Sunday.
    pub weekday: u32,
    /// Label of the bell schedule.
    pub period: String,
    /// What is taught.
    pub subject: SubjectId,
    /// By whom, where the timetable says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<TeacherId>,
    /// In which weeks.
    #[serde(default)]
    pub weeks: LessonWeeks,
}

/// A version of the timetable. The one in force on a date is the one with the latest `valid_from`
/// not after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// The name, such as 2026A-v3.
    pub name: String,
    /// First day it is in force.
    pub valid_from: NaiveDate,
    /// The lessons of each class (fields `grid/<class>`).
    pub grid: BTreeMap<ClassId, Vec<Lesson>>,
    /// From this date on the version is no longer in force.
    pub retired: Option<NaiveDate>,
}

/// Odd or even teaching week (单双周).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parity {
    /// 单周.
    Odd,
    /// 双周.
    Even,
}

/// A declared teaching week, where it differs from plain counting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeachingWeek {
    /// Its Monday.
    pub start: NaiveDate,
    /// Its parity, where the school sets it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parity: Option<Parity>,
}

/// A semester (学期).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Semester {
    /// Such as `2026-2027`.
    pub school_year: String,
    /// 1 autumn, 2 spring.
    pub term: u32,
    /// First day of lessons.
    pub first_day: NaiveDate,
    /// Last day of lessons.
    pub last_day: NaiveDate,
    /// Monday of teaching week 1.
    pub week_one: NaiveDate,
    /// Declared weeks by number (fields `weeks/<number>`); the others are counted from `week_one`.
    pub weeks: BTreeMap<u32, TeachingWeek>,
    /// No longer used.
    pub retired: Option<NaiveDate>,
}

/// How a day differs from its weekday (domain, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// No lessons.
    Holiday,
    /// A weekend day that follows another weekday.
    Makeup,
    /// An ordinary day that follows another weekday.
    Swap,
    /// Lessons only up to `to_period`, or only from `from_period`.
    HalfDay,
    /// An event in place of lessons, between `from_period` and `to_period` if given.
    Event,
}

/// A day that differs from its weekday.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    /// The date.
    pub date: NaiveDate,
    /// How it differs.
    pub kind: DayKind,
    /// The weekday whose lessons are taught, 1–7; required for makeup and swap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_weekday: Option<u32>,
    /// The parity followed, where set by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_parity: Option<Parity>,
    /// First period concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_period: Option<String>,
    /// Last period concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_period: Option<String>,
    /// The reason, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// No longer valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

/// 调课, 代课, 停课.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// 调课: two lessons of a class change places.
    Swap,
    /// 代课: another teacher, or another subject, takes the lesson.
    Substitution,
    /// 停课: the lesson is not held.
    Cancellation,
}

/// Where a lesson change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStatus {
    /// Filed, not decided.
    Filed,
    /// Approved: it counts.
    Approved,
    /// Refused: it does not.
    Rejected,
}

/// Where a swapped lesson goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapWith {
    /// The other date.
    pub date: NaiveDate,
    /// The other period's label.
    pub period: String,
}

/// A change of one lesson (two, for a swap).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonChange {
    /// What kind of change.
    pub kind: ChangeKind,
    /// The class concerned.
    pub class: ClassId,
    /// The date of the lesson.
    pub date: NaiveDate,
    /// Its period's label.
    pub period: String,
    /// For a swap: the other lesson of the class; each is expected in the other's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<SwapWith>,
    /// For a substitution: the subject now taught, if another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// For a substitution: who teaches now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<TeacherId>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Only an approved change counts.
    pub status: ChangeStatus,
    /// No longer valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

/// A kind of problem (domain, section 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemCategory {
    /// Such as `TT01`.
    pub code: String,
    /// Such as 挤占.
    pub name: String,
    /// Default severity, 1–4.
    pub severity: u8,
    /// No longer used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

mod hour_minute {
    //! `08:30` in JSON.
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(super) fn serialize<S: Serializer>(time: &NaiveTime, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&time.format("%H:%M").to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(from)?;
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map_err(|_| serde::de::Error::custom("write a time as 08:30"))
    }
}
