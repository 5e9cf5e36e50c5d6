//! A server that says anything: nothing panics, nothing captured is lost, and what is stored is what is held.

use proptest::prelude::*;
use serde_json::json;

use super::phone::Phone;
use super::*;
use crate::cursor::CursorFault;
use crate::replica::{Failure, Status};
use crate::wire::page::{Page, StreamInfo};
use crate::wire::result::PushAnswer;

fn numbers() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(-1), Just(0), 1..4_i64, Just(i64::MAX)]
}

fn stamps() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("ffffffffffff-ffff-ffffffffffffffff")),
        Just(json!("000000000000-0000-0000000000000000")),
        Just(json!("0000000f4250-0000-0000000000000001")),
    ]
}

fn results() -> impl Strategy<Value = Value> {
    let outcomes = prop::sample::select(vec!["applied", "merged", "duplicate", "held"]);
    (1..4_i64, outcomes, numbers(), stamps(), any::<bool>()).prop_map(|(n, outcome, seq, stamp, lost)| {
        let lost = match (&stamp, lost) {
            (Value::String(stamp), true) => {
                json!({"ratings/engagement": {"value": [null], "stamp": stamp, "by": Uuid::nil()}})
            }
            _ => json!({}),
        };
        json!({"n": n, "outcome": outcome, "first": null, "seq": seq, "stamp": stamp, "lost": lost,
               "reason": "of later", "x": 1})
    })
}

fn pages() -> impl Strategy<Value = Value> {
    let change = (numbers(), "[a-z/]{0,3}", 0..3_u128, any::<bool>(), stamps()).prop_map(
        |(seq, kind, id, alive, stamp)| {
            json!({"seq": seq, "type": kind, "id": visit(id), "life": if alive { "alive" } else { "erased" },
                   "stamp": stamp, "fields": {"ratings/engagement": 1e300}})
        },
    );
    (prop::collection::vec(change, 0..4), any::<bool>(), numbers(), "[ab]").prop_map(
        |(changes, more, head, cursor)| json!({"changes": changes, "cursor": cursor, "more": more, "head": head}),
    )
}

#[derive(Clone, Debug)]
enum Step {
    Capture(u128),
    Answer(Vec<Value>, Value),
    Page(Value),
    Refuse(u8),
    Fail(u8),
    Rebind(u64),
    List(u8),
    Remove,
    Prune(i64),
    RetryStuck,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_u128).prop_map(Step::Capture),
        4 => (prop::collection::vec(results(), 0..3), pages()).prop_map(|(a, b)| Step::Answer(a, b)),
        3 => pages().prop_map(Step::Page),
        1 => (0..3_u8).prop_map(Step::Refuse),
        2 => (0..9_u8).prop_map(Step::Fail),
        1 => (1..4_u64).prop_map(Step::Rebind),
        1 => (0..3_u8).prop_map(Step::List),
        1 => Just(Step::Remove),
        1 => numbers().prop_map(Step::Prune),
        1 => Just(Step::RetryStuck),
    ]
}

fn failure(which: u8) -> Failure {
    match which {
        0 => Failure::Network,
        1 => Failure::Backoff { retry_after_seconds: Some(u64::MAX) },
        2 => Failure::Unauthorized,
        3 => Failure::DeviceRevoked { wipe: true },
        4 => Failure::DeviceFork,
        5 => Failure::TooLarge,
        6 => Failure::Refused,
        7 => Failure::DeviceUnknown,
        _ => Failure::TooOld,
    }
}

fn listed(which: u8) -> Vec<StreamInfo> {
    let info = |number| StreamInfo {
        stream: school_of(number),
        name: String::new(),
        head: i64::MAX,
        grant: which.to_string(),
    };
    (0..u128::from(which)).map(|number| info(number + 1)).collect()
}

proptest! {
    #[test]
    fn whatever_is_said_memory_is_storage_and_nothing_captured_is_lost(
        steps in prop::collection::vec(steps(), 1..40),
    ) {
        let mut phone = Phone::new(1);
        phone.store_list(&listed(2));
        let (mut captured, mut pruned) = (Vec::new(), false);
        for step in steps {
            match step {
                Step::Capture(record) => captured.push(phone.capture(school(), visit(record), good())),
                Step::Answer(results, page) => {
                    let pulls = phone.replica.next_pulls();
                    let Some(push) = phone.take_off(&pulls) else { continue };
                    let mut results = results;
                    for (result, write) in results.iter_mut().zip(&push.request.writes) {
                        result["n"] = json!(write.n);
                    }
                    let text = json!({"server_time": "", "results": results, "later": 1, "pull": {
                        school().to_string(): page, "no stream": page, school_of(2).to_string(): {"type": 1},
                    }});
                    let answer: PushAnswer = serde_json::from_value(text).unwrap();
                    if let Ok(tx) = phone.replica.push_answered(phone.now, &push, answer) {
                        phone.store(tx);
                    }
                }
                Step::Page(page) => {
                    let page: Page = serde_json::from_value(page).unwrap();
                    for pull in phone.replica.next_pulls() {
                        let tx = phone.replica.page(&pull, page.clone());
                        phone.store(tx);
                    }
                }
                Step::Refuse(which) => {
                    let fault = [CursorFault::Fork, CursorFault::Grant, CursorFault::Expired][usize::from(which)];
                    for pull in phone.replica.next_pulls() {
                        let tx = phone.replica.cursor_refused(&pull, fault);
                        phone.store(tx);
                    }
                }
                Step::Fail(which) => {
                    let tx = phone.replica.push_failed(failure(which));
                    phone.store(tx);
                }
                Step::Rebind(number) => {
                    let tx = phone.replica.rebind(device(number));
                    phone.store(tx);
                    let tx = phone.replica.signed_in(user(1)).unwrap();
                    phone.store(tx);
                    let tx = phone.replica.updated();
                    phone.store(tx);
                }
                Step::RetryStuck => {
                    let tx = phone.replica.retry_stuck();
                    phone.store(tx);
                }
                Step::List(which) => phone.store_list(&listed(which)),
                Step::Remove => {
                    for stream in phone.replica.removable() {
                        let tx = phone.replica.remove(stream);
                        phone.store(tx);
                        captured.retain(|ticket| phone.replica.status(*ticket).is_some() || stream != school());
                    }
                }
                Step::Prune(now) => {
                    let tx = phone.replica.prune(now);
                    phone.store(tx);
                    pruned |= now > 0;
                }
            }
            let known = captured.iter().filter(|ticket| phone.replica.status(**ticket).is_some()).count();
            prop_assert!(pruned || known == captured.len());
            let queued = captured.iter().filter(|ticket| {
                matches!(phone.replica.status(**ticket), Some(Status::Queued | Status::Stuck))
            });
            prop_assert_eq!(queued.count(), phone.replica.unsent());
            for (kind, id, fields) in phone.records(school()) {
                prop_assert_eq!(phone.replica.view(school(), &kind, id), Some(fields));
            }
        }
    }
}

impl Phone {
    fn store_list(&mut self, listed: &[StreamInfo]) {
        let tx = self.replica.streams_listed(listed);
        self.store(tx);
    }
}
