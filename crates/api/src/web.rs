//! Pages for people with a browser.

use axum::Router;

use crate::app::App;

/// The pages.
pub fn router(_app: App) -> Router {
    Router::new()
}
