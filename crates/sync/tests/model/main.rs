//! A model check of sync: two phones, a server, its backup, and every order in which messages can go.
//!
//! The phones are real replicas, killed after each step; reader, merge and cursors of the server are the real
//! ones. `world` says what can happen, `properties` what must hold whatever happened, `explore` tries all of it.

#![expect(clippy::print_stdout, reason = "`--nocapture` tells how much was explored")]

mod explore;
mod phone;
mod properties;
mod server;
mod world;

use explore::{Findings, explore, follow};
use properties::Broken;
use server::Rule;
use world::{Scenario, Step};

const DAY: i64 = 24 * 60 * 60 * 1000;

const SMALL: Scenario = Scenario {
    writes: [1, 1],
    skew: [DAY, -DAY],
    records: 1,
    held: false,
    losses: 1,
    repeats: 1,
    kills: 0,
    restore: true,
    together: false,
    without: None,
};

/// One phone 100 s ahead, which is believed; the other a day behind.
const NEAR: [i64; 2] = [100_000, -DAY];
/// Worlds of a scenario here; `MODEL_WORLDS` asks for more, which wants a release build.
const WORLDS: usize = 40_000;

fn worlds() -> usize {
    std::env::var("MODEL_WORLDS").ok().and_then(|worlds| worlds.parse().ok()).unwrap_or(WORLDS)
}

/// Explores a scenario in which every property must hold.
#[track_caller]
fn holds(name: &str, scenario: Scenario) {
    let findings = explore(scenario, worlds(), None);
    let Findings { worlds, steps, depth, complete, broken } = &findings;
    println!("{name}: {worlds} worlds {steps} steps depth {depth} complete {complete}");
    assert!(broken.is_empty(), "{name}: {}", findings.ways());
}

/// Explores a scenario in which a property must be found to be broken.
#[track_caller]
fn finds(name: &str, scenario: Scenario, sought: Broken) {
    let findings = explore(scenario, worlds().max(400_000), Some(sought));
    assert!(findings.broken.contains_key(&sought), "{name}: {} worlds, {}", findings.worlds, findings.ways());
    println!("{name}: {}", findings.ways());
}

#[test]
fn lost_and_repeated_messages_and_killed_apps_break_nothing() {
    let plain = Scenario { restore: false, ..SMALL };

    let quiet = Scenario { losses: 0, repeats: 0, ..plain };
    let all = explore(quiet, usize::MAX, None);
    assert!(all.complete && all.broken.is_empty(), "{}", all.ways());
    println!("a write each, every world there is: {} worlds depth {}", all.worlds, all.depth);
    holds("a write each, a loss, a repetition, a kill", Scenario { kills: 1, ..plain });
    holds("two writes and one, a loss", Scenario { repeats: 0, writes: [2, 1], ..plain });
    holds(
        "two writes and one, a repetition, near clocks",
        Scenario { losses: 0, writes: [2, 1], skew: NEAR, ..plain },
    );
    holds(
        "three writes each, clocks a little and far ahead, pulls beside pushes",
        Scenario { losses: 0, repeats: 0, writes: [3, 3], skew: [100_000, DAY], ..plain },
    );
    holds(
        "three writes each, pulling as they push",
        Scenario { writes: [3, 3], skew: NEAR, together: true, ..plain },
    );
}

#[test]
fn a_restored_server_breaks_nothing_while_clocks_are_believed() {
    let near = Scenario { skew: NEAR, ..SMALL };

    holds("a write each, a loss, a repetition, a restore", near);
    holds(
        "the same and one write more, pulling as they push",
        Scenario { writes: [2, 1], together: true, ..near },
    );
}

/// What a write says it has seen by a seq is of the past it was captured in, and a restored server takes it for a seq of
/// its own. Here the first phone's second write comes to it after the other phone's, whose author had seen it: by the
/// seq alone it would be lifted over that one. Names tell who saw whom.
#[test]
fn a_base_from_a_lost_past_beats_nothing() {
    use Step::{Arrive, ArriveLate, BackUp, Capture, Push, Repeat, Restore};
    let scenario = Scenario { losses: 0, writes: [2, 1], together: true, ..SMALL };
    let captured_on_what_is_lost =
        [Capture(0), Push(0), Push(1), BackUp, Arrive(0, 0), Arrive(0, 0), Capture(0)];
    let seen_by_the_other = [Push(0), Repeat(0, 0), ArriveLate(1), Arrive(1, 0), Arrive(1, 0), Capture(1)];
    let seen_first_by_the_restored = [Push(1), Restore, Arrive(1, 0)];
    let way = [&captured_on_what_is_lost[..], &seen_by_the_other, &seen_first_by_the_restored].concat();

    assert_eq!(follow(scenario, &way), None);
    let nameless = Scenario { without: Some(Rule::Saw), ..scenario };
    assert!(follow(nameless, &way).is_some());
}

/// A stamp that is clamped again after a restore ends below a write whose author had seen it.
#[test]
fn a_restored_server_breaks_nothing_though_a_clock_is_a_day_ahead() {
    holds("a clamp and a restore", Scenario { losses: 0, repeats: 1, ..SMALL });
    holds("the same, and one write more", Scenario { losses: 0, writes: [2, 1], together: true, ..SMALL });
}

#[test]
fn without_naming_what_was_seen_the_model_finds_a_lost_update() {
    let scenario = Scenario { losses: 0, without: Some(Rule::Saw), ..SMALL };

    finds("nothing named as seen", scenario, Broken::LostUpdateTold);
}

#[test]
fn without_the_lift_the_model_finds_a_lost_update() {
    let scenario = Scenario {
        losses: 0,
        repeats: 0,
        restore: false,
        skew: [100_000, DAY],
        without: Some(Rule::Lift),
        ..SMALL
    };

    finds("no lift", scenario, Broken::LostUpdateTold);
}

#[test]
fn without_the_clamp_the_model_finds_a_stamp_from_the_future() {
    let scenario = Scenario { restore: false, without: Some(Rule::Clamp), ..SMALL };

    finds("no clamp", scenario, Broken::FromTheFuture);
}

#[test]
fn without_the_lineage_the_model_finds_phones_that_differ() {
    let plain =
        Scenario { losses: 0, repeats: 0, skew: NEAR, together: true, writes: [1, 2], records: 2, ..SMALL };
    let scenario = Scenario { without: Some(Rule::Lineage), ..plain };

    finds("no lineage", scenario, Broken::Diverged);
}

#[test]
fn without_the_ledger_the_model_finds_a_write_taken_in_twice() {
    let scenario = Scenario { losses: 0, restore: false, without: Some(Rule::Ledger), ..SMALL };

    finds("no ledger", scenario, Broken::Doubled);
}
