//! A client that costs next to nothing: requests are bytes made beforehand, answers are read as they come, and a
//! connection is kept. What the load generator burns is missing from the server under test: they share two cores.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A kept connection, with the body of the answer read last.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    /// The body as it came over the wire, still compressed if it was.
    pub body: Vec<u8>,
}

/// The head of an answer, and how long it took until all of it was there.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// From the first byte sent to the last byte received.
    pub took: Duration,
}

/// A request as bytes. `encoding`: what the answer may be compressed with; empty: nothing.
pub fn request(method: &str, path: &str, token: &str, encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut lines = vec![format!("{method} {path} HTTP/1.1"), "host: xunke".to_owned()];
    if !token.is_empty() {
        lines.push(format!("authorization: Bearer {token}"));
    }
    if !encoding.is_empty() {
        lines.push(format!("accept-encoding: {encoding}"));
    }
    if !body.is_empty() {
        lines.push(format!("content-type: application/json\r\ncontent-length: {}", body.len()));
    }
    let head = format!("{}\r\n\r\n", lines.join("\r\n"));
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

impl Connection {
    /// Connects to `127.0.0.1:port`.
    pub fn open(address: &str) -> anyhow::Result<Self> {
        let address = address.to_socket_addrs()?.next().context("an address")?;
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(64 * 1024, stream), body: Vec::new() })
    }

    /// Sends a request and reads the answer whole.
    pub fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let began = Instant::now();
        self.stream.get_mut().write_all(request)?;
        let mut line = Vec::new();
        self.line(&mut line)?;
        let status = std::str::from_utf8(&line)?.split(' ').nth(1).context("a status line")?.parse()?;
        let (mut length, mut chunked) = (0_usize, false);
        loop {
            self.line(&mut line)?;
            if line.is_empty() {
                break;
            }
            let header = std::str::from_utf8(&line)?;
            let (name, value) = header.split_once(':').context("a header")?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
        self.body.clear();
        if chunked {
            loop {
                self.line(&mut line)?;
                let size = usize::from_str_radix(std::str::from_utf8(&line)?.trim(), 16)?;
                self.take(size)?;
                self.line(&mut line)?;
                if size == 0 {
                    break;
                }
            }
        } else {
            self.take(length)?;
        }
        Ok(Answer { status, took: began.elapsed() })
    }

    /// The same for an answer that must have this status; gives its body as JSON.
    pub fn json(&mut self, request: &[u8], status: u16) -> anyhow::Result<Value> {
        let answer = self.exchange(request)?;
        let said = String::from_utf8_lossy(&self.body);
        anyhow::ensure!(answer.status == status, "the server answered {} {said}", answer.status);
        if self.body.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&self.body)?) }
    }

    fn line(&mut self, line: &mut Vec<u8>) -> anyhow::Result<()> {
        line.clear();
        self.stream.read_until(b'\n', line)?;
        anyhow::ensure!(line.ends_with(b"\r\n"), "the connection was cut");
        line.truncate(line.len() - 2);
        Ok(())
    }

    fn take(&mut self, size: usize) -> anyhow::Result<()> {
        let wanted = u64::try_from(size)?;
        let read = self.stream.by_ref().take(wanted).read_to_end(&mut self.body)?;
        anyhow::ensure!(read == size, "the connection was cut");
        Ok(())
    }
}
