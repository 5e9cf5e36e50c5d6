//! The simulator proves itself: bugs are planted, and each must be found.

use simulation::run::{self, Seeds};
use simulation::town::Town;
use xunke_sync::planted::{Bug, plant};

/// Each bug is looked for from so many places, far apart.
const TRIALS: u64 = 3;

/// Plants bugs, and runs seeds until each is found.
pub(crate) fn hunt(town: &Town, seeds: Seeds, name: &str) -> anyhow::Result<bool> {
    let bugs: Vec<Bug> = Bug::ALL.iter().copied().filter(|bug| name == "all" || name == bug.name()).collect();
    if bugs.is_empty() {
        let names: Vec<&str> = Bug::ALL.iter().map(|bug| bug.name()).collect();
        anyhow::bail!("there is no bug `{name}`; there are: {}", names.join(", "));
    }
    let (mut found, mut medians) = (0, Vec::new());
    for bug in &bugs {
        plant(Some(*bug));
        let (mut needed, mut said) = (Vec::new(), String::new());
        for trial in 0..TRIALS {
            let from = seeds.from + trial * 100_000;
            let mut first = None;
            run::seeds(town, Seeds { from, until_found: true, ..seeds }, |outcome| {
                if let Some(violation) = &outcome.violation {
                    let seed = first.map_or(outcome.seed, |first: u64| first.min(outcome.seed));
                    first = Some(seed);
                    said.clone_from(violation);
                }
            })?;
            needed.push(first.map_or(u64::MAX, |first| first - from + 1));
        }
        needed.sort_unstable();
        let median = needed[needed.len() / 2];
        let all = needed.iter().all(|needed| *needed <= seeds.count);
        found += usize::from(all);
        medians.push(median);
        let said: String = said.chars().take(100).collect();
        println!(
            "{} {:24} seeds needed {needed:?}: {said}",
            if all { "found" } else { "MISSED" },
            bug.name()
        );
    }
    medians.sort_unstable();
    println!("planted {} found {found} | median seeds needed {}", bugs.len(), medians[medians.len() / 2]);
    Ok(found == bugs.len())
}
