//! Two servers on one PostgreSQL: what readers see while both write, and what remains when any part of it dies.
//!
//! One cluster is set up and goes through all stories; what was acknowledged in one is held against in the next.

mod bystanders;
mod cluster;
mod outages;
mod readers;
mod repeated;

use std::path::Path;
use std::time::Duration;

pub use cluster::Cluster;

use crate::Report;

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Nodes {
    /// Writes that a reader follows.
    pub writes: usize,
    /// The same request at once.
    pub at_once: usize,
    /// Load before and after a part dies.
    pub load: Duration,
    /// How long PostgreSQL stays away.
    pub away: Duration,
    /// How often all database connections are cut.
    pub cuts: usize,
    /// Whether what comes late is a fault; on a busy machine it need not be one.
    pub timed: bool,
    /// Puts changes before places that readers have passed, to show that the run then fails.
    pub sabotage: bool,
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            writes: 6000,
            at_once: 100,
            load: Duration::from_secs(5),
            away: Duration::from_secs(25),
            cuts: 20,
            timed: true,
            sabotage: false,
        }
    }
}

impl Nodes {
    /// A run that fits into everyday tests.
    pub fn small() -> Self {
        Self {
            writes: 300,
            load: Duration::from_millis(800),
            away: Duration::from_secs(6),
            cuts: 3,
            timed: false,
            ..Self::default()
        }
    }
}

/// Plays all stories; `tell` hears of each when it has ended.
pub async fn run(binary: &Path, nodes: Nodes, tell: impl Fn(&str, &Report)) -> anyhow::Result<Vec<Report>> {
    let mut cluster = Cluster::start(binary, 8, nodes.timed).await?;
    let mut reports = Vec::new();
    let mut end = |name: &str, report: Report| {
        tell(name, &report);
        reports.push(report);
    };
    end("readers", readers::every_write_is_met_once(&mut cluster, nodes).await?);
    if nodes.sabotage {
        return Ok(reports);
    }
    end("same push", repeated::a_push(&mut cluster, nodes).await?);
    end("same creation", repeated::a_creation(&mut cluster, nodes).await?);
    end("a node dies", outages::a_node_dies(&mut cluster, nodes).await?);
    end("connections are cut", outages::connections_are_cut(&mut cluster, nodes).await?);
    end("PostgreSQL dies", outages::postgres_dies(&mut cluster, nodes).await?);
    Ok(reports)
}
