//! The cookie of a browser's session: `__Host-`, HTTP only, eight hours idle, seven days at most.

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use xunke_domain::ids::UserId;
use xunke_storage::sessions::Session;

use super::PageError;
use crate::app::App;
use crate::auth::guard::{self, Caller};
use crate::auth::token;
use crate::pages::Reader;
use crate::problem::ApiError;

const COOKIE_NAME: &str = "__Host-xunke";
/// Idle and absolute life, milliseconds (reliability, "Defaults").
const IDLE: i64 = 8 * 3600 * 1000;
const ABSOLUTE: i64 = 7 * 24 * 3600 * 1000;
/// A session is marked as used at most this often, milliseconds.
const TOUCH: i64 = 10 * 60 * 1000;

/// Somebody signed in with a browser.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// Who.
    pub(crate) caller: Caller,
    /// The token that the person's forms carry.
    pub(crate) csrf: String,
    /// In which language the pages are told.
    pub(crate) reader: Reader,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let (id, secret) =
            cookie(&parts.headers, COOKIE_NAME).and_then(token::split).ok_or(PageError::SignIn)?;
        let caller = guard::caller(app, id).await?.ok_or(PageError::SignIn)?;
        if caller.session.kind != "web" || caller.session.token_hash != token::hash(secret) {
            return Err(PageError::SignIn);
        }
        touch(app, &caller.session).await?;
        let csrf = token::hash(format!("csrf {secret}"));
        let Ok(reader) = Reader::from_request_parts(parts, app).await;
        Ok(Self { caller, csrf, reader })
    }
}

impl Visitor {
    /// Whether a form was posted from our own page by this very session.
    pub(crate) fn check(&self, headers: &HeaderMap, csrf: &str) -> Result<(), PageError> {
        same_site(headers)?;
        if csrf == self.csrf { Ok(()) } else { Err(ApiError::Forbidden.into()) }
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Refuses a form that another site posted: by what the browser says of the request, or, where it says nothing,
/// by its `Origin`.
pub(crate) fn same_site(headers: &HeaderMap) -> Result<(), PageError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST.as_str()).unwrap_or_default();
    let own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin.split_once("://").is_some_and(|(_, at)| at == host),
        (None, None) => true,
    };
    if own { Ok(()) } else { Err(ApiError::Forbidden.into()) }
}

/// Begins a session and sets its cookie.
pub(crate) async fn begin(
    app: &App,
    account: UserId,
    client: &str,
    mut response: Response,
) -> Result<Response, ApiError> {
    let (now, secret) = (app.clock.millis(), token::secret(&app.chance));
    let session = Session {
        id: app.chance.id(app.clock.now()),
        account,
        kind: "web".to_owned(),
        device: None,
        client: client.chars().take(200).collect(),
        token_hash: token::hash(&secret),
        previous_hash: None,
        created_at: now,
        used_at: now,
        idle_until: now + IDLE,
        absolute_until: now + ABSOLUTE,
        ended_at: None,
    };
    let text = token::join(session.id, &secret);
    let tx = app.store.begin().await?;
    tx.session_add(session).await?;
    tx.commit().await?;
    set_cookie(&mut response, &text, ABSOLUTE / 1000)?;
    Ok(response)
}

/// Ends a session and takes its cookie back.
pub(crate) async fn end(app: &App, caller: &Caller, mut response: Response) -> Result<Response, ApiError> {
    let tx = app.store.begin().await?;
    tx.session_end(caller.id(), caller.session.id, app.clock.millis()).await?;
    tx.commit().await?;
    set_cookie(&mut response, "", 0)?;
    Ok(response)
}

fn set_cookie(response: &mut Response, value: &str, seconds: i64) -> Result<(), ApiError> {
    let cookie =
        format!("{COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict");
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| ApiError::Internal)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(())
}

async fn touch(app: &App, session: &Session) -> Result<(), ApiError> {
    let now = app.clock.millis();
    if now - session.used_at < TOUCH {
        return Ok(());
    }
    let used = Session { used_at: now, idle_until: now + IDLE, ..session.clone() };
    let tx = app.store.begin().await?;
    tx.session_rotate(used, &session.token_hash).await?;
    Ok(tx.commit().await?)
}
