//! Schools side by side over some weeks.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::district::Overview;
use xunke_domain::ids::DistrictId;
use xunke_domain::week::Week;

use super::reading::{name, overview_of};
use super::table::{DistrictTable, table};
use crate::app::App;
use crate::auth::guard::{Caller, HereDistrict};
use crate::body::ApiQuery;
use crate::problem::{ApiError, Problem};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(district_overview)).routes(routes!(district_overview_csv))
}

/// Most weeks of an overview: a semester.
const MOST: u32 = 20;
/// Weeks of an overview, if not said.
const USUAL: u32 = 4;

/// Which weeks.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SpanParams {
    /// How many weeks, 1–20; 4 if not said.
    #[param(minimum = 1, maximum = 20)]
    pub weeks: Option<u32>,
    /// The last of them; the last week that has ended, if not said.
    #[param(value_type = Option<String>, example = "2026-W47")]
    pub until: Option<Week>,
}

impl SpanParams {
    /// The weeks, the oldest first.
    pub fn span(self, app: &App) -> Result<Vec<Week>, ApiError> {
        let weeks @ 1..=MOST = self.weeks.unwrap_or(USUAL) else {
            return Err(ApiError::invalid("?weeks", "1 to 20 weeks"));
        };
        let until = self.until.unwrap_or_else(|| Week::of(app.clock.today()).back(1));
        Ok((0..weeks).rev().map(|back| until.back(back)).collect())
    }
}

/// Schools of a district side by side.
#[derive(Debug, Serialize, ToSchema)]
pub struct DistrictOverview {
    /// The district.
    #[schema(value_type = uuid::Uuid)]
    pub district: DistrictId,
    /// Its name.
    pub name: String,
    /// `weeks` told, `whole` (all schools together), `schools` (a line each, in the order of codes and names) and
    /// `problems` (each with in how many schools). A rate is `k`, `n` and, of 5 and more, `share` and `wilson95`; `differs`
    /// where that interval lies wholly above or below the rate of the whole. Each week of a school has its `standing`
    /// and the `edition` its figures are from: what they are counted from is told by `figure_view`.
    #[schema(value_type = Object)]
    pub overview: Overview,
}

/// The overview of a span for somebody; shared with the pages.
pub async fn overview(
    app: &App,
    caller: &Caller,
    district: DistrictId,
    params: SpanParams,
) -> Result<DistrictOverview, ApiError> {
    let weeks = params.span(app)?;
    let name = name(app, district).await?;
    let (overview, _) = overview_of(app, caller, district, weeks, Vec::new()).await?;
    Ok(DistrictOverview { district, name, overview })
}

/// The overview of a span as a table; shared with the pages.
pub async fn overview_table(
    app: &App,
    caller: &Caller,
    district: DistrictId,
    params: SpanParams,
) -> Result<Response, ApiError> {
    let DistrictOverview { name, overview, .. } = overview(app, caller, district, params).await?;
    let span = overview.weeks.first().zip(overview.weeks.last());
    let (first, last) = span.ok_or(ApiError::Internal)?;
    table(&overview, &format!("xunke-district-{first}-{last}"), &format!("{name} 各校巡课 {first}—{last}"))
}

/// Schools side by side over some weeks
///
/// By their newest editions; a week whose newest edition was withdrawn counts again with the next. One sees the schools
/// whose editions one may read. Never a ranking: more patrols find more problems.
#[utoipa::path(get, path = "/api/v1/districts/{district}/overview", tag = "district",
    params(("district" = Uuid, Path), SpanParams), responses(
    (status = 200, body = DistrictOverview, description = "Schools in the order of codes and names"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "Not so many weeks"),
))]
async fn district_overview(
    State(app): State<App>,
    caller: Caller,
    HereDistrict(district): HereDistrict,
    ApiQuery(params): ApiQuery<SpanParams>,
) -> Result<axum::Json<DistrictOverview>, ApiError> {
    Ok(axum::Json(overview(&app, &caller, district, params).await?))
}

/// Schools side by side as CSV
///
/// A line a school and one for all together; shares of at least 5, and the bounds of their Wilson intervals. With a byte
/// order mark, so that Excel opens it right.
#[utoipa::path(get, path = "/api/v1/districts/{district}/overview/csv", tag = "district",
    params(("district" = Uuid, Path), SpanParams), responses(
    (status = 200, body = DistrictTable, content_type = "text/csv", description = "CSV (RFC 4180)"),
))]
async fn district_overview_csv(
    State(app): State<App>,
    caller: Caller,
    HereDistrict(district): HereDistrict,
    ApiQuery(params): ApiQuery<SpanParams>,
) -> Result<Response, ApiError> {
    overview_table(&app, &caller, district, params).await
}
