//! Conflicts: writes of one field that did not know of each other (sync protocol, section 8).

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::fields::FieldPath;
use xunke_domain::ids::UserId;
use xunke_storage::audit::AuditEntry;
use xunke_storage::conflicts::{Conflict, ConflictSide};
use xunke_storage::intake::settle::{Settling, Side};

use crate::answer::page_end;
use crate::app::App;
use crate::auth::guard::{Caller, Here, Reach};
use crate::body::{ApiJson, ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::{ApiError, Problem};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(conflict_list)).routes(routes!(conflict_settle))
}

/// Which page of a stream's list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamPage {
    /// The stream: a school's id.
    #[serde(rename = "stream")]
    #[param(rename = "stream")]
    _stream: Uuid,
    /// Where the page before ended.
    pub(super) cursor: Option<Uuid>,
    /// Most items, 1–200; 50 if not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

impl StreamPage {
    pub(super) fn limit(&self) -> Result<u64, ApiError> {
        crate::answer::PageParams { cursor: self.cursor, limit: self.limit }.limit()
    }
}

/// One of two writes that clash.
#[derive(Serialize, ToSchema)]
pub struct SideView {
    /// The value it set.
    value: Value,
    /// Its stamp.
    stamp: String,
    /// Its place in the stream; a `base` at or above both settles.
    seq: i64,
    /// Who wrote it.
    #[schema(value_type = Uuid)]
    by: UserId,
    /// When it arrived, RFC 3339.
    received_at: String,
}

impl From<ConflictSide> for SideView {
    fn from(side: ConflictSide) -> Self {
        let ConflictSide { value, stamp, seq, n: _, born: _, by, received_at } = side;
        Self { value, stamp: stamp.to_string(), seq, by, received_at: instant(received_at) }
    }
}

/// Two writes of one field that did not know of each other.
#[derive(Serialize, ToSchema)]
pub struct ConflictView {
    /// Its id.
    id: Uuid,
    /// The record's type.
    #[serde(rename = "type")]
    kind: String,
    /// The record.
    record: Uuid,
    /// The field.
    field: String,
    /// What stood there.
    standing: SideView,
    /// What arrived.
    arrived: SideView,
    /// Noticed, RFC 3339.
    opened_at: String,
}

/// A page of conflicts.
#[derive(Serialize, ToSchema)]
pub struct ConflictList {
    /// Open conflicts.
    items: Vec<ConflictView>,
    /// Where the next page begins; absent on the last.
    next: Option<Uuid>,
}

/// Open conflicts of a stream
#[utoipa::path(get, path = "/api/v1/sync/conflicts", tag = "sync", params(StreamPage), responses(
    (status = 200, body = ConflictList, description = "Settle one by an ordinary write whose `base` covers both"),
))]
async fn conflict_list(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiQuery(page): ApiQuery<StreamPage>,
) -> Result<axum::Json<ConflictList>, ApiError> {
    let limit = page.limit()?;
    let author = here.own(&caller);
    let mut found = app.store.read().conflict_list(here.school.id, author, page.cursor, limit + 1).await?;
    let next = page_end(&mut found, limit, |conflict| conflict.id);
    let items = found
        .into_iter()
        .map(|conflict| {
            let Conflict { id, kind, record, path, standing, arrived, opened_at, .. } = conflict;
            let opened_at = instant(opened_at);
            ConflictView {
                id,
                kind,
                record,
                field: path,
                standing: standing.into(),
                arrived: arrived.into(),
                opened_at,
            }
        })
        .collect();
    Ok(axum::Json(ConflictList { items, next }))
}

/// Which of the two values is to stand.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"side": "arrived"}))]
pub struct Settlement {
    /// `standing` or `arrived`, as the conflict names them.
    #[schema(value_type = String)]
    pub side: Side,
}

/// Settle a conflict with one of its two values
///
/// Written as of now, so it has seen both; the history tells who settled it.
#[utoipa::path(post, path = "/api/v1/schools/{school}/conflicts/{conflict}/settle", tag = "sync",
    params(("school" = Uuid, Path), ("conflict" = Uuid, Path)),
    request_body = Settlement, responses(
    (status = 204, description = "Settled"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "It was settled before"),
))]
async fn conflict_settle(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
    ApiJson(Settlement { side }): ApiJson<Settlement>,
) -> Result<StatusCode, ApiError> {
    settle(&app, &caller, &here, id, side).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Settles a conflict the caller may settle; shared with the pages.
pub async fn settle(
    app: &App,
    caller: &Caller,
    here: &Here,
    id: Uuid,
    side: Side,
) -> Result<Conflict, ApiError> {
    let stream = here.school.id;
    let read = app.store.read();
    let conflict = read.conflict_find(stream, id).await?.ok_or(ApiError::NotFound)?;
    let kind = conflict.kind.parse().map_err(|_| ApiError::Internal)?;
    let record = read.record_find(stream, kind, conflict.record).await?.ok_or(ApiError::NotFound)?;
    let field: FieldPath = conflict.path.parse().map_err(|_| ApiError::Internal)?;
    if here.reach == Reach::Own && !record.concerns(caller.id()) {
        return Err(ApiError::NotFound);
    }
    if here.reach == Reach::Own && !record.may_be_written(caller.id(), [&field]) {
        return Err(ApiError::Forbidden);
    }
    let now = app.clock.millis();

    let tx = app.store.begin().await?;
    let settling = Settling { stream, conflict: id, side, by: caller.id() };
    let seq = app.store.settle_in(&tx, &settling, now).await?;
    let seq = seq.ok_or(ApiError::WrongState("this conflict has been settled"))?;
    tx.audit_add(AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: now,
        actor: Some(caller.id()),
        action: "conflict_settle",
        school: Some(stream),
        object: id.to_string(),
        detail: String::new(),
    })
    .await?;
    tx.commit().await?;

    app.heads.moved(stream, seq);
    Ok(conflict)
}
