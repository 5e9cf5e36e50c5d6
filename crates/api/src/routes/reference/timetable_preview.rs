//! What a preview says of a file.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use xunke_domain::book::{SchoolBook, Timetable};
use xunke_domain::class_name::{display_name, grade_class_name};
use xunke_domain::ids::{ClassId, TimetableId};
use xunke_domain::resolve::Expected;
use xunke_domain::timetable_build::{
    Grid, MissingNames, build_grid_choosing, missing_names, same_version, with_missing,
};
use xunke_domain::timetable_compare::{TimetableComparison, compare};
use xunke_domain::timetable_csv::TimetableRow;
use xunke_domain::verdict::Verdict;
use xunke_domain::workbook::lessons::Clash;
use xunke_domain::workbook::reading::Reading;
use xunke_domain::workbook::sheet::Place;
use xunke_storage::intake::impact::VisitImpact;

use super::timetable_preview_parts::{FileClash, FileClass, FileProblem, FileQuestion, FileSheet};
use crate::app::App;
use crate::auth::guard::Here;
use crate::problem::ApiError;

/// Visits are named up to this many; `impact` counts all of them.
const MAX_VISITS: usize = 200;

/// A timetable file as it would be imported.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimetablePreview {
    /// Whether it can be imported as it is: no errors, and no question waits for its answer.
    importable: bool,
    /// Lessons that were read; one of odd and one of even weeks are two.
    lessons: usize,
    /// The version that has exactly these lessons from that day: an import would change nothing.
    unchanged: Option<Uuid>,
    /// What was read per class, hours against the plan.
    classes: Vec<FileClass>,
    /// What each sheet was taken for.
    sheets: Vec<FileSheet>,
    /// What is wrong or worth knowing; errors come first, and with one nothing can be imported.
    problems: Vec<FileProblem>,
    /// What only people can answer.
    questions: Vec<FileQuestion>,
    /// What cannot be held as planned; some schools plan so on purpose.
    clashes: Vec<FileClash>,
    /// What the school does not have yet; an import needs `create_missing` for it.
    missing: FileMissing,
    /// What would become of visits.
    impact: FileImpact,
    /// Cell by cell against the version in force that day (阴阳课表 where the file is the one that is really used):
    /// `cells`, `different`, `differences` with the lessons of both sides, and `subjects` whose sums differ. Null while
    /// the file cannot be imported, or where none is in force.
    #[schema(value_type = Option<Object>)]
    against: Option<TimetableComparison>,
}

/// Names the school does not have yet.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct FileMissing {
    /// Classes.
    classes: Vec<String>,
    /// Subjects.
    subjects: BTreeSet<String>,
    /// Teachers.
    teachers: BTreeSet<String>,
}

/// What would become of visits from that day on.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct FileImpact {
    /// Visits that would be judged otherwise.
    judged_otherwise: usize,
    /// Visits that are begun but not seen yet, and would find another lesson.
    moved: usize,
    /// The first two hundred of both.
    visits: Vec<FileVisit>,
}

/// A visit that would be judged otherwise, or would find another lesson.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileVisit {
    /// The visit.
    id: Uuid,
    /// Its date.
    date: NaiveDate,
    /// Its class.
    class_name: String,
    /// Its period.
    period: String,
    /// The verdict now.
    #[schema(value_type = Option<String>)]
    before: Option<Verdict>,
    /// The verdict as it would be.
    #[schema(value_type = Option<String>)]
    after: Option<Verdict>,
    /// The lessons expected now.
    expected_before: Vec<String>,
    /// The lessons that would be expected.
    expected_after: Vec<String>,
}

/// Completes a reading with what it would do to the school.
pub(super) async fn preview(
    app: &App,
    here: &Here,
    book: &SchoolBook,
    valid_from: NaiveDate,
    reading: Reading,
) -> Result<TimetablePreview, ApiError> {
    let mut importable = reading.is_complete();
    let rows: Vec<TimetableRow> = reading.lessons.iter().map(|lesson| lesson.row.clone()).collect();
    let chosen: BTreeMap<u64, _> =
        reading.lessons.iter().filter_map(|lesson| Some((lesson.row.line, lesson.teacher_id?))).collect();
    let missing = missing_names(book, &rows, valid_from);
    let would_be = with_missing(book, &missing, valid_from);
    let places: BTreeMap<u64, &Place> =
        reading.lessons.iter().map(|lesson| (lesson.row.line, &lesson.place)).collect();
    let mut problems: Vec<FileProblem> = reading.problems.iter().map(FileProblem::from).collect();
    let (mut unchanged, mut impact, mut against) = (None, FileImpact::default(), None);
    match build_grid_choosing(&would_be, &rows, &chosen, valid_from) {
        Ok(grid) if importable => {
            unchanged = same_version(book, &grid, valid_from).map(TimetableId::into_uuid);
            let posted = book.timetable_on(valid_from);
            against = posted.map(|(_, posted)| compare(&would_be, &posted.grid, &grid, valid_from));
            impact =
                self::impact(app, here, book, with_version(would_be, grid, valid_from), valid_from).await?;
        }
        Err(flaws) if importable => {
            importable = false;
            let told = |flaw| FileProblem::of_row(flaw, places.get(&flaw.line).copied());
            problems.splice(0..0, flaws.iter().map(told));
        }
        // What waits for an answer is told as a question, and errors stand among the problems.
        Ok(_) | Err(_) => {}
    }
    let Reading { lessons, classes, sheets, problems: _, questions, clashes } = reading;
    let MissingNames { classes: missing_classes, subjects, teachers } = missing;
    let missing_classes = missing_classes.into_iter().map(|(grade, number)| grade_class_name(grade, number));
    Ok(TimetablePreview {
        importable,
        lessons: lessons.len(),
        unchanged,
        classes: classes.into_iter().map(FileClass::from).collect(),
        sheets: sheets.into_iter().map(FileSheet::from).collect(),
        problems,
        questions: questions.into_iter().map(FileQuestion::from).collect(),
        clashes: clashes.into_iter().map(|clash: Clash| FileClash::from(clash)).collect(),
        missing: FileMissing { classes: missing_classes.collect(), subjects, teachers },
        impact,
        against,
    })
}

/// The book with the version in it, newer than any other of that day.
fn with_version(mut book: SchoolBook, grid: Grid, valid_from: NaiveDate) -> SchoolBook {
    let version = Timetable { name: String::new(), valid_from, grid, retired: None };
    book.timetables.insert(TimetableId::from_uuid(Uuid::max()), version);
    book
}

async fn impact(
    app: &App,
    here: &Here,
    before: &SchoolBook,
    after: SchoolBook,
    valid_from: NaiveDate,
) -> Result<FileImpact, ApiError> {
    let impacts = app.store.read().visits_impact(here.school.id, before, &after, valid_from).await?;
    let judged_otherwise = impacts.iter().filter(|impact| impact.seen).count();
    let moved = impacts.len() - judged_otherwise;
    let visits = impacts.into_iter().take(MAX_VISITS).map(|impact| visit(impact, &after)).collect();
    Ok(FileImpact { judged_otherwise, moved, visits })
}

fn visit(impact: VisitImpact, book: &SchoolBook) -> FileVisit {
    let VisitImpact { id, slot, seen: _, before, after, expected_before, expected_after } = impact;
    let class_name = |class: ClassId| book.classes.get(&class).map(|class| display_name(class, slot.date));
    let told = |lessons: Vec<Expected>| {
        let told = |lesson: Expected| {
            let subject = book.subjects.get(&lesson.subject).map_or("", |subject| subject.name.as_str());
            let teacher = lesson.teacher.and_then(|id| book.teachers.get(&id)).map(|one| one.name.as_str());
            teacher.map_or_else(|| subject.to_owned(), |teacher| format!("{subject} {teacher}"))
        };
        lessons.into_iter().map(told).collect()
    };
    FileVisit {
        id: id.into_uuid(),
        date: slot.date,
        class_name: class_name(slot.class).unwrap_or_default(),
        period: slot.period.clone(),
        before,
        after,
        expected_before: told(expected_before),
        expected_after: told(expected_after),
    }
}
