//! What the audit says of teachers. Names are for those who may see them; the caller sees to that.

use chrono::NaiveDate;
use serde::Serialize;

use super::report::TimetableVersion;
use crate::book::LessonWeeks;
use crate::ids::{ClassId, TeacherId};
use crate::settings::LoadLimits;

/// The loads of a school's teachers on a date.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TeacherAudit {
    /// The school's name.
    pub school: String,
    /// The date whose timetable holds.
    pub on: NaiveDate,
    /// The timetable in force.
    pub timetable: Option<TimetableVersion>,
    /// When a teacher has too much: settings of the school.
    pub limits: LoadLimits,
    /// Those who teach, the largest loads first.
    pub teachers: Vec<TeacherRow>,
    /// 兼课过多: derived from the timetable in force, so they open by themselves and close only with another one.
    pub findings: Vec<LoadFinding>,
    /// Lessons a week of which the timetable does not say who teaches them.
    pub unnamed_lessons: f64,
}

/// The load of a teacher.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TeacherRow {
    /// Who.
    pub teacher: TeacherId,
    /// The name.
    pub name: String,
    /// Lessons a week; several classes at one time are one lesson.
    pub lessons: f64,
    /// Minutes a week.
    pub minutes: f64,
    /// Classes taught.
    pub classes: u32,
    /// Fields taught, duties of a class's teacher not counted.
    pub fields: Vec<String>,
    /// The teacher's own fields.
    pub own: Vec<String>,
    /// Where that is known from.
    pub own_from: OwnField,
    /// Lessons a week outside them, duties not counted.
    pub out_of_field_lessons: f64,
    /// Their share of all lessons but duties, percent; none if there are only duties.
    pub out_of_field_percent: Option<f64>,
    /// What is taught, the most first.
    pub subjects: Vec<TaughtSubject>,
}

/// Where a teacher's own field is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnField {
    /// The school says so in the teacher's record.
    Record,
    /// It says nothing: the field with the most lessons is taken.
    MostLessons,
    /// It says nothing, and there are only duties.
    Unknown,
}

/// A subject a teacher teaches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaughtSubject {
    /// What the school calls it.
    pub subject: String,
    /// Its field: 语文 for 书法.
    pub field: String,
    /// How it enters the share.
    pub part: LoadPart,
    /// Lessons a week.
    pub lessons: f64,
    /// Minutes a week.
    pub minutes: f64,
    /// The lessons it is made of.
    pub of: Vec<TaughtLesson>,
}

/// How a subject enters the share outside the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadPart {
    /// The teacher's own field.
    Own,
    /// Outside it.
    OutOfField,
    /// It goes with being a class's teacher.
    Duty,
}

/// A lesson of a teacher's week.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaughtLesson {
    /// The class.
    pub class: ClassId,
    /// Its name.
    pub class_name: String,
    /// 1 Monday – 7 Sunday.
    pub weekday: u32,
    /// The period's label.
    pub period: String,
    /// In which weeks it is taught.
    pub weeks: LessonWeeks,
    /// How often a week it counts; classes taught together share one lesson.
    pub weekly: f64,
    /// Minutes of one such lesson.
    pub minutes: f64,
}

/// How a teacher has too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadFindingKind {
    /// More fields than the limit.
    Subjects,
    /// More lessons a week than the limit.
    Lessons,
    /// A larger share outside the own field than the limit.
    OutOfField,
}

/// 兼课过多 of a teacher.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadFinding {
    /// Who.
    pub teacher: TeacherId,
    /// The name.
    pub name: String,
    /// How.
    pub kind: LoadFindingKind,
    /// What is: fields, lessons a week, or percent.
    pub value: f64,
    /// The limit it is above.
    pub limit: f64,
    /// The subjects it is made of; their lessons are in the teacher's row.
    pub subjects: Vec<String>,
    /// The version since which it holds without a break, by the limits of now.
    pub since: TimetableVersion,
}
