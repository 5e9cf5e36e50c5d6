//! Devices that are cloned, restored, revoked or told to be newer.

use serde_json::json;

use super::phone::Phone;
use super::server::Server;
use super::*;
use crate::replica::{Failure, Standing, Status};

#[test]
fn a_phone_restored_from_an_old_backup_registers_again_and_loses_nothing() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let backup = phone.clone();
    phone.capture(school(), visit(2), good());
    phone.sync(&mut server);

    let mut phone = backup;
    let first = phone.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    let second = phone.capture(school(), visit(1), set("ratings/engagement", json!("poor")));
    let stamps =
        |phone: &Phone| [first, second].map(|ticket| phone.replica.write(ticket).unwrap().stamp.unwrap());
    let before = stamps(&phone);
    phone.push(&mut server);
    assert_eq!(phone.replica.standing(), Standing::Forked);
    assert!(phone.take_off(&[]).is_none());

    let rebound = phone.replica.rebind(device(7));
    phone.store(rebound);

    assert_eq!(phone.replica.write(first).unwrap().n, 1);
    assert_eq!(phone.replica.write(second).unwrap().n, 2);
    for (old, new) in before.into_iter().zip(stamps(&phone)) {
        assert_eq!((old.millis(), new.device()), (new.millis(), device(7)), "said at the same time");
    }
    let later = phone.capture(school(), visit(3), good());
    assert_eq!(phone.replica.write(later).unwrap().n, 3);
    let sent = phone.take_off(&[]).expect("a push").request.writes;
    for write in sent.iter().filter(|write| write.record == visit(1)) {
        // Its birth name was given out twice, so the server may not take it for the later one of the two.
        assert_eq!(write.saw.as_ref().unwrap().get(&device(1)), Some(&1), "its own of before the backup");
    }
    phone.sync(&mut server);
    assert_eq!(phone.records(school()), server.records(school()));
    assert_eq!(phone.records(school())[0].2["ratings/engagement"], json!("poor"));
}

#[test]
fn stamps_stay_unique_when_a_phone_registers_again() {
    let mut phone = Phone::new(1);
    let before = phone.capture(school(), visit(1), good());
    let rebound = phone.replica.rebind(device(7));
    phone.store(rebound);
    phone.now -= 1;

    let after = phone.capture(school(), visit(1), good());

    let stamp = |ticket| phone.replica.write(ticket).unwrap().stamp;
    assert!(stamp(before) < stamp(after));
}

#[test]
fn an_answer_to_the_earlier_device_acknowledges_nothing_of_the_new_one() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let ticket = phone.capture(school(), visit(1), good());
    let push = phone.take_off(&[]).unwrap();
    let late = server.push(&push.request).unwrap();
    let rebound = phone.replica.rebind(device(7));
    phone.store(rebound);

    let tx = phone.replica.push_answered(phone.now, &push, late).unwrap();

    assert!(tx.is_empty());
    assert_eq!(phone.replica.status(ticket), Some(Status::Queued));
}

#[test]
fn after_a_restore_older_writes_go_out_under_the_device_they_were_numbered_by() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let backup = server.clone();
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let rebound = phone.replica.rebind(device(7));
    phone.store(rebound);
    phone.capture(school(), visit(2), good());
    phone.sync(&mut server);
    server = server.restored(backup);
    phone.pull(&server);

    let push = phone.take_off(&[]).unwrap();
    assert_eq!((push.request.device, push.request.writes.len()), (device(1), 1));
    phone.sync(&mut server);

    assert!(server.knows(device(1), 1) && server.knows(device(7), 1));
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn that_an_earlier_device_is_revoked_says_nothing_about_this_one() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let backup = server.clone();
    let old = phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let rebound = phone.replica.rebind(device(7));
    phone.store(rebound);
    phone.capture(school(), visit(2), good());
    phone.sync(&mut server);
    server = server.restored(backup);
    phone.pull(&server);
    phone.take_off(&[]).unwrap();

    let refused = phone.replica.push_failed(Failure::DeviceRevoked { wipe: true });
    phone.store(refused);

    assert_eq!(phone.replica.standing(), Standing::Free);
    assert_eq!(phone.replica.status(old), Some(Status::Stuck));
    assert_eq!(phone.take_off(&[]).unwrap().request.device, device(7));
}

#[test]
fn a_revoked_device_is_told_so_and_deletes_nothing_by_itself() {
    let mut phone = Phone::new(1);
    let ticket = phone.capture(school(), visit(1), good());
    phone.take_off(&[]).unwrap();

    let revoked = phone.replica.push_failed(Failure::DeviceRevoked { wipe: true });
    phone.store(revoked);

    assert_eq!(phone.replica.standing(), Standing::Revoked { wipe: true });
    assert_eq!(phone.replica.status(ticket), Some(Status::Queued));
}

#[test]
fn an_app_too_old_keeps_its_queue_until_it_is_updated() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    let refused = phone.replica.push_failed(Failure::TooOld);
    phone.store(refused);
    assert!(!phone.push(&mut server));

    let updated = phone.replica.updated();
    phone.store(updated);

    phone.sync(&mut server);
    assert_eq!(server.records(school()).len(), 1);
}

#[test]
fn registering_again_as_the_same_device_changes_nothing() {
    let mut phone = Phone::new(1);
    phone.capture(school(), visit(1), good());

    assert!(phone.replica.rebind(device(1)).is_empty());
}

#[test]
fn a_phone_that_was_registered_after_the_backup_registers_again_and_brings_everything_back() {
    let mut server = Server::new([school()]);
    let backup = server.clone();
    let mut phone = Phone::synced(1, &mut server);
    let first = phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let second = phone.capture(school(), visit(1), set("ratings/engagement", json!("poor")));
    let stamp = |phone: &Phone, ticket| phone.replica.write(ticket).unwrap().stamp.unwrap();
    let before = [stamp(&phone, first), stamp(&phone, second)];

    server = server.restored(backup);
    server.unknown = vec![device(1)];
    phone.sync_until_refused(&mut server);
    assert_eq!((phone.replica.standing(), phone.replica.unsent()), (Standing::Forked, 2));
    phone.kill();
    let rebound = phone.replica.rebind(device(7));
    phone.store(rebound);
    phone.sync(&mut server);

    assert!(server.knows(device(7), 1) && server.knows(device(7), 2));
    assert_eq!(phone.records(school()), server.records(school()));
    assert_eq!(phone.records(school())[0].2["ratings/engagement"], json!("poor"));
    for (old, new) in before.into_iter().zip([stamp(&phone, first), stamp(&phone, second)]) {
        assert_eq!(old.in_the_hand_of(device(7)), new, "said at the same time");
    }
}

#[test]
fn an_earlier_registration_that_the_server_does_not_know_costs_a_new_one_and_doubles_nothing() {
    let mut server = Server::new([school()]);
    let backup = server.clone();
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    let rebound = phone.replica.rebind(device(7));
    phone.store(rebound);
    phone.capture(school(), visit(2), good());
    phone.sync(&mut server);

    server = server.restored(backup);
    server.unknown = vec![device(1)];
    phone.pull(&server);
    phone.sync_until_refused(&mut server);
    let rebound = phone.replica.rebind(device(8));
    phone.store(rebound);
    phone.sync(&mut server);

    let known: Vec<_> = server.ledger.keys().copied().collect();
    assert_eq!(known, [(device(7), 1), (device(8), 1)]);
    assert_eq!(phone.records(school()), server.records(school()));
}
