//! Runs a proof again in a build that contains the planted bugs (`xunke_sync::planted`).

use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::Context as _;

/// Runs a package of this workspace with `--cfg planted` and the arguments of this process, and waits for it.
pub fn rerun(package: &str) -> anyhow::Result<ExitStatus> {
    anyhow::ensure!(!cfg!(planted), "this build contains the planted bugs already");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "run",
            "--quiet",
            "--profile",
            "planted",
            "--target-dir",
            "target/planted",
            "-p",
            package,
            "--",
        ])
        .args(std::env::args_os().skip(1))
        .env("RUSTFLAGS", format!("{flags} --cfg planted").trim_start())
        .current_dir(root)
        .status()
        .with_context(|| format!("running {package} with planted bugs"))
}
