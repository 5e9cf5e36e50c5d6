//! 调课, 代课, 停课: filed by the office, decided by the head; only an approved change counts.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::flaw::Flaw;
use xunke_domain::record_type::RecordType;

use super::keeping::{self, Desk, Page, RecordList};
use super::reading::read_and_retire;
use crate::answer::{PageParams, Tagged};
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::{ApiError, Problem};

const KIND: RecordType = RecordType::LessonChange;

/// Members that only the server sets.
const DECIDED: [&str; 5] = ["status", "filed_by", "filed_at", "decided_by", "decided_at"];

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lesson_change_list, lesson_change_create))
        .routes(routes!(lesson_change_view, lesson_change_change, lesson_change_retire))
        .routes(routes!(lesson_change_decide))
}

/// A change of lessons.
#[derive(ToSchema)]
#[schema(example = json!({"kind": "substitution", "class": "01980000-0000-7000-8000-00000000000c",
    "date": "2026-11-17", "period": "第3节", "teacher": "01980000-0000-7000-8000-00000000000d", "reason": "病假"}))]
#[expect(dead_code, reason = "documents the body in OpenAPI; the schema of the domain reads it")]
pub struct LessonChangeFields {
    /// swap, substitution or cancellation.
    kind: String,
    /// The class.
    class: Uuid,
    /// The date of the lesson.
    date: String,
    /// Its period's label.
    period: String,
    /// For a swap: `date` and `period` of the other lesson of the class.
    with: Option<Value>,
    /// For a substitution: the subject now taught.
    subject: Option<Uuid>,
    /// For a substitution: who teaches now.
    teacher: Option<Uuid>,
    /// Why.
    reason: Option<String>,
}

/// A change of lessons as kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub struct LessonChangeView {
    /// Its id.
    id: Uuid,
    /// swap, substitution or cancellation.
    kind: String,
    /// The class.
    class: Uuid,
    /// The date of the lesson.
    date: String,
    /// Its period's label.
    period: String,
    /// For a swap: `date` and `period` of the other lesson of the class.
    with: Option<Value>,
    /// For a substitution: the subject now taught.
    subject: Option<Uuid>,
    /// For a substitution: who teaches now.
    teacher: Option<Uuid>,
    /// Why.
    reason: Option<String>,
    /// filed, approved or rejected; only an approved change counts.
    status: String,
    /// Who filed it.
    filed_by: Option<Uuid>,
    /// When, RFC 3339.
    filed_at: Option<String>,
    /// Who decided.
    decided_by: Option<Uuid>,
    /// When, RFC 3339.
    decided_at: Option<String>,
    /// From this date on it no longer counts.
    retired: Option<String>,
}

/// A decision on a filed change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "approved"}))]
pub struct LessonChangeDecision {
    /// approved or rejected.
    status: DecidedStatus,
}

/// What a decision says.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecidedStatus {
    /// It counts.
    Approved,
    /// It does not.
    Rejected,
}

fn open_fields(body: Value) -> Result<Fields, ApiError> {
    let fields = keeping::fields(KIND, body)?;
    let flaws: Vec<Flaw> = DECIDED
        .into_iter()
        .filter(|name| fields.contains_key(*name))
        .map(|name| Flaw::invalid(format!("/{name}"), "the server sets this; file first, then decide"))
        .collect();
    if flaws.is_empty() { Ok(fields) } else { Err(ApiError::Invalid(flaws)) }
}

fn server_fields(members: Value) -> Fields {
    keeping::fields(KIND, members).unwrap_or_default()
}

read_and_retire!(
    "lesson-changes",
    "a change of lessons",
    "changes of lessons",
    LessonChangeView,
    lesson_change_list,
    lesson_change_view,
    lesson_change_retire
);

/// File a change of lessons
///
/// It may be filed after the lesson: once approved, verdicts of visits are judged again.
#[utoipa::path(post, path = "/api/v1/schools/{school}/lesson-changes", tag = "reference",
    params(("school" = Uuid, Path)), request_body = LessonChangeFields, responses(
    (status = 201, body = LessonChangeView, description = "Filed"),
))]
async fn lesson_change_create(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Value>,
) -> Result<Response, ApiError> {
    open_fields(body.clone())?;
    let filed = json!({"status": "filed", "filed_by": caller.id(), "filed_at": instant(app.clock.millis())});
    let desk = Desk { app: &app, caller: &caller, here: &here, kind: KIND };
    desk.create("lesson_change_create", "lesson-changes", &headers, body, server_fields(filed)).await
}

/// Change what was filed
///
/// A change that was decided goes back to `filed`.
#[utoipa::path(patch, path = "/api/v1/schools/{school}/lesson-changes/{id}", tag = "reference",
    params(("school" = Uuid, Path), ("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = LessonChangeFields, responses(
    (status = 200, body = LessonChangeView, description = "Changed"),
    (status = 412, body = Problem, content_type = "application/problem+json", description = "Changed by somebody else meanwhile"),
))]
async fn lesson_change_change(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Value>,
) -> Result<Tagged<Value>, ApiError> {
    let mut set = open_fields(body)?;
    if !set.is_empty() {
        set.extend(server_fields(json!({"status": "filed", "decided_by": null, "decided_at": null})));
    }
    let desk = Desk { app: &app, caller: &caller, here: &here, kind: KIND };
    desk.change(id, &headers, set).await
}

/// Approve or reject a filed change
#[utoipa::path(post, path = "/api/v1/schools/{school}/lesson-changes/{id}/decision", tag = "reference",
    params(("school" = Uuid, Path), ("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = LessonChangeDecision, responses(
    (status = 200, body = LessonChangeView, description = "Decided"),
    (status = 412, body = Problem, content_type = "application/problem+json", description = "Changed by somebody else meanwhile"),
))]
async fn lesson_change_decide(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
    headers: HeaderMap,
    ApiJson(LessonChangeDecision { status }): ApiJson<LessonChangeDecision>,
) -> Result<Tagged<Value>, ApiError> {
    let status = match status {
        DecidedStatus::Approved => "approved",
        DecidedStatus::Rejected => "rejected",
    };
    let decided =
        json!({"status": status, "decided_by": caller.id(), "decided_at": instant(app.clock.millis())});
    let desk = Desk { app: &app, caller: &caller, here: &here, kind: KIND };
    desk.change(id, &headers, server_fields(decided)).await
}
