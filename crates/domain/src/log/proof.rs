//! A short proof that a visit is in an edition: its path in a tree of hashes (RFC 6962, section 2.1).
//!
//! The edition names the root over its visits, and so does what is posted; whoever made a visit gets what the edition
//! says of it, and the hashes beside its path. With these he comes to the root himself, and need not be shown the visits
//! of others. A leaf is the compact JSON of `[visit id, digest]`, in the order of visit ids.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::VisitId;
use crate::log::VisitDigest;
use crate::log::edition::ContentHash;

/// That a visit is under a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitProof {
    /// The visit.
    pub visit: VisitId,
    /// What the edition says of it.
    pub digest: VisitDigest,
    /// The hashes beside its path, from the leaf to the root.
    pub path: Vec<Beside>,
    /// The root they lead to.
    pub root: ContentHash,
}

/// A hash beside the path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// It stands on the left.
    Left(ContentHash),
    /// It stands on the right.
    Right(ContentHash),
}

/// The root over the visits of an edition; of none, the hash of nothing.
pub fn root(digests: &BTreeMap<VisitId, VisitDigest>) -> ContentHash {
    tree(&leaves(digests))
}

/// The proof for one visit; none if the edition does not tell it.
pub fn prove(digests: &BTreeMap<VisitId, VisitDigest>, visit: VisitId) -> Option<VisitProof> {
    let place = digests.keys().position(|key| *key == visit)?;
    let (leaves, mut path) = (leaves(digests), Vec::new());
    climb(&leaves, place, &mut path);
    Some(VisitProof { visit, digest: digests.get(&visit)?.clone(), path, root: tree(&leaves) })
}

impl VisitProof {
    /// Whether the path leads from what is said of the visit to the root.
    pub fn holds(&self) -> bool {
        let reached = self.path.iter().fold(leaf(&self.visit, &self.digest), |hash, beside| match beside {
            Beside::Left(left) => node(left, &hash),
            Beside::Right(right) => node(&hash, right),
        });
        reached == self.root
    }
}

fn leaves(digests: &BTreeMap<VisitId, VisitDigest>) -> Vec<ContentHash> {
    digests.iter().map(|(visit, digest)| leaf(visit, digest)).collect()
}

fn leaf(visit: &VisitId, digest: &VisitDigest) -> ContentHash {
    let json = serde_json::to_vec(&(visit, digest)).expect("a digest has text keys only");
    ContentHash::of_digest(&Sha256::new().chain_update([0]).chain_update(json).finalize())
}

/// Over hexadecimal digits, so that whoever checks a proof handles texts only.
fn node(left: &ContentHash, right: &ContentHash) -> ContentHash {
    let both = Sha256::new().chain_update([1]).chain_update(left.as_str()).chain_update(right.as_str());
    ContentHash::of_digest(&both.finalize())
}

fn tree(leaves: &[ContentHash]) -> ContentHash {
    match leaves {
        [] => ContentHash::of(&[]),
        [leaf] => leaf.clone(),
        leaves => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&tree(left), &tree(right))
        }
    }
}

fn climb(leaves: &[ContentHash], place: usize, path: &mut Vec<Beside>) {
    if leaves.len() < 2 {
        return;
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    if place < left.len() {
        climb(left, place, path);
        path.push(Beside::Right(tree(right)));
    } else {
        climb(right, place - left.len(), path);
        path.push(Beside::Left(tree(left)));
    }
}

/// The largest power of two below the number of leaves, of which there are two at least.
const fn split(leaves: usize) -> usize {
    leaves.next_power_of_two() / 2
}
