//! Private feedback to the teacher of a visited lesson: sent, seen, answered, contested.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::{TeacherId, UserId, VisitId};
use xunke_domain::week::Week;
use xunke_storage::feedback::{Contested, Feedback, FeedbackOf};

use crate::answer::{Once, PageParams, Tagged, if_match, page_end};
use crate::app::App;
use crate::auth::guard::{Caller, Here, Reach};
use crate::body::{ApiJson, ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::{ApiError, Problem};
use crate::routes::objections::{contested_visit, still_contestable};
use crate::routes::visits::visible;
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(feedback_send))
        .routes(routes!(feedback_list))
        .routes(routes!(feedback_view))
        .routes(routes!(feedback_seen))
        .routes(routes!(feedback_answer))
}

/// Feedback to send.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "情境游戏设计好；练习密度可再提高。"}))]
pub struct FeedbackNew {
    /// What is said; 1–4000 characters.
    text: String,
    /// To whom; the teacher seen in the lesson if absent.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    teacher: Option<TeacherId>,
}

/// A teacher's reply.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "当天有调课单，请核对。", "contested": true}))]
pub struct FeedbackAnswer {
    /// What is said; 1–4000 characters.
    text: String,
    /// Whether the facts are contested (申辩): until the setting `objection_days` of the school is over, counted from the
    /// feedback or from the first publication of the visit's week, whichever came later.
    #[serde(default)]
    contested: bool,
}

/// A piece of feedback.
#[derive(Serialize, ToSchema)]
pub struct FeedbackView {
    /// Its id.
    id: Uuid,
    /// The visit.
    #[schema(value_type = Uuid)]
    visit: VisitId,
    /// The teacher.
    #[schema(value_type = Uuid)]
    teacher: TeacherId,
    /// `sent`, `seen`, `answered`, `contested`, `upheld` or `dismissed`.
    state: String,
    /// What was said.
    text: String,
    /// By whom.
    #[schema(value_type = Uuid)]
    sent_by: UserId,
    /// When, RFC 3339.
    sent_at: String,
    /// When the teacher saw it, RFC 3339.
    seen_at: Option<String>,
    /// The reply.
    answer: Option<String>,
    /// When, RFC 3339.
    answered_at: Option<String>,
    /// What was decided on an objection, and why.
    decision: Option<String>,
    /// By whom.
    #[schema(value_type = Option<Uuid>)]
    decided_by: Option<UserId>,
    /// When, RFC 3339.
    decided_at: Option<String>,
}

/// A page of feedback.
#[derive(Serialize, ToSchema)]
pub struct FeedbackList {
    /// The feedback.
    items: Vec<FeedbackView>,
    /// Where the next page begins; absent on the last.
    next: Option<Uuid>,
}

impl From<Feedback> for FeedbackView {
    fn from(feedback: Feedback) -> Self {
        Self {
            id: feedback.id,
            visit: feedback.visit,
            teacher: feedback.teacher,
            state: feedback.state,
            text: feedback.text,
            sent_by: feedback.sent_by,
            sent_at: instant(feedback.sent_at),
            seen_at: feedback.seen_at.map(instant),
            answer: feedback.answer,
            answered_at: feedback.answered_at.map(instant),
            decision: feedback.decision,
            decided_by: feedback.decided_by,
            decided_at: feedback.decided_at.map(instant),
        }
    }
}

/// Send feedback on a visit to the teacher
#[utoipa::path(post, path = "/api/v1/schools/{school}/visits/{visit}/feedback", tag = "visits",
    params(("school" = Uuid, Path), ("visit" = Uuid, Path)),
    request_body = FeedbackNew, responses(
    (status = 201, body = FeedbackView, description = "Sent"),
))]
async fn feedback_send(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, visit)): ApiPath<(Uuid, VisitId)>,
    headers: HeaderMap,
    ApiJson(new): ApiJson<FeedbackNew>,
) -> Result<Response, ApiError> {
    visible(&app, &here, &caller, visit).await?;
    let once = match Once::begin(&app, caller.id(), &headers, "feedback_send", &(visit, &new)).await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    let row = app.store.read().visit_find(here.school.id, visit).await?.ok_or(ApiError::NotFound)?;
    let teacher = new.teacher.or(row.observed_teacher).or(row.planned_teacher);
    let teacher =
        teacher.ok_or_else(|| ApiError::invalid("/teacher", "the visit names no teacher; name one"))?;
    let book = app.store.book(&here.school).await?;
    if !book.teachers.contains_key(&teacher) {
        return Err(ApiError::invalid("/teacher", "no such teacher in this school"));
    }
    let now = app.clock.millis();
    let feedback = Feedback {
        id: app.chance.id(app.clock.now()),
        stream: here.school.id,
        visit,
        teacher,
        state: "sent".to_owned(),
        text: text::remark("/text", &new.text)?,
        sent_by: caller.id(),
        sent_at: now,
        seen_at: None,
        answer: None,
        answered_at: None,
        version: 1,
        contested: None,
        decision: None,
        decided_by: None,
        decided_at: None,
    };
    let location = format!("/api/v1/schools/{}/feedback/{}", here.school.id, feedback.id);
    let answer = Tagged::created(feedback.version, location, FeedbackView::from(feedback.clone()));

    let tx = app.store.begin().await?;
    if let Some(earlier) = once.claim(&app, &tx).await? {
        return Ok(earlier);
    }
    tx.feedback_add(&feedback).await?;
    once.keep(&tx, &answer).await?;
    tx.commit().await?;

    Ok(answer.into_response())
}

/// The teachers of the school that the caller is.
async fn taught_by(app: &App, here: &Here, caller: &Caller) -> Result<Vec<TeacherId>, ApiError> {
    let book = app.store.book(&here.school).await?;
    let own = book.teachers.iter().filter(|(_, teacher)| teacher.user == Some(caller.id()));
    Ok(own.map(|(id, _)| *id).collect())
}

/// Feedback that concerns one
#[utoipa::path(get, path = "/api/v1/schools/{school}/feedback", tag = "visits",
    params(("school" = Uuid, Path), PageParams), responses(
    (status = 200, body = FeedbackList, description = "A teacher's own lessons, an inspector's own feedback, or the school's"),
))]
async fn feedback_list(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiQuery(page): ApiQuery<PageParams>,
) -> Result<axum::Json<FeedbackList>, ApiError> {
    let limit = page.limit()?;
    let teachers = taught_by(&app, &here, &caller).await?;
    let of = match here.reach {
        Reach::All => FeedbackOf::Everyone,
        Reach::Own => FeedbackOf::Person(&teachers, caller.id()),
    };
    let mut found = app.store.read().feedback_list(here.school.id, of, page.cursor, limit + 1).await?;
    let next = page_end(&mut found, limit, |feedback| feedback.id);
    Ok(axum::Json(FeedbackList { items: found.into_iter().map(FeedbackView::from).collect(), next }))
}

/// A piece of feedback the caller may see, or 404; and whether it went to the caller.
pub(super) async fn seen_by(
    app: &App,
    here: &Here,
    caller: &Caller,
    id: Uuid,
) -> Result<(Feedback, bool), ApiError> {
    let feedback = app.store.read().feedback_find(here.school.id, id).await?.ok_or(ApiError::NotFound)?;
    let addressed = taught_by(app, here, caller).await?.contains(&feedback.teacher);
    if here.reach == Reach::All || addressed || feedback.sent_by == caller.id() {
        Ok((feedback, addressed))
    } else {
        Err(ApiError::NotFound)
    }
}

/// One piece of feedback
#[utoipa::path(get, path = "/api/v1/schools/{school}/feedback/{feedback}", tag = "visits",
    params(("school" = Uuid, Path), ("feedback" = Uuid, Path)), responses(
    (status = 200, body = FeedbackView, description = "With its version as `ETag`"),
))]
async fn feedback_view(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
) -> Result<Tagged<FeedbackView>, ApiError> {
    let (feedback, _) = seen_by(&app, &here, &caller, id).await?;
    Ok(Tagged::found(feedback.version, feedback.into()))
}

/// Say that one has seen it
#[utoipa::path(post, path = "/api/v1/schools/{school}/feedback/{feedback}/seen", tag = "visits",
    params(("school" = Uuid, Path), ("feedback" = Uuid, Path)), responses(
    (status = 200, body = FeedbackView, description = "Seen; saying it again changes nothing"),
))]
async fn feedback_seen(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
) -> Result<Tagged<FeedbackView>, ApiError> {
    let (feedback, addressed) = seen_by(&app, &here, &caller, id).await?;
    if !addressed {
        return Err(ApiError::NotFound);
    }
    if feedback.state != "sent" {
        return Ok(Tagged::found(feedback.version, feedback.into()));
    }
    let seen_at = Some(app.clock.millis());
    match change(&app, Feedback { state: "seen".to_owned(), seen_at, ..feedback }, None).await {
        // Seen or answered from another device in this very moment: that is as good.
        Err(ApiError::PreconditionFailed) => {
            let (feedback, _) = seen_by(&app, &here, &caller, id).await?;
            Ok(Tagged::found(feedback.version, feedback.into()))
        }
        changed => changed,
    }
}

/// Answer it, or contest the facts
#[utoipa::path(post, path = "/api/v1/schools/{school}/feedback/{feedback}/answer", tag = "visits",
    params(("school" = Uuid, Path), ("feedback" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = FeedbackAnswer, responses(
    (status = 200, body = FeedbackView, description = "Answered"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`objection-over`: the days to contest the facts are over; or it is decided"),
    (status = 412, body = Problem, content_type = "application/problem+json", description = "Changed meanwhile"),
))]
async fn feedback_answer(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
    headers: HeaderMap,
    ApiJson(FeedbackAnswer { text, contested }): ApiJson<FeedbackAnswer>,
) -> Result<Tagged<FeedbackView>, ApiError> {
    let (feedback, addressed) = seen_by(&app, &here, &caller, id).await?;
    if !addressed {
        return Err(ApiError::NotFound);
    }
    if feedback.decided_at.is_some() {
        return Err(ApiError::WrongState("it has been decided"));
    }
    // An objection made or taken back changes what the log of its week tells.
    let (was, visit) = (feedback.is_contested(), contested_visit(&app, &here, feedback.visit).await?);
    if contested {
        still_contestable(&app, &here, &feedback, visit.date).await?;
    }
    let week = visit.date.map(Week::of).filter(|_| contested != was);
    let now = app.clock.millis();
    let answered = Feedback {
        state: if contested { "contested" } else { "answered" }.to_owned(),
        answer: Some(text::remark("/text", &text)?),
        answered_at: Some(now),
        seen_at: feedback.seen_at.or(Some(now)),
        contested: contested.then(|| Contested::of(&visit)),
        version: if_match(&headers)?,
        ..feedback
    };
    change(&app, answered, week).await
}

/// Stores it as it now is; what the log of `week` tells is another thing with it.
pub(super) async fn change(
    app: &App,
    feedback: Feedback,
    week: Option<Week>,
) -> Result<Tagged<FeedbackView>, ApiError> {
    let tx = app.store.begin().await?;
    if !tx.feedback_change(&feedback).await? {
        return Err(ApiError::PreconditionFailed);
    }
    if let Some(week) = week {
        app.store.week_overtaken_in(&tx, feedback.stream, week).await?;
    }
    tx.commit().await?;
    Ok(Tagged::found(feedback.version + 1, feedback.into()))
}
