//! The parts of a preview, as the API shows what the domain has read.

use serde::Serialize;
use utoipa::ToSchema;
use xunke_domain::timetable_csv::RowFlaw;
use xunke_domain::workbook::desk::{Problem, Severity};
use xunke_domain::workbook::found::Layout;
use xunke_domain::workbook::lessons::Clash;
use xunke_domain::workbook::questions::{Choice, Question, QuestionKind};
use xunke_domain::workbook::reading::SheetRead;
use xunke_domain::workbook::sheet::Place;
use xunke_domain::workbook::summary::{ClassRead, SubjectHours};

/// Something about a file that people should know.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileProblem {
    /// `error`: nothing is imported until it is mended; `warning`; `notice`.
    #[schema(value_type = String)]
    severity: Severity,
    /// Where, such as `三(2)班!D7`; empty for the file as a whole.
    place: String,
    /// The header of the column, in a long table; else empty.
    column: String,
    /// What.
    detail: String,
}

impl From<&Problem> for FileProblem {
    fn from(problem: &Problem) -> Self {
        let Problem { severity, place, column, detail } = problem.clone();
        Self { severity, place: place.to_string(), column, detail }
    }
}

impl FileProblem {
    /// What is wrong with a lesson once its names are looked up.
    pub(super) fn of_row(flaw: &RowFlaw, place: Option<&Place>) -> Self {
        let RowFlaw { line: _, column, detail } = flaw.clone();
        let place = place.map(ToString::to_string).unwrap_or_default();
        Self { severity: Severity::Error, place, column, detail }
    }
}

/// Something that is read in one way or the other only when a person says so.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileQuestion {
    /// The same for the same question about the same words; answers are sent by it.
    id: String,
    /// `pair`, `hours`, `namesake`, `surname`, `subject`, `class`, `hidden` or `red`.
    #[schema(value_type = String)]
    kind: QuestionKind,
    /// The question.
    detail: String,
    /// What may be answered.
    options: Vec<FileChoice>,
    /// Whether a text of one's own is an answer, too.
    open: bool,
    /// What is taken if nobody answers; without it the import waits.
    default: Option<String>,
    /// What was answered.
    answer: Option<String>,
    /// Where it came up, the first twenty.
    places: Vec<String>,
    /// How often it came up.
    times: u32,
}

/// An answer that may be given.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileChoice {
    /// What to send.
    value: String,
    /// What it means.
    label: String,
}

impl From<Question> for FileQuestion {
    fn from(question: Question) -> Self {
        let Question { id, kind, detail, options, open, default, answer, places, times } = question;
        let options =
            options.into_iter().map(|Choice { value, label }| FileChoice { value, label }).collect();
        let places = places.iter().map(ToString::to_string).collect();
        Self { id, kind, detail, options, open, default, answer, places, times }
    }
}

/// What a sheet was taken for.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileSheet {
    /// Its name; empty for a CSV.
    name: String,
    /// `class_sheet`, `school_matrix`, `class_rows`, `teacher_sheet` or `long_table`; absent if it was left out.
    #[schema(value_type = Option<String>)]
    layout: Option<Layout>,
    /// Cells of the week, or rows, that were read from it.
    cells: usize,
}

impl From<SheetRead> for FileSheet {
    fn from(sheet: SheetRead) -> Self {
        let SheetRead { name, layout, cells } = sheet;
        Self { name, layout, cells }
    }
}

/// A class as it was read.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileClass {
    /// Its name.
    class_name: String,
    /// Hours a week; what is taught every other week is half an hour.
    hours: f64,
    /// Hours the plan has: 26, 30 or 34.
    planned: Option<f64>,
    /// Hours the file itself says.
    stated: Option<f64>,
    /// Hours of each subject of the plan the school goes by, and of what is in no plan.
    subjects: Vec<FileHours>,
}

/// The hours of a subject in a class.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileHours {
    /// The subject.
    subject: String,
    /// Hours a week.
    hours: f64,
    /// Hours the plan of the school has, where it has a table.
    planned: Option<f64>,
}

impl From<ClassRead> for FileClass {
    fn from(class: ClassRead) -> Self {
        let ClassRead { class_name, hours, planned, stated, subjects } = class;
        let of = |SubjectHours { subject, hours, planned }| FileHours { subject, hours, planned };
        Self { class_name, hours, planned, stated, subjects: subjects.into_iter().map(of).collect() }
    }
}

/// Something that cannot be held as planned.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct FileClash {
    /// `teacher`: one in several classes at once; `class`: several lessons at once; `total`: hours unlike the plan's.
    kind: &'static str,
    /// The classes.
    classes: Vec<String>,
    /// Who, for `teacher`.
    #[serde(skip_serializing_if = "Option::is_none")]
    teacher: Option<String>,
    /// 1 Monday – 7 Sunday.
    #[serde(skip_serializing_if = "Option::is_none")]
    weekday: Option<u32>,
    /// The period's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<String>,
    /// What is taught there, for `class`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<String>,
    /// The cells that say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<String>,
    /// Hours that were read, for `total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<f64>,
    /// Hours the plan has, for `total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<f64>,
}

impl From<Clash> for FileClash {
    fn from(clash: Clash) -> Self {
        let told = |places: Vec<Place>| places.iter().map(ToString::to_string).collect();
        match clash {
            Clash::Teacher { teacher, weekday, period, classes, places } => Self {
                kind: "teacher",
                classes,
                teacher: Some(teacher),
                weekday: Some(weekday),
                period: Some(period),
                places: told(places),
                ..Self::default()
            },
            Clash::Class { class_name, weekday, period, subjects, places } => Self {
                kind: "class",
                classes: vec![class_name],
                weekday: Some(weekday),
                period: Some(period),
                subjects,
                places: told(places),
                ..Self::default()
            },
            Clash::Total { class_name, hours, planned } => Self {
                kind: "total",
                classes: vec![class_name],
                hours: Some(hours),
                planned: Some(planned),
                ..Self::default()
            },
        }
    }
}
