//! PostgreSQL servers of the tests' own.
//!
//! [`server`] gives one for the suite: started once, no durability, gone with the process; `TEST_POSTGRES_URL` may name
//! a running server (`postgres://user@host:port`) instead. A [`Private`] one can be stopped and started again.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::nursery;

/// The suite's server's address without a database.
pub fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    static PRIVATE: OnceLock<Private> = OnceLock::new();
    SERVER.get_or_init(|| {
        let given = std::env::var("TEST_POSTGRES_URL");
        given.unwrap_or_else(|_| PRIVATE.get_or_init(|| Private::start(Durability::None)).url())
    })
}

/// What a commit is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Fast; a crash loses everything.
    None,
    /// As PostgreSQL comes: `fsync`, `synchronous_commit` and `full_page_writes` are on.
    Full,
}

/// A server of one's own, on a port that stays the same, gone when dropped.
#[derive(Debug)]
pub struct Private {
    folder: tempfile::TempDir,
    port: u16,
    durability: Durability,
    child: Option<Child>,
}

impl Private {
    /// Makes a database cluster in a temporary folder and starts it.
    ///
    /// # Panics
    ///
    /// If there is no PostgreSQL on this machine, or it does not start.
    pub fn start(durability: Durability) -> Self {
        let folder = tempfile::Builder::new().prefix("xunke-pg-").tempdir().expect("a temporary folder");
        let mut private = Self { folder, port: nursery::port(), durability, child: None };
        private.make();
        private.start_again();
        private
    }

    /// The address without a database.
    pub fn url(&self) -> String {
        format!("postgres://xunke@127.0.0.1:{}", self.port)
    }

    /// The id of its first process; none while it is stopped.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends it without a checkpoint, so that the next start recovers.
    pub fn stop_at_once(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let mut stop = program("pg_ctl");
        stop.args(["stop", "-s", "-m", "immediate", "-D"]).arg(self.data());
        // SIGKILL would leave its shared memory behind, so it is the second choice.
        if !stop.status().is_ok_and(|status| status.success()) {
            let _ = child.kill();
        }
        let _ = child.wait();
    }

    /// Starts it on what is there; comes back when it has recovered and takes connections.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_again(&mut self) {
        let mut server = program("postgres");
        server.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-h", "127.0.0.1"]);
        for setting in ["unix_socket_directories=", "max_connections=300"] {
            server.args(["-c", setting]);
        }
        if self.durability == Durability::None {
            for quick in ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] {
                server.args(["-c", quick]);
            }
        }
        server.stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(nursery::spawn(server).expect("postgres starts"));
        let mut ready = program("pg_isready");
        ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        let answers = (0..1200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            ready.status().is_ok_and(|status| status.success())
        });
        assert!(answers, "PostgreSQL did not answer within a minute");
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn make(&self) {
        if owner_of_postgres().is_some() {
            let given = Command::new("chown").arg("postgres").arg(self.folder.path()).status();
            assert!(given.is_ok_and(|status| status.success()), "the folder is given to postgres");
        }
        let mut initdb = program("initdb");
        initdb
            .args(["--no-sync", "-A", "trust", "-U", "xunke", "-E", "UTF8", "--locale=C", "-D"])
            .arg(self.data());
        let made = initdb.stdout(Stdio::null()).stderr(Stdio::piped()).output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.stop_at_once();
    }
}

/// A program of PostgreSQL's. As root it must run as somebody else.
fn program(name: &str) -> Command {
    let mut command = Command::new(binaries().join(name));
    command.current_dir("/");
    if let Some((uid, gid)) = owner_of_postgres() {
        command.uid(uid).gid(gid);
    }
    command
}

fn binaries() -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is needed for the tests: run ./test, which installs it")
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().expect("a PostgreSQL server under /usr/lib/postgresql")
}

fn owner_of_postgres() -> Option<(u32, u32)> {
    let id = |flag: &str| {
        let output = Command::new("id").args([flag, "postgres"]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    root.then(|| id("-u").zip(id("-g"))).flatten()
}
