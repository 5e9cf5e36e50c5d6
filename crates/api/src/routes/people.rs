//! Oneself, districts, schools' people: accounts and memberships, kept by the administrator.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::{DistrictId, SchoolId, UserId};
use xunke_domain::people::{Membership, Role, Scope};
use xunke_storage::people::{Account, District};

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
        .routes(routes!(district_list, district_create))
        .routes(routes!(user_list, user_create))
        .routes(routes!(user_view, user_change))
        .routes(routes!(user_reset))
        .routes(routes!(membership_create))
        .routes(routes!(membership_end))
}

/// A role.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// 巡课人
    Inspector,
    /// 校长
    Principal,
    /// 教导处主任
    AcademicAffairs,
    /// 任课教师
    Teacher,
    /// 责任督学
    Supervisor,
    /// 管理员
    Administrator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Inspector => Self::Inspector,
            RoleName::Principal => Self::Principal,
            RoleName::AcademicAffairs => Self::AcademicAffairs,
            RoleName::Teacher => Self::Teacher,
            RoleName::Supervisor => Self::Supervisor,
            RoleName::Administrator => Self::Administrator,
        }
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Inspector => Self::Inspector,
            Role::Principal => Self::Principal,
            Role::AcademicAffairs => Self::AcademicAffairs,
            Role::Teacher => Self::Teacher,
            Role::Supervisor => Self::Supervisor,
            Role::Administrator => Self::Administrator,
        }
    }
}

/// A place of a person: role, scope, dates.
#[derive(Serialize, ToSchema)]
pub struct MembershipView {
    /// Its id.
    id: Uuid,
    /// The role.
    role: RoleName,
    /// The district.
    #[schema(value_type = Uuid)]
    district: DistrictId,
    /// The schools; absent for the whole district.
    #[schema(value_type = Option<Vec<Uuid>>)]
    schools: Option<BTreeSet<SchoolId>>,
    /// First day.
    valid_from: NaiveDate,
    /// Last day; open if absent.
    valid_to: Option<NaiveDate>,
}

impl From<&Membership> for MembershipView {
    fn from(membership: &Membership) -> Self {
        let Membership { id, role, district, scope, valid_from, valid_to } = membership;
        let schools = match scope {
            Scope::Schools(schools) => Some(schools.clone()),
            Scope::District => None,
        };
        Self {
            id: *id,
            role: (*role).into(),
            district: *district,
            schools,
            valid_from: *valid_from,
            valid_to: *valid_to,
        }
    }
}

/// A place to give.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "inspector", "schools": ["01980000-0000-7000-8000-000000000001"], "valid_from": "2026-09-01"}))]
pub struct MembershipNew {
    /// The role.
    role: RoleName,
    /// The schools, all of this district; absent for the whole district.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>)]
    schools: Option<BTreeSet<SchoolId>>,
    /// First day.
    valid_from: NaiveDate,
    /// Last day; open if absent.
    #[serde(default)]
    valid_to: Option<NaiveDate>,
}

/// The last day of a place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2027-01-31"}))]
pub struct MembershipEnd {
    /// Last day.
    valid_to: NaiveDate,
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

/// A district.
#[derive(Serialize, ToSchema)]
pub struct DistrictView {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: DistrictId,
    /// Its name.
    name: String,
}

/// Districts.
#[derive(Serialize, ToSchema)]
pub struct DistrictList {
    /// The districts the person has a place in.
    items: Vec<DistrictView>,
}

/// A district to add.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "白鹭区教育局"}))]
pub struct DistrictNew {
    /// The name.
    name: String,
}

fn view(account: Account, memberships: &[Membership], reset_code: Option<String>) -> UserView {
    let Account { id, login, name, created_at, disabled_at, .. } = account;
    UserView {
        id,
        login,
        name,
        created_at: instant(created_at),
        disabled_at: disabled_at.map(instant),
        memberships: memberships.iter().map(MembershipView::from).collect(),
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

/// Districts one has a place in
#[utoipa::path(get, path = "/api/v1/districts", tag = "people", responses(
    (status = 200, body = DistrictList, description = "Districts"),
))]
async fn district_list(State(app): State<App>, caller: Caller) -> Result<axum::Json<DistrictList>, ApiError> {
    let ids: BTreeSet<DistrictId> = caller.memberships.iter().map(|membership| membership.district).collect();
    let mut items = Vec::new();
    for id in ids {
        if let Some(District { id, name }) = app.store.read().district_find(id).await? {
            items.push(DistrictView { id, name });
        }
    }
    Ok(axum::Json(DistrictList { items }))
}

/// Add a district; the caller becomes its administrator
#[utoipa::path(post, path = "/api/v1/districts", tag = "people", responses(
    (status = 201, body = DistrictView, description = "Added"),
))]
async fn district_create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    ApiJson(new): ApiJson<DistrictNew>,
) -> Result<Response, ApiError> {
    let administrator = |membership: &Membership| {
        membership.role == Role::Administrator && membership.holds_on(app.clock.today())
    };
    if !caller.memberships.iter().any(administrator) {
        return Err(ApiError::Forbidden);
    }
    let once = match Once::begin(&app, caller.id(), &headers, "district_create", &new).await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    let (now, at) = (app.clock.now(), app.clock.millis());
    let district =
        District { id: DistrictId::from_uuid(app.chance.id(now)), name: text::name("/name", &new.name)? };
    let membership = Membership {
        id: app.chance.id(now),
        role: Role::Administrator,
        district: district.id,
        scope: Scope::District,
        valid_from: app.clock.today(),
        valid_to: None,
    };
    let location = format!("/api/v1/districts/{}", district.id);
    let answer = Tagged::created(1, location, DistrictView { id: district.id, name: district.name.clone() });

    let tx = app.store.begin().await?;
    tx.district_add(&district, at).await?;
    tx.membership_add(caller.id(), &membership, at).await?;
    once.keep(&tx, &answer, at).await?;
    tx.commit().await?;

    Ok(answer.into_response())
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
    params(("district" = Uuid, Path)), responses(
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
    let answer = Tagged::created(account.version, location, view(account.clone(), &[], Some(code)));

    let tx = app.store.begin().await?;
    tx.account_add(&account).await?;
    tx.membership_add(account.id, &membership, at).await?;
    once.keep(&tx, &answer, at).await?;
    tx.commit().await?;

    Ok(answer.into_response())
}

/// A person of the district, or 404.
async fn person(
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
    params(("district" = Uuid, Path), ("user" = Uuid, Path), ("If-Match" = String, Header)), responses(
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

/// Give a person a place
#[utoipa::path(post, path = "/api/v1/districts/{district}/users/{user}/memberships", tag = "people",
    params(("district" = Uuid, Path), ("user" = Uuid, Path)), responses(
    (status = 201, body = MembershipView, description = "Given"),
))]
async fn membership_create(
    State(app): State<App>,
    caller: Caller,
    HereDistrict(district): HereDistrict,
    ApiPath((_, user)): ApiPath<(Uuid, UserId)>,
    headers: HeaderMap,
    ApiJson(new): ApiJson<MembershipNew>,
) -> Result<Response, ApiError> {
    let (account, _) = person(&app, district, user).await?;
    let once = match Once::begin(&app, caller.id(), &headers, "membership_create", &(user, &new)).await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    let MembershipNew { role, schools, valid_from, valid_to } = new;
    if valid_to.is_some_and(|last| last < valid_from) {
        return Err(ApiError::invalid("/valid_to", "not before `valid_from`"));
    }
    for (index, school) in schools.iter().flatten().enumerate() {
        let known = app.store.read().school_find(*school).await?;
        if known.is_none_or(|school| school.district != district) {
            return Err(ApiError::invalid(format!("/schools/{index}"), "no such school in this district"));
        }
    }
    let scope = match schools {
        Some(schools) if schools.is_empty() => {
            return Err(ApiError::invalid("/schools", "name at least one school"));
        }
        Some(schools) => Scope::Schools(schools),
        None => Scope::District,
    };
    let id = app.chance.id(app.clock.now());
    let membership = Membership { id, role: role.into(), district, scope, valid_from, valid_to };
    let location = format!("/api/v1/districts/{district}/users/{user}");
    let answer = Tagged::created(1, location, MembershipView::from(&membership));

    let tx = app.store.begin().await?;
    tx.membership_add(account.id, &membership, app.clock.millis()).await?;
    once.keep(&tx, &answer, app.clock.millis()).await?;
    tx.commit().await?;

    Ok(answer.into_response())
}

/// Set the last day of a place
#[utoipa::path(patch, path = "/api/v1/districts/{district}/users/{user}/memberships/{membership}", tag = "people",
    params(("district" = Uuid, Path), ("user" = Uuid, Path), ("membership" = Uuid, Path)), responses(
    (status = 204, description = "Set"),
))]
async fn membership_end(
    State(app): State<App>,
    HereDistrict(district): HereDistrict,
    ApiPath((_, user, membership)): ApiPath<(Uuid, UserId, Uuid)>,
    ApiJson(MembershipEnd { valid_to }): ApiJson<MembershipEnd>,
) -> Result<StatusCode, ApiError> {
    let (_, memberships) = person(&app, district, user).await?;
    if memberships.iter().all(|known| known.id != membership) {
        return Err(ApiError::NotFound);
    }

    let tx = app.store.begin().await?;
    tx.membership_end(user, membership, valid_to).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
