//! Districts: one administrator's realm each.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::ids::DistrictId;
use xunke_domain::people::{Membership, Role, Scope};
use xunke_storage::people::District;

use crate::answer::{Once, ShortListParams, Tagged};
use crate::app::App;
use crate::auth::guard::Caller;
use crate::body::{ApiJson, ApiQuery};
use crate::problem::ApiError;
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(district_list, district_create))
}

/// A district.
#[derive(Serialize, ToSchema)]
pub struct DistrictView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    id: DistrictId,
    /// Its name.
    name: String,
}

/// Districts.
#[derive(Serialize, ToSchema)]
pub struct DistrictList {
    /// The districts the person has a place in.
    items: Vec<DistrictView>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// A district to add.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "白鹭区教育局"}))]
pub struct DistrictNew {
    /// The name.
    name: String,
}

/// Districts one has a place in
#[utoipa::path(get, path = "/api/v1/districts", tag = "people", params(ShortListParams), responses(
    (status = 200, body = DistrictList, description = "Districts"),
))]
async fn district_list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<DistrictList>, ApiError> {
    let ids: BTreeSet<DistrictId> = caller.memberships.iter().map(|membership| membership.district).collect();
    let mut items = Vec::new();
    for id in ids {
        if let Some(District { id, name }) = app.store.read().district_find(id).await? {
            items.push(DistrictView { id, name });
        }
    }
    let (items, next) = page.page(items, |district| district.id.to_string())?;
    Ok(axum::Json(DistrictList { items, next }))
}

/// Add a district; the caller becomes its administrator
#[utoipa::path(post, path = "/api/v1/districts", tag = "people",
    request_body = DistrictNew, responses(
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
    if let Some(earlier) = once.claim(&app, &tx).await? {
        return Ok(earlier);
    }
    tx.district_add(&district, at).await?;
    tx.membership_add(caller.id(), &membership, at).await?;
    once.keep(&tx, &answer).await?;
    tx.commit().await?;

    Ok(answer.into_response())
}
