//! What a term's visits say of the timetable: 阴阳课表, and lessons delivered (实开).

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::practice::{Practice, practice as told, weeks_until};
use xunke_domain::visit::Visit;
use xunke_storage::schools::School;

use super::audits::AuditParams;
use crate::app::App;
use crate::auth::guard::Here;
use crate::beside::beside;
use crate::body::ApiQuery;
use crate::problem::ApiError;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(audit_practice))
}

/// What the visits of the term up to a date say: `span`, `weeks`, `occasions`, `disputed`, `bulk_only`; `dual` with
/// `p0`, `p1`, `alpha`, `pairs`, and in `found` each class and subject with a mismatch, `flagged` or not, with its
/// visits; `delivered` with `subjects`, their bands of grades, estimates, intervals and visits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct PracticeView(Practice);

/// What the visits of a school's term say; shared with the pages.
pub async fn practice(app: &App, school: &School, on: Option<NaiveDate>) -> Result<Practice, ApiError> {
    let book = app.store.book(school).await?;
    let on = on.unwrap_or_else(|| app.clock.today());
    let weeks = app.store.read().visits_of(school.id, &weeks_until(&book, on)).await?;
    let visits: Vec<Visit> =
        weeks.into_iter().flat_map(|(_, visits)| visits.into_iter().map(|one| one.visit)).collect();
    beside("an audit", move || told(&book, &visits, on)).await
}

/// Whether what is posted is what is taught: 阴阳课表 and lessons delivered (实开), from the term's visits
///
/// For each class and subject a sequential test asks whether lessons are taught otherwise more often than chance swaps
/// explain (`settings.dual_timetable` of the school: `p0`, `p1`, `alpha`). A slot counts once, whoever saw it; disputed
/// ones, bulk marks and filed changes are no mismatch. Of all that is flagged at most `alpha` is expected to be so by
/// chance, however many classes there are. Delivered lessons are estimated per subject and band of grades with a 95 %
/// interval, and not below five seen. Every figure names its visits.
#[utoipa::path(get, path = "/api/v1/schools/{school}/audit/practice", tag = "audit",
    params(("school" = Uuid, Path), AuditParams), responses(
    (status = 200, body = PracticeView, description = "The term so far; `span` is null outside a term"),
))]
async fn audit_practice(
    State(app): State<App>,
    here: Here,
    ApiQuery(AuditParams { on }): ApiQuery<AuditParams>,
) -> Result<Json<PracticeView>, ApiError> {
    Ok(Json(PracticeView(practice(&app, &here.school, on).await?)))
}
