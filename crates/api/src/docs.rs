//! What developers read: the OpenAPI document, a page that shows it, and the catalogue of problems.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::problem::ApiError;

/// The page's own scripts and styles come from this binary; Swagger UI styles inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// `/api/openapi.json` and `/docs`.
pub fn router(document: &OpenApi) -> Router {
    let json = document.to_json().unwrap_or_default();
    let document = get(move || {
        let json = json.clone();
        async move { ([(CONTENT_TYPE, "application/json")], json).into_response() }
    });
    let page: Router = SwaggerUi::new("/docs").config(Config::from("/api/openapi.json")).into();
    let page = page.layer(axum::middleware::map_response(|mut response: Response| async move {
        let policy = axum::http::HeaderValue::from_static(POLICY);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        response
    }));
    Router::new().route("/api/openapi.json", document).merge(page)
}

/// What a problem's `type` leads to: its title and status.
pub async fn problems(Path(code): Path<String>) -> Result<Response, ApiError> {
    let known = ApiError::catalogue().into_iter().find(|(_, known, _)| *known == code);
    let (status, code, title) = known.ok_or(ApiError::NotFound)?;
    let text =
        format!("{code}\n\nHTTP {}\n{title}\n\nThe problems of each operation: /docs\n", status.as_u16());
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
