//! The bytes of every answer, frozen: a change here is a change of the contract with phones.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, UserId};

use super::page::{Change, Life, Page, StreamInfo};
use super::result::{HeldReason, Late, LostField, Outcome, Pulled, PushAnswer, WriteResult};
use crate::record::WriteId;
use crate::stamp::{DeviceId, Stamp};

fn stamp() -> Stamp {
    Stamp::at(1_795_000_000_000, DeviceId::from_u64(0x9f1c_2a7b_5d3e_8f60))
}

fn results() -> Vec<WriteResult> {
    let lost = LostField {
        value: json!("fair"),
        stamp: stamp(),
        by: UserId::from_uuid(Uuid::from_u128(1)),
        write: Some(WriteId { device: stamp().device(), n: 12 }),
        conflict: Some(Uuid::from_u128(2)),
    };
    let late = Late { week: "2026-W47".parse().unwrap(), published_edition: 1 };
    vec![
        WriteResult { seq: Some(1), ..WriteResult::plain(1, Outcome::Applied) },
        WriteResult {
            seq: Some(2),
            stamp: Some(stamp()),
            lost: BTreeMap::from([("ratings/engagement".parse().unwrap(), lost)]),
            late: Some(late),
            ..WriteResult::plain(2, Outcome::Merged)
        },
        WriteResult { seq: Some(1), ..WriteResult::plain(1, Outcome::Applied) }.again(),
        WriteResult {
            held: Some(Uuid::from_u128(3)),
            reason: Some(HeldReason::InvalidValue),
            pointer: Some("/set/bulk".into()),
            detail: Some("must be true or false".into()),
            ..WriteResult::plain(3, Outcome::Held)
        },
    ]
}

fn page() -> Page {
    let alive = Change {
        seq: 7,
        kind: "visit".into(),
        id: Uuid::from_u128(4),
        life: Life::Alive,
        author: Some(UserId::from_uuid(Uuid::from_u128(1))),
        stamp: Some(stamp()),
        stamps: BTreeMap::from([("bulk".parse().unwrap(), Stamp::at(1, DeviceId::from_u64(1)))]),
        writes: BTreeMap::from([(DeviceId::from_u64(1), 12)]),
        fields: Fields::from([("bulk".parse().unwrap(), json!(true))]),
    };
    let erased = Change {
        seq: 8,
        kind: "visit".into(),
        id: Uuid::from_u128(5),
        life: Life::Erased,
        author: None,
        stamp: None,
        stamps: BTreeMap::new(),
        writes: BTreeMap::new(),
        fields: Fields::new(),
    };
    Page { changes: vec![alive, erased], cursor: "c".into(), more: false, head: 8 }
}

const RESULTS: &str = concat!(
    r#"[{"n":1,"outcome":"applied","seq":1},"#,
    r#"{"n":2,"outcome":"merged","seq":2,"stamp":"01a1ee565e00-0000-9f1c2a7b5d3e8f60","lost":{"ratings/engagement":{"value":"fair","stamp":"01a1ee565e00-0000-9f1c2a7b5d3e8f60","by":"00000000-0000-0000-0000-000000000001","write":{"device":"9f1c2a7b5d3e8f60","n":12},"conflict":"00000000-0000-0000-0000-000000000002"}},"late":{"week":"2026-W47","published_edition":1}},"#,
    r#"{"n":1,"outcome":"duplicate","first":"applied","seq":1},"#,
    r#"{"n":3,"outcome":"held","held":"00000000-0000-0000-0000-000000000003","reason":"invalid_value","pointer":"/set/bulk","detail":"must be true or false"}]"#,
);

const PAGE: &str = concat!(
    r#"{"changes":[{"seq":7,"type":"visit","id":"00000000-0000-0000-0000-000000000004","life":"alive","author":"00000000-0000-0000-0000-000000000001","stamp":"01a1ee565e00-0000-9f1c2a7b5d3e8f60","stamps":{"bulk":"000000000001-0000-0000000000000001"},"writes":{"0000000000000001":12},"fields":{"bulk":true}},"#,
    r#"{"seq":8,"type":"visit","id":"00000000-0000-0000-0000-000000000005","life":"erased","fields":{}}],"cursor":"c","more":false,"head":8}"#,
);

#[test]
fn the_bytes_of_results_are_frozen() {
    assert_eq!(serde_json::to_string(&results()).unwrap(), RESULTS);
    assert_eq!(serde_json::from_str::<Vec<WriteResult>>(RESULTS).unwrap(), results());
}

#[test]
fn the_bytes_of_a_page_are_frozen() {
    assert_eq!(serde_json::to_string(&page()).unwrap(), PAGE);
    assert_eq!(serde_json::from_str::<Page>(PAGE).unwrap(), page());
}

#[test]
fn the_bytes_of_an_answer_to_a_push_are_frozen() {
    let answer = PushAnswer {
        server_time: "2026-11-17T10:40:04.000+08:00".into(),
        results: vec![WriteResult::plain(1, Outcome::Applied)],
        ledger: Some(BTreeMap::from([(stamp().device(), [1, 2, 4].into_iter().collect())])),
        pull: BTreeMap::from([
            ("a".to_owned(), Pulled::Page(page())),
            ("b".to_owned(), Pulled::Problem(json!({"code": "cursor-invalid"}))),
        ]),
    };
    let bytes = format!(
        r#"{{"server_time":"2026-11-17T10:40:04.000+08:00","results":[{{"n":1,"outcome":"applied"}}],"ledger":{{"9f1c2a7b5d3e8f60":[[1,2],[4,4]]}},"pull":{{"a":{PAGE},"b":{{"code":"cursor-invalid"}}}}}}"#
    );

    assert_eq!(serde_json::to_string(&answer).unwrap(), bytes);
    assert_eq!(serde_json::from_str::<PushAnswer>(&bytes).unwrap(), answer);
}

#[test]
fn the_bytes_of_a_stream_are_frozen() {
    let stream = StreamInfo {
        stream: SchoolId::from_uuid(Uuid::from_u128(6)),
        name: "青禾实验小学".into(),
        head: 8,
        grant: "52e8a9f826f78c52".into(),
    };
    let bytes = r#"{"stream":"00000000-0000-0000-0000-000000000006","name":"青禾实验小学","head":8,"grant":"52e8a9f826f78c52"}"#;

    assert_eq!(serde_json::to_string(&stream).unwrap(), bytes);
    assert_eq!(serde_json::from_str::<StreamInfo>(bytes).unwrap(), stream);
}

#[test]
fn what_a_newer_server_says_beside_is_read_over() {
    let newer = r#"{"n":1,"outcome":"applied","seq":1,"mood":"good"}"#;

    assert_eq!(serde_json::from_str::<WriteResult>(newer).unwrap(), results().remove(0));
}
