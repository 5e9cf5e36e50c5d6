//! What is behind a figure of a published log: the visits, and the rules it was counted by.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::VisitId;
use xunke_domain::log::WeeklyLog;
use xunke_domain::week::Week;

use super::editions::{edition, read_edition};
use crate::answer::ShortListParams;
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::{ApiPath, ApiQuery};
use crate::problem::ApiError;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(figure_list)).routes(routes!(figure_view))
}

/// A figure in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureKey {
    /// Such as `findings.TT01`.
    pub key: String,
    /// How many visits are behind it.
    pub visits: usize,
}

/// Figures of an edition.
#[derive(Serialize, ToSchema)]
pub struct FigureList {
    /// In the order of keys. A figure of 0 is not among them: nothing is behind it.
    items: Vec<FigureKey>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// What is behind a figure.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureView {
    /// Such as `findings.TT01`.
    pub key: String,
    /// Number of the edition.
    pub edition: u32,
    /// SHA-256 of the edition's bytes.
    pub content_hash: String,
    /// Version of the rules it was counted by.
    pub rules: u32,
    /// The visits it was counted from, by id; figures that look back name visits of earlier weeks, too.
    #[schema(value_type = Vec<Uuid>)]
    pub visits: Vec<VisitId>,
}

/// List the figures of an edition
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/figures", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path), ShortListParams),
    responses((status = 200, body = FigureList, description = "Every figure that visits are behind"),
))]
async fn figure_list(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week, number)): ApiPath<(Uuid, Week, u32)>,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<FigureList>, ApiError> {
    let edition = edition(&app, here.school.id, week, number).await?;
    let WeeklyLog { trace, .. } = read_edition(&edition.bytes)?.log;
    let figures = trace.into_iter().map(|(key, visits)| FigureKey { key, visits: visits.len() }).collect();
    let (items, next) = page.page(figures, |figure: &FigureKey| figure.key.clone())?;
    Ok(axum::Json(FigureList { items, next }))
}

/// Explain a figure: the visits behind it
///
/// Keys are told by the list of figures; one that it does not have is 404.
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/figures/{key}", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path),
        ("key" = String, Path, example = "findings.TT01")),
    responses((status = 200, body = FigureView, description = "The visits it was counted from"),
))]
async fn figure_view(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week, number, key)): ApiPath<(Uuid, Week, u32, String)>,
) -> Result<axum::Json<FigureView>, ApiError> {
    let edition = edition(&app, here.school.id, week, number).await?;
    let WeeklyLog { rules, mut trace, .. } = read_edition(&edition.bytes)?.log;
    let visits = trace.remove(&key).ok_or(ApiError::NotFound)?;
    Ok(axum::Json(FigureView { key, edition: number, content_hash: edition.hash, rules, visits }))
}
