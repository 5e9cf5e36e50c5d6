//! Two nodes, their PostgreSQL, a school and its phones.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use e2e::postgres::{Durability, Private};
use tokio::task::JoinSet;

use crate::Report;
use crate::feed;
use crate::http::Http;
use crate::ledger::Ledger;
use crate::notebook::{Notebook, Tally};
use crate::phone::{Load, Phone};
use crate::school::School;
use crate::server::Server;

/// Nobody waits longer than this for things to be well again.
const PATIENCE: Duration = Duration::from_mins(1);

/// Everything the stories have in hand.
#[derive(Debug)]
pub struct Cluster {
    /// Dropped after the nodes.
    pub(super) nodes: Vec<Server>,
    pub(super) postgres: Private,
    pub(super) http: Http,
    pub(super) school: School,
    pub(super) notebook: Arc<Notebook>,
    pub(super) phones: Vec<Phone>,
    timed: bool,
    _folder: tempfile::TempDir,
}

/// Phones at work.
#[derive(Debug)]
pub(super) struct AtWork {
    load: Arc<Load>,
    phones: JoinSet<anyhow::Result<Phone>>,
    done: Vec<Phone>,
}

impl AtWork {
    /// Whether every phone has had all acknowledged that it had to capture.
    pub(super) fn ended(&mut self) -> anyhow::Result<bool> {
        while let Some(phone) = self.phones.try_join_next() {
            self.done.push(phone??);
        }
        Ok(self.phones.is_empty())
    }

    /// Waits until all is acknowledged; the phones come back to the cluster.
    pub(super) async fn finish(mut self, cluster: &mut Cluster) -> anyhow::Result<()> {
        self.load.stop();
        cluster.phones.append(&mut self.done);
        while let Some(phone) = self.phones.join_next().await {
            cluster.phones.push(phone??);
        }
        Ok(())
    }
}

impl Cluster {
    /// Starts everything; the phones of even number prefer the first node, the others the second.
    pub async fn start(binary: &Path, phones: usize, timed: bool) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("xunke-nodes-").tempdir()?;
        let postgres = tokio::task::spawn_blocking(|| Private::start(Durability::Full)).await?;
        let admin = Ledger::open(&format!("{}/postgres", postgres.url())).await?;
        admin.run("CREATE DATABASE xunke").await?;
        admin.close().await?;
        let (http, notebook) = (Http::new()?, Arc::new(Notebook::default()));
        let mut nodes = Vec::new();
        for name in ["a", "b"] {
            let arguments = vec![
                format!("--database-url={}/xunke", postgres.url()),
                format!("--key-file={}", folder.path().join("keys.json").display()),
            ];
            let mut node = Server::new(binary, &folder.path().join(name), arguments)?;
            node.start()?;
            node.ready(&http).await?;
            nodes.push(node);
        }
        let urls: Vec<String> = nodes.iter().map(Server::url).collect();
        // Each node that starts before anybody can sign in makes a new code; the last one holds.
        let code = nodes[nodes.len() - 1].setup_code()?;
        let school = School::set_up(&http, &urls[0], &code).await?;
        let mut cluster =
            Self { nodes, postgres, http, school, notebook, phones: Vec::new(), timed, _folder: folder };
        for number in 0..phones {
            let mut bases = urls.clone();
            bases.rotate_left(number % urls.len());
            let phone = cluster.school.phone(&cluster.http, bases, number, &cluster.notebook).await?;
            cluster.phones.push(phone);
        }
        Ok(cluster)
    }

    /// The nodes' addresses.
    pub(super) fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Server::url).collect()
    }

    /// The address of the database.
    pub(super) fn database(&self) -> String {
        format!("{}/xunke", self.postgres.url())
    }

    /// A connection past the nodes.
    pub(super) async fn ledger(&self) -> anyhow::Result<Ledger> {
        Ledger::open(&self.database()).await
    }

    /// Sets all phones to work.
    pub(super) fn set_to_work(&mut self, load: Load) -> AtWork {
        let load = Arc::new(load);
        let mut phones = JoinSet::new();
        for phone in self.phones.drain(..) {
            phones.spawn(phone.work(Arc::clone(&load)));
        }
        AtWork { load, phones, done: Vec::new() }
    }

    /// How long it takes from a moment on until every node takes writes and every phone has had one acknowledged.
    pub(super) async fn well_again(&self, since: Instant) -> anyhow::Result<Duration> {
        for url in self.urls() {
            while !self.http.get(&url, "/readyz", "").await.is_ok_and(|answer| answer.status == 200) {
                ensure!(since.elapsed() < PATIENCE, "{url} does not recover");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        while !self.notebook.everybody_since(since) {
            ensure!(since.elapsed() < PATIENCE, "a phone gets no answer any more");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(since.elapsed())
    }

    /// Notes what took longer than the product promises.
    pub(super) fn judge(&self, what: &str, took: Duration, promised: Duration) {
        if self.timed && took > promised {
            let (took, promised) = (took.as_millis(), promised.as_millis());
            self.notebook.violation(format!("{what} only after {took} ms, not {promised}"));
        }
    }

    /// Holds everything acknowledged so far against the ledger and the feed from zero. `figures` says what the story
    /// was about.
    pub(super) async fn conclude(&mut self, figures: &str) -> anyhow::Result<Report> {
        let ledger = self.ledger().await?;
        let told = self.notebook.all();
        let missing = ledger.check(&told).await?;
        // The server's own writes are in the ledger too, under a device that nobody registered.
        let known = r#"SELECT count(*) FROM "write" WHERE device IN (SELECT id FROM device)"#;
        let beyond = usize::try_from(ledger.number(known).await?)?.saturating_sub(told.len());
        ledger.close().await?;
        let doubled = self.notebook.places_given_twice() + missing.moved.len() + beyond;
        let base = self.nodes[0].url();
        let changes = feed::from_zero(&self.http, &base, &self.school.id, &mut self.school.principal).await?;
        let flaws = feed::flaws(&changes, &self.notebook.records());

        let mut violations = self.notebook.violations();
        violations.extend(missing.lost.iter().map(|(device, n)| format!("{device}#{n} is lost")));
        violations.extend(missing.moved.iter().map(|(device, n)| format!("{device}#{n} is elsewhere")));
        if doubled > 0 {
            violations.push(format!("{doubled} writes are there twice"));
        }
        violations.extend(flaws.into_iter().map(|flaw| format!("the feed from zero: {flaw}")));
        for node in &self.nodes {
            violations.extend(node.errors().into_iter().map(|error| format!("a node logged {error}")));
        }
        let lost = missing.lost.len();
        let figures = format!("{figures} acknowledged so far {} lost {lost} doubled {doubled}", told.len());
        Ok(Report { figures, violations })
    }
}

/// What answers there were, for people.
pub(super) fn answers(tally: &Tally) -> String {
    let statuses: Vec<String> =
        tally.statuses.iter().map(|(status, count)| format!("{status}×{count}")).collect();
    format!(
        "answers {} unanswered {} longest {} ms",
        statuses.join(" "),
        tally.unanswered,
        tally.longest.as_millis()
    )
}
