//! Failed sign-ins slow down: per account and address, and per address (a school shares one).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::problem::ApiError;

/// Failures of one account from one address before it has to wait.
const FREE: u32 = 5;
/// Longest wait, milliseconds.
const LONGEST: i64 = 5 * 60 * 1000;
/// Failures from one address in ten minutes.
const PER_ADDRESS: u32 = 100;
const WINDOW: i64 = 10 * 60 * 1000;
/// Entries kept before old ones are swept.
const SWEEP: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: i64,
}

/// Counts failures in memory, per process.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, Failures>>);

impl Throttle {
    /// Begins an attempt, or says how long to wait. It counts as failed until [`Throttle::succeeded`], so that
    /// attempts made at once do not slip past the count.
    pub fn attempt(&self, login: &str, address: &str, now: i64) -> Result<(), ApiError> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = wait(&failures, &account(login, address), FREE, now).max(wait(
            &failures,
            address,
            PER_ADDRESS,
            now,
        ));
        if let Some(left) = left {
            return Err(ApiError::TooManyRequests {
                retry_after: u64::try_from(left / 1000 + 1).unwrap_or(1),
            });
        }
        if failures.len() > SWEEP {
            failures.retain(|_, known| now - known.last < WINDOW);
        }
        for key in [account(login, address), address.to_owned()] {
            let known = failures.entry(key).or_insert(Failures { count: 0, last: now });
            if now - known.last >= WINDOW {
                known.count = 0;
            }
            *known = Failures { count: known.count.saturating_add(1), last: now };
        }
        Ok(())
    }

    /// A success forgives the account's failures, and takes this attempt back from the address.
    pub fn succeeded(&self, login: &str, address: &str) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&account(login, address));
        if let Some(known) = failures.get_mut(address) {
            known.count = known.count.saturating_sub(1);
        }
    }
}

/// Milliseconds until the next attempt, if there is anything to wait for.
fn wait(failures: &HashMap<String, Failures>, key: &str, free: u32, now: i64) -> Option<i64> {
    let known = failures.get(key).filter(|known| now - known.last < WINDOW)?;
    let over = known.count.checked_sub(free)?;
    let pause = 1000_i64.saturating_mul(1_i64.checked_shl(over.min(30)).unwrap_or(i64::MAX)).min(LONGEST);
    Some(known.last + pause - now).filter(|left| *left > 0)
}

fn account(login: &str, address: &str) -> String {
    format!("{address} {login}")
}
