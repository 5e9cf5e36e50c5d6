//! An inspector's phone: the replica of `xunke-sync`, talking to whichever server answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_sync::limits::Limits;
use xunke_sync::replica::{Failure, Replica};
use xunke_sync::wire::push::Write;
use xunke_sync::wire::result::PushAnswer;

use crate::http::{Answer, Http};
use crate::notebook::Notebook;
use crate::school::Session;

/// Pause after a failure. Shorter than an app's, so that a server never starts in peace.
const PAUSE: Duration = Duration::from_millis(20);
/// Nobody waits longer than this for a queue to empty.
const PATIENCE: Duration = Duration::from_mins(2);

/// The phone. What it would put on its storage is not kept: here it is servers that die.
#[derive(Debug)]
pub struct Phone {
    http: Http,
    bases: Vec<String>,
    at: usize,
    session: Session,
    replica: Replica,
    stream: SchoolId,
    notebook: Arc<Notebook>,
    chance: StdRng,
    visits: Vec<Uuid>,
}

/// What a phone does while servers are in trouble.
#[derive(Debug, Default)]
pub struct Load {
    stop: AtomicBool,
    /// Writes still to be captured by all phones; without a number they go on until they are stopped.
    left: Option<AtomicUsize>,
    /// Every write makes a visit of its own, so that the feed holds each write once.
    only_new: bool,
}

impl Load {
    /// A fixed number of writes, each a visit of its own.
    pub fn of(writes: usize) -> Self {
        Self { left: Some(AtomicUsize::new(writes)), only_new: true, ..Self::default() }
    }

    /// Tells the phones to capture nothing more.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Takes as many of `wanted` writes as there are left.
    fn take(&self, wanted: usize) -> usize {
        if self.stop.load(Ordering::Relaxed) {
            return 0;
        }
        let Some(left) = &self.left else { return wanted };
        let less = |left: usize| Some(left.saturating_sub(wanted));
        let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        before.unwrap_or_default().min(wanted)
    }
}

#[expect(clippy::disallowed_methods, reason = "the servers are real processes with the machine's clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

impl Phone {
    /// A phone whose person has signed in and registered it. It prefers the first of `bases`.
    pub(crate) fn new(
        http: Http,
        bases: Vec<String>,
        session: Session,
        replica: Replica,
        stream: SchoolId,
        number: usize,
        notebook: Arc<Notebook>,
    ) -> Self {
        let seed = u64::try_from(number).expect("few phones");
        let chance = StdRng::seed_from_u64(seed);
        Self { http, bases, at: 0, session, replica, stream, notebook, chance, visits: Vec::new() }
    }

    /// Its device.
    pub fn device(&self) -> String {
        self.replica.device().to_string()
    }

    /// Its person's access token.
    pub fn token(&self) -> String {
        self.session.access.clone()
    }

    /// The server it talks to now.
    fn base(&self) -> &str {
        self.bases.get(self.at % self.bases.len().max(1)).map_or("", String::as_str)
    }

    /// Works under load until it is told to stop, then until everything it captured is acknowledged.
    pub async fn work(mut self, load: Arc<Load>) -> anyhow::Result<Self> {
        let mut stopped = None;
        loop {
            let wanted = if self.replica.unsent() < 100 { self.chance.random_range(1..=8) } else { 0 };
            let writes = load.take(wanted);
            for _ in 0..writes {
                self.capture(load.only_new)?;
            }
            if wanted > 0 && writes == 0 && self.replica.unsent() == 0 {
                return Ok(self);
            }
            if writes == 0 && load.stop.load(Ordering::Relaxed) {
                let stopped: &Instant = stopped.get_or_insert_with(Instant::now);
                anyhow::ensure!(stopped.elapsed() < PATIENCE, "a phone's queue never empties");
            }
            let answered = self.push().await?;
            if answered && self.chance.random_ratio(1, 8) {
                self.pull().await?;
            }
            if !answered {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Somebody says something about a lesson.
    pub fn capture(&mut self, only_new: bool) -> anyhow::Result<()> {
        let rating = ["excellent", "good", "fair", "poor"][self.chance.random_range(0..4)];
        let highlight = format!("highlights/{}", Uuid::from_u128(self.chance.random()));
        let mut set = json!({"ratings/engagement": rating, highlight: {"text": "情境游戏"}});
        let old = if only_new || self.chance.random_ratio(2, 3) { None } else { self.any_visit() };
        let visit = old.unwrap_or_else(|| Uuid::from_u128(self.chance.random()));
        if old.is_none() {
            set["slot"] = json!({"date": "2026-09-07", "period": "第3节", "class": Uuid::from_u128(3)});
            self.visits.push(visit);
        }
        let set: Fields = serde_json::from_value(set)?;
        let _ = self.replica.capture(now().timestamp_millis(), self.stream, "visit", visit, set.clone())?;
        self.notebook.captured(visit, set);
        Ok(())
    }

    /// One of the last visits.
    fn any_visit(&mut self) -> Option<Uuid> {
        let back = self.chance.random_range(1..=20);
        self.visits.iter().rev().take(back).next_back().copied()
    }

    /// The push that is to be sent next, as JSON, with its writes.
    pub fn next_push(&mut self) -> anyhow::Result<(String, Vec<Write>)> {
        let (push, _) =
            self.replica.next_push(&now().to_rfc3339(), &Limits::default(), &[]).context("a push")?;
        Ok((serde_json::to_string(&push.request)?, push.request.writes))
    }

    /// Sends what is queued, once. Gives whether it was answered.
    pub async fn push(&mut self) -> anyhow::Result<bool> {
        let Some((push, _)) = self.replica.next_push(&now().to_rfc3339(), &Limits::default(), &[]) else {
            return Ok(true);
        };
        let body = serde_json::to_string(&push.request)?;
        let Some(answer) = self.send_push(body.clone()).await? else {
            let _ = self.replica.push_failed(Failure::Network);
            return Ok(false);
        };
        let device = self.device();
        self.notebook.acknowledged(&device, &push.request.writes, &answer.results);
        let _ = self.replica.push_answered(now().timestamp_millis(), &push, answer)?;
        // As after an answer that was lost on the way.
        if self.chance.random_ratio(1, 10)
            && let Some(again) = self.send_push(body).await?
        {
            self.notebook.acknowledged(&device, &push.request.writes, &again.results);
        }
        Ok(true)
    }

    async fn send_push(&mut self, body: String) -> anyhow::Result<Option<PushAnswer>> {
        let answer = self.http.post(self.base(), "/api/v1/sync/push", &self.session.access, body, "").await;
        let Some(answer) = self.taken("push", answer).await else { return Ok(None) };
        Ok(Some(serde_json::from_str(&answer.text)?))
    }

    /// Reads one page of what is new.
    pub async fn pull(&mut self) -> anyhow::Result<bool> {
        for pull in self.replica.next_pulls() {
            let cursor = pull.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let path = format!("/api/v1/sync/changes?stream={}{cursor}", pull.stream);
            let answer = self.http.get(self.base(), &path, &self.session.access).await;
            let Some(answer) = self.taken("pull", answer).await else { return Ok(false) };
            let _ = self.replica.page(&pull, serde_json::from_str(&answer.text)?);
        }
        Ok(true)
    }

    /// An answer that is one; after any other the phone turns to the next server, or renews its tokens.
    async fn taken(&mut self, what: &str, answer: anyhow::Result<Answer>) -> Option<Answer> {
        self.notebook.answered(what, &answer);
        match answer {
            Ok(answer) if answer.status == 200 => Some(answer),
            Ok(answer) if answer.status == 401 => {
                let base = self.base().to_owned();
                // Should it fail, the next 401 brings it here again.
                let _ = self.session.renew(&self.http, &base).await;
                None
            }
            _ => {
                self.at += 1;
                None
            }
        }
    }

    /// What the phone shows once it has read everything: its visits, without removed fields.
    pub async fn shown(&mut self) -> anyhow::Result<Vec<(Uuid, Fields)>> {
        let began = Instant::now();
        while !self.pull().await? || !self.replica.is_synced(self.stream) {
            anyhow::ensure!(began.elapsed() < PATIENCE, "a phone never comes to the end of its stream");
        }
        let records = self.replica.records(self.stream).filter(|(kind, _, _)| *kind == "visit");
        Ok(records.map(|(_, id, fields)| (id, fields)).collect())
    }
}
