//! What a server, or whatever stands in for one, says to a phone: it may be nonsense, but it takes nothing away.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_sync::cursor::CursorFault;
use xunke_sync::replica::{Failure, Replica};
use xunke_sync::stamp::DeviceId;
use xunke_sync::wire::page::{Page, StreamInfo};
use xunke_sync::wire::result::PushAnswer;

use super::app::App;

const NOW: i64 = 1_795_000_000_000;

/// What must hold for any bytes: one answer a line.
pub(crate) fn holds(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut app = phone();
    for line in text.lines().take(12) {
        hears(&mut app, line);
        app.survives_being_killed();
        app.show();
    }
    let tx = app.replica.prune(NOW);
    app.store(tx);
    app.survives_being_killed();
    app.show();
}

/// A phone with two writes out and one behind them.
fn phone() -> App {
    let user = UserId::from_uuid(Uuid::from_u128(9));
    let (replica, tx) = Replica::new(DeviceId::from_u64(1), user);
    let mut app = App { replica, rows: BTreeMap::new(), captured: Vec::new() };
    app.store(tx);
    let school = SchoolId::from_uuid(Uuid::from_u128(1));
    let info = StreamInfo { stream: school, name: "青禾".into(), head: 0, grant: "1".into() };
    let tx = app.replica.streams_listed(&[info]);
    app.store(tx);
    for number in 1..=3 {
        if number == 3 {
            let _ = app.take_off();
        }
        let set: Fields = [("ratings/a".parse().expect("a path"), json!("good"))].into();
        let captured = app.replica.capture(NOW, school, "visit", Uuid::from_u128(number), set);
        let (ticket, tx) = captured.expect("it can be captured");
        app.store(tx);
        app.captured.push(ticket);
    }
    app
}

fn hears(app: &mut App, line: &str) {
    let before = app.replica.clone();
    let push = app.take_off();
    let pulls = app.replica.next_pulls();
    let tx = if let Ok(answer) = serde_json::from_str::<PushAnswer>(line) {
        let Some(push) = push else { return };
        let out = app.replica.clone();
        match app.replica.push_answered(NOW, &push, answer) {
            Ok(tx) => tx,
            Err(_) => return assert_eq!(app.replica, out, "an answer to something else changes nothing"),
        }
    } else if let Ok(page) = serde_json::from_str::<Page>(line) {
        let Some(pull) = pulls.first() else { return };
        let tx = app.replica.page(pull, page);
        assert!(app.replica.unsent() >= before.unsent(), "a page takes nothing out of the queue");
        tx
    } else if let Ok(listed) = serde_json::from_str::<Vec<StreamInfo>>(line) {
        app.replica.streams_listed(&listed)
    } else if let Ok(fault) = serde_json::from_str::<CursorFault>(line) {
        let Some(pull) = pulls.first() else { return };
        app.replica.cursor_refused(pull, fault)
    } else {
        let failure = match line {
            "413" => Failure::TooLarge,
            "422" => Failure::Refused,
            "409" => Failure::DeviceFork,
            _ => Failure::Network,
        };
        let tx = app.replica.push_failed(failure);
        assert_eq!(app.replica.unsent(), before.unsent());
        tx
    };
    app.store(tx);
}
