//! Two versions of a timetable held against each other (阴阳课表).

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::TimetableId;
use xunke_domain::timetable_compare::{TimetableComparison, compare};

use crate::app::App;
use crate::auth::guard::Here;
use crate::body::{ApiPath, ApiQuery};
use crate::problem::ApiError;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(timetable_compare))
}

/// With which version, and on which date.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompareParams {
    /// The other version: the one that is said to be used.
    #[param(value_type = Uuid)]
    with: TimetableId,
    /// The date of names and of the term; today if not said.
    on: Option<NaiveDate>,
}

/// Where two versions differ: `cells`, `different`, `differences` (class, weekday, period, `what`, the lessons of both),
/// and `subjects` with their lessons a week, where these differ.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct ComparisonView(TimetableComparison);

/// Compare two versions of the timetable, cell by cell
///
/// For 阴阳课表: the posted one in the address, the one that is really used in `with`. A file that is no version is
/// compared with the one in force by `timetable_preview` (`against`).
#[utoipa::path(get, path = "/api/v1/schools/{school}/timetables/{id}/compare", tag = "reference",
    params(("school" = Uuid, Path), ("id" = Uuid, Path), CompareParams), responses(
    (status = 200, body = ComparisonView, description = "Where they differ; never why"),
))]
async fn timetable_compare(
    State(app): State<App>,
    here: Here,
    ApiPath((_, posted)): ApiPath<(Uuid, TimetableId)>,
    ApiQuery(CompareParams { with, on }): ApiQuery<CompareParams>,
) -> Result<Json<ComparisonView>, ApiError> {
    let book = app.store.book(&here.school).await?;
    let on = on.unwrap_or_else(|| app.clock.today());
    let posted = book.timetables.get(&posted).ok_or(ApiError::NotFound)?;
    let used =
        book.timetables.get(&with).ok_or_else(|| ApiError::invalid("?with", "there is no such version"))?;
    Ok(Json(ComparisonView(compare(&book, &posted.grid, &used.grid, on))))
}
