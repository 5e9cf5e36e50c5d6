//! The binary `xunke`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;
use xunke_api::backup::{self, BackupFlags, RestoreFlags};
use xunke_api::config::{Config, Flags};
use xunke_api::demo::{self, Demo};
use xunke_api::verify::{self, LogCommand};
use xunke_api::{server, start};

#[cfg(planted)]
compile_error!("a build with planted bugs is no server");

// A write's values are made on one thread and freed on another; with mimalloc that took a tenth more of the processor and
// a third more memory (docs/performance.md).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Xunke 巡课: classroom patrols recorded offline, merged into the weekly patrol log
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(Flags),
    /// Back up database and keys, while the server runs or not
    Backup(BackupFlags),
    /// Put a backup back; the server must be stopped, and what is there is kept aside
    Restore(RestoreFlags),
    /// Play a school's week on the real server, then keep serving it
    Demo(Demo),
    /// What was published
    #[command(subcommand)]
    Log(LogCommand),
    /// Print the OpenAPI document
    Openapi,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Serve(flags) => {
            let config = Config::read(flags)?;
            log_to_stderr(&config.log)?;
            start::serve(config).await?;
        }
        Command::Backup(flags) => return backup::run_backup(flags).await,
        Command::Restore(flags) => return backup::run_restore(flags).await,
        Command::Demo(options) => {
            log_to_stderr("warn")?;
            demo::run(options).await?;
        }
        Command::Log(command) => return verify::run(command).await,
        Command::Openapi => print_document()?,
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "this command prints")]
fn print_document() -> anyhow::Result<()> {
    println!("{}", server::document().to_pretty_json()?);
    Ok(())
}

fn log_to_stderr(level: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("warn,xunke_api={level},xunke_storage={level},xunke={level}"))?;
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).with_env_filter(filter).init();
    Ok(())
}
