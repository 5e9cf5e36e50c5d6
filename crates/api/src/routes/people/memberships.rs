//! What a person may do where, and from when to when.

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

use super::users::person;
use crate::answer::{Once, Tagged};
use crate::app::App;
use crate::auth::guard::{Caller, HereDistrict};
use crate::body::{ApiJson, ApiPath};
use crate::problem::ApiError;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(membership_create)).routes(routes!(membership_end))
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
    schools: Option<Vec<SchoolId>>,
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

/// Give a person a place
#[utoipa::path(post, path = "/api/v1/districts/{district}/users/{user}/memberships", tag = "people",
    params(("district" = Uuid, Path), ("user" = Uuid, Path)),
    request_body = MembershipNew, responses(
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
        Some(schools) => Scope::Schools(schools.into_iter().collect()),
        None => Scope::District,
    };
    let id = app.chance.id(app.clock.now());
    let membership = Membership { id, role: role.into(), district, scope, valid_from, valid_to };
    let location = format!("/api/v1/districts/{district}/users/{user}");
    let answer = Tagged::created(1, location, MembershipView::from(&membership));

    let tx = app.store.begin().await?;
    if let Some(earlier) = once.claim(&app, &tx).await? {
        return Ok(earlier);
    }
    tx.membership_add(account.id, &membership, app.clock.millis()).await?;
    once.keep(&tx, &answer).await?;
    tx.commit().await?;

    Ok(answer.into_response())
}

/// Set the last day of a place
#[utoipa::path(patch, path = "/api/v1/districts/{district}/users/{user}/memberships/{membership}", tag = "people",
    params(("district" = Uuid, Path), ("user" = Uuid, Path), ("membership" = Uuid, Path)),
    request_body = MembershipEnd, responses(
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
