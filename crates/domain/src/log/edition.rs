//! Editions: a published log is frozen bytes in a chain of hashes (architecture, decision 8).
//!
//! A correction is a new edition of the same week, with a list of what changed; the earlier one stays
//! as it is. Each edition names the hash of the one before it inside its own bytes, so none can be
//! altered, dropped or put in between without a trace.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::ids::SchoolId;
use crate::log::digest::hex;
use crate::log::{ChangeEntry, WeeklyLog};
use crate::week::Week;

/// A published log with the circumstances of its publication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// The school.
    pub school: SchoolId,
    /// The week.
    pub week: Week,
    /// 1 for the first of the week, then one more each.
    pub number: u32,
    /// When it was published.
    pub published_at: DateTime<FixedOffset>,
    /// Who approved it, by name.
    pub published_by: String,
    /// What the principal adds, if anything.
    pub remarks: Option<String>,
    /// The hash of the edition before; none for the first.
    pub previous: Option<ContentHash>,
    /// What changed since the edition before; empty for the first.
    pub changes: Vec<ChangeEntry>,
    /// The log.
    pub log: WeeklyLog,
}

/// An edition as it is kept: these bytes are served for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Compact JSON; canonical, since members come in the order of the types and maps are sorted.
    pub bytes: Vec<u8>,
    /// Their hash.
    pub hash: ContentHash,
}

/// SHA-256 of some bytes, as 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash(String);

/// A text is not a content hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a content hash is 64 lower-case hex digits")]
pub struct ContentHashError;

/// Where a chain of editions breaks; places count from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChainFault {
    /// The bytes do not have the hash kept beside them.
    #[error("edition at {0} was altered: its bytes do not have its hash")]
    Altered(usize),
    /// The bytes are no edition.
    #[error("edition at {0} cannot be read")]
    Unreadable(usize),
    /// The edition does not name the hash of the one before it.
    #[error("edition at {0} does not follow the one before it")]
    Unlinked(usize),
    /// The numbers do not count 1, 2, 3 …
    #[error("edition at {place} has number {found}")]
    Misnumbered {
        /// Where.
        place: usize,
        /// The number found there.
        found: u32,
    },
    /// The edition is of another school or week than the first.
    #[error("edition at {0} is of another school or week")]
    Stray(usize),
}

/// Freezes an edition.
pub fn freeze(edition: &Edition) -> Frozen {
    let bytes = canonical(edition);
    let hash = ContentHash::of(&bytes);
    Frozen { bytes, hash }
}

/// Checks all editions of one week, the first one first: each unaltered, numbered and linked.
///
/// Only what the chain needs is read, so editions made by other versions of this code can be checked.
pub fn verify_chain(editions: &[Frozen]) -> Result<(), ChainFault> {
    let mut first: Option<(SchoolId, Week)> = None;
    let mut previous: Option<&ContentHash> = None;
    let mut number = 0_u32;
    for (place, Frozen { bytes, hash }) in editions.iter().enumerate() {
        if ContentHash::of(bytes) != *hash {
            return Err(ChainFault::Altered(place));
        }
        let link: Link = serde_json::from_slice(bytes).map_err(|_| ChainFault::Unreadable(place))?;
        if *first.get_or_insert((link.school, link.week)) != (link.school, link.week) {
            return Err(ChainFault::Stray(place));
        }
        number = number.saturating_add(1);
        if link.number != number {
            return Err(ChainFault::Misnumbered { place, found: link.number });
        }
        if link.previous.as_ref() != previous {
            return Err(ChainFault::Unlinked(place));
        }
        previous = Some(hash);
    }
    Ok(())
}

impl ContentHash {
    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }

    /// The 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ContentHash {
    type Error = ContentHashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 64 && is_hex { Ok(Self(text)) } else { Err(ContentHashError) }
    }
}

impl FromStr for ContentHash {
    type Err = ContentHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What of an edition the chain needs.
#[derive(Deserialize)]
struct Link {
    school: SchoolId,
    week: Week,
    number: u32,
    previous: Option<ContentHash>,
}

fn canonical(edition: &Edition) -> Vec<u8> {
    serde_json::to_vec(edition).expect("an edition has text keys only")
}
