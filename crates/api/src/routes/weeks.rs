//! The weekly log: drafted on demand, published by the principal, frozen as an edition.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_domain::log::edition::{Edition, freeze};
use xunke_domain::log::public::public;
use xunke_domain::log::{ChangeEntry, WeeklyLog, changes};
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;
use xunke_storage::audit::AuditEntry;
use xunke_storage::editions::StoredEdition;
use xunke_storage::intake::server::{ServerWrite, ServerWritten};
use xunke_storage::weeks::WeekMaterial;
use xunke_storage::{StoreError, Tx};
use xunke_sync::derived_id::derived_id;

use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath};
use crate::instant::{at, instant};
use crate::problem::{ApiError, Problem};
use crate::text;
use crate::weekly::compile_week;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(week_list))
        .routes(routes!(weekly_log_draft))
        .routes(routes!(weekly_log_publish))
        .routes(routes!(edition_list))
        .routes(routes!(edition_view))
        .routes(routes!(edition_public))
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

/// What a principal says when publishing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"remarks": "下周重点：音乐、劳动课表执行；候课。"}))]
pub struct Publish {
    /// 下周巡课重点 and other remarks.
    #[serde(default)]
    pub remarks: Option<String>,
    /// The draft's `as_of`; if visits have arrived since, nothing is published.
    #[serde(default)]
    pub as_of: Option<i64>,
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

/// The weeks of a school; shared with the pages.
pub async fn weeks(app: &App, school: SchoolId) -> Result<Vec<WeekView>, ApiError> {
    let read = app.store.read();
    let visits = read.visit_weeks(school).await?;
    let mut heads = read.edition_heads(school).await?;
    let view = |week: Week, visits: i64, edition: Option<StoredEdition>| WeekView {
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
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks", tag = "log", params(("school" = Uuid, Path)), responses(
    (status = 200, body = WeekList, description = "Weeks with visits or editions"),
))]
async fn week_list(State(app): State<App>, here: Here) -> Result<axum::Json<WeekList>, ApiError> {
    Ok(axum::Json(WeekList { items: weeks(&app, here.school.id).await? }))
}

/// The draft of a week's next edition; shared with the pages.
pub async fn draft(app: &App, school: SchoolId, week: Week) -> Result<Draft, ApiError> {
    let material = app.store.week_material(school, week).await?.ok_or(ApiError::NotFound)?;
    let newest = app.store.read().edition_list(school, week).await?.pop();
    next(&material, week, newest.as_ref())
}

/// The next edition after `newest`.
fn next(material: &WeekMaterial, week: Week, newest: Option<&StoredEdition>) -> Result<Draft, ApiError> {
    let log = compile_week(material, week);
    let before = newest.map(|newest| read_edition(&newest.bytes)).transpose()?;
    let changes =
        before.map_or_else(Vec::new, |before| changes(&before.log.visit_digests, &log.visit_digests));
    let number = newest.map_or(1, |newest| newest.number + 1);
    Ok(Draft { number, as_of: material.school.head, changes, log })
}

/// Reads frozen bytes back.
pub fn read_edition(bytes: &str) -> Result<Edition, ApiError> {
    serde_json::from_str(bytes).map_err(|error| {
        tracing::error!(%error, "a published edition does not read");
        ApiError::Internal
    })
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

/// Publishes the next edition of a week; shared with the pages.
pub async fn publish(
    app: &App,
    caller: &Caller,
    school: SchoolId,
    week: Week,
    Publish { remarks, as_of }: Publish,
) -> Result<StoredEdition, ApiError> {
    let remarks = remarks.filter(|remarks| !remarks.trim().is_empty());
    let remarks = remarks.map(|remarks| text::remark("/remarks", &remarks)).transpose()?;
    let now = app.clock.millis();

    let tx = app.store.begin().await?;
    let material = app.store.week_material_in(&tx, school, week).await?.ok_or(ApiError::NotFound)?;
    if as_of.is_some_and(|as_of| as_of != material.school.head) {
        return Err(ApiError::WrongState("something has arrived since this draft; read it again"));
    }
    let newest = tx.edition_list(school, week).await?.pop();
    let draft = next(&material, week, newest.as_ref())?;
    if newest.as_ref().is_some_and(|newest| !newest.overtaken) {
        return Err(ApiError::WrongState("nothing has changed since the newest edition"));
    }
    if newest.is_none() && draft.log.visits == 0 {
        return Err(ApiError::WrongState("no visit of this week has been submitted"));
    }
    let previous = newest.map(|newest| newest.hash.parse()).transpose().map_err(|_| ApiError::Internal)?;
    let edition = Edition {
        school,
        week,
        number: draft.number,
        published_at: at(now).fixed_offset(),
        published_by: caller.account.name.clone(),
        remarks,
        previous,
        changes: draft.changes,
        log: draft.log,
    };
    let stored = frozen(&edition, &material, caller, now)?;
    tx.edition_add(stored.clone()).await?;
    announce(app, &tx, caller, &edition, &stored).await?;
    tx.audit_add(AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: now,
        actor: Some(caller.id()),
        action: "weekly_log_publish",
        school: Some(school),
        object: format!("{week} #{}", stored.number),
        detail: stored.hash.clone(),
    })
    .await?;
    tx.commit().await?;

    app.heads.moved(school, material.school.head + 1);
    Ok(stored)
}

fn frozen(
    edition: &Edition,
    material: &WeekMaterial,
    caller: &Caller,
    now: i64,
) -> Result<StoredEdition, ApiError> {
    let frozen = freeze(edition);
    let teachers: BTreeSet<String> =
        material.book.teachers.values().map(|teacher| teacher.name.clone()).collect();
    let text = |bytes| String::from_utf8(bytes).map_err(|_| ApiError::Internal);
    Ok(StoredEdition {
        stream: edition.school,
        week: edition.week,
        number: edition.number,
        hash: frozen.hash.as_str().to_owned(),
        previous: edition.previous.as_ref().map(|hash| hash.as_str().to_owned()),
        bytes: text(frozen.bytes)?,
        public_bytes: serde_json::to_string(&public(edition, &teachers)).map_err(|_| ApiError::Internal)?,
        published_by: caller.id(),
        published_at: now,
        head: material.school.head,
        overtaken: false,
    })
}

/// The summary that flows to every phone of the school as a `published_log` record.
async fn announce(
    app: &App,
    tx: &Tx,
    caller: &Caller,
    edition: &Edition,
    stored: &StoredEdition,
) -> Result<(), ApiError> {
    let WeeklyLog { visits, visited_slots, planned_slots, consistency, .. } = &edition.log;
    let summary = [
        ("week", json!(edition.week)),
        ("edition", json!(edition.number)),
        ("content_hash", json!(stored.hash)),
        ("published_at", json!(instant(stored.published_at))),
        ("visits", json!(visits)),
        ("visited_slots", json!(visited_slots)),
        ("planned_slots", json!(planned_slots)),
        ("consistency", json!({"checked": consistency.checked, "consistent": consistency.consistent})),
    ];
    let set: Fields =
        summary.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect();
    let id = derived_id(&[
        b"published_log",
        edition.school.into_uuid().as_bytes(),
        edition.week.to_string().as_bytes(),
    ]);
    let kind = RecordType::PublishedLog;
    let write = ServerWrite { stream: edition.school, kind, id, set, author: caller.id(), expected: None };
    match app.store.write_in(tx, &write, stored.published_at).await? {
        ServerWritten::Done(_) => Ok(()),
        refused => {
            tracing::error!(?refused, "a published log could not be announced");
            Err(ApiError::Internal)
        }
    }
}

/// Publish the week's log
///
/// Freezes the next edition: its bytes never change. A later or changed visit drafts another.
#[utoipa::path(post, path = "/api/v1/schools/{school}/weeks/{week}/publish", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47")),
    request_body = Publish, responses(
    (status = 201, body = EditionView, description = "Published"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "Nothing to publish, or something arrived since the draft"),
))]
async fn weekly_log_publish(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
    ApiJson(body): ApiJson<Publish>,
) -> Result<Response, ApiError> {
    let edition = match publish(&app, &caller, here.school.id, week, body).await {
        Err(ApiError::Taken(_)) => return Err(ApiError::WrongState("somebody else has just published it")),
        published => published?,
    };
    let location = format!("/api/v1/schools/{}/weeks/{week}/editions/{}", here.school.id, edition.number);
    let view = axum::Json(EditionView::from(&edition));
    Ok((axum::http::StatusCode::CREATED, [("location", location)], view).into_response())
}

/// List the editions of a week
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47")), responses(
    (status = 200, body = EditionList, description = "Each names the hash of the one before it"),
))]
async fn edition_list(
    State(app): State<App>,
    here: Here,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
) -> Result<axum::Json<EditionList>, ApiError> {
    let editions = app.store.read().edition_list(here.school.id, week).await?;
    Ok(axum::Json(EditionList { items: editions.iter().map(EditionView::from).collect() }))
}

/// One edition; shared with the pages.
pub async fn edition(
    app: &App,
    school: SchoolId,
    week: Week,
    number: u32,
) -> Result<StoredEdition, ApiError> {
    let editions: Result<_, StoreError> = app.store.read().edition_list(school, week).await;
    editions?.into_iter().find(|edition| edition.number == number).ok_or(ApiError::NotFound)
}

/// Frozen bytes as they are; the hash is the entity tag.
fn bytes(headers: &HeaderMap, body: String, tag: &str) -> Response {
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
