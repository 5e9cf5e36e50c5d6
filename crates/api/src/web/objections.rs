//! Deciding on a teacher's objection in a browser, on the page of the visit.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use uuid::Uuid;
use xunke_storage::feedback::Feedback;

use super::session::Visitor;
use super::{PageError, here, see_other};
use crate::app::App;
use crate::body::ApiPath;
use crate::problem::ApiError;
use crate::routes::objections::{ObjectionDecision, decide};

pub(super) fn router() -> Router<App> {
    Router::new().route("/schools/{school}/feedback/{feedback}/decision", post(decision_posted))
}

#[derive(Deserialize)]
struct DecisionForm {
    csrf: String,
    /// Of the feedback as it was read.
    version: i64,
    upheld: bool,
    reason: String,
}

async fn decision_posted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, feedback)): ApiPath<(Uuid, Uuid)>,
    Form(DecisionForm { csrf, version, upheld, reason }): Form<DecisionForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &csrf)?;
    let here = here(&app, &visitor, "objection_decide", id).await?;
    let feedback = app.store.read().feedback_find(here.school.id, feedback).await?;
    let feedback = Feedback { version, ..feedback.ok_or(ApiError::NotFound)? };
    let visit = feedback.visit;
    match decide(&app, &visitor.caller, &here, feedback, ObjectionDecision { upheld, reason }).await {
        // Somebody else was faster: the page shows what was said or decided.
        Ok(_) | Err(ApiError::WrongState(_) | ApiError::PreconditionFailed) => {
            Ok(see_other(&format!("/schools/{id}/visits/{visit}#feedback")))
        }
        Err(error) => Err(error.into()),
    }
}
