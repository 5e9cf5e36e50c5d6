//! What failed, and when to try again (protocol, section 9.6).

use super::push::Flight;
use super::store::{Key, LocalTx};
use super::{Replica, Standing};
use crate::planted::{Bug, planted};

/// Why a request came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or none that is one: [`NotDelivered`](super::NotDelivered) is this too.
    Network,
    /// 429, 503 or another 5xx.
    Backoff {
        /// `Retry-After`, seconds.
        retry_after_seconds: Option<u64>,
    },
    /// 401.
    Unauthorized,
    /// 403 `device-revoked`.
    DeviceRevoked {
        /// Whether the server asks that everything be wiped.
        wipe: bool,
    },
    /// 403 `device-unknown`: the server came back from a backup that is older than this registration.
    DeviceUnknown,
    /// 409 `device-fork`.
    DeviceFork,
    /// A push was answered 413.
    TooLarge,
    /// A push was answered 400, 415 or 422: a write among them may be at fault.
    Refused,
    /// 426.
    TooOld,
}

/// Halvings from the largest push to a single write, and a few more writes at fault.
const HALVINGS: u32 = 12;
const FIRST_MS: i64 = 1_000;
const CAP_MS: i64 = 5 * 60 * 1_000;
/// Nobody is asked to wait longer than this, whatever a proxy in between says.
const ASKED_CAP_SECONDS: u64 = 60 * 60;

impl Replica {
    /// Takes note of a failure. Nothing ever leaves the queue by it.
    pub fn push_failed(&mut self, failure: Failure) -> LocalTx {
        self.change(|replica, tx| match failure {
            Failure::Network => replica.failed(None),
            Failure::Backoff { retry_after_seconds } => replica.failed(retry_after_seconds),
            Failure::TooLarge | Failure::Refused => replica.halve(tx),
            Failure::Unauthorized => {
                if planted(Bug::QueueDroppedOn401) {
                    replica.writes.retain(|_, kept| !kept.is_queued());
                }
                replica.me.standing = Standing::SignIn;
            }
            Failure::TooOld => replica.me.standing = Standing::TooOld,
            Failure::DeviceRevoked { wipe: _ } | Failure::DeviceFork
                if replica.out_for_an_earlier_device() =>
            {
                replica.refuse(tx);
            }
            Failure::DeviceUnknown => replica.push_forgotten(tx),
            Failure::DeviceRevoked { wipe } => replica.me.standing = Standing::Revoked { wipe },
            Failure::DeviceFork => replica.me.standing = Standing::Forked,
        })
    }

    /// When to try again after failures: doubling from a second to five minutes, the later half of it by
    /// `jitter` in thousandths, so that a school's phones do not come back all at once. `None`: now.
    pub fn retry_at(&self, now_ms: i64, jitter: u16) -> Option<i64> {
        let doublings = self.me.failures.checked_sub(1)?.min(20);
        let half = FIRST_MS.checked_shl(doublings).unwrap_or(CAP_MS).min(CAP_MS) / 2;
        let asked = self.me.retry_after.map(|seconds| seconds.min(ASKED_CAP_SECONDS));
        let asked = asked.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(0) * 1_000;
        let spread = half * i64::from(jitter.min(1_000)) / 1_000;
        Some(now_ms.saturating_add(asked.max(half) + spread))
    }

    /// The server has answered: no reason to wait any more.
    pub(super) const fn answered(&mut self) {
        // That pages come says nothing about pushes that something in between refuses.
        if self.me.refused <= HALVINGS {
            self.me.failures = 0;
            self.me.retry_after = None;
        }
    }

    const fn failed(&mut self, retry_after: Option<u64>) {
        self.me.failures = self.me.failures.saturating_add(1);
        self.me.retry_after = retry_after;
    }

    /// Sends half of the writes next; a single one is stuck, and the others go past it. They go on at once,
    /// unless so many pushes in a row were refused that hardly a write of theirs can be at fault.
    fn halve(&mut self, tx: &mut LocalTx) {
        self.me.refused = self.me.refused.saturating_add(1);
        if self.me.refused > HALVINGS {
            self.failed(None);
        }
        let out = self.me.flight.as_ref().map_or(0, |flight| flight.tickets.len());
        if out < 2 {
            return self.refuse(tx);
        }
        let half = out / 2;
        self.me.batch = Some(half);
        self.me.flights = self.me.flights.saturating_add(1);
        let id = self.me.flights;
        if let Some(flight) = &mut self.me.flight {
            *flight = Flight { id, tickets: flight.tickets.iter().take(half).copied().collect() };
        }
    }

    /// Sets aside what is out.
    fn refuse(&mut self, tx: &mut LocalTx) {
        for ticket in self.me.flight.take().map(|flight| flight.tickets).unwrap_or_default() {
            if let Some(kept) = self.writes.get_mut(&ticket) {
                kept.stuck = true;
                tx.put(Key::Write(ticket), kept);
            }
        }
        self.me.batch = Some(1);
    }

    /// After a restored server, writes that were acknowledged under an earlier registration of this phone
    /// are sent again under it; that it is revoked by now says nothing about this one.
    fn out_for_an_earlier_device(&self) -> bool {
        let tickets = self.me.flight.iter().flat_map(|flight| &flight.tickets);
        tickets.filter_map(|ticket| self.writes.get(ticket)).any(|kept| kept.device != self.me.device)
    }
}
