//! Runs of many seeds, on all cores: each thread has worlds of its own, and no seed knows of another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

use crate::figures::Figures;
use crate::town::Town;
use crate::world::World;

/// Every so many seeds, one is run twice: the same seed must be the same run (I12).
const TWICE: u64 = 25;

/// How a seed ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which.
    pub seed: u64,
    /// What was counted.
    pub figures: Figures,
    /// The hash of everything that happened; none if it did not end well.
    pub trace: Option<u64>,
    /// What is wrong.
    pub violation: Option<String>,
    /// Whether it was run twice.
    pub twice: bool,
}

/// Which seeds to run, and how.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// The first.
    pub from: u64,
    /// How many.
    pub count: u64,
    /// On how many threads.
    pub threads: usize,
    /// Whether the first violation ends the run.
    pub until_found: bool,
}

/// A runtime for one thread.
pub fn runtime() -> anyhow::Result<Rc<Runtime>> {
    Ok(Rc::new(Builder::new_current_thread().enable_all().build().context("a runtime")?))
}

/// Runs one seed.
pub fn seed(seed: u64, town: &Town, runtime: &Rc<Runtime>, told: bool) -> Outcome {
    let mut figures = Figures::default();
    let run = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed, town, runtime, told)?;
        let trace = world.run();
        figures = world.counted();
        trace
    }));
    let (trace, violation) = match run {
        Ok(Ok(trace)) => (Some(trace), None),
        Ok(Err(violation)) => (None, Some(format!("{violation:#}"))),
        Err(_) => (None, Some("something panicked".to_owned())),
    };
    Outcome { seed, figures, trace, violation, twice: false }
}

/// Runs one seed, and some of them twice.
fn checked(number: u64, town: &Town, runtime: &Rc<Runtime>) -> Outcome {
    let outcome = seed(number, town, runtime, false);
    if !number.is_multiple_of(TWICE) || outcome.trace.is_none() {
        return outcome;
    }
    let again = seed(number, town, runtime, false);
    let violation = (again.trace != outcome.trace)
        .then(|| format!("I12: two runs of one seed differ: {:?}, {:?}", outcome.trace, again.violation));
    Outcome { violation, twice: true, ..outcome }
}

/// Runs seeds; `each` hears of every one as it ends.
pub fn seeds(town: &Town, seeds: Seeds, mut each: impl FnMut(&Outcome)) -> anyhow::Result<()> {
    let next = AtomicU64::new(seeds.from);
    let (end, found) = (seeds.from.saturating_add(seeds.count), AtomicBool::new(false));
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..seeds.threads)
            .map(|_| {
                let (send, next, found) = (send.clone(), &next, &found);
                scope.spawn(move || -> anyhow::Result<()> {
                    let runtime = runtime()?;
                    loop {
                        let seed = next.fetch_add(1, Ordering::SeqCst);
                        if seed >= end || (seeds.until_found && found.load(Ordering::SeqCst)) {
                            return Ok(());
                        }
                        let outcome = checked(seed, town, &runtime);
                        found.fetch_or(outcome.violation.is_some(), Ordering::SeqCst);
                        send.send(outcome).context("whoever counts has gone")?;
                    }
                })
            })
            .collect();
        drop(send);
        for outcome in &receive {
            each(&outcome);
        }
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| anyhow::anyhow!("a thread of the simulator panicked"))?
        })
    })
}
