//! Devices: one installation of an app is one device (sync protocol, section 3).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::ids::UserId;
use xunke_storage::schools::School;
use xunke_storage::sessions::Device;
use xunke_sync::limits::KEEP_ACKNOWLEDGED_DAYS;
use xunke_sync::stamp::DeviceId;

use crate::answer::{Once, ShortListParams, Tagged};
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::ApiError;
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(device_register, device_list))
        .routes(routes!(device_revoke))
        .routes(routes!(device_board))
}

/// An installation to register.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "郑校长的手机", "platform": "android", "app_version": "1.0.0"}))]
pub struct DeviceNew {
    /// What the person calls it.
    name: String,
    /// `android`, `ios`, `web`, …
    platform: String,
    /// The app's version.
    app_version: String,
}

/// A registered device.
#[derive(Serialize, ToSchema)]
pub struct DeviceRegistered {
    /// 16 hexadecimal digits; part of every stamp.
    device: String,
    /// The protocol's limits here.
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    limits: xunke_sync::limits::Limits,
    /// Days to keep what was acknowledged.
    keep_acknowledged_days: u32,
    /// The server's clock, RFC 3339.
    server_time: String,
}

/// A device as its owner or the school sees it.
#[derive(Serialize, ToSchema)]
pub struct DeviceView {
    /// Its id.
    device: String,
    /// Whose it is.
    #[schema(value_type = uuid::Uuid)]
    account: UserId,
    /// What the person calls it.
    name: String,
    /// The platform.
    platform: String,
    /// The app's version.
    app_version: String,
    /// Registered, RFC 3339.
    created_at: String,
    /// Last push, RFC 3339.
    seen_at: Option<String>,
    /// Writes it said it still held.
    unsent: i64,
    /// Writes sent that have not arrived: gaps in its numbers.
    missing: i64,
    /// Its clock minus the server's at the last push, milliseconds.
    clock_offset: Option<i64>,
    /// Revoked, RFC 3339.
    revoked_at: Option<String>,
}

/// Devices.
#[derive(Serialize, ToSchema)]
pub struct DeviceList {
    /// The devices.
    items: Vec<DeviceView>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

impl From<Device> for DeviceView {
    fn from(device: Device) -> Self {
        Self {
            device: device.id.to_string(),
            account: device.account,
            name: device.name,
            platform: device.platform,
            app_version: device.app_version,
            created_at: instant(device.created_at),
            seen_at: device.seen_at.map(instant),
            unsent: device.unsent,
            missing: device.latest_n - device.arrived,
            clock_offset: device.clock_offset,
            revoked_at: device.revoked_at.map(instant),
        }
    }
}

/// Register this installation
#[utoipa::path(post, path = "/api/v1/devices", tag = "sync",
    request_body = DeviceNew, responses(
    (status = 201, body = DeviceRegistered, description = "Registered; the session is bound to it"),
))]
async fn device_register(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    ApiJson(new): ApiJson<DeviceNew>,
) -> Result<Response, ApiError> {
    let once = match Once::begin(&app, caller.id(), &headers, "device_register", &new).await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    let now = app.clock.millis();
    let device = Device::registered(
        DeviceId::from_u64(u64::from_be_bytes(app.chance.bytes())),
        caller.id(),
        text::name("/name", &new.name)?,
        text::name("/platform", &new.platform)?,
        text::name("/app_version", &new.app_version)?,
        now,
    );
    let registered = DeviceRegistered {
        device: device.id.to_string(),
        limits: app.limits,
        keep_acknowledged_days: KEEP_ACKNOWLEDGED_DAYS,
        server_time: instant(now),
    };
    let answer = Tagged::created(1, "/api/v1/devices".to_owned(), registered);

    let tx = app.store.begin().await?;
    if let Some(earlier) = once.claim(&app, &tx).await? {
        return Ok(earlier);
    }
    tx.device_add(&device).await?;
    tx.session_bind(caller.session.id, device.id).await?;
    once.keep(&tx, &answer).await?;
    tx.commit().await?;

    Ok(answer.into_response())
}

/// Own devices
#[utoipa::path(get, path = "/api/v1/devices", tag = "sync", params(ShortListParams), responses(
    (status = 200, body = DeviceList, description = "Devices, revoked ones included"),
))]
async fn device_list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<DeviceList>, ApiError> {
    let devices = app.store.read().device_list(&[caller.id()]).await?;
    device_page(&page, devices)
}

/// Revoke one of one's devices
///
/// What it still sends is held, and it is told to wipe itself.
#[utoipa::path(delete, path = "/api/v1/devices/{device}", tag = "sync", params(("device" = String, Path)), responses(
    (status = 204, description = "Revoked"),
))]
async fn device_revoke(
    State(app): State<App>,
    caller: Caller,
    ApiPath(device): ApiPath<DeviceId>,
) -> Result<StatusCode, ApiError> {
    revoke(&app, &caller, device).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes one of the caller's own devices; shared with the pages.
pub async fn revoke(app: &App, caller: &Caller, device: DeviceId) -> Result<(), ApiError> {
    let tx = app.store.begin().await?;
    if !tx.device_revoke(caller.id(), device, app.clock.millis()).await? {
        return Err(ApiError::NotFound);
    }
    Ok(tx.commit().await?)
}

/// The devices of a school's people: who still holds unsent entries
#[utoipa::path(get, path = "/api/v1/schools/{school}/devices", tag = "sync",
    params(("school" = uuid::Uuid, Path), ShortListParams), responses(
    (status = 200, body = DeviceList, description = "Devices"),
))]
async fn device_board(
    State(app): State<App>,
    here: Here,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<DeviceList>, ApiError> {
    device_page(&page, board(&app, &here.school).await?)
}

/// The devices of a school's people; shared with the pages.
pub async fn board(app: &App, school: &School) -> Result<Vec<Device>, ApiError> {
    let read = app.store.read();
    let members = read.members_of(school.id, school.district).await?;
    let people: Vec<UserId> = members
        .into_iter()
        .filter(|(_, membership)| membership.role.visits())
        .map(|(account, _)| account)
        .collect();
    Ok(read.device_list(&people).await?)
}

fn device_page(page: &ShortListParams, devices: Vec<Device>) -> Result<axum::Json<DeviceList>, ApiError> {
    let (devices, next) = page.page(devices, |device| device.id.to_string())?;
    Ok(axum::Json(DeviceList { items: devices.into_iter().map(DeviceView::from).collect(), next }))
}
