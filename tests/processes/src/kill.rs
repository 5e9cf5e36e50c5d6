//! `kill -9` of the server on SQLite, under load, again and again.
//!
//! It proves nothing about power: what a killed process has written stays in the system's cache. That a commit is on
//! disk before its answer is what the crate `disk` proves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;

use crate::Report;
use crate::feed;
use crate::http::Http;
use crate::ledger::Ledger;
use crate::notebook::Notebook;
use crate::phone::{Load, Phone};
use crate::school::School;
use crate::server::{READY, Server};

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Kills {
    /// How often to kill.
    pub times: usize,
    /// Phones that push at once.
    pub phones: usize,
    /// Draws the moments.
    pub seed: u64,
    /// Whether a server that is ready late is a fault; on a busy machine it need not be one.
    pub timed: bool,
    /// Deletes an acknowledged write behind the server's back, to show that the run then fails.
    pub sabotage: bool,
}

/// Kills between whole checks of the file.
const WHOLE_CHECK: usize = 25;

/// The story with all it has in hand.
struct Story {
    server: Server,
    http: Http,
    notebook: Arc<Notebook>,
    database: PathBuf,
    chance: StdRng,
    timed: bool,
    ready: Vec<Duration>,
    kills: usize,
    lost: usize,
    doubled: usize,
}

/// Plays the story.
pub async fn run(binary: &Path, kills: Kills) -> anyhow::Result<Report> {
    let began = Instant::now();
    let folder = tempfile::Builder::new().prefix("xunke-kill-").tempdir()?;
    let data = folder.path().join("data");
    let (http, notebook) = (Http::new()?, Arc::new(Notebook::default()));
    let mut server = Server::new(binary, &data, Vec::new())?;
    server.start()?;
    let first = server.ready(&http).await?;
    let mut school = School::set_up(&http, &server.url(), &server.setup_code()?).await?;
    let mut phones = JoinSet::new();
    notebook.begin(true);
    let load = Arc::new(Load::default());
    for number in 0..kills.phones {
        let phone = school.phone(&http, vec![server.url()], number, &notebook).await?;
        phones.spawn(phone.work(Arc::clone(&load)));
    }
    let mut story = Story {
        server,
        http,
        notebook,
        database: data.join("xunke.db"),
        chance: StdRng::seed_from_u64(kills.seed),
        timed: kills.timed,
        ready: vec![first],
        kills: 0,
        lost: 0,
        doubled: 0,
    };

    while story.kills < kills.times {
        story.kill_under_load(kills.sabotage).await?;
    }
    load.stop();
    let mut done = Vec::new();
    while let Some(phone) = phones.join_next().await {
        done.push(phone??);
    }
    story.check_everything(&mut school, done).await?;

    Ok(story.report(began))
}

impl Story {
    /// One life of the server: some load, death, and the next life's beginning.
    async fn kill_under_load(&mut self, sabotage: bool) -> anyhow::Result<()> {
        tokio::time::sleep(Duration::from_millis(self.chance.random_range(20..=900))).await;
        self.kill()?;
        if sabotage {
            self.forget_a_write().await?;
        }
        if self.chance.random_ratio(1, 8) {
            // Death while it recovers from death.
            self.server.start()?;
            tokio::time::sleep(Duration::from_millis(self.chance.random_range(0..=40))).await;
            self.kill()?;
        }
        self.start().await?;
        let ledger = self.ledger("?mode=ro").await?;
        let missing = ledger.check(&self.notebook.fresh()).await?;
        self.note(&missing.lost, "is lost", |story| &mut story.lost);
        self.note(&missing.moved, "is elsewhere", |story| &mut story.doubled);
        if self.kills.is_multiple_of(WHOLE_CHECK) {
            self.check_file(&ledger).await?;
        }
        ledger.close().await
    }

    fn kill(&mut self) -> anyhow::Result<()> {
        self.kills += 1;
        self.server.kill()
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        self.server.start()?;
        let ready = self.server.ready(&self.http).await?;
        if self.timed && ready > READY {
            self.notebook.violation(format!("ready after {} ms", ready.as_millis()));
        }
        self.ready.push(ready);
        Ok(())
    }

    async fn ledger(&self, mode: &str) -> anyhow::Result<Ledger> {
        Ledger::open(&format!("sqlite://{}{mode}", self.database.display())).await
    }

    fn note(&mut self, keys: &[(String, i64)], what: &str, count: impl FnOnce(&mut Self) -> &mut usize) {
        for (device, n) in keys {
            self.notebook.violation(format!("{device}#{n} {what}"));
        }
        *count(self) += keys.len();
    }

    /// Deletes a write that was acknowledged; the newest in the ledger need not have been.
    async fn forget_a_write(&self) -> anyhow::Result<()> {
        if let Some((device, n)) = self.notebook.all().into_keys().next_back() {
            let ledger = self.ledger("").await?;
            ledger.run(&format!(r#"DELETE FROM "write" WHERE device = '{device}' AND n = {n}"#)).await?;
            ledger.close().await?;
        }
        Ok(())
    }

    async fn check_file(&self, ledger: &Ledger) -> anyhow::Result<()> {
        for said in ledger.texts("PRAGMA integrity_check").await? {
            if said != "ok" {
                self.notebook.violation(format!("integrity_check: {said}"));
            }
        }
        for table in ledger.texts("PRAGMA foreign_key_check").await? {
            self.notebook.violation(format!("foreign_key_check: {table}"));
        }
        Ok(())
    }

    /// Everything at once: the file as a last kill leaves it, the ledger, the feed from zero, the phones' own view.
    async fn check_everything(&mut self, school: &mut School, phones: Vec<Phone>) -> anyhow::Result<()> {
        self.server.kill()?;
        let ledger = self.ledger("").await?;
        self.check_file(&ledger).await?;
        let all = self.notebook.all();
        let missing = ledger.check(&all).await?;
        self.note(&missing.lost, "is lost", |story| &mut story.lost);
        self.note(&missing.moved, "is elsewhere", |story| &mut story.doubled);
        let doubled =
            r#"SELECT count(*) FROM (SELECT 1 FROM "write" GROUP BY device, n HAVING count(*) > 1)"#;
        let places =
            r#"SELECT count(seq) - count(DISTINCT seq) FROM "write" WHERE stream IN (SELECT id FROM school)"#;
        let doubled = ledger.number(doubled).await? + ledger.number(places).await?;
        self.doubled += usize::try_from(doubled)? + self.notebook.places_given_twice();
        ledger.close().await?;
        if self.doubled > 0 {
            self.notebook.violation(format!("{} writes are there twice", self.doubled));
        }

        self.start().await?;
        let base = self.server.url();
        let changes = feed::from_zero(&self.http, &base, &school.id, &mut school.principal).await?;
        let records = self.notebook.records();
        for flaw in feed::flaws(&changes, &records) {
            self.notebook.violation(format!("the feed from zero: {flaw}"));
        }
        for mut phone in phones {
            for (id, fields) in phone.shown().await? {
                if records.get(&id) != Some(&fields) {
                    self.notebook.violation(format!("a phone shows {id} as {fields:?}"));
                }
            }
        }
        for error in self.server.errors() {
            self.notebook.violation(format!("the server logged {error}"));
        }
        Ok(())
    }

    fn report(mut self, began: Instant) -> Report {
        self.ready.sort();
        let ready = |at: usize| self.ready.get(at).map_or(0, Duration::as_millis);
        let (acknowledged, repeated) = self.notebook.counts();
        let figures = format!(
            "kills {} acknowledged {acknowledged} repeated {repeated} unanswered {} lost {} doubled {} ready max {} ms \
             median {} ms wall {} s",
            self.kills,
            self.notebook.tally().unanswered,
            self.lost,
            self.doubled,
            ready(self.ready.len() - 1),
            ready(self.ready.len() / 2),
            began.elapsed().as_secs(),
        );
        Report { figures, violations: self.notebook.violations() }
    }
}
