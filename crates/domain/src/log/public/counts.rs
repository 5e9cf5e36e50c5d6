//! The negative counts of a public log, with small cells hidden.
//!
//! Which subjects are hidden is decided once for all counts by subject, so that no row gives away
//! what another hides.

use std::collections::{BTreeMap, BTreeSet};

use crate::log::public::{
    PublicConsistency, PublicCount, PublicDisplacement, PublicFindings, PublicGradeFindings,
};
use crate::log::suppression::{Cell, hide};
use crate::log::{FindingGroup, WeeklyLog};

/// The negative counts, ready to be shown.
pub(super) struct Counts {
    pub(super) consistency: PublicConsistency,
    pub(super) displacement: BTreeMap<String, PublicDisplacement>,
    pub(super) findings: Vec<PublicFindings>,
    pub(super) findings_by_grade: Vec<PublicGradeFindings>,
}

pub(super) fn counts(log: &WeeklyLog) -> Counts {
    let groups: Vec<&FindingGroup> = log.findings.iter().filter(|group| !group.red_line).collect();
    let subjects = Subjects::of(log, &groups);
    // A category listed with nothing but hidden counts would say that there was something.
    let tellable = !subjects.total_hidden && !whole_school_is_small(log, log.visited_slots);
    let groups = if tellable { groups } else { Vec::new() };
    Counts {
        consistency: consistency(log, &subjects),
        displacement: displacement(log, &subjects),
        findings: groups.iter().map(|group| findings(group, &subjects)).collect(),
        findings_by_grade: if tellable { findings_by_grade(log, &groups) } else { Vec::new() },
    }
}

/// A count about the whole school is small if made of few, or if the school has one teacher.
pub(super) fn whole_school_is_small(log: &WeeklyLog, of: u32) -> bool {
    Cell { of, count: 0, one_teacher: log.coverage.teachers_planned <= 1 }.is_small()
}

/// Every subject that was seen, and whether its counts are hidden.
struct Subjects<'a> {
    hidden: BTreeMap<&'a str, bool>,
    total_hidden: bool,
}

impl<'a> Subjects<'a> {
    fn of(log: &'a WeeklyLog, groups: &[&'a FindingGroup]) -> Self {
        let mut cells: BTreeMap<&str, Cell> = BTreeMap::new();
        for (name, row) in log.coverage.by_subject.iter().filter(|(_, row)| row.visited > 0) {
            cells.insert(name, Cell { of: row.visited, count: 0, one_teacher: row.teachers <= 1 });
        }
        for (name, figures) in &log.displacement_by_subject {
            let of = figures.checked;
            let cell = cells.entry(name).or_insert(Cell { of, count: 0, one_teacher: true });
            cell.of = cell.of.min(of);
        }
        for found in groups.iter().flat_map(|group| &group.cells) {
            let cell = cells.entry(&found.subject).or_insert(Cell { of: 0, count: 0, one_teacher: true });
            cell.count += found.count;
        }
        let hidden = hide(&cells.values().copied().collect::<Vec<_>>());
        Self { hidden: cells.into_keys().zip(hidden.cells).collect(), total_hidden: hidden.total }
    }

    fn hides(&self, subject: &str) -> bool {
        self.hidden.get(subject).copied().unwrap_or(true)
    }
}

/// The displaced slots are most of the inconsistent ones: that count is as good as their total.
fn consistency(log: &WeeklyLog, subjects: &Subjects<'_>) -> PublicConsistency {
    let figures = log.consistency;
    let hidden_cells = log.displacement_by_subject.keys().filter(|name| subjects.hides(name)).count();
    let hidden = subjects.total_hidden || hidden_cells == 1 || whole_school_is_small(log, figures.checked);
    PublicConsistency {
        checked: figures.checked,
        consistent: (!hidden).then_some(figures.consistent),
        inconsistent: (!hidden).then_some(figures.inconsistent),
        wilson95: if hidden { None } else { figures.wilson95 },
        hidden,
    }
}

fn displacement(log: &WeeklyLog, subjects: &Subjects<'_>) -> BTreeMap<String, PublicDisplacement> {
    let rows = log.displacement_by_subject.iter().map(|(subject, figures)| {
        let hidden = subjects.hides(subject);
        let displaced = (!hidden).then_some(figures.displaced);
        (subject.clone(), PublicDisplacement { checked: figures.checked, displaced, hidden })
    });
    rows.collect()
}

fn findings(group: &FindingGroup, subjects: &Subjects<'_>) -> PublicFindings {
    let found = |subject: &str| {
        group.cells.iter().filter(|cell| cell.subject == subject).map(|cell| cell.count).sum()
    };
    let rows = subjects.hidden.iter();
    PublicFindings {
        code: group.code.clone(),
        name: group.name.clone(),
        total: group.count,
        by_subject: rows
            .map(|(subject, hidden)| ((*subject).to_owned(), shown(found(subject), *hidden)))
            .collect(),
    }
}

/// Beside the counts by subject, a grade's count can point to the one teacher of a subject there: a
/// grade with a finding in such a cell is hidden.
fn findings_by_grade(log: &WeeklyLog, groups: &[&FindingGroup]) -> Vec<PublicGradeFindings> {
    let cells = || groups.iter().flat_map(|group| &group.cells);
    let grades = log.coverage.by_grade.iter().map(|row| row.grade);
    let grades: BTreeSet<Option<u32>> = grades.chain(cells().map(|cell| cell.grade)).collect();
    let cell_of = |grade: Option<u32>| {
        let coverage = log.coverage.by_grade.iter().find(|row| row.grade == grade);
        let (of, teachers) = coverage.map_or((0, 0), |row| (row.visited, row.teachers));
        let found = || cells().filter(|cell| cell.grade == grade);
        let pointed = found().any(|cell| teachers_of(log, grade, &cell.subject) <= 1);
        let count = found().map(|cell| cell.count).sum();
        Cell { of, count, one_teacher: teachers <= 1 || pointed }
    };
    let row: Vec<Cell> = grades.iter().map(|grade| cell_of(*grade)).collect();
    let hidden = hide(&row);
    let cells = row.iter().zip(hidden.cells).map(|(cell, hides)| shown(cell.count, hides || hidden.total));
    grades.into_iter().zip(cells).map(|(grade, findings)| PublicGradeFindings { grade, findings }).collect()
}

fn teachers_of(log: &WeeklyLog, grade: Option<u32>, subject: &str) -> u32 {
    let mut cells = log.coverage.by_grade_and_subject.iter();
    cells.find(|cell| cell.grade == grade && cell.subject == subject).map_or(0, |cell| cell.teachers)
}

fn shown(count: u32, hidden: bool) -> PublicCount {
    PublicCount { count: (!hidden).then_some(count), hidden }
}
