//! What the schools of a district have published, side by side: over any weeks, and as the three reports that counties
//! meet about.

pub mod digests;
pub mod overviews;
pub mod reading;
mod table;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(overviews::router()).merge(digests::router())
}
