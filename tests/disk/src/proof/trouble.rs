//! The disk fills up, or fails, and recovers: never acknowledged, reads go on, all well again by itself.

use anyhow::Context as _;
use clap::ValueEnum;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tokio::task::JoinSet;

use super::audit::{Found, acknowledged};
use super::phone::{Phone, Pushed, Weight};
use super::school::Ground;
use super::server::Server;
use crate::Disk;

/// What is wrong with the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Trouble {
    /// No file can grow.
    Full,
    /// Writes and syncs answer EIO.
    FailingWrites,
    /// Reads answer EIO.
    FailingReads,
}

impl Trouble {
    fn set(self, disk: &Disk, on: bool) {
        match self {
            Self::Full => disk.fill_up(on),
            Self::FailingWrites => disk.fail_writes(on),
            Self::FailingReads => disk.fail_reads(on),
        }
    }
}

/// What one story has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Writes that were answered.
    pub acknowledged: u64,
    /// Pushes that were told to come again.
    pub refused: u64,
    /// Answered, and not there afterwards.
    pub lost: u64,
}

/// Runs one story; an error if an answer is not what it must be.
pub fn run(ground: &Ground, trouble: Trouble, seed: u64) -> anyhow::Result<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut draw = StdRng::seed_from_u64(seed);
    runtime.block_on(story(ground, trouble, &mut draw)).with_context(|| format!("{trouble:?}, seed {seed}"))
}

async fn story(ground: &Ground, trouble: Trouble, draw: &mut StdRng) -> anyhow::Result<Seen> {
    let disk = Disk::from_image(&ground.images[draw.random_range(0..ground.images.len())], draw.random());
    let server = Server::start(&disk, draw.random()).await?;
    let mut phones = ground.phones.clone();
    let mut seen = Seen::default();
    all_push(&server, &mut phones, draw, Weight::Light).await.context("before the trouble")?;

    for _ in 0..3 {
        trouble.set(&disk, true);
        if trouble == Trouble::FailingReads {
            // What SQLite has in memory it need not read, so this may go well; a wrong answer may not.
            seen.refused += push_once(&server, &mut phones, draw, Weight::Heavy).await?;
        } else {
            seen.refused += push_until_refused(&server, &mut phones, draw).await?;
            writes_are_refused_and_reads_go_on(&server, ground, &phones).await?;
        }
        trouble.set(&disk, false);
        all_push(&server, &mut phones, draw, Weight::Light).await.context("right after the trouble")?;
        server.get("/readyz", "").await?.expect(200)?;
        seen.lost += lost(&disk, &server, ground, &phones).await?;
    }
    seen.refused += storm(&server, &disk, trouble, &mut phones, draw).await?;
    all_push(&server, &mut phones, draw, Weight::Light).await.context("right after the storm")?;

    seen.lost += lost(&disk, &server, ground, &phones).await?;
    // What was answered since the trouble must not only be seen, but lie on the disk.
    disk.cut_power();
    let after = Disk::from_image(&disk.after_power_cut(draw.random()), draw.random());
    let server = Server::start(&after, draw.random()).await.context("after the power cut")?;
    seen.lost += lost(&after, &server, ground, &phones).await.context("after the power cut")?;
    all_push(&server, &mut phones, draw, Weight::Light).await.context("after the power cut")?;
    seen.acknowledged = acknowledged(&phones);
    Ok(seen)
}

async fn lost(disk: &Disk, server: &Server, ground: &Ground, phones: &[Phone]) -> anyhow::Result<u64> {
    let found = Found::read(disk, server, ground).await?;
    Ok(u64::try_from(found.lost(phones).len())?)
}

/// Every phone pushes at once; how many were refused.
async fn push_once(
    server: &Server,
    phones: &mut Vec<Phone>,
    draw: &mut StdRng,
    weight: Weight,
) -> anyhow::Result<u64> {
    let mut pushing = JoinSet::new();
    for mut phone in std::mem::take(phones) {
        let (server, mut draw) = (server.clone(), StdRng::seed_from_u64(draw.random()));
        pushing.spawn(async move {
            let pushed = phone.push(&server, &mut draw, weight).await?;
            anyhow::Ok((phone, pushed))
        });
    }
    let mut refused = 0;
    while let Some(pushed) = pushing.join_next().await {
        let (phone, pushed) = pushed??;
        refused += u64::from(pushed == Pushed::Refused);
        phones.push(phone);
    }
    Ok(refused)
}

/// Every phone pushes at once, and each is answered at the first attempt.
async fn all_push(
    server: &Server,
    phones: &mut Vec<Phone>,
    draw: &mut StdRng,
    weight: Weight,
) -> anyhow::Result<()> {
    for _ in 0..2 {
        let refused = push_once(server, phones, draw, weight).await?;
        anyhow::ensure!(refused == 0, "{refused} pushes were refused while the disk was well");
    }
    Ok(())
}

/// Pushes until all are refused: on a full disk there may be a little room left, in the end for a probe only.
async fn push_until_refused(
    server: &Server,
    phones: &mut Vec<Phone>,
    draw: &mut StdRng,
) -> anyhow::Result<u64> {
    let everybody = u64::try_from(phones.len())?;
    let mut refused = 0;
    for attempt in 0..500 {
        let weight = if attempt == 0 { Weight::Heavy } else { Weight::Light };
        let now = push_once(server, phones, draw, weight).await?;
        refused += now;
        if now == everybody && server.get("/readyz", "").await?.is_refusal() {
            return Ok(refused);
        }
    }
    anyhow::bail!("the server took writes all the time")
}

async fn writes_are_refused_and_reads_go_on(
    server: &Server,
    ground: &Ground,
    phones: &[Phone],
) -> anyhow::Result<()> {
    let changes = format!("/api/v1/sync/changes?stream={}", ground.school);
    let held = format!("/api/v1/sync/held?stream={}", ground.school);
    for path in [changes.as_str(), held.as_str(), "/api/v1/me", "/api/v1/sync/streams", "/healthz"] {
        server.get(path, &ground.principal).await?.expect(200).with_context(|| path.to_owned())?;
    }
    for phone in phones {
        phone.poll(server).await?;
    }
    let ready = server.get("/readyz", "").await?;
    anyhow::ensure!(ready.is_refusal(), "/readyz answered {} {}", ready.status, ready.body);
    let new = json!({"name": "phone", "platform": "test", "app_version": "1"});
    let device = server.post("/api/v1/devices", &phones[0].token, &new).await?;
    anyhow::ensure!(device.is_refusal(), "a registration was answered {} {}", device.status, device.body);
    Ok(())
}

/// Trouble that comes and goes while everybody pushes; how many pushes were refused.
async fn storm(
    server: &Server,
    disk: &Disk,
    trouble: Trouble,
    phones: &mut Vec<Phone>,
    draw: &mut StdRng,
) -> anyhow::Result<u64> {
    let weather = tokio::spawn({
        let (disk, mut draw) = (disk.clone(), StdRng::seed_from_u64(draw.random()));
        async move {
            loop {
                trouble.set(&disk, draw.random());
                for _ in 0..draw.random_range(1..30) {
                    tokio::task::yield_now().await;
                }
            }
        }
    });
    let mut refused = 0;
    for _ in 0..12 {
        let weight = if draw.random_bool(0.1) { Weight::Heavy } else { Weight::Light };
        refused += push_once(server, phones, draw, weight).await?;
        let ready = server.get("/readyz", "").await?;
        anyhow::ensure!(ready.status == 200 || ready.is_refusal(), "/readyz answered {}", ready.status);
    }
    weather.abort();
    let _ = weather.await;
    trouble.set(disk, false);
    Ok(refused)
}
