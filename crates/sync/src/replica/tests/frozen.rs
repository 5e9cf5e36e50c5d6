//! The stored rows, byte for byte: a later version must read what this one wrote.

use serde_json::json;

use super::phone::Phone;
use super::server::Server;
use super::*;
use crate::replica::{Failure, LoadError, Replica};

const ROWS: [(&str, &str); 5] = [
    (
        "record/00000000-0000-0000-0000-000000000001/1/visit/00000000-0000-0000-0000-0000000003e9",
        r#"{"seq":2,"type":"visit","id":"00000000-0000-0000-0000-0000000003e9","life":"alive","author":"00000000-0000-0000-0000-0000000001fd","stamp":"0000000f424b-0000-0000000000000002","writes":{"0000000000000001":1,"0000000000000002":1},"fields":{"ratings/engagement":"good"}}"#,
    ),
    (
        "replica",
        r#"{"user":"00000000-0000-0000-0000-0000000001f5","device":"0000000000000001","next_n":3,"next_ticket":2,"clock":{"last":"0000000f424b-0001-0000000000000001"},"flight":{"id":2,"tickets":[1]},"flights":2,"batch":null,"standing":"free","refused":0,"failures":0,"retry_after":null}"#,
    ),
    (
        "stream/00000000-0000-0000-0000-000000000001",
        r#"{"name":"school 00000000-0000-0000-0000-000000000001","gone":false,"live":{"number":1,"cursor":"AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAACAAAAAAAAAAAAC0oUAAAAAQAAAAAAAAAAAAAAAAAAAAFF9X3Ikt86Gtjf-ggy2k-P","applied":2,"behind":false,"lost":false},"next":{"number":2,"cursor":null,"applied":0,"behind":true,"lost":false}}"#,
    ),
    (
        "write/0000000000000000",
        r#"{"device":"0000000000000001","write":{"n":1,"stream":"00000000-0000-0000-0000-000000000001","type":"visit","record":"00000000-0000-0000-0000-0000000003e9","base":0,"stamp":"0000000f4241-0000-0000000000000001","saw":{},"set":{"ratings/engagement":"fair"}},"stuck":false,"answered":{"at":1000001,"result":{"n":1,"outcome":"merged","seq":2,"lost":{"ratings/engagement":{"value":"good","stamp":"0000000f424b-0000-0000000000000002","by":"00000000-0000-0000-0000-0000000001fd","write":{"device":"0000000000000002","n":1}}}},"dismissed":false}}"#,
    ),
    (
        "write/0000000000000001",
        r#"{"device":"0000000000000001","write":{"n":2,"stream":"00000000-0000-0000-0000-000000000001","type":"visit","record":"00000000-0000-0000-0000-0000000003e9","base":2,"stamp":"0000000f424b-0001-0000000000000001","saw":{"0000000000000002":1},"set":{"notes/1":{"text":"空堂","weight":0.1}}},"stuck":false,"answered":null}"#,
    ),
];

/// A replica with a row of every kind, most members set.
fn furnished() -> Phone {
    let mut server = Server::new([school()]);
    let mut other = Phone::synced(2, &mut server);
    other.now += 10;
    other.capture(school(), visit(1), good());
    other.sync(&mut server);
    let mut phone = Phone::new(1);
    phone.list(&server);
    phone.capture(school(), visit(1), set("ratings/engagement", json!("fair")));
    phone.push(&mut server);
    phone.pull(&server);
    phone.capture(school(), visit(1), set("notes/1", json!({"text": "空堂", "weight": 0.1})));
    phone.take_off(&[]).unwrap();
    let waits = phone.replica.push_failed(Failure::Backoff { retry_after_seconds: Some(30) });
    phone.store(waits);
    server.streams.get_mut(&school()).unwrap().grant = 7;
    phone.pull(&server);
    phone
}

#[test]
fn the_bytes_of_the_rows_are_frozen() {
    let phone = furnished();

    let rows: Vec<_> = phone.rows.iter().map(|(key, row)| (key.as_str(), row.as_str())).collect();
    assert_eq!(rows, ROWS);
}

#[test]
fn rows_of_this_version_load_in_any_order_and_beside_others() {
    let rows = ROWS.iter().rev().chain(&[("settings", "{"), ("write/xyz", "[]"), ("later/row/of", "1")]);

    let loaded = Replica::load(rows.map(|(key, row)| ((*key).to_owned(), (*row).to_owned()))).unwrap();

    assert_eq!(loaded, furnished().replica);
}

#[test]
fn rows_of_a_later_version_may_say_more() {
    let more = |row: &str| {
        let mut row: Value = serde_json::from_str(row).unwrap();
        row["later"] = json!({"a": 1});
        row.to_string()
    };

    let loaded = Replica::load(ROWS.iter().map(|(key, row)| ((*key).to_owned(), more(row)))).unwrap();

    assert_eq!(loaded, furnished().replica);
}

#[test]
fn rows_that_are_no_replica_are_told_from_an_empty_one() {
    let broken = [("replica".to_owned(), "{".to_owned())];

    assert!(matches!(Replica::load([]), Err(LoadError::Missing)));
    assert!(matches!(Replica::load(broken), Err(LoadError::Corrupt { key, .. }) if key == "replica"));
}
