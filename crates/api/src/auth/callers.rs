//! Who has asked lately, so that a request that changes nothing asks the database nothing.
//!
//! A token's signature stays good for as long as its keys are the process's. A person is kept only while the store
//! says that nothing has changed since he was read, so that whoever is sent away is away at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;
use xunke_storage::Mark;

use crate::auth::guard::Caller;
use crate::auth::keys::Keys;
use crate::auth::token::{self, Claims};

/// Most tokens, and most people, that are kept.
const KEPT: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Callers {
    tokens: Mutex<HashMap<String, Claims>>,
    people: Mutex<HashMap<Uuid, (Mark, Caller)>>,
}

/// Makes room: what still counts comes back with the next request.
fn bound<K, V>(map: &mut HashMap<K, V>) {
    if map.len() >= KEPT {
        map.clear();
    }
}

impl Callers {
    /// What an access token says, if it is one of ours and has not run out.
    pub fn claims(&self, keys: &Keys, bearer: &str, now_seconds: i64) -> Option<Claims> {
        let known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(bearer).copied();
        if let Some(claims) = known {
            return (now_seconds < claims.exp).then_some(claims);
        }
        let claims = token::verify(keys, bearer, now_seconds)?;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        bound(&mut tokens);
        tokens.insert(bearer.to_owned(), claims);
        Some(claims)
    }

    /// The person of a session as he was last read, if that still holds.
    pub fn kept(&self, session: Uuid, now: &Mark) -> Option<Caller> {
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.get(&session).filter(|(mark, _)| now.covers(mark)).map(|(_, caller)| caller.clone())
    }

    /// Keeps a person who was read after that mark.
    pub fn keep(&self, mark: Mark, caller: &Caller) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        bound(&mut people);
        people.insert(caller.session.id, (mark, caller.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Chance;

    #[test]
    fn a_token_known_from_before_still_runs_out() {
        let (callers, keys) = (Callers::default(), Keys::ephemeral(&Chance::seeded(1)).unwrap());
        let token = token::issue(&keys, Uuid::from_u128(1), Uuid::from_u128(2), 1000).unwrap();
        let end = 1000 + token::ACCESS_SECONDS;

        assert!(callers.claims(&keys, &token, 1000).is_some());
        assert!(callers.claims(&keys, &token, end - 1).is_some());
        assert!(callers.claims(&keys, &token, end).is_none());
        assert!(callers.claims(&keys, &format!("{token}x"), 1000).is_none());
    }
}
