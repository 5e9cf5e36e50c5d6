//! Findings (存在问题) by problem category (domain, section 2.2).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::VisitId;
use crate::log::gathered::Gathered;
use crate::log::trace::Trace;
use crate::visit::Disposition;

/// From this severity on a category is a red line (红线).
const RED_LINE: u8 = 4;

/// The findings of one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingGroup {
    /// Such as `TT01`.
    pub code: String,
    /// The category's name, such as 挤占; the code if the school has no such category.
    pub name: String,
    /// The highest severity given, 1 提醒 – 4 红线.
    pub severity: u8,
    /// Whether the category, or a finding in it, is a red line: for few eyes only (domain, section 6).
    pub red_line: bool,
    /// How many findings.
    pub count: u32,
    /// The visits they were written on.
    pub visits: Vec<VisitId>,
    /// The same findings by grade and subject, those without any left out.
    pub cells: Vec<FindingCell>,
}

/// Findings of one category in one grade and subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingCell {
    /// The grade, if the class has one.
    pub grade: Option<u32>,
    /// The subject planned; the one seen, if none was planned.
    pub subject: String,
    /// How many findings.
    pub count: u32,
}

#[derive(Default)]
struct Gathering {
    severity: u8,
    count: u32,
    visits: BTreeSet<VisitId>,
    cells: BTreeMap<(Option<u32>, String), u32>,
}

pub(super) fn findings(week: &Gathered<'_>, trace: &mut Trace) -> Vec<FindingGroup> {
    let mut groups: BTreeMap<&str, Gathering> = BTreeMap::new();
    for seen in &week.visits {
        let subject = seen.logged.planned_subject.or(seen.subject_given());
        let cell = (week.grade(seen.slot.class), week.subject_name(subject));
        for finding in seen.logged.visit.findings.values() {
            let group = groups.entry(&finding.category).or_default();
            group.severity = group.severity.max(finding.severity);
            group.count += 1;
            group.visits.insert(seen.id());
            *group.cells.entry(cell.clone()).or_default() += 1;
            trace.visit(format_args!("findings.{}", finding.category), seen.id());
        }
    }
    groups.into_iter().map(|(code, gathering)| group(week, code, gathering)).collect()
}

/// Visits that led to a rectification notice (整改通知书; domain, section 7, formula 8). What became of the notices is
/// not kept yet.
pub(super) fn rectification_notices(week: &Gathered<'_>, trace: &mut Trace) -> u32 {
    let notices =
        week.visits.iter().filter(|seen| seen.logged.visit.disposition == Some(Disposition::RectifyNotice));
    notices.map(|seen| trace.visit("rectification.notices", seen.id())).fold(0, |sum, ()| sum + 1)
}

/// A category's name, and whether it, or a finding of this severity, is a red line.
pub(super) fn named<'a>(week: &Gathered<'a>, code: &'a str, severity: u8) -> (&'a str, bool) {
    let category = week.input.book.problem_categories.get(code);
    let red_line = severity >= RED_LINE || category.is_some_and(|category| category.severity >= RED_LINE);
    (category.map_or(code, |category| category.name.as_str()), red_line)
}

fn group(week: &Gathered<'_>, code: &str, gathering: Gathering) -> FindingGroup {
    let Gathering { severity, count, visits, cells } = gathering;
    let (name, red_line) = named(week, code, severity);
    FindingGroup {
        code: code.to_owned(),
        name: name.to_owned(),
        severity,
        red_line,
        count,
        visits: visits.into_iter().collect(),
        cells: (cells.into_iter())
            .map(|((grade, subject), count)| FindingCell { grade, subject, count })
            .collect(),
    }
}
