//! The chains of editions: of each week, and of all that a school published in a term.
//!
//! Only what the chains need is read, so editions made by other versions of this code can be checked. A chain cannot
//! tell that its newest links are gone: whoever keeps a hash that was posted can.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::ids::SchoolId;
use crate::log::edition::{ContentHash, Frozen, TermLink};
use crate::week::Week;

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
    /// A publication of a term is missing, doubled, or does not name the one before it.
    #[error("publication {place} of term {term} is missing, or does not follow the one before it")]
    Broken {
        /// The term.
        term: String,
        /// The place that should be there.
        place: u32,
    },
}

/// How far the chain of a term reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermHead {
    /// Publications.
    pub place: u32,
    /// The hash of the newest.
    pub hash: ContentHash,
}

/// Checks all editions of one week, the first one first: each unaltered, numbered and linked.
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

/// Checks the chains of terms over all editions of a school, in any order; how far each reaches. Those from before
/// there was such a chain are in none.
pub fn verify_terms(editions: &[Frozen]) -> Result<BTreeMap<String, TermHead>, ChainFault> {
    let mut terms: BTreeMap<String, Vec<(TermLink, &ContentHash)>> = BTreeMap::new();
    for (place, Frozen { bytes, hash }) in editions.iter().enumerate() {
        let link: Link = serde_json::from_slice(bytes).map_err(|_| ChainFault::Unreadable(place))?;
        if let Some(link) = link.in_term {
            terms.entry(link.term.clone()).or_default().push((link, hash));
        }
    }
    let mut heads = BTreeMap::new();
    for (term, mut links) in terms {
        links.sort_by_key(|(link, _)| link.place);
        let mut head: Option<TermHead> = None;
        for (link, hash) in links {
            let place = head.as_ref().map_or(0, |head| head.place).saturating_add(1);
            if link.place != place || link.previous.as_ref() != head.as_ref().map(|head| &head.hash) {
                return Err(ChainFault::Broken { term, place });
            }
            head = Some(TermHead { place, hash: hash.clone() });
        }
        heads.extend(head.map(|head| (term, head)));
    }
    Ok(heads)
}

/// What of an edition the chain needs.
#[derive(Deserialize)]
struct Link {
    school: SchoolId,
    week: Week,
    number: u32,
    previous: Option<ContentHash>,
    #[serde(default)]
    in_term: Option<TermLink>,
}
