//! A run: servers side by side, workload by workload, several times over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::ensure;

use crate::figures::Figures;
use crate::subject::{Kind, Subject};
use crate::workload::{Load, Wire, Workload};

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Phones.
    pub phones: usize,
    /// Visits pushed in W1 and read in W2.
    pub visits: usize,
    /// Requests of W3.
    pub polls: usize,
    /// Visits pushed one by one in W4.
    pub singles: usize,
    /// Visits edited in W5.
    pub edits: usize,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// This program, started again as the servers.
    pub program: PathBuf,
    /// The servers beside the minimum.
    pub kinds: BTreeSet<Kind>,
    /// The workloads to tell of; those before them run as well, since they make what the others need.
    pub workloads: BTreeSet<Workload>,
    /// Sizes.
    pub sizes: Sizes,
    /// How often, each time on new servers.
    pub repeats: usize,
    /// Draws the visits.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// The runs of each workload on each server.
    pub runs: BTreeMap<(Workload, Kind), Vec<Figures>>,
    /// Bytes a record on the wire.
    pub wire: BTreeMap<Kind, Wire>,
}

impl Options {
    fn check(&self) -> anyhow::Result<()> {
        let Sizes { phones, visits, polls, singles, edits } = self.sizes;
        ensure!(phones > 0 && self.repeats > 0, "at least one phone and one repeat");
        for (name, size) in [("visits", visits), ("singles", singles), ("edits", edits)] {
            ensure!(size > 0 && size % phones == 0, "{name}: a multiple of {phones}, the number of phones");
        }
        ensure!(edits <= visits, "no more edits than visits");
        ensure!(polls > 0, "at least one poll");
        Ok(())
    }
}

/// Runs the workloads; `tell` hears of each result as it comes.
pub fn run(options: &Options, mut tell: impl FnMut(Workload, Kind, &Figures)) -> anyhow::Result<Report> {
    options.check()?;
    let mut report = Report::default();
    for repeat in (0..).take(options.repeats) {
        let kinds = options.kinds.iter().copied().chain([Kind::Minimum]);
        let subjects: Vec<Subject> = kinds
            .map(|kind| Subject::start(kind, &options.program, options.sizes.phones))
            .collect::<anyhow::Result<_>>()?;
        let mut loads: Vec<(Kind, Load<'_>)> = subjects
            .iter()
            .map(|subject| (subject.kind, Load::new(subject, &options.sizes, options.seed + repeat)))
            .collect();
        let all = [Workload::W1, Workload::W2, Workload::W3, Workload::W4, Workload::W5];
        let last = options.workloads.iter().max().copied();
        for workload in all.into_iter().filter(|workload| Some(*workload) <= last) {
            let told = options.workloads.contains(&workload);
            if !told && workload != Workload::W1 {
                continue;
            }
            // One after the other on the same workload, so that a drifting machine drifts for all.
            for (kind, load) in &mut loads {
                let figures = load.run(workload, &options.sizes)?;
                if told {
                    tell(workload, *kind, &figures);
                    report.runs.entry((workload, *kind)).or_default().push(figures);
                }
                if workload == Workload::W2 {
                    report.wire.insert(*kind, load.wire()?);
                }
            }
        }
    }
    Ok(report)
}
