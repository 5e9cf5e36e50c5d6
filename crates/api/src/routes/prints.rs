//! Editions as files to print, send and file.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::log::edition::ContentHash;
use xunke_domain::log::figures::{Figure, figures};
use xunke_domain::log::{share, wilson95};
use xunke_domain::week::Week;
use xunke_print::{Paper, pdf};
use xunke_storage::schools::School;
use xunke_workbook::list_book::ListCell;
use xunke_workbook::log_book::log_book;

use crate::app::App;
use crate::auth::guard::Here;
use crate::beside::{beside, beside_few};
use crate::body::ApiPath;
use crate::csv_text::{BYTE_ORDER_MARK, lines};
use crate::download::{self, CSV, PDF, XLSX};
use crate::naming::Named;
use crate::pages::{edition_paper, public_paper};
use crate::problem::ApiError;
use crate::routes::editions::{edition, read_edition, read_public};

/// Papers typeset at once: each takes a processor for a while, and pushes must not wait for them.
static PRESSES: Semaphore = Semaphore::const_new(2);

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(edition_pdf))
        .routes(routes!(edition_public_pdf))
        .routes(routes!(edition_workbook))
        .routes(routes!(edition_csv))
}

/// A table as text.
#[derive(ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub struct EditionTable(String);

/// A PDF's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub struct PdfFile(Vec<u8>);

/// A workbook's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub struct EditionBook(Vec<u8>);

/// An edition as PDF; shared with the pages.
pub async fn inside(app: &App, school: &School, week: Week, number: u32) -> Result<Response, ApiError> {
    let stored = edition(app, school.id, week, number).await?;
    let edition = read_edition(&stored.bytes)?;
    let hash = stored.hash.parse().map_err(|_| ApiError::Internal)?;
    let named = Named::read(app, school, week).await?;
    let paper = edition_paper(&edition, &hash, named.semester(), &named.dimensions);
    printed(paper, &format!("xunke-{week}-{number}"), "内部版").await
}

/// A public edition as PDF; shared with the pages.
pub async fn outside(app: &App, school: &School, week: Week, number: u32) -> Result<Response, ApiError> {
    let stored = edition(app, school.id, week, number).await?;
    let log = read_public(&stored.public_bytes)?;
    let hash = ContentHash::of(stored.public_bytes.as_bytes());
    let named = Named::read(app, school, week).await?;
    let paper = public_paper(&log, &hash, named.semester(), &named.dimensions);
    printed(paper, &format!("xunke-{week}-{number}-public"), "公示版").await
}

/// An edition as a workbook; shared with the pages.
pub async fn workbook(app: &App, school: &School, week: Week, number: u32) -> Result<Response, ApiError> {
    let stored = edition(app, school.id, week, number).await?;
    let edition = read_edition(&stored.bytes)?;
    let named = Named::read(app, school, week).await?;
    let name = format!("{}行政巡课周报 {week} 第{number}版.xlsx", school.name);
    let headers = download::headers(XLSX, &format!("xunke-{week}-{number}.xlsx"), &name)?;
    let write = move || log_book(&edition, &stored.hash, &named.dimensions);
    let bytes = beside("a workbook", write).await?.map_err(|error| {
        tracing::error!(%error, "an edition could not be written as a workbook");
        ApiError::Internal
    })?;
    Ok((headers, bytes).into_response())
}

/// The figures of an edition as CSV; shared with the pages.
pub async fn table(app: &App, school: &School, week: Week, number: u32) -> Result<Response, ApiError> {
    let stored = edition(app, school.id, week, number).await?;
    let edition = read_edition(&stored.bytes)?;
    let text = |text: &str| ListCell::Text(text.to_owned());
    let count = |count: u32| text(&count.to_string());
    let part = |part: Option<f64>| ListCell::Text(part.map_or_else(String::new, |part| format!("{part:.4}")));
    let rows = figures(&edition.log).into_iter().map(|Figure { key, name, k, n }| {
        let interval = n.and_then(|n| wilson95(k, n));
        vec![
            text(&key),
            text(&name),
            count(k),
            n.map_or_else(|| text(""), count),
            part(n.and_then(|n| share(k, n))),
            part(interval.map(|[low, _]| low)),
            part(interval.map(|[_, high]| high)),
        ]
    });
    let header = ["key", "指标", "k", "n", "占比", "95%区间下限", "95%区间上限"].map(text).to_vec();
    let name = format!("{}行政巡课周报 {week} 第{number}版.csv", school.name);
    let headers = download::headers(CSV, &format!("xunke-{week}-{number}.csv"), &name)?;
    let lines = lines([header].into_iter().chain(rows))?;
    Ok((headers, [BYTE_ORDER_MARK.as_bytes(), &lines].concat()).into_response())
}

async fn printed(paper: Paper, plain: &str, which: &str) -> Result<Response, ApiError> {
    let name = format!("{}（{}）{which}.pdf", paper.title, paper.subtitle);
    let headers = download::headers(PDF, &format!("{plain}.pdf"), &name)?;
    let bytes = beside_few(&PRESSES, "a print", move || pdf(&paper)).await?.map_err(|error| {
        tracing::error!(%error, "an edition could not be printed");
        ApiError::Internal
    })?;
    Ok((headers, bytes).into_response())
}

/// An edition as PDF, for the school's own use
///
/// A4, with all sections of the page, the number of the edition and its hash on every page. It names people. The same
/// edition gives the same file as long as the school keeps its names of the semester and of the dimensions it rates.
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/pdf", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path)), responses(
    (status = 200, body = PdfFile, content_type = "application/pdf", description = "A PDF"),
))]
async fn edition_pdf(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, ApiError> {
    inside(&app, &here.school, week, number).await
}

/// The public edition as PDF, to be posted
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/public/pdf", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path)), responses(
    (status = 200, body = PdfFile, content_type = "application/pdf", description = "A PDF that names nobody"),
))]
async fn edition_public_pdf(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, ApiError> {
    outside(&app, &here.school, week, number).await
}

/// An edition as a workbook with charts, for the school's own use
///
/// Sheets for the whole, the timetable, coverage, ratings, remarks, findings and notes on the data. Numbers are
/// numbers; counts stand beside every share. It names people.
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/xlsx", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path)), responses(
    (status = 200, body = EditionBook, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        description = "An Excel workbook"),
))]
async fn edition_workbook(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, ApiError> {
    workbook(&app, &here.school, week, number).await
}

/// The figures of an edition as CSV, for the school's own use
///
/// A line a figure: its key, its name, `k`, `n`, the share of at least 5, and the bounds of its Wilson interval. With a
/// byte order mark, so that Excel opens it right.
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/csv", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path)), responses(
    (status = 200, body = EditionTable, content_type = "text/csv", description = "CSV (RFC 4180)"),
))]
async fn edition_csv(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, ApiError> {
    table(&app, &here.school, week, number).await
}
