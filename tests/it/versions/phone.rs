//! A phone of today's version, with something on the way that can make an answer look like a newer server's.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_sync::cursor::CursorFault;
use xunke_sync::limits::Limits;
use xunke_sync::replica::{Failure, LocalTx, Push, Replica, Ticket};
use xunke_sync::wire::page::Page;
use xunke_sync::wire::result::PushAnswer;

use crate::support::TestApp;
use crate::support::school::{Phone, School};

/// What happens to an answer on the way.
pub(super) type Way = fn(&mut Value);

/// Nothing.
pub(super) fn plainly(_: &mut Value) {}

/// The phone.
pub(super) struct Today {
    pub(super) replica: Replica,
    pub(super) phone: Phone,
    pub(super) rows: BTreeMap<String, String>,
    stream: SchoolId,
}

impl Today {
    pub(super) async fn new(app: &TestApp, school: &School, login: &str) -> Self {
        let phone = app.phone(login).await;
        let user = app.get("/api/v1/me", &phone.token).await.expect(200)["id"].clone();
        let user = serde_json::from_value(user).unwrap();
        let (replica, tx) = Replica::new(phone.device.parse().unwrap(), user);
        let stream = SchoolId::from_uuid(school.id.parse().unwrap());
        let mut today = Self { replica, phone, rows: BTreeMap::new(), stream };
        today.store(tx);
        let listed = app.get("/api/v1/sync/streams", &today.phone.token).await.expect(200);
        let tx = today.replica.streams_listed(&serde_json::from_value::<Vec<_>>(listed).unwrap());
        today.store(tx);
        today
    }

    pub(super) fn store(&mut self, tx: LocalTx) {
        for (key, row) in tx.into_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    /// The app is killed and started again, perhaps as another version that finds these rows.
    pub(super) fn starts_on(&mut self, rows: BTreeMap<String, String>) {
        self.rows = rows;
        self.replica = Replica::load(self.rows.clone()).unwrap();
    }

    pub(super) fn capture(&mut self, app: &TestApp, kind: &str, record: Uuid, set: &Value) -> Ticket {
        let set: Fields = serde_json::from_value(set.clone()).unwrap();
        let (ticket, tx) = self.replica.capture(app.millis(), self.stream, kind, record, set).unwrap();
        self.store(tx);
        ticket
    }

    pub(super) fn take_off(&mut self, limits: &Limits, pull: bool) -> Option<Push> {
        let pulls = if pull { self.replica.next_pulls() } else { Vec::new() };
        let (push, tx) = self.replica.next_push("2026-11-23T08:00:00+08:00", limits, &pulls)?;
        self.store(tx);
        Some(push)
    }

    /// Sends what is queued; gives the body that went out.
    pub(super) async fn push(&mut self, app: &TestApp, way: Way) -> Option<Value> {
        let push = self.take_off(&Limits::default(), false)?;
        let body = serde_json::to_value(&push.request).unwrap();
        let mut answer = app.post("/api/v1/sync/push", &self.phone.token, &body).await.expect(200);
        way(&mut answer);
        let tx = match serde_json::from_value::<PushAnswer>(answer) {
            Ok(answer) => self.replica.push_answered(app.millis(), &push, answer).unwrap(),
            Err(_) => self.replica.push_failed(Failure::Network),
        };
        self.store(tx);
        Some(body)
    }

    /// Reads until there is no more.
    pub(super) async fn pull(&mut self, app: &TestApp, way: Way) {
        for _ in 0..3 {
            let pull = self.replica.next_pulls().remove(0);
            let cursor = pull.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let path = format!("/api/v1/sync/changes?stream={}{cursor}", pull.stream);
            let mut page = app.get(&path, &self.phone.token).await.expect(200);
            way(&mut page);
            let tx = match serde_json::from_value::<Page>(page) {
                Ok(page) => self.replica.page(&pull, page),
                Err(_) => self.replica.push_failed(Failure::Network),
            };
            self.store(tx);
        }
    }

    pub(super) async fn sync(&mut self, app: &TestApp, way: Way) {
        for _ in 0..4 {
            self.push(app, way).await;
            self.pull(app, way).await;
        }
    }

    /// The server refuses the cursor, and everything is read from zero.
    pub(super) async fn read_from_zero(&mut self, app: &TestApp, fault: CursorFault, way: Way) {
        let pull = self.replica.next_pulls().remove(0);
        let tx = self.replica.cursor_refused(&pull, fault);
        self.store(tx);
        self.sync(app, way).await;
    }

    /// A record as its person sees it.
    pub(super) fn view(&self, kind: &str, id: Uuid) -> Option<Value> {
        self.replica.view(self.stream, kind, id).map(|fields| json!(fields))
    }
}
