//! Power is cut in the middle of a morning's pushes, and once more, and once more; what was acknowledged is there
//! each time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;

use super::audit::{Found, acknowledged};
use super::phone::{Phone, Pushed, Weight};
use super::school::Ground;
use super::server::Server;
use crate::{Aim, Disk, Image, Kind, Overwrite};

/// Pushes of a phone between two cuts, if none comes.
const PUSHES: u32 = 8;
/// Cuts that a server goes through one after another, at most.
const IN_A_ROW: u32 = 3;

/// What many cuts have shown.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Power cuts.
    pub cuts: u64,
    /// Writes that were answered.
    pub acknowledged: u64,
    /// Answered, and not there afterwards.
    pub lost: u64,
    /// Sectors found torn.
    pub torn: u64,
    /// Cuts while a commit was being written or made safe.
    pub in_commit: u64,
    /// Cuts while the write-ahead log was folded into the database.
    pub in_checkpoint: u64,
    /// Cuts by what was being done.
    pub by_event: BTreeMap<String, u64>,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        let Self { cuts, acknowledged, lost, torn, in_commit, in_checkpoint, by_event } = other;
        self.cuts += cuts;
        self.acknowledged += acknowledged;
        self.lost += lost;
        self.torn += torn;
        self.in_commit += in_commit;
        self.in_checkpoint += in_checkpoint;
        for (event, count) in by_event {
            *self.by_event.entry(event.clone()).or_default() += count;
        }
    }

    fn count_cut(&mut self, disk: &Disk) {
        self.cuts += 1;
        let Some(event) = disk.cut_by() else {
            *self.by_event.entry("idle".to_owned()).or_default() += 1;
            return;
        };
        let of_log = event.file.ends_with("-wal");
        self.in_commit += u64::from(of_log);
        self.in_checkpoint += u64::from(!of_log);
        let name = format!("{:?} of the {}", event.kind, if of_log { "log" } else { "database" });
        *self.by_event.entry(name.to_lowercase()).or_default() += 1;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cuts, acknowledged, lost, torn, in_commit, in_checkpoint, by_event } = self;
        write!(
            f,
            "cuts {cuts} acknowledged {acknowledged} lost {lost} torn {torn} in_commit {in_commit} \
             in_checkpoint {in_checkpoint}"
        )?;
        by_event.iter().try_for_each(|(event, count)| write!(f, " | {event} {count}"))
    }
}

/// Runs seeds from `from` on until there were as many cuts; `jobs` servers at once.
pub fn run(ground: &Ground, from: u64, cuts: u64, jobs: usize) -> anyhow::Result<Figures> {
    let (next, done) = (AtomicU64::new(from), AtomicU64::new(0));
    let worker = || {
        let mut figures = Figures::default();
        while done.load(Ordering::SeqCst) < cuts {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            let seen = one_server(ground, seed).with_context(|| format!("seed {seed}"))?;
            done.fetch_add(seen.cuts, Ordering::SeqCst);
            figures.add(&seen);
        }
        anyhow::Ok(figures)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        let mut all = Figures::default();
        for worker in workers {
            let figures = worker.join().map_err(|_| anyhow::anyhow!("a worker panicked"))??;
            all.add(&figures);
        }
        Ok(all)
    })
}

/// One server with its phones, from cut to cut.
fn one_server(ground: &Ground, seed: u64) -> anyhow::Result<Figures> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut draw = StdRng::seed_from_u64(seed);
    let mut figures = Figures::default();
    let mut phones = ground.phones.clone();
    let mut image = ground.images[draw.random_range(0..ground.images.len())].clone();
    let cuts = draw.random_range(1..=IN_A_ROW);
    for cut in 0..cuts {
        let disk = Disk::from_image(&image, draw.random());
        disk.set_sector_size(if draw.random_bool(0.5) { 512 } else { 4096 });
        disk.set_overwrite(overwrite(cut == 0, &mut draw));
        image = runtime.block_on(one_cut(ground, &disk, &mut phones, &mut draw))?;
        figures.count_cut(&disk);
        figures.torn += image.torn_sectors();
        let lost = runtime.block_on(audit(ground, &image, &phones, draw.random()))?;
        if lost > 0 {
            figures.lost += lost;
            break;
        }
    }
    figures.acknowledged = acknowledged(&phones);
    Ok(figures)
}

/// What the hardware does to the neighbours of a torn write. Harm is drawn for the first cut only: after a cut
/// the log may end amidst a sector, SQLite goes on from there, and only hardware that does no harm then keeps the
/// commit before (found with this program; SQLite pads its log to whole sectors when it commits, not when it
/// recovers, and on Unix it takes every disk for harmless).
fn overwrite(first: bool, draw: &mut StdRng) -> Overwrite {
    match draw.random_range(0..3) {
        0 => Overwrite::Safe,
        1 if first => Overwrite::Harmful,
        _ => Overwrite::Unpromised,
    }
}

/// When power fails: early, late, at a sync, or while the log is folded in.
fn aim(draw: &mut StdRng) -> Aim {
    match draw.random_range(0..4) {
        0 => Aim { kind: None, file: "", nth: draw.random_range(1..=60) },
        1 => Aim { kind: None, file: "", nth: draw.random_range(1..=1500) },
        2 => Aim { kind: Some(Kind::Sync), file: "", nth: draw.random_range(1..=12) },
        _ => Aim { kind: None, file: ".db", nth: draw.random_range(1..=80) },
    }
}

/// Starts the server, lets the phones push until power is cut; gives what is on the disk then.
async fn one_cut(
    ground: &Ground,
    disk: &Disk,
    phones: &mut Vec<Phone>,
    draw: &mut StdRng,
) -> anyhow::Result<Image> {
    disk.cut_power_when(aim(draw));
    let started = Server::start(disk, draw.random()).await;
    match started {
        Ok(server) => push_until_cut(ground, disk, &server, phones, draw).await?,
        Err(error) if !disk.is_cut() => return Err(error),
        Err(_) => (),
    }
    disk.cut_power();
    Ok(disk.after_power_cut(draw.random()))
}

async fn push_until_cut(
    ground: &Ground,
    disk: &Disk,
    server: &Server,
    phones: &mut Vec<Phone>,
    draw: &mut StdRng,
) -> anyhow::Result<()> {
    let mut pushing = JoinSet::new();
    for mut phone in std::mem::take(phones) {
        let (server, disk) = (server.clone(), disk.clone());
        let mut draw = StdRng::seed_from_u64(draw.random());
        pushing.spawn(async move {
            for _ in 0..PUSHES {
                let pushed = phone.push(&server, &mut draw, Weight::Light).await?;
                if pushed == Pushed::Refused {
                    anyhow::ensure!(disk.is_cut(), "refused while the disk was well");
                    break;
                }
            }
            anyhow::Ok(phone)
        });
    }
    let reading = tokio::spawn({
        let (server, disk, ground) = (server.clone(), disk.clone(), ground.clone());
        async move { read_until_cut(&ground, &disk, &server).await }
    });
    while let Some(phone) = pushing.join_next().await {
        phones.push(phone??);
    }
    disk.cut_power();
    reading.await?
}

/// A page that is answered is a page; without power the answer is 503.
async fn read_until_cut(ground: &Ground, disk: &Disk, server: &Server) -> anyhow::Result<()> {
    loop {
        let path = format!("/api/v1/sync/changes?stream={}", ground.school);
        let answer = server.get(&path, &ground.principal).await?;
        if answer.is_refusal() {
            anyhow::ensure!(disk.is_cut(), "refused while the disk was well");
            return Ok(());
        }
        answer.expect(200).context("reading beside the pushes")?;
        tokio::task::yield_now().await;
    }
}

/// Starts on what the cut left; how much is lost. The image stays as it is.
async fn audit(ground: &Ground, image: &Image, phones: &[Phone], seed: u64) -> anyhow::Result<u64> {
    let disk = Disk::from_image(image, seed);
    let server = Server::start(&disk, seed).await.context("after a power cut")?;
    let found = Found::read(&disk, &server, ground).await.context("after a power cut")?;
    Ok(u64::try_from(found.lost(phones).len())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_has_lost_what_it_acknowledged_is_found_out() {
        let ground = Ground::prepare().await.unwrap();
        let (disk, mut phones) = (Disk::from_image(&ground.images[0], 1), ground.phones.clone());
        let (server, mut draw) = (Server::start(&disk, 1).await.unwrap(), StdRng::seed_from_u64(1));
        push_until_cut(&ground, &disk, &server, &mut phones, &mut draw).await.unwrap();

        let lost = audit(&ground, &ground.images[0], &phones, 2).await.unwrap();

        assert!(lost > 0 && lost == acknowledged(&phones), "{lost}");
        assert_eq!(audit(&ground, &disk.durable(), &phones, 2).await.unwrap(), 0);
    }
}
