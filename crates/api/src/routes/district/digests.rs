//! The three reports that counties meet about.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::district::{Digest, Overview, Span, Whole};
use xunke_domain::ids::DistrictId;
use xunke_domain::week::Week;

use super::reading::{name, overview_of};
use super::table::{DistrictTable, table};
use crate::app::App;
use crate::auth::guard::{Caller, HereDistrict};
use crate::body::{ApiPath, ApiQuery};
use crate::problem::ApiError;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(district_digest)).routes(routes!(district_digest_csv))
}

/// Of which day.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DigestParams {
    /// The last day of the report; today if not said.
    pub on: Option<NaiveDate>,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
pub struct DistrictDigest {
    /// Which report.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// The district.
    #[schema(value_type = Uuid)]
    pub district: DistrictId,
    /// Its name.
    pub name: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// The weeks whose logs fell due on these days, as an overview tells them.
    #[schema(value_type = Object)]
    pub overview: Overview,
    /// All schools together over as many weeks before these, as `overview.whole` tells them.
    #[schema(value_type = Object)]
    pub before: Whole,
}

/// A report for somebody; shared with the pages.
pub async fn digest(
    app: &App,
    caller: &Caller,
    district: DistrictId,
    digest: Digest,
    DigestParams { on }: DigestParams,
) -> Result<DistrictDigest, ApiError> {
    let Span { from, to, weeks } = digest.span(on.unwrap_or_else(|| app.clock.today()));
    let name = name(app, district).await?;
    let back = u32::try_from(weeks.len()).unwrap_or_default();
    let before: Vec<Week> = weeks.iter().map(|week| week.back(back)).collect();
    let (overview, before) = overview_of(app, caller, district, weeks, before).await?;
    Ok(DistrictDigest { digest, district, name, from, to, overview, before })
}

/// A report as a table; shared with the pages.
pub async fn digest_table(
    app: &App,
    caller: &Caller,
    district: DistrictId,
    which: Digest,
    params: DigestParams,
) -> Result<Response, ApiError> {
    let DistrictDigest { name, to, overview, .. } = digest(app, caller, district, which, params).await?;
    table(&overview, &format!("xunke-{which}-{to}"), &format!("{name} {} {to}", which.name_zh()))
}

/// A report for a meeting: 一周一会商, 两周一调度, 一月一督导
///
/// `weekly_consultation` of 7, `biweekly_dispatch` of 14, `monthly_supervision` of 30 days that end on a day. It tells the
/// weeks whose logs fell due on those days (the Monday after each week).
#[utoipa::path(get, path = "/api/v1/districts/{district}/digests/{digest}", tag = "district",
    params(("district" = Uuid, Path), ("digest" = String, Path, example = "weekly_consultation"), DigestParams), responses(
    (status = 200, body = DistrictDigest, description = "With all schools together over the weeks before, to hold it against"),
))]
async fn district_digest(
    State(app): State<App>,
    caller: Caller,
    HereDistrict(district): HereDistrict,
    ApiPath((_, which)): ApiPath<(Uuid, Digest)>,
    ApiQuery(params): ApiQuery<DigestParams>,
) -> Result<axum::Json<DistrictDigest>, ApiError> {
    Ok(axum::Json(digest(&app, &caller, district, which, params).await?))
}

/// A report for a meeting as CSV
///
/// A line a school and one for all together, as `district_overview_csv`.
#[utoipa::path(get, path = "/api/v1/districts/{district}/digests/{digest}/csv", tag = "district",
    params(("district" = Uuid, Path), ("digest" = String, Path, example = "weekly_consultation"), DigestParams), responses(
    (status = 200, body = DistrictTable, content_type = "text/csv", description = "CSV (RFC 4180)"),
))]
async fn district_digest_csv(
    State(app): State<App>,
    caller: Caller,
    HereDistrict(district): HereDistrict,
    ApiPath((_, which)): ApiPath<(Uuid, Digest)>,
    ApiQuery(params): ApiQuery<DigestParams>,
) -> Result<Response, ApiError> {
    digest_table(&app, &caller, district, which, params).await
}
