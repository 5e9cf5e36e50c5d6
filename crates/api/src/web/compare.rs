//! Two editions of a week side by side in a browser.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::ids::{UserId, VisitId};
use xunke_domain::log::{ChangeEntry, changes};
use xunke_domain::week::Week;
use xunke_storage::editions::StoredEdition;
use xunke_storage::schools::School;

use super::bar::{Part, Place, bar};
use super::known::Known;
use super::session::Visitor;
use super::{PageError, frame, here, page};
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::{ApiPath, ApiQuery};
use crate::instant::at;
use crate::pages::{self, CompareView, SemesterName};
use crate::problem::ApiError;
use crate::routes::editions::read_edition;
use crate::routes::visits::writes;

/// Most changed visits of whose writes the last is looked up.
const LOOKED_UP: usize = 500;

pub(super) fn router() -> Router<App> {
    Router::new().route("/schools/{school}/weeks/{week}/compare", get(compare_page))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompareParams {
    a: u32,
    b: u32,
}

async fn compare_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
    ApiQuery(CompareParams { a, b }): ApiQuery<CompareParams>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "edition_view", id).await?;
    let stored = app.store.read().edition_list(school.id, week).await?;
    let edition = |number: u32| stored.iter().find(|one| one.number == number).ok_or(ApiError::NotFound);
    let (left, right) = (edition(a)?, edition(b)?);
    let (one, other) = (read_edition(&left.bytes)?, read_edition(&right.bytes)?);
    let changed = changes(&one.log.visit_digests, &other.log.visit_digests);
    let arrivals = arrivals(&app, &school, &changed, [left, right]).await?;
    let people: BTreeSet<UserId> = arrivals.values().map(|(by, _)| *by).collect();
    let known = Known::read(&app, &school, &people).await?;
    let semester = known.book.semester_of(week.monday());
    let bar = bar(&app, &visitor, &school, Some(week), Place::Below(Part::Log)).await?;
    let view = CompareView {
        frame: frame!(visitor, Some(&bar)),
        semester: semester.map(|term| SemesterName { school_year: &term.school_year, term: term.term }),
        left: &one,
        right: &other,
        numbers: &stored.iter().map(|edition| edition.number).collect::<Vec<_>>(),
        changes: &changed,
        arrivals: &arrivals,
        url: &format!("/schools/{id}/weeks/{week}/compare"),
        editions_url: &format!("/schools/{id}/weeks/{week}/editions/"),
        visit_url_prefix: &format!("/schools/{id}/visits/"),
        names: known.names(),
    };
    Ok(page(pages::compare_page(&view)?))
}

/// The last write of each changed visit that the later of the two editions had and the earlier had not.
async fn arrivals(
    app: &App,
    school: &School,
    changed: &[ChangeEntry],
    editions: [&StoredEdition; 2],
) -> Result<BTreeMap<VisitId, (UserId, DateTime<FixedOffset>)>, ApiError> {
    let heads = editions.map(|edition| edition.head);
    let between = heads[0].min(heads[1])..heads[0].max(heads[1]);
    let mut arrivals = BTreeMap::new();
    for change in changed.iter().take(LOOKED_UP) {
        let written = writes(app, school.id, change.visit).await?;
        let mut seen = written.iter().rev().map(|written| &written.entry);
        let last = seen.find(|entry| entry.seq.is_some_and(|seq| between.contains(&(seq - 1))));
        if let Some(entry) = last {
            arrivals.insert(change.visit, (entry.author, at(entry.received_at).fixed_offset()));
        }
    }
    Ok(arrivals)
}
