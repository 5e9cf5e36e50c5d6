//! A reader's place in a stream, and the page there (sync protocol, section 5).

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use xunke_domain::ids::SchoolId;
use xunke_storage::pages::{PageQuery, RawPage, Visibility};
use xunke_sync::cursor::{Cursor, CursorFault, Lineage, nonce_covering};
use xunke_sync::derived_id::derived_id;
use xunke_sync::limits::SCHEMA;
use xunke_sync::planted::{Bug, planted};
use xunke_sync::record::Seq;

use crate::app::App;
use crate::auth::guard::{Caller, Here, Reach};
use crate::packed::{self, Coding};
use crate::problem::ApiError;
use crate::shared::Which;

/// How often a waiting reader looks into the database itself: another node may have written.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A request for changes, wherever it came from.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// See `ChangesParams`.
    pub cursor: Option<String>,
    /// See `ChangesParams`.
    pub limit: Option<usize>,
    /// See `ChangesParams`.
    pub wait: u64,
    /// See `ChangesParams`.
    pub from: Option<NaiveDate>,
    /// See `ChangesParams`.
    pub schema: u32,
}

/// What a person may see of a stream, and the number that names it in cursors.
pub fn visibility(caller: &Caller, reach: Reach) -> (Visibility, u64) {
    let (visibility, name) = match reach {
        Reach::All => (Visibility::All, "all".to_owned()),
        Reach::Own if planted(Bug::ScopeOnlyOnPush) => (Visibility::All, format!("own {}", caller.id())),
        Reach::Own => (Visibility::Own(caller.id()), format!("own {}", caller.id())),
    };
    (visibility, derived_id(&[b"grant", name.as_bytes()]).as_u64_pair().0)
}

/// A page of a stream as JSON, after waiting for something new if asked to.
pub async fn changes(app: &App, caller: &Caller, here: &Here, asked: &Asked) -> Result<String, ApiError> {
    let place = place(app, caller, here, asked).await?;
    page(app, place).await
}

/// The same as an answer, shared with whoever asks for it, too.
pub async fn answer(
    app: &App,
    caller: &Caller,
    here: &Here,
    asked: &Asked,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let place = place(app, caller, here, asked).await?;
    let coding = packed::coding(headers);
    if place.nothing_new() {
        return Ok(packed::json(headers, page(app, place).await?));
    }
    let (which, now) = (place.which(coding), app.clock.millis());
    let make = async {
        let page = page(app, place).await?;
        packed::pack(coding, page).map_err(|_| ApiError::Internal)
    };
    Ok(packed::answer(coding, app.pages.get(which, now, make).await?))
}

/// Where a reader goes on, and what he may see.
struct Place {
    stream: SchoolId,
    visibility: Visibility,
    grant: u64,
    after: Seq,
    began: Option<Seq>,
    from: Option<NaiveDate>,
    limit: usize,
    schema: u32,
    /// Where the stream stands, or stood a moment ago.
    head: Seq,
    lineage: Arc<[Lineage]>,
}

/// Checks what is asked for, and waits for something new if asked to.
async fn place(
    app: &App,
    caller: &Caller,
    Here { school, reach }: &Here,
    asked: &Asked,
) -> Result<Place, ApiError> {
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
    let lineage = app.store.lineage(stream, app.clock.millis()).await?;
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
    let mut place =
        Place { stream, visibility, grant, after, began, from, limit, schema, head: school.head, lineage };
    if let Some(moves) = moves.as_mut().filter(|_| place.nothing_new()) {
        let wait = Duration::from_secs(asked.wait.min(app.limits.wait_seconds));
        // Time-out or news: the school says which.
        let _ = tokio::time::timeout(wait, moved_past(app, stream, after, moves)).await;
        let now = app.clock.millis();
        place.head = app.store.school(stream, now).await?.map_or(place.head, |school| school.head);
        place.lineage = app.store.lineage(stream, now).await?;
    }
    Ok(place)
}

impl Place {
    /// Nothing is above the head, as of when the school was read.
    const fn nothing_new(&self) -> bool {
        self.began.is_some() && self.head <= self.after
    }

    /// What names the page for all who may have it.
    fn which(&self, coding: Coding) -> Which {
        let Self { stream, visibility: _, grant, after, began, from, limit, schema, head, ref lineage } =
            *self;
        let nonce = nonce_covering(lineage, head);
        let grant = if planted(Bug::PageSharedByAll) { 0 } else { grant };
        Which { stream, grant, after, began, from, limit, schema, head, nonce, coding }
    }
}

/// The page at a place as JSON.
async fn page(app: &App, place: Place) -> Result<String, ApiError> {
    let nothing_new = place.nothing_new();
    let Place { stream, visibility, grant, after, began, from, limit, schema, head, mut lineage } = place;
    let page = if nothing_new {
        RawPage { changes: "[]".to_owned(), upto: head, more: false, head, made_at: head }
    } else {
        let bytes = app.limits.page_bytes;
        let query = PageQuery { visibility, after, began, from, records: limit, bytes };
        app.store.read().page(stream, &query).await?
    };
    if page.made_at > head {
        // Written since the lineage was read, perhaps by a process that is not in it yet.
        lineage = app.store.read().lineage(stream).await?.into();
    }
    let RawPage { changes, upto: seq, more, head, made_at } = page;
    let (nonce, began) = (nonce_covering(&lineage, made_at), began.unwrap_or(head));
    let cursor = Cursor { stream, seq, grant, from, head: made_at, nonce, schema, began };
    let cursor = cursor.seal(&app.keys.cursor);
    Ok(format!(r#"{{"changes":{changes},"cursor":"{cursor}","more":{more},"head":{head}}}"#))
}

/// Comes back once the stream's head is past `after`.
pub async fn moved_past(
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
