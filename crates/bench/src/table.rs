//! The report as a Markdown table and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::figures::Figures;
use crate::run::{Options, Report};
use crate::subject::Kind;
use crate::workload::Workload;

/// Ratio to the minimum, records a second of one over the other.
fn ratio(of: &Figures, minimum: &Figures) -> f64 {
    of.rate / minimum.rate
}

const fn what(workload: Workload) -> &'static str {
    match workload {
        Workload::W1 => "W1 push, batches of 100, 8 at a time: records/s",
        Workload::W2 => "W2 first sync, pages of 500, gzip: records/s",
        Workload::W3 => "W3 nothing new, 16 at a time: requests/s",
        Workload::W4 => "W4 one visit a request, 16 at a time: records/s",
        Workload::W5 => "W5 edit one field, batches of 100, 8 at a time: records/s",
    }
}

/// The report in Markdown: medians of the repeats.
pub fn markdown(options: &Options, report: &Report) -> String {
    let sizes = options.sizes;
    let mut text = format!(
        "{} visits of {} phones, {} edits, {} singles, {} polls; medians of {} runs.\n\n\
         | workload | server | rate | of the minimum | p50 ms | p99 ms | server CPU ms per 1,000 | peak MiB |\n\
         |---|---|---|---|---|---|---|---|\n",
        sizes.visits, sizes.phones, sizes.edits, sizes.singles, sizes.polls, options.repeats
    );
    for ((workload, kind), runs) in &report.runs {
        let minimum = report.runs.get(&(*workload, Kind::Minimum));
        let Some((figures, minimum)) =
            Figures::median(runs).zip(minimum.and_then(|runs| Figures::median(runs)))
        else {
            continue;
        };
        let Figures { count: _, rate, p50, p99, cpu, memory } = figures;
        let (ratio, name) = (ratio(&figures, &minimum), kind.name());
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {name} | {rate:.0} | {ratio:.2} | {p50:.2} | {p99:.2} | {cpu:.1} | {memory} |",
            what(*workload)
        );
    }
    if !report.wire.is_empty() {
        text.push_str("\n| bytes a record of a first sync | plain | gzip | zstd |\n|---|---|---|---|\n");
    }
    for (kind, wire) in &report.wire {
        let zstd = wire.zstd.map_or_else(|| "–".to_owned(), |bytes| format!("{bytes:.0}"));
        let _ = writeln!(text, "| {} | {:.0} | {:.0} | {zstd} |", kind.name(), wire.plain, wire.gzip);
    }
    text
}

/// The report as JSON: every run of every workload.
pub fn document(options: &Options, report: &Report) -> Value {
    let runs: Vec<Value> = report
        .runs
        .iter()
        .map(|((workload, kind), runs)| json!({"workload": workload, "server": kind.name(), "runs": runs}))
        .collect();
    let wire: Vec<Value> = report
        .wire
        .iter()
        .map(|(kind, wire)| json!({"server": kind.name(), "bytes_a_record": wire}))
        .collect();
    let sizes = options.sizes;
    json!({"visits": sizes.visits, "phones": sizes.phones, "edits": sizes.edits, "singles": sizes.singles,
        "polls": sizes.polls, "seed": options.seed, "runs": runs, "wire": wire})
}
