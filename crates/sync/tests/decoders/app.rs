//! An app around a replica, as small as it gets: it stores rows and looks at everything there is to see.

use std::collections::BTreeMap;

use xunke_sync::limits::Limits;
use xunke_sync::replica::{LocalTx, Push, Replica, Ticket};

/// The app.
pub(crate) struct App {
    pub(crate) replica: Replica,
    pub(crate) rows: BTreeMap<String, String>,
    pub(crate) captured: Vec<Ticket>,
}

impl App {
    /// Stores rows; what is stored is what is in memory.
    pub(crate) fn store(&mut self, tx: LocalTx) {
        for (key, row) in tx.into_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    /// What is stored loads to what is in memory.
    pub(crate) fn survives_being_killed(&self) {
        let loaded = Replica::load(self.rows.clone()).expect("what was stored loads");
        assert_eq!(loaded, self.replica);
    }

    /// The push that is out, or the next one, with everything there is to pull.
    pub(crate) fn take_off(&mut self) -> Option<Push> {
        let pulls = self.replica.next_pulls();
        let (push, tx) = self.replica.next_push("2026-11-17T10:40:03+08:00", &Limits::default(), &pulls)?;
        self.store(tx);
        Some(push)
    }

    /// Whatever there is to see can be seen.
    pub(crate) fn show(&self) {
        let streams: Vec<_> = self.replica.streams().map(|(id, _)| id).collect();
        for stream in streams {
            for (kind, id, fields) in self.replica.records(stream) {
                assert_eq!(self.replica.view(stream, kind, id), Some(fields));
                let _ = self.replica.author(stream, kind, id);
            }
        }
        assert!(self.replica.stuck().count() <= self.replica.unsent());
        for held in self.replica.held() {
            assert!(self.replica.write(held.ticket).is_some());
        }
        for disagreement in self.replica.disagreements() {
            assert!(!disagreement.lost.is_empty());
        }
        for ticket in &self.captured {
            assert!(self.replica.status(*ticket).is_some(), "what was captured is kept");
        }
    }
}
