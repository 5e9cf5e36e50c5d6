//! An app around a replica: it stores what it is told to store, and can be killed at any moment.

use std::collections::BTreeMap;

use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;

use super::server::{Refusal, Server};
use super::{device, user};
use crate::limits::Limits;
use crate::replica::{Failure, LocalTx, Pull, Push, Replica, Standing, Ticket};

#[derive(Clone, Debug)]
pub(super) struct Phone {
    pub(super) replica: Replica,
    /// What is on its storage.
    pub(super) rows: BTreeMap<String, String>,
    pub(super) now: i64,
}

impl Phone {
    pub(super) fn new(number: u64) -> Self {
        let (replica, tx) = Replica::new(device(number), user(u128::from(number)));
        let mut phone = Self { replica, rows: BTreeMap::new(), now: 1_000_000 };
        phone.store(tx);
        phone
    }

    /// A phone that has read what the server has.
    pub(super) fn synced(number: u64, server: &mut Server) -> Self {
        let mut phone = Self::new(number);
        phone.list(server);
        phone.sync(server);
        phone
    }

    /// Stores rows; what is stored is what is in memory.
    pub(super) fn store(&mut self, tx: LocalTx) {
        for (key, row) in tx.into_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
        assert_eq!(self.loaded(), self.replica);
    }

    pub(super) fn loaded(&self) -> Replica {
        Replica::load(self.rows.clone()).unwrap()
    }

    /// The app is killed and started again: only what was stored counts.
    pub(super) fn kill(&mut self) {
        self.replica = self.loaded();
    }

    pub(super) fn capture(&mut self, stream: SchoolId, record: Uuid, set: Fields) -> Ticket {
        self.capture_as("visit", stream, record, set)
    }

    pub(super) fn capture_as(&mut self, kind: &str, stream: SchoolId, record: Uuid, set: Fields) -> Ticket {
        self.now += 1;
        let (ticket, tx) = self.replica.capture(self.now, stream, kind, record, set).unwrap();
        self.store(tx);
        ticket
    }

    pub(super) fn list(&mut self, server: &Server) {
        let tx = self.replica.streams_listed(&server.listed());
        self.store(tx);
    }

    /// What it would send, stored as being out.
    pub(super) fn take_off(&mut self, pulls: &[Pull]) -> Option<Push> {
        let now = "2026-11-17T10:40:03.120+08:00";
        let (push, tx) = self.replica.next_push(now, &Limits::default(), pulls)?;
        self.store(tx);
        Some(push)
    }

    /// One push, its answer taken in. Gives whether there was anything to send.
    pub(super) fn push(&mut self, server: &mut Server) -> bool {
        let Some(push) = self.take_off(&[]) else { return false };
        self.exchange(server, &push);
        true
    }

    pub(super) fn exchange(&mut self, server: &mut Server, push: &Push) {
        let tx = match server.push(&push.request) {
            Ok(answer) => self.replica.push_answered(self.now, push, answer).unwrap(),
            Err(Refusal::Fork) => self.replica.push_failed(Failure::DeviceFork),
            Err(Refusal::UnknownDevice) => self.replica.push_failed(Failure::DeviceUnknown),
            Err(Refusal::TooLarge) => self.replica.push_failed(Failure::TooLarge),
        };
        self.store(tx);
    }

    /// One page of every stream.
    pub(super) fn pull(&mut self, server: &Server) {
        for pull in self.replica.next_pulls() {
            let tx = match server.pull(pull.stream, pull.cursor.as_deref()) {
                Ok(page) => self.replica.page(&pull, page),
                Err(fault) => self.replica.cursor_refused(&pull, fault),
            };
            self.store(tx);
        }
    }

    /// Pushes and pulls until nothing is left to do, in a bounded number of rounds.
    pub(super) fn sync(&mut self, server: &mut Server) {
        self.list(server);
        for _ in 0..200 {
            self.push(server);
            let before = self.replica.clone();
            self.pull(server);
            let synced = self.replica.next_pulls().iter().all(|pull| self.replica.is_synced(pull.stream));
            if self.replica.unsent() == 0 && synced && before == self.replica {
                return;
            }
        }
        panic!("it never came to rest: {:#?}", self.replica);
    }

    /// Pushes and pulls until the server refuses this phone.
    pub(super) fn sync_until_refused(&mut self, server: &mut Server) {
        for _ in 0..200 {
            self.push(server);
            self.pull(server);
            if self.replica.standing() != Standing::Free {
                return;
            }
        }
        panic!("it was never refused: {:#?}", self.replica);
    }

    pub(super) fn records(&self, stream: SchoolId) -> Vec<(String, Uuid, Fields)> {
        self.replica.records(stream).map(|(kind, id, fields)| (kind.to_owned(), id, fields)).collect()
    }
}
