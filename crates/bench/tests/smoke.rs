//! The benchmark runs on every server and counts what it sent; how fast is nobody's business here.

use std::path::PathBuf;

use bench::run::{Options, Sizes, run};
use bench::subject::Kind;
use bench::table;
use bench::workload::Workload;

fn options() -> Options {
    Options {
        program: PathBuf::from(env!("CARGO_BIN_EXE_bench")),
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
