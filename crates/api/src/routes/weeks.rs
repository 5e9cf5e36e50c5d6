//! The weeks of a school, and the draft of a week's next edition.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;
use xunke_domain::log::{ChangeEntry, WeeklyLog, changes};
use xunke_domain::week::Week;
use xunke_storage::editions::{EditionHead, StoredEdition};
use xunke_storage::weeks::WeekMaterial;

use super::editions::read_edition;
use crate::answer::ShortListParams;
use crate::app::App;
use crate::auth::guard::Here;
use crate::beside::beside;
use crate::body::{ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::ApiError;
use crate::weekly::compile_week;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(week_list)).routes(routes!(weekly_log_draft))
}

/// A week and how far its log has got.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeekView {
    /// ISO 8601, such as `2026-W47`.
    pub week: String,
    /// Submitted visits.
    pub visits: i64,
    /// The newest edition; absent if none is published.
    pub edition: Option<u32>,
    /// When it was published, RFC 3339.
    pub published_at: Option<String>,
    /// Visits have changed since: the next edition waits as a draft.
    pub draft_pending: bool,
}

/// Weeks of a school.
#[derive(Serialize, ToSchema)]
pub struct WeekList {
    /// Newest first.
    items: Vec<WeekView>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// A draft of the next edition.
#[derive(Debug, Serialize, ToSchema)]
pub struct Draft {
    /// The number it would be published under.
    pub number: u32,
    /// The stream's seq it was compiled as of; publish with it to publish just this.
    pub as_of: i64,
    /// What changed since the newest edition.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<ChangeEntry>,
    /// The log.
    #[schema(value_type = Object)]
    pub log: WeeklyLog,
}

/// The weeks of a school; shared with the pages.
pub async fn weeks(app: &App, school: SchoolId) -> Result<Vec<WeekView>, ApiError> {
    let read = app.store.read();
    let visits = read.visit_weeks(school).await?;
    let mut heads = read.edition_heads(school).await?;
    let view = |week: Week, visits: i64, edition: Option<EditionHead>| WeekView {
        week: week.to_string(),
        visits,
        draft_pending: edition.as_ref().is_none_or(|edition| edition.overtaken),
        published_at: edition.as_ref().map(|edition| instant(edition.published_at)),
        edition: edition.map(|edition| edition.number),
    };
    let mut weeks: Vec<WeekView> =
        visits.into_iter().map(|(week, visits)| view(week, visits, heads.remove(&week))).collect();
    // Weeks whose every visit was withdrawn or moved after publication.
    weeks.extend(heads.into_iter().map(|(week, edition)| view(week, 0, Some(edition))));
    weeks.sort_by(|a, b| b.week.cmp(&a.week));
    Ok(weeks)
}

/// List the weeks of a school
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks", tag = "log", params(("school" = Uuid, Path), ShortListParams), responses(
    (status = 200, body = WeekList, description = "Weeks with visits or editions"),
))]
async fn week_list(
    State(app): State<App>,
    here: Here,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<WeekList>, ApiError> {
    let (items, next) = page.page(weeks(&app, here.school.id).await?, |week| week.week.clone())?;
    Ok(axum::Json(WeekList { items, next }))
}

/// The draft of a week's next edition; shared with the pages.
pub async fn draft(app: &App, school: SchoolId, week: Week) -> Result<Draft, ApiError> {
    let material = app.store.week_material(school, week).await?.ok_or(ApiError::NotFound)?;
    let newest = app.store.read().edition_newest(school, week).await?;
    beside("compiling a log", move || next(&material, week, newest.as_ref())).await?
}

/// The next edition after `newest`.
pub(super) fn next(
    material: &WeekMaterial,
    week: Week,
    newest: Option<&StoredEdition>,
) -> Result<Draft, ApiError> {
    let log = compile_week(material, week);
    let before = newest.map(|newest| read_edition(&newest.bytes)).transpose()?;
    let changes =
        before.map_or_else(Vec::new, |before| changes(&before.log.visit_digests, &log.visit_digests));
    let number = newest.map_or(1, |newest| newest.number + 1);
    Ok(Draft { number, as_of: material.school.head, changes, log })
}

/// The draft of a week's next edition
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/draft", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47")), responses(
    (status = 200, body = Draft, description = "Compiled now from what has arrived"),
))]
async fn weekly_log_draft(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
) -> Result<axum::Json<Draft>, ApiError> {
    Ok(axum::Json(draft(&app, here.school.id, week).await?))
}
