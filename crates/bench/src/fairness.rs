//! Whether an abusive device delays the others: polite phones that push one visit at a time, alone, and then beside one
//! device that sends pushes of 500 as fast as it can over many connections.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Serialize;

use crate::figures::Figures;
use crate::flood::exchange;
use crate::http::Connection;
use crate::school::{Phone, School, today};
use crate::subject::{Kind, Subject};
use crate::visits::{Dice, Visit};

/// Phones that are polite.
const POLITE: usize = 8;
/// From one push of a polite phone to its next.
const PACE: Duration = Duration::from_millis(50);
/// Connections of the abusive device.
const ABUSIVE: usize = 8;
/// Writes of its pushes: as many as the limits let through.
const LARGE: usize = 500;

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// This program, started again as the server.
    pub program: PathBuf,
    /// On SQLite or on PostgreSQL.
    pub kind: Kind,
    /// How long the polite phones push, each time.
    pub time: Duration,
    /// How often, alone and beside in turn, on one server.
    pub repeats: usize,
    /// Pushes made beforehand for each connection of the abusive device; when they are sent, they are sent again.
    pub made: usize,
}

/// What the polite phones waited.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Fair {
    /// Alone.
    pub alone: Figures,
    /// Beside the abusive device.
    pub beside: Figures,
    /// Visits a second that the abusive device got through meanwhile.
    pub abusive: f64,
}

impl Fair {
    /// p99 beside, over p99 alone.
    pub fn ratio(&self) -> f64 {
        self.beside.p99 / self.alone.p99
    }
}

/// Runs it; `tell` hears of each repeat as it comes.
pub fn run(options: &Options, mut tell: impl FnMut(&Fair)) -> anyhow::Result<Vec<Fair>> {
    ensure!(options.kind != Kind::Minimum, "the minimum knows no devices");
    let subject = Subject::start(options.kind, &options.program, POLITE + 1)?;
    let school = &subject.school;
    let (abuser, polite) = school.phones.split_last().context("phones")?;
    let pushes = usize::try_from(options.time.as_millis() / PACE.as_millis())?;
    let mut dice = Dice::new(1);
    let large = abuse(school, abuser, &mut dice, options.made);
    let mut all = Vec::new();
    for repeat in 0..options.repeats {
        let mut figures = |round: usize| -> anyhow::Result<Figures> {
            let after = (2 * repeat + round) * pushes;
            let queues = politely(school, polite, &mut dice, after, pushes);
            let before = subject.server.burnt()?;
            subject.server.forget_peak()?;
            let began = Instant::now();
            let latencies = push_politely(&subject.server.address, &queues)?;
            let burnt = subject.server.burnt()?.saturating_sub(before);
            Ok(Figures::new(latencies.len(), began.elapsed(), latencies, burnt, subject.server.peak()?))
        };
        let alone = figures(0)?;
        let (over, began) = (AtomicBool::new(false), Instant::now());
        let (beside, taken) = std::thread::scope(|scope| -> anyhow::Result<_> {
            let abusers: Vec<_> = large
                .iter()
                .map(|requests| scope.spawn(|| push_at_once(&subject.server.address, requests, &over)))
                .collect();
            let beside = figures(1);
            over.store(true, Ordering::Release);
            let mut taken = 0;
            for abuser in abusers {
                taken += abuser.join().map_err(|_| anyhow::anyhow!("the abusive device failed"))??;
            }
            Ok((beside?, taken))
        })?;
        let abusive = f64::from(u32::try_from(taken * LARGE)?) / began.elapsed().as_secs_f64();
        let fair = Fair { alone, beside, abusive };
        tell(&fair);
        all.push(fair);
    }
    Ok(all)
}

/// The pushes of the abusive device, by connection.
fn abuse(school: &School, abuser: &Phone, dice: &mut Dice, made: usize) -> Vec<Vec<Vec<u8>>> {
    let mut push = |number: usize| {
        let visits: Vec<Visit> =
            (0..).take(LARGE).map(|place| dice.visit(&school.names, today(), place)).collect();
        let writes = visits.iter().zip(number * LARGE + 1..).map(|(visit, n)| (n, visit.id, &visit.set));
        abuser.push(&school.stream, 0, writes)
    };
    // Dealt in turn, so that its numbers arrive about in order.
    let mut dealt = vec![Vec::new(); ABUSIVE];
    for (number, connection) in (0..ABUSIVE * made).zip((0..ABUSIVE).cycle()) {
        if let Some(of) = dealt.get_mut(connection) {
            of.push(push(number));
        }
    }
    dealt
}

/// The next pushes of each polite phone, one visit each.
fn politely(
    school: &School,
    polite: &[Phone],
    dice: &mut Dice,
    after: usize,
    pushes: usize,
) -> Vec<Vec<Vec<u8>>> {
    let mut each = |phone: &Phone| {
        let push = |n: usize| {
            let visit = dice.visit(&school.names, today(), 0);
            phone.push(&school.stream, 0, [(n, visit.id, &visit.set)].into_iter())
        };
        (after + 1..=after + pushes).map(push).collect()
    };
    polite.iter().map(&mut each).collect()
}

/// What a push waits is counted from when it is sent. A phone that is kept waiting past the time of its next push sends
/// that at the next time after, as somebody would who walks from room to room.
fn push_politely(address: &str, queues: &[Vec<Vec<u8>>]) -> anyhow::Result<Vec<Duration>> {
    let began = Instant::now();
    let one = |place: u32, queue: &[Vec<u8>]| -> anyhow::Result<Vec<Duration>> {
        let mut connection = Connection::open(address)?;
        let mut due = began + PACE * place / u32::try_from(POLITE)?;
        let end = due + PACE * u32::try_from(queue.len())?;
        let mut latencies = Vec::with_capacity(queue.len());
        for request in queue {
            while due < Instant::now() {
                due += PACE;
            }
            if due >= end {
                break;
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            latencies.push(exchange(&mut connection, request, 1)?);
        }
        Ok(latencies)
    };
    let one = &one;
    let waited: anyhow::Result<Vec<Vec<Duration>>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            queues.iter().zip(0..).map(|(queue, place)| scope.spawn(move || one(place, queue))).collect();
        let ended = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|ended| ended.unwrap_or_else(|_| Err(anyhow::anyhow!("a polite phone failed")))).collect()
    });
    Ok(waited?.concat())
}

/// Sends pushes one after the other until it is over; gives how many were answered with success.
fn push_at_once(address: &str, requests: &[Vec<u8>], over: &AtomicBool) -> anyhow::Result<usize> {
    let mut connection = Connection::open(address)?;
    let mut taken = 0;
    for request in requests.iter().cycle() {
        if over.load(Ordering::Acquire) {
            break;
        }
        // It may be told to wait; it does not.
        taken += usize::from(connection.exchange(request)?.status == 200);
    }
    Ok(taken)
}
