//! Publishing: the next edition of a week is frozen, and announced to every phone of the school.
//!
//! `prepared` compiles it, [`publisher`] is who publishes, [`frozen`] makes the bytes and what phones hear of them.

pub mod frozen;
mod prepared;
pub mod publisher;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::district::WeekFigures;
use xunke_domain::ids::SchoolId;
use xunke_domain::week::Week;
use xunke_storage::Tx;
use xunke_storage::editions::StoredEdition;
use xunke_storage::published::published_week;

use self::frozen::{announce, freeze_next};
use self::prepared::Prepared;
use self::publisher::Publisher;
use super::editions::{EditionView, read_edition};
use crate::answer::{Once, Tagged};
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath};
use crate::problem::{ApiError, Problem};
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(weekly_log_publish))
}

/// What a principal says when publishing.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"remarks": "下周重点：音乐、劳动课表执行；候课。"}))]
pub struct Publish {
    /// 下周巡课重点 and other remarks.
    #[serde(default)]
    pub remarks: Option<String>,
    /// The draft's `as_of`; if visits have arrived since, nothing is published.
    #[serde(default)]
    pub as_of: Option<i64>,
}

/// How often a log is compiled beside the pushes that go on arriving, before they have to wait for it.
const TRIES: u32 = 3;

/// Publishes the next edition of a week; shared with the pages and the schedule.
///
/// The log is compiled before the stream is locked, and compiled again if the stream has moved meanwhile: phones' pushes
/// wait for the writing of an edition, not for its making. A school that moves all the time is locked at last.
pub async fn publish(
    app: &App,
    publisher: &Publisher<'_>,
    school: SchoolId,
    week: Week,
    Publish { remarks, as_of }: Publish,
) -> Result<StoredEdition, ApiError> {
    let remarks = remarks.filter(|remarks| !remarks.trim().is_empty());
    let remarks = remarks.map(|remarks| text::remark("/remarks", &remarks)).transpose()?;
    let (tx, prepared) = locked(app, publisher, school, week).await?;
    if as_of.is_some_and(|as_of| as_of != prepared.head()) {
        return Err(ApiError::WrongState("something has arrived since this draft; read it again"));
    }
    worth_publishing(&prepared)?;
    publisher.may(app, &tx, &prepared.material, week).await?;
    let now = app.clock.millis();
    let district = prepared.material.school.district;
    let first = prepared.material.first_published_at.unwrap_or(now);
    let (edition, stored) = freeze_next(&tx, publisher, prepared, remarks, now).await?;
    tx.edition_add(stored.clone()).await?;
    let told = published_week(&stored, first, WeekFigures::from(&edition.log));
    tx.published_week_put(district, &told).await?;
    let head = announce(app, &tx, publisher, &edition, &stored).await?;
    publisher.note(app, &tx, &stored).await?;
    tx.commit().await?;

    app.heads.moved(school, head);
    Ok(stored)
}

/// The transaction with the stream locked, and the log as of just then.
async fn locked(
    app: &App,
    publisher: &Publisher<'_>,
    school: SchoolId,
    week: Week,
) -> Result<(Tx, Prepared), ApiError> {
    for _ in 0..TRIES {
        let prepared = Prepared::compile(app, school, week).await?;
        let tx = app.store.begin().await?;
        publisher.claim(app, &tx).await?;
        let locked = tx.school_lock(school).await?.ok_or(ApiError::NotFound)?;
        // What a teacher says moves no stream, since phones do not hold it.
        if locked.head == prepared.head() && prepared.has_all_feedback(&tx).await? {
            return Ok((tx, prepared));
        }
    }
    let tx = app.store.begin().await?;
    publisher.claim(app, &tx).await?;
    let prepared = Prepared::compile_in(app, &tx, school, week).await?;
    Ok((tx, prepared))
}

fn worth_publishing(Prepared { newest, draft, .. }: &Prepared) -> Result<(), ApiError> {
    let same = |newest: &StoredEdition| read_edition(&newest.bytes).map(|edition| edition.log == draft.log);
    // A change that touches no visit, a holiday entered late say, still changes figures.
    if newest.as_ref().is_some_and(|newest| !newest.overtaken && same(newest).unwrap_or(false)) {
        return Err(ApiError::WrongState("nothing has changed since the newest edition"));
    }
    if newest.is_none() && draft.log.visits == 0 {
        return Err(ApiError::WrongState("no visit of this week has been submitted"));
    }
    Ok(())
}

const ALREADY: &str = "somebody else has just published it";

/// The answer to a publication.
fn created(edition: &StoredEdition) -> Tagged<EditionView> {
    let StoredEdition { stream, week, number, hash, .. } = edition;
    let location = format!("/api/v1/schools/{stream}/weeks/{week}/editions/{number}");
    Tagged::created(hash.as_str(), location, EditionView::from(edition))
}

/// Publish the week's log
///
/// Freezes the next edition: its bytes never change. A later or changed visit drafts another.
#[utoipa::path(post, path = "/api/v1/schools/{school}/weeks/{week}/publish", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47")),
    request_body = Publish, responses(
    (status = 201, body = EditionView, description = "Published"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "Nothing to publish, or something arrived since the draft"),
))]
async fn weekly_log_publish(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    headers: HeaderMap,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
    ApiJson(body): ApiJson<Publish>,
) -> Result<Response, ApiError> {
    let request = (here.school.id, week, &body.remarks, body.as_of);
    let begin = || Once::begin(&app, caller.id(), &headers, "weekly_log_publish", &request);
    let once = match begin().await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    let publisher = Publisher::Person { caller: &caller, once: Some(&once) };
    match publish(&app, &publisher, here.school.id, week, body.clone()).await {
        Ok(edition) => Ok(created(&edition).into_response()),
        // Perhaps it was this very request that published, and its answer was lost.
        Err(error @ (ApiError::WrongState(_) | ApiError::Taken(_))) => match begin().await {
            Err(answered) => answered,
            Ok(_) if matches!(error, ApiError::Taken(_)) => Err(ApiError::WrongState(ALREADY)),
            Ok(_) => Err(error),
        },
        Err(error) => Err(error),
    }
}
