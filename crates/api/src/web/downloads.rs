//! Files of editions for a browser: the same as the API's, behind the cookie.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use uuid::Uuid;
use xunke_domain::week::Week;

use super::session::Visitor;
use super::{PageError, school};
use crate::app::App;
use crate::body::ApiPath;
use crate::routes::prints;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/weeks/{week}/editions/{number}/pdf", get(edition_pdf))
        .route("/schools/{school}/weeks/{week}/editions/{number}/xlsx", get(edition_workbook))
        .route("/schools/{school}/weeks/{week}/editions/{number}/public/pdf", get(public_pdf))
}

async fn edition_pdf(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = school(&app, &visitor, "edition_pdf", id).await?;
    Ok(prints::inside(&app, &school, week, number).await?)
}

async fn public_pdf(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = school(&app, &visitor, "edition_public_pdf", id).await?;
    Ok(prints::outside(&app, &school, week, number).await?)
}

async fn edition_workbook(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = school(&app, &visitor, "edition_workbook", id).await?;
    Ok(prints::workbook(&app, &school, week, number).await?)
}
