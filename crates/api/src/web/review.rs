//! From draft to publication in a browser: what is missing, the principal's remarks, and publishing.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::week::Week;

use super::bar::{Part, Place, bar};
use super::known::Known;
use super::schedule::Told;
use super::session::Visitor;
use super::{PageError, frame, here, page, see_other};
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::ApiPath;
use crate::pages::{self, ReviewForm, ReviewView, UnansweredItem, UnmetItem, UnsentItem};
use crate::routes::preflight::preflight;
use crate::routes::publishing::publisher::Publisher;
use crate::routes::publishing::{Publish, publish};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/weeks/{week}/review", get(review_page))
        .route("/schools/{school}/weeks/{week}/publish", post(publish_posted))
}

fn read(instant: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(instant).ok()
}

async fn review_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "weekly_log_preflight", id).await?;
    let found = preflight(&app, school.id, week).await?;
    let known = Known::read(&app, &school, &BTreeSet::new()).await?;
    let visit = |visit| format!("/schools/{id}/visits/{visit}");
    let unsent = found.unsent.into_iter().map(|one| UnsentItem {
        person: one.person,
        device: one.name,
        count: one.unsent,
        seen_at: one.seen_at.as_deref().and_then(read),
    });
    let feedback = found.feedback.into_iter().filter_map(|one| {
        let sent_at = read(&one.sent_at)?;
        Some(UnansweredItem { teacher: one.teacher, state: one.state, sent_at, visit_url: visit(one.visit) })
    });
    let tasks = found.tasks.into_iter().map(|one| UnmetItem {
        visits_url: format!("/schools/{id}/weeks/{week}/visits?inspector={}", one.inspector),
        person: one.person,
        title: one.title,
        to: one.to,
        classes: one.classes,
    });
    let newest = app.store.read().edition_heads_of(school.id, week).await?.pop();
    let action = format!("/schools/{id}/weeks/{week}/publish");
    let may_publish = visitor.caller.reach(&app, "weekly_log_publish", &school).is_ok();
    let form = pages::Form { action: &action, csrf: &visitor.csrf };
    let told = Told::read(&app, &visitor, &school, Some(&[week])).await?;
    let scheduled = told.as_ref().map(|told| told.weeks(&visitor.csrf)).unwrap_or_default();
    let bar = bar(&app, &visitor, &school, Some(week), Place::On(Part::Review)).await?;
    let view = ReviewView {
        frame: frame!(visitor, Some(&bar)),
        school: &school.name,
        week,
        teaching_week: known.book.teaching_week_of(week.monday()),
        visits: found.visits,
        draft_url: &format!("/schools/{id}/weeks/{week}/draft"),
        newest: newest.map(|edition| (edition.number, edition.overtaken)),
        unsent: &unsent.collect::<Vec<_>>(),
        devices_url: &format!("/schools/{id}/devices"),
        conflicts: &found.conflicts.into_iter().map(visit).collect::<Vec<_>>(),
        held: found.held,
        settle_url: &format!("/schools/{id}/settle"),
        feedback: &feedback.collect::<Vec<_>>(),
        tasks: &tasks.collect::<Vec<_>>(),
        schedule: scheduled.first(),
        form: may_publish.then_some(ReviewForm { form, as_of: found.as_of }),
        names: known.names(),
    };
    Ok(page(pages::review_page(&view)?))
}

#[derive(Deserialize)]
struct PublishForm {
    csrf: String,
    as_of: i64,
    remarks: String,
    /// 下周巡课重点.
    #[serde(default)]
    focus: String,
}

impl PublishForm {
    /// What the edition says as the principal's remarks.
    fn said(&self) -> String {
        let (remarks, focus) = (self.remarks.trim(), self.focus.trim());
        let focus = if focus.is_empty() { String::new() } else { format!("下周巡课重点：{focus}") };
        [remarks.to_owned(), focus].into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

async fn publish_posted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
    Form(form): Form<PublishForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    let Here { school, .. } = here(&app, &visitor, "weekly_log_publish", id).await?;
    let body = Publish { remarks: Some(form.said()), as_of: Some(form.as_of) };
    let publisher = Publisher::Person { caller: &visitor.caller, once: None };
    let published = publish(&app, &publisher, school.id, week, body).await?;
    Ok(see_other(&format!("/schools/{id}/weeks/{week}/editions/{}", published.number)))
}
