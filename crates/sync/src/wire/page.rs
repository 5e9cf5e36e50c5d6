//! Pages of a stream (protocol, section 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use xunke_domain::fields::{FieldPath, Fields};
use xunke_domain::ids::{SchoolId, UserId};

use crate::record::{LastWrites, Seq};
use crate::stamp::Stamp;

/// Whether a record is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// It is.
    Alive,
    /// Erased, or no longer this reader's to see; the device drops it.
    Erased,
}

/// A record at its newest seq.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Where it stands in the stream.
    pub seq: Seq,
    /// The record type; text, since an older app meets newer types.
    #[serde(rename = "type")]
    pub kind: String,
    /// The record.
    pub id: Uuid,
    /// Alive or erased.
    pub life: Life,
    /// Who made the record; absent for an erased one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    /// The largest stamp of its fields; absent for an erased one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
    /// Stamps of the fields that differ from it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stamps: BTreeMap<FieldPath, Stamp>,
    /// The last write of each device that went into it.
    #[serde(default, skip_serializing_if = "LastWrites::is_empty")]
    pub writes: LastWrites,
    /// The fields.
    #[serde(default)]
    pub fields: Fields,
}

impl Change {
    /// The stamp of a field; none for an erased record.
    pub fn stamp_of(&self, path: &FieldPath) -> Option<Stamp> {
        self.stamps.get(path).copied().or(self.stamp)
    }
}

/// A page of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The changes, ascending by seq.
    pub changes: Vec<Change>,
    /// Where to go on.
    pub cursor: String,
    /// Whether there is more; without, the device is consistent as of `head`.
    pub more: bool,
    /// The stream's head when the page was made.
    pub head: Seq,
}

/// A stream a person may sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamInfo {
    /// The stream: the school's id.
    pub stream: SchoolId,
    /// The school's name.
    pub name: String,
    /// Its head now.
    pub head: Seq,
    /// What this person may see of it; when it changes, the cursor is refused.
    pub grant: String,
}
