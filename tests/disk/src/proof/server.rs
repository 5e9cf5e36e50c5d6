//! The application in process, on a disk, called through its router.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tower::ServiceExt as _;
use xunke_api::app::App;
use xunke_api::auth::keys::Keys;
use xunke_api::start::{World, open};
use xunke_api::world::{Chance, Clock};

use crate::Disk;

/// Monday 2026-11-23, 08:00 in Shanghai, in milliseconds since 1970.
pub(super) const NOW: i64 = 1_795_392_000_000;
/// Keys are the same after a restart, so tokens hold.
const KEYS: u64 = 1;

/// A clock that stands still.
#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(NOW).expect("a moment in 2026")
    }
}

/// A running server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) app: App,
    router: Router,
}

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: bool,
    pub(super) body: Value,
}

impl Answer {
    /// The body, if the status is the one that was to come.
    pub(super) fn expect(self, status: u16) -> anyhow::Result<Value> {
        anyhow::ensure!(self.status == status, "{} instead of {status}: {}", self.status, self.body);
        Ok(self.body)
    }

    /// Whether the server said that it cannot now, as it must: 503 with `Retry-After`.
    pub(super) const fn is_refusal(&self) -> bool {
        self.status == 503 && self.retry_after
    }
}

impl Server {
    /// Starts on what is on the disk; `seed` gives it its ids.
    pub(super) async fn start(disk: &Disk, seed: u64) -> anyhow::Result<Self> {
        let world = World {
            clock: Arc::new(Standing),
            chance: Chance::seeded(seed),
            keys: Keys::ephemeral(&Chance::seeded(KEYS))?,
            light_passwords: true,
        };
        let app = open(&disk.url(), 4, world).await.context("the application starts")?;
        Ok(Self { router: xunke_api::server::router(app.clone()), app })
    }

    /// Calls an operation; `token` empty: as a stranger.
    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body)?).await?;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await?;
        Ok(Answer {
            status: parts.status.as_u16(),
            retry_after: parts.headers.contains_key(RETRY_AFTER),
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        })
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> anyhow::Result<Answer> {
        self.call("GET", path, token, None).await
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: &Value) -> anyhow::Result<Answer> {
        self.call("POST", path, token, Some(body)).await
    }
}
