//! The server is restored to a point that no cursor gives away: what was acknowledged is missed.

use super::phone::Phone;
use super::server::Server;
use super::*;
use crate::cursor::CursorFault;
use crate::replica::Status;

fn shown(phone: &Phone) -> Option<Value> {
    phone.replica.view(school(), "visit", visit(1))?.get("ratings/engagement").cloned()
}

#[test]
fn a_restore_while_reading_from_zero_is_noticed_by_what_is_missing() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let backup = server.clone();
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let queued = phone.capture(school(), visit(1), set("notes/1", json!({"text": "x"})));
    assert_eq!(phone.replica.write(queued).unwrap().base, Some(1));
    let refused = phone.replica.cursor_refused(&phone.replica.next_pulls()[0].clone(), CursorFault::Grant);
    phone.store(refused);

    server = server.restored(backup);
    phone.pull(&server);

    assert_eq!(phone.replica.unsent(), 2);
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
fn a_write_that_was_beaten_is_asked_after_once() {
    let mut server = Server::new([school()]);
    let (mut phone, mut other) = (Phone::synced(1, &mut server), Phone::synced(2, &mut server));
    phone.capture(school(), visit(1), good());
    phone.push(&mut server);
    other.sync(&mut server);
    other.capture(school(), visit(1), set("ratings/engagement", json!("poor")));
    other.sync(&mut server);

    phone.pull(&server);
    assert_eq!(phone.replica.unsent(), 1);
    phone.sync(&mut server);
    let (before, pushes) = (phone.replica.clone(), phone.take_off(&[]));
    phone.pull(&server);

    assert_eq!((pushes, phone.replica), (None, before));
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
