//! What the server answers to each write of a push (protocol, section 4).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;
use xunke_domain::fields::FieldPath;
use xunke_domain::ids::UserId;
use xunke_domain::week::Week;

use crate::numbers::Numbers;
use crate::record::{Seq, WriteId};
use crate::stamp::{DeviceId, Stamp};
use crate::wire::page::Page;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every field it set is current.
    Applied,
    /// Applied, but the fields in `lost` are held by a newer write.
    Merged,
    /// Known already; `first` says what it was answered then.
    Duplicate,
    /// Stored as sent; people look at it.
    Held,
}

/// Why a write is held (closed list, may grow).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldReason {
    /// A value breaks a rule; `pointer` says where.
    InvalidValue,
    /// No such field.
    UnknownField,
    /// No such record type, or not one that devices write.
    UnknownType,
    /// The record is somebody else's.
    NotAuthor,
    /// Never a member of this school.
    NotAMember,
    /// The visit lies outside the membership.
    MembershipEnded,
    /// The device was revoked.
    DeviceRevoked,
    /// The term is closed.
    TermClosed,
    /// The record was erased for good.
    RecordErased,
    /// The write is larger than a write may be.
    TooLarge,
}

impl HeldReason {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidValue => "invalid_value",
            Self::UnknownField => "unknown_field",
            Self::UnknownType => "unknown_type",
            Self::NotAuthor => "not_author",
            Self::NotAMember => "not_a_member",
            Self::MembershipEnded => "membership_ended",
            Self::DeviceRevoked => "device_revoked",
            Self::TermClosed => "term_closed",
            Self::RecordErased => "record_erased",
            Self::TooLarge => "too_large",
        }
    }
}

/// A field that a newer write holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LostField {
    /// The value that stands.
    pub value: Value,
    /// Its stamp.
    pub stamp: Stamp,
    /// Who wrote it.
    pub by: UserId,
    /// Its name; absent for a write of the server's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<WriteId>,
    /// The conflict opened, if the two had not seen each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Uuid>,
}

/// The visit belongs to a week whose log is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// The week.
    pub week: Week,
    /// The newest edition; the next one is drafted.
    pub published_edition: u32,
}

/// The answer to one write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteResult {
    /// Which write.
    pub n: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// For a duplicate: what became of it the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Outcome>,
    /// Its place in the stream, unless held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// The canonical stamp, where it is not the claimed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
    /// Fields held by a newer write.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lost: BTreeMap<FieldPath, LostField>,
    /// Set where the week's log is published already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
    /// For a held write: the entry in the held list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Uuid>,
    /// Why it is held; none where a newer server gives a reason this version has no name for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known_reason")]
    pub reason: Option<HeldReason>,
    /// Where in the write the fault is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The fault, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The list of reasons may grow, and an app that meets a new one must not take the answer for none at all.
fn known_reason<'de, D: Deserializer<'de>>(from: D) -> Result<Option<HeldReason>, D::Error> {
    let named = Option::<Value>::deserialize(from)?;
    Ok(named.and_then(|name| serde_json::from_value(name).ok()))
}

impl WriteResult {
    /// An answer that says nothing but the outcome.
    pub const fn plain(n: i64, outcome: Outcome) -> Self {
        Self {
            n,
            outcome,
            first: None,
            seq: None,
            stamp: None,
            lost: BTreeMap::new(),
            late: None,
            held: None,
            reason: None,
            pointer: None,
            detail: None,
        }
    }

    /// The same answer, given again.
    #[must_use]
    pub fn again(self) -> Self {
        Self { first: Some(self.outcome), outcome: Outcome::Duplicate, ..self }
    }

    /// What became of the write when it first arrived.
    pub fn settled(&self) -> Outcome {
        self.first.unwrap_or(self.outcome)
    }
}

/// The answer to a push, as a client reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PushAnswer {
    /// The server's clock, RFC 3339 with offset.
    pub server_time: String,
    /// One result a write, in the order sent.
    pub results: Vec<WriteResult>,
    /// For each registration asked for that the server knows as this person's: the writes it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<BTreeMap<DeviceId, Numbers>>,
    /// A page for each stream asked for, or why its cursor is refused.
    #[serde(default)]
    pub pull: BTreeMap<String, Pulled>,
}

/// What a `pull` inside a push gives for one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Pulled {
    /// A page.
    Page(Page),
    /// The problem document that `GET /sync/changes` would have given.
    Problem(Value),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_a_newer_server_does_not_spoil_the_answer() {
        let read = |reason: &str| {
            let text = format!(r#"{{"n":1,"outcome":"held","reason":"{reason}","newer":{{}}}}"#);
            serde_json::from_str::<WriteResult>(&text).unwrap().reason
        };

        assert_eq!((read("not_author"), read("eclipse")), (Some(HeldReason::NotAuthor), None));
    }
}
