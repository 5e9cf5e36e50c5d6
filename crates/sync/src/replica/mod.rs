//! What a phone holds, and what it does with it (protocol, section 9).
//!
//! A [`Replica`] is pure: no IO, no clock, no chance. Every call that changes it also gives a [`LocalTx`]:
//! the rows to put and to delete, which the app stores in one local transaction before it does anything
//! else. A call whose rows were never stored did not happen: [`Replica::load`] gives what the rows say.
//!
//! Start with `outbox` (what is captured, and what becomes of it) and `push` (how it is sent); `streams`
//! takes in what the server says, `view` shows both together.

mod backoff;
mod outbox;
mod push;
mod resync;
mod standing;
mod store;
mod streams;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xunke_domain::ids::{SchoolId, UserId};

pub use backoff::Failure;
pub use outbox::{CaptureFault, Disagreement, HeldWrite, Status, Ticket};
pub use push::{NotDelivered, Push};
pub use standing::{OtherPerson, Standing};
pub use store::{LoadError, LocalTx};
pub use streams::Pull;

use crate::stamp::{DeviceId, HybridClock};
use outbox::Kept;
use push::Flight;
use store::Key;
use streams::Stream;

/// One installation's copy of the streams its person may see, and its queue of writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    me: Me,
    writes: BTreeMap<Ticket, Kept>,
    streams: BTreeMap<SchoolId, Stream>,
}

/// What there is once, in one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Me {
    user: UserId,
    device: DeviceId,
    /// The number of the next write under this device.
    next_n: i64,
    next_ticket: Ticket,
    clock: HybridClock,
    /// The push that is out and not answered yet.
    #[serde(default)]
    flight: Option<Flight>,
    /// How many pushes there have been; the last one's id.
    #[serde(default)]
    flights: u64,
    /// Most writes of a push, after one was found too large.
    #[serde(default)]
    batch: Option<usize>,
    #[serde(default)]
    standing: Standing,
    /// Since the streams were listed, the server has not been asked yet which of the answered writes it has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unaccounted: bool,
    /// Pushes refused for what is in them since the server last answered one.
    #[serde(default)]
    refused: u32,
    /// Failures since the server last answered.
    #[serde(default)]
    failures: u32,
    /// Seconds the server asked to wait after the last of them.
    #[serde(default)]
    retry_after: Option<u64>,
}

impl Replica {
    /// An empty replica of a device that `user` has just registered, or will: [`DeviceId::UNREGISTERED`].
    pub fn new(device: DeviceId, user: UserId) -> (Self, LocalTx) {
        let me = Me {
            user,
            device,
            next_n: 1,
            next_ticket: Ticket::default(),
            clock: HybridClock::new(device),
            flight: None,
            flights: 0,
            batch: None,
            standing: Standing::Free,
            unaccounted: false,
            refused: 0,
            failures: 0,
            retry_after: None,
        };
        let mut tx = LocalTx::default();
        tx.put(Key::Me, &me);
        (Self { me, writes: BTreeMap::new(), streams: BTreeMap::new() }, tx)
    }

    /// The person whose phone it is.
    pub const fn user(&self) -> UserId {
        self.me.user
    }

    /// The device it is registered as.
    pub const fn device(&self) -> DeviceId {
        self.me.device
    }

    /// Runs one change; its rows end with the one row that nearly every change touches.
    fn change(&mut self, change: impl FnOnce(&mut Self, &mut LocalTx)) -> LocalTx {
        let before = self.me.clone();
        let mut tx = LocalTx::default();
        change(self, &mut tx);
        if self.me != before {
            tx.put(Key::Me, &self.me);
        }
        tx
    }
}

#[cfg(test)]
mod tests;
