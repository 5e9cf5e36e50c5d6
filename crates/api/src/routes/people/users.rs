//! Oneself, and the accounts of a district.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::{DistrictId, UserId};
use xunke_domain::people::{Membership, Role, Scope};
use xunke_storage::people::Account;

use super::memberships::MembershipView;
use crate::answer::{Once, PageParams, Tagged, if_match, page_end};
use crate::app::App;
use crate::auth::guard::{Caller, HereDistrict};
use crate::auth::token;
use crate::body::{ApiJson, ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::{ApiError, Problem};
use crate::routes::setup::new_account;
use crate::text;

/// How long a reset code is good, milliseconds.
const RESET_LIFE: i64 = 72 * 3600 * 1000;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me_view))
        .routes(routes!(user_list, user_create))
        .routes(routes!(user_view, user_change))
        .routes(routes!(user_reset))
}

/// A person.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    /// The id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// What is typed to sign in.
    login: String,
    /// The name.
    name: String,
    /// Since when, RFC 3339.
    created_at: String,
    /// Closed since, RFC 3339.
    disabled_at: Option<String>,
    /// What the person may do where.
    memberships: Vec<MembershipView>,
    /// For a new person or after a reset: the code with which to choose a password (`password_reset`), shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_code: Option<String>,
}

/// A page of people.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    /// The people.
    items: Vec<UserView>,
    /// Where the next page begins; absent on the last.
    next: Option<Uuid>,
}

/// A person to add.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"login": "shen", "name": "沈副校长"}))]
pub struct UserNew {
    /// What is typed to sign in.
    login: String,
    /// The name.
    name: String,
}

/// What to change of a person; absent members stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "沈校长"}))]
pub struct UserChange {
    /// The name.
    #[serde(default)]
    name: Option<String>,
    /// Whether the account is closed.
    #[serde(default)]
    disabled: Option<bool>,
}

fn view(account: Account, memberships: &[Membership], reset_code: Option<String>) -> UserView {
    let Account { id, login, name, created_at, disabled_at, .. } = account;
    UserView {
        id,
        login,
        name,
        created_at: instant(created_at),
        disabled_at: disabled_at.map(instant),
        memberships: memberships.iter().filter(|place| is_real(place)).map(MembershipView::from).collect(),
        reset_code,
    }
}

/// Oneself
#[utoipa::path(get, path = "/api/v1/me", tag = "people", responses(
    (status = 200, body = UserView, description = "The person signed in"),
))]
async fn me_view(caller: Caller) -> axum::Json<UserView> {
    axum::Json(view(caller.account, &caller.memberships, None))
}

/// List the people of a district
#[utoipa::path(get, path = "/api/v1/districts/{district}/users", tag = "people",
    params(("district" = Uuid, Path), PageParams), responses(
    (status = 200, body = UserList, description = "People"),
))]
async fn user_list(
    State(app): State<App>,
    HereDistrict(district): HereDistrict,
    ApiQuery(page): ApiQuery<PageParams>,
) -> Result<axum::Json<UserList>, ApiError> {
    let limit = page.limit()?;
    let read = app.store.read();
    let mut accounts = read.account_list(district, page.cursor, limit + 1).await?;
    let next = page_end(&mut accounts, limit, |account| account.id.into_uuid());
    let mut items = Vec::with_capacity(accounts.len());
    for account in accounts {
        let memberships = read.memberships(account.id).await?;
        items.push(view(account, &in_district(memberships, district), None));
    }
    Ok(axum::Json(UserList { items, next }))
}

fn in_district(memberships: Vec<Membership>, district: DistrictId) -> Vec<Membership> {
    memberships.into_iter().filter(|membership| membership.district == district).collect()
}

/// Add a person
///
/// The answer holds a code with which the person chooses a password; nobody else ever knows it. A person without a
/// place in the district is not seen in it: the person added is given none yet, so add one next.
#[utoipa::path(post, path = "/api/v1/districts/{district}/users", tag = "people",
    params(("district" = Uuid, Path)),
    request_body = UserNew, responses(
    (status = 201, body = UserView, description = "Added"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "The login is taken"),
))]
async fn user_create(
    State(app): State<App>,
    caller: Caller,
    HereDistrict(district): HereDistrict,
    headers: HeaderMap,
    ApiJson(new): ApiJson<UserNew>,
) -> Result<Response, ApiError> {
    let once = match Once::begin(&app, caller.id(), &headers, "user_create", &(district, &new)).await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    let (at, code) = (app.clock.millis(), token::secret(&app.chance));
    let account = Account {
        reset_hash: Some(token::hash(&code)),
        reset_until: Some(at + RESET_LIFE),
        ..new_account(&app, &new.login, &new.name)?
    };
    // A place that has ended before it began: the person belongs to the district and may nothing in it yet.
    let membership = Membership {
        id: app.chance.id(app.clock.now()),
        role: Role::Teacher,
        district,
        scope: Scope::Schools(BTreeSet::new()),
        valid_from: app.clock.today(),
        valid_to: app.clock.today().pred_opt(),
    };
    let location = format!("/api/v1/districts/{district}/users/{}", account.id);
    let answer = |code| Tagged::created(account.version, location.clone(), view(account.clone(), &[], code));

    let tx = app.store.begin().await?;
    if let Some(earlier) = once.claim(&app, &tx).await? {
        return Ok(earlier);
    }
    tx.account_add(&account).await?;
    tx.membership_add(account.id, &membership, at).await?;
    // The code is told once and not kept: whoever lost this answer has a new one made (`user_reset`).
    once.keep(&tx, &answer(None)).await?;
    tx.commit().await?;

    Ok(answer(Some(code)).into_response())
}

/// A person of the district, or 404.
pub async fn person(
    app: &App,
    district: DistrictId,
    user: UserId,
) -> Result<(Account, Vec<Membership>), ApiError> {
    let read = app.store.read();
    let memberships = in_district(read.memberships(user).await?, district);
    if memberships.is_empty() {
        return Err(ApiError::NotFound);
    }
    let account = read.account_find(user).await?.ok_or(ApiError::NotFound)?;
    Ok((account, memberships))
}

/// One person
#[utoipa::path(get, path = "/api/v1/districts/{district}/users/{user}", tag = "people",
    params(("district" = Uuid, Path), ("user" = Uuid, Path)), responses(
    (status = 200, body = UserView, description = "The person"),
))]
async fn user_view(
    State(app): State<App>,
    HereDistrict(district): HereDistrict,
    ApiPath((_, user)): ApiPath<(Uuid, UserId)>,
) -> Result<Tagged<UserView>, ApiError> {
    let (account, memberships) = person(&app, district, user).await?;
    Ok(Tagged::found(account.version, view(account, &memberships, None)))
}

/// Change a person's name, or close the account
#[utoipa::path(patch, path = "/api/v1/districts/{district}/users/{user}", tag = "people",
    params(("district" = Uuid, Path), ("user" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = UserChange, responses(
    (status = 200, body = UserView, description = "Changed"),
))]
async fn user_change(
    State(app): State<App>,
    HereDistrict(district): HereDistrict,
    ApiPath((_, user)): ApiPath<(Uuid, UserId)>,
    headers: HeaderMap,
    ApiJson(change): ApiJson<UserChange>,
) -> Result<Tagged<UserView>, ApiError> {
    let (account, memberships) = person(&app, district, user).await?;
    let at = app.clock.millis();
    let account = Account {
        version: if_match(&headers)?,
        name: change.name.map_or(Ok(account.name), |name| text::name("/name", &name))?,
        disabled_at: match change.disabled {
            Some(true) => account.disabled_at.or(Some(at)),
            Some(false) => None,
            None => account.disabled_at,
        },
        ..account
    };

    let tx = app.store.begin().await?;
    if !tx.account_change(&account).await? {
        return Err(ApiError::PreconditionFailed);
    }
    if account.disabled_at.is_some() {
        tx.session_end_others(account.id, None, at).await?;
    }
    tx.commit().await?;

    Ok(Tagged::found(account.version + 1, view(account, &memberships, None)))
}

/// Hand out a reset code
///
/// The person chooses the password; an administrator cannot.
#[utoipa::path(post, path = "/api/v1/districts/{district}/users/{user}/reset", tag = "people",
    params(("district" = Uuid, Path), ("user" = Uuid, Path)), responses(
    (status = 200, body = UserView, description = "With `reset_code`, good for three days"),
))]
async fn user_reset(
    State(app): State<App>,
    HereDistrict(district): HereDistrict,
    ApiPath((_, user)): ApiPath<(Uuid, UserId)>,
) -> Result<Tagged<UserView>, ApiError> {
    let (account, memberships) = person(&app, district, user).await?;
    let code = token::secret(&app.chance);
    let until = app.clock.millis() + RESET_LIFE;
    let account = Account { reset_hash: Some(token::hash(&code)), reset_until: Some(until), ..account };

    let tx = app.store.begin().await?;
    if !tx.account_change(&account).await? {
        return Err(ApiError::Unavailable);
    }
    tx.commit().await?;

    Ok(Tagged::found(account.version + 1, view(account, &memberships, Some(code))))
}

/// Whether a place is one: a new person's first is at no school, and only says which district keeps him.
fn is_real(membership: &Membership) -> bool {
    !matches!(&membership.scope, Scope::Schools(schools) if schools.is_empty())
}
