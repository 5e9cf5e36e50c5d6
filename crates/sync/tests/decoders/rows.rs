//! Rows of a phone's storage: they load or are told to be broken, and what loads can be worked with.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_sync::cursor::CursorFault;
use xunke_sync::replica::{Failure, LoadError, Replica};
use xunke_sync::stamp::DeviceId;
use xunke_sync::wire::page::Page;
use xunke_sync::wire::result::{Outcome, PushAnswer, WriteResult};

use super::app::App;

const NOW: i64 = 1_795_000_000_000;

/// What must hold for any bytes: a row a line, key and text with a tab between.
pub(crate) fn holds(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let rows = text.lines().filter_map(|line| line.split_once('\t'));
    let rows: Vec<_> = rows.map(|(key, row)| (key.to_owned(), row.to_owned())).collect();
    match Replica::load(rows) {
        Ok(replica) => works(replica),
        Err(LoadError::Missing) => assert!(!text.contains("\nreplica\t") && !text.starts_with("replica\t")),
        Err(LoadError::Corrupt { key, .. }) => assert!(text.contains(&key)),
    }
}

fn works(replica: Replica) {
    let unsent = replica.unsent();
    let mut app = App { replica, rows: BTreeMap::new(), captured: Vec::new() };
    app.show();
    let stream = SchoolId::from_uuid(Uuid::from_u128(1));
    let set: Fields = [("notes/1".parse().expect("a path"), json!({"text": "x"}))].into();
    let (ticket, tx) =
        app.replica.capture(NOW, stream, "visit", Uuid::from_u128(1001), set).expect("one field");
    app.store(tx);
    app.captured.push(ticket);
    // A row under the number of the next write would be another's.
    assert!(app.replica.unsent() == unsent + 1 || app.replica.unsent() == unsent);
    for failure in [Failure::Network, Failure::TooLarge, Failure::Refused, Failure::DeviceFork] {
        let _ = app.take_off();
        let tx = app.replica.push_failed(failure);
        app.store(tx);
        let _ = app.replica.retry_at(NOW, 500);
    }
    let tx = app.replica.rebind(DeviceId::from_u64(77));
    app.store(tx);
    let tx = app.replica.retry_stuck();
    app.store(tx);
    for _ in 0..4 {
        let Some(push) = app.take_off() else { break };
        let results = push
            .request
            .writes
            .iter()
            .map(|write| WriteResult { seq: Some(1), ..WriteResult::plain(write.n, Outcome::Applied) });
        let answer = PushAnswer {
            server_time: String::new(),
            results: results.collect(),
            ledger: None,
            pull: BTreeMap::new(),
        };
        let tx = app.replica.push_answered(NOW, &push, answer).expect("an answer to each write, in order");
        app.store(tx);
    }
    for pull in app.replica.next_pulls() {
        let page = Page { changes: Vec::new(), cursor: "c".into(), more: false, head: 3 };
        let tx = app.replica.page(&pull, page);
        app.store(tx);
        if let Some(pull) = app.replica.next_pulls().first() {
            let tx = app.replica.cursor_refused(pull, CursorFault::Fork);
            app.store(tx);
        }
    }
    let tx = app.replica.dismiss(ticket);
    app.store(tx);
    app.show();
    let tx = app.replica.prune(i64::MAX);
    app.store(tx);
    let tx = app.replica.streams_listed(&[]);
    app.store(tx);
    for stream in app.replica.removable() {
        let tx = app.replica.remove(stream);
        app.store(tx);
    }
}
