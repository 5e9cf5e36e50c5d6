//! Objections (异议) of teachers to the facts of a visit: until when they may be made, and how they are decided.

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, NaiveDate, TimeZone as _};
use chrono_tz::Tz;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::VisitId;
use xunke_domain::objection::last_day;
use xunke_domain::week::Week;
use xunke_storage::feedback::Feedback;
use xunke_storage::visits::VisitRow;

use super::feedback::{FeedbackView, change, seen_by};
use crate::answer::{Tagged, if_match};
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath};
use crate::problem::{ApiError, Problem};
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(objection_decide))
}

/// What is decided on an objection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"upheld": true, "reason": "当天有调课单，已补录。"}))]
pub struct ObjectionDecision {
    /// Whether the teacher is right.
    pub upheld: bool,
    /// Why; 1–4000 characters.
    pub reason: String,
}

/// Decide on an objection
///
/// An entry whose objection was upheld stays marked in the log until it is corrected or withdrawn; one that was dismissed
/// is like any other. An edition that was published before is overtaken: the next one tells it.
#[utoipa::path(post, path = "/api/v1/schools/{school}/feedback/{feedback}/decision", tag = "visits",
    params(("school" = Uuid, Path), ("feedback" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = ObjectionDecision, responses(
    (status = 200, body = FeedbackView, description = "Decided"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "There is no open objection"),
    (status = 412, body = Problem, content_type = "application/problem+json", description = "Changed meanwhile"),
))]
async fn objection_decide(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
    headers: HeaderMap,
    ApiJson(decision): ApiJson<ObjectionDecision>,
) -> Result<Tagged<FeedbackView>, ApiError> {
    let (feedback, _) = seen_by(&app, &here, &caller, id).await?;
    let feedback = Feedback { version: if_match(&headers)?, ..feedback };
    decide(&app, &caller, &here, feedback, decision).await
}

/// Decides on the objection in a piece of feedback as it was read; shared with the pages.
pub async fn decide(
    app: &App,
    caller: &Caller,
    here: &Here,
    feedback: Feedback,
    ObjectionDecision { upheld, reason }: ObjectionDecision,
) -> Result<Tagged<FeedbackView>, ApiError> {
    if !feedback.is_contested() {
        return Err(ApiError::WrongState("there is no open objection"));
    }
    let week = contested_visit(app, here, feedback.visit).await?.date.map(Week::of);
    let decided = Feedback {
        state: if upheld { "upheld" } else { "dismissed" }.to_owned(),
        decision: Some(text::remark("/reason", &reason)?),
        decided_by: Some(caller.id()),
        decided_at: Some(app.clock.millis()),
        ..feedback
    };
    change(app, decided, week).await
}

/// Whether the facts of a visit on a date may still be contested.
pub(super) async fn still_contestable(
    app: &App,
    here: &Here,
    feedback: &Feedback,
    date: Option<NaiveDate>,
) -> Result<(), ApiError> {
    let editions = match date.map(Week::of) {
        Some(week) => app.store.read().edition_heads_of(here.school.id, week).await?,
        None => Vec::new(),
    };
    let book = app.store.book(&here.school).await?;
    let zone = book.zone();
    let local = |millis: i64| -> Option<DateTime<Tz>> { zone.timestamp_millis_opt(millis).single() };
    let told = local(feedback.sent_at).ok_or(ApiError::Internal)?;
    let published = editions.first().and_then(|edition| local(edition.published_at));
    let today = app.clock.now().with_timezone(&zone).date_naive();
    match last_day(told, published, book.settings.objection_days) {
        Some(until) if today > until => Err(ApiError::ObjectionOver { until }),
        _ => Ok(()),
    }
}

/// The visit that is contested, as it is.
pub(super) async fn contested_visit(app: &App, here: &Here, visit: VisitId) -> Result<VisitRow, ApiError> {
    app.store.read().visit_find(here.school.id, visit).await?.ok_or(ApiError::NotFound)
}
