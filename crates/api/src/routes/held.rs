//! Held writes: what could not be taken in, until somebody decides (sync protocol, section 8).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::UserId;
use xunke_storage::audit::AuditEntry;
use xunke_storage::held::HeldWrite;

use super::disagreements::StreamPage;
use crate::answer::page_end;
use crate::app::App;
use crate::auth::guard::{Caller, Here, Reach};
use crate::body::{ApiJson, ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::{ApiError, Problem};
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(held_list)).routes(routes!(held_admit)).routes(routes!(held_discard))
}

/// A write that people must look at.
#[derive(Serialize, ToSchema)]
pub struct HeldView {
    /// Its id.
    id: Uuid,
    /// Who sent it.
    #[schema(value_type = Uuid)]
    author: UserId,
    /// The device it came from.
    device: String,
    /// Its number there.
    n: i64,
    /// Why it is held.
    reason: String,
    /// Where in the write the fault is.
    pointer: Option<String>,
    /// The fault, for people.
    detail: String,
    /// The write as sent; text if it is not JSON that can be shown.
    write: Value,
    /// `open`, `admitted` or `discarded`.
    state: String,
    /// Arrived, RFC 3339.
    received_at: String,
    /// Who decided.
    #[schema(value_type = Option<Uuid>)]
    decided_by: Option<UserId>,
    /// When, RFC 3339.
    decided_at: Option<String>,
    /// Why it was discarded.
    decision: Option<String>,
}

impl From<HeldWrite> for HeldView {
    fn from(held: HeldWrite) -> Self {
        Self {
            id: held.id,
            author: held.author,
            device: held.device.to_string(),
            n: held.n,
            reason: held.reason,
            pointer: held.pointer,
            detail: held.detail,
            write: serde_json::from_str(&held.body).unwrap_or(Value::String(held.body)),
            state: held.state,
            received_at: instant(held.received_at),
            decided_by: held.decided_by,
            decided_at: held.decided_at.map(instant),
            decision: held.decision,
        }
    }
}

/// A page of held writes.
#[derive(Serialize, ToSchema)]
pub struct HeldList {
    /// Held writes, decided ones included.
    items: Vec<HeldView>,
    /// Where the next page begins; absent on the last.
    next: Option<Uuid>,
}

/// Why a held write is thrown away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "重复录入，已在另一台设备提交"}))]
pub struct Discard {
    /// For whoever asks later.
    reason: String,
}

/// Held writes of a stream: one's own, or the school's
#[utoipa::path(get, path = "/api/v1/sync/held", tag = "sync", params(StreamPage), responses(
    (status = 200, body = HeldList, description = "Held writes"),
))]
async fn held_list(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiQuery(page): ApiQuery<StreamPage>,
) -> Result<axum::Json<HeldList>, ApiError> {
    let limit = page.limit()?;
    let all = here.reach == Reach::All;
    let read = app.store.read();
    let mut found = read.held_list(here.school.id, caller.id(), all, false, page.cursor, limit + 1).await?;
    let next = page_end(&mut found, limit, |held| held.id);
    Ok(axum::Json(HeldList { items: found.into_iter().map(HeldView::from).collect(), next }))
}

/// A held write the caller may decide with this operation, or 404.
async fn decidable(app: &App, caller: &Caller, operation: &str, id: Uuid) -> Result<HeldWrite, ApiError> {
    let held = app.store.read().held_find(id).await?.ok_or(ApiError::NotFound)?;
    let own = held.author == caller.id();
    let school = match held.stream {
        Some(stream) => app.store.read().school_find(stream).await?,
        None => None,
    };
    let reach = match school {
        Some(school) => caller.reach(app, operation, &school),
        None => Err(ApiError::NotFound),
    };
    match reach {
        Ok(Reach::All) => Ok(held),
        Ok(Reach::Own) if own => Ok(held),
        // Its author may always throw away what nobody else can even see.
        Err(_) if own && operation == "held_discard" => Ok(held),
        // Whoever sent it knows that it is there; to others it is as if absent.
        Err(error) if own => Err(error),
        Ok(Reach::Own) | Err(_) => Err(ApiError::NotFound),
    }
}

/// Take a held write in after all
///
/// Author and stamp stay; rights are not asked again, validity is.
#[utoipa::path(post, path = "/api/v1/sync/held/{held}/admit", tag = "sync", params(("held" = Uuid, Path)), responses(
    (status = 200, body = HeldView, description = "Taken in"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "It was decided before"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "It still breaks a rule"),
))]
async fn held_admit(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<Uuid>,
) -> Result<axum::Json<HeldView>, ApiError> {
    Ok(axum::Json(admit(&app, &caller, id).await?.into()))
}

/// Admits a held write; shared with the pages.
pub async fn admit(app: &App, caller: &Caller, id: Uuid) -> Result<HeldWrite, ApiError> {
    let held = decidable(app, caller, "held_admit", id).await?;
    let now = app.clock.millis();

    let tx = app.store.begin().await?;
    if !tx.held_decide(id, "admitted", caller.id(), now, None).await? {
        return Err(ApiError::WrongState("this held write has been decided"));
    }
    let result = app.store.admit_in(&tx, &held, now).await?.map_err(|flaw| ApiError::Invalid(vec![flaw]))?;
    tx.audit_add(audit(app, caller, "held_admit", &held, String::new())).await?;
    tx.commit().await?;

    if let (Some(stream), Some(seq)) = (held.stream, result.seq) {
        app.heads.moved(stream, seq);
    }
    app.store.read().held_find(id).await?.ok_or(ApiError::NotFound)
}

/// Throw a held write away, with a reason; it stays readable
#[utoipa::path(post, path = "/api/v1/sync/held/{held}/discard", tag = "sync", params(("held" = Uuid, Path)),
    request_body = Discard, responses(
    (status = 200, body = HeldView, description = "Discarded"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "It was decided before"),
))]
async fn held_discard(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<Uuid>,
    ApiJson(Discard { reason }): ApiJson<Discard>,
) -> Result<axum::Json<HeldView>, ApiError> {
    Ok(axum::Json(discard(&app, &caller, id, &reason).await?.into()))
}

/// Discards a held write; shared with the pages.
pub async fn discard(app: &App, caller: &Caller, id: Uuid, reason: &str) -> Result<HeldWrite, ApiError> {
    let held = decidable(app, caller, "held_discard", id).await?;
    let reason = text::remark("/reason", reason)?;

    let tx = app.store.begin().await?;
    if !tx.held_decide(id, "discarded", caller.id(), app.clock.millis(), Some(reason.clone())).await? {
        return Err(ApiError::WrongState("this held write has been decided"));
    }
    tx.audit_add(audit(app, caller, "held_discard", &held, reason)).await?;
    tx.commit().await?;

    app.store.read().held_find(id).await?.ok_or(ApiError::NotFound)
}

fn audit<'a>(
    app: &App,
    caller: &Caller,
    action: &'a str,
    held: &HeldWrite,
    detail: String,
) -> AuditEntry<'a> {
    AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: app.clock.millis(),
        actor: Some(caller.id()),
        action,
        school: held.stream,
        object: held.id.to_string(),
        detail,
    }
}
