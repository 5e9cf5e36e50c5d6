//! Reads a stream as a phone does, page by page, and counts what comes.

use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::http::{Connection, request};

/// What reading to the end gave.
#[derive(Debug, Default)]
pub struct Read {
    /// Where the next read goes on.
    pub cursor: String,
    /// The stream's head.
    pub head: i64,
    /// Records that are alive.
    pub records: usize,
    /// Visits among them.
    pub visits: usize,
    /// Bytes of the pages on the wire.
    pub bytes: usize,
    /// Whether they were compressed.
    pub encoded: bool,
    /// Waited for each page.
    pub took: Vec<Duration>,
}

/// Records of a page.
pub const PAGE: usize = 500;

/// The path of the page of so many records after a cursor; empty: from zero.
pub fn path(stream: &str, cursor: &str, page: usize) -> String {
    let cursor = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
    format!("/api/v1/sync/changes?stream={stream}&limit={page}{cursor}")
}

/// Reads a stream from zero to the end.
pub fn read(address: &str, stream: &str, token: &str, page: usize, encoding: &str) -> anyhow::Result<Read> {
    let mut connection = Connection::open(address)?;
    let mut read = Read::default();
    loop {
        let path = path(stream, &read.cursor, page);
        let answer = connection.exchange(&request("GET", &path, token, encoding, b""))?;
        ensure!(answer.status == 200, "{path} was answered {}", answer.status);
        read.took.push(answer.took);
        read.bytes += connection.body.len();
        let page = unpacked(&connection.body)?;
        read.encoded |= page.len() != connection.body.len();
        read.records += page.matches(r#""life":"alive""#).count();
        read.visits += page.matches(r#""type":"visit""#).count();
        // The members after the changes, which end the page.
        let tail = page.rsplit_once(r#"],"cursor""#).context("a page ends with its cursor")?.1;
        let tail: Value = serde_json::from_str(&format!(r#"{{"cursor"{tail}"#))?;
        // The minimum's cursor is a number as text, ours is opaque.
        tail["cursor"].as_str().context("a cursor")?.clone_into(&mut read.cursor);
        read.head = tail["head"].as_i64().context("a head")?;
        if tail["more"] == false {
            return Ok(read);
        }
    }
}

/// The text of a body, whatever it was compressed with.
pub fn unpacked(body: &[u8]) -> anyhow::Result<String> {
    let mut text = String::new();
    match body {
        [0x1f, 0x8b, ..] => flate2::read::GzDecoder::new(body).read_to_string(&mut text)?,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => zstd::Decoder::new(body)?.read_to_string(&mut text)?,
        plain => plain.take(u64::MAX).read_to_string(&mut text)?,
    };
    Ok(text)
}
