//! Those who use the servers beside the phones: an office that creates teachers, readers, and a load balancer's probe.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};

use super::Cluster;
use crate::http::{Http, text};
use crate::notebook::Notebook;

/// Pause between two requests of one of them.
const PAUSE: Duration = Duration::from_millis(15);
/// Nobody repeats a request longer than this.
const PATIENCE: Duration = Duration::from_mins(2);

/// One at work, with what all of them need.
#[derive(Clone, Debug)]
struct Bystander {
    http: Http,
    notebook: Arc<Notebook>,
    stop: Arc<AtomicBool>,
    urls: Vec<String>,
    token: String,
    school: String,
    /// What the teachers of this story are called.
    family: &'static str,
}

/// All of them at work.
#[derive(Debug)]
pub(super) struct Bystanders {
    one: Bystander,
    office: JoinHandle<anyhow::Result<BTreeMap<String, String>>>,
    readers: JoinSet<()>,
}

impl Bystanders {
    /// Sets them to work.
    pub(super) fn begin(cluster: &Cluster, family: &'static str) -> Self {
        let one = Bystander {
            http: cluster.http.clone(),
            notebook: Arc::clone(&cluster.notebook),
            stop: Arc::default(),
            urls: cluster.urls(),
            token: cluster.school.principal.access.clone(),
            school: cluster.school.id.clone(),
            family,
        };
        let mut readers = JoinSet::new();
        for url in &one.urls {
            let feed = format!("/api/v1/sync/changes?stream={}&limit=20", one.school);
            for path in ["/readyz", "/api/v1/me", &feed] {
                readers.spawn(one.clone().read(url.clone(), path.to_owned()));
            }
        }
        let office = tokio::spawn(one.clone().create());
        Self { one, office, readers }
    }

    /// Lets them end. Gives how many teachers were created: each must be there once, and no other.
    pub(super) async fn finish(mut self) -> anyhow::Result<usize> {
        self.one.stop.store(true, Ordering::Relaxed);
        let created = self.office.await??;
        while let Some(done) = self.readers.join_next().await {
            done?;
        }
        let listed = self.one.teachers().await?;
        let there: BTreeMap<String, String> = listed.iter().cloned().collect();
        if created != there || listed.len() != there.len() {
            let text = format!("{} teachers created, {} there", created.len(), listed.len());
            self.one.notebook.violation(text);
        }
        Ok(created.len())
    }
}

impl Bystander {
    async fn read(self, url: String, path: String) {
        while !self.stop.load(Ordering::Relaxed) {
            self.notebook.answered(&path, &self.http.get(&url, &path, &self.token).await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Creates teachers one after the other, each again under its key, here and there, until it is told that it is
    /// done. Gives names and ids.
    async fn create(self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut created = BTreeMap::new();
        let path = format!("/api/v1/schools/{}/teachers", self.school);
        let mut tried = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let name = format!("{}{}", self.family, created.len());
            let began = Instant::now();
            loop {
                anyhow::ensure!(began.elapsed() < PATIENCE, "a teacher is never created");
                let url = self.urls.get(tried % self.urls.len()).context("a node")?;
                tried += 1;
                let body = json!({"name": name}).to_string();
                let answer = self.http.post(url, &path, &self.token, body, &name).await;
                self.notebook.answered("a creation", &answer);
                tokio::time::sleep(PAUSE).await;
                if let Ok(answer) = answer
                    && answer.status == 201
                {
                    created.insert(name, answer.member("id"));
                    break;
                }
            }
        }
        Ok(created)
    }

    /// The teachers of this story that there are: names and ids.
    async fn teachers(&self) -> anyhow::Result<Vec<(String, String)>> {
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        let url = self.urls.first().context("a node")?;
        loop {
            let path = format!("/api/v1/schools/{}/teachers?limit=200{cursor}", self.school);
            let page = self.http.get(url, &path, &self.token).await?.expect(200)?;
            let items = page["items"].as_array().context("a list")?;
            listed.extend(items.iter().map(|item| (text(item, "name"), text(item, "id"))));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        listed.retain(|(name, _)| name.starts_with(self.family));
        Ok(listed)
    }
}
