//! What the curriculum audit says of a class.

use serde::Serialize;

use crate::book::LessonWeeks;
use crate::ids::ClassId;
use crate::plan::CourseKind;

/// A lesson of the week that figures are made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CountedLesson {
    /// 1 Monday – 7 Sunday.
    pub weekday: u32,
    /// The period's label.
    pub period: String,
    /// What the school calls the subject.
    pub subject: String,
    /// In which weeks it is taught.
    pub weeks: LessonWeeks,
    /// How often a week it is taught: 0.5 for odd or even weeks, less for groups beside each other.
    pub weekly: f64,
    /// Minutes of one such lesson, by the bell schedule.
    pub minutes: f64,
    /// No bell schedule has the period: its minutes are those of a standard hour.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
}

/// Why a lesson counts for nothing (domain, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyUncounted {
    /// The period is no lesson: 早读, 课后服务, 午休 …
    Period,
    /// What is taught is none: 自习, 社团 …
    Subject,
}

/// A lesson that counts for nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UncountedLesson {
    /// Why.
    pub why: WhyUncounted,
    /// The lesson.
    #[serde(flatten)]
    pub lesson: CountedLesson,
}

/// One class against the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassAudit {
    /// Which.
    pub class: ClassId,
    /// Its name.
    pub name: String,
    /// Its grade.
    pub grade: u32,
    /// Its number within the grade.
    pub number: u32,
    /// Minutes of a standard hour of its grade.
    pub standard_minutes: f64,
    /// 开齐: every required subject is taught.
    pub all_offered: bool,
    /// 开足: every required subject has its hours.
    pub all_enough: bool,
    /// The week as a whole.
    pub total: TotalRow,
    /// The subjects of the plan that are due or taught.
    pub subjects: Vec<SubjectRow>,
    /// What is taught and in no plan.
    pub others: Vec<OtherRow>,
    /// What stands in the timetable and counts for nothing.
    pub uncounted: Vec<UncountedLesson>,
    /// Physical education under both thresholds.
    pub exercise: Option<ExerciseRow>,
    /// What is wrong, or worth a look.
    pub findings: Vec<ClassFinding>,
}

impl ClassAudit {
    pub(super) fn has_assumed_minutes(&self) -> bool {
        let of_plan = self.subjects.iter().flat_map(|row| &row.lessons);
        of_plan.chain(self.others.iter().flat_map(|row| &row.lessons)).any(|lesson| lesson.assumed)
    }
}

/// Where a subject of a class stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Due, and not taught.
    NotOffered,
    /// Taught, with less than its hours.
    Short,
    /// It has its hours.
    Enough,
    /// More than its hours.
    Over,
    /// Due and taught; the plan says nothing of its hours.
    Offered,
    /// Taught in a grade in which it is not due.
    Unplanned,
}

/// A subject of a class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubjectRow {
    /// What the plan calls it.
    pub subject: String,
    /// What is taught in its place, such as 生物学 and 物理 for 科学, or the other way round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taught_as: Vec<String>,
    /// Whose decision it is.
    pub kind: CourseKind,
    /// Whether 开齐 and 开足 ask for it: it is due, and a national subject.
    pub required: bool,
    /// Where it stands.
    pub standing: Standing,
    /// Hours a week.
    pub hours: f64,
    /// Minutes a week.
    pub minutes: f64,
    /// Hours of the plan's table, if it has one.
    pub planned_hours: Option<f64>,
    /// Hours below which no table may go, if there is such a rule.
    pub least_hours: Option<f64>,
    /// Hours missing of the table, or of the least where there is no table.
    pub shortfall_hours: f64,
    /// The same in minutes.
    pub shortfall_minutes: f64,
    /// Whether it is below the least.
    pub below_least: bool,
    /// Parts of it that may not be missing.
    pub parts: Vec<PartRow>,
    /// The lessons it is made of.
    pub lessons: Vec<CountedLesson>,
}

/// A part of a subject that may not be missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartRow {
    /// Its name.
    pub subject: String,
    /// Hours a week.
    pub hours: f64,
    /// Hours it must have; none: any.
    pub least_hours: Option<f64>,
    /// Whether it is there, with its hours.
    pub met: bool,
}

/// Something taught that the plan does not know.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherRow {
    /// What the school calls it.
    pub subject: String,
    /// Hours a week.
    pub hours: f64,
    /// Minutes a week.
    pub minutes: f64,
    /// The lessons it is made of.
    pub lessons: Vec<CountedLesson>,
}

/// The week of a class as a whole; made of all subjects and others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TotalRow {
    /// Hours a week.
    pub hours: f64,
    /// Minutes a week.
    pub minutes: f64,
    /// Hours of the plan: 26, 30 or 34.
    pub planned_hours: Option<f64>,
    /// The same in minutes.
    pub planned_minutes: Option<f64>,
    /// [`Standing::Short`], [`Standing::Enough`] or [`Standing::Over`]; [`Standing::Offered`] without a plan.
    pub standing: Standing,
    /// Hours above the plan; below it where negative.
    pub difference_hours: f64,
    /// The same in minutes.
    pub difference_minutes: f64,
}

/// Physical education under both thresholds (domain, section 3.1).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExerciseRow {
    /// The subject.
    pub subject: String,
    /// Hours a week of the subject itself.
    pub hours: f64,
    /// Hours the national plan asks for.
    pub national_hours: Option<f64>,
    /// Whether they are there.
    pub national_met: bool,
    /// Hours with what counts for the daily threshold only (体育活动课).
    pub daily_hours: f64,
    /// Hours that one a day makes.
    pub daily_due: f64,
    /// Whether they are there.
    pub daily_met: bool,
    /// Hours missing of one a day.
    pub daily_shortfall_hours: f64,
    /// The same in minutes.
    pub daily_shortfall_minutes: f64,
    /// Weekdays without any, 1 Monday – 5 Friday.
    pub days_without: Vec<u32>,
    /// The lessons it is made of, those that count for the daily threshold only included.
    pub lessons: Vec<CountedLesson>,
}

/// What is found in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// 未开齐: a required subject is not taught.
    NotOffered,
    /// 未开齐: a part of a required subject is not taught (音乐 in 艺术).
    PartNotOffered,
    /// Below the hours that no table may go below.
    BelowLeast,
    /// 未开足: a required subject has fewer hours than the table.
    Short,
    /// A part has fewer hours than it must (书法 in 语文).
    PartShort,
    /// 超课时: the week has more hours than the plan.
    TotalOver,
    /// The week has fewer hours than the plan.
    TotalShort,
    /// 语数外 above the plan: where others' hours usually go.
    MainOver,
}

/// Something found in a class. The lessons are those of the subject's row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassFinding {
    /// What.
    pub kind: FindingKind,
    /// The subject of the plan, or its part; none for the week as a whole.
    pub subject: Option<String>,
    /// Hours a week that are there.
    pub hours: f64,
    /// Hours a week that are due; none: any.
    pub due: Option<f64>,
    /// Hours missing, or too many.
    pub off_hours: f64,
    /// The same in minutes.
    pub off_minutes: f64,
}
