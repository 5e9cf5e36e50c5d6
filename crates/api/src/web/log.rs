//! The weekly log in a browser: home, draft, publication, editions.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::week::Week;
use xunke_storage::editions::StoredEdition;
use xunke_storage::schools::{School, SchoolFilter};

use super::session::Visitor;
use super::{PageError, frame, page, school, see_other};
use crate::app::App;
use crate::body::ApiPath;
use crate::instant::at;
use crate::naming::Named;
use crate::pages::{
    self, DownloadLink, EditionLink, EditionState, EditionView, HomeSchool, HomeView, HomeWeek, PublicView,
    WeekState,
};
use crate::problem::ApiError;
use crate::routes::editions::{edition, read_edition, read_public};
use crate::routes::publishing::{Publish, publish};
use crate::routes::weeks::{WeekView, draft, weeks};

/// Schools shown on the home page.
const SCHOOLS: u64 = 200;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/schools/{school}/weeks/{week}/draft", get(draft_page))
        .route("/schools/{school}/weeks/{week}/publish", post(publish_posted))
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
    named: Named,
    editions: Vec<(u32, DateTime<FixedOffset>, String)>,
}

impl Shown {
    async fn read(app: &App, school: &School, week: Week, suffix: &str) -> Result<Self, PageError> {
        let stored: Vec<StoredEdition> = app.store.read().edition_list(school.id, week).await?;
        let editions = stored
            .iter()
            .map(|edition| {
                let url = format!("/schools/{}/weeks/{week}/editions/{}{suffix}", school.id, edition.number);
                (edition.number, at(edition.published_at).fixed_offset(), url)
            })
            .collect();
        Ok(Self { named: Named::read(app, school, week).await?, editions })
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

/// Where the week's visits are, as a file.
fn visits_url(school: Uuid, week: Week, format: &str) -> String {
    format!("/schools/{school}/visits/export?format={format}&week={week}")
}

async fn draft_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
) -> Result<Response, PageError> {
    let school = school(&app, &visitor, "weekly_log_draft", id).await?;
    let draft = draft(&app, school.id, week).await?;
    let shown = Shown::read(&app, &school, week, "").await?;
    let action = format!("/schools/{id}/weeks/{week}/publish");
    let may_publish = visitor.caller.reach(&app, "weekly_log_publish", &school).is_ok();
    let publish = may_publish.then_some(pages::Form { action: &action, csrf: &visitor.csrf });
    let view = EditionView {
        frame: frame!(visitor),
        semester: shown.named.semester(),
        log: &draft.log,
        state: EditionState::Draft {
            compiled_at: at(app.clock.millis()).fixed_offset(),
            publish,
            as_of: draft.as_of,
        },
        changes: &draft.changes,
        editions: &shown.links(),
        visit_url_prefix: None,
        public_url: None,
        dimensions: &shown.named.dimensions,
        downloads: &[
            DownloadLink { label: "本周巡课记录 Excel", url: &visits_url(id, week, "xlsx") },
            DownloadLink { label: "本周巡课记录 CSV", url: &visits_url(id, week, "csv") },
        ],
    };
    Ok(page(pages::edition_page(&view)?))
}

#[derive(Deserialize)]
struct PublishForm {
    csrf: String,
    as_of: i64,
    remarks: String,
}

async fn publish_posted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
    Form(form): Form<PublishForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    let school = school(&app, &visitor, "weekly_log_publish", id).await?;
    let body = Publish { remarks: Some(form.remarks), as_of: Some(form.as_of) };
    let published = publish(&app, &visitor.caller, school.id, week, body, None).await?;
    Ok(see_other(&format!("/schools/{id}/weeks/{week}/editions/{}", published.number)))
}

async fn edition_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = school(&app, &visitor, "edition_view", id).await?;
    let stored = edition(&app, school.id, week, number).await?;
    let edition = read_edition(&stored.bytes)?;
    let shown = Shown::read(&app, &school, week, "").await?;
    let url = format!("/schools/{id}/weeks/{week}/editions/{number}");
    let public_url = format!("{url}/public");
    let view = EditionView {
        frame: frame!(visitor),
        semester: shown.named.semester(),
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
        visit_url_prefix: None,
        public_url: Some(&public_url),
        dimensions: &shown.named.dimensions,
        downloads: &[
            DownloadLink { label: "PDF（内部版）", url: &format!("{url}/pdf") },
            DownloadLink { label: "Excel（内部版）", url: &format!("{url}/xlsx") },
            DownloadLink { label: "CSV（各项指标）", url: &format!("{url}/csv") },
            DownloadLink { label: "本周巡课记录 Excel", url: &visits_url(id, week, "xlsx") },
            DownloadLink { label: "本周巡课记录 CSV", url: &visits_url(id, week, "csv") },
        ],
    };
    Ok(page(pages::edition_page(&view)?))
}

async fn public_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = school(&app, &visitor, "edition_public", id).await?;
    let stored = edition(&app, school.id, week, number).await?;
    let log = read_public(&stored.public_bytes)?;
    let shown = Shown::read(&app, &school, week, "/public").await?;
    let url = format!("/schools/{id}/weeks/{week}/editions/{number}/public");
    let view = PublicView {
        frame: frame!(visitor),
        semester: shown.named.semester(),
        log: &log,
        editions: &shown.links(),
        dimensions: &shown.named.dimensions,
        downloads: &[DownloadLink { label: "PDF", url: &format!("{url}/pdf") }],
    };
    Ok(page(pages::public_page(&view)?))
}
