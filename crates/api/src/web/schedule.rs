//! Where a principal decides the schedule of weekly logs, and objects to a publication by rule.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, FixedOffset, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::ids::UserId;
use xunke_domain::schedule::{Standing, Step, Timing};
use xunke_domain::week::Week;
use xunke_storage::schedule::WeekSteps;
use xunke_storage::schools::School;

use super::bar::{Part, Place, bar};
use super::session::Visitor;
use super::{PageError, frame, here, page, see_other};
use crate::app::App;
use crate::body::ApiPath;
use crate::pages::{self, NoticeLine, ScheduleView, WeekSchedule};
use crate::problem::ApiError;
use crate::routes::notices::Notice;
use crate::routes::schedule::{Scheduled, decide_timing, end};
use crate::routes::vetoes::{lift, veto};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/schedule", get(schedule_page).post(decided))
        .route("/schools/{school}/schedule/end", post(ended))
        .route("/schools/{school}/weeks/{week}/veto", post(vetoed))
        .route("/schools/{school}/weeks/{week}/veto/lift", post(lifted))
}

fn local(zone: Tz, at: DateTime<Utc>) -> DateTime<FixedOffset> {
    zone.from_utc_datetime(&at.naive_utc()).fixed_offset()
}

/// A week's schedule as pages tell it, with the addresses that its forms post to.
pub(super) struct Told {
    scheduled: Scheduled,
    names: BTreeMap<UserId, String>,
    actions: Vec<(String, String)>,
    may_object: bool,
}

impl Told {
    /// Of these weeks, or of this one and the two before; none without a schedule, and none for those who may not see it.
    pub(super) async fn read(
        app: &App,
        visitor: &Visitor,
        school: &School,
        weeks: Option<&[Week]>,
    ) -> Result<Option<Self>, ApiError> {
        let may = |operation| visitor.caller.reach(app, operation, school).is_ok();
        if !may("publish_schedule_view") {
            return Ok(None);
        }
        let found = match weeks {
            Some(weeks) => Scheduled::of(app, school, weeks).await?,
            None => Scheduled::now(app, school).await?,
        };
        let Some(scheduled) = found else { return Ok(None) };
        let vetoes = scheduled.weeks.iter().filter_map(|(_, steps, _)| steps.veto.as_ref());
        let people: BTreeSet<UserId> =
            vetoes.map(|veto| veto.by).chain([scheduled.schedule.decided_by]).collect();
        let names = app.store.read().account_names(&people).await?;
        let address = |week| format!("/schools/{}/weeks/{week}/veto", school.id);
        let actions =
            scheduled.weeks.iter().map(|(week, ..)| (address(*week), format!("{}/lift", address(*week))));
        let (actions, may_object) = (actions.collect(), may("publish_veto"));
        Ok(Some(Self { scheduled, names, actions, may_object }))
    }

    fn decider(&self) -> &str {
        self.name(self.scheduled.schedule.decided_by)
    }

    fn name(&self, who: UserId) -> &str {
        self.names.get(&who).map_or("校长", String::as_str)
    }

    /// The weeks, the newest first.
    pub(super) fn weeks<'a>(&'a self, csrf: &'a str) -> Vec<WeekSchedule<'a>> {
        let weeks = self.scheduled.weeks.iter().zip(&self.actions);
        weeks.map(|(week, actions)| self.week(week, actions, csrf)).collect()
    }

    fn week<'a>(
        &'a self,
        (week, steps, standing): &'a (Week, WeekSteps, Standing),
        (object, lift): &'a (String, String),
        csrf: &'a str,
    ) -> WeekSchedule<'a> {
        let book = &self.scheduled.book;
        let zone = book.zone();
        let millis = |at: i64| local(zone, DateTime::from_timestamp_millis(at).unwrap_or_default());
        let form = |action| Some(pages::Form { action, csrf });
        let vetoed = steps.veto.is_some();
        let objectionable = self.may_object && standing.publication.is_some() && !vetoed;
        WeekSchedule {
            week: *week,
            teaching_week: book.teaching_week_of(week.monday()),
            drafted_at: steps.done.get(&Step::Draft).map(|done| millis(done.at)),
            next: standing.next.map(|(step, at)| (step, local(zone, at))),
            publication: standing.publication.map(|at| (local(zone, at), standing.hindrance)),
            published: steps.published,
            veto: steps
                .veto
                .as_ref()
                .map(|veto| (self.name(veto.by).to_owned(), millis(veto.at), veto.why.clone())),
            decider: self.decider(),
            object: objectionable.then(|| form(object.as_str())).flatten(),
            lift: (self.may_object && vetoed && !steps.published).then(|| form(lift.as_str())).flatten(),
        }
    }
}

/// A notice as pages tell it.
pub(super) fn notice_line(notice: &Notice) -> NoticeLine {
    let Notice { school, zone, week, teaching_week, reminded, since, standing } = notice;
    let since = local(*zone, DateTime::from_timestamp_millis(*since).unwrap_or_default());
    let publication = standing.publication.map(|at| (local(*zone, at), standing.hindrance));
    let url = format!("/schools/{}/weeks/{week}/review", school.id);
    NoticeLine::of((*week, *teaching_week), &since, *reminded, publication, url)
}

async fn schedule_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
) -> Result<Response, PageError> {
    let school = here(&app, &visitor, "publish_schedule_view", id).await?.school;
    shown(&app, &visitor, &school, None).await
}

async fn shown(
    app: &App,
    visitor: &Visitor,
    school: &School,
    error: Option<&str>,
) -> Result<Response, PageError> {
    let told = Told::read(app, visitor, school, None).await?;
    let action = format!("/schools/{}/schedule", school.id);
    let end = format!("{action}/end");
    let form = |operation, action| {
        visitor
            .caller
            .reach(app, operation, school)
            .is_ok()
            .then_some(pages::Form { action, csrf: &visitor.csrf })
    };
    let bar = bar(app, visitor, school, None, Place::On(Part::Schedule)).await?;
    let view = ScheduleView {
        frame: frame!(visitor, Some(&bar)),
        school: &school.name,
        timing: told.as_ref().map(|told| (told.scheduled.schedule.timing, told.decider())),
        error,
        decide: form("publish_schedule_change", action.as_str()),
        end: told.as_ref().and_then(|_| form("publish_schedule_end", end.as_str())),
        weeks: &told.as_ref().map(|told| told.weeks(&visitor.csrf)).unwrap_or_default(),
    };
    Ok(page(pages::schedule_page(&view)?))
}

#[derive(Deserialize)]
struct ScheduleForm {
    csrf: String,
    draft_day: u32,
    draft_time: String,
    #[serde(default)]
    remind: bool,
    remind_day: u32,
    remind_time: String,
    #[serde(default)]
    only_with_gaps: bool,
    #[serde(default)]
    publish: bool,
    publish_day: u32,
    publish_time: String,
}

impl ScheduleForm {
    fn json(&self) -> Value {
        let moment = |day: u32, time: &str| {
            let (weekday, next_week) = if day > 7 { (day - 7, true) } else { (day, false) };
            json!({"weekday": weekday, "next_week": next_week, "time": time})
        };
        let mut body = json!({"draft": moment(self.draft_day, &self.draft_time)});
        if self.remind {
            body["remind"] = moment(self.remind_day, &self.remind_time);
            body["remind"]["only_with_gaps"] = json!(self.only_with_gaps);
        }
        if self.publish {
            body["publish"] = moment(self.publish_day, &self.publish_time);
        }
        body
    }
}

async fn decided(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath(id): ApiPath<Uuid>,
    Form(form): Form<ScheduleForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    let school = here(&app, &visitor, "publish_schedule_change", id).await?.school;
    match Timing::read(&form.json()) {
        Ok(timing) => {
            decide_timing(&app, &visitor.caller, &school, timing).await?;
            Ok(see_other(&format!("/schools/{id}/schedule")))
        }
        Err(flaw) => {
            let error = match flaw.pointer.as_str() {
                "/publish" => "自动公示须在整理之后至少 12 小时。日程没有改变。",
                "/remind" => "提醒须在整理之后、自动公示之前。日程没有改变。",
                _ => "请检查所填的日期和时间。日程没有改变。",
            };
            let shown = shown(&app, &visitor, &school, Some(error)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
        }
    }
}

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

async fn ended(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath(id): ApiPath<Uuid>,
    Form(Token { csrf }): Form<Token>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &csrf)?;
    let school = here(&app, &visitor, "publish_schedule_end", id).await?.school;
    end(&app, &visitor.caller, &school).await?;
    Ok(see_other(&format!("/schools/{id}/schedule")))
}

#[derive(Deserialize)]
struct VetoForm {
    csrf: String,
    why: String,
}

async fn vetoed(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
    Form(VetoForm { csrf, why }): Form<VetoForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &csrf)?;
    let school = here(&app, &visitor, "publish_veto", id).await?.school;
    veto(&app, &visitor.caller, &school, week, &why).await?;
    Ok(see_other(&format!("/schools/{id}/weeks/{week}/review")))
}

async fn lifted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
    Form(Token { csrf }): Form<Token>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &csrf)?;
    let school = here(&app, &visitor, "publish_veto_lift", id).await?.school;
    lift(&app, &visitor.caller, &school, week).await?;
    Ok(see_other(&format!("/schools/{id}/weeks/{week}/review")))
}
