//! A school's server is put back from a backup, and the phones bring everything again that it had answered since.
//!
//! `RESTORE_SCHEDULES=100 cargo test -p e2e --test it restores` plays a hundred schedules instead of a few;
//! `RESTORE_SEED=7` plays one of them alone.

mod oracle;
mod schedule;
mod stories;

use std::panic::resume_unwind;

use tokio::task::JoinSet;

use schedule::{Figures, play};

/// Schedules of every run; more are asked for in the environment.
const SCHEDULES: u64 = 16;
/// Schedules at once.
const AT_ONCE: usize = 2;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_random_schedules_everything_acknowledged_comes_back_after_a_restore() {
    let seeds = match setting("RESTORE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..setting("RESTORE_SCHEDULES").unwrap_or(SCHEDULES),
    };
    let asked = seeds.end - seeds.start;
    let (mut playing, mut total) = (JoinSet::new(), Figures::default());
    for seed in seeds {
        while playing.len() >= AT_ONCE {
            total.add(&ended(playing.join_next().await));
        }
        playing.spawn(async move { (seed, tokio::spawn(play(seed)).await) });
    }
    while !playing.is_empty() {
        total.add(&ended(playing.join_next().await));
    }

    say(&total);
    assert_eq!(total.schedules, asked);
    assert!(total.forgotten >= 400 * asked, "the restores made the server forget: {total:?}");
    if asked >= SCHEDULES {
        assert!(total.covers_all(), "something never happened: {total:?}");
    }
}

type Ended = Option<Result<(u64, Result<Figures, tokio::task::JoinError>), tokio::task::JoinError>>;

/// The figures of a schedule; one that failed says how to play it alone.
#[expect(clippy::print_stderr, reason = "a seed that fails is named")]
fn ended(ended: Ended) -> Figures {
    let (seed, played) = ended.expect("one was playing").expect("it only waits");
    played.unwrap_or_else(|error| {
        eprintln!("schedule {seed} failed; alone: RESTORE_SEED={seed} cargo test -p e2e --test it restores");
        resume_unwind(error.into_panic())
    })
}

#[expect(clippy::print_stdout, reason = "the figures are shown with --nocapture")]
fn say(total: &Figures) {
    println!("{total:?}");
}
