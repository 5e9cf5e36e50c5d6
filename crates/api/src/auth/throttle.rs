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
    /// Whether an attempt may be made now.
    pub fn check(&self, login: &str, address: &str, now: i64) -> Result<(), ApiError> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |key: &str, free: u32| {
            let known = failures.get(key).filter(|known| now - known.last < WINDOW)?;
            let over = known.count.checked_sub(free)?;
            let pause =
                1000_i64.saturating_mul(1_i64.checked_shl(over.min(30)).unwrap_or(i64::MAX)).min(LONGEST);
            Some(known.last + pause - now).filter(|left| *left > 0)
        };
        let left = wait(&account(login, address), FREE).max(wait(address, PER_ADDRESS));
        match left {
            None => Ok(()),
            Some(left) => {
                Err(ApiError::TooManyRequests { retry_after: u64::try_from(left / 1000 + 1).unwrap_or(1) })
            }
        }
    }

    /// Notes a failed attempt.
    pub fn failed(&self, login: &str, address: &str, now: i64) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    }

    /// A success forgives the account's failures.
    pub fn succeeded(&self, login: &str, address: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&account(login, address));
    }
}

fn account(login: &str, address: &str) -> String {
    format!("{address} {login}")
}
