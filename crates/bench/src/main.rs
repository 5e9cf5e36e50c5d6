//! Measures the server beside a hand-written minimum: `cargo run --release -p bench`.

use std::net::SocketAddr;
use std::path::PathBuf;

use bench::run::{Options, Sizes, run};
use bench::subject::Kind;
use bench::workload::Workload;
use bench::{minimum, table};
use clap::{Args, Parser, Subcommand, ValueEnum};
use xunke_api::config::{Config, Flags};
use xunke_api::start;

// As the server's own binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Five workloads on the real server and, in the same run, on a hand-written minimum
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    server: Option<Server>,
    #[command(flatten)]
    measure: Measure,
}

/// The servers under test are this program, started again.
#[derive(Subcommand)]
enum Server {
    /// Be the real server
    #[command(hide = true)]
    Serve(Flags),
    /// Be the minimum
    #[command(hide = true)]
    Minimum {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        listen: SocketAddr,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
    Both,
}

#[derive(Args)]
struct Measure {
    /// Workloads [default: all]
    #[arg(long, value_enum, ignore_case = true, value_delimiter = ',')]
    workload: Vec<Workload>,
    /// The server's database; PostgreSQL is started for the run
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Database,
    /// Phones
    #[arg(long, default_value_t = 40)]
    phones: usize,
    /// Visits of W1 and W2
    #[arg(long, default_value_t = 20_000)]
    visits: usize,
    /// Requests of W3
    #[arg(long, default_value_t = 40_000)]
    polls: usize,
    /// Visits of W4
    #[arg(long, default_value_t = 4_000)]
    singles: usize,
    /// Visits edited in W5
    #[arg(long, default_value_t = 5_000)]
    edits: usize,
    /// How often, each time on new servers; medians are told
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Draws the visits
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The servers' program, if another than this one: an older build, or one under a profiler
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Also write the table to this file, and every run as JSON beside it
    #[arg(long, value_name = "FILE.md")]
    out: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse() {
        Cli { server: Some(server), .. } => be(server),
        Cli { server: None, measure } => measured(measure),
    }
}

#[tokio::main]
async fn be(server: Server) -> anyhow::Result<()> {
    match server {
        Server::Serve(flags) => start::serve(Config::read(flags)?).await,
        Server::Minimum { data, listen } => minimum::serve(&data, listen).await,
    }
}

#[expect(clippy::print_stdout, reason = "this command prints")]
fn measured(measure: Measure) -> anyhow::Result<()> {
    let Measure { workload, database, phones, visits, polls, singles, edits, repeats, seed, program, out } =
        measure;
    let kinds = match database {
        Database::Sqlite => [Kind::Sqlite].into(),
        Database::Postgres => [Kind::Postgres].into(),
        Database::Both => [Kind::Sqlite, Kind::Postgres].into(),
    };
    let all = [Workload::W1, Workload::W2, Workload::W3, Workload::W4, Workload::W5];
    let workloads = if workload.is_empty() { all.into() } else { workload.into_iter().collect() };
    let options = Options {
        program: program.map_or_else(std::env::current_exe, Ok)?,
        kinds,
        workloads,
        sizes: Sizes { phones, visits, polls, singles, edits },
        repeats,
        seed,
    };
    let report = run(&options, |workload, kind, figures| {
        println!("{workload:?} {}: {:.0} a second, {:.1} ms CPU", kind.name(), figures.rate, figures.cpu);
    })?;
    let text = table::markdown(&options, &report);
    println!("\n{text}");
    if let Some(out) = out {
        std::fs::write(&out, &text)?;
        let document = table::document(&options, &report);
        std::fs::write(out.with_extension("json"), serde_json::to_string_pretty(&document)?)?;
    }
    Ok(())
}
