//! Timetables as files: previewed before anything is stored, then imported with the answers people gave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use chrono::NaiveDate;
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::book::SchoolBook;
use xunke_domain::flaw::Flaw;
use xunke_domain::timetable_csv::{RowFlaw, TimetableRow};
use xunke_domain::workbook::desk::Known;
use xunke_domain::workbook::lessons::ReadLesson;
use xunke_domain::workbook::questions::{Answers, Question, QuestionKind};
use xunke_domain::workbook::reading::{Reading, read};
use xunke_domain::workbook::sheet::Place;

use super::timetable_preview::{TimetablePreview, preview};
use super::timetables::{TIMETABLE_BYTES, TimetableView, Version, add};
use crate::answer::Once;
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::beside::beside;
use crate::body::{ApiQuery, read_body};
use crate::problem::{ApiError, Problem};
use crate::text;

/// Files read at once; each may unpack to some fifty megabytes.
static READERS: Semaphore = Semaphore::const_new(2);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(timetable_preview)).routes(routes!(timetable_import))
}

/// A workbook's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents the body in OpenAPI")]
pub struct WorkbookFile(Vec<u8>);

/// How to read a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewParams {
    /// First day it is to be in force.
    valid_from: NaiveDate,
    /// Answers to the questions of an earlier preview, a JSON object from the id of each to the answer.
    #[param(example = json!("{\"pair-0f3a\": \"odd_even\"}"))]
    answers: Option<String>,
}

/// How to take a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportParams {
    /// The name of the version.
    name: String,
    /// First day it is in force.
    valid_from: NaiveDate,
    /// Add classes, teachers and subjects the school does not have.
    #[serde(default)]
    create_missing: bool,
    /// Answers to the questions of the preview, a JSON object from the id of each to the answer.
    #[param(example = json!("{\"pair-0f3a\": \"odd_even\"}"))]
    answers: Option<String>,
}

/// Preview a timetable file: what would be imported, what is wrong, what only people can answer
///
/// Takes what `timetable_import` takes and stores nothing. Says per class what was read, every problem by sheet and
/// cell, the questions (send the answers along and preview again), what cannot be held as planned, and which visits
/// would be judged otherwise.
#[utoipa::path(post, path = "/api/v1/schools/{school}/timetables/preview", tag = "reference",
    params(("school" = Uuid, Path), PreviewParams),
    request_body(content(
        (String = "text/csv", example = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,音乐,王三\n"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (WorkbookFile = "application/vnd.ms-excel"),
    )),
    responses(
    (status = 200, body = TimetablePreview, description = "What the file says"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "This is no workbook, or larger than any timetable"),
))]
async fn timetable_preview(
    State(app): State<App>,
    here: Here,
    ApiQuery(params): ApiQuery<PreviewParams>,
    request: Request<Body>,
) -> Result<Json<TimetablePreview>, ApiError> {
    let (parts, body) = request.into_parts();
    let bytes = read_body(&parts.headers, body, TIMETABLE_BYTES).await?;
    let PreviewParams { valid_from, answers } = params;
    let answers = read_answers(answers.as_deref())?;
    let book = app.store.book(&here.school).await?;
    let reading = read_file(bytes, Arc::clone(&book), valid_from, answers).await?;
    preview(&app, &here, &book, valid_from, reading).await.map(Json)
}

/// Add a timetable version from a file: a workbook (`.xlsx`, `.xls`) or a CSV (UTF-8, UTF-8 with BOM, GB18030)
///
/// A sheet a class or a teacher, one matrix for the school, or a long table with columns 班级 (with 年级 if needed),
/// 星期, 节次, 学科, 教师, 周次 in any order: the layout is found by itself. All problems are told at once, by sheet
/// and cell (a CSV's by line and column), with the questions that wait for an answer; nothing is stored unless
/// everything fits. The same lessons from the same day again change nothing.
#[utoipa::path(post, path = "/api/v1/schools/{school}/timetables/import", tag = "reference",
    params(("school" = Uuid, Path), ImportParams),
    request_body(content(
        (String = "text/csv", example = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,音乐,王三\n"),
        (WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (WorkbookFile = "application/vnd.ms-excel"),
    )),
    responses(
    (status = 200, body = TimetableView, description = "These lessons are in force from that day already; nothing was changed"),
    (status = 201, body = TimetableView, description = "Added; visits from `valid_from` on are judged again"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "What is wrong, place by place"),
))]
async fn timetable_import(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiQuery(params): ApiQuery<ImportParams>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let bytes = read_body(&parts.headers, body, TIMETABLE_BYTES).await?;
    let ImportParams { name, valid_from, create_missing, answers } = params;
    let name = text::name("?name", &name)?;
    let hashed = (here.school.id, &name, valid_from, create_missing, &answers, bytes.as_ref());
    let once = match Once::begin(&app, caller.id(), &parts.headers, "timetable_import", &hashed).await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    let answers = read_answers(answers.as_deref())?;
    let book = app.store.book(&here.school).await?;
    let reading = read_file(bytes, book, valid_from, answers).await?;
    let waiting = reading.waiting().map(unanswered);
    let flaws: Vec<Flaw> = reading
        .errors()
        .map(|problem| Flaw::invalid(pointer(&problem.place, &problem.column), problem.detail.clone()))
        .chain(waiting)
        .collect();
    if !flaws.is_empty() {
        return Err(ApiError::Invalid(flaws));
    }
    if reading.lessons.is_empty() {
        return Err(ApiError::invalid("", "there are no lessons in it"));
    }
    let places: BTreeMap<u64, Place> =
        reading.lessons.iter().map(|lesson| (lesson.row.line, lesson.place.clone())).collect();
    let place = |flaw: &RowFlaw| {
        let place = places.get(&flaw.line).cloned().unwrap_or_default();
        Flaw::invalid(pointer(&place, &flaw.column), flaw.detail.clone())
    };
    let chosen =
        reading.lessons.iter().filter_map(|lesson| Some((lesson.row.line, lesson.teacher_id?))).collect();
    let rows: Vec<TimetableRow> = reading.lessons.into_iter().map(|ReadLesson { row, .. }| row).collect();
    let version = Version { name, valid_from, create_missing, rows, chosen, once_only: true, place };
    add(&app, &caller, &here, version, &once).await
}

/// Reads a file beside the tasks of requests: it takes a while.
async fn read_file(
    bytes: Bytes,
    book: Arc<SchoolBook>,
    on: NaiveDate,
    answers: Answers,
) -> Result<Reading, ApiError> {
    let _reading = READERS.acquire().await.map_err(|_| ApiError::Unavailable)?;
    let work = move || {
        let workbook = xunke_workbook::open(&bytes)?;
        Ok(read(&workbook, Known { book: &book, on }, &answers))
    };
    let read: Result<Reading, xunke_workbook::Refusal> = beside("a file's reader", work).await?;
    read.map_err(|refusal| ApiError::invalid("", refusal.to_string()))
}

fn read_answers(answers: Option<&str>) -> Result<Answers, ApiError> {
    let Some(answers) = answers else { return Ok(Answers::new()) };
    serde_json::from_str(answers)
        .map_err(|_| ApiError::invalid("?answers", "a JSON object from the ids of questions to answers"))
}

/// A place in the words of people: `三(2)班!D7`, or `line 3, 学科` in a CSV.
fn pointer(place: &Place, column: &str) -> String {
    if !place.sheet.is_empty() || place.cell.is_empty() {
        return place.to_string();
    }
    let line = place.cell.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if column.is_empty() { format!("line {line}") } else { format!("line {line}, {column}") }
}

fn unanswered(question: &Question) -> Flaw {
    let column = match question.kind {
        QuestionKind::Namesake | QuestionKind::Surname => "教师",
        QuestionKind::Class => "班级",
        _ => "学科",
    };
    let place = question.places.first().cloned().unwrap_or_default();
    let values: BTreeSet<&str> = question.options.iter().map(|option| option.value.as_str()).collect();
    let values: Vec<&str> = values.into_iter().collect();
    let detail = format!("answer `{}` first: {} ({})", question.id, question.detail, values.join(", "));
    Flaw::invalid(pointer(&place, column), detail)
}
