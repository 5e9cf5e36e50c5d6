//! Signing in and out. The refresh token rotates; the previous one stays good until its successor is used,
//! so that a lost answer signs nobody out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::UserId;
use xunke_domain::people::Role;
use xunke_storage::people::Account;
use xunke_storage::sessions::Session;

use crate::answer::ShortListParams;
use crate::app::App;
use crate::auth::guard::Caller;
use crate::auth::{password, token};
use crate::body::{ApiJson, ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::{ApiError, Problem};

/// Idle and absolute life of a phone's session, milliseconds: over the summer break, and 400 days.
const IDLE: i64 = 90 * 24 * 3600 * 1000;
const ABSOLUTE: i64 = 400 * 24 * 3600 * 1000;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(session_create, session_list))
        .routes(routes!(session_refresh))
        .routes(routes!(session_end))
        .routes(routes!(session_revoke))
        .routes(routes!(password_change))
        .routes(routes!(password_reset))
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"login": "zheng", "password": "春风化雨-润物无声-88", "client": "Xunke 1.0 on Pixel 9"}))]
pub struct SignIn {
    /// The login.
    login: String,
    /// The password.
    password: String,
    /// What signs in, for the list of sessions.
    #[serde(default)]
    client: String,
}

/// A refresh token to be exchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b.c2VjcmV0"}))]
pub struct Refresh {
    /// The newest one received.
    refresh_token: String,
}

/// Tokens.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer`; 15 minutes.
    access_token: String,
    /// For the next refresh; keep it before using it.
    refresh_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds the access token is good for.
    expires_in: i64,
    /// The session.
    session: Uuid,
    /// The person.
    #[schema(value_type = Uuid)]
    account: UserId,
    /// When the session ends in any case, RFC 3339.
    session_ends: String,
}

/// A signed-in phone or browser.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    session: Uuid,
    /// `app` or `web`.
    kind: String,
    /// What signed in.
    client: String,
    /// The device it is bound to.
    device: Option<String>,
    /// Signed in, RFC 3339.
    created_at: String,
    /// Last refreshed, RFC 3339.
    used_at: String,
    /// Whether it is the one asking.
    current: bool,
}

/// A person's sessions.
#[derive(Serialize, ToSchema)]
pub struct SessionList {
    /// Newest first.
    items: Vec<SessionView>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current": "春风化雨-润物无声-88", "password": "桃李不言-下自成蹊-2026"}))]
pub struct PasswordChange {
    /// The one in use.
    current: String,
    /// 8 to 128 characters; 15 for principals and administrators.
    password: String,
}

/// A reset code and the password chosen with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"login": "zheng", "code": "c2VjcmV0", "password": "桃李不言-下自成蹊-2026"}))]
pub struct PasswordReset {
    /// Whose password.
    pub login: String,
    /// The code an administrator handed out.
    pub code: String,
    /// 8 to 128 characters; 15 for principals and administrators.
    pub password: String,
}

/// The address attempts are counted by: that of the connection, put there by the listener.
pub fn address(headers: &HeaderMap) -> String {
    headers.get(crate::server::PEER).and_then(|value| value.to_str().ok()).unwrap_or("local").to_owned()
}

/// Checks login and password; shared with the web pages.
pub async fn sign_in(app: &App, login: &str, password: String, address: &str) -> Result<Account, ApiError> {
    let login = login.trim().to_lowercase();
    app.throttle.attempt(&login, address, app.clock.millis())?;
    let account =
        app.store.read().account_by_login(&login).await?.filter(|account| account.disabled_at.is_none());
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let fits = app.passwords.check(password, hash).await?;
    let Some(account) = account.filter(|_| fits) else {
        return Err(ApiError::WrongCredentials);
    };
    app.throttle.succeeded(&login, address);
    Ok(account)
}

/// Sign in
#[utoipa::path(post, path = "/api/v1/sessions", tag = "people",
    request_body = SignIn, responses(
    (status = 200, body = Tokens, description = "Signed in"),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "Login or password is wrong"),
    (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many attempts"),
))]
async fn session_create(
    State(app): State<App>,
    headers: HeaderMap,
    ApiJson(SignIn { login, password, client }): ApiJson<SignIn>,
) -> Result<axum::Json<Tokens>, ApiError> {
    let account = sign_in(&app, &login, password, &address(&headers)).await?;
    let (now, secret) = (app.clock.millis(), token::secret(&app.chance));
    let session = Session {
        id: app.chance.id(app.clock.now()),
        account: account.id,
        kind: "app".to_owned(),
        device: None,
        client: client.chars().filter(|char| !char.is_control()).take(200).collect(),
        token_hash: token::hash(&secret),
        previous_hash: None,
        created_at: now,
        used_at: now,
        idle_until: now + IDLE,
        absolute_until: now + ABSOLUTE,
        ended_at: None,
    };

    let tx = app.store.begin().await?;
    tx.session_add(session.clone()).await?;
    tx.commit().await?;

    tokens(&app, &session, &secret)
}

fn tokens(app: &App, session: &Session, secret: &str) -> Result<axum::Json<Tokens>, ApiError> {
    let person = session.account.into_uuid();
    Ok(axum::Json(Tokens {
        access_token: token::issue(&app.keys, person, session.id, app.clock.now().timestamp())?,
        refresh_token: token::join(session.id, secret),
        token_type: "Bearer",
        expires_in: token::ACCESS_SECONDS,
        session: session.id,
        account: session.account,
        session_ends: instant(session.absolute_until),
    }))
}

/// Exchange a refresh token for new tokens
#[utoipa::path(post, path = "/api/v1/sessions/refresh", tag = "people",
    request_body = Refresh, responses(
    (status = 200, body = Tokens, description = "New tokens; the old refresh token stays good until the new one is used"),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "The session has ended, or the token was used up"),
))]
async fn session_refresh(
    State(app): State<App>,
    ApiJson(Refresh { refresh_token }): ApiJson<Refresh>,
) -> Result<axum::Json<Tokens>, ApiError> {
    let now = app.clock.millis();
    let (id, secret) = token::split(&refresh_token).ok_or(ApiError::Unauthenticated)?;
    let presented = token::hash(secret);

    let tx = app.store.begin().await?;
    let session = tx.session_find(id).await?.filter(|session| session.holds_at(now) && session.kind == "app");
    let session = session.ok_or(ApiError::Unauthenticated)?;
    let account = tx.account_find(session.account).await?.filter(|account| account.disabled_at.is_none());
    account.ok_or(ApiError::Unauthenticated)?;
    // The token in use makes itself the previous one; the previous one (its answer was lost) stays where it is.
    let previous = match &session.previous_hash {
        _ if session.token_hash == presented => presented,
        Some(previous) if *previous == presented => presented,
        _ => {
            tx.session_end(session.account, session.id, now).await?;
            tx.commit().await?;
            return Err(ApiError::RefreshReused);
        }
    };
    let (secret, read) = (token::secret(&app.chance), session.token_hash.clone());
    let session = Session {
        token_hash: token::hash(&secret),
        previous_hash: Some(previous),
        used_at: now,
        idle_until: now + IDLE,
        ..session
    };
    if !tx.session_rotate(session.clone(), &read).await? {
        return Err(ApiError::Unavailable);
    }
    tx.commit().await?;

    tokens(&app, &session, &secret)
}

/// List own sessions
#[utoipa::path(get, path = "/api/v1/sessions", tag = "people", params(ShortListParams), responses(
    (status = 200, body = SessionList, description = "Sessions that have not ended"),
))]
async fn session_list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<SessionList>, ApiError> {
    let now = app.clock.millis();
    let sessions = app.store.read().session_list(caller.id()).await?;
    let items = sessions
        .into_iter()
        .filter(|session| session.holds_at(now))
        .map(|session| SessionView {
            session: session.id,
            kind: session.kind,
            client: session.client,
            device: session.device.map(|id| id.to_string()),
            created_at: instant(session.created_at),
            used_at: instant(session.used_at),
            current: session.id == caller.session.id,
        })
        .collect();
    let (items, next) = page.page(items, |session: &SessionView| session.session.to_string())?;
    Ok(axum::Json(SessionList { items, next }))
}

/// Sign out
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "people", responses(
    (status = 204, description = "Signed out; the device and its queue stay"),
))]
async fn session_end(State(app): State<App>, caller: Caller) -> Result<StatusCode, ApiError> {
    end(&app, &caller, caller.session.id).await
}

/// End another of one's sessions
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "people", params(("session" = Uuid, Path)), responses(
    (status = 204, description = "Ended"),
))]
async fn session_revoke(
    State(app): State<App>,
    caller: Caller,
    ApiPath(session): ApiPath<Uuid>,
) -> Result<StatusCode, ApiError> {
    end(&app, &caller, session).await
}

async fn end(app: &App, caller: &Caller, session: Uuid) -> Result<StatusCode, ApiError> {
    let tx = app.store.begin().await?;
    if !tx.session_end(caller.id(), session, app.clock.millis()).await? {
        return Err(ApiError::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change one's password
#[utoipa::path(post, path = "/api/v1/password", tag = "people",
    request_body = PasswordChange, responses(
    (status = 204, description = "Changed; every other session has ended"),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "The current password is wrong"),
))]
async fn password_change(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    ApiJson(PasswordChange { current, password }): ApiJson<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let account = sign_in(&app, &caller.account.login, current, &address(&headers)).await?;
    set_password(&app, account, password, Some(caller.session.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Choose a password with a reset code
#[utoipa::path(post, path = "/api/v1/password/reset", tag = "people",
    request_body = PasswordReset, responses(
    (status = 204, description = "Chosen; every session has ended, sign in"),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "The code is wrong, used or too old"),
))]
async fn password_reset(
    State(app): State<App>,
    headers: HeaderMap,
    ApiJson(reset): ApiJson<PasswordReset>,
) -> Result<StatusCode, ApiError> {
    reset_password(&app, &address(&headers), reset).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Chooses a password with a code; shared with the pages.
pub async fn reset_password(app: &App, address: &str, reset: PasswordReset) -> Result<(), ApiError> {
    let PasswordReset { login, code, password } = reset;
    let (login, now) = (login.trim().to_lowercase(), app.clock.millis());
    app.throttle.attempt(&login, address, now)?;
    let presented = Some(token::hash(code.trim()));
    let account = app.store.read().account_by_login(&login).await?.filter(|account| {
        account.disabled_at.is_none()
            && account.reset_hash == presented
            && account.reset_until.is_some_and(|until| now < until)
    });
    let Some(account) = account else {
        return Err(ApiError::WrongCredentials);
    };
    set_password(app, account, password, None).await?;
    app.throttle.succeeded(&login, address);
    Ok(())
}

async fn set_password(
    app: &App,
    account: Account,
    password: String,
    keep: Option<Uuid>,
) -> Result<(), ApiError> {
    let memberships = app.store.read().memberships(account.id).await?;
    let long = memberships.iter().any(|membership| {
        matches!(membership.role, Role::Administrator | Role::Principal | Role::Supervisor)
    });
    password::acceptable(&password, long, &[&account.login, &account.name])?;
    let hash = app.passwords.hash(password).await?;
    let account = Account { password_hash: Some(hash), reset_hash: None, reset_until: None, ..account };

    let tx = app.store.begin().await?;
    if !tx.account_change(&account).await? {
        return Err(ApiError::Unavailable);
    }
    tx.session_end_others(account.id, keep, app.clock.millis()).await?;
    tx.commit().await?;
    Ok(())
}
