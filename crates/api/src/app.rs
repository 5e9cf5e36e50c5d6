//! What every handler has in hand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use xunke_domain::ids::SchoolId;
use xunke_storage::Store;
use xunke_storage::gather::Gatherer;
use xunke_sync::limits::Limits;
use xunke_sync::record::Seq;

use crate::auth::callers::Callers;
use crate::auth::keys::Keys;
use crate::auth::password::Passwords;
use crate::auth::throttle::Throttle;
use crate::shared::SharedPages;
use crate::turns::Turns;
use crate::world::{Chance, Clock};

/// Shared by all requests of a process; cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// See [`App`].
#[derive(Debug)]
pub struct Inner {
    /// The database.
    pub store: Arc<Store>,
    /// Takes pushes in.
    pub gatherer: Gatherer,
    /// Of each person one push at a time.
    pub turns: Turns,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub chance: Chance,
    /// Signs and seals.
    pub keys: Keys,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Slows down guessing.
    pub throttle: Throttle,
    /// The protocol's limits.
    pub limits: Limits,
    /// Who has asked lately.
    pub callers: Callers,
    /// Where streams stand, for those who wait.
    pub heads: Heads,
    /// Pages that several ask for at once.
    pub pages: SharedPages,
}

impl App {
    /// Puts an application together.
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Tells waiting readers that a stream has moved. A hint: readers look into the database themselves, and look
/// again after a second, since another node may have written.
#[derive(Debug, Default)]
pub struct Heads(Mutex<HashMap<SchoolId, watch::Sender<Seq>>>);

impl Heads {
    /// Notes that a stream has moved.
    pub fn moved(&self, stream: SchoolId, seq: Seq) {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = heads.entry(stream).or_insert_with(|| watch::Sender::new(0));
        sender.send_if_modified(|head| {
            let moved = seq > *head;
            *head = seq.max(*head);
            moved
        });
    }

    /// Hears of moves from now on.
    pub fn listen(&self, stream: SchoolId) -> watch::Receiver<Seq> {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.entry(stream).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }
}
