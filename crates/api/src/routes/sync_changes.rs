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
use xunke_storage::pages::{PageQuery, RawPage, Visibility};
use xunke_storage::schools::{School, SchoolFilter};
use xunke_sync::cursor::{Cursor, CursorFault, nonce_covering};
use xunke_sync::derived_id::derived_id;
use xunke_sync::limits::SCHEMA;
use xunke_sync::planted::{Bug, planted};
use xunke_sync::record::Seq;

use crate::app::App;
use crate::auth::guard::{Caller, Here, Reach};
use crate::body::ApiQuery;
use crate::packed;
use crate::problem::{ApiError, Problem};

/// How often a waiting reader looks into the database itself: another node may have written.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
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

/// A request for changes, wherever it came from.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// See [`ChangesParams`].
    pub cursor: Option<String>,
    /// See [`ChangesParams`].
    pub limit: Option<usize>,
    /// See [`ChangesParams`].
    pub wait: u64,
    /// See [`ChangesParams`].
    pub from: Option<NaiveDate>,
    /// See [`ChangesParams`].
    pub schema: u32,
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

/// What a person may see of a stream, and the number that names it in cursors.
fn visibility(caller: &Caller, reach: Reach) -> (Visibility, u64) {
    let (visibility, name) = match reach {
        Reach::All => (Visibility::All, "all".to_owned()),
        Reach::Own if planted(Bug::ScopeOnlyOnPush) => (Visibility::All, format!("own {}", caller.id())),
        Reach::Own => (Visibility::Own(caller.id()), format!("own {}", caller.id())),
    };
    (visibility, derived_id(&[b"grant", name.as_bytes()]).as_u64_pair().0)
}

/// A page of a stream as JSON, after waiting for something new if asked to.
pub async fn changes(
    app: &App,
    caller: &Caller,
    Here { school, reach }: &Here,
    asked: &Asked,
) -> Result<String, ApiError> {
    let stream = school.id;
    let (visibility, grant) = visibility(caller, *reach);
    let limit = match asked.limit.unwrap_or(app.limits.page_default) {
        limit if (1..=app.limits.page_records).contains(&limit) => limit,
        _ => {
            return Err(ApiError::invalid("?limit", format!("1 to {} records", app.limits.page_records)));
        }
    };
    let schema = asked.schema.clamp(1, SCHEMA);
    let mut moves = (asked.wait > 0).then(|| app.heads.listen(stream));
    let mut lineage = app.store.lineage(stream, app.clock.millis()).await?;
    let (after, from, began) = match &asked.cursor {
        None => (0, asked.from, None),
        Some(text) => {
            let cursor = Cursor::open(text, &app.keys.cursor).map_err(ApiError::CursorInvalid)?;
            cursor.check(stream, grant, &lineage, school.head).map_err(ApiError::CursorInvalid)?;
            if cursor.schema < schema {
                return Err(ApiError::CursorInvalid(CursorFault::Expired));
            }
            (cursor.seq, cursor.from, Some(cursor.began))
        }
    };
    let waits = asked.wait > 0 && began.is_some() && school.head <= after;
    if let Some(moves) = moves.as_mut().filter(|_| waits) {
        let wait = Duration::from_secs(asked.wait.min(app.limits.wait_seconds));
        // Time-out or news: the page says which.
        let _ = tokio::time::timeout(wait, moved_past(app, stream, after, moves)).await;
    }
    let page = if !waits && began.is_some() && school.head <= after {
        // Nothing is above the head, as of when the school was read.
        RawPage { changes: "[]".to_owned(), upto: school.head, more: false, head: school.head }
    } else {
        let bytes = app.limits.page_bytes;
        let query = PageQuery { visibility, after, began, from, records: limit, bytes };
        app.store.read().page(stream, &query).await?
    };
    if page.upto > school.head {
        // Written since the lineage was read, perhaps by a process that is not in it yet.
        lineage = app.store.read().lineage(stream).await?.into();
    }
    let nonce = nonce_covering(&lineage, page.upto);
    let RawPage { changes, upto: seq, more, head } = page;
    let began = began.unwrap_or(head);
    let cursor = Cursor { stream, seq, grant, from, nonce, schema, began }.seal(&app.keys.cursor);
    Ok(format!(r#"{{"changes":{changes},"cursor":"{cursor}","more":{more},"head":{head}}}"#))
}

/// Comes back once the stream's head is past `after`.
async fn moved_past(
    app: &App,
    stream: SchoolId,
    after: Seq,
    moves: &mut tokio::sync::watch::Receiver<Seq>,
) -> Result<(), ApiError> {
    loop {
        // Only a hint; whether it came or not, the database says.
        let moved = tokio::time::timeout(LOOK_AGAIN, moves.changed()).await.is_ok();
        let now = app.clock.millis();
        let school = if moved {
            app.store.school(stream, now).await?
        } else {
            app.store.school_lately(stream, now).await?
        };
        if school.is_none_or(|school| school.head > after) {
            return Ok(());
        }
    }
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
    let page = changes(&app, &caller, &here, &asked).await?;
    Ok(packed::json(&headers, page))
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
