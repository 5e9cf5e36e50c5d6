//! Every way to fail, and the one match from it to status, type and title (RFC 9457).
//!
//! `code` is stable and part of the contract; `detail` is for people. Inner errors are logged, never shown.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;
use xunke_domain::flaw::Flaw;
use xunke_storage::StoreError;
use xunke_storage::gather::NotTaken;
use xunke_sync::cursor::CursorFault;
use xunke_sync::wire::push::EnvelopeFault;

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "/problems/invalid", "title": "Something in the request breaks a rule", "status": 422, "code": "invalid", "detail": "1 value is wrong", "errors": [{"pointer": "/number", "detail": "required"}]}))]
pub struct Problem {
    /// What kind of problem: `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind, for people.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Stable name of the kind.
    pub code: &'static str,
    /// This case, for people.
    pub detail: String,
    /// What is wrong, place by place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemItem>,
    /// Why a cursor is refused: `fork`, `grant` or `expired` (sync protocol, section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<CursorFault>,
    /// For `device-revoked`: hand the queue over, then destroy the local data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wipe: Option<bool>,
    /// For `device-fork`: the number known under another body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<i64>,
}

/// One thing wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemItem {
    /// JSON pointer (RFC 6901) into the body; `?name` for a query parameter; `visits/` or `lesson-changes/` and an id
    /// for what depends on the thing asked for.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

/// Every way to fail.
#[derive(Debug, Error)]
pub enum ApiError {
    /// The route, the object, or the right to know of it is not there.
    #[error("there is nothing here that you may see")]
    NotFound,
    /// The route is there, the method is not.
    #[error("this address does not take that method")]
    MethodNotAllowed,
    /// No token, or none that holds.
    #[error("send `Authorization: Bearer` with an access token that holds; refresh it or sign in again")]
    Unauthenticated,
    /// Login or password is wrong; which of them is not said.
    #[error("login or password is wrong")]
    WrongCredentials,
    /// A refresh token that was used up: somebody else may hold a copy, so the session is ended.
    #[error("this refresh token was used before; sign in again")]
    RefreshReused,
    /// The person belongs here, but may not do this.
    #[error("your role does not allow this")]
    Forbidden,
    /// The device was revoked.
    #[error("this device was revoked; hand over what is unsent, then delete what it holds")]
    DeviceRevoked,
    /// The device is not registered, or not this person's.
    #[error("register this device first, signed in as the same person")]
    DeviceUnknown,
    /// Not JSON at all.
    #[error("{}", .0.detail)]
    Unparsable(Flaw),
    /// The request breaks rules.
    #[error("{} of the values sent are wrong", .0.len())]
    Invalid(Vec<Flaw>),
    /// The body is of another type.
    #[error("send {0}")]
    UnsupportedMediaType(&'static str),
    /// More than a request may hold.
    #[error("{0}")]
    TooLarge(String),
    /// Another object has this value.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// Another body under a number the device has used.
    #[error("write {n} is known with another body: this device was cloned or restored; register it again")]
    DeviceFork {
        /// The number.
        n: i64,
    },
    /// What is there is in another state than the operation needs.
    #[error("{0}")]
    WrongState(&'static str),
    /// The days on which facts may be contested are over.
    #[error("facts could be contested until {until}; answer without contesting them, or speak to the school")]
    ObjectionOver {
        /// The last day.
        until: NaiveDate,
    },
    /// Other things stand on it; each is named.
    #[error("{} things depend on it; change or withdraw them first", .0.len())]
    DependedOn(Vec<Flaw>),
    /// The same `Idempotency-Key` with another request.
    #[error("this Idempotency-Key was used for another request")]
    IdempotencyMismatch,
    /// `If-Match` is missing.
    #[error("send `If-Match` with the ETag you read, so that nobody's change is overwritten")]
    PreconditionRequired,
    /// `If-Match` names another version.
    #[error("it has been changed since you read it; read it again")]
    PreconditionFailed,
    /// The cursor's place is not there any more.
    #[error("{0}")]
    CursorInvalid(CursorFault),
    /// It was posted, and is not any more.
    #[error("this edition is not posted any more: it was withdrawn, or the next one has taken its place")]
    Withdrawn,
    /// The app speaks a protocol from before this server's.
    #[error("this app is too old for this server; update it, its queue is safe")]
    AppTooOld,
    /// Too many attempts.
    #[error("too many attempts; wait")]
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// The server is busy or its database is not reachable; nothing was taken in.
    #[error("the server cannot do this right now; try again")]
    Unavailable,
    /// The server failed; it has been logged.
    #[error("the server failed; it has been logged")]
    Internal,
}

impl ApiError {
    /// The one place where a failure gets its status, its code and its title.
    const fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::NotFound => (S::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            Self::Unauthenticated => (S::UNAUTHORIZED, "unauthenticated", "Not signed in"),
            Self::WrongCredentials => (S::UNAUTHORIZED, "wrong-credentials", "Login or password is wrong"),
            Self::RefreshReused => (S::UNAUTHORIZED, "refresh-reused", "Refresh token used before"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "Not allowed"),
            Self::DeviceRevoked => (S::FORBIDDEN, "device-revoked", "Device revoked"),
            Self::DeviceUnknown => (S::FORBIDDEN, "device-unknown", "Device not registered"),
            Self::Unparsable(_) => (S::BAD_REQUEST, "unparsable", "The body cannot be read"),
            Self::Invalid(_) => {
                (S::UNPROCESSABLE_ENTITY, "invalid", "Something in the request breaks a rule")
            }
            Self::UnsupportedMediaType(_) => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type")
            }
            Self::TooLarge(_) => (S::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::Taken(_) => (S::CONFLICT, "taken", "Taken"),
            Self::DeviceFork { .. } => (S::CONFLICT, "device-fork", "Device cloned or restored"),
            Self::WrongState(_) => (S::CONFLICT, "wrong-state", "Not in this state"),
            Self::ObjectionOver { .. } => (S::CONFLICT, "objection-over", "Too late to contest the facts"),
            Self::DependedOn(_) => (S::CONFLICT, "depended-on", "Something depends on it"),
            Self::IdempotencyMismatch => (S::CONFLICT, "idempotency-mismatch", "Idempotency-Key used before"),
            Self::PreconditionRequired => {
                (S::PRECONDITION_REQUIRED, "precondition-required", "If-Match is required")
            }
            Self::PreconditionFailed => (S::PRECONDITION_FAILED, "precondition-failed", "Changed meanwhile"),
            Self::CursorInvalid(_) => (S::GONE, "cursor-invalid", "Cursor not valid any more"),
            Self::Withdrawn => (S::GONE, "withdrawn", "Not posted any more"),
            Self::AppTooOld => (S::UPGRADE_REQUIRED, "app-too-old", "App too old"),
            Self::TooManyRequests { .. } => (S::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "Not available right now"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }

    /// One value is wrong.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Flaw::invalid(pointer, detail)])
    }

    /// The status it answers with.
    pub const fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The problem document.
    pub fn problem(&self) -> Problem {
        let (status, code, title) = self.kind();
        let item = |flaw: &Flaw| ProblemItem { pointer: flaw.pointer.clone(), detail: flaw.detail.clone() };
        let errors = match self {
            Self::Invalid(flaws) | Self::DependedOn(flaws) => flaws.iter().map(item).collect(),
            Self::Unparsable(flaw) => vec![item(flaw)],
            _ => Vec::new(),
        };
        Problem {
            kind: format!("/problems/{code}"),
            title,
            status: status.as_u16(),
            code,
            detail: self.to_string(),
            errors,
            reason: if let Self::CursorInvalid(fault) = self { Some(*fault) } else { None },
            wipe: matches!(self, Self::DeviceRevoked).then_some(true),
            n: if let Self::DeviceFork { n } = self { Some(*n) } else { None },
        }
    }

    /// Every code with its status and title, for the page that explains them.
    pub fn catalogue() -> Vec<(StatusCode, &'static str, &'static str)> {
        let flaw = || Flaw::invalid("", "");
        [
            Self::NotFound,
            Self::MethodNotAllowed,
            Self::Unauthenticated,
            Self::WrongCredentials,
            Self::RefreshReused,
            Self::Forbidden,
            Self::DeviceRevoked,
            Self::DeviceUnknown,
            Self::Unparsable(flaw()),
            Self::Invalid(vec![flaw()]),
            Self::UnsupportedMediaType(""),
            Self::TooLarge(String::new()),
            Self::Taken(""),
            Self::DeviceFork { n: 0 },
            Self::WrongState(""),
            Self::ObjectionOver { until: NaiveDate::default() },
            Self::DependedOn(Vec::new()),
            Self::IdempotencyMismatch,
            Self::PreconditionRequired,
            Self::PreconditionFailed,
            Self::CursorInvalid(CursorFault::Expired),
            Self::Withdrawn,
            Self::AppTooOld,
            Self::TooManyRequests { retry_after: 0 },
            Self::Unavailable,
            Self::Internal,
        ]
        .iter()
        .map(Self::kind)
        .collect()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let wait = match self {
            Self::TooManyRequests { retry_after } => Some(retry_after),
            Self::Unavailable => Some(2),
            Self::Unauthenticated => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                None
            }
            _ => None,
        };
        if let Some(seconds) = wait {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Written out: a new storage error must be placed by hand.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(what) => Self::Taken(what),
            StoreError::Unavailable(source) => {
                tracing::warn!(error = %source, "the database is not available");
                Self::Unavailable
            }
            StoreError::Corrupt { .. }
            | StoreError::Unsafe(_)
            | StoreError::InUse { .. }
            | StoreError::Database(_) => {
                tracing::error!(error = %error, "a request failed in the store");
                Self::Internal
            }
        }
    }
}

impl From<NotTaken> for ApiError {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::Busy => Self::Unavailable,
            NotTaken::Store(error) => error.into(),
        }
    }
}

impl From<EnvelopeFault> for ApiError {
    fn from(fault: EnvelopeFault) -> Self {
        match fault {
            EnvelopeFault::Unparsable(flaw) => Self::Unparsable(flaw),
            EnvelopeFault::Shape(flaw) => Self::Invalid(vec![flaw]),
            EnvelopeFault::TooMany(sent) => {
                Self::TooLarge(format!("{sent} writes are too many; halve the batch"))
            }
        }
    }
}
