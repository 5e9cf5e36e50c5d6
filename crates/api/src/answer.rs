//! Answers that many operations give: pages, entity tags, created objects kept for repeated requests.

use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;
use xunke_domain::ids::UserId;
use xunke_storage::Tx;
use xunke_storage::audit::KeptAnswer;

use crate::app::App;
use crate::auth::token;
use crate::problem::ApiError;

/// Which page of a list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Where the page before ended (`next` of its answer).
    pub cursor: Option<Uuid>,
    /// Most items, 1–200; 50 if not said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

impl PageParams {
    /// The limit asked for, or the default.
    pub fn limit(&self) -> Result<u64, ApiError> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=200 => Ok(limit),
            _ => Err(ApiError::invalid("?limit", "a page holds 1 to 200 items")),
        }
    }
}

/// Which page of a short list that is read whole.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShortListParams {
    /// Where the page before ended (`next` of its answer).
    pub cursor: Option<String>,
    /// Most items, 1–200; 50 if not said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

impl ShortListParams {
    /// Cuts the page out of the list; gives where the next one begins.
    pub fn page<T>(
        &self,
        mut items: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), ApiError> {
        let limit = PageParams { cursor: None, limit: self.limit }.limit()?;
        if let Some(cursor) = &self.cursor {
            let ended = items.iter().position(|item| key(item) == *cursor);
            let ended = ended.ok_or_else(|| ApiError::invalid("?cursor", "no page ended there"))?;
            items.drain(..=ended);
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(&key) } else { None };
        Ok((items, next))
    }
}

/// Cuts one item too many off a page; gives where the next one begins.
pub fn page_end<T>(items: &mut Vec<T>, limit: u64, id: impl Fn(&T) -> Uuid) -> Option<Uuid> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if items.len() <= limit {
        return None;
    }
    items.truncate(limit);
    items.last().map(id)
}

/// What stands in an entity tag: a count of changes, or the hash of frozen bytes.
#[derive(Debug)]
pub struct Version(String);

impl From<i64> for Version {
    fn from(count: i64) -> Self {
        Self(count.to_string())
    }
}

impl From<&str> for Version {
    fn from(hash: &str) -> Self {
        Self(hash.to_owned())
    }
}

/// An object with its version as `ETag`.
#[derive(Debug)]
pub struct Tagged<T> {
    /// The status.
    pub status: StatusCode,
    /// The version.
    pub version: Version,
    /// Where a created object is.
    pub location: Option<String>,
    /// The object.
    pub body: T,
}

impl<T> Tagged<T> {
    /// An object that was there.
    pub fn found(version: impl Into<Version>, body: T) -> Self {
        Self { status: StatusCode::OK, version: version.into(), location: None, body }
    }

    /// An object that was made.
    pub fn created(version: impl Into<Version>, location: String, body: T) -> Self {
        Self { status: StatusCode::CREATED, version: version.into(), location: Some(location), body }
    }
}

impl<T: Serialize> Tagged<T> {
    /// The answer as it is kept for repeated requests.
    fn kept(&self, request_hash: String) -> KeptAnswer {
        KeptAnswer {
            request_hash,
            status: self.status.as_u16(),
            location: self.location.clone().unwrap_or_default(),
            etag: format!("\"{}\"", self.version.0),
            body: serde_json::to_string(&self.body).unwrap_or_default(),
        }
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        replay(self.kept(String::new()))
    }
}

/// Gives a kept answer again, byte for byte.
fn replay(kept: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [("content-type", "application/json")], kept.body).into_response();
    for (name, value) in [(LOCATION, kept.location), (ETAG, kept.etag)] {
        if let Some(value) = HeaderValue::from_str(&value).ok().filter(|value| !value.is_empty()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The version that `If-Match` names.
pub fn if_match(headers: &HeaderMap) -> Result<i64, ApiError> {
    let header = headers.get(IF_MATCH).ok_or(ApiError::PreconditionRequired)?;
    let tag = header.to_str().ok().and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'));
    tag.and_then(|tag| tag.parse().ok()).ok_or(ApiError::PreconditionFailed)
}

/// Whether the client says in `If-None-Match` that it has what bears this tag (RFC 9110, section 13.1.2: a list,
/// compared weakly, or `*`).
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let mut known = lists.flat_map(|list| list.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request that may be repeated under its `Idempotency-Key`.
#[derive(Debug)]
pub struct Once {
    account: UserId,
    key: Option<String>,
    request_hash: String,
}

impl Once {
    /// Looks whether the request was answered before: `Err(Ok(answer))` gives that answer again.
    pub async fn begin<T: Serialize>(
        app: &App,
        account: UserId,
        headers: &HeaderMap,
        operation: &str,
        body: &T,
    ) -> Result<Self, Result<Response, ApiError>> {
        let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
            return Ok(Self { account, key: None, request_hash: String::new() });
        };
        let valid = key.to_str().ok().filter(|key| (1..=200).contains(&key.len()));
        let key = valid
            .ok_or_else(|| Err(ApiError::invalid("Idempotency-Key", "1 to 200 visible ASCII characters")))?;
        let request = (operation, body);
        let bytes = serde_json::to_vec(&request).map_err(|_| Err(ApiError::Internal))?;
        let request_hash = token::hash(&bytes);
        let known = app.store.read().answer_find(account, key).await.map_err(|error| Err(error.into()))?;
        match known {
            Some(kept) if kept.request_hash == request_hash => Err(Ok(replay(kept))),
            Some(_) => Err(Err(ApiError::IdempotencyMismatch)),
            None => Ok(Self { account, key: Some(key.to_owned()), request_hash }),
        }
    }

    /// Claims the key in the transaction that is to do the work, before any of it is done: the same request at the
    /// same time waits here. If it was answered meanwhile, gives that answer: the transaction must then be dropped.
    pub async fn claim(&self, app: &App, tx: &Tx) -> Result<Option<Response>, ApiError> {
        let Some(key) = &self.key else { return Ok(None) };
        match tx.answer_claim(self.account, key, &self.request_hash, app.clock.millis()).await? {
            None => Ok(None),
            Some(earlier) if earlier.request_hash == self.request_hash => Ok(Some(replay(earlier))),
            Some(_) => Err(ApiError::IdempotencyMismatch),
        }
    }

    /// Keeps the answer in the transaction that has claimed the key and done the work.
    pub async fn keep<T: Serialize>(&self, tx: &Tx, answer: &Tagged<T>) -> Result<(), ApiError> {
        let Some(key) = &self.key else { return Ok(()) };
        Ok(tx.answer_keep(self.account, key, &answer.kept(self.request_hash.clone())).await?)
    }
}
