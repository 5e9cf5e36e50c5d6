//! Proves that a power cut, a full disk and a failing one lose nothing that was acknowledged (`docs/reliability.md`).

use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};
use disk::proof::{Ground, power_cuts, trouble};
use disk::replant;
use xunke_sync::planted::Bug;

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    proof: Proof,
}

#[derive(Subcommand)]
enum Proof {
    /// Cut the power in the middle of pushes
    PowerCuts(CutRun),
    /// Fill the disk up, and make room again
    FullDisk(Stories),
    /// Let writes fail, or reads, and stop failing
    FailingDisk(Stories),
}

#[derive(Args)]
struct CutRun {
    /// How many cuts at least
    #[arg(long, default_value_t = 300)]
    cuts: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Servers at once
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Plant a bug and expect losses: `synchronous-normal`
    #[arg(long, value_name = "NAME", value_parser = bug)]
    planted: Option<Bug>,
}

#[derive(Args)]
struct Stories {
    /// How many stories
    #[arg(long, default_value_t = 30)]
    stories: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    from: u64,
}

fn bug(name: &str) -> Result<Bug, String> {
    let named = |bug: &Bug| bug.name() == name;
    Bug::ALL.iter().copied().find(named).ok_or_else(|| format!("there is no bug `{name}`"))
}

/// Plants the bug in this process, if this build contains it.
#[cfg(planted)]
fn plant(bug: Bug) -> bool {
    xunke_sync::planted::plant(Some(bug));
    true
}

#[cfg(not(planted))]
const fn plant(_: Bug) -> bool {
    false
}

#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
fn main() -> anyhow::Result<ExitCode> {
    let Cli { proof } = Cli::parse();
    let began = Instant::now();
    let ground =
        || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(Ground::prepare());
    let well = match proof {
        Proof::PowerCuts(CutRun { planted: Some(bug), .. }) if !plant(bug) => {
            return Ok(if replant::rerun("disk")?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Proof::PowerCuts(CutRun { cuts, from, jobs, planted }) => {
            let figures = power_cuts::run(&ground()?, from, cuts, jobs)?;
            println!("{figures} | {:.1} s", began.elapsed().as_secs_f64());
            // With a bug planted the proof is that the losses are seen.
            (figures.lost > 0) == planted.is_some()
        }
        Proof::FullDisk(stories) => tell(&ground()?, &stories, &[trouble::Trouble::Full], began)?,
        Proof::FailingDisk(stories) => {
            let both = [trouble::Trouble::FailingWrites, trouble::Trouble::FailingReads];
            tell(&ground()?, &stories, &both, began)?
        }
    };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells stories of each trouble; whether nothing was lost.
#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
fn tell(
    ground: &Ground,
    stories: &Stories,
    troubles: &[trouble::Trouble],
    began: Instant,
) -> anyhow::Result<bool> {
    let mut lost = 0;
    for trouble in troubles {
        let mut all = trouble::Seen::default();
        for seed in stories.from..stories.from + stories.stories {
            let seen = trouble::run(ground, *trouble, seed)?;
            all.acknowledged += seen.acknowledged;
            all.refused += seen.refused;
            all.lost += seen.lost;
        }
        let trouble::Seen { acknowledged, refused, lost: gone } = all;
        println!(
            "{trouble:?} stories {} acknowledged {acknowledged} refused {refused} lost {gone} | {:.1} s",
            stories.stories,
            began.elapsed().as_secs_f64()
        );
        lost += gone;
    }
    Ok(lost == 0)
}
