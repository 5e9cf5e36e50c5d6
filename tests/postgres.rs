//! A private PostgreSQL for the suite: started once, no durability, gone with the process.
//!
//! `TEST_POSTGRES_URL` may name a running server (`postgres://user@host:port`) instead.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// The server's address without a database, or why there is none.
pub fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| start()))
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

fn start() -> String {
    let (send, receive) = std::sync::mpsc::channel();
    // PDEATHSIG fires when the *thread* that spawned the child ends, so this one never does.
    std::thread::spawn(move || {
        let folder = tempfile::Builder::new().prefix("xunke-pg-").tempdir().expect("a temporary folder");
        let (url, mut child) = spawn(folder.path());
        send.send(url).expect("the suite waits for the address");
        let _ = child.wait();
    });
    receive.recv().expect("PostgreSQL starts")
}

/// As root the server must run as somebody else.
fn unprivileged(command: &mut Command, owner: Option<(u32, u32)>) {
    if let Some((uid, gid)) = owner {
        command.uid(uid).gid(gid);
    }
}

fn owner_of_postgres() -> Option<(u32, u32)> {
    let id = |flag: &str| {
        let output = Command::new("id").args([flag, "postgres"]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    root.then(|| id("-u").zip(id("-g"))).flatten()
}

fn spawn(folder: &Path) -> (String, std::process::Child) {
    let (bin, owner) = (binaries(), owner_of_postgres());
    let data = folder.join("data");
    if owner.is_some() {
        let given = Command::new("chown").arg("postgres").arg(folder).status();
        assert!(given.is_ok_and(|status| status.success()), "the folder is given to postgres");
    }
    let mut initdb = Command::new(bin.join("initdb"));
    initdb.args(["--no-sync", "-A", "trust", "-U", "xunke", "-E", "UTF8", "--locale=C", "-D"]).arg(&data);
    initdb.current_dir("/").stdout(Stdio::null()).stderr(Stdio::piped());
    unprivileged(&mut initdb, owner);
    let made = initdb.output().expect("initdb runs");
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));

    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let mut server = Command::new(bin.join("postgres"));
    server.arg("-D").arg(&data).args([
        "-p",
        &port.to_string(),
        "-h",
        "127.0.0.1",
        "-c",
        "unix_socket_directories=",
    ]);
    for quick in ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"] {
        server.args(["-c", quick]);
    }
    server.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
    unprivileged(&mut server, owner);
    #[expect(unsafe_code, reason = "the server must not outlive a suite that is killed")]
    // SAFETY: prctl is async-signal-safe and touches nothing of the parent.
    unsafe {
        server.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
    let child = server.spawn().expect("postgres starts");
    let answers = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    assert!(answers, "PostgreSQL did not answer within ten seconds");
    (format!("postgres://xunke@127.0.0.1:{port}"), child)
}
