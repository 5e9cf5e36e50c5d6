//! The weekly log in a browser: draft and editions.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, FixedOffset};
use uuid::Uuid;
use xunke_domain::book::Semester;
use xunke_domain::log::public::PublicLog;
use xunke_domain::week::Week;
use xunke_storage::editions::StoredEdition;
use xunke_storage::schools::School;

use super::bar::{Part, Place, bar};
use super::known::dimensions;
use super::session::Visitor;
use super::{PageError, frame, here, page};
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::ApiPath;
use crate::instant::at;
use crate::pages::{self, EditionLink, EditionState, EditionView, PublicView, SemesterName};
use crate::problem::ApiError;
use crate::routes::editions::{edition, read_edition};
use crate::routes::weeks::draft;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/weeks/{week}/draft", get(draft_page))
        .route("/schools/{school}/weeks/{week}/editions/{number}", get(edition_page))
        .route("/schools/{school}/weeks/{week}/editions/{number}/public", get(public_page))
}

/// What the pages of one week have in common.
struct Shown {
    semester: Option<Semester>,
    dimensions: BTreeMap<String, String>,
    editions: Vec<(u32, DateTime<FixedOffset>, String)>,
}

impl Shown {
    async fn read(app: &App, school: &School, week: Week, suffix: &str) -> Result<Self, PageError> {
        let book = app.store.book(school).await?;
        let dimensions = dimensions(app, school.id).await?;
        let stored: Vec<StoredEdition> = app.store.read().edition_list(school.id, week).await?;
        let editions = stored
            .iter()
            .map(|edition| {
                let url = format!("/schools/{}/weeks/{week}/editions/{}{suffix}", school.id, edition.number);
                (edition.number, at(edition.published_at).fixed_offset(), url)
            })
            .collect();
        Ok(Self { semester: book.semester_of(week.monday()).cloned(), dimensions, editions })
    }

    fn semester(&self) -> Option<SemesterName<'_>> {
        self.semester.as_ref().map(|term| SemesterName { school_year: &term.school_year, term: term.term })
    }

    fn links(&self) -> Vec<EditionLink<'_>> {
        self.editions
            .iter()
            .map(|(number, published_at, url)| EditionLink {
                number: *number,
                published_at: *published_at,
                url,
            })
            .collect()
    }
}

async fn draft_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "weekly_log_draft", id).await?;
    let draft = draft(&app, school.id, week).await?;
    let shown = Shown::read(&app, &school, week, "").await?;
    let bar = bar(&app, &visitor, &school, Some(week), Place::On(Part::Log)).await?;
    let view = EditionView {
        frame: frame!(visitor, Some(&bar)),
        semester: shown.semester(),
        log: &draft.log,
        state: EditionState::Draft {
            compiled_at: at(app.clock.millis()).fixed_offset(),
            review_url: &format!("/schools/{id}/weeks/{week}/review"),
        },
        changes: &draft.changes,
        editions: &shown.links(),
        visit_url_prefix: Some(&format!("/schools/{id}/visits/")),
        figures_url: Some(&format!("/schools/{id}/weeks/{week}/visits?")),
        compare_url: None,
        public_url: None,
        dimensions: &shown.dimensions,
    };
    Ok(page(pages::edition_page(&view)?))
}

async fn edition_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "edition_view", id).await?;
    let stored = edition(&app, school.id, week, number).await?;
    let edition = read_edition(&stored.bytes)?;
    let shown = Shown::read(&app, &school, week, "").await?;
    let compare_url =
        (number > 1).then(|| format!("/schools/{id}/weeks/{week}/compare?a={}&b={number}", number - 1));
    let public_url = format!("/schools/{id}/weeks/{week}/editions/{number}/public");
    let bar = bar(&app, &visitor, &school, Some(week), Place::On(Part::Log)).await?;
    let view = EditionView {
        frame: frame!(visitor, Some(&bar)),
        semester: shown.semester(),
        log: &edition.log,
        state: EditionState::Published {
            number,
            at: edition.published_at,
            by: &edition.published_by,
            hash: &stored.hash.parse().map_err(|_| ApiError::Internal)?,
            remarks: edition.remarks.as_deref(),
        },
        changes: &edition.changes,
        editions: &shown.links(),
        visit_url_prefix: Some(&format!("/schools/{id}/visits/")),
        figures_url: Some(&format!("/schools/{id}/weeks/{week}/visits?edition={number}&")),
        compare_url: compare_url.as_deref(),
        public_url: Some(&public_url),
        dimensions: &shown.dimensions,
    };
    Ok(page(pages::edition_page(&view)?))
}

async fn public_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "edition_public", id).await?;
    let stored = edition(&app, school.id, week, number).await?;
    let log: PublicLog = serde_json::from_str(&stored.public_bytes).map_err(|error| {
        tracing::error!(%error, "a public edition does not read");
        ApiError::Internal
    })?;
    let shown = Shown::read(&app, &school, week, "/public").await?;
    let bar = bar(&app, &visitor, &school, Some(week), Place::Below(Part::Log)).await?;
    let view = PublicView {
        frame: frame!(visitor, Some(&bar)),
        semester: shown.semester(),
        log: &log,
        editions: &shown.links(),
        dimensions: &shown.dimensions,
    };
    Ok(page(pages::public_page(&view)?))
}
