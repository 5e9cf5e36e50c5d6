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
