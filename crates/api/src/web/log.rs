//! The weekly log in a browser: home, draft, publication, editions.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, FixedOffset};
use uuid::Uuid;
use xunke_domain::book::{SchoolBook, Semester};
use xunke_domain::log::public::PublicLog;
use xunke_domain::week::Week;
use xunke_storage::editions::StoredEdition;
use xunke_storage::schools::{School, SchoolFilter};

use super::known::dimensions;
use super::session::Visitor;
use super::{PageError, frame, here, page};
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::ApiPath;
use crate::instant::at;
use crate::pages::{
    self, EditionLink, EditionState, EditionView, HomeSchool, HomeView, HomeWeek, PublicView, SemesterName,
    WeekState,
};
use crate::problem::ApiError;
use crate::routes::editions::{edition, read_edition};
use crate::routes::weeks::{WeekView, draft, weeks};

/// Schools shown on the home page.
const SCHOOLS: u64 = 200;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/schools/{school}/weeks/{week}/draft", get(draft_page))
        .route("/schools/{school}/weeks/{week}/editions/{number}", get(edition_page))
        .route("/schools/{school}/weeks/{week}/editions/{number}/public", get(public_page))
}

async fn home(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    let today = app.clock.today();
    let filters: Vec<SchoolFilter> = visitor
        .caller
        .memberships
        .iter()
        .filter(|membership| membership.holds_on(today))
        .map(SchoolFilter::from)
        .collect();
    let mut shown = Vec::new();
    for school in app.store.read().school_list(&filters, None, SCHOOLS).await? {
        if visitor.caller.reach(&app, "week_list", &school).is_err() {
            continue;
        }
        let book = app.store.book(&school).await?;
        let weeks = weeks(&app, school.id).await?;
        let rows: Vec<(Week, WeekView, String)> = weeks
            .into_iter()
            .filter_map(|view| {
                let week: Week = view.week.parse().ok()?;
                let rest = view.edition.map_or("draft".to_owned(), |edition| format!("editions/{edition}"));
                let rest = if view.draft_pending { "draft".to_owned() } else { rest };
                Some((week, view, format!("/schools/{}/weeks/{week}/{rest}", school.id)))
            })
            .collect();
        let audit = visitor.caller.reach(&app, "audit_view", &school).is_ok();
        let audit_url = audit.then(|| format!("/schools/{}/audit", school.id));
        shown.push((school, book, rows, audit_url));
    }
    let schools: Vec<HomeSchool<'_>> = shown
        .iter()
        .map(|(school, book, rows, audit_url)| HomeSchool {
            name: &school.name,
            audit_url: audit_url.as_deref(),
            weeks: rows.iter().map(|(week, view, url)| home_week(book, *week, view, url)).collect(),
        })
        .collect();
    Ok(page(pages::home_page(&HomeView { frame: frame!(visitor), schools: &schools })?))
}

fn home_week<'a>(book: &SchoolBook, week: Week, view: &WeekView, url: &'a str) -> HomeWeek<'a> {
    let published = view.published_at.as_deref().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let state = match (view.edition.zip(published), view.draft_pending) {
        (None, _) => WeekState::Draft,
        (Some((edition, at)), true) => WeekState::Outdated { edition, at },
        (Some((edition, at)), false) => WeekState::Published { edition, at },
    };
    let visits = u32::try_from(view.visits).unwrap_or(u32::MAX);
    HomeWeek { week, teaching_week: book.teaching_week_of(week.monday()), state, visits, url }
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
    let view = EditionView {
        frame: frame!(visitor),
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
    let public_url = format!("/schools/{id}/weeks/{week}/editions/{number}/public");
    let view = EditionView {
        frame: frame!(visitor),
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
    let view = PublicView {
        frame: frame!(visitor),
        semester: shown.semester(),
        log: &log,
        editions: &shown.links(),
        dimensions: &shown.dimensions,
    };
    Ok(page(pages::public_page(&view)?))
}
