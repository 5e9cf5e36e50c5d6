//! A district's schools side by side in a browser.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::district::Digest;
use xunke_domain::ids::DistrictId;
use xunke_domain::week::Week;

use super::session::Visitor;
use super::{PageError, frame, page};
use crate::app::App;
use crate::body::{ApiPath, ApiQuery};
use crate::pages::{self, DigestHead, DistrictView};
use crate::routes::district::digests::{DigestParams, DistrictDigest, digest, digest_table};
use crate::routes::district::overviews::{DistrictOverview, SpanParams, overview, overview_table};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/districts/{district}", get(overview_page))
        .route("/districts/{district}/csv", get(overview_file))
        .route("/districts/{district}/digests/{digest}", get(digest_page))
        .route("/districts/{district}/digests/{digest}/csv", get(digest_file))
}

/// The district, at which the visitor may do this, or the reason why not.
fn there(app: &App, visitor: &Visitor, operation: &str, id: Uuid) -> Result<DistrictId, PageError> {
    let district = DistrictId::from_uuid(id);
    visitor.caller.reach_district(app, operation, district)?;
    Ok(district)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverviewQuery {
    weeks: Option<u32>,
    until: Option<Week>,
    problem: Option<String>,
}

async fn overview_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(OverviewQuery { weeks, until, problem }): ApiQuery<OverviewQuery>,
) -> Result<Response, PageError> {
    let district = there(&app, &visitor, "district_overview", id)?;
    let seen = overview(&app, &visitor.caller, district, SpanParams { weeks, until }).await?;
    let DistrictOverview { name, overview, .. } = &seen;
    let url = format!("/districts/{id}");
    let last = overview.weeks.last().map(Week::to_string).unwrap_or_default();
    let same = format!("weeks={}&until={last}", overview.weeks.len());
    let view = DistrictView {
        frame: frame!(visitor),
        name,
        overview,
        digest: None,
        problem: problem.as_deref(),
        url: &url,
        table_url: &format!("{url}/csv?{same}"),
        choice_url: &format!("{url}?{same}&"),
    };
    Ok(page(pages::district_page(&view)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DigestQuery {
    on: Option<NaiveDate>,
    problem: Option<String>,
}

async fn digest_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, which)): ApiPath<(Uuid, Digest)>,
    ApiQuery(DigestQuery { on, problem }): ApiQuery<DigestQuery>,
) -> Result<Response, PageError> {
    let district = there(&app, &visitor, "district_digest", id)?;
    let seen = digest(&app, &visitor.caller, district, which, DigestParams { on }).await?;
    let DistrictDigest { name, from, to, overview, before, .. } = &seen;
    let url = format!("/districts/{id}");
    let here = format!("{url}/digests/{which}");
    let view = DistrictView {
        frame: frame!(visitor),
        name,
        overview,
        digest: Some(DigestHead { which, from: *from, to: *to, before }),
        problem: problem.as_deref(),
        url: &url,
        table_url: &format!("{here}/csv?on={to}"),
        choice_url: &format!("{here}?on={to}&"),
    };
    Ok(page(pages::district_page(&view)?))
}

async fn overview_file(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(params): ApiQuery<SpanParams>,
) -> Result<Response, PageError> {
    let district = there(&app, &visitor, "district_overview_csv", id)?;
    Ok(overview_table(&app, &visitor.caller, district, params).await?)
}

async fn digest_file(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, which)): ApiPath<(Uuid, Digest)>,
    ApiQuery(params): ApiQuery<DigestParams>,
) -> Result<Response, PageError> {
    let district = there(&app, &visitor, "district_digest_csv", id)?;
    Ok(digest_table(&app, &visitor.caller, district, which, params).await?)
}
