//! The proofs in little; `cargo run --release -p disk` runs them at length.

use std::sync::OnceLock;

use disk::proof::trouble::{self, Trouble};
use disk::proof::{Ground, power_cuts};

fn ground() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    GROUND.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(Ground::prepare()).expect("the school is made")
    })
}

#[test]
fn power_cuts_lose_nothing_that_was_acknowledged() {
    let figures = power_cuts::run(ground(), 1, 20, 1).unwrap();

    assert_eq!(figures.lost, 0, "{figures}");
    assert!(figures.acknowledged > 100 && figures.torn > 0 && figures.in_commit > 0, "{figures}");
}

#[test]
fn a_full_disk_is_an_honest_refusal_and_recovers() {
    let seen = trouble::run(ground(), Trouble::Full, 1).unwrap();

    assert!(seen.lost == 0 && seen.refused > 0, "{seen:?}");
}

#[test]
fn a_disk_that_fails_to_write_is_an_honest_refusal_and_recovers() {
    let seen = trouble::run(ground(), Trouble::FailingWrites, 1).unwrap();

    assert!(seen.lost == 0 && seen.refused > 0, "{seen:?}");
}

#[test]
fn a_disk_that_fails_to_read_is_an_honest_refusal_and_recovers() {
    let seen = trouble::run(ground(), Trouble::FailingReads, 1).unwrap();

    assert!(seen.lost == 0 && seen.refused > 0, "{seen:?}");
}
