//! A record as the merge sees it: each field with the write that won it.

use std::collections::BTreeMap;

use serde_json::Value;
use xunke_domain::fields::{FieldPath, FieldSource, Fields};

use crate::stamp::{DeviceId, Stamp};

/// Numbers the changes of a stream from 1, in the order of their commits.
pub type Seq = i64;

/// The write that set a field: enough to tell who had seen whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its canonical stamp; names the device too.
    pub stamp: Stamp,
    /// Where it stands in the stream.
    pub seq: Seq,
    /// Which write of its device it was, from 1.
    pub n: i64,
}

impl Origin {
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
