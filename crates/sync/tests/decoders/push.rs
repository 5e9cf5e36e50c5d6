//! The body of a push: what one reading understands, every later reading understands alike.

use serde_json::value::RawValue;
use uuid::Uuid;
use xunke_sync::limits::Limits;
use xunke_sync::record::WriteId;
use xunke_sync::stamp::{DeviceId, Stamp};
use xunke_sync::strict_json;
use xunke_sync::wire::push::{Arrived, EnvelopeFault, Push, Write, read};
use xunke_sync::wire::result::HeldReason;

/// What must hold for any bytes.
pub(crate) fn holds(bytes: &[u8]) {
    let limits = Limits::default();
    let push = match read(bytes, &limits) {
        Ok(push) => push,
        Err(EnvelopeFault::Unparsable(_)) => {
            assert!(serde_json::from_slice::<&RawValue>(bytes).is_err(), "JSON was refused as none");
            return;
        }
        Err(EnvelopeFault::Shape(_) | EnvelopeFault::TooMany(_)) => return,
    };
    for arrived in &push.writes {
        assert!(arrived.n >= 1);
        let alone = reread(&push, &arrived.raw);
        assert_eq!(alone, *arrived, "a write stands alone");
        match &arrived.write {
            Ok(write) => readable(&push, arrived, write),
            Err(unreadable) => {
                assert_eq!(arrived.stream(), unreadable.stream);
                if unreadable.reason != HeldReason::TooLarge {
                    in_another_order(&push, arrived);
                }
            }
        }
    }
}

fn readable(push: &Push, arrived: &Arrived, write: &Write) {
    assert_eq!(write.n, arrived.n);
    assert!(!write.set.is_empty());
    let text = serde_json::to_string(write).expect("a write is JSON");
    let again = reread(push, &text);
    assert_eq!(again.write.as_ref(), Ok(write), "sent as it was read, it reads the same");
    assert_eq!(again.body_hash(), arrived.body_hash());
    // After a restore it is sent under the stamp it was given, and may be renumbered.
    let resent = Write {
        n: write.n.saturating_add(1),
        base: Some(0),
        saw: Some([(DeviceId::from_u64(2), 7)].into()),
        born: Some(WriteId { device: DeviceId::from_u64(2), n: 7 }),
        stamp: Some(Stamp::at(1, DeviceId::from_u64(1))),
        ..write.clone()
    };
    assert_eq!(resent.body_hash(), write.body_hash());
    let other = Write { record: Uuid::from_u128(write.record.as_u128() ^ 1), ..write.clone() };
    assert_ne!(other.body_hash(), write.body_hash());
    in_another_order(push, arrived);
}

/// The members of an object have no order.
fn in_another_order(push: &Push, arrived: &Arrived) {
    let Ok(members) = strict_json::members(&arrived.raw, "") else { return };
    let turned: Vec<String> = members
        .iter()
        .rev()
        .map(|(name, raw)| {
            let value = if name == "set" { turned(raw.get()) } else { raw.get().to_owned() };
            format!("{}:{value}", serde_json::Value::from(name.as_str()))
        })
        .collect();
    let again = reread(push, &format!("{{{}}}", turned.join(",")));
    match (&arrived.write, &again.write) {
        (Ok(write), Ok(again)) => assert_eq!(again, write),
        (Err(_), Err(_)) => return assert!(arrived.n == again.n),
        (one, other) => panic!("read as {one:?} and, turned, as {other:?}"),
    }
    assert_eq!(again.body_hash(), arrived.body_hash());
}

fn turned(raw: &str) -> String {
    let Ok(members) = strict_json::members(raw, "") else { return raw.to_owned() };
    let turned: Vec<String> = members
        .iter()
        .rev()
        .map(|(name, raw)| format!("{}:{}", serde_json::Value::from(name.as_str()), raw.get()))
        .collect();
    format!("{{{}}}", turned.join(","))
}

/// One write in an envelope of its own; written out in full, a number may be longer than it came.
fn reread(push: &Push, raw: &str) -> Arrived {
    let limits = Limits { write_bytes: usize::MAX, ..Limits::default() };
    let body = format!(r#"{{"device":"{}","schema":{},"writes":[{raw}]}}"#, push.device, push.schema);
    let mut read = read(body.as_bytes(), &limits).expect("this envelope is right");
    read.writes.remove(0)
}
