//! The operations of the API, one group a file; each file begins with its router.

pub mod audits;
pub mod deciding;
pub mod devices;
pub mod disagreements;
pub mod district;
pub mod editions;
pub mod feedback;
pub mod figures;
pub mod health;
pub mod held;
pub mod notices;
pub mod objections;
pub mod people;
pub mod posting;
pub mod practice;
pub mod preflight;
pub mod prints;
pub mod publishing;
pub mod reference;
pub mod schedule;
pub mod sessions;
pub mod setup;
pub mod sync_changes;
pub mod sync_push;
pub mod vetoes;
pub mod visit_export;
pub mod visits;
pub mod weeks;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Every documented operation.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(setup::router())
        .merge(sessions::router())
        .merge(people::router())
        .merge(devices::router())
        .merge(reference::router())
        .merge(sync_push::router())
        .merge(sync_changes::router())
        .merge(disagreements::router())
        .merge(held::router())
        .merge(visits::router())
        .merge(visit_export::router())
        .merge(feedback::router())
        .merge(objections::router())
        .merge(weeks::router())
        .merge(preflight::router())
        .merge(publishing::router())
        .merge(editions::router())
        .merge(posting::router())
        .merge(schedule::router())
        .merge(vetoes::router())
        .merge(notices::router())
        .merge(prints::router())
        .merge(figures::router())
        .merge(audits::router())
        .merge(district::router())
        .merge(practice::router())
        .merge(health::router())
}
