//! An app around the reference replica, talking to the router in process, over a network that may lose answers.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_sync::cursor::CursorFault;
use xunke_sync::limits::Limits;
use xunke_sync::replica::{Failure, LocalTx, Push, Replica, Standing, Ticket};

use super::school::Phone;
use super::{Answer, TestApp};

/// Records by type and id, without removed fields.
pub(crate) type Feed = BTreeMap<(String, Uuid), Value>;

/// What becomes of one exchange on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// It arrives and its answer comes back.
    Fair,
    /// It never arrives.
    RequestLost,
    /// It arrives, the answer does not come back.
    AnswerLost,
    /// It arrives twice, and the first answer is taken in twice.
    Repeated,
}

/// A phone with the reference replica in it.
#[derive(Debug)]
pub(crate) struct Handset {
    pub(crate) replica: Replica,
    pub(crate) phone: Phone,
    /// Its own clock minus the true time, milliseconds.
    pub(crate) skew: i64,
    rows: BTreeMap<String, String>,
}

impl Handset {
    /// A fresh installation of somebody's.
    pub(crate) async fn new(app: &TestApp, login: &str) -> Self {
        let phone = app.phone(login).await;
        let user = app.get("/api/v1/me", &phone.token).await.expect(200)["id"].clone();
        let user = serde_json::from_value(user).expect("an account's id");
        let (replica, tx) = Replica::new(phone.device.parse().expect("a device"), user);
        let mut handset = Self { replica, phone, skew: 0, rows: BTreeMap::new() };
        handset.store(tx);
        handset
    }

    /// Stores rows; the app could be killed at any moment.
    fn store(&mut self, tx: LocalTx) {
        for (key, row) in tx.into_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    /// The same phone restored from a copy of its storage: same device, same numbers.
    pub(crate) fn copy(other: &Self) -> Self {
        let replica = Replica::load(other.rows.clone()).expect("what was stored loads");
        Self { replica, phone: other.phone.clone(), skew: other.skew, rows: other.rows.clone() }
    }

    /// Registers the installation again, as after a fork.
    pub(crate) async fn register_again(&mut self, app: &TestApp, login: &str) {
        self.phone = app.phone(login).await;
        let tx = self.replica.rebind(self.phone.device.parse().expect("a device"));
        self.store(tx);
    }

    /// Signs in again with the same person and device: tokens end, queues do not.
    pub(crate) async fn sign_in_again(&mut self, app: &TestApp, login: &str) {
        self.phone.token = app.sign_in(login).await.token;
        let tx = self.replica.signed_in(self.replica.user()).expect("the same person");
        self.store(tx);
    }

    /// The app is killed and started again.
    pub(crate) fn kill(&mut self) {
        let loaded = Replica::load(self.rows.clone()).expect("what was stored loads");
        assert_eq!(loaded, self.replica);
        self.replica = loaded;
    }

    /// Says something about a visit.
    pub(crate) fn capture(&mut self, app: &TestApp, stream: &str, record: Uuid, set: &Value) -> Ticket {
        let set: Fields = serde_json::from_value(set.clone()).expect("fields");
        let now = app.millis() + self.skew;
        let (ticket, tx) =
            self.replica.capture(now, school_id(stream), "visit", record, set).expect("it can be captured");
        self.store(tx);
        ticket
    }

    /// Asks which streams there are.
    pub(crate) async fn list(&mut self, app: &TestApp) {
        let listed: Vec<_> = read(&app.get("/api/v1/sync/streams", &self.phone.token).await);
        let tx = self.replica.streams_listed(&listed);
        self.store(tx);
    }

    /// Sends what is queued, once. Gives whether there was anything to send.
    pub(crate) async fn push(&mut self, app: &TestApp, weather: Weather) -> bool {
        let now = "2026-11-23T08:00:00+08:00";
        let Some((push, tx)) = self.replica.next_push(now, &Limits::default(), &[]) else { return false };
        self.store(tx);
        let body = serde_json::to_value(&push.request).expect("a push");
        let lost = Failure::Network;
        if weather == Weather::RequestLost {
            let tx = self.replica.push_failed(lost);
            self.store(tx);
            return true;
        }
        let answer = app.post("/api/v1/sync/push", &self.phone.token, &body).await;
        if weather == Weather::AnswerLost {
            let tx = self.replica.push_failed(lost);
            self.store(tx);
            return true;
        }
        self.take(app, &push, &answer);
        if weather == Weather::Repeated {
            let again = app.post("/api/v1/sync/push", &self.phone.token, &body).await;
            assert_eq!(again.status, answer.status, "{}", String::from_utf8_lossy(&again.bytes));
            if answer.status.as_u16() == 200 {
                self.take(app, &push, &answer);
            }
        }
        true
    }

    fn take(&mut self, app: &TestApp, push: &Push, answer: &Answer) {
        let tx = match answer.status.as_u16() {
            200 => self
                .replica
                .push_answered(app.millis() + self.skew, push, read(answer))
                .expect("the answer is one to this push"),
            401 => self.replica.push_failed(Failure::Unauthorized),
            403 if answer.code() == "device-unknown" => self.replica.push_failed(Failure::DeviceUnknown),
            403 => self.replica.push_failed(Failure::DeviceRevoked { wipe: answer.json()["wipe"] == true }),
            409 => self.replica.push_failed(Failure::DeviceFork),
            413 => self.replica.push_failed(Failure::TooLarge),
            other => panic!("{other}: {}", String::from_utf8_lossy(&answer.bytes)),
        };
        self.store(tx);
    }

    /// Reads one page of every stream.
    pub(crate) async fn pull(&mut self, app: &TestApp, limit: usize, weather: Weather) {
        for pull in self.replica.next_pulls() {
            let cursor = pull.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let path = format!("/api/v1/sync/changes?stream={}&limit={limit}{cursor}", pull.stream);
            let answer = app.get(&path, &self.phone.token).await;
            let times = match weather {
                Weather::Fair => 1,
                Weather::RequestLost | Weather::AnswerLost => 0,
                Weather::Repeated => 2,
            };
            for _ in 0..times {
                let tx = match answer.status.as_u16() {
                    200 => self.replica.page(&pull, read(&answer)),
                    410 => {
                        let fault: CursorFault =
                            serde_json::from_value(answer.json()["reason"].clone()).expect("a reason");
                        self.replica.cursor_refused(&pull, fault)
                    }
                    other => panic!("{other}: {}", String::from_utf8_lossy(&answer.bytes)),
                };
                self.store(tx);
            }
        }
    }

    /// Pushes and pulls until nothing is left to do, in a bounded number of rounds.
    pub(crate) async fn sync(&mut self, app: &TestApp) {
        self.list(app).await;
        for _ in 0..100 {
            self.push(app, Weather::Fair).await;
            let before = self.replica.clone();
            self.pull(app, 500, Weather::Fair).await;
            let synced = self.replica.next_pulls().iter().all(|pull| self.replica.is_synced(pull.stream));
            let still = before == self.replica;
            if self.replica.standing() != Standing::Free || (self.replica.unsent() == 0 && synced && still) {
                return;
            }
        }
        panic!("it never came to rest");
    }

    /// What its person sees.
    pub(crate) fn view(&self, stream: &str) -> Feed {
        let records = self.replica.records(school_id(stream));
        records.map(|(kind, id, fields)| ((kind.to_owned(), id), json!(fields))).collect()
    }
}

impl TestApp {
    /// What the server shows somebody from zero, without removed fields, as a phone shows it.
    pub(crate) async fn feed(&self, stream: &str, token: &str) -> Feed {
        let mut records = BTreeMap::new();
        for change in self.pull_all(stream, token, 500).await {
            assert_eq!(change["life"], "alive", "the first sync leaves out what is erased");
            let fields: Fields = serde_json::from_value(change["fields"].clone()).expect("fields");
            let fields: Fields = fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
            let id = serde_json::from_value(change["id"].clone()).expect("an id");
            let kind = change["type"].as_str().expect("a type").to_owned();
            let known = records.insert((kind, id), json!(fields));
            assert_eq!(known, None, "a record appears once");
        }
        records
    }

    /// Every change from zero on, page by page.
    pub(crate) async fn pull_all(&self, stream: &str, token: &str, limit: usize) -> Vec<Value> {
        let (mut changes, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/sync/changes?stream={stream}&limit={limit}{cursor}");
            let page = self.get(&path, token).await.expect(200);
            changes.extend(page["changes"].as_array().expect("changes").iter().cloned());
            if page["more"] == false {
                return changes;
            }
            cursor = format!("&cursor={}", page["cursor"].as_str().expect("a cursor"));
        }
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> T {
    serde_json::from_slice(&answer.bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&answer.bytes)))
}

fn school_id(stream: &str) -> SchoolId {
    SchoolId::from_uuid(stream.parse().expect("a stream"))
}
