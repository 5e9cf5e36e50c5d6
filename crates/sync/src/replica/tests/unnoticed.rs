//! The server is restored to a point that no cursor gives away: its ledger tells what it lacks.

use super::phone::Phone;
use super::server::Server;
use super::*;
use crate::replica::Status;

fn shown(phone: &Phone) -> Option<Value> {
    phone.replica.view(school(), "visit", visit(1))?.get("ratings/engagement").cloned()
}

#[test]
fn what_a_lost_answer_told_counts_as_seen_no_more() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let backup = server.clone();
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let queued = phone.capture(school(), visit(1), set("notes/1", json!({"text": "x"})));
    assert_eq!(phone.replica.write(queued).unwrap().base, Some(1));

    server = server.restored(backup);
    phone.list(&server);
    phone.push(&mut server);

    assert_eq!(phone.replica.unsent(), 2, "what is lost goes out first");
    assert_eq!(phone.replica.write(queued).unwrap().base, Some(0));
    phone.sync(&mut server);
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn even_a_beaten_write_is_missed_when_its_record_stands_before_it() {
    let mut server = Server::new([school()]);
    let (mut phone, mut other) = (Phone::synced(1, &mut server), Phone::synced(2, &mut server));
    phone.capture(school(), visit(1), good());
    other.now += 10;
    other.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    other.sync(&mut server);
    let backup = server.clone();
    phone.push(&mut server);
    server = server.restored(backup);

    phone.sync(&mut server);

    assert!(server.knows(device(1), 1));
}

#[test]
fn a_restore_that_the_cursor_does_not_notice_is_noticed_by_what_is_missing() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let backup = server.clone();
    let odd = phone.capture_as("odd", school(), visit(1), good());
    let ticket = phone.capture(school(), visit(1), good());
    phone.push(&mut server);
    server = server.restored(backup);
    let mut other = Phone::synced(2, &mut server);
    for record in 2..5 {
        other.capture(school(), visit(record), good());
    }
    other.sync(&mut server);

    phone.sync(&mut server);

    assert!(matches!(phone.replica.status(ticket), Some(Status::Acknowledged(_))));
    assert!(matches!(phone.replica.status(odd), Some(Status::Held(_))));
    assert!(server.knows(device(1), 1) && server.knows(device(1), 2));
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn a_write_that_only_the_memory_of_another_phone_shows_beaten_is_asked_after() {
    let mut server = Server::new([school()]);
    let (mut phone, mut other) = (Phone::synced(1, &mut server), Phone::synced(2, &mut server));
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    other.sync(&mut server);
    let backup = server.clone();
    phone.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    phone.push(&mut server);
    other.sync(&mut server);
    other.now += 10;
    other.capture(school(), visit(1), set("ratings/engagement", json!("poor")));
    other.sync(&mut server);

    server = server.restored(backup);
    let mut fresh = Phone::synced(3, &mut server);
    for record in 2..9 {
        fresh.capture(school(), visit(record), good());
    }
    fresh.sync(&mut server);
    other.sync(&mut server);
    phone.sync(&mut server);

    assert!(server.knows(device(1), 2), "it is in the history that another has beaten it");
    assert_eq!(shown(&phone), Some(json!("poor")));
}

#[test]
fn the_server_is_asked_which_writes_it_has_once_a_contact() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    assert_eq!(phone.take_off(&[]), None, "it has been asked");

    phone.list(&server);

    let asked = phone.take_off(&[]).unwrap();
    assert_eq!((asked.request.writes.len(), &asked.request.ledger), (0, &vec![device(1)]));
    phone.exchange(&mut server, &asked);
    assert_eq!(phone.take_off(&[]), None);
}

#[test]
fn a_page_from_before_an_acknowledgement_puts_nothing_in_doubt() {
    let mut server = Server { page_records: 9, ..Server::new([school()]) };
    let mut other = Phone::synced(2, &mut server);
    other.capture(school(), visit(1), good());
    other.sync(&mut server);
    let mut phone = Phone::new(1);
    phone.list(&server);
    let pull = phone.replica.next_pulls().remove(0);
    let old = server.pull(pull.stream, None).unwrap();
    let ticket = phone.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    phone.push(&mut server);
    let next = phone.capture(school(), visit(1), set("ratings/engagement", json!("excellent")));

    let tx = phone.replica.page(&pull, old);
    phone.store(tx);

    assert!(matches!(phone.replica.status(ticket), Some(Status::Acknowledged(_))));
    assert_eq!(phone.replica.write(next).unwrap().base, Some(2), "what it had seen, it has seen");
    phone.sync(&mut server);
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn an_answer_from_before_a_restore_is_found_out_at_the_next_contact() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let ticket = phone.capture(school(), visit(1), good());
    let push = phone.take_off(&[]).unwrap();
    let backup = server.clone();
    let answer = server.push(&push.request).unwrap();
    server = server.restored(backup);
    let mut other = Phone::synced(2, &mut server);
    other.capture(school(), visit(5), good());
    other.sync(&mut server);
    phone.pull(&server);
    let tx = phone.replica.push_answered(phone.now, &push, answer).unwrap();
    phone.store(tx);

    phone.sync(&mut server);

    assert!(matches!(phone.replica.status(ticket), Some(Status::Acknowledged(_))));
    assert!(server.knows(device(1), 1));
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn an_older_server_that_says_no_ledger_loses_nothing() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let ticket = phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    phone.list(&server);
    let asked = phone.take_off(&[]).unwrap();
    let mut answer = server.push(&asked.request).unwrap();
    answer.ledger = None;

    let tx = phone.replica.push_answered(phone.now, &asked, answer).unwrap();
    phone.store(tx);

    assert!(matches!(phone.replica.status(ticket), Some(Status::Acknowledged(_))));
    assert_eq!(phone.take_off(&[]), None);
}

#[test]
fn a_held_write_is_brought_back_where_no_cursor_tells_that_it_was_lost() {
    for read_before_the_restore in [false, true] {
        let mut server = Server::new([school()]);
        let mut other = Phone::synced(2, &mut server);
        other.capture(school(), visit(1), good());
        other.sync(&mut server);
        let mut phone = Phone::synced(1, &mut server);
        let backup = server.clone();
        let odd = phone.capture_as("odd", school(), visit(1), good());
        phone.push(&mut server);
        if read_before_the_restore {
            phone.sync(&mut server);
        }

        server = server.restored(backup);
        other.sync(&mut server);
        other.capture(school(), visit(2), good());
        other.sync(&mut server);
        phone.sync(&mut server);

        assert!(server.knows(device(1), 1));
        assert!(matches!(phone.replica.status(odd), Some(Status::Held(_))));
    }
}

#[test]
fn what_goes_out_of_the_queue_first_does_not_vouch_for_what_was_acknowledged_before() {
    let mut server = Server::new([school()]);
    let backup = server.clone();
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.push(&mut server);
    phone.capture(school(), visit(1), set("ratings/engagement", json!("fair")));

    server = server.restored(backup);
    phone.sync(&mut server);

    assert!(server.knows(device(1), 1) && server.knows(device(1), 2));
    assert_eq!(shown(&phone), Some(json!("fair")));
}
