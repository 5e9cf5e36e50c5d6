//! A node dies, its connections are cut, PostgreSQL dies: honest refusals meanwhile, and all well again by itself.

use std::time::{Duration, Instant};

use super::bystanders::Bystanders;
use super::cluster::answers;
use super::{Cluster, Nodes};
use crate::Report;
use crate::phone::Load;
use crate::server::READY;

/// Everything must be well again this long after a fault has ended; a promise of the product.
const RECOVERED: Duration = Duration::from_secs(10);
/// Nobody may wait longer than this for an answer, though it be a refusal; a promise of the product.
const ANSWERED: Duration = Duration::from_secs(10);
/// Pause between two cuts.
const BETWEEN_CUTS: Duration = Duration::from_millis(250);

/// `kill -9` of one node: its phones turn to the other; then it comes back.
pub(super) async fn a_node_dies(cluster: &mut Cluster, nodes: Nodes) -> anyhow::Result<Report> {
    let began = Instant::now();
    cluster.notebook.begin(true);
    let work = cluster.set_to_work(Load::default());
    tokio::time::sleep(nodes.load).await;

    cluster.nodes[1].kill()?;
    let killed = Instant::now();
    while !cluster.notebook.everybody_since(killed) && killed.elapsed() < RECOVERED * 6 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let turned = killed.elapsed();
    cluster.judge("the phones turned to the other node", turned, RECOVERED);
    tokio::time::sleep(nodes.load).await;

    cluster.nodes[1].start()?;
    let ready = cluster.nodes[1].ready(&cluster.http).await?;
    cluster.judge("the node was back", ready, READY);
    tokio::time::sleep(nodes.load).await;
    work.finish(cluster).await?;

    let figures = format!(
        "all phones acknowledged again after {} ms node ready again after {} ms {} wall {} s",
        turned.as_millis(),
        ready.as_millis(),
        answers(&cluster.notebook.tally()),
        began.elapsed().as_secs()
    );
    cluster.conclude(&figures).await
}

/// All connections of the nodes to the database are cut, again and again.
pub(super) async fn connections_are_cut(cluster: &mut Cluster, nodes: Nodes) -> anyhow::Result<Report> {
    let began = Instant::now();
    cluster.notebook.begin(false);
    let bystanders = Bystanders::begin(cluster, "cut");
    let work = cluster.set_to_work(Load::default());
    tokio::time::sleep(nodes.load).await;

    let ledger = cluster.ledger().await?;
    let mut cut = 0;
    for _ in 0..nodes.cuts {
        let others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        cut += ledger.number(others).await?;
        tokio::time::sleep(BETWEEN_CUTS).await;
    }
    ledger.close().await?;
    let again = cluster.well_again(Instant::now()).await?;
    cluster.judge("all was well again", again, RECOVERED);
    tokio::time::sleep(nodes.load).await;
    let created = bystanders.finish().await?;
    work.finish(cluster).await?;

    let tally = cluster.notebook.tally();
    cluster.judge("a request was answered", tally.longest, ANSWERED);
    let figures = format!(
        "cuts {} connections cut {cut} teachers created {created} {} well again after {} ms wall {} s",
        nodes.cuts,
        answers(&tally),
        again.as_millis(),
        began.elapsed().as_secs()
    );
    cluster.conclude(&figures).await
}

/// PostgreSQL stops at once, stays away, and recovers.
pub(super) async fn postgres_dies(cluster: &mut Cluster, nodes: Nodes) -> anyhow::Result<Report> {
    let began = Instant::now();
    cluster.notebook.begin(false);
    let bystanders = Bystanders::begin(cluster, "stop");
    let work = cluster.set_to_work(Load::default());
    tokio::time::sleep(nodes.load).await;

    tokio::task::block_in_place(|| cluster.postgres.stop_at_once());
    tokio::time::sleep(nodes.away).await;
    let refused = cluster.notebook.tally().of(503);
    if refused == 0 {
        cluster.notebook.violation("nobody was told that the database is away".to_owned());
    }
    let started = Instant::now();
    tokio::task::block_in_place(|| cluster.postgres.start_again());
    let back = started.elapsed();
    let again = cluster.well_again(started).await?;
    cluster.judge("all was well again", again, RECOVERED);
    tokio::time::sleep(nodes.load).await;
    let created = bystanders.finish().await?;
    work.finish(cluster).await?;

    let tally = cluster.notebook.tally();
    cluster.judge("a request was answered", tally.longest, ANSWERED);
    let figures = format!(
        "away {} s teachers created {created} {} database recovered after {} ms well again after {} ms wall {} s",
        nodes.away.as_secs(),
        answers(&tally),
        back.as_millis(),
        again.as_millis(),
        began.elapsed().as_secs()
    );
    cluster.conclude(&figures).await
}
