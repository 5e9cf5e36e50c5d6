//! `POST /sync/push`: writes in, outcomes out, and pages of the streams asked for, in one exchange.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::ids::SchoolId;
use xunke_storage::StoreError;
use xunke_storage::intake::examined::Examined;
use xunke_storage::intake::push::{PushJob, Pushed, Sender};
use xunke_sync::limits::SCHEMA;
use xunke_sync::numbers::Numbers;
use xunke_sync::stamp::DeviceId;
use xunke_sync::wire::push::{self, Push};
use xunke_sync::wire::result::PushAnswer;

use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{expect_json, read_body};
use crate::feed::{Asked, changes};
use crate::instant::instant;
use crate::packed;
use crate::problem::{ApiError, Problem};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sync_push))
}

/// Oldest schema still understood; an app below it is told to update.
const OLDEST_SCHEMA: u32 = 1;

/// How stale "last seen" on the device board may be, milliseconds.
const BOARD_FRESH: i64 = 5 * 60 * 1000;

/// Send writes, and read what is new
///
/// The contract is `docs/sync-protocol.md`, section 4. A write that cannot be taken in is held with a reason and
/// delays no other; only the envelope itself can be refused.
#[utoipa::path(post, path = "/api/v1/sync/push", tag = "sync",
    request_body(content = Object, content_type = "application/json", example = json!({
        "device": "9f1c2a7b5d3e8f60", "schema": 1, "now": "2026-11-17T10:40:03.120+08:00", "unsent": 0,
        "writes": [{"n": 1, "stream": "01980000-0000-7000-8000-000000000001", "type": "visit",
            "record": "0199d0a1-0000-7000-8000-000000000002", "base": 0,
            "stamp": "019cd1a2b3c4-0001-9f1c2a7b5d3e8f60", "set": {"ratings/engagement": "good"}}],
        "pull": {"01980000-0000-7000-8000-000000000001": null}})),
    responses(
    (status = 200, body = Object, content_type = "application/json", description = "One result a write, in order, after the commit is on disk"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`device-revoked` or `device-unknown`"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`device-fork`: register again, send again under the new id"),
    (status = 413, body = Problem, content_type = "application/problem+json", description = "Halve the batch"),
    (status = 426, body = Problem, content_type = "application/problem+json", description = "The app is too old; its queue is safe"),
))]
async fn sync_push(
    State(app): State<App>,
    caller: Caller,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    expect_json(&parts.headers)?;
    let bytes = read_body(&parts.headers, body, app.limits.push_bytes).await?;
    let turn = app.turns.take(caller.id()).await.ok_or(ApiError::Unavailable)?;
    let Push { device, schema, now: device_now, unsent, writes, ledger, pull } =
        push::read(&bytes, &app.limits)?;
    if schema < OLDEST_SCHEMA {
        return Err(ApiError::AppTooOld);
    }
    let known = app.store.read().device_find(device).await?;
    let known = known.filter(|known| known.account == caller.id()).ok_or(ApiError::DeviceUnknown)?;
    let revoked = caller.revoked || known.revoked_at.is_some();
    if revoked && writes.is_empty() {
        return Err(ApiError::DeviceRevoked);
    }
    let now = app.clock.millis();
    let results = if writes.is_empty() {
        // An empty poll touches no disk, unless the device board would go stale.
        if known.unsent != unsent || known.seen_at.is_none_or(|seen| now - seen > BOARD_FRESH) {
            match app.store.note_contact(device, now, unsent).await {
                // Nobody waits for the board; on a full disk reading goes on.
                Err(StoreError::Unavailable(error)) => tracing::warn!(%error, "a contact was not noted"),
                noted => noted?,
            }
        }
        Vec::new()
    } else {
        let job = PushJob {
            device,
            sender: Sender {
                account: caller.id(),
                memberships: caller.memberships.clone(),
                revoked,
                admitted: false,
            },
            writes: writes.into_iter().map(Examined::of).collect(),
            unsent: unsent.max(0),
            clock_offset: device_now.map(|device_now| device_now.timestamp_millis() - now),
            now,
        };
        let streams: Vec<_> = job.writes.iter().map(Examined::stream).collect();
        let results = match app.gatherer.push(job).await? {
            Pushed::Results(results) => results,
            Pushed::Fork { n } => return Err(ApiError::DeviceFork { n }),
        };
        for (stream, result) in streams.into_iter().zip(&results) {
            if let (Some(stream), Some(seq)) = (stream, result.seq) {
                app.heads.moved(stream, seq);
            }
        }
        results
    };
    drop(turn);
    let ledger = if ledger.is_empty() { None } else { Some(ledgers(&app, &caller, &ledger).await?) };
    let mut answer =
        serde_json::to_string(&PushAnswer { server_time: instant(now), results, ledger, pull: [].into() })
            .map_err(|_| ApiError::Internal)?;
    if !pull.is_empty() {
        // The pages are JSON already, so they are put in as they are.
        answer.truncate(answer.len() - "{}}".len());
        answer.push('{');
        for (index, (stream, cursor)) in pull.into_iter().enumerate() {
            let asked = Asked { cursor, schema: schema.min(SCHEMA), ..Asked::default() };
            let page = match pulled(&app, &caller, stream, &asked, revoked).await {
                Ok(page) => page,
                Err(error) => json!(error.problem()).to_string(),
            };
            let comma = if index == 0 { "" } else { "," };
            // Writing to a String cannot fail.
            let _ = write!(answer, "{comma}\"{stream}\":{page}");
        }
        answer.push_str("}}");
    }
    Ok(packed::json(&parts.headers, answer))
}

/// Which writes there are of each registration asked for, after the push was taken in. One that is not there, or not
/// this person's, is left out.
async fn ledgers(
    app: &App,
    caller: &Caller,
    asked: &[DeviceId],
) -> Result<BTreeMap<DeviceId, Numbers>, ApiError> {
    let store = app.store.read();
    let mut ledgers = BTreeMap::new();
    for known in store.device_list(&[caller.id()]).await? {
        if asked.contains(&known.id) {
            ledgers.insert(known.id, store.ledger_numbers(&known).await?);
        }
    }
    Ok(ledgers)
}

/// The page of a stream asked for beside a push; the school is read after the push was taken in.
async fn pulled(
    app: &App,
    caller: &Caller,
    stream: SchoolId,
    asked: &Asked,
    revoked: bool,
) -> Result<String, ApiError> {
    if revoked {
        return Err(ApiError::DeviceRevoked);
    }
    let school = app.store.read().school_find(stream).await?.ok_or(ApiError::NotFound)?;
    let reach = caller.reach(app, "sync_changes", &school)?;
    changes(app, caller, &Here { school, reach }, asked).await
}
