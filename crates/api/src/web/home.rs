//! Where people begin: their schools, and each one's week at a glance.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::DateTime;
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::ids::DistrictId;
use xunke_domain::week::Week;
use xunke_storage::schools::{School, SchoolFilter};

use super::bar::{Part, Place, bar, log_url};
use super::schedule::notice_line;
use super::session::Visitor;
use super::{PageError, frame, here, page, see_other};
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::ApiPath;
use crate::pages::{self, HomeDistrict, HomeSchool, HomeView, HomeWeek, SchoolView, WeekGlance, WeekState};
use crate::problem::ApiError;
use crate::routes::district::reading::name;
use crate::routes::notices::notices;
use crate::routes::weeks::{WeekView, draft, weeks};

/// More schools than anybody has.
const SCHOOLS: u64 = 10_000;
/// With more schools than these their weeks are told on the pages of each.
const WITH_WEEKS: usize = 24;

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(home)).route("/schools/{school}", get(school_page))
}

/// The week as it is listed, and where its log is: the draft, or the newest edition.
type Listed = (Week, WeekView, String);

async fn listed(app: &App, school: &School) -> Result<Vec<Listed>, ApiError> {
    let rows = weeks(app, school.id).await?.into_iter().filter_map(|view| {
        let week: Week = view.week.parse().ok()?;
        let url = log_url(school, week, view.edition.filter(|_| !view.draft_pending));
        Some((week, view, url))
    });
    Ok(rows.collect())
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
    let mut schools = app.store.read().school_list(&filters, None, SCHOOLS).await?;
    schools.retain(|school| visitor.caller.reach(&app, "week_list", school).is_ok());
    let districts = districts(&app, &visitor).await?;
    if let ([only], []) = (schools.as_slice(), districts.as_slice()) {
        return Ok(see_other(&format!("/schools/{}", only.id)));
    }
    let brief = schools.len() > WITH_WEEKS;
    let (mut shown, mut waiting) = (Vec::new(), Vec::new());
    for school in schools {
        if !brief {
            waiting.extend(notices(&app, &visitor.caller, &school).await?.iter().map(notice_line));
        }
        // The book of every school of a district is more than a list of names needs.
        let (book, rows) = if brief {
            (Arc::default(), Vec::new())
        } else {
            (app.store.book(&school).await?, listed(&app, &school).await?)
        };
        let audit = visitor.caller.reach(&app, "audit_view", &school).is_ok();
        let audit_url = audit.then(|| format!("/schools/{}/audit", school.id));
        let url = format!("/schools/{}", school.id);
        shown.push((school, book, rows, url, audit_url));
    }
    let schools: Vec<HomeSchool<'_>> = shown
        .iter()
        .map(|(school, book, rows, url, audit_url)| HomeSchool {
            name: &school.name,
            url,
            audit_url: audit_url.as_deref(),
            weeks: rows.iter().map(|row| home_week(book, row)).collect(),
        })
        .collect();
    let view = HomeView {
        frame: frame!(visitor),
        notices: &waiting,
        districts: &districts,
        schools: &schools,
        brief,
    };
    Ok(page(pages::home_page(&view)?))
}

/// The districts whose schools the visitor may see side by side.
async fn districts(app: &App, visitor: &Visitor) -> Result<Vec<HomeDistrict>, ApiError> {
    let ids: BTreeSet<DistrictId> =
        visitor.caller.memberships.iter().map(|membership| membership.district).collect();
    let mut districts = Vec::new();
    for id in ids {
        if visitor.caller.reach_district(app, "district_overview", id).is_ok() {
            let name = name(app, id).await?;
            districts.push(HomeDistrict { name, url: format!("/districts/{id}") });
        }
    }
    Ok(districts)
}

fn home_week<'a>(book: &SchoolBook, (week, view, url): &'a Listed) -> HomeWeek<'a> {
    let published = view.published_at.as_deref().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let state = match (view.edition.zip(published), view.draft_pending) {
        (None, _) => WeekState::Draft,
        (Some((edition, at)), true) => WeekState::Outdated { edition, at },
        (Some((edition, at)), false) => WeekState::Published { edition, at },
    };
    let visits = u32::try_from(view.visits).unwrap_or(u32::MAX);
    HomeWeek { week: *week, teaching_week: book.teaching_week_of(week.monday()), state, visits, url }
}

async fn school_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "weekly_log_draft", id).await?;
    let book = app.store.book(&school).await?;
    let rows = listed(&app, &school).await?;
    let newest = match rows.first() {
        Some((week, _, _)) => {
            let now = draft(&app, school.id, *week).await?.log;
            // The week before a holiday says more than the holiday.
            let before = book.teaching_weeks_before(*week, 1).pop().unwrap_or_else(|| week.back(1));
            let before = draft(&app, school.id, before).await?.log;
            Some((now, before, format!("/schools/{id}/weeks/{week}")))
        }
        None => None,
    };
    let (visits, settle_url) = (format!("/schools/{id}/visits/"), format!("/schools/{id}/settle"));
    let figures = newest.as_ref().map(|(_, _, base)| format!("{base}/visits?")).unwrap_or_default();
    let waiting = notices(&app, &visitor.caller, &school).await?;
    let shown = rows.first().map(|(week, ..)| *week);
    let bar = bar(&app, &visitor, &school, shown, Place::On(Part::Home)).await?;
    let view = SchoolView {
        frame: frame!(visitor, Some(&bar)),
        school: &school.name,
        book: &book,
        newest: newest.as_ref().map(|(log, before, base)| WeekGlance {
            log,
            before,
            base,
            visit_url_prefix: &visits,
            figures_url: &figures,
        }),
        weeks: &rows.iter().map(|row| home_week(&book, row)).collect::<Vec<_>>(),
        notices: &waiting.iter().map(notice_line).collect::<Vec<_>>(),
        settle_url: &settle_url,
    };
    Ok(page(pages::school_page(&view)?))
}
