//! Editions: a published log is frozen bytes in a chain of hashes (architecture, decision 8).
//!
//! A correction is a new edition of the same week, with a list of what changed; the earlier one stays
//! as it is. Each edition names, inside its own bytes, the hash of the one before it, of its week and
//! of the school's term, so none can be altered, dropped or put in between without a trace
//! ([`chain`](crate::log::chain)).

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
    /// Who approved it, by name; of one published by rule, who decided the rule.
    pub published_by: String,
    /// Whether it was published by the school's rule, without anybody having approved this very log.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_rule: bool,
    /// What the principal adds, if anything.
    pub remarks: Option<String>,
    /// The hash of the edition before; none for the first.
    pub previous: Option<ContentHash>,
    /// Its place among all that the school published in the term; none in editions from before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_term: Option<TermLink>,
    /// The root over the visits it tells ([`proof`](crate::log::proof)); none in editions from before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits_root: Option<ContentHash>,
    /// What changed since the edition before; empty for the first.
    pub changes: Vec<ChangeEntry>,
    /// The log.
    pub log: WeeklyLog,
}

/// A link of the chain of all that a school published in a term, of whatever week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermLink {
    /// The term of the week, such as `2026-2027-1`; `-` outside all.
    pub term: String,
    /// 1 for the first of the term, then one more each.
    pub place: u32,
    /// The hash of the publication before it; none for the first.
    pub previous: Option<ContentHash>,
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

/// Freezes an edition.
pub fn freeze(edition: &Edition) -> Frozen {
    let bytes = canonical(edition);
    let hash = ContentHash::of(&bytes);
    Frozen { bytes, hash }
}

impl Edition {
    /// By whom it was approved, as pages and papers tell it.
    pub fn approved_by(&self) -> String {
        let Self { published_by, by_rule, .. } = self;
        if *by_rule {
            format!("{published_by}（按既定规则自动公示）")
        } else {
            published_by.clone()
        }
    }
}

impl ContentHash {
    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_digest(&Sha256::digest(bytes))
    }

    /// A digest that is made already.
    pub(super) fn of_digest(digest: &[u8]) -> Self {
        Self(hex(digest))
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

fn canonical(edition: &Edition) -> Vec<u8> {
    serde_json::to_vec(edition).expect("an edition has text keys only")
}
