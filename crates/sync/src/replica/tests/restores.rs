//! The server is restored from a backup, or refuses a cursor for another reason.

use serde_json::json;

use super::phone::Phone;
use super::server::Server;
use super::*;
use crate::cursor::CursorFault;
use crate::replica::Status;

fn shown(phone: &Phone) -> Option<Value> {
    phone.replica.view(school(), "visit", visit(1))?.get("ratings/engagement").cloned()
}

#[test]
fn after_a_restore_everything_acknowledged_comes_back() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let backup = server.clone();
    phone.now += 86_400_000;
    let clamped = phone.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    phone.capture_as("odd", school(), visit(2), good());
    phone.sync(&mut server);
    let canonical = phone.replica.write(clamped).unwrap().stamp;
    server = server.restored(backup);
    let mut other = Phone::synced(2, &mut server);
    for record in 3..9 {
        other.capture(school(), visit(record), good());
    }
    other.sync(&mut server);
    let newer = phone.capture(school(), visit(1), set("notes/1", json!({"text": "new"})));

    phone.pull(&server);
    let push = phone.take_off(&[]).unwrap();
    let sent: Vec<_> = push.request.writes.iter().map(|write| (write.n, write.base)).collect();
    assert_eq!(sent, [(1, Some(0)), (2, Some(0)), (3, Some(0)), (4, Some(0))], "older ones first");
    assert_eq!(push.request.writes[1].stamp, canonical);
    assert_eq!(shown(&phone), Some(json!("fair")), "nothing leaves the view");
    phone.sync(&mut server);

    assert_eq!(phone.records(school()), server.records(school()));
    assert_eq!(shown(&phone), Some(json!("fair")));
    assert!(matches!(phone.replica.status(newer), Some(Status::Acknowledged(_))));
    assert_eq!(phone.replica.held().count(), 1);
}

#[test]
fn what_the_server_has_no_more_is_gone_after_reading_from_zero() {
    let mut server = Server::new([school()]);
    let backup = server.clone();
    let mut lost = Phone::synced(2, &mut server);
    lost.capture(school(), visit(1), good());
    lost.sync(&mut server);
    let mut phone = Phone::synced(1, &mut server);
    assert_eq!(phone.records(school()).len(), 1);

    server = server.restored(backup);
    phone.capture(school(), visit(2), good());
    phone.sync(&mut server);

    assert_eq!(phone.records(school()), server.records(school()));
    assert_eq!(phone.records(school()).len(), 1);
}

#[test]
fn an_answer_of_the_lost_past_acknowledges_nothing() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let backup = Server::new([school()]);
    let ticket = phone.capture(school(), visit(2), good());
    let push = phone.take_off(&[]).unwrap();
    let late = server.push(&push.request).unwrap();
    server = server.restored(backup);
    phone.pull(&server);

    let tx = phone.replica.push_answered(phone.now, &push, late).unwrap();
    phone.store(tx);

    assert_eq!(phone.replica.status(ticket), Some(Status::Queued));
    phone.sync(&mut server);
    assert_eq!(server.records(school()).len(), 2);
}

#[test]
fn reading_from_zero_survives_being_killed_half_way_and_never_empties_the_view() {
    let mut server = Server { page_records: 1, ..Server::new([school()]) };
    let mut phone = Phone::synced(1, &mut server);
    for record in 0..5 {
        phone.capture(school(), visit(record), good());
    }
    phone.sync(&mut server);
    let pull = phone.replica.next_pulls().remove(0);

    let refused = phone.replica.cursor_refused(&pull, CursorFault::Expired);
    phone.store(refused);
    let refused_again = phone.replica.cursor_refused(&pull, CursorFault::Expired);
    assert!(refused_again.is_empty(), "the pull stands there no more");
    for _ in 0..4 {
        phone.pull(&server);
        phone.kill();
        assert!(!phone.replica.is_synced(school()));
        assert_eq!(phone.records(school()).len(), 5);
    }
    let pull = phone.replica.next_pulls().remove(0);
    let refused = phone.replica.cursor_refused(&pull, CursorFault::Grant);
    phone.store(refused);
    phone.sync(&mut server);

    assert_eq!(phone.records(school()), server.records(school()));
    let generations = phone.rows.keys().filter_map(|key| key.strip_prefix("record/")?.split('/').nth(1));
    assert_eq!(generations.collect::<std::collections::BTreeSet<_>>().len(), 1, "no old rows are left");
}

#[test]
fn a_record_older_than_the_one_held_is_passed_over() {
    let mut server = Server { page_records: 9, ..Server::new([school()]) };
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let pull = phone.replica.next_pulls().remove(0);
    let mut page = server.pull(school(), None).unwrap();
    page.changes[0].fields = set("ratings/engagement", json!("poor"));
    page.changes[0].seq = 0;

    let tx = phone.replica.page(&pull, page);
    phone.store(tx);

    assert_eq!(shown(&phone), Some(json!("good")));
}

#[test]
fn after_a_fork_nothing_of_the_lost_past_counts_as_seen() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let backup = server.clone();
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    server = server.restored(backup);
    phone.pull(&server);

    let ticket = phone.capture(school(), visit(1), set("notes/1", json!({"text": "x"})));
    assert_eq!(phone.replica.write(ticket).unwrap().base, Some(0));
    phone.push(&mut server);
    assert_eq!(phone.replica.unsent(), 0);
    let fields = phone.replica.view(school(), "visit", visit(1)).unwrap();
    assert_eq!(fields.len(), 2, "answered by the new past, not read back yet");
}

#[test]
fn a_page_asked_for_from_elsewhere_changes_nothing() {
    let mut server = Server { page_records: 1, ..Server::new([school()]) };
    let mut other = Phone::synced(2, &mut server);
    for record in 0..3 {
        other.capture(school(), visit(record), good());
    }
    other.sync(&mut server);
    let mut phone = Phone::new(1);
    phone.list(&server);
    let pull = phone.replica.next_pulls().remove(0);
    let page = server.pull(pull.stream, None).unwrap();
    let tx = phone.replica.page(&pull, page.clone());
    phone.store(tx);
    phone.sync(&mut server);
    let before = phone.replica.clone();

    assert!(phone.replica.page(&pull, page).is_empty());
    assert_eq!(phone.replica, before);
}

#[test]
fn one_exchange_pushes_pulls_and_finds_the_fork() {
    let mut server = Server::new([school(), school_of(2)]);
    let mut phone = Phone::synced(1, &mut server);
    let backup = server.clone();
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    server = server.restored(backup);

    phone.capture(school_of(2), visit(2), good());
    let pulls = phone.replica.next_pulls();
    let push = phone.take_off(&pulls).unwrap();
    phone.exchange(&mut server, &push);

    assert_eq!(phone.records(school_of(2)), server.records(school_of(2)));
    assert_eq!(phone.replica.unsent(), 1, "the write of the first school goes out again");
    let pulls = phone.replica.next_pulls();
    let push = phone.take_off(&pulls).unwrap();
    phone.exchange(&mut server, &push);
    assert_eq!(phone.replica.unsent(), 0);
    assert_eq!(phone.records(school()), server.records(school()));

    let only_pull = phone.take_off(&phone.replica.next_pulls()).unwrap();
    assert!(only_pull.request.writes.is_empty());
}

#[test]
fn a_server_that_cannot_read_the_cursor_gets_everything_again() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);

    let refused = phone.replica.cursor_refused(&phone.replica.next_pulls()[0].clone(), CursorFault::Expired);
    phone.store(refused);

    assert_eq!(phone.replica.unsent(), 1);
    phone.sync(&mut server);
    assert_eq!(phone.records(school()), server.records(school()));
}
