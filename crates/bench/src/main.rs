//! Measures the server beside a hand-written minimum: `cargo run --release -p bench`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench::district::{self, Timed};
use bench::fairness::{self, Fair};
use bench::figures::Figures;
use bench::instructions::{self, Piece};
use bench::nodes::{self, Taken};
use bench::run::{Options, Sizes, run};
use bench::subject::Kind;
use bench::workload::Workload;
use bench::{growth, minimum, table};
use clap::{Args, Parser, Subcommand, ValueEnum};
use xunke_api::config::{Config, Flags};
use xunke_api::start;

// As the server's own binary has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Five workloads on the real server and, in the same run, on a hand-written minimum
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    measure: Measure,
}

/// What else there is to measure; and the servers under test, which are this program, started again.
#[derive(Subcommand)]
enum Other {
    /// One school with more and more visits, copied into the database: what stays flat?
    Growth {
        /// Visits, a run each
        #[arg(long, value_delimiter = ',', default_values_t = [20_000, 100_000, 1_000_000])]
        sizes: Vec<usize>,
        /// The server's database
        #[arg(long, value_enum, default_value = "sqlite")]
        database: Database,
    },
    /// Polite phones, alone and beside a device that sends all it can
    Fairness {
        /// Seconds of each part
        #[arg(long, default_value_t = 15)]
        seconds: u64,
        /// The server's database
        #[arg(long, value_enum, default_value = "sqlite")]
        database: Database,
        /// How often
        #[arg(long, default_value_t = 3)]
        repeats: usize,
    },
    /// One node on PostgreSQL, and two
    Nodes {
        /// Schools, with a phone each
        #[arg(long, default_value_t = 16)]
        schools: usize,
        /// Visits of each part, over all schools
        #[arg(long, default_value_t = 19_200)]
        visits: usize,
        /// How often
        #[arg(long, default_value_t = 3)]
        repeats: usize,
    },
    /// A district's page over many schools and weeks
    District {
        /// Schools
        #[arg(long, default_value_t = 500)]
        schools: usize,
        /// On which database
        #[arg(long, value_enum, default_value = "both")]
        database: Database,
    },
    /// Instructions of the pieces, under callgrind
    Instructions {
        /// Pieces [default: all]
        #[arg(long, value_enum, value_delimiter = ',')]
        piece: Vec<Piece>,
    },
    /// Do one piece
    #[command(hide = true)]
    Exercise {
        #[arg(value_enum)]
        piece: Piece,
        /// And not only what comes before it
        #[arg(long)]
        work: bool,
    },
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

impl Database {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Sqlite => &[Kind::Sqlite],
            Self::Postgres => &[Kind::Postgres],
            Self::Both => &[Kind::Sqlite, Kind::Postgres],
        }
    }
}

fn main() -> anyhow::Result<()> {
    let Cli { other, measure } = Cli::parse();
    let program = std::env::current_exe()?;
    match other {
        None => measured(measure, program),
        Some(Other::Growth { sizes, database }) => grown(&program, &sizes, database),
        Some(Other::Fairness { seconds, database, repeats }) => {
            let time = Duration::from_secs(seconds);
            fair(&program, time, database, repeats)
        }
        Some(Other::Nodes { schools, visits, repeats }) => {
            beside(&nodes::Options { program, schools, visits, repeats })
        }
        Some(Other::District { schools, database }) => side_by_side(&program, schools, database),
        Some(Other::Instructions { piece }) => counted(&program, &piece),
        Some(Other::Exercise { piece, work }) => piece.exercise(work),
        Some(Other::Serve(flags)) => serving()?.block_on(async { start::serve(Config::read(flags)?).await }),
        Some(Other::Minimum { data, listen }) => serving()?.block_on(minimum::serve(&data, listen)),
    }
}

fn serving() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

#[expect(clippy::print_stdout, reason = "this command prints")]
fn grown(program: &Path, sizes: &[usize], database: Database) -> anyhow::Result<()> {
    for kind in database.kinds() {
        let options =
            growth::Options { program: program.to_owned(), kind: *kind, sizes: sizes.to_vec(), times: 20 };
        println!("{}:", kind.name());
        let all = growth::run(&options, |grown| {
            println!("{} visits copied in {:.0} s, {} MiB", grown.visits, grown.grown_in, grown.on_disk);
        })?;
        println!("\n{}", growth::markdown(&all));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this command prints")]
fn fair(program: &Path, time: Duration, database: Database, repeats: usize) -> anyhow::Result<()> {
    for kind in database.kinds() {
        let options = fairness::Options { program: program.to_owned(), kind: *kind, time, repeats, made: 30 };
        let name = kind.name();
        fairness::run(&options, |fair| {
            let Fair { alone, beside, abusive } = fair;
            let told = |figures: &Figures| {
                let Figures { rate, p50, p99, .. } = figures;
                format!("{rate:.0} a second, p50 {p50:.1} p99 {p99:.1} ms")
            };
            println!(
                "{name}: polite alone {}; beside {}; p99 × {:.2}; the abusive device got {abusive:.0} visits a second \
                 through",
                told(alone),
                told(beside),
                fair.ratio()
            );
        })?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this command prints")]
fn beside(options: &nodes::Options) -> anyhow::Result<()> {
    let told = |taken: &Taken| {
        let Taken { rate, nodes, postgres, load } = taken;
        format!(
            "{rate:.0} visits a second (cores: nodes {nodes:.2}, PostgreSQL {postgres:.2}, load {load:.2})"
        )
    };
    let cores = std::thread::available_parallelism()?;
    nodes::run(options, |beside| {
        let (one, two) = (told(&beside.one), told(&beside.two));
        println!("one node {one}; two {two}; × {:.2} on {cores} cores", beside.ratio());
    })?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this command prints")]
fn side_by_side(program: &Path, schools: usize, database: Database) -> anyhow::Result<()> {
    for kind in database.kinds() {
        for Timed { what, first, middle, slowest, bytes } in district::run(program, *kind, schools)? {
            println!(
                "{}, {schools} schools, {what}: first {first:.0}, then {middle:.0} (slowest {slowest:.0}) ms, {bytes} bytes",
                kind.name()
            );
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this command prints")]
fn counted(program: &Path, pieces: &[Piece]) -> anyhow::Result<()> {
    println!("| instructions under callgrind | each |\n|---|---|");
    for piece in if pieces.is_empty() { &Piece::ALL } else { pieces } {
        let count = instructions::count(program, *piece)?;
        println!("| {} | {count} |", piece.what().0);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this command prints")]
fn measured(measure: Measure, this: PathBuf) -> anyhow::Result<()> {
    let Measure { workload, database, phones, visits, polls, singles, edits, repeats, seed, program, out } =
        measure;
    let all = [Workload::W1, Workload::W2, Workload::W3, Workload::W4, Workload::W5];
    let workloads = if workload.is_empty() { all.into() } else { workload.into_iter().collect() };
    let options = Options {
        program: program.unwrap_or(this),
        kinds: database.kinds().iter().copied().collect(),
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
