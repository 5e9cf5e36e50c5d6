//! What the person sees between saying something and reading it back.

use serde_json::json;

use super::phone::Phone;
use super::server::Server;
use super::*;

fn engagement(phone: &Phone, record: Uuid) -> Option<Value> {
    phone.replica.view(school(), "visit", record)?.get("ratings/engagement").cloned()
}

#[test]
fn between_the_answer_and_the_page_the_acknowledged_value_stays_in_sight() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());

    phone.push(&mut server);
    assert_eq!((phone.replica.unsent(), engagement(&phone, visit(1))), (0, Some(json!("good"))));
    assert_eq!(phone.replica.author(school(), "visit", visit(1)), Some(user(1)));

    phone.pull(&server);
    assert_eq!(engagement(&phone, visit(1)), Some(json!("good")));
    assert_eq!(phone.replica.author(school(), "visit", visit(1)), Some(user(9)), "as the server says");
}

#[test]
fn a_lost_field_shows_what_stands_and_is_kept_for_the_author() {
    let mut server = Server::new([school()]);
    let (mut slow, mut fast) = (Phone::synced(1, &mut server), Phone::synced(2, &mut server));
    slow.capture(school(), visit(1), good());
    fast.now += 10;
    fast.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    fast.push(&mut server);

    slow.push(&mut server);

    assert_eq!(engagement(&slow, visit(1)), Some(json!("fair")), "before any page has come");
    let lost: Vec<_> = slow.replica.disagreements().collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].lost["ratings/engagement"].value, json!("fair"));
    assert_eq!(lost[0].write.set, good());
}

#[test]
fn a_write_of_a_fast_clock_gets_its_canonical_stamp_here_too() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.now += 86_400_000;
    let ticket = phone.capture(school(), visit(1), good());

    phone.push(&mut server);

    assert_eq!(phone.replica.write(ticket).unwrap().stamp.unwrap().millis(), server.now);
}

#[test]
fn an_older_word_of_mine_that_was_lifted_does_not_show_over_a_newer() {
    let mut server = Server::new([school()]);
    let (mut mine, mut ahead) = (Phone::synced(1, &mut server), Phone::synced(2, &mut server));
    // A write within the clamp but far ahead of mine, which says that it has seen it.
    ahead.now += 100_000;
    ahead.capture(school(), visit(1), good());
    ahead.sync(&mut server);
    mine.capture(school(), visit(1), set("ratings/engagement", json!("poor")));
    let mut push = mine.take_off(&[]).unwrap();
    push.request.writes[0].saw = Some([(device(2), 1)].into());
    mine.capture(school(), visit(1), set("ratings/engagement", json!("excellent")));

    mine.exchange(&mut server, &push);

    assert_eq!(engagement(&mine, visit(1)), Some(json!("excellent")));
    mine.sync(&mut server);
    assert_eq!(engagement(&mine, visit(1)), Some(json!("excellent")));
}

#[test]
fn a_word_not_sent_yet_does_not_show_over_a_later_one_of_somebody_else() {
    let mut server = Server::new([school()]);
    let (mut slow, mut fast) = (Phone::synced(1, &mut server), Phone::synced(2, &mut server));
    slow.capture(school(), visit(1), good());
    fast.now += 10;
    fast.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    fast.sync(&mut server);

    slow.pull(&server);

    assert_eq!((slow.replica.unsent(), engagement(&slow, visit(1))), (1, Some(json!("fair"))));
}

#[test]
fn a_new_word_is_above_everything_heard_in_pages_and_in_answers() {
    let mut server = Server::new([school()]);
    let mut ahead = Phone::synced(2, &mut server);
    let (mut by_page, mut by_answer) = (Phone::synced(1, &mut server), Phone::synced(3, &mut server));
    by_answer.capture(school(), visit(1), good());
    ahead.now += 100_000;
    ahead.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    ahead.sync(&mut server);

    by_page.pull(&server);
    by_answer.push(&mut server);

    for phone in [&mut by_page, &mut by_answer] {
        phone.capture(school(), visit(1), set("ratings/engagement", json!("poor")));
        assert_eq!(engagement(phone, visit(1)), Some(json!("poor")));
    }
}

#[test]
fn what_was_read_mid_way_counts_as_seen_and_nothing_else_does() {
    let mut server = Server { page_records: 1, ..Server::new([school()]) };
    let mut other = Phone::synced(2, &mut server);
    let mut phone = Phone::synced(1, &mut server);
    for record in 1..=3 {
        other.capture(school(), visit(record), good());
    }
    other.sync(&mut server);
    phone.pull(&server);
    assert!(!phone.replica.is_synced(school()));

    let read = phone.capture(school(), visit(1), good());
    let unread = phone.capture(school(), visit(3), good());

    let base = |ticket| phone.replica.write(ticket).unwrap().base;
    assert_eq!((base(read), base(unread)), (Some(1), Some(0)));
}

#[test]
fn a_removed_element_is_seen_no_more() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), set("notes/1", json!({"text": "x"})));
    phone.capture(school(), visit(1), set("notes/1", Value::Null));

    assert_eq!(phone.replica.view(school(), "visit", visit(1)), Some(Fields::new()));
    phone.sync(&mut server);
    assert_eq!(phone.replica.view(school(), "visit", visit(1)), Some(Fields::new()));
}

#[test]
fn an_erased_record_is_gone() {
    let mut server = Server::new([school()]);
    let mut phone = Phone::synced(1, &mut server);
    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    server.erase(school(), "visit", visit(1));

    phone.sync(&mut server);
    assert_eq!(phone.replica.view(school(), "visit", visit(1)), None);

    phone.capture(school(), visit(1), good());
    phone.sync(&mut server);
    assert_eq!(phone.replica.view(school(), "visit", visit(1)), None);
    assert_eq!(phone.replica.held().count(), 1);
}

#[test]
fn types_and_fields_of_a_later_version_are_kept_and_given_back() {
    let mut server = Server::new([school()]);
    let mut other = Phone::synced(2, &mut server);
    other.capture_as("moon/phase", school(), visit(1), set("x.tide", json!({"high": [1, 2.5]})));
    other.sync(&mut server);

    let mut phone = Phone::synced(1, &mut server);
    phone.kill();

    assert_eq!(
        phone.records(school()),
        [("moon/phase".to_owned(), visit(1), set("x.tide", json!({"high": [1, 2.5]})))]
    );
}
