//! What was taught in the lessons of each subject, as a drawing; the tables beside it have the same figures.

use std::collections::BTreeSet;

use xunke_domain::log::{Delivery, WeeklyLog};

use crate::pages::grid::{Cell, Grid};

/// Width of a cell: four characters of a head.
const WIDTH: usize = 58;

/// A planned subject: checked lessons, and what they were.
struct Row<'a> {
    planned: &'a str,
    checked: u32,
    delivered: u32,
    /// By each subject that took a lesson of any, in their order.
    taken: Vec<u32>,
    self_study: u32,
}

impl Row<'_> {
    /// Checked, and none of the others: nobody taught, or an approved change brought another subject.
    fn other(&self) -> u32 {
        self.checked - (self.delivered + self.taken.iter().sum::<u32>() + self.self_study).min(self.checked)
    }
}

/// Planned subjects by what was taught; none if nothing was checked.
pub(super) fn grid(log: &WeeklyLog) -> Option<Grid> {
    let takers: BTreeSet<&str> = log.displacement_matrix.iter().map(|row| row.taken_by.as_str()).collect();
    let rows: Vec<Row<'_>> = log.delivery_by_subject.iter().map(|of| row(log, of, &takers)).collect();
    if rows.iter().all(|row| row.checked == 0) {
        return None;
    }
    let heads = ["核查", "按课表"].into_iter().chain(takers.iter().copied()).chain(["自习", "其他"]);
    let columns: Vec<String> = heads.map(str::to_owned).collect();
    let drawn = rows.iter().map(|row| (row.planned.to_owned(), cells(row, &takers))).collect();
    let words = ("displacement", "课表学科与实上学科，已核查的节次", description(&rows, &takers));
    Some(Grid::new(words, WIDTH, &columns, drawn))
}

fn row<'a>(
    log: &'a WeeklyLog,
    (planned, Delivery { checked, delivered }): (&'a String, &'a Delivery),
    takers: &BTreeSet<&str>,
) -> Row<'a> {
    let by = |taker: &&str| {
        let taking = log.displacement_matrix.iter();
        let of = taking.filter(|taking| taking.planned == *planned && taking.taken_by == **taker);
        of.map(|taking| taking.slots).sum()
    };
    Row {
        planned,
        checked: *checked,
        delivered: *delivered,
        taken: takers.iter().map(by).collect(),
        self_study: log.self_study_by_subject.get(planned).copied().unwrap_or_default(),
    }
}

fn cells(row: &Row<'_>, takers: &BTreeSet<&str>) -> Vec<Cell> {
    let told = |class, count: u32| Cell::Told(if count == 0 { "g-none" } else { class }, count.to_string());
    if row.checked == 0 {
        let columns = takers.len() + 4;
        return std::iter::once(Cell::Told("g-none", "未核查".to_owned()))
            .chain(std::iter::repeat_n(Cell::Void, columns - 1))
            .collect();
    }
    let taken = row.taken.iter().zip(takers).map(|(count, taker)| {
        // A subject does not take its own lessons.
        if *taker == row.planned { Cell::Void } else { told("g-off", *count) }
    });
    [told("g-sum", row.checked), told("g-some", row.delivered)]
        .into_iter()
        .chain(taken)
        .chain([told("g-off", row.self_study), told("g-much", row.other())])
        .collect()
}

fn description(rows: &[Row<'_>], takers: &BTreeSet<&str>) -> String {
    let told = rows.iter().filter(|row| row.checked > 0).map(|row| {
        let taken = row.taken.iter().zip(takers).filter(|(count, _)| **count > 0);
        let taken: Vec<String> = taken.map(|(count, taker)| format!("，被{taker}占用{count}")).collect();
        let self_study =
            if row.self_study > 0 { format!("，改自习{}", row.self_study) } else { String::new() };
        format!("{} 核查{}：按课表{}{}{self_study}", row.planned, row.checked, row.delivered, taken.concat())
    });
    told.collect::<Vec<_>>().join("；")
}
