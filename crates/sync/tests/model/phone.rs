//! A phone: the real replica, the rows it has stored, and who had seen what when it was captured.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::UserId;
use xunke_sync::cursor::CursorFault;
use xunke_sync::limits::Limits;
use xunke_sync::replica::{Failure, LocalTx, Pull, Push, Replica, Ticket};
use xunke_sync::stamp::DeviceId;
use xunke_sync::wire::page::{Page, StreamInfo};
use xunke_sync::wire::result::PushAnswer;

use super::server::{HELD_KIND, school};

const NOW_TEXT: &str = "2026-11-17T10:40:03+08:00";

/// A write as the model knows it: what it says is its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Captured {
    pub(crate) said: u64,
    /// What its author saw in its place, and everything he had said himself.
    pub(crate) seen: Vec<u64>,
    pub(crate) held: bool,
}

/// The phone.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) replica: Replica,
    rows: BTreeMap<String, String>,
    pub(crate) captured: Vec<(Ticket, Captured)>,
}

impl Phone {
    /// A phone that knows of the school and has read nothing.
    pub(crate) fn new(number: u64) -> Self {
        let user = UserId::from_uuid(Uuid::from_u128(number.into()));
        let (replica, tx) = Replica::new(DeviceId::from_u64(number), user);
        let mut phone = Self { replica, rows: BTreeMap::new(), captured: Vec::new() };
        phone.store(tx);
        phone.list();
        phone
    }

    /// Hears which streams there are, as at the beginning of every contact.
    pub(crate) fn list(&mut self) {
        let info = StreamInfo { stream: school(), name: String::new(), head: 0, grant: String::new() };
        let tx = self.replica.streams_listed(&[info]);
        self.store(tx);
    }

    /// Everything there is to it, as a text: two phones of one text are one.
    pub(crate) fn text(&self) -> String {
        format!("{:?}{:?}", self.rows, self.captured)
    }

    /// Stores rows. The app may be killed at any moment, so it goes on with what the rows say.
    fn store(&mut self, tx: LocalTx) {
        for (key, row) in tx.into_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
        let loaded = Replica::load(self.rows.clone()).expect("what was stored loads");
        assert_eq!(loaded, self.replica, "a killed app would go on with something else");
        self.replica = loaded;
    }

    pub(crate) fn capture(&mut self, now: i64, said: u64, record: Uuid, held: bool) {
        let path = "notes/1";
        let kind = if held { HELD_KIND } else { "visit" };
        let shown = self.replica.view(school(), kind, record);
        let shown = shown.and_then(|fields| fields.get(path).and_then(Value::as_u64));
        let mut seen: Vec<u64> =
            self.captured.iter().map(|(_, captured)| captured.said).chain(shown).collect();
        seen.sort_unstable();
        seen.dedup();
        let set: Fields = [(path.parse().expect("a path"), json!(said))].into();
        let (ticket, tx) = self.replica.capture(now, school(), kind, record, set).expect("it sets a field");
        self.store(tx);
        self.captured.push((ticket, Captured { said, seen, held }));
    }

    pub(crate) fn take_off(&mut self, pulls: &[Pull]) -> Option<Push> {
        let (push, tx) = self.replica.next_push(NOW_TEXT, &Limits::default(), pulls)?;
        self.store(tx);
        Some(push)
    }

    pub(crate) fn answered(&mut self, now: i64, push: &Push, answer: PushAnswer) {
        let tx = self.replica.push_answered(now, push, answer).expect("the answer is one to this push");
        self.store(tx);
    }

    pub(crate) fn no_answer(&mut self) {
        let tx = self.replica.push_failed(Failure::Network);
        self.store(tx);
    }

    pub(crate) fn read(&mut self, pull: &Pull, page: Result<Page, CursorFault>) {
        let tx = match page {
            Ok(page) => self.replica.page(pull, page),
            Err(fault) => self.replica.cursor_refused(pull, fault),
        };
        self.store(tx);
    }
}
