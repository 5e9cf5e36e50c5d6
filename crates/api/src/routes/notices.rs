//! What waits for a person: weekly logs ready for review, of this week and the two before. A notice follows from what has
//! happened, so it goes by itself when it is moot: the log is published, or the schedule ended.

use axum::extract::State;
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::ids::SchoolId;
use xunke_domain::schedule::{Standing, Step};
use xunke_domain::week::Week;
use xunke_storage::schedule::{Outcome, WeekSteps};
use xunke_storage::schools::{School, SchoolFilter};

use super::schedule::{Scheduled, hindrance_name, told};
use crate::answer::ShortListParams;
use crate::app::App;
use crate::auth::guard::Caller;
use crate::body::ApiQuery;
use crate::instant::instant;
use crate::problem::ApiError;

/// Most schools whose notices one reads.
const SCHOOLS: u64 = 200;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(notice_list))
}

/// That a week's log waits for the principal.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The school.
    pub school: School,
    /// Its time zone.
    pub zone: Tz,
    /// The week.
    pub week: Week,
    /// Number of the teaching week; none outside a semester.
    pub teaching_week: Option<u32>,
    /// Whether its reminder has come.
    pub reminded: bool,
    /// Since when it waits, milliseconds.
    pub since: i64,
    /// How it stands.
    pub standing: Standing,
}

/// The notices of a school for somebody; shared with the pages.
pub async fn notices(app: &App, caller: &Caller, school: &School) -> Result<Vec<Notice>, ApiError> {
    if caller.reach(app, "publish_schedule_view", school).is_err() {
        return Ok(Vec::new());
    }
    let Some(Scheduled { book, weeks, .. }) = Scheduled::now(app, school).await? else {
        return Ok(Vec::new());
    };
    let zone = book.zone();
    let notice = |(week, steps, standing): (Week, WeekSteps, Standing)| {
        let ready = steps.done.get(&Step::Draft).filter(|_| !steps.published)?;
        let reminded = steps.done.get(&Step::Remind).is_some_and(|done| done.outcome == Outcome::Done);
        let teaching_week = book.teaching_week_of(week.monday());
        Some(Notice {
            school: school.clone(),
            zone,
            week,
            teaching_week,
            reminded,
            since: ready.at,
            standing,
        })
    };
    Ok(weeks.into_iter().filter_map(notice).collect())
}

/// A notice.
#[derive(Serialize, ToSchema)]
pub struct NoticeView {
    /// `review`, or `reminder` once that has come.
    kind: &'static str,
    /// The school.
    #[schema(value_type = Uuid)]
    school: SchoolId,
    /// Its name.
    school_name: String,
    /// ISO 8601, such as `2026-W47`.
    week: String,
    /// Since when the log waits, RFC 3339.
    since: String,
    /// When it is to be published by rule, RFC 3339; absent if it is not to be.
    publishes_at: Option<String>,
    /// What hinders that: `vetoed`, `no_visit` or `unauthorised`.
    hindrance: Option<&'static str>,
}

/// What waits for a person.
#[derive(Serialize, ToSchema)]
pub struct NoticeList {
    /// By school, the newest week first.
    items: Vec<NoticeView>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

impl From<Notice> for NoticeView {
    fn from(Notice { school, zone: _, week, teaching_week: _, reminded, since, standing }: Notice) -> Self {
        Self {
            kind: if reminded { "reminder" } else { "review" },
            school: school.id,
            school_name: school.name,
            week: week.to_string(),
            since: instant(since),
            publishes_at: standing.publication.map(told),
            hindrance: standing.hindrance.map(hindrance_name),
        }
    }
}

/// What waits for me
///
/// Weekly logs ready for review, for principals and the office.
#[utoipa::path(get, path = "/api/v1/notices", tag = "log", params(ShortListParams), responses(
    (status = 200, body = NoticeList, description = "They go by themselves when they are moot"),
))]
async fn notice_list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<NoticeList>, ApiError> {
    let today = app.clock.today();
    let places = caller.memberships.iter().filter(|membership| membership.holds_on(today));
    let filters: Vec<SchoolFilter> = places.map(SchoolFilter::from).collect();
    let mut items = Vec::new();
    for school in app.store.read().school_list(&filters, None, SCHOOLS).await? {
        items.extend(notices(&app, &caller, &school).await?.into_iter().map(NoticeView::from));
    }
    let (items, next) = page.page(items, |notice| format!("{}/{}", notice.school, notice.week))?;
    Ok(axum::Json(NoticeList { items, next }))
}
