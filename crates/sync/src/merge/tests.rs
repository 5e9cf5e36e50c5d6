//! The merge against the vectors of an independent model, and its laws on small domains.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    writes: Vec<Write>,
    #[serde(rename = "final")]
    last: Final,
}

#[derive(Deserialize)]
struct Write {
    now_ms: i64,
    device: DeviceId,
    n: i64,
    base: Seq,
    stamp: Stamp,
    value: Value,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    canonical: Stamp,
    wins: bool,
    conflict_with: Option<usize>,
}

#[derive(Deserialize)]
struct Final {
    value: Value,
    stamp: Stamp,
}

const fn name(device: DeviceId, n: i64) -> WriteId {
    WriteId { device, n }
}

/// A write by someone who says what he saw by names alone.
fn with_names<'a>(
    device: DeviceId,
    n: i64,
    saw: Option<&'a LastWrites>,
    claimed: i64,
    set: &'a Fields,
) -> Incoming<'a> {
    let (id, claimed) = (Some(name(device, n)), Some(Stamp::at(claimed, device)));
    Incoming { device, n, base: Base::Seen(0), saw, id, claimed, set }
}

fn field() -> FieldPath {
    "ratings/engagement".parse().unwrap()
}

#[test]
fn every_vector_of_the_independent_model_is_met() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../../../tests/data/merge-vectors.json")).unwrap();
    assert_eq!(vectors.cases.len(), 300);
    for (number, case) in vectors.cases.iter().enumerate() {
        let mut state = RecordState::default();
        let mut past = Vec::new();
        for (index, write) in case.writes.iter().enumerate() {
            let seq = Seq::try_from(index).unwrap() + 1;
            let set = Fields::from([(field(), write.value.clone())]);
            let incoming = Incoming {
                device: write.device,
                n: write.n,
                base: Base::Seen(write.base),
                saw: None,
                id: Some(name(write.device, write.n)),
                claimed: Some(write.stamp),
                set: &set,
            };
            let history = if needs_history(&state, &incoming, 0) { past.as_slice() } else { &[] };

            let merged = merge(&mut state, history, &[], &incoming, write.now_ms, seq);

            let clash = merged.clashes.first().map(|clash| clash.standing.origin.seq);
            let expected = write.expect.conflict_with.map(|with| Seq::try_from(with).unwrap() + 1);
            assert_eq!(merged.canonical, write.expect.canonical, "case {number}, write {index}");
            assert_eq!(merged.lost.is_empty(), write.expect.wins, "case {number}, write {index}");
            assert_eq!(clash, expected, "case {number}, write {index}");
            past.push(Past {
                origin: Origin::named(merged.canonical, seq, write.n, None),
                set,
                saw: LastWrites::new(),
            });
        }
        let register = &state.registers[&field()];
        assert_eq!(
            (&register.value, register.origin.stamp),
            (&case.last.value, case.last.stamp),
            "case {number}"
        );
    }
}

/// A write by one of three devices whose clock may say anything.
#[derive(Clone, Debug)]
struct Draw {
    device: u64,
    clock: i64,
    value: u8,
    seen: i64,
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let one = (0..3_u64, -3..200_000_i64, 0..3_u8, 0..12_i64).prop_map(|(device, clock, value, seen)| Draw {
        device,
        clock,
        value,
        seen,
    });
    prop::collection::vec(one, 1..12)
}

/// Plays writes in order of arrival; gives each one's origin, what it had seen, and the final state.
fn play(draws: &[Draw]) -> (RecordState, Vec<(Origin, Vec<Origin>)>) {
    let (mut state, mut past, mut all) = (RecordState::default(), Vec::<Past>::new(), Vec::new());
    let mut counts = [0_i64; 3];
    for (index, draw) in draws.iter().enumerate() {
        let seq = Seq::try_from(index).unwrap() + 1;
        let device = DeviceId::from_u64(draw.device);
        counts[usize::try_from(draw.device).unwrap()] += 1;
        let n = counts[usize::try_from(draw.device).unwrap()];
        let set = Fields::from([(field(), json!(draw.value))]);
        let incoming = Incoming {
            device,
            n,
            base: Base::Seen(draw.seen.min(seq - 1)),
            saw: None,
            id: Some(name(device, n)),
            claimed: Some(Stamp::at(draw.clock, device)),
            set: &set,
        };
        let seen = past.iter().map(|past| past.origin).filter(|origin| incoming.has_seen(origin)).collect();
        let merged = merge(&mut state, &past, &[], &incoming, 50_000, seq);
        let origin = Origin::named(merged.canonical, seq, n, None);
        all.push((origin, seen));
        past.push(Past { origin, set, saw: LastWrites::new() });
    }
    (state, all)
}

proptest! {
    #[test]
    fn a_write_that_saw_another_always_beats_it(draws in draws()) {
        for (origin, seen) in play(&draws).1 {
            for other in seen {
                prop_assert!(origin.stamp > other.stamp);
            }
        }
    }

    #[test]
    fn the_winner_is_the_largest_canonical_stamp(draws in draws()) {
        let (state, all) = play(&draws);
        let largest = all.iter().map(|(origin, _)| origin.stamp).max();
        prop_assert_eq!(state.stamp(), largest);
    }

    #[test]
    fn the_short_way_without_history_gives_the_same(draws in draws()) {
        let (state, all) = play(&draws);
        let set = Fields::from([(field(), json!("new"))]);
        let device = DeviceId::from_u64(9);
        let incoming = Incoming {
            device, n: 1, base: Base::Seen(99), saw: None, id: Some(name(device, 1)), claimed: Some(Stamp::at(0, device)), set: &set,
        };
        let past: Vec<Past> = all.iter().map(|(origin, _)| Past { origin: *origin, set: set.clone(), saw: LastWrites::new() }).collect();
        prop_assert!(!needs_history(&state, &incoming, 0));

        let short = merge(&mut state.clone(), &[], &[], &incoming, 0, 99);
        let long = merge(&mut state.clone(), &past, &[], &incoming, 0, 99);

        prop_assert_eq!(short, long);
    }

    #[test]
    fn writes_with_their_canonical_stamps_merge_alike_in_any_order(draws in draws(), turn in 0..12_usize) {
        let (state, all) = play(&draws);
        let set = |index: usize| Fields::from([(field(), json!(draws[index].value))]);
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.rotate_left(turn % all.len());
        order.reverse();
        let mut again = RecordState::default();
        for _ in 0..2 {
            for &index in &order {
                let set = set(index);
                let origin = all[index].0;
                // Nothing seen, so nothing is lifted: stamps alone decide.
                let incoming = Incoming {
                    device: origin.device(), n: 1, base: Base::Seen(0), saw: None, id: Some(name(origin.device(), 1)), claimed: Some(origin.stamp),
                    set: &set,
                };
                merge(&mut again, &[], &[], &incoming, 1_000_000, 1);
            }
        }
        prop_assert_eq!(again.fields(), state.fields());
        prop_assert_eq!(again.stamp(), state.stamp());
    }
}

#[test]
fn a_write_below_a_later_one_of_its_device_stays_below() {
    let device = DeviceId::from_u64(1);
    let (mut state, set) = (RecordState::default(), Fields::from([(field(), json!("good"))]));
    let claimed = Some(Stamp::at(10, device));
    let later = Incoming {
        device,
        n: 2,
        base: Base::Seen(0),
        saw: None,
        id: Some(name(device, 2)),
        claimed,
        set: &set,
    };
    let merged = merge(&mut state, &[], &[], &later, 100, 1);
    let past = [Past {
        origin: Origin::named(merged.canonical, 1, 2, None),
        set: set.clone(),
        saw: LastWrites::new(),
    }];
    let old = Fields::from([(field(), json!("poor"))]);
    let earlier = Incoming {
        n: 1,
        id: Some(name(device, 1)),
        claimed: Some(Stamp::at(99, device)),
        set: &old,
        ..later
    };

    assert!(needs_history(&state, &earlier, 2));
    let merged = merge(&mut state, &past, &[], &earlier, 100, 2);

    assert_eq!(merged.canonical, Stamp::at(9, device));
    assert_eq!(state.registers[&field()].value, json!("good"));
    assert!(merged.clashes.is_empty(), "a device does not clash with itself");
}

/// Two writes come to a restored server, the later first: it names what it saw, so the earlier ends below it, however
/// far ahead its clock was.
#[test]
fn a_write_below_one_that_had_seen_it_on_a_lost_server_stays_below() {
    let (first, second) = (DeviceId::from_u64(1), DeviceId::from_u64(2));
    let (mut state, set) = (RecordState::default(), Fields::from([(field(), json!("good"))]));
    let saw = LastWrites::from([(first, 4)]);
    let later = with_names(second, 1, Some(&saw), 10, &set);
    let merged = merge(&mut state, &[], &[], &later, 100, 1);
    let past =
        [Past { origin: Origin::named(merged.canonical, 1, 1, None), set: set.clone(), saw: saw.clone() }];
    let old = Fields::from([(field(), json!("poor"))]);
    let nothing = LastWrites::new();
    let write = |n| with_names(first, n, Some(&nothing), 9_000_000, &old);

    let renumbered = Incoming { device: DeviceId::from_u64(3), n: 1, ..write(4) };

    assert!(needs_history(&state, &write(4), 0));
    let anew = merge(&mut state.clone(), &past, &[], &renumbered, 200, 2);
    assert_eq!(anew.canonical, Stamp::at(9, renumbered.device), "a name outlasts a registration");
    let unseen = merge(&mut state.clone(), &past, &[], &write(5), 200, 2);
    let merged = merge(&mut state, &past, &[], &write(4), 200, 2);

    assert_eq!(merged.canonical, Stamp::at(9, first));
    assert_eq!(state.registers[&field()].value, json!("good"));
    assert!(merged.clashes.is_empty(), "one had seen the other");
    assert!(
        unseen.lost.is_empty() && unseen.clashes.len() == 1,
        "the next write of that device was not seen"
    );
}

/// A base may be of a past that the server has lost; names never are.
#[test]
fn a_base_counts_for_what_has_no_name_and_for_those_who_say_no_names() {
    let (first, second) = (DeviceId::from_u64(1), DeviceId::from_u64(2));
    let (set, nothing) = (Fields::from([(field(), json!("good"))]), LastWrites::new());
    let write = |saw| Incoming {
        device: second,
        n: 1,
        base: Base::Seen(5),
        saw,
        id: Some(name(second, 1)),
        claimed: None,
        set: &set,
    };
    let named = Origin::named(Stamp::at(1, first), 5, 1, None);
    let own = Origin { id: None, ..named };

    assert!(write(None).has_seen(&named) && write(None).has_seen(&own));
    assert!(!write(Some(&nothing)).has_seen(&named) && write(Some(&nothing)).has_seen(&own));
    assert!(!write(Some(&nothing)).has_seen(&Origin { seq: 6, ..own }));
}

#[test]
fn a_write_is_lifted_above_what_it_names_as_seen() {
    let (first, second) = (DeviceId::from_u64(1), DeviceId::from_u64(2));
    let (mut state, set) = (RecordState::default(), Fields::from([(field(), json!("good"))]));
    let nothing = LastWrites::new();
    let ahead = with_names(first, 1, Some(&nothing), 90, &set);
    let ahead = merge(&mut state, &[], &[], &ahead, 100, 1).canonical;
    let saw = LastWrites::from([(first, 1)]);
    let new = Fields::from([(field(), json!("poor"))]);
    let write = with_names(second, 1, Some(&saw), 10, &new);

    assert!(!needs_history(&state, &write, 0));
    let merged = merge(&mut state, &[], &[], &write, 100, 2);

    assert_eq!(merged.canonical, ahead.above(second));
    assert!(merged.clashes.is_empty() && merged.lost.is_empty());
}

#[test]
fn a_conflict_closes_when_a_write_has_seen_both_sides() {
    let origin = |device, seq| Origin::named(Stamp::at(seq, DeviceId::from_u64(device)), seq, 1, None);
    let open =
        [OpenConflict { id: Uuid::from_u128(7), path: field(), between: [origin(1, 1), origin(2, 2)] }];
    let set = Fields::from([(field(), json!("good"))]);
    let device = DeviceId::from_u64(3);
    let write = |base| Incoming {
        device,
        n: 1,
        base: Base::Seen(base),
        saw: None,
        id: Some(name(device, 1)),
        claimed: None,
        set: &set,
    };

    let half = merge(&mut RecordState::default(), &[], &open, &write(1), 100, 3);
    let both = merge(&mut RecordState::default(), &[], &open, &write(2), 100, 3);

    assert_eq!((half.settled, both.settled), (vec![], vec![Uuid::from_u128(7)]));
}

/// On a restored server: first what was seen, then what was said last, then what was said in between.
#[test]
fn between_a_write_and_the_one_that_was_lifted_above_it_there_is_room() {
    let devices = [1, 2, 3].map(DeviceId::from_u64);
    let (mut state, mut past, mut stamps) = (RecordState::default(), Vec::new(), Vec::new());
    let saw = [
        LastWrites::new(),
        LastWrites::from([(devices[0], 1), (devices[2], 1)]),
        LastWrites::from([(devices[0], 1)]),
    ];
    let set = Fields::from([(field(), json!("good"))]);
    for (seq, saw) in (1..).zip(&saw) {
        let device = devices[usize::try_from(seq).unwrap() - 1];
        let incoming = with_names(device, 1, Some(saw), if seq == 1 { 50 } else { 10 }, &set);
        let stamp = merge(&mut state, &past, &[], &incoming, 100, seq).canonical;
        past.push(Past { origin: Origin::named(stamp, seq, 1, None), set: set.clone(), saw: saw.clone() });
        stamps.push(stamp);
    }

    assert!(stamps[0] < stamps[2] && stamps[2] < stamps[1], "{stamps:?}");
}
