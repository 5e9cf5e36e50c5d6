//! A record as the merge sees it: each field with the write that won it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xunke_domain::fields::{FieldPath, FieldSource, Fields};

use crate::stamp::{DeviceId, Stamp};

/// Numbers the changes of a stream from 1, in the order of their commits.
pub type Seq = i64;

/// Names a write for good: the device and the number it was captured under, which a phone keeps when it has to register
/// again and to number its writes anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WriteId {
    /// The device.
    pub device: DeviceId,
    /// Which write of it, from 1.
    pub n: i64,
}

impl WriteId {
    /// The name of a device's write: where it was born, if its number does not say it.
    pub fn of(device: DeviceId, n: i64, born: Option<Self>) -> Self {
        born.unwrap_or(Self { device, n })
    }
}

/// Of each device, its last write of a record by [`WriteId`]: what has gone into a state, or what somebody had seen of
/// it. Unlike a seq it means the same on a server that was restored (protocol, section 6).
pub type LastWrites = BTreeMap<DeviceId, i64>;

/// Adds a write to what was seen.
pub fn note(seen: &mut LastWrites, WriteId { device, n }: WriteId) {
    let last = seen.entry(device).or_insert(n);
    *last = n.max(*last);
}

/// The write that set a field: enough to tell who had seen whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its canonical stamp; names the device too.
    pub stamp: Stamp,
    /// Where it stands in the stream.
    pub seq: Seq,
    /// Which write of its device it was, from 1.
    pub n: i64,
    /// Its name; the server's own writes have none, since a restored server gives their numbers out again.
    pub id: Option<WriteId>,
}

impl Origin {
    /// A device's write under its number and, where that is not its name, the name.
    pub fn named(stamp: Stamp, seq: Seq, n: i64, born: Option<WriteId>) -> Self {
        Self { stamp, seq, n, id: Some(WriteId::of(stamp.device(), n, born)) }
    }

    /// Its name, where its number does not say it.
    pub fn born(&self) -> Option<WriteId> {
        self.id.filter(|id| *id != WriteId { device: self.device(), n: self.n })
    }

    /// The device that wrote it.
    pub const fn device(&self) -> DeviceId {
        self.stamp.device()
    }
}

/// A field's current value and the write that won it.
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    /// The value; `null` for a removed element, kept so that older writes stay beaten.
    pub value: Value,
    /// The winning write.
    pub origin: Origin,
}

/// The fields of one record with their winners.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordState {
    /// Path → current winner.
    pub registers: BTreeMap<FieldPath, Register>,
    /// The last write of each device that was taken in, won or beaten.
    pub writes: LastWrites,
}

impl RecordState {
    /// The values alone.
    pub fn fields(&self) -> Fields {
        self.registers.iter().map(|(path, register)| (path.clone(), register.value.clone())).collect()
    }

    /// The largest stamp of any field; none for an empty record.
    pub fn stamp(&self) -> Option<Stamp> {
        self.registers.values().map(|register| register.origin.stamp).max()
    }
}

impl FieldSource for RecordState {
    fn field(&self, path: &str) -> Option<&Value> {
        self.registers.get(path).map(|register| &register.value)
    }

    fn each(&self) -> impl Iterator<Item = (&FieldPath, &Value)> {
        self.registers.iter().map(|(path, register)| (path, &register.value))
    }
}
