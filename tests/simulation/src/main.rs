//! The simulator's command line: `cargo run --release -p simulation -- --seeds 500`.
#![expect(clippy::print_stdout, reason = "this command prints")]

use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Instant;

use clap::Parser;
use simulation::figures::Figures;
use simulation::run::{self, Outcome, Seeds};
use simulation::town::Town;

#[cfg(planted)]
mod hunt;

/// Phones, servers, networks and disks in one thread, from one seed: nothing may be lost, doubled or seen
#[derive(Parser)]
struct Cli {
    /// How many seeds to run
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Plant this bug and look for it, in at most `--seeds` seeds; `all`: each of them in turn
    #[arg(long, value_name = "NAME")]
    planted: Option<String>,
    /// Threads [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
    /// Tell everything that happens in the first seed
    #[arg(long)]
    told: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let runtime = run::runtime()?;
    let town = Town::build(&runtime)?;
    if cli.told {
        let outcome = run::seed(cli.from, &town, &runtime, true);
        println!("{outcome:?}");
        return Ok(if outcome.violation.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    drop(runtime);
    let threads = cli.threads.unwrap_or_else(|| available_parallelism().map_or(2, usize::from));
    let seeds = Seeds { from: cli.from, count: cli.seeds, threads, until_found: false };
    let well = match cli.planted.as_deref() {
        None => look_for_violations(&town, seeds)?,
        #[cfg(planted)]
        Some(name) => hunt::hunt(&town, seeds, name)?,
        // This build has none, so one that has them does the rest.
        #[cfg(not(planted))]
        Some(_) => disk::replant::rerun("simulation")?.success(),
    };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs seeds that must end well.
fn look_for_violations(town: &Town, seeds: Seeds) -> anyhow::Result<bool> {
    let (mut figures, mut bad, mut twice) = (Figures::default(), 0, 0);
    let start = Instant::now();
    run::seeds(town, seeds, |outcome: &Outcome| {
        figures += outcome.figures;
        twice += u64::from(outcome.twice);
        if let Some(violation) = &outcome.violation {
            bad += 1;
            println!("seed {}: {violation}", outcome.seed);
        }
    })?;
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let speed = (seeds.count + twice) as f64 / seconds;
    println!("{figures}");
    println!(
        "seeds {} bad {bad} | {seconds:.1} s, {speed:.1} seeds a second on {} threads | {twice} run twice, traces {}",
        seeds.count,
        seeds.threads,
        if bad == 0 { "stable" } else { "see above" }
    );
    Ok(bad == 0)
}
