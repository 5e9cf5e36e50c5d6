//! Kills real servers, alone on SQLite and together on PostgreSQL, and counts what is lost: nothing may be.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use processes::kill::{self, Kills};
use processes::nodes::{self, Nodes};
use processes::{Report, server};

/// Stories of processes that die
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    story: Story,
}

#[derive(Subcommand)]
enum Story {
    /// `kill -9` of a server on SQLite under load, again and again
    Kill {
        /// How often
        #[arg(long, default_value_t = 200)]
        times: usize,
        /// Phones that push at once
        #[arg(long, default_value_t = 8)]
        phones: usize,
        /// Draws the moments
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Delete acknowledged writes behind the server's back: the run must fail
        #[arg(long)]
        sabotage: bool,
    },
    /// Two servers on one PostgreSQL: readers, repeated requests, and every part of it dying
    Nodes {
        /// Writes that a reader follows
        #[arg(long, default_value_t = 6000)]
        writes: usize,
        /// Put changes before places that readers have passed: the run must fail
        #[arg(long)]
        sabotage: bool,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let story = Cli::parse().story;
    let binary = server::build()?;
    let reports = match story {
        Story::Kill { times, phones, seed, sabotage } => {
            let report = kill::run(&binary, Kills { times, phones, seed, timed: true, sabotage }).await?;
            tell("kill", &report);
            say("A kill leaves the system's cache as it is: power cuts are another proof, `-p disk`.");
            vec![report]
        }
        Story::Nodes { writes, sabotage } => {
            nodes::run(&binary, Nodes { writes, sabotage, ..Nodes::default() }, tell).await?
        }
    };
    let well = reports.iter().all(|report| report.violations.is_empty());
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Most violations told of a story.
const TOLD: usize = 20;

fn tell(story: &str, Report { figures, violations }: &Report) {
    say(&format!("{story}: {figures}"));
    for violation in violations.iter().take(TOLD) {
        say(&format!("  VIOLATION {violation}"));
    }
    if let Some(more) = violations.len().checked_sub(TOLD).filter(|more| *more > 0) {
        say(&format!("  … and {more} more"));
    }
}

#[expect(clippy::print_stdout, reason = "this program prints its figures")]
fn say(text: &str) {
    println!("{text}");
}
