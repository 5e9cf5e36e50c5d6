//! One application over one fresh database, called in process through the real router.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::Value;
use tower::ServiceExt as _;
use xunke_api::app::App;
use xunke_api::auth::keys::Keys;
use xunke_api::start::{World, open};
use xunke_api::world::{Chance, Clock};
use xunke_storage::backup::{BackupError, BackupJob, Made, RestoreJob, Restored, back_up, restore};

use e2e::postgres;

/// The back ends; every story runs on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// Runs a story as one test a back end: `on_both!(a_visit_sent_twice_is_logged_once);` for
/// `async fn a_visit_sent_twice_is_logged_once(app: TestApp)`.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $story() {
                super::$story($crate::support::TestApp::start($crate::support::app::Backend::Sqlite).await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test] async fn $story() {
                super::$story($crate::support::TestApp::start($crate::support::app::Backend::Postgres).await).await;
            })+
        }
    };
}
pub(crate) use on_both;

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub(crate) struct StandingClock(Mutex<DateTime<Utc>>);

impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no test panics while moving the clock")
    }
}

/// The application under test.
pub(crate) struct TestApp {
    pub(crate) backend: Backend,
    pub(crate) app: App,
    pub(crate) clock: Arc<StandingClock>,
    pub(crate) setup_code: String,
    pub(crate) url: String,
    router: Router,
    folder: Arc<tempfile::TempDir>,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `null` if there is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The problem's stable code.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The pointers of the problem's errors.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().filter_map(|error| error["pointer"].as_str().map(str::to_owned)).collect()
    }

    /// A header as text; empty if absent.
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The body as JSON of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }
}

impl TestApp {
    /// Starts on a fresh database; it is Monday 2026-11-23, 08:00 in Shanghai.
    pub(crate) async fn start(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}", folder.path().join("test.db").display()),
            Backend::Postgres => fresh_database().await,
        };
        let now = "2026-11-23T00:00:00Z".parse().expect("an instant");
        let clock = Arc::new(StandingClock(Mutex::new(now)));
        Self::open(backend, Arc::new(folder), url, clock).await
    }

    async fn open(
        backend: Backend,
        folder: Arc<tempfile::TempDir>,
        url: String,
        clock: Arc<StandingClock>,
    ) -> Self {
        let chance = Chance::system();
        let keys = Keys::load_or_create(&folder.path().join("keys.json"), &chance).expect("keys");
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let world = World { clock: shared, chance, keys, light_passwords: true };
        let app = open(&url, 4, world).await.expect("the application starts");
        let code = xunke_api::start::setup_code(&app).await.expect("a set-up code");
        let router = xunke_api::server::router(app.clone());
        Self { backend, app, clock, setup_code: code.unwrap_or_default(), url, router, folder }
    }

    /// Starts again on the same database, as after a restart: another process, another lineage, other keys.
    pub(crate) async fn restart(self) -> Self {
        std::fs::remove_file(self.folder.path().join("keys.json")).expect("the keys are there");
        self.restart_with_its_keys().await
    }

    /// Starts again on the same database with the same key file: another process, another lineage.
    pub(crate) async fn restart_with_its_keys(self) -> Self {
        self.app.store.close().await.expect("it closes");
        Self::open(self.backend, self.folder, self.url, self.clock).await
    }

    /// The same, for whoever holds the application in something larger.
    pub(crate) async fn restart_in_place(&mut self) {
        self.app.store.close().await.expect("it closes");
        let (folder, clock) = (Arc::clone(&self.folder), Arc::clone(&self.clock));
        *self = Self::open(self.backend, folder, self.url.clone(), clock).await;
    }

    /// Another node over the same database, with the same clock and keys.
    pub(crate) async fn another_node(&self) -> Self {
        let folder = Arc::clone(&self.folder);
        Self::open(self.backend, folder, self.url.clone(), Arc::clone(&self.clock)).await
    }

    /// Itself and, where the back end allows it, another node; SQLite belongs to one process.
    pub(crate) async fn nodes(self) -> Vec<Arc<Self>> {
        let mut nodes = Vec::new();
        if self.backend == Backend::Postgres {
            nodes.push(Arc::new(self.another_node().await));
        }
        nodes.push(Arc::new(self));
        nodes
    }

    /// Backs the database up while the server runs; what `xunke backup` does, on SQLite.
    pub(crate) async fn back_up(&self) {
        match self.backend {
            Backend::Sqlite => {
                let _ = std::fs::remove_dir_all(self.folder.path().join("backups"));
                self.back_up_beside().await.expect("a backup");
            }
            Backend::Postgres => {
                let (server, name) = self.url.rsplit_once('/').expect("an address with a database");
                let admin = Database::connect(format!("{server}/postgres")).await.expect("a connection");
                for sql in [
                    format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
                    format!(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                    ),
                    format!("CREATE DATABASE {name}_backup TEMPLATE {name} STRATEGY file_copy"),
                    format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"),
                ] {
                    admin.execute_unprepared(&sql).await.expect("a copy");
                }
                admin.close().await.expect("it closes");
            }
        }
    }

    /// One more backup of a SQLite database in the folder `backups` beside it.
    pub(crate) async fn back_up_beside(&self) -> Result<Made, BackupError> {
        let (keys, to) = (self.folder.path().join("keys.json"), self.folder.path().join("backups"));
        let job = BackupJob { url: &self.url, keys: &keys, to: &to, at: self.clock.now(), version: "1" };
        back_up(job).await
    }

    /// What `xunke restore` does; the server must have been closed.
    pub(crate) async fn put_back(&self, from: &Path) -> Result<Restored, BackupError> {
        let keys = self.folder.path().join("keys.json");
        let audit = self.app.chance.id(self.clock.now());
        restore(RestoreJob { from, url: &self.url, keys: &keys, at: self.clock.now(), audit }).await
    }

    /// Where the database lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts the backup back and starts again on it, with the same keys.
    pub(crate) async fn restore(self) -> Self {
        self.app.store.close().await.expect("it closes");
        match self.backend {
            Backend::Sqlite => {
                let backups = std::fs::read_dir(self.folder.path().join("backups")).expect("backups");
                let backups = backups.map(|entry| entry.expect("an entry").path());
                let newest = backups.filter(|path| path.is_dir()).max().expect("a backup");
                self.put_back(&newest).await.expect("it is put back");
            }
            Backend::Postgres => {
                let (server, name) = self.url.rsplit_once('/').expect("an address with a database");
                let admin = Database::connect(format!("{server}/postgres")).await.expect("a connection");
                for sql in [
                    format!("DROP DATABASE {name} WITH (FORCE)"),
                    format!("CREATE DATABASE {name} TEMPLATE {name}_backup STRATEGY file_copy"),
                ] {
                    admin.execute_unprepared(&sql).await.expect("it is put back");
                }
                admin.close().await.expect("it closes");
            }
        }
        Self::open(self.backend, self.folder, self.url, self.clock).await
    }

    /// What one column of the database holds, read past the server.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let db = Database::connect(&self.url).await.expect("a connection");
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let rows = db.query_all_raw(statement).await.expect("rows");
        db.close().await.expect("it closes");
        rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
    }

    /// Changes the database past the server.
    pub(crate) async fn execute(&self, sql: &str) {
        let db = Database::connect(&self.url).await.expect("a connection");
        db.execute_unprepared(sql).await.expect("it is done");
        db.close().await.expect("it closes");
    }

    /// The time, milliseconds since 1970.
    pub(crate) fn millis(&self) -> i64 {
        self.clock.now().timestamp_millis()
    }

    /// The router itself, for answers that do not end.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.clock.0.lock().expect("no test panics while moving the clock") += time;
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// Sends a request and, if it succeeds, reads no more than the head: for answers that do not end.
    pub(crate) async fn send_and_hang_up(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = if parts.status.is_success() {
            Vec::new()
        } else {
            to_bytes(body, usize::MAX).await.expect("a body").to_vec()
        };
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// Sends a body as it is written.
    pub(crate) async fn send_text(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// Calls an operation with a JSON body, as the holder of `token` (empty: as a stranger).
    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
        self.call_with(method, path, token, body, &[]).await
    }

    /// The same with further headers.
    pub(crate) async fn call_with(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).expect("a request")).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.call("POST", path, token, Some(body)).await
    }

    /// Changes what `path` shows, with the version it has now.
    pub(crate) async fn patch(&self, path: &str, token: &str, body: &Value) -> Answer {
        let etag = self.get(path, token).await.header("etag");
        self.call_with("PATCH", path, token, Some(body), &[("if-match", &etag)]).await
    }
}

async fn fresh_database() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = tokio::task::spawn_blocking(postgres::server).await.expect("PostgreSQL starts");
    let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let admin = Database::connect(format!("{server}/postgres")).await.expect("a connection");
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name} STRATEGY file_copy"))
        .await
        .expect("a database");
    admin.close().await.expect("it closes");
    format!("{server}/{name}")
}
