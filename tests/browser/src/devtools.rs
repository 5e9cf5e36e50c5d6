//! Chromium, and the `DevTools` protocol over two pipes.
//!
//! Spoken by hand: a dozen of its commands are needed, and the crates that know all of it bring tens of thousands of
//! generated lines. With pipes there is no port, and the browser ends with
//! them when this process does.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

/// Nobody waits longer than this for the browser.
const PATIENCE: Duration = Duration::from_secs(30);
/// What Chromium is called, in Debian and elsewhere.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// The browser reads from 3 and writes to 4; 0 and 1 are what a child can be given pipes for.
const PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>&2"#;

/// A running browser.
#[derive(Debug)]
pub struct Devtools {
    /// Held so that its process is ours to end.
    child: Child,
    commands: ChildStdin,
    messages: mpsc::Receiver<Value>,
    last: u64,
    /// What the browser told of its own accord, and nobody has taken yet.
    events: VecDeque<Value>,
}

impl Devtools {
    /// Starts Chromium with a profile in `folder`, which must be fresh.
    ///
    /// # Errors
    ///
    /// If there is no Chromium; a check that is skipped where it cannot run is none.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let chromium = NAMES.into_iter().find(|name| answers(name)).context(
            "no Chromium here: `apt-get install chromium fonts-noto-cjk`, or run ./test, which installs it",
        )?;
        let mut command = Command::new("sh");
        command.args(["-c", PIPES, chromium]);
        command.args([
            "--headless",
            "--remote-debugging-pipe",
            // What is tested is our own page, and containers allow no sandbox to root.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--lang=zh-CN",
            "--accept-lang=zh-CN",
        ]);
        command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        let log = std::fs::File::create(folder.join("chromium.log"))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().context("Chromium starts")?;
        let commands = child.stdin.take().context("the pipe to the browser")?;
        let messages = listen(child.stdout.take().context("the pipe from the browser")?);
        let mut browser = Self { child, commands, messages, last: 0, events: VecDeque::new() };
        browser.call("", "Browser.getVersion", &json!({})).context("Chromium answers (see chromium.log)")?;
        Ok(browser)
    }

    /// Gives a command to a session, or with an empty one to the browser; waits for the answer.
    pub fn call(&mut self, session: &str, method: &str, params: &Value) -> anyhow::Result<Value> {
        self.last += 1;
        let id = self.last;
        let mut message = json!({"id": id, "method": method, "params": params});
        if !session.is_empty() {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.commands.write_all(&bytes).context("the browser has gone")?;
        let until = Instant::now() + PATIENCE;
        loop {
            let mut message = self.next(until).with_context(|| format!("waiting for {method}"))?;
            if message["id"] == id {
                if let Some(error) = message.get("error") {
                    bail!("{method}: {error}");
                }
                return Ok(message["result"].take());
            }
            self.events.push_back(message);
        }
    }

    /// Waits for an event of a session and takes it; those before it stay.
    pub fn wait_for(&mut self, session: &str, event: &str) -> anyhow::Result<Value> {
        let until = Instant::now() + PATIENCE;
        let wanted = |message: &Value| message["sessionId"] == session && message["method"] == event;
        loop {
            if let Some(place) = self.events.iter().position(wanted) {
                return self.events.remove(place).context("it was just there");
            }
            let message = self.next(until).with_context(|| format!("waiting for {event}"))?;
            self.events.push_back(message);
        }
    }

    /// Takes all events of a session with this name that have come so far.
    pub fn take(&mut self, session: &str, event: &str) -> Vec<Value> {
        let wanted = |message: &Value| message["sessionId"] == session && message["method"] == event;
        let (taken, kept) = self.events.drain(..).partition(wanted);
        self.events = kept;
        Vec::from_iter::<VecDeque<Value>>(taken)
    }

    fn next(&mut self, until: Instant) -> anyhow::Result<Value> {
        let left = until.saturating_duration_since(Instant::now());
        self.messages.recv_timeout(left).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => anyhow!("not within {} s", PATIENCE.as_secs()),
            mpsc::RecvTimeoutError::Disconnected => anyhow!("the browser has ended"),
        })
    }
}

impl Drop for Devtools {
    fn drop(&mut self) {
        // It ends with its pipe in any case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answers(name: &str) -> bool {
    let mut command = Command::new(name);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Messages end with a zero byte.
fn listen(pipe: ChildStdout) -> mpsc::Receiver<Value> {
    let (heard, messages) = mpsc::channel();
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while pipe.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
            bytes.pop();
            let message = serde_json::from_slice(&bytes).unwrap_or_default();
            if heard.send(message).is_err() {
                return;
            }
            bytes.clear();
        }
    });
    messages
}
