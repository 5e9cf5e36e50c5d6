//! The guard before every handler: who asks, and how far the policy lets him reach here.
//!
//! It runs before a body is read. A handler gets [`Caller`] and, where the address names a place, [`Here`];
//! it cannot forget to ask, since an operation without a row in the policy is not routed at all.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, MatchedPath, Query, RawPathParams, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;
use xunke_domain::ids::{DistrictId, SchoolId, UserId};
use xunke_domain::people::{Membership, Place};
use xunke_domain::policy::{self, Access, Decision};
use xunke_storage::people::Account;
use xunke_storage::schools::School;
use xunke_storage::sessions::Session;

use crate::app::App;
use crate::problem::ApiError;

/// Operation ids by method and path template.
pub type Operations = Arc<HashMap<(Method, String), String>>;

/// Who asks: a person with a session that holds now.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// Memberships of all times.
    pub memberships: Vec<Membership>,
    /// Whether the session's device was revoked: it hands its queue over and does nothing else.
    pub revoked: bool,
}

impl Caller {
    /// The person.
    pub const fn id(&self) -> UserId {
        self.account.id
    }

    /// How far an operation reaches at a school; a handler asks when the address does not name the school.
    pub fn reach(&self, app: &App, operation: &str, school: &School) -> Result<Reach, ApiError> {
        let place = Place::School(school.id, school.district);
        reach(policy::decide(operation, &self.memberships, place, app.clock.today()))
    }

    /// How far an operation reaches in a district.
    pub fn reach_district(
        &self,
        app: &App,
        operation: &str,
        district: DistrictId,
    ) -> Result<Reach, ApiError> {
        reach(policy::decide(operation, &self.memberships, Place::District(district), app.clock.today()))
    }
}

/// What a revoked device may still do (sync protocol, section 3).
const OF_THE_REVOKED: [&str; 2] = ["sync_push", "session_end"];

/// How far the caller reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// His own things only.
    Own,
    /// Everything there.
    All,
}

fn reach(decision: Decision) -> Result<Reach, ApiError> {
    match decision {
        Decision::Unknown => Err(ApiError::NotFound),
        Decision::Forbidden => Err(ApiError::Forbidden),
        Decision::Own => Ok(Reach::Own),
        Decision::All => Ok(Reach::All),
    }
}

/// The school that the address names, and how far the caller reaches in it.
#[derive(Clone, Debug)]
pub struct Here {
    /// The school.
    pub school: School,
    /// How far.
    pub reach: Reach,
}

impl Here {
    /// The caller, if he reaches no further than what concerns himself.
    pub fn own(&self, caller: &Caller) -> Option<UserId> {
        (self.reach == Reach::Own).then(|| caller.id())
    }
}

/// The district that the address names; whoever gets it reaches everything there.
#[derive(Clone, Copy, Debug)]
pub struct HereDistrict(pub DistrictId);

/// Takes what the guard left for the handler.
macro_rules! left_by_the_guard {
    ($($type:ty: $missing:expr),+ $(,)?) => {$(
        impl<S: Send + Sync> FromRequestParts<S> for $type {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
                parts.extensions.get::<Self>().cloned().ok_or_else(|| $missing)
            }
        }
    )+};
}

left_by_the_guard!(
    Caller: ApiError::Internal,
    // Where the address names no school, the parameter `stream` does.
    Here: ApiError::invalid("?stream", "required"),
    HereDistrict: ApiError::Internal,
);

/// The middleware.
pub async fn guard(
    State((app, operations)): State<(App, Operations)>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let template = request.extensions().get::<MatchedPath>().ok_or(ApiError::NotFound)?.as_str().to_owned();
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let operation = operations.get(&(method, template)).ok_or(ApiError::MethodNotAllowed)?;
    let access = policy::access(operation).ok_or(ApiError::NotFound)?;
    if access == Access::Public {
        return Ok(next.run(request).await);
    }
    let headers = request.headers().clone();
    let caller = authenticate(&app, &headers).await?;
    if caller.revoked && !OF_THE_REVOKED.contains(&operation.as_str()) {
        return Err(ApiError::DeviceRevoked);
    }
    if matches!(access, Access::ByRole(_)) {
        let params = params.map_err(|_| ApiError::NotFound)?;
        let named =
            |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
        let id = |text: String| Uuid::try_parse(&text).map_err(|_| ApiError::NotFound);
        let (school, district) = (named("school"), named("district"));
        let stream = if school.is_none() && district.is_none() { stream(&request) } else { None };
        if let Some(text) = school.or(stream) {
            let school = app.store.school(SchoolId::from_uuid(id(text)?), app.clock.millis()).await?;
            let school = school.ok_or(ApiError::NotFound)?;
            let reach = caller.reach(&app, operation, &school)?;
            request.extensions_mut().insert(Here { school, reach });
        } else if let Some(text) = district {
            let district = DistrictId::from_uuid(id(text)?);
            caller.reach_district(&app, operation, district)?;
            request.extensions_mut().insert(HereDistrict(district));
        }
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The stream that the query names, read as the handler reads it.
fn stream(request: &Request) -> Option<String> {
    let Query(mut query) = Query::<HashMap<String, String>>::try_from_uri(request.uri()).ok()?;
    query.remove("stream")
}

/// Reads the access token and looks its session up.
pub async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(ApiError::Unauthenticated)?;
    let now = app.clock.now().timestamp();
    let claims = app.callers.claims(&app.keys, bearer, now).ok_or(ApiError::Unauthenticated)?;
    caller(app, claims.sid)
        .await?
        .filter(|caller| caller.id().into_uuid() == claims.sub)
        .ok_or(ApiError::Unauthenticated)
}

/// The person of a session, if it holds now; from memory while nothing has changed.
pub async fn caller(app: &App, session: Uuid) -> Result<Option<Caller>, ApiError> {
    let now = app.clock.millis();
    let mark = app.store.mark(now).await?;
    let found = if let Some(kept) = app.callers.kept(session, &mark) {
        Some(kept)
    } else {
        let found = read_caller(app, session).await?;
        if let Some(caller) = &found {
            app.callers.keep(mark, caller);
        }
        found
    };
    Ok(found.filter(|caller| caller.session.holds_at(now)))
}

async fn read_caller(app: &App, session: Uuid) -> Result<Option<Caller>, ApiError> {
    let read = app.store.read();
    let Some(session) = read.session_find(session).await? else { return Ok(None) };
    let Some(account) =
        read.account_find(session.account).await?.filter(|account| account.disabled_at.is_none())
    else {
        return Ok(None);
    };
    let memberships = read.memberships(account.id).await?;
    let device = match session.device {
        Some(device) => read.device_find(device).await?,
        None => None,
    };
    let revoked = device.is_some_and(|device| device.revoked_at.is_some());
    Ok(Some(Caller { account, session, memberships, revoked }))
}
