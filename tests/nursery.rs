//! Child processes that never outlive the tests, however the tests end.

use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{OnceLock, mpsc};

type Order = (Command, mpsc::Sender<io::Result<Child>>);

/// Starts a process that the kernel kills when this one ends, a panic or a SIGKILL included.
///
/// `PR_SET_PDEATHSIG` fires when the *thread* that started the child ends, so one that never ends starts them all.
pub fn spawn(mut command: Command) -> io::Result<Child> {
    static NURSERY: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    #[expect(unsafe_code, reason = "nothing safe asks the kernel to end the child with its parent")]
    // SAFETY: prctl is async-signal-safe and touches nothing of the parent.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
    let nursery = NURSERY.get_or_init(|| {
        let (orders, waiting) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in waiting {
                // Who ordered a child waits for it.
                let _ = answer.send(command.spawn());
            }
        });
        orders
    });
    let (answer, child) = mpsc::channel();
    nursery.send((command, answer)).map_err(io::Error::other)?;
    child.recv().map_err(io::Error::other)?
}

/// A port that a server can come back to after it was killed. It lies below those the kernel lends to outgoing
/// connections (32768 and up): a client that tries the port of a dead server again and again would sooner or later be
/// lent that very port, be connected to itself, and keep the server from it.
///
/// # Panics
///
/// If not one port of the range is free.
pub fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Suites that run at once begin at different places.
    let first = u16::try_from(std::process::id() % 10_000).expect("below 10,000");
    let mut ports = std::iter::repeat_with(|| {
        20_000 + first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(7)) % 12_000
    });
    ports
        .by_ref()
        .take(12_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_below_those_of_outgoing_connections_and_given_once() {
        let ports: Vec<u16> = std::iter::repeat_with(port).take(50).collect();
        let different: std::collections::BTreeSet<u16> = ports.iter().copied().collect();

        assert!(ports.iter().all(|port| (20_000..32_768).contains(port)), "{ports:?}");
        assert_eq!(different.len(), ports.len());
    }
}
