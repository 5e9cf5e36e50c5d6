//! Whether what is posted is what is taught, in a browser.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::ids::TimetableId;
use xunke_domain::timetable_compare::compare;

use super::bar::{Part, Place, bar};
use super::session::Visitor;
use super::{PageError, frame, here, page};
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::{ApiPath, ApiQuery};
use crate::pages::{self, PracticeView, VersionChoice};
use crate::problem::ApiError;
use crate::routes::practice::practice;

pub(super) fn router() -> Router<App> {
    Router::new().route("/schools/{school}/audit/practice", get(practice_page))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PracticeParams {
    on: Option<NaiveDate>,
    /// The version that is posted, and the one that is said to be used.
    posted: Option<TimetableId>,
    used: Option<TimetableId>,
}

async fn practice_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(PracticeParams { on, posted, used }): ApiQuery<PracticeParams>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "audit_practice", id).await?;
    let on = on.unwrap_or_else(|| app.clock.today());
    let practice = practice(&app, &school, Some(on)).await?;
    let book = app.store.book(&school).await?;
    let may_compare = visitor.caller.reach(&app, "timetable_compare", &school).is_ok();
    let versions = if may_compare { versions(&book) } else { Vec::new() };
    let known = |version: TimetableId| book.timetables.get(&version).ok_or(ApiError::NotFound);
    let compared = match (posted, used) {
        (Some(posted), Some(used)) if may_compare => {
            let comparison = compare(&book, &known(posted)?.grid, &known(used)?.grid, on);
            Some((posted.into_uuid(), used.into_uuid(), comparison))
        }
        _ => None,
    };
    let audit_url = format!("/schools/{id}/audit");
    let bar = bar(&app, &visitor, &school, None, Place::Below(Part::Audit)).await?;
    let view = PracticeView {
        frame: frame!(visitor, Some(&bar)),
        school: &school.name,
        on,
        practice: &practice,
        versions: &versions,
        compared: compared.as_ref().map(|(posted, used, comparison)| (*posted, *used, comparison)),
        url: &format!("{audit_url}/practice"),
        audit_url: &audit_url,
        visit_url_prefix: &format!("/schools/{id}/visits/"),
    };
    Ok(page(pages::practice_page(&view)?))
}

/// The versions of a school, the newest first.
fn versions(book: &SchoolBook) -> Vec<VersionChoice> {
    let mut versions: Vec<_> = book.timetables.iter().collect();
    versions.sort_by_key(|(id, timetable)| std::cmp::Reverse((timetable.valid_from, **id)));
    let choice = |(id, timetable): (&TimetableId, &xunke_domain::book::Timetable)| {
        let undone = timetable.retired.is_some_and(|retired| retired <= timetable.valid_from);
        let withdrawn = if undone { "，已撤销" } else { "" };
        VersionChoice {
            id: id.into_uuid(),
            label: format!("{}（{}起{withdrawn}）", timetable.name, timetable.valid_from),
        }
    };
    versions.into_iter().map(choice).collect()
}
