//! First start: the one-time code creates the administrator and the district.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::ids::{DistrictId, UserId};
use xunke_domain::people::{Membership, Role, Scope};
use xunke_storage::people::{Account, District};

use crate::answer::Tagged;
use crate::app::App;
use crate::auth::{password, token};
use crate::body::ApiJson;
use crate::problem::{ApiError, Problem};
use crate::routes::sessions::address;
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(setup_complete))
}

/// The administrator and the district to begin with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "K7QX-3MPA-99TD", "login": "admin", "name": "系统管理员", "password": "山高水长-风清月明-秋水长天-26", "district": "星湖县教育体育局"}))]
pub struct Setup {
    /// The code printed at first start.
    pub code: String,
    /// What the administrator types to sign in.
    pub login: String,
    /// His name.
    pub name: String,
    /// 15 to 128 characters.
    pub password: String,
    /// Name of the district (县区教育局).
    pub district: String,
}

/// What was made.
#[derive(Serialize, ToSchema)]
pub struct SetupDone {
    /// The administrator.
    #[schema(value_type = uuid::Uuid)]
    pub account: UserId,
    /// The district.
    #[schema(value_type = uuid::Uuid)]
    district: DistrictId,
}

/// Create the administrator with the set-up code
#[utoipa::path(post, path = "/api/v1/setup", tag = "people",
    request_body = Setup, responses(
    (status = 201, body = SetupDone, description = "The system is set up; sign in"),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "The code is wrong or used"),
))]
async fn setup_complete(
    State(app): State<App>,
    headers: HeaderMap,
    ApiJson(setup): ApiJson<Setup>,
) -> Result<Tagged<SetupDone>, ApiError> {
    Ok(Tagged::created(1, "/api/v1/me".to_owned(), complete(&app, &address(&headers), setup).await?))
}

/// Uses the code; shared with the pages.
pub async fn complete(app: &App, address: &str, setup: Setup) -> Result<SetupDone, ApiError> {
    let Setup { code, login, name, password, district } = setup;
    let now = app.clock.now();
    app.throttle.attempt("set-up code", address, app.clock.millis())?;
    let known = app.store.read().setup_code().await?;
    if known.as_deref() != Some(token::hash(code.trim()).as_str()) {
        return Err(ApiError::WrongCredentials);
    }
    let account = new_account(app, &login, &name)?;
    password::acceptable(&password, true, &[&account.login, &account.name])?;
    let hash = app.passwords.hash(password).await?;
    let account = Account { password_hash: Some(hash), ..account };
    let district =
        District { id: DistrictId::from_uuid(app.chance.id(now)), name: text::name("/district", &district)? };
    let membership = Membership {
        id: app.chance.id(now),
        role: Role::Administrator,
        district: district.id,
        scope: Scope::District,
        valid_from: app.clock.today(),
        valid_to: None,
    };
    let at = app.clock.millis();

    let tx = app.store.begin().await?;
    if !tx.setup_code_use(at).await? {
        return Err(ApiError::WrongCredentials);
    }
    tx.district_add(&district, at).await?;
    tx.account_add(&account).await?;
    tx.membership_add(account.id, &membership, at).await?;
    tx.commit().await?;

    Ok(SetupDone { account: account.id, district: district.id })
}

/// A new account without a password.
pub fn new_account(app: &App, login: &str, name: &str) -> Result<Account, ApiError> {
    Ok(Account {
        id: UserId::from_uuid(app.chance.id(app.clock.now())),
        login: text::login("/login", login)?,
        name: text::name("/name", name)?,
        password_hash: None,
        reset_hash: None,
        reset_until: None,
        created_at: app.clock.millis(),
        disabled_at: None,
        version: 1,
    })
}
