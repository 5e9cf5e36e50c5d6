//! A school's reference data over REST. Every kind is a record of the school's stream, kept in one way:
//! create, list, view, change (merge patch), retire. The rules of each kind are `xunke_domain::schema`.

pub mod keeping;
pub mod kinds;
pub mod lesson_changes;
mod reading;
pub mod schools;
pub mod timetable_comparison;
pub mod timetable_files;
pub mod timetable_preview;
pub mod timetable_preview_parts;
pub mod timetable_undo;
pub mod timetables;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// All reference data.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(schools::router())
        .merge(kinds::router())
        .merge(timetables::router())
        .merge(lesson_changes::router())
}
