//! The devices of a school's people in a browser.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::ids::UserId;
use xunke_storage::sessions::Device;
use xunke_sync::stamp::DeviceId;

use super::bar::{Part, Place, bar};
use super::session::Visitor;
use super::{PageError, frame, here, page, see_other};
use crate::app::App;
use crate::auth::guard::Here;
use crate::body::{ApiPath, ApiQuery};
use crate::instant::at;
use crate::pages::{self, DeviceItem, DevicesView};
use crate::routes::devices::{board, revoke};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/devices", get(devices_page))
        .route("/schools/{school}/devices/{device}/revoke", post(revoke_posted))
}

#[derive(Deserialize)]
struct DevicesParams {
    done: Option<String>,
}

async fn devices_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(DevicesParams { done }): ApiQuery<DevicesParams>,
) -> Result<Response, PageError> {
    let Here { school, .. } = here(&app, &visitor, "device_board", id).await?;
    let devices = board(&app, &school).await?;
    let people: BTreeSet<UserId> = devices.iter().map(|device| device.account).collect();
    let names = app.store.read().account_names(&people).await?;
    let item = |device: Device| DeviceItem {
        person: names.get(&device.account).cloned().unwrap_or_default(),
        revoke: (device.account == visitor.caller.id())
            .then(|| format!("/schools/{id}/devices/{}/revoke", device.id)),
        missing: device.latest_n - device.arrived,
        name: device.name,
        platform: device.platform,
        app_version: device.app_version,
        seen_at: device.seen_at.map(|seen| at(seen).fixed_offset()),
        unsent: device.unsent,
        clock_offset: device.clock_offset,
        revoked_at: device.revoked_at.map(|revoked| at(revoked).fixed_offset()),
    };
    let bar = bar(&app, &visitor, &school, None, Place::On(Part::Devices)).await?;
    let view = DevicesView {
        frame: frame!(visitor, Some(&bar)),
        school: &school.name,
        devices: &devices.into_iter().map(item).collect::<Vec<_>>(),
        revoked: done.as_deref() == Some("revoked"),
        csrf: &visitor.csrf,
    };
    Ok(page(pages::devices_page(&view)?))
}

#[derive(Deserialize)]
struct RevokeForm {
    csrf: String,
}

async fn revoke_posted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, device)): ApiPath<(Uuid, DeviceId)>,
    Form(form): Form<RevokeForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    revoke(&app, &visitor.caller, device).await?;
    Ok(see_other(&format!("/schools/{id}/devices?done=revoked")))
}
