//! The audit of a school's timetable in a browser.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use uuid::Uuid;

use super::bar::{Part, Place, bar};
use super::session::Visitor;
use super::{PageError, frame, here, page};
use crate::app::App;
use crate::auth::guard::{Here, Reach};
use crate::body::{ApiPath, ApiQuery};
use crate::pages::{self, AuditView};
use crate::routes::audits::{AuditBookParams, AuditParams, audit, book_for, loads};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/audit", get(audit_page))
        .route("/schools/{school}/audit/xlsx", get(audit_book))
}

async fn audit_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(AuditParams { on }): ApiQuery<AuditParams>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "audit_view", id).await?;
    let names = visitor.caller.reach(&app, "audit_teachers", &school).ok() == Some(Reach::All);
    let audit = audit(&app, &school, on).await?;
    let teachers = if names { Some(loads(&app, &school, on, None).await?) } else { None };
    let url = format!("/schools/{id}/audit");
    let bar = bar(&app, &visitor, &school, None, Place::On(Part::Audit)).await?;
    let view = AuditView {
        frame: frame!(visitor, Some(&bar)),
        audit: &audit,
        teachers: teachers.as_ref(),
        url: &url,
        workbook_url: &format!("{url}/xlsx"),
    };
    Ok(page(pages::audit_page(&view)?))
}

async fn audit_book(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(params): ApiQuery<AuditBookParams>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "audit_workbook", id).await?;
    Ok(book_for(&app, &visitor.caller, &school, params).await?)
}
