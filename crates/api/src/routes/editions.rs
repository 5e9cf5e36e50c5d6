//! Editions: frozen bytes, served as they are.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;
use xunke_domain::log::edition::Edition;
use xunke_domain::log::public::PublicLog;
use xunke_domain::week::Week;
use xunke_storage::editions::StoredEdition;

use crate::answer::ShortListParams;
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::{ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::ApiError;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(edition_list))
        .routes(routes!(edition_view))
        .routes(routes!(edition_public))
}

/// An edition in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct EditionView {
    /// From 1.
    pub number: u32,
    /// SHA-256 of its bytes.
    pub hash: String,
    /// The hash of the edition before it.
    pub previous: Option<String>,
    /// Published, RFC 3339.
    pub published_at: String,
}

/// Editions of a week.
#[derive(Serialize, ToSchema)]
pub struct EditionList {
    /// Oldest first.
    items: Vec<EditionView>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

impl From<&StoredEdition> for EditionView {
    fn from(edition: &StoredEdition) -> Self {
        Self {
            number: edition.number,
            hash: edition.hash.clone(),
            previous: edition.previous.clone(),
            published_at: instant(edition.published_at),
        }
    }
}

/// Reads frozen bytes back.
pub fn read_edition(bytes: &str) -> Result<Edition, ApiError> {
    serde_json::from_str(bytes).map_err(|error| {
        tracing::error!(%error, "a published edition does not read");
        ApiError::Internal
    })
}

/// Reads the frozen bytes of a public edition back.
pub fn read_public(bytes: &str) -> Result<PublicLog, ApiError> {
    serde_json::from_str(bytes).map_err(|error| {
        tracing::error!(%error, "a public edition does not read");
        ApiError::Internal
    })
}

/// List the editions of a week
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ShortListParams), responses(
    (status = 200, body = EditionList, description = "Each names the hash of the one before it"),
))]
async fn edition_list(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<EditionList>, ApiError> {
    let editions = app.store.read().edition_list(here.school.id, week).await?;
    let (editions, next) = page.page(editions, |edition| edition.number.to_string())?;
    Ok(axum::Json(EditionList { items: editions.iter().map(EditionView::from).collect(), next }))
}

/// One edition; shared with the pages.
pub async fn edition(
    app: &App,
    school: SchoolId,
    week: Week,
    number: u32,
) -> Result<StoredEdition, ApiError> {
    app.store.read().edition_find(school, week, number).await?.ok_or(ApiError::NotFound)
}

/// Frozen bytes as they are; the hash is the entity tag.
pub(super) fn bytes(headers: &HeaderMap, body: String, tag: &str) -> Response {
    let tag = format!("\"{tag}\"");
    if crate::answer::is_known(headers, &tag) {
        return (axum::http::StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    ([(CONTENT_TYPE, "application/json".to_owned()), (ETAG, tag)], body).into_response()
}

/// One edition: the bytes as published
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path)), responses(
    (status = 200, body = Object, content_type = "application/json", description = "SHA-256 of these bytes is the edition's hash and `ETag`"),
))]
async fn edition_view(
    State(app): State<App>,
    here: Here,
    headers: HeaderMap,
    ApiPath((_, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, ApiError> {
    let edition = edition(&app, here.school.id, week, number).await?;
    Ok(bytes(&headers, edition.bytes, &edition.hash))
}

/// The public edition: no names of teachers, no small cells
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/public", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path)), responses(
    (status = 200, body = Object, content_type = "application/json", description = "What may be posted"),
))]
async fn edition_public(
    State(app): State<App>,
    here: Here,
    headers: HeaderMap,
    ApiPath((_, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, ApiError> {
    let edition = edition(&app, here.school.id, week, number).await?;
    Ok(bytes(&headers, edition.public_bytes, &format!("public-{}", edition.hash)))
}
