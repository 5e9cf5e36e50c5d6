//! Whether the process lives, and whether it can take writes.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::instant::instant;
use crate::problem::{ApiError, Problem};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(ready))
}

/// How it is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
    /// The version of the server.
    version: &'static str,
    /// Its clock, RFC 3339.
    server_time: String,
}

fn well(app: &App) -> axum::Json<Health> {
    let server_time = instant(app.clock.millis());
    axum::Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION"), server_time })
}

/// The process lives
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = Health, description = "It does")))]
async fn health(State(app): State<App>) -> axum::Json<Health> {
    well(&app)
}

/// The database takes writes
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, body = Health, description = "It does"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "It does not, right now"),
))]
async fn ready(State(app): State<App>) -> Result<axum::Json<Health>, ApiError> {
    app.store.probe().await?;
    Ok(well(&app))
}
