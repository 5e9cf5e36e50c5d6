//! A write with what can be said of it alone, before the database is asked: said where the push is read, of many pushes
//! at once, and not in the one task that writes.

use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_sync::wire::push::{Arrived, Write};

use super::admission::{self, Held, Sender};

/// A write as it arrived, looked at.
#[derive(Clone, Debug)]
pub struct Examined {
    pub(super) arrived: Arrived,
    /// Its record type, if it can be taken in as far as its values go.
    sound: Result<RecordType, Held>,
    /// The fields it sets as JSON, for the ledger and for the record if it makes one; none if it cannot be read.
    pub(super) set_json: Option<String>,
    /// Tells one body from another under one number.
    pub(super) hash: String,
}

impl Examined {
    /// Looks at a write.
    pub fn of(arrived: Arrived) -> Self {
        let (set_json, hash) = match &arrived.write {
            Ok(write) => {
                let set = write.set_json();
                let hash = write.body_hash_over(&set);
                (Some(set), hash)
            }
            Err(_) => (None, arrived.body_hash()),
        };
        Self { sound: admission::read(&arrived).and_then(admission::sound), arrived, set_json, hash }
    }

    /// The stream, if it can be read.
    pub fn stream(&self) -> Option<SchoolId> {
        self.arrived.stream()
    }

    /// How many bytes it came as.
    pub(crate) const fn bytes(&self) -> usize {
        self.arrived.raw.len()
    }

    /// Its number.
    pub(crate) const fn n(&self) -> i64 {
        self.arrived.n
    }

    /// What it says, if it can be read.
    pub(super) fn write(&self) -> Option<&Write> {
        self.arrived.write.as_ref().ok()
    }

    /// What it says, if this sender may say it as far as its values go.
    pub(super) fn readable(&self, sender: &Sender) -> Result<(&Write, RecordType), Held> {
        admission::listened_to(sender)?;
        Ok((admission::read(&self.arrived)?, self.sound.clone()?))
    }
}
