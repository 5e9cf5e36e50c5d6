//! Oneself, districts and their people: accounts and memberships, kept by the administrator.

pub mod districts;
pub mod memberships;
pub mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(districts::router()).merge(users::router()).merge(memberships::router())
}
