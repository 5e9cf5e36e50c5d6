//! The limits of the protocol (section 10). Every one is a default that a server may change.

use serde::{Deserialize, Serialize};

/// What one message may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most writes of one push.
    pub push_writes: usize,
    /// Most bytes of one push, decoded.
    pub push_bytes: usize,
    /// Most bytes of one write, as sent.
    pub write_bytes: usize,
    /// Deepest nesting of JSON.
    pub depth: usize,
    /// Most records of one page.
    pub page_records: usize,
    /// Records of a page when nobody asks for a number.
    pub page_default: usize,
    /// Bytes after which a page ends.
    pub page_bytes: usize,
    /// Longest `wait`, seconds.
    pub wait_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            push_writes: 500,
            push_bytes: 1024 * 1024,
            write_bytes: 64 * 1024,
            depth: 32,
            page_records: 1000,
            page_default: 500,
            page_bytes: 1024 * 1024,
            wait_seconds: 25,
        }
    }
}

/// Days a device keeps what was acknowledged (section 9.3).
pub const KEEP_ACKNOWLEDGED_DAYS: u32 = 30;

/// A claimed stamp may be this far ahead of the server's clock, milliseconds (section 2.2).
pub const CLAMP_MILLIS: i64 = 120_000;

/// The version of fields and types this build knows; sent as `schema` (section 10).
pub const SCHEMA: u32 = 1;
