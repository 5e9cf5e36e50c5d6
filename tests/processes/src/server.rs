//! The binary `xunke`: built, started, waited for, killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use e2e::nursery;

use crate::http::Http;

/// A server may take this long from its start to the first write it takes; a promise of the product.
pub const READY: Duration = Duration::from_secs(5);
/// Nobody waits longer than this for a server that does not come.
const PATIENCE: Duration = Duration::from_mins(1);

/// Builds `xunke` in this program's own profile and gives its path.
pub fn build() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let mut folder = here.parent().context("a program lies in a folder")?;
    // Tests lie one deeper than programs.
    if folder.ends_with("deps") {
        folder = folder.parent().context("`deps` lies in the profile's folder")?;
    }
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let target = folder.parent().context("the profile's folder lies in the target folder")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        // What Cargo tells the tests of their own package would have build scripts run again that watch it.
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
            cargo.env_remove(name);
        }
    }
    let built = cargo
        .args(["build", "--quiet", "--package", "xunke-api", "--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .status()
        .context("cargo")?;
    ensure!(built.success(), "the server does not build");
    let binary = folder.join("xunke");
    ensure!(binary.exists(), "{} is not there", binary.display());
    Ok(binary)
}

/// A server process, started again and again on the same data and port.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    /// Its data folder; what it prints lies in it too.
    folder: PathBuf,
    arguments: Vec<String>,
    port: u16,
    child: Option<Child>,
    started: Instant,
}

impl Server {
    /// A server that has not been started. `arguments` follow `serve --data … --listen …`.
    pub fn new(binary: &Path, folder: &Path, arguments: Vec<String>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            arguments,
            port: nursery::port(),
            child: None,
            started: Instant::now(),
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts the process.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let log =
            |name: &str| std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join(name));
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            // Settings of whoever runs this are not the story's.
            if name == "DATABASE_URL" || name.to_string_lossy().starts_with("XUNKE_") {
                command.env_remove(name);
            }
        }
        command.arg("serve").arg("--data").arg(&self.folder);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port)]).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(log("stdout")?).stderr(log("stderr")?);
        self.started = Instant::now();
        self.child = Some(nursery::spawn(command).context("the server starts")?);
        Ok(())
    }

    /// Waits until it takes writes; gives the time since its start.
    pub async fn ready(&mut self, http: &Http) -> anyhow::Result<Duration> {
        while self.started.elapsed() < PATIENCE {
            if http.get(&self.url(), "/readyz", "").await.is_ok_and(|answer| answer.status == 200) {
                return Ok(self.started.elapsed());
            }
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                bail!("the server ended by itself ({status}): {}", self.said("stderr"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("the server is not ready after {} s: {}", PATIENCE.as_secs(), self.said("stderr"))
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// The set-up code it printed at its first start.
    pub fn setup_code(&self) -> anyhow::Result<String> {
        let said = self.said("stdout");
        let code = said.split("(valid once): ").nth(1).and_then(|rest| rest.split_whitespace().next());
        Ok(code.context("the server printed no set-up code")?.to_owned())
    }

    /// What it logged as errors: a request that failed, a panic.
    pub fn errors(&self) -> Vec<String> {
        let said = self.said("stderr");
        let errors = said.lines().filter(|line| line.contains("\"ERROR\"") || line.contains("panicked"));
        errors.map(str::to_owned).collect()
    }

    fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It dies with this process in any case.
        let _ = self.kill();
    }
}
