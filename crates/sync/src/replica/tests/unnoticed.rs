//! The server is restored to a point that no cursor gives away: what was acknowledged is missed.

use super::phone::Phone;
use super::server::Server;
use super::*;
use crate::cursor::CursorFault;
use crate::replica::Status;

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
