//! The server with its school, and the browser: one of each for all stories.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::devtools::Devtools;
use crate::page::Page;

/// The demo plays for some seconds; nobody waits longer than this for its next line.
const PATIENCE: Duration = Duration::from_mins(2);
/// The demo prints it; it is everybody's.
pub const PASSWORD: &str = "Qinghe-autumn-patrol-2026";
/// The week of the demo.
pub const WEEK: &str = "2026-W47";
/// Runs a program that ends with the pipe to its shell, however whoever holds the other end ends.
const TIED: &str = r#""$0" "$@" & exec >/dev/null; read -r _; kill "$!"; wait"#;

/// Server and browser.
#[derive(Debug)]
pub struct Stage {
    browser: Devtools,
    /// `http://127.0.0.1:…`
    base: String,
    school: String,
    /// The shell that ends the demo when it is dropped.
    _demo: Child,
}

/// Where pictures, prints and findings of the stories are left, `target/browser`.
pub fn output() -> PathBuf {
    workspace().join("target/browser")
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Stage {
    /// Starts the browser, builds the server and plays `xunke demo --unfinished`.
    pub fn set() -> anyhow::Result<Self> {
        let output = output();
        if output.exists() {
            std::fs::remove_dir_all(&output)?;
        }
        let scratch = output.join("scratch");
        std::fs::create_dir_all(&scratch)?;
        let scratch = scratch.canonicalize()?;
        let browser = Devtools::start(&scratch)?;

        let mut command = Command::new("sh");
        command.args(["-c", TIED]).arg(build()?).args(["demo", "--unfinished", "--listen", "127.0.0.1:0"]);
        let log = std::fs::File::create(scratch.join("demo.log"))?;
        command.env("TMPDIR", &scratch).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut demo = command.spawn().context("the demo starts")?;
        let (heard, lines) = mpsc::channel();
        let said = BufReader::new(demo.stdout.take().context("what the demo prints")?);
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                // The demo goes on printing whether anybody listens or not.
                let _ = heard.send(line);
            }
        });
        let mut school = None;
        loop {
            let line = lines.recv_timeout(PATIENCE).context("the demo ended early (see demo.log)")?;
            school = school.or_else(|| address(&line));
            if line.contains("Ctrl-C") {
                break;
            }
        }
        let (base, school) = school.context("the demo told where its school is")?;
        Ok(Self { browser, base, school, _demo: demo })
    }

    /// Somebody opens the browser, signed out.
    pub fn visitor(&mut self) -> anyhow::Result<Page<'_>> {
        Page::open(&mut self.browser, &self.base)
    }

    /// Somebody opens the browser and signs in.
    pub fn signed_in(&mut self, login: &str) -> anyhow::Result<Page<'_>> {
        let mut page = self.visitor()?;
        page.go("/sign-in")?;
        page.fill("#login", login)?;
        page.fill("#password", PASSWORD)?;
        page.click("登录")?;
        Ok(page)
    }

    /// Where a page of the school is.
    pub fn school(&self, rest: &str) -> String {
        format!("/schools/{}{rest}", self.school)
    }

    /// Where a page of the week is.
    pub fn week(&self, rest: &str) -> String {
        self.school(&format!("/weeks/{WEEK}{rest}"))
    }

    /// Where anybody reads what the school posts.
    pub fn posted(&self) -> String {
        format!("/p/{}", self.school)
    }
}

/// Server and school of an address in a line of the demo.
fn address(line: &str) -> Option<(String, String)> {
    let (before, after) = line.split_once("/schools/")?;
    let base = before.split_whitespace().last()?;
    Some((base.to_owned(), after.split('/').next()?.to_owned()))
}

/// Builds `xunke` beside these tests and gives its path.
fn build() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.ancestors().nth(2).context("a test lies in `deps` of its profile's folder")?;
    let target = folder.parent().context("the profile's folder lies in the target folder")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        // What Cargo tells the tests of their own package would have build scripts run again that watch it.
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
            cargo.env_remove(name);
        }
    }
    cargo.args(["build", "--quiet", "--package", "xunke-api", "--target-dir"]).arg(target);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    ensure!(cargo.current_dir(workspace()).status()?.success(), "the server does not build");
    Ok(folder.join("xunke"))
}
