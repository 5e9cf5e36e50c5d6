//! The kinds of records that flow through a school's stream (sync protocol, section 1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordType {
    /// A classroom visit; the one type phones write.
    Visit,
    /// The school itself: name, code, time zone, settings.
    School,
    /// A class (班级).
    Class,
    /// A teacher (教师).
    Teacher,
    /// A subject (学科).
    Subject,
    /// When periods begin and end (作息时间表).
    BellSchedule,
    /// A version of the timetable (课程表).
    Timetable,
    /// A semester with its teaching weeks (学期, 教学周).
    Semester,
    /// A day that differs from its weekday (节假日, 调休).
    CalendarDay,
    /// 调课, 代课, 停课.
    LessonChange,
    /// A version of the rating scale (评价量表).
    Rubric,
    /// A kind of problem (问题类型).
    ProblemCategory,
    /// A patrol task handed to an inspector (巡课任务).
    Assignment,
    /// The summary of a week's newest edition.
    PublishedLog,
}

impl RecordType {
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 14] = [
        Self::Visit,
        Self::School,
        Self::Class,
        Self::Teacher,
        Self::Subject,
        Self::BellSchedule,
        Self::Timetable,
        Self::Semester,
        Self::CalendarDay,
        Self::LessonChange,
        Self::Rubric,
        Self::ProblemCategory,
        Self::Assignment,
        Self::PublishedLog,
    ];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::School => "school",
            Self::Class => "class",
            Self::Teacher => "teacher",
            Self::Subject => "subject",
            Self::BellSchedule => "bell_schedule",
            Self::Timetable => "timetable",
            Self::Semester => "semester",
            Self::CalendarDay => "calendar_day",
            Self::LessonChange => "lesson_change",
            Self::Rubric => "rubric",
            Self::ProblemCategory => "problem_category",
            Self::Assignment => "assignment",
            Self::PublishedLog => "published_log",
        }
    }

    /// Whether devices may write it; the others go from server to device only.
    pub const fn is_two_way(self) -> bool {
        matches!(self, Self::Visit)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RecordType {
    type Err = UnknownRecordType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownRecordType)
    }
}

/// A text names no record type of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no record type of this name")]
pub struct UnknownRecordType;
