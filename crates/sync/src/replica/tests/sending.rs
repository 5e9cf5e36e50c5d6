//! The queue and its answers.

use serde_json::json;

use super::phone::Phone;
use super::server::Server;
use super::*;
use crate::limits::Limits;
use crate::replica::{CaptureFault, Failure, NotDelivered, Standing, Status};
use crate::wire::result::{Outcome, PushAnswer, WriteResult};

#[test]
fn capture_needs_neither_a_network_nor_a_known_stream() {
    let mut phone = Phone::new(1);

    let ticket = phone.capture(school(), visit(1), set("notes/1", json!({"text": "e\u{301}"})));

    let write = phone.replica.write(ticket).unwrap();
    assert_eq!((write.n, write.base), (1, Some(0)));
    assert_eq!(write.set, set("notes/1", json!({"text": "é"})));
    assert_eq!(phone.replica.view(school(), "visit", visit(1)), Some(write.set.clone()));
    assert_eq!(phone.replica.status(ticket), Some(Status::Queued));
}

#[test]
fn what_could_not_be_stored_is_not_captured() {
    let mut phone = Phone::new(1);
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let mut capture = |set| phone.replica.capture(1, school(), "visit", visit(1), set).err();

    assert_eq!(capture(Fields::new()), Some(CaptureFault::NothingSet));
    assert_eq!(capture(set("notes/1", deep)), Some(CaptureFault::TooDeep));
}

#[test]
fn a_push_is_repeated_unchanged_until_it_is_answered() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let first = phone.capture(school(), visit(1), good());
    let push = phone.take_off(&[]).unwrap();
    server.push(&push.request).unwrap();
    let failed = phone.replica.push_failed(Failure::Network);
    phone.store(failed);
    let second = phone.capture(school(), visit(2), good());
    phone.kill();

    let again = phone.take_off(&[]).unwrap();
    assert_eq!(again.request.writes, push.request.writes);
    assert_eq!(again.request.unsent, 1);
    phone.exchange(&mut server, &again);

    let Some(Status::Acknowledged(result)) = phone.replica.status(first) else { panic!() };
    assert_eq!((result.outcome, result.settled()), (Outcome::Duplicate, Outcome::Applied));
    assert_eq!(phone.replica.status(second), Some(Status::Queued));
    assert_eq!(phone.replica.retry_at(0, 0), None, "an answer ends the waiting");
}

#[test]
fn an_answer_that_came_twice_counts_once() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    let push = phone.take_off(&[]).unwrap();
    let answer = server.push(&push.request).unwrap();
    let tx = phone.replica.push_answered(phone.now, &push, answer.clone()).unwrap();
    phone.store(tx);
    let later = phone.capture(school(), visit(2), good());
    phone.take_off(&[]).unwrap();
    let before = phone.replica.clone();

    let tx = phone.replica.push_answered(phone.now, &push, answer).unwrap();

    assert!(tx.is_empty());
    assert_eq!(phone.replica, before);
    assert_eq!(phone.replica.status(later), Some(Status::Queued));
}

#[test]
fn an_answer_that_is_none_changes_nothing() {
    let mut phone = Phone::new(1);
    phone.capture(school(), visit(1), good());
    phone.capture(school(), visit(2), good());
    let push = phone.take_off(&[]).unwrap();
    let before = phone.replica.clone();
    let mut answer = |numbers: &[i64]| {
        let results = numbers.iter().map(|n| WriteResult::plain(*n, Outcome::Applied)).collect();
        let answer = PushAnswer {
            server_time: String::new(),
            results,
            ledger: None,
            pull: std::collections::BTreeMap::new(),
        };
        phone.replica.push_answered(1, &push, answer).unwrap_err()
    };

    assert_eq!(answer(&[]), NotDelivered::Count { writes: 2, results: 0 });
    assert_eq!(answer(&[1, 2, 3]), NotDelivered::Count { writes: 2, results: 3 });
    assert_eq!(answer(&[2, 1]), NotDelivered::Order { n: 1, other: 2 });
    assert_eq!(phone.replica, before);
}

#[test]
fn a_held_write_leaves_the_queue_and_stays_in_sight_until_dismissed() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let odd = phone.capture_as("odd", school(), visit(1), good());
    let next = phone.capture(school(), visit(2), good());
    phone.sync(&mut server);

    assert!(matches!(phone.replica.status(odd), Some(Status::Held(_))));
    assert!(matches!(phone.replica.status(next), Some(Status::Acknowledged(_))));
    assert_eq!(phone.replica.held().map(|held| held.ticket).collect::<Vec<_>>(), [odd]);
    assert_eq!(phone.records(school()), server.records(school()), "a held write is in no record");
    let after_a_year = phone.now + 366 * 24 * 60 * 60 * 1000;
    let pruned = phone.replica.prune(after_a_year);
    phone.store(pruned);
    assert_eq!((phone.replica.held().count(), phone.replica.status(next)), (1, None));

    let dismissed = phone.replica.dismiss(odd);
    phone.store(dismissed);
    assert_eq!(phone.replica.held().count(), 0);
    let pruned = phone.replica.prune(after_a_year);
    phone.store(pruned);
    assert_eq!(phone.replica.status(odd), None);
}

#[test]
fn what_was_not_read_back_yet_is_kept_however_old() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.push(&mut server);
    let after_a_year = phone.now + 366 * 24 * 60 * 60 * 1000;

    assert!(phone.replica.prune(after_a_year).is_empty());
    phone.pull(&server);
    assert!(!phone.replica.prune(after_a_year).is_empty());
    assert_eq!(phone.replica.view(school(), "visit", visit(1)), Some(good()));
}

#[test]
fn a_write_held_behind_a_lost_answer_is_held_here_too() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    let odd = phone.capture_as("odd", school(), visit(1), good());
    let push = phone.take_off(&[]).unwrap();
    server.push(&push.request).unwrap();

    phone.push(&mut server);

    assert!(matches!(phone.replica.status(odd), Some(Status::Held(result)) if result.first.is_some()));
}

#[test]
fn a_push_too_large_is_halved_until_it_is_not() {
    let mut server = Server { push_writes: 3, ..Server::new([school()]) };
    let mut phone = Phone::synced(1, &mut server);
    for record in 0..20 {
        phone.capture(school(), visit(record), good());
    }

    phone.sync(&mut server);

    assert_eq!(phone.records(school()).len(), 20);
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn a_poisoned_write_delays_no_other_and_goes_through_once_it_may() {
    let mut server = Server { poison: Some("poison"), ..Server::new([school()]) };
    let mut phone = Phone::synced(1, &mut server);
    let before = phone.capture(school(), visit(1), good());
    let poison = phone.capture_as("poison", school(), visit(2), good());
    let after = phone.capture(school(), visit(3), good());
    for _ in 0..8 {
        phone.push(&mut server);
    }

    let acknowledged = |ticket| matches!(phone.replica.status(ticket), Some(Status::Acknowledged(_)));
    assert!(acknowledged(before) && acknowledged(after));
    assert_eq!(phone.replica.status(poison), Some(Status::Stuck));
    assert_eq!(phone.replica.stuck().map(|(ticket, _)| ticket).collect::<Vec<_>>(), [poison]);
    assert_eq!(phone.replica.retry_at(0, 0), None, "nobody waits for it");
    assert!(phone.take_off(&[]).is_none());

    server.poison = None;
    let retried = phone.replica.retry_stuck();
    phone.store(retried);
    phone.sync(&mut server);
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn a_proxy_that_refuses_everything_is_not_hammered_and_loses_nothing() {
    let mut server = Server { push_writes: 0, ..Server::new([school()]) };
    let mut phone = Phone::synced(1, &mut server);
    for record in 0..40 {
        phone.capture(school(), visit(record), good());
    }
    let mut at_once = 0;
    while phone.replica.retry_at(0, 0).is_none() {
        phone.push(&mut server);
        phone.pull(&server);
        at_once += 1;
    }
    assert!(at_once < 15, "{at_once}");
    assert_eq!(phone.replica.unsent(), 40);

    server.push_writes = 500;
    let retried = phone.replica.retry_stuck();
    phone.store(retried);
    phone.sync(&mut server);
    assert_eq!(phone.records(school()), server.records(school()));
}

#[test]
fn a_push_holds_no_more_than_the_limits_say() {
    let mut phone = Phone::new(1);
    for record in 0..9 {
        phone.capture(school(), visit(record), set("notes/1", json!({"text": "x".repeat(30_000)})));
    }
    let (mut few, mut small) = (phone.replica.clone(), phone.replica);

    let limits = Limits { push_writes: 4, ..Limits::default() };
    assert_eq!(few.next_push("", &limits, &[]).unwrap().0.request.writes.len(), 4);
    let limits = Limits { push_bytes: 100_000, ..Limits::default() };
    assert_eq!(small.next_push("", &limits, &[]).unwrap().0.request.writes.len(), 2);
}

#[test]
fn a_401_stops_syncing_and_never_capturing() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    let refused = phone.replica.push_failed(Failure::Unauthorized);
    phone.store(refused);
    phone.capture(school(), visit(2), good());

    assert_eq!(phone.replica.standing(), Standing::SignIn);
    assert!(phone.take_off(&[]).is_none() && phone.replica.next_pulls().is_empty());
    assert!(phone.replica.signed_in(user(99)).is_err(), "another person's token sends nothing");
    let signed_in = phone.replica.signed_in(user(1)).unwrap();
    phone.store(signed_in);
    phone.sync(&mut server);
    assert_eq!(server.records(school()).len(), 2);
}

#[test]
fn waiting_doubles_up_to_five_minutes_and_never_less_than_asked() {
    let mut phone = Phone::new(1);
    assert_eq!(phone.replica.retry_at(7, 0), None);

    let mut waits = Vec::new();
    for _ in 0..12 {
        let failed = phone.replica.push_failed(Failure::Network);
        phone.store(failed);
        waits.push(phone.replica.retry_at(0, 1000).unwrap());
    }
    assert_eq!(waits[..4], [1_000, 2_000, 4_000, 8_000]);
    assert_eq!(waits[9..], [300_000; 3]);
    assert_eq!(phone.replica.retry_at(0, 0), Some(150_000));

    let asked = phone.replica.push_failed(Failure::Backoff { retry_after_seconds: Some(600) });
    phone.store(asked);
    assert_eq!(phone.replica.retry_at(0, 0), Some(600_000));
    let absurd = phone.replica.push_failed(Failure::Backoff { retry_after_seconds: Some(u64::MAX) });
    phone.store(absurd);
    assert_eq!(phone.replica.retry_at(i64::MAX, 1000), Some(i64::MAX));
}
