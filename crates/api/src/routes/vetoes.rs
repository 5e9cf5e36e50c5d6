//! The veto: the principal keeps a week's log from being published by rule, and lifts that again.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::UserId;
use xunke_domain::week::Week;
use xunke_storage::audit::AuditEntry;
use xunke_storage::schedule::Veto;
use xunke_storage::schools::School;

use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath};
use crate::instant::instant;
use crate::problem::{ApiError, Problem};
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(publish_veto, publish_veto_lift))
}

/// Why a log is not to be published by rule.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"why": "两条记录尚待核实，核实后由本人签发。"}))]
pub struct VetoFields {
    /// For people; 1 to 4,000 characters.
    pub why: String,
}

/// An objection.
#[derive(Debug, Serialize, ToSchema)]
pub struct VetoView {
    /// Whose.
    #[schema(value_type = Uuid)]
    by: UserId,
    /// When, RFC 3339.
    at: String,
    /// Why.
    why: String,
}

impl From<Veto> for VetoView {
    fn from(Veto { by, at, why }: Veto) -> Self {
        Self { by, at: instant(at), why }
    }
}

/// Objects to the publication of a week by rule; shared with the pages.
pub async fn veto(
    app: &App,
    caller: &Caller,
    school: &School,
    week: Week,
    why: &str,
) -> Result<Veto, ApiError> {
    let why = text::remark("/why", why)?;
    let veto = Veto { by: caller.id(), at: app.clock.millis(), why };
    let tx = app.store.begin().await?;
    // Whoever publishes holds this lock: a veto that is acknowledged is heeded.
    tx.school_lock(school.id).await?.ok_or(ApiError::NotFound)?;
    let steps = tx.week_steps(school.id, &[week]).await?.remove(&week).unwrap_or_default();
    if steps.published {
        return Err(ApiError::WrongState("it has been published"));
    }
    if !tx.veto_add(school.id, week, veto.clone()).await? {
        return Err(ApiError::WrongState("it was vetoed before"));
    }
    tx.audit_add(noted(app, caller, school, week, "publish_veto", veto.why.clone())).await?;
    tx.commit().await?;
    Ok(veto)
}

/// Takes the objection back; shared with the pages.
pub async fn lift(app: &App, caller: &Caller, school: &School, week: Week) -> Result<(), ApiError> {
    let tx = app.store.begin().await?;
    if !tx.veto_lift(school.id, week).await? {
        return Err(ApiError::WrongState("it is not vetoed"));
    }
    tx.audit_add(noted(app, caller, school, week, "publish_veto_lift", String::new())).await?;
    tx.commit().await?;
    Ok(())
}

fn noted<'a>(
    app: &App,
    caller: &Caller,
    school: &School,
    week: Week,
    action: &'a str,
    detail: String,
) -> AuditEntry<'a> {
    AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: app.clock.millis(),
        actor: Some(caller.id()),
        action,
        school: Some(school.id),
        object: week.to_string(),
        detail,
    }
}

/// Veto the publication of a week's log by rule
///
/// Until it happens; publishing by hand stays possible.
#[utoipa::path(put, path = "/api/v1/schools/{school}/weeks/{week}/veto", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47")),
    request_body = VetoFields, responses(
    (status = 200, body = VetoView, description = "Vetoed"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "It has been published, or was vetoed before"),
))]
async fn publish_veto(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
    ApiJson(VetoFields { why }): ApiJson<VetoFields>,
) -> Result<axum::Json<VetoView>, ApiError> {
    Ok(axum::Json(veto(&app, &caller, &here.school, week, &why).await?.into()))
}

/// Lift a veto
///
/// If the time of the publication has come meanwhile, it happens within minutes, or, after a week, not at all.
#[utoipa::path(delete, path = "/api/v1/schools/{school}/weeks/{week}/veto", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47")), responses(
    (status = 204, description = "Lifted"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "It is not vetoed"),
))]
async fn publish_veto_lift(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
) -> Result<StatusCode, ApiError> {
    lift(&app, &caller, &here.school, week).await?;
    Ok(StatusCode::NO_CONTENT)
}
