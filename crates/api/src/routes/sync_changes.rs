//! `GET /sync/changes` and what belongs to it: streams, pages, live hints (sync protocol, sections 5 and 6).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use chrono::NaiveDate;
use futures_util::stream::{self, Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;
use xunke_storage::schools::{School, SchoolFilter};
use xunke_sync::record::Seq;

use crate::app::App;
use crate::auth::guard::{Caller, Here, Reach};
use crate::body::ApiQuery;
use crate::feed::{self, Asked, moved_past, visibility};
use crate::problem::{ApiError, Problem};

/// Most streams of one person.
const STREAMS: u64 = 10_000;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sync_changes))
        .routes(routes!(sync_streams))
        .routes(routes!(sync_live))
}

/// What part of a stream is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesParams {
    /// The stream: a school's id; the guard reads it.
    #[serde(rename = "stream")]
    #[param(rename = "stream")]
    _stream: Uuid,
    /// Where the page before ended; absent from zero.
    cursor: Option<String>,
    /// Most records, 1–1000; 500 if not said.
    limit: Option<usize>,
    /// Seconds to wait for something new, at most 25.
    wait: Option<u64>,
    /// Leave out visits before this date; the cursor remembers it.
    from: Option<NaiveDate>,
    /// The schema the app knows; 1 if not said.
    schema: Option<u32>,
}

/// A stream a person may sync.
#[derive(Serialize, ToSchema)]
pub struct StreamView {
    /// The stream: the school's id.
    #[schema(value_type = Uuid)]
    stream: SchoolId,
    /// The school's name.
    name: String,
    /// Its newest seq.
    head: Seq,
    /// What this person may see of it; changed: pull it from zero.
    grant: String,
}

/// Read what is new in a stream
#[utoipa::path(get, path = "/api/v1/sync/changes", tag = "sync", params(ChangesParams), responses(
    (status = 200, body = Object, content_type = "application/json", description = "A page: `changes`, `cursor`, `more`, `head`"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`device-revoked`: hand over the queue, then wipe"),
    (status = 410, body = Problem, content_type = "application/problem+json", description = "`cursor-invalid` with `reason`: pull from zero, keep the queue"),
))]
async fn sync_changes(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    headers: HeaderMap,
    ApiQuery(params): ApiQuery<ChangesParams>,
) -> Result<Response, ApiError> {
    if caller.revoked {
        return Err(ApiError::DeviceRevoked);
    }
    let ChangesParams { _stream, cursor, limit, wait, from, schema } = params;
    let asked = Asked { cursor, limit, wait: wait.unwrap_or(0), from, schema: schema.unwrap_or(1) };
    feed::answer(&app, &caller, &here, &asked, &headers).await
}

/// The schools whose streams a person may sync today.
async fn syncable(app: &App, caller: &Caller) -> Result<Vec<(School, Reach)>, ApiError> {
    let today = app.clock.today();
    let filters: Vec<SchoolFilter> = caller
        .memberships
        .iter()
        .filter(|membership| membership.holds_on(today) && membership.role.visits())
        .map(SchoolFilter::from)
        .collect();
    let schools = app.store.read().school_list(&filters, None, STREAMS).await?;
    Ok(schools
        .into_iter()
        .filter_map(|school| caller.reach(app, "sync_changes", &school).ok().map(|reach| (school, reach)))
        .collect())
}

/// The streams one may sync
#[utoipa::path(get, path = "/api/v1/sync/streams", tag = "sync", responses(
    (status = 200, body = Vec<StreamView>, description = "Streams; a changed `grant` means: pull from zero"),
))]
async fn sync_streams(
    State(app): State<App>,
    caller: Caller,
) -> Result<axum::Json<Vec<StreamView>>, ApiError> {
    let items = syncable(&app, &caller)
        .await?
        .into_iter()
        .map(|(school, reach)| StreamView {
            stream: school.id,
            name: school.name,
            head: school.head,
            grant: format!("{:016x}", visibility(&caller, reach).1),
        })
        .collect();
    Ok(axum::Json(items))
}

/// Hints that streams have moved, as server-sent events
///
/// `head` events only, never data: data has one path, `sync_changes`. A comment every 20 seconds.
#[utoipa::path(get, path = "/api/v1/sync/live", tag = "sync", responses(
    (status = 200, body = String, content_type = "text/event-stream", description = "`event: head`, `data: {\"stream\": …, \"head\": …}`"),
))]
async fn sync_live(
    State(app): State<App>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let schools = syncable(&app, &caller).await?;
    let streams = schools.into_iter().map(|(school, _)| {
        let moves = app.heads.listen(school.id);
        let app = app.clone();
        let state = (app, moves, school.id, school.head);
        stream::unfold(state, |(app, mut moves, id, head)| async move {
            moved_past(&app, id, head, &mut moves).await.ok()?;
            let head = app.store.read().school_find(id).await.ok()??.head;
            let event = Event::default().event("head").data(format!(r#"{{"stream":"{id}","head":{head}}}"#));
            Some((Ok(event), (app, moves, id, head)))
        })
        .boxed()
    });
    let ends = token_life(&caller, &app);
    let all = stream::select_all(streams).take_until(tokio::time::sleep(ends));
    Ok(Sse::new(all).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))))
}

/// A live channel ends with its access token at the latest, so that a lost right does not outlive it.
fn token_life(caller: &Caller, app: &App) -> Duration {
    let left = caller.session.idle_until - app.clock.millis();
    Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(Duration::from_mins(15))
}
