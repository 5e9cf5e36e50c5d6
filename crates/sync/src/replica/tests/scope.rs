//! Streams come, go, and change what they show.

use super::phone::Phone;
use super::server::{Log, Server};
use super::*;

#[test]
fn a_changed_grant_reads_from_zero_and_keeps_the_queue() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    phone.capture(school(), visit(2), good());
    server.streams.get_mut(&school()).unwrap().grant = 7;

    phone.list(&server);
    phone.pull(&server);

    assert_eq!(phone.replica.next_pulls()[0].cursor, None);
    assert_eq!((phone.replica.unsent(), phone.records(school()).len()), (1, 2));
    phone.sync(&mut server);
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn a_stream_that_is_gone_is_pushed_to_before_it_is_removed() {
    let mut server = Server::new([school(), school_of(2)]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    phone.capture(school(), visit(2), good());
    phone.capture(school_of(2), visit(3), good());
    server.streams.remove(&school());

    phone.list(&server);
    assert_eq!(phone.replica.next_pulls().len(), 1, "read no more");
    assert_eq!(phone.replica.removable(), []);
    assert!(phone.replica.remove(school()).is_empty(), "not before its queue is empty");

    phone.sync(&mut server);
    assert_eq!(phone.replica.held().count(), 1);
    assert_eq!(phone.replica.removable(), [school()]);
    let removed = phone.replica.remove(school());
    phone.store(removed);

    assert_eq!(phone.replica.streams().map(|(id, _)| id).collect::<Vec<_>>(), [school_of(2)]);
    let left = phone.rows.iter().filter(|(key, row)| format!("{key}{row}").contains(&school().to_string()));
    assert_eq!(left.count(), 0, "nothing of it is left");
    assert_eq!(phone.records(school_of(2)), server.records(school_of(2)));
}

#[test]
fn a_stream_that_comes_back_goes_on_where_it_was() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let cursor = phone.replica.next_pulls();
    let nothing = phone.replica.streams_listed(&[]);
    phone.store(nothing);

    phone.list(&server);

    assert_eq!(phone.replica.next_pulls(), cursor);
    assert_eq!(phone.replica.removable(), []);
}

#[test]
fn nothing_is_removed_that_a_restored_server_has_lost_with_the_school() {
    let mut server = Server::new([school_of(2)]);
    let backup = server.clone();
    server.streams.insert(school(), Log::default());
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);

    server = server.restored(backup);
    phone.list(&server);
    assert_eq!(phone.replica.removable(), [], "not before the server has said that it has it");
    phone.list(&server);
    phone.sync(&mut server);

    assert!(server.knows(device(1), 1), "among the held, where it was lost");
    assert_eq!(phone.replica.removable(), [school()]);
}
