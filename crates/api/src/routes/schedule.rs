//! A school's schedule for its weekly log, how its weeks stand with it, and the veto.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeZone as _, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::book::SchoolBook;
use xunke_domain::schedule::{Hindrance, PublishSchedule, Standing, Step, Timing, weeks};
use xunke_domain::settings::PUBLISH_SCHEDULE;
use xunke_domain::week::Week;
use xunke_storage::schedule::WeekSteps;
use xunke_storage::schools::School;

use super::deciding::{Decided, decide};
use super::vetoes::VetoView;
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::ApiJson;
use crate::instant::instant;
use crate::problem::ApiError;
use crate::scheduler::{authorised, standing_of};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(publish_schedule_view, publish_schedule_change, publish_schedule_end))
}

/// A moment of every week, by the school's clock.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body in OpenAPI; the domain reads it")]
pub struct MomentFields {
    /// 1 for Monday to 7 for Sunday.
    weekday: u32,
    /// Whether the day lies in the week after the log's; not unless set.
    next_week: Option<bool>,
    /// Such as `16:00`.
    time: String,
}

/// A moment of every week, and whether a reminder waits for gaps.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body in OpenAPI; the domain reads it")]
pub struct ReminderFields {
    /// 1 for Monday to 7 for Sunday.
    weekday: u32,
    /// Whether the day lies in the week after the log's; not unless set.
    next_week: Option<bool>,
    /// Such as `18:00`.
    time: String,
    /// Only if something is missing from the week then; not unless set.
    only_with_gaps: Option<bool>,
}

/// When things happen to a week's log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body in OpenAPI; the domain reads it")]
#[schema(example = json!({"draft": {"weekday": 5, "time": "16:00"},
    "remind": {"weekday": 7, "time": "18:00", "only_with_gaps": false},
    "publish": {"weekday": 1, "next_week": true, "time": "12:00"}}))]
pub struct ScheduleFields {
    /// When it is made ready for review; Friday at 16:00 unless set.
    draft: Option<MomentFields>,
    /// When the principal is reminded; never unless set.
    remind: Option<ReminderFields>,
    /// When it is published by rule; never unless set, and at least 12 hours after `draft`.
    publish: Option<MomentFields>,
}

/// How a week stands with the schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduledWeek {
    /// ISO 8601, such as `2026-W47`.
    week: String,
    /// When it was made ready for review, RFC 3339.
    drafted_at: Option<String>,
    /// Whether it has an edition: the schedule is done with it.
    published: bool,
    /// The next step: `draft`, `remind` or `publish`.
    next: Option<&'static str>,
    /// When that is due, RFC 3339.
    next_at: Option<String>,
    /// When it is to be published by rule, unless something hinders it; RFC 3339.
    publishes_at: Option<String>,
    /// What hinders that: `vetoed`, `no_visit`, or `unauthorised` if who decided it may not publish any more.
    hindrance: Option<&'static str>,
    /// The objection, if there is one.
    veto: Option<VetoView>,
}

/// A school's schedule; `schedule` is absent while it has none.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleView {
    /// When things happen to a week's log.
    #[schema(value_type = Option<ScheduleFields>)]
    schedule: Option<Value>,
    /// The principal who decided it.
    #[schema(value_type = Option<Uuid>)]
    decided_by: Option<xunke_domain::ids::UserId>,
    /// When, RFC 3339.
    decided_at: Option<String>,
    /// This week and the two before it, the newest first.
    weeks: Vec<ScheduledWeek>,
}

/// A school's schedule and how weeks stand with it.
#[derive(Debug)]
pub struct Scheduled {
    /// The schedule.
    pub schedule: PublishSchedule,
    /// The school's reference data.
    pub book: Arc<SchoolBook>,
    /// The weeks, the newest first.
    pub weeks: Vec<(Week, WeekSteps, Standing)>,
}

impl Scheduled {
    /// This week and the two before it; none while the school has no schedule. Shared with the pages.
    pub async fn now(app: &App, school: &School) -> Result<Option<Self>, ApiError> {
        let book = app.store.book(school).await?;
        let zone = book.zone();
        let today = zone.from_utc_datetime(&app.clock.now().naive_utc()).date_naive();
        Self::of(app, school, &weeks(today)).await
    }

    /// Of these weeks.
    pub async fn of(app: &App, school: &School, weeks: &[Week]) -> Result<Option<Self>, ApiError> {
        let book = app.store.book(school).await?;
        let Some(schedule) = book.settings.schedule else { return Ok(None) };
        let authorised = authorised(app, school, &schedule).await?.is_some();
        let now = app.clock.now();
        let steps = app.store.read().week_steps(school.id, weeks).await?;
        let weeks = steps.into_iter().rev().map(|(week, steps)| {
            let standing = standing_of(&schedule, &book, week, &steps, authorised, now);
            (week, steps, standing)
        });
        let weeks = weeks.collect();
        Ok(Some(Self { schedule, book, weeks }))
    }
}

/// RFC 3339 in school time.
pub(super) fn told(at: DateTime<Utc>) -> String {
    instant(at.timestamp_millis())
}

/// The name of a hindrance on the wire.
pub(super) const fn hindrance_name(hindrance: Hindrance) -> &'static str {
    match hindrance {
        Hindrance::Vetoed => "vetoed",
        Hindrance::NoVisit => "no_visit",
        Hindrance::Unauthorised => "unauthorised",
    }
}

fn week_view((week, steps, standing): (Week, WeekSteps, Standing)) -> ScheduledWeek {
    let Standing { due, next, publication, hindrance } = standing;
    let WeekSteps { done, veto, published, visited: _ } = steps;
    ScheduledWeek {
        week: week.to_string(),
        drafted_at: done.get(&Step::Draft).map(|done| instant(done.at)),
        published,
        next: due.or(next.map(|(step, _)| step)).map(Step::as_str),
        next_at: next.filter(|_| due.is_none()).map(|(_, at)| told(at)),
        publishes_at: publication.map(told),
        hindrance: hindrance.map(hindrance_name),
        veto: veto.map(VetoView::from),
    }
}

async fn view(app: &App, school: &School) -> Result<ScheduleView, ApiError> {
    let Some(Scheduled { schedule, weeks, .. }) = Scheduled::now(app, school).await? else {
        return Ok(ScheduleView { schedule: None, decided_by: None, decided_at: None, weeks: Vec::new() });
    };
    Ok(ScheduleView {
        schedule: Some(schedule.timing.json()),
        decided_by: Some(schedule.decided_by),
        decided_at: Some(told(schedule.decided_at)),
        weeks: weeks.into_iter().map(week_view).collect(),
    })
}

/// A school's schedule for its weekly log, and how its weeks stand with it
#[utoipa::path(get, path = "/api/v1/schools/{school}/publish-schedule", tag = "log", params(("school" = Uuid, Path)),
    responses((status = 200, body = ScheduleView, description = "Nothing happens by itself while there is none"),
))]
async fn publish_schedule_view(
    State(app): State<App>,
    here: Here,
) -> Result<axum::Json<ScheduleView>, ApiError> {
    Ok(axum::Json(view(&app, &here.school).await?))
}

/// Decides a school's schedule; shared with the pages.
pub async fn decide_timing(
    app: &App,
    caller: &Caller,
    school: &School,
    timing: Timing,
) -> Result<(), ApiError> {
    let schedule = PublishSchedule { timing, decided_by: caller.id(), decided_at: app.clock.now() };
    let decided = Decided {
        setting: PUBLISH_SCHEDULE,
        value: schedule.json(),
        operation: "publish_schedule_change",
        detail: timing.json().to_string(),
    };
    decide(app, caller, school.id, decided).await
}

/// Ends a school's schedule; shared with the pages.
pub async fn end(app: &App, caller: &Caller, school: &School) -> Result<(), ApiError> {
    let decided = Decided {
        setting: PUBLISH_SCHEDULE,
        value: Value::Null,
        operation: "publish_schedule_end",
        detail: String::new(),
    };
    decide(app, caller, school.id, decided).await
}

/// Decide a school's schedule
///
/// The principal's decision, and in his name the rule publishes, as long as he may. It holds for weeks that are made ready
/// after it; a week that is ready already is published no sooner than 12 hours after it was.
#[utoipa::path(put, path = "/api/v1/schools/{school}/publish-schedule", tag = "log", params(("school" = Uuid, Path)),
    request_body = ScheduleFields, responses((status = 200, body = ScheduleView, description = "Decided"),
))]
async fn publish_schedule_change(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiJson(body): ApiJson<Value>,
) -> Result<axum::Json<ScheduleView>, ApiError> {
    let timing = Timing::read(&body).map_err(|flaw| ApiError::Invalid(vec![flaw]))?;
    decide_timing(&app, &caller, &here.school, timing).await?;
    let school = app.store.read().school_find(here.school.id).await?.ok_or(ApiError::NotFound)?;
    Ok(axum::Json(view(&app, &school).await?))
}

/// End a school's schedule
///
/// Nothing happens to its weekly logs by itself any more.
#[utoipa::path(delete, path = "/api/v1/schools/{school}/publish-schedule", tag = "log", params(("school" = Uuid, Path)),
    responses((status = 204, description = "Ended, or there was none"),
))]
async fn publish_schedule_end(
    State(app): State<App>,
    caller: Caller,
    here: Here,
) -> Result<StatusCode, ApiError> {
    end(&app, &caller, &here.school).await?;
    Ok(StatusCode::NO_CONTENT)
}
