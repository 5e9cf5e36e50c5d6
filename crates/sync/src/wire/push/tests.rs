//! Envelopes and writes, right and wrong; and the frozen bytes of what a client sends.

use serde_json::json;

use super::*;

fn envelope(writes: &Value) -> Vec<u8> {
    json!({"device": "9f1c2a7b5d3e8f60", "schema": 1, "now": "2026-11-17T10:40:03.120+08:00", "unsent": 3,
           "writes": writes, "pull": {"01980000-0000-7000-8000-000000000001": null}})
    .to_string()
    .into_bytes()
}

fn a_write() -> Value {
    json!({"n": 412, "stream": "01980000-0000-7000-8000-000000000001", "type": "visit",
           "record": "0199d0a1-0000-7000-8000-000000000002", "base": 88213,
           "stamp": "019cd1a2b3c4-0001-9f1c2a7b5d3e8f60", "set": {"ratings/engagement": "good"}})
}

#[test]
fn a_push_of_the_protocol_text_is_read() {
    let push = read(&envelope(&json!([a_write()])), &Limits::default()).unwrap();

    let write = push.writes[0].write.clone().unwrap();
    assert_eq!((push.device.to_string().as_str(), push.schema, push.unsent), ("9f1c2a7b5d3e8f60", 1, 3));
    assert_eq!((write.n, write.kind.as_str(), write.base), (412, "visit", Some(88213)));
    assert_eq!(push.pull.len(), 1);
}

#[test]
fn a_wrong_envelope_is_refused_by_pointer() {
    let with = |name: &str, value: Value| {
        let mut envelope: Value = serde_json::from_slice(&envelope(&json!([a_write()]))).unwrap();
        envelope[name] = value;
        envelope.to_string().into_bytes()
    };
    for (body, pointer) in [
        (with("device", json!("XYZ")), "/device"),
        (with("schema", json!("one")), "/schema"),
        (with("now", json!("yesterday")), "/now"),
        (with("writes", json!({})), "/writes"),
        (with("writes", json!([{"stream": 1}])), "/writes/0/n"),
        (with("writes", json!([{"n": 0}])), "/writes/0/n"),
        (with("extra", json!(1)), "/extra"),
        (with("pull", json!([])), "/pull"),
        (b"[]".to_vec(), ""),
    ] {
        match read(&body, &Limits::default()) {
            Err(EnvelopeFault::Shape(flaw)) => assert_eq!(flaw.pointer, pointer),
            other => panic!("{pointer}: {other:?}"),
        }
    }
    for body in [&b"{"[..], b"", b"\xff\xfe", b"{} {}"] {
        assert!(matches!(read(body, &Limits::default()), Err(EnvelopeFault::Unparsable(_))));
    }
}

#[test]
fn too_many_writes_are_refused_together() {
    let writes: Vec<Value> = (0..501).map(|_| a_write()).collect();

    assert_eq!(read(&envelope(&json!(writes)), &Limits::default()), Err(EnvelopeFault::TooMany(501)));
}

#[test]
fn a_write_that_cannot_be_read_keeps_its_number_and_its_fault() {
    let with = |name: &str, value: Value| {
        let mut write = a_write();
        write[name] = value;
        write
    };
    for (write, reason, pointer) in [
        (with("stream", json!("school")), HeldReason::InvalidValue, "/stream"),
        (with("record", json!(7)), HeldReason::InvalidValue, "/record"),
        (with("stamp", json!("now")), HeldReason::InvalidValue, "/stamp"),
        (with("set", json!({})), HeldReason::InvalidValue, "/set"),
        (with("set", json!({"a/b/c": 1})), HeldReason::InvalidValue, "/set/a~1b~1c"),
        (with("set", json!({"notes/1": {"text": "\0"}})), HeldReason::InvalidValue, "/set/notes~11/text"),
        (with("colour", json!("red")), HeldReason::UnknownField, "/colour"),
        (with("set", json!({"notes/1": {"text": "x".repeat(70_000)}})), HeldReason::TooLarge, ""),
    ] {
        let push = read(&envelope(&json!([write, a_write()])), &Limits::default()).unwrap();

        let unreadable = push.writes[0].write.clone().unwrap_err();
        assert_eq!(
            (push.writes[0].n, unreadable.reason, unreadable.flaw.pointer.as_str()),
            (412, reason, pointer)
        );
        assert!(push.writes[1].write.is_ok(), "one bad write delays no other");
    }
}

#[test]
fn sent_again_under_its_canonical_stamp_a_write_is_the_same() {
    let write: Write = serde_json::from_value(a_write()).unwrap();
    let saw = BTreeMap::from([(DeviceId::from_u64(7), 2)]);
    let resent = Write {
        stamp: None,
        base: Some(0),
        saw: Some(saw),
        born: Some(WriteId { device: DeviceId::from_u64(7), n: 2 }),
        ..write.clone()
    };
    let other = Write { record: Uuid::nil(), ..write.clone() };

    assert_eq!(write.body_hash(), resent.body_hash());
    assert_ne!(write.body_hash(), other.body_hash());
}

#[test]
fn the_bytes_of_a_push_are_frozen() {
    let write: Write = serde_json::from_value(a_write()).unwrap();
    let request = PushRequest {
        device: DeviceId::from_u64(0x9f1c_2a7b_5d3e_8f60),
        schema: 1,
        now: "2026-11-17T10:40:03.120+08:00".into(),
        unsent: 3,
        ledger: vec![DeviceId::from_u64(0x9f1c_2a7b_5d3e_8f60), DeviceId::from_u64(7)],
        pull: BTreeMap::from([(write.stream, None)]),
        writes: vec![Write {
            saw: Some(BTreeMap::from([(DeviceId::from_u64(7), 2)])),
            born: Some(WriteId { device: DeviceId::from_u64(8), n: 3 }),
            ..write
        }],
    };

    assert_eq!(
        serde_json::to_string(&request).unwrap(),
        r#"{"device":"9f1c2a7b5d3e8f60","schema":1,"now":"2026-11-17T10:40:03.120+08:00","unsent":3,"writes":[{"n":412,"stream":"01980000-0000-7000-8000-000000000001","type":"visit","record":"0199d0a1-0000-7000-8000-000000000002","base":88213,"stamp":"019cd1a2b3c4-0001-9f1c2a7b5d3e8f60","saw":{"0000000000000007":2},"born":{"device":"0000000000000008","n":3},"set":{"ratings/engagement":"good"}}],"ledger":["9f1c2a7b5d3e8f60","0000000000000007"],"pull":{"01980000-0000-7000-8000-000000000001":null}}"#
    );
}
