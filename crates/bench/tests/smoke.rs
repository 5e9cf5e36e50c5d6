//! The benchmark runs on every server and counts what it sent; how fast is nobody's business here.

use std::path::PathBuf;
use std::time::Duration;

use bench::run::{Options, Sizes, run};
use bench::subject::Kind;
use bench::workload::Workload;
use bench::{fairness, growth, nodes, table};

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_bench"))
}

fn options() -> Options {
    Options {
        program: program(),
        kinds: [Kind::Sqlite, Kind::Postgres].into(),
        workloads: [Workload::W1, Workload::W2, Workload::W3, Workload::W4, Workload::W5].into(),
        sizes: Sizes { phones: 2, visits: 240, polls: 40, singles: 20, edits: 120 },
        repeats: 1,
        seed: 1,
    }
}

#[test]
fn every_workload_runs_on_every_server_and_loses_nothing() {
    let options = options();

    let report = run(&options, |_, _, _| ()).unwrap();

    for kind in [Kind::Sqlite, Kind::Postgres, Kind::Minimum] {
        let count = |workload| report.runs[&(workload, kind)][0].count;
        assert_eq!(count(Workload::W1), 240);
        assert!(count(Workload::W2) >= 3 * 240);
        assert_eq!(count(Workload::W3), 40);
        assert_eq!(count(Workload::W4), 20);
        assert_eq!(count(Workload::W5), 120);
        let wire = report.wire[&kind];
        assert!(wire.gzip < wire.plain);
    }
    let text = table::markdown(&options, &report);
    assert_eq!(text.lines().filter(|line| line.starts_with("| W")).count(), 15);
}

#[test]
fn sizes_that_do_not_divide_among_the_phones_are_refused() {
    let mut options = options();
    options.sizes.visits = 241;

    let refused = run(&options, |_, _, _| ()).unwrap_err();

    assert!(refused.to_string().contains("a multiple of 2"), "{refused}");
}

#[test]
fn a_school_that_was_copied_is_read_whole_on_both_databases() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let options = growth::Options { program: program(), kind, sizes: vec![2_000], times: 1 };

        // The first sync must give every visit, the week's draft and the lists what was copied for them.
        let grown = growth::run(&options, |_| ()).unwrap();

        assert_eq!(grown[0].asked.len(), 6);
        assert_eq!(growth::markdown(&grown).lines().count(), 3);
    }
}

#[test]
fn polite_phones_are_answered_alone_and_beside_an_abusive_one() {
    let time = Duration::from_millis(500);
    let options = fairness::Options { program: program(), kind: Kind::Sqlite, time, repeats: 1, made: 1 };

    let fair = fairness::run(&options, |_| ()).unwrap();

    assert!(fair[0].alone.count > 0 && fair[0].beside.count > 0 && fair[0].abusive > 0.0, "{fair:?}");
}

#[test]
fn one_node_and_two_take_everything_in() {
    let options = nodes::Options { program: program(), schools: 2, visits: 400, repeats: 1 };

    let beside = nodes::run(&options, |_| ()).unwrap();

    assert!(beside[0].one.postgres > 0.0 && beside[0].two.postgres > 0.0, "{beside:?}");
}
