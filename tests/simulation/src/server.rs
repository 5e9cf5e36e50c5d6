//! The server: the real router over the real storage on a simulated disk; processes begin and end here.

use std::rc::Rc;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use disk::{Disk, Image};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use xunke_api::app::App;
use xunke_api::auth::keys::Keys;
use xunke_api::start::{World, open};
use xunke_api::world::{Chance, Clock};

use crate::clock::ServerClock;

/// Connections that read; requests come one at a time.
const CONNECTIONS: u32 = 1;
/// The keys of every process of every world: phones' tokens outlive a restart.
const KEYS: u64 = 7;

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The HTTP method.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// The access token; empty for none.
    pub token: String,
    /// The body; empty for none.
    pub body: String,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Seconds of `Retry-After`.
    pub retry_after: Option<u64>,
    /// The body.
    pub text: String,
}

impl Ask {
    /// A request without a body.
    pub fn get(path: String, token: &str) -> Self {
        Self { method: "GET", path, token: token.to_owned(), body: String::new() }
    }

    /// A request with a JSON body.
    pub fn post(path: impl Into<String>, token: &str, body: &Value) -> Self {
        Self { method: "POST", path: path.into(), token: token.to_owned(), body: body.to_string() }
    }
}

impl Reply {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

/// A server process, or the disk of one that is down.
pub struct Server {
    runtime: Rc<Runtime>,
    disk: Disk,
    clock: ServerClock,
    running: Option<(App, Router)>,
}

impl Server {
    /// Starts a process on a disk. `seed` is its chance, and with it its place in the lineage.
    pub fn start(runtime: &Rc<Runtime>, disk: Disk, clock: ServerClock, seed: u64) -> anyhow::Result<Self> {
        let world = World {
            clock: Arc::new(clock.clone()) as Arc<dyn Clock>,
            chance: Chance::seeded(seed),
            keys: Keys::ephemeral(&Chance::seeded(KEYS))?,
            light_passwords: true,
        };
        let app = runtime.block_on(open(&disk.url(), CONNECTIONS, world)).context("the server starts")?;
        let router = xunke_api::server::router(app.clone());
        Ok(Self { runtime: Rc::clone(runtime), disk, clock, running: Some((app, router)) })
    }

    /// The code of the first start; `None` if somebody can sign in already.
    pub fn setup_code(&self) -> anyhow::Result<Option<String>> {
        let (app, _) = self.running.as_ref().context("the server is down")?;
        self.runtime.block_on(xunke_api::start::setup_code(app))
    }

    /// Its disk.
    pub const fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Its clock.
    pub const fn clock(&self) -> &ServerClock {
        &self.clock
    }

    /// The runtime that everything of this thread runs in.
    pub const fn runtime(&self) -> &Rc<Runtime> {
        &self.runtime
    }

    /// Whether it answers.
    pub const fn is_up(&self) -> bool {
        self.running.is_some()
    }

    /// Answers a request; `None` while it is down.
    ///
    /// # Panics
    ///
    /// If the path or the token is no plain text.
    pub fn answer(&self, ask: &Ask) -> Option<Reply> {
        let (_, router) = self.running.as_ref()?;
        let mut request = Request::builder().method(ask.method).uri(&ask.path);
        if !ask.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", ask.token));
        }
        if !ask.body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Body::from(ask.body.clone())).expect("paths and tokens are plain text");
        let (status, headers, bytes) = self.runtime.block_on(async {
            let response = router.clone().oneshot(request).await.expect("a router always answers");
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.expect("a body in memory reads");
            (parts.status, parts.headers, bytes)
        });
        let retry_after = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Some(Reply { status: status.as_u16(), retry_after, text })
    }

    /// Ends the process in good order.
    pub fn stop(&mut self) -> anyhow::Result<Image> {
        if let Some((app, _)) = self.running.take() {
            self.runtime.block_on(app.store.close())?;
        }
        Ok(self.disk.image())
    }

    /// The power fails, if it has not failed yet; what the disk holds when it is back.
    pub fn lose_power(&mut self, seed: u64) -> Image {
        self.disk.cut_power();
        self.running = None;
        self.disk.after_power_cut(seed)
    }
}
