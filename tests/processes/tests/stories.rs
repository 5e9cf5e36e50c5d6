//! Small versions of the stories; `cargo run --release -p processes -- kill` and `-- nodes` play the large ones.

use processes::kill::{self, Kills};
use processes::nodes::{self, Nodes};
use processes::server;
use tokio::sync::Mutex;

/// One story at a time: each starts several servers.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

const KILLS: Kills = Kills { times: 5, phones: 4, seed: 1, timed: false, sabotage: false };

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_dies_with_the_process() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let binary = server::build().unwrap();

    let report = kill::run(&binary, KILLS).await.unwrap();

    assert_eq!(report.violations, Vec::<String>::new(), "{}", report.figures);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_write_that_is_gone_is_noticed() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let binary = server::build().unwrap();

    let report = kill::run(&binary, Kills { times: 3, sabotage: true, ..KILLS }).await.unwrap();

    assert!(report.violations.iter().any(|violation| violation.contains("is lost")), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_lose_and_double_nothing_whatever_dies() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let binary = server::build().unwrap();

    let reports = nodes::run(&binary, Nodes::small(), |_, _| ()).await.unwrap();

    let violations: Vec<&String> = reports.iter().flat_map(|report| &report.violations).collect();
    assert_eq!(violations, Vec::<&String>::new(), "{reports:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_put_before_places_that_readers_have_passed_is_noticed() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let binary = server::build().unwrap();

    let sabotaged = Nodes { sabotage: true, writes: 600, ..Nodes::small() };
    let reports = nodes::run(&binary, sabotaged, |_, _| ()).await.unwrap();

    let violations: Vec<&String> = reports.iter().flat_map(|report| &report.violations).collect();
    assert!(violations.iter().any(|violation| violation.contains("writes missed")), "{reports:?}");
}
