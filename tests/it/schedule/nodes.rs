//! Several nodes, one of them dead or paused: each step is done once.

use xunke_api::scheduler::{LEASE, carry_out, due, look};

use super::{done, editions, scheduled, timing, wait_until};
use crate::support::TestApp;
use crate::support::app::{Backend, on_both};

on_both!(
    nodes_that_look_at_once_do_each_step_once,
    the_lease_of_a_node_that_died_passes_on,
    while_nothing_is_due_nothing_is_written,
);

async fn nodes_that_look_at_once_do_each_step_once(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    let nodes = app.nodes().await;
    for moment in ["2026-11-27T16:00", "2026-11-29T18:00", "2026-11-30T12:00"] {
        wait_until(&nodes[0], moment);
        let mut all = Vec::new();
        for node in nodes.iter().chain(&nodes) {
            let app = node.app.clone();
            all.push(tokio::spawn(async move { look(&app).await }));
        }
        let mut steps = 0;
        for look in all {
            // Who waits for the other's lock may be told that the database is busy, and looks again in a minute.
            steps += look.await.unwrap().unwrap_or_default();
        }

        assert_eq!(steps, 1, "{moment}");
        assert_eq!(done(&nodes[0]).await, 0, "{moment}");
    }
    assert_eq!(editions(&nodes[0], &staffed).await.len(), 1);
    assert_eq!(nodes[0].texts("SELECT action FROM audit WHERE actor IS NULL AND action IN ('publish_schedule', 'weekly_log_publish')").await.len(), 3);
}

async fn the_lease_of_a_node_that_died_passes_on(app: TestApp) {
    scheduled(&app, &timing()).await;
    wait_until(&app, "2026-11-27T16:00");
    let held = app.app.store.lease_take(LEASE, app.millis()).await.unwrap().unwrap();

    let app = app.restart().await;

    assert_eq!(done(&app).await, 0, "the dead node holds it still");
    run_out(&app).await;
    assert_eq!(done(&app).await, 1);
    let fences = app.texts("SELECT CAST(fence AS text) FROM schedule_step").await;
    assert_eq!(fences, [(held.fence() + 1).to_string()]);
}

/// The lease's time passes: by the database's clock on PostgreSQL, by the process's on SQLite.
async fn run_out(app: &TestApp) {
    match app.backend {
        Backend::Sqlite => app.pass(chrono::TimeDelta::minutes(3)),
        Backend::Postgres => app.execute("UPDATE lease SET held_until = 0").await,
    }
}

async fn while_nothing_is_due_nothing_is_written(app: TestApp) {
    scheduled(&app, &timing()).await;

    assert_eq!(done(&app).await, 0);

    assert_eq!(app.texts("SELECT name FROM lease").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_paused_holder_that_comes_back_does_nothing() {
    let paused = TestApp::start(Backend::Postgres).await;
    let staffed = scheduled(&paused, &timing()).await;
    let other = paused.another_node().await;
    for moment in ["2026-11-27T16:00", "2026-11-29T18:00", "2026-11-30T12:00"] {
        wait_until(&paused, moment);
        // It has found its work, and is stopped before it begins.
        let work = due(&paused.app).await.unwrap().remove(0);
        let old = paused.app.store.lease_take(LEASE, 0).await.unwrap().unwrap();
        assert_eq!(
            other.app.store.lease_take(LEASE, i64::MAX).await.unwrap(),
            None,
            "a node's own clock is not asked"
        );
        run_out(&paused).await;
        let new = other.app.store.lease_take(LEASE, 0).await.unwrap().unwrap();

        let fenced = carry_out(&paused.app, &old, &work).await.unwrap();
        let first = carry_out(&other.app, &new, &work).await.unwrap();
        let second = carry_out(&other.app, &new, &work).await.unwrap();

        assert_eq!((fenced, first, second), (false, true, false), "{moment}");
        other.app.store.lease_release(&new).await.unwrap();
    }
    assert_eq!(editions(&paused, &staffed).await.len(), 1);
}
