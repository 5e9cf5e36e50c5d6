//! A model check of sync: two phones, a server, its backup, and every order in which messages can go.
//!
//! The phones are real replicas, killed after each step; reader, merge and cursors of the server are the real
//! ones. `world` says what can happen, `properties` what must hold whatever happened, `explore` tries all of it.

#![expect(clippy::panic, reason = "a property that does not hold ends the test")]

mod explore;
mod phone;
mod properties;
mod server;
mod world;

use explore::{Findings, explore};
use properties::Broken;
use server::Rule;
use world::Scenario;

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

#[test]
fn probe() {
    let near = [100_000, DAY];
    for (name, scenario) in [
        ("plain11", Scenario { restore: false, losses: 1, repeats: 1, kills: 1, ..SMALL }),
        ("plain21", Scenario { restore: false, losses: 1, repeats: 0, writes: [2, 1], ..SMALL }),
        (
            "plain21near",
            Scenario { restore: false, losses: 0, repeats: 1, writes: [2, 1], skew: near, ..SMALL },
        ),
        ("plain33", Scenario { restore: false, losses: 0, repeats: 0, writes: [3, 3], skew: near, ..SMALL }),
        ("restore11", Scenario { losses: 0, repeats: 1, ..SMALL }),
        ("restore11l", Scenario { losses: 1, repeats: 0, ..SMALL }),
        ("restore21", Scenario { losses: 0, repeats: 0, writes: [2, 1], ..SMALL }),
        ("restore21t", Scenario { losses: 1, repeats: 1, writes: [2, 1], together: true, ..SMALL }),
        ("restore11held", Scenario { losses: 0, repeats: 0, held: true, ..SMALL }),
        ("restore22rec", Scenario { losses: 0, repeats: 0, writes: [2, 1], records: 2, ..SMALL }),
        (
            "nolift",
            Scenario {
                losses: 0,
                repeats: 0,
                restore: false,
                skew: near,
                without: Some(Rule::Lift),
                ..SMALL
            },
        ),
        ("noclamp", Scenario { losses: 0, repeats: 0, restore: false, without: Some(Rule::Clamp), ..SMALL }),
        ("nolineage", Scenario { losses: 0, repeats: 0, without: Some(Rule::Lineage), ..SMALL }),
        (
            "noledger",
            Scenario { losses: 0, repeats: 1, restore: false, without: Some(Rule::Ledger), ..SMALL },
        ),
    ] {
        let began = std::time::Instant::now();
        let findings = explore(scenario, 1_500_000, None);
        println!(
            "{name}: {} worlds {} steps depth {} complete {} {:?}\n{}",
            findings.worlds,
            findings.steps,
            findings.depth,
            findings.complete,
            began.elapsed(),
            findings.ways()
        );
    }
}
