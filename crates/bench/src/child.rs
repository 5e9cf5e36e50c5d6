//! A server in a process of its own, so that what it burns can be told from what its clients burn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use e2e::nursery;

use crate::http::{Connection, request};

/// Nobody waits longer for a server that does not come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server; gone when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: PathBuf,
    /// `127.0.0.1:port`.
    pub address: String,
}

impl Server {
    /// Starts this program again as a server: `arguments` are followed by `--listen` and an address.
    /// `check`: a path that answers 200 once it is ready.
    pub fn start(program: &Path, folder: &Path, arguments: &[&str], check: &str) -> anyhow::Result<Self> {
        let address = format!("127.0.0.1:{}", nursery::port());
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            // Settings of whoever runs this are not the benchmark's.
            if name == "DATABASE_URL" || name.to_string_lossy().starts_with("XUNKE_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).args(["--listen", &address]).stdin(Stdio::null());
        command.stdout(fs::File::create(folder.join("stdout"))?);
        command.stderr(fs::File::create(folder.join("stderr"))?);
        let child = nursery::spawn(command).context("the server starts")?;
        let mut server = Self { child, folder: folder.to_owned(), address };
        server.wait(check)?;
        Ok(server)
    }

    fn wait(&mut self, check: &str) -> anyhow::Result<()> {
        let (began, asked) = (Instant::now(), request("GET", check, "", "", b""));
        while began.elapsed() < PATIENCE {
            let answer = Connection::open(&self.address).and_then(|mut to| to.exchange(&asked));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended by itself ({status}): {}", self.said("stderr"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("the server is not ready: {}", self.said("stderr"))
    }

    /// What it printed on `stdout` or `stderr`.
    pub fn said(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// Processor time it has burnt since it started, its own and the kernel's for it.
    pub fn burnt(&self) -> anyhow::Result<Duration> {
        Ok(burnt_by(self.child.id())?.0)
    }

    /// Begins to look for the peak of its memory anew.
    pub fn forget_peak(&self) -> anyhow::Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// The peak of its memory since then, MiB.
    pub fn peak(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes / 1024)
    }
}

/// Processor time a process has burnt, and that of its children which have ended.
pub fn burnt_by(process: u32) -> anyhow::Result<(Duration, Duration)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program, in brackets, may hold anything; the numbers follow it.
    let numbers = stat.rsplit_once(") ").context("/proc/…/stat")?.1;
    let ticks = |place: usize| -> anyhow::Result<u64> {
        Ok(numbers.split(' ').nth(place).context("/proc/…/stat")?.parse()?)
    };
    let time = |ticks: u64| Duration::from_millis(ticks * 1000 / ticks_a_second());
    Ok((time(ticks(11)? + ticks(12)?), time(ticks(13)? + ticks(14)?)))
}

impl Drop for Server {
    fn drop(&mut self) {
        terminate(&self.child);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tells it to stop in good order, as a profiler around it needs.
fn terminate(child: &Child) {
    let Ok(id) = libc::pid_t::try_from(child.id()) else { return };
    #[expect(unsafe_code, reason = "nothing safe sends SIGTERM")]
    // SAFETY: kill touches no memory, and the child has not been waited for, so its id is still its own.
    unsafe {
        libc::kill(id, libc::SIGTERM);
    }
}

fn ticks_a_second() -> u64 {
    #[expect(unsafe_code, reason = "nothing safe asks for the length of a tick")]
    // SAFETY: sysconf only reads a constant of the system.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).unwrap_or(100)
}
