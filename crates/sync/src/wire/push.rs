//! What a device sends (protocol, section 4): an envelope that must be right, and writes that stand alone.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::flaw::{Flaw, pointer_join};
use xunke_domain::ids::SchoolId;

use crate::limits::Limits;
use crate::merge::Base;
use crate::record::{LastWrites, Seq, WriteId};
use crate::stamp::{DeviceId, Stamp};
use crate::strict_json;
use crate::wire::result::HeldReason;

/// A write as a device stores and sends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// Which write of the device, from 1.
    pub n: i64,
    /// The stream.
    pub stream: SchoolId,
    /// The record type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The record.
    pub record: Uuid,
    /// The seq the device had applied when the person edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Seq>,
    /// The claimed stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
    /// The last write of each other device that was in sight when the person edited; absent from a client that knows
    /// of no names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saw: Option<LastWrites>,
    /// Its name, if it was captured under another registration that a restored server had forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<WriteId>,
    /// The fields it sets.
    pub set: Fields,
}

impl Write {
    /// Its name, if `device` sends it.
    pub fn id(&self, device: DeviceId) -> WriteId {
        WriteId::of(device, self.n, self.born)
    }

    /// What it had seen.
    pub fn base(&self) -> Base {
        self.base.map_or(Base::Current, Base::Seen)
    }

    /// Tells one body from another under one `(device, n)`. Stamp and what was seen are left out: after a restore a
    /// device sends again under the stamps it was given (section 6), and that is the same write.
    pub fn body_hash(&self) -> String {
        self.body_hash_over(&self.set_json())
    }

    /// The fields it sets as JSON, in path order.
    pub fn set_json(&self) -> String {
        serde_json::to_string(&self.set).unwrap_or_default()
    }

    /// The same hash, for whoever has [`Write::set_json`] already.
    pub fn body_hash_over(&self, set_json: &str) -> String {
        let Self { n: _, stream, kind, record, base: _, stamp: _, saw: _, born: _, set: _ } = self;
        let named = serde_json::to_string(&(stream, kind, record)).unwrap_or_default();
        // What `(stream, kind, record, set)` is in JSON.
        let body = format!("{},{set_json}]", named.strip_suffix(']').unwrap_or(&named));
        hash(body.as_bytes())
    }
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Why a write cannot even be read; it is held as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The reason for the held list.
    pub reason: HeldReason,
    /// Where, and why.
    pub flaw: Flaw,
    /// The stream, if that much can be read: its people look at the write.
    pub stream: Option<SchoolId>,
}

/// A write as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrived {
    /// Which write of the device.
    pub n: i64,
    /// As sent, for the held list.
    pub raw: String,
    /// What it says, if it can be read.
    pub write: Result<Write, Unreadable>,
}

impl Arrived {
    /// See [`Write::body_hash`]; an unreadable write is told apart by the bytes of its members.
    pub fn body_hash(&self) -> String {
        self.write.as_ref().map_or_else(|_| hash(&said(&self.raw)), Write::body_hash)
    }

    /// The stream, if it can be read.
    pub fn stream(&self) -> Option<SchoolId> {
        match &self.write {
            Ok(write) => Some(write.stream),
            Err(unreadable) => unreadable.stream,
        }
    }
}

/// What an unreadable write says but for number, stamp and what was seen, which change when it is sent again.
fn said(raw: &str) -> Vec<u8> {
    let Ok(mut members) = strict_json::members(raw, "") else { return raw.as_bytes().to_vec() };
    members.retain(|(name, _)| !matches!(name.as_str(), "n" | "base" | "stamp" | "saw" | "born"));
    members.sort_by(|one, other| one.0.cmp(&other.0));
    let members: Vec<(String, &str)> = members.into_iter().map(|(name, raw)| (name, raw.get())).collect();
    serde_json::to_vec(&members).unwrap_or_default()
}

/// A push, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// The device that sends.
    pub device: DeviceId,
    /// The schema its app knows.
    pub schema: u32,
    /// The device's own clock, if it says.
    pub now: Option<DateTime<FixedOffset>>,
    /// How many writes it still holds beyond these.
    pub unsent: i64,
    /// The writes.
    pub writes: Vec<Arrived>,
    /// Registrations to say the ledger of: which of their writes the server has.
    pub ledger: Vec<DeviceId>,
    /// Streams to read from in the same exchange: cursor, or `None` from zero.
    pub pull: BTreeMap<SchoolId, Option<String>>,
}

/// The push as a client makes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PushRequest {
    /// The device.
    pub device: DeviceId,
    /// The schema the app knows.
    pub schema: u32,
    /// The device's clock, RFC 3339 with offset.
    pub now: String,
    /// How many writes it still holds beyond these.
    pub unsent: i64,
    /// The writes, ascending by `n`.
    pub writes: Vec<Write>,
    /// Registrations of this phone whose writes the server shall name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ledger: Vec<DeviceId>,
    /// Streams to read from in the same exchange.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pull: BTreeMap<SchoolId, Option<String>>,
}

/// Why an envelope is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvelopeFault {
    /// Not JSON at all: 400.
    Unparsable(Flaw),
    /// JSON of another shape: 422.
    Shape(Flaw),
    /// Too many writes: 413.
    TooMany(usize),
}

/// Reads a push. Only the envelope can fail; a write that cannot be read is held.
pub fn read(body: &[u8], limits: &Limits) -> Result<Push, EnvelopeFault> {
    let text = std::str::from_utf8(body)
        .map_err(|_| EnvelopeFault::Unparsable(Flaw::invalid("", "the text is not UTF-8")))?;
    let members = strict_json::members(text, "").map_err(|flaw| {
        // An object with a flaw, or no JSON at all?
        match serde_json::from_str::<&serde_json::value::RawValue>(text) {
            Ok(_) => EnvelopeFault::Shape(flaw),
            Err(error) => {
                EnvelopeFault::Unparsable(Flaw::invalid("", format!("the body is not JSON: {error}")))
            }
        }
    })?;
    let mut members: BTreeMap<String, &str> =
        members.into_iter().map(|(name, raw)| (name, raw.get())).collect();
    let device = required(&mut members, "device", "a device id of 16 hexadecimal digits")?;
    let schema = required(&mut members, "schema", "a whole number")?;
    let writes: Vec<&serde_json::value::RawValue> = required(&mut members, "writes", "a list of writes")?;
    let now = optional(&mut members, "now", "an instant as RFC 3339 with offset")?;
    let unsent = optional(&mut members, "unsent", "a whole number")?.unwrap_or(0);
    let ledger = optional(&mut members, "ledger", "a list of device ids")?.unwrap_or_default();
    let pull = optional(&mut members, "pull", "an object from stream to cursor or null")?.unwrap_or_default();
    if let Some(name) = members.keys().find(|name| !name.starts_with("x.")) {
        return Err(EnvelopeFault::Shape(Flaw::unknown(pointer_join("", name), "there is no such member")));
    }
    if writes.len() > limits.push_writes {
        return Err(EnvelopeFault::TooMany(writes.len()));
    }
    let writes = writes
        .iter()
        .enumerate()
        .map(|(index, raw)| arrived(index, raw.get(), limits))
        .collect::<Result<_, _>>()
        .map_err(EnvelopeFault::Shape)?;
    Ok(Push { device, schema, now, unsent, writes, ledger, pull })
}

fn optional<'a, T: Deserialize<'a>>(
    members: &mut BTreeMap<String, &'a str>,
    name: &str,
    expected: &str,
) -> Result<Option<T>, EnvelopeFault> {
    let Some(raw) = members.remove(name).filter(|raw| *raw != "null") else { return Ok(None) };
    let wrong =
        |_| EnvelopeFault::Shape(Flaw::invalid(pointer_join("", name), format!("expected {expected}")));
    serde_json::from_str(raw).map(Some).map_err(wrong)
}

fn required<'a, T: Deserialize<'a>>(
    members: &mut BTreeMap<String, &'a str>,
    name: &str,
    expected: &str,
) -> Result<T, EnvelopeFault> {
    optional(members, name, expected)?.ok_or_else(|| {
        EnvelopeFault::Shape(Flaw::invalid(pointer_join("", name), format!("required: {expected}")))
    })
}

/// Reads one write. Without a legible `n` there is nothing to answer to, so that is the envelope's fault.
fn arrived(index: usize, raw: &str, limits: &Limits) -> Result<Arrived, Flaw> {
    #[derive(Deserialize)]
    struct Numbered {
        n: i64,
    }
    let nameless = || Flaw::invalid(format!("/writes/{index}/n"), "required: the write's number, from 1");
    let read = (raw.len() <= limits.write_bytes).then(|| strict_json::parse(raw.as_bytes(), limits.depth));
    let legible = read.as_ref().and_then(|read| read.as_ref().ok()?.get("n")?.as_i64());
    // Of what does not read otherwise, the number may.
    let numbered = || serde_json::from_str(raw).map(|Numbered { n }| n).map_err(|_| nameless());
    let n = legible.map_or_else(numbered, Ok)?;
    if n < 1 {
        return Err(nameless());
    }
    Ok(Arrived { n, raw: raw.to_owned(), write: write(n, raw, read, limits) })
}

/// The stream of a write that may be unreadable otherwise.
fn stream_of(raw: &str) -> Option<SchoolId> {
    let members = strict_json::members(raw, "").ok()?;
    let (_, stream) = members.into_iter().find(|(name, _)| name == "stream")?;
    serde_json::from_str(stream.get()).ok()
}

/// `read`: the write as JSON, unless it is too large to be read.
fn write(n: i64, raw: &str, read: Option<Result<Value, Flaw>>, limits: &Limits) -> Result<Write, Unreadable> {
    let unreadable = |reason, flaw| Unreadable { reason, flaw, stream: stream_of(raw) };
    let invalid = |flaw| unreadable(HeldReason::InvalidValue, flaw);
    let Some(read) = read else {
        let detail = format!("a write holds at most {} bytes", limits.write_bytes);
        return Err(unreadable(HeldReason::TooLarge, Flaw::invalid("", detail)));
    };
    let Value::Object(mut members) = read.map_err(invalid)? else {
        return Err(invalid(Flaw::invalid("", "expected an object")));
    };
    members.remove("n");
    let write = Write {
        n,
        stream: member(&mut members, "stream", "a stream's UUID").map_err(invalid)?,
        kind: member(&mut members, "type", "a record type").map_err(invalid)?,
        record: member(&mut members, "record", "a record's UUID").map_err(invalid)?,
        base: maybe(&mut members, "base", "a whole number").map_err(invalid)?,
        stamp: maybe(&mut members, "stamp", "a stamp").map_err(invalid)?,
        saw: maybe(&mut members, "saw", "an object from device id to the number of a write")
            .map_err(invalid)?,
        born: maybe(&mut members, "born", "the device and number of a write").map_err(invalid)?,
        set: fields(members.remove("set")).map_err(invalid)?,
    };
    if let Some(name) = members.keys().find(|name| !name.starts_with("x.")) {
        let flaw = Flaw::unknown(pointer_join("", name), "there is no such member");
        return Err(unreadable(HeldReason::UnknownField, flaw));
    }
    Ok(write)
}

fn maybe<T: serde::de::DeserializeOwned>(
    members: &mut serde_json::Map<String, Value>,
    name: &str,
    expected: &str,
) -> Result<Option<T>, Flaw> {
    let Some(value) = members.remove(name) else { return Ok(None) };
    serde_json::from_value(value)
        .map(Some)
        .map_err(|_| Flaw::invalid(pointer_join("", name), format!("expected {expected}")))
}

fn member<T: serde::de::DeserializeOwned>(
    members: &mut serde_json::Map<String, Value>,
    name: &str,
    expected: &str,
) -> Result<T, Flaw> {
    maybe(members, name, expected)?
        .ok_or_else(|| Flaw::invalid(pointer_join("", name), format!("required: {expected}")))
}

fn fields(set: Option<Value>) -> Result<Fields, Flaw> {
    let Some(Value::Object(set)) = set else {
        return Err(Flaw::invalid("/set", "required: an object from field path to value"));
    };
    if set.is_empty() {
        return Err(Flaw::invalid("/set", "a write sets at least one field"));
    }
    set.into_iter()
        .map(|(path, value)| match path.parse() {
            Ok(parsed) => Ok((parsed, value)),
            Err(error) => Err(Flaw::invalid(pointer_join("/set", &path), format!("{error}"))),
        })
        .collect()
}

#[cfg(test)]
mod tests;
