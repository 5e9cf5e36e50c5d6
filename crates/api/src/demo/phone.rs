//! An inspector's phone: the replica of `xunke-sync`, rows on its storage, and HTTP to the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_sync::limits::Limits;
use xunke_sync::replica::{Failure, LocalTx, Push, Replica, Ticket};
use xunke_sync::stamp::Stamp;
use xunke_sync::wire::page::StreamInfo;
use xunke_sync::wire::result::{Outcome, PushAnswer, WriteResult};

use super::clock::{StagedClock, local};
use super::http::{Answer, Body, Http, Session, text};
use super::visits::Recorded;
use crate::world::Clock as _;

/// A phone, offline unless it is told to sync.
#[derive(Debug)]
pub(super) struct Phone {
    pub(super) name: String,
    session: Session,
    pub(super) replica: Replica,
    /// What is on its storage, and outlives the app.
    rows: BTreeMap<String, String>,
    clock: Arc<StagedClock>,
    /// How far its clock is ahead.
    pub(super) skew: TimeDelta,
    stream: SchoolId,
}

/// An answered write: what the phone claimed, and what the server said.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) claimed: Option<Stamp>,
    pub(super) result: WriteResult,
}

impl Phone {
    /// Signs in, registers the phone and reads the school from zero.
    pub(super) async fn set_up(
        http: &Http,
        login: &str,
        name: &str,
        clock: &Arc<StagedClock>,
        skew: TimeDelta,
    ) -> anyhow::Result<Self> {
        let mut session = Session::sign_in(http, login, name).await?;
        let device = json!({"name": name, "platform": "demo", "app_version": env!("CARGO_PKG_VERSION")});
        let device = session.post("/api/v1/devices", &device, 201).await?;
        let (replica, tx) = Replica::new(text(&device, "device").parse()?, session.account);
        let mut phone = Self {
            name: name.to_owned(),
            session,
            replica,
            rows: BTreeMap::new(),
            clock: Arc::clone(clock),
            skew,
            stream: SchoolId::from_uuid(Uuid::nil()),
        };
        phone.store(tx);
        let listed = phone.session.get("/api/v1/sync/streams").await?;
        let listed: Vec<StreamInfo> = serde_json::from_value(listed)?;
        phone.stream = listed.first().context("the person may sync a school")?.stream;
        let tx = phone.replica.streams_listed(&listed);
        phone.store(tx);
        phone.pull().await?;
        Ok(phone)
    }

    /// Puts rows on the phone's storage.
    fn store(&mut self, tx: LocalTx) {
        for (key, row) in tx.into_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    /// The app is killed and started again: only what is on the storage counts. Gives the number of rows.
    pub(super) fn restart(&mut self) -> anyhow::Result<usize> {
        self.replica = Replica::load(self.rows.clone())?;
        Ok(self.rows.len())
    }

    /// What the phone's own clock shows.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now() + self.skew
    }

    /// Records held, and the school's book made of them.
    pub(super) fn book(&self) -> (usize, SchoolBook) {
        let records: Vec<(&str, Uuid, Fields)> = self.replica.records(self.stream).collect();
        let known = records
            .iter()
            .filter_map(|(kind, id, fields)| Some((kind.parse::<RecordType>().ok()?, *id, fields)));
        (records.len(), SchoolBook::from_records(known))
    }

    /// The rubric that ratings are given by.
    pub(super) fn rubric(&self) -> Option<Uuid> {
        self.replica.records(self.stream).find(|(kind, _, _)| *kind == "rubric").map(|(_, id, _)| id)
    }

    /// A visit as its person sees it.
    pub(super) fn visit(&self, id: Uuid) -> Fields {
        self.replica.view(self.stream, "visit", id).unwrap_or_default()
    }

    /// Writes down what a person says at a moment; needs no network.
    pub(super) fn capture(&mut self, at: DateTime<Utc>, visit: Uuid, set: Fields) -> anyhow::Result<Ticket> {
        let millis = (at + self.skew).timestamp_millis();
        let (ticket, tx) = self.replica.capture(millis, self.stream, "visit", visit, set)?;
        self.store(tx);
        Ok(ticket)
    }

    /// Writes a visit down, step by step.
    pub(super) fn write_down(&mut self, visit: Recorded) -> anyhow::Result<()> {
        for (at, set) in visit.steps {
            self.capture(at, visit.id, set)?;
        }
        Ok(())
    }

    /// Pushes until the queue is empty, then reads until nothing is new. Gives the answers to what was queued.
    pub(super) async fn sync(&mut self) -> anyhow::Result<Vec<Answered>> {
        let answered = self.push_all().await?;
        self.pull().await?;
        Ok(answered)
    }

    async fn push_all(&mut self) -> anyhow::Result<Vec<Answered>> {
        let mut answered = Vec::new();
        while let Some((push, answer)) = self.push().await? {
            let answer: PushAnswer = serde_json::from_value(answer.expect(200)?)?;
            answered.extend(
                push.request
                    .writes
                    .iter()
                    .zip(&answer.results)
                    .map(|(write, result)| Answered { claimed: write.stamp, result: result.clone() }),
            );
            let tx = self.replica.push_answered(self.now().timestamp_millis(), &push, answer)?;
            self.store(tx);
        }
        Ok(answered)
    }

    /// The server takes a push in, and its answer never arrives. Gives the number of writes.
    pub(super) async fn push_into_the_void(&mut self) -> anyhow::Result<usize> {
        let (push, lost) = self.push().await?.context("there is something to send")?;
        anyhow::ensure!(lost.status == 200, "the server took the push in");
        drop(lost);
        let tx = self.replica.push_failed(Failure::Network);
        self.store(tx);
        Ok(push.request.writes.len())
    }

    async fn push(&mut self) -> anyhow::Result<Option<(Push, Answer)>> {
        let now = local(self.now()).to_rfc3339();
        let Some((push, tx)) = self.replica.next_push(&now, &Limits::default(), &[]) else {
            return Ok(None);
        };
        self.store(tx);
        let body = Body::Json(serde_json::to_string(&push.request)?);
        let answer = self.session.send(Method::POST, "/api/v1/sync/push", body, "").await?;
        Ok(Some((push, answer)))
    }

    async fn pull(&mut self) -> anyhow::Result<()> {
        for _ in 0..100 {
            for pull in self.replica.next_pulls() {
                let cursor = pull.cursor.as_ref().map(|cursor| format!("&cursor={cursor}"));
                let cursor = cursor.unwrap_or_default();
                let path = format!("/api/v1/sync/changes?stream={}{cursor}", pull.stream);
                let page = serde_json::from_value(self.session.get(&path).await?)?;
                let tx = self.replica.page(&pull, page);
                self.store(tx);
            }
            if self.replica.is_synced(self.stream) {
                return Ok(());
            }
        }
        anyhow::bail!("{} is never told that it has read everything", self.name)
    }

    /// Open conflicts that its person may see.
    pub(super) async fn conflicts(&mut self) -> anyhow::Result<Vec<serde_json::Value>> {
        let path = format!("/api/v1/sync/conflicts?stream={}", self.stream);
        Ok(super::http::items(&self.session.get(&path).await?, "items"))
    }

    /// Throws a held write away, and puts it out of sight.
    pub(super) async fn discard(&mut self, held: Uuid, ticket: Ticket, reason: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/sync/held/{held}/discard");
        self.session.post(&path, &json!({"reason": reason}), 200).await?;
        let tx = self.replica.dismiss(ticket);
        self.store(tx);
        Ok(())
    }
}

/// How many writes came to what, for people.
pub(super) fn tally(answered: &[Answered]) -> String {
    let count = |outcome| answered.iter().filter(|answered| answered.result.outcome == outcome).count();
    let outcomes = [
        (Outcome::Applied, "applied"),
        (Outcome::Merged, "merged"),
        (Outcome::Duplicate, "duplicate"),
        (Outcome::Held, "held"),
    ];
    let told = outcomes.into_iter().map(|(outcome, name)| (count(outcome), name));
    let told: Vec<String> = told.filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}")).collect();
    if told.is_empty() { "无写入 nothing to send".to_owned() } else { told.join(", ") }
}
