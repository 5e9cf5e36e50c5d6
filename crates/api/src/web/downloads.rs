//! Files for a browser: the same as the API's, behind the cookie.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use uuid::Uuid;
use xunke_domain::week::Week;

use super::session::Visitor;
use super::{PageError, here};
use crate::app::App;
use crate::body::{ApiPath, ApiQuery};
use crate::routes::prints;
use crate::routes::visit_export::{VisitExportParams, export};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/weeks/{week}/editions/{number}/pdf", get(edition_pdf))
        .route("/schools/{school}/weeks/{week}/editions/{number}/xlsx", get(edition_workbook))
        .route("/schools/{school}/weeks/{week}/editions/{number}/csv", get(edition_csv))
        .route("/schools/{school}/visits/export", get(visits))
        .route("/schools/{school}/weeks/{week}/editions/{number}/public/pdf", get(public_pdf))
}

async fn edition_pdf(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = here(&app, &visitor, "edition_pdf", id).await?.school;
    Ok(prints::inside(&app, &school, week, number).await?)
}

async fn public_pdf(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = here(&app, &visitor, "edition_public_pdf", id).await?.school;
    Ok(prints::outside(&app, &school, week, number).await?)
}

async fn edition_workbook(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = here(&app, &visitor, "edition_workbook", id).await?.school;
    Ok(prints::workbook(&app, &school, week, number).await?)
}

async fn edition_csv(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = here(&app, &visitor, "edition_csv", id).await?.school;
    Ok(prints::table(&app, &school, week, number).await?)
}

async fn visits(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(params): ApiQuery<VisitExportParams>,
) -> Result<Response, PageError> {
    let here = here(&app, &visitor, "visit_export", id).await?;
    Ok(export(app, &visitor.caller, here, params).await?)
}
