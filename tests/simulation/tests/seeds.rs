//! A few seeds, as every test run has them; the long runs are told in `docs/proof.md`.

use simulation::run;
use simulation::town::Town;

#[test]
fn a_few_worlds_end_well_and_one_seed_is_one_run() {
    let runtime = run::runtime().expect("a runtime");
    let town = Town::build(&runtime).expect("a town");

    let ends: Vec<_> = (0..4).map(|seed| run::seed(seed, &town, &runtime, false)).collect();
    let again = run::seed(3, &town, &runtime, false);

    let violations: Vec<_> = ends.iter().filter_map(|end| end.violation.as_ref()).collect();
    assert_eq!(violations, Vec::<&String>::new());
    assert!(ends.iter().all(|end| end.figures.acknowledged > 0));
    assert_eq!(again.trace, ends[3].trace);
    assert_ne!(again.trace, ends[2].trace);
}

/// Worlds that once ended badly, with what they showed. All of it has stories of its own in `tests/it/names.rs`,
/// `tests/it/push.rs` and the replica's tests; a later draw of chance may make other worlds of these numbers.
const FOUND: [(u64, &str); 10] = [
    (151, "a phone put back to a backup of its own sends again, and passes what had seen it"),
    (371, "a clamp repeated after a restore passes what had seen it"),
    (422, "a page from before an acknowledgement looks like a restored server, without end"),
    (455, "a write numbered anew is not known by those who saw it"),
    (475, "a held write is not brought back after a restore"),
    (853, "a server whose clock is behind clamps anew what had seen each other"),
    (986, "a write sent again under its first stamp is not told the canonical one"),
    (1298, "what a restored server lacks goes out after what was said later"),
    (4359, "a page made before a restore left out what had moved on, and what moved back is never read"),
    (4988, "what a phone put back to a backup of its own had seen of itself is not said"),
];

#[test]
fn worlds_that_once_ended_badly_end_well() {
    let runtime = run::runtime().expect("a runtime");
    let town = Town::build(&runtime).expect("a town");

    for (seed, showed) in FOUND {
        let end = run::seed(seed, &town, &runtime, false);
        assert_eq!(end.violation, None, "seed {seed}: {showed}");
    }
}
