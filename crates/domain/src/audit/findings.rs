//! What is found in a class: read off its rows.

use super::class_report::{ClassFinding, FindingKind, Standing, SubjectRow, TotalRow};
use super::rounded;
use crate::plan::CurriculumPlan;

pub(super) fn findings(
    plan: &CurriculumPlan,
    subjects: &[SubjectRow],
    total: &TotalRow,
    standard: f64,
) -> Vec<ClassFinding> {
    let mut found: Vec<ClassFinding> = subjects.iter().filter(|row| row.required).flat_map(missing).collect();
    found.extend(subjects.iter().filter(|row| plan.main.contains(&row.subject)).filter_map(surplus));
    found.extend(whole(total));
    for finding in &mut found {
        finding.off_minutes = rounded(finding.off_hours * standard);
    }
    found.sort_by_key(|finding| finding.kind);
    found
}

/// What a required subject lacks.
fn missing(row: &SubjectRow) -> impl Iterator<Item = ClassFinding> + '_ {
    let due = row.planned_hours.or(row.least_hours);
    let kind = match row.standing {
        Standing::NotOffered => Some((FindingKind::NotOffered, due)),
        _ if row.below_least => Some((FindingKind::BelowLeast, row.least_hours)),
        Standing::Short => Some((FindingKind::Short, due)),
        Standing::Enough | Standing::Over | Standing::Offered | Standing::Unplanned => None,
    };
    let of_subject = kind.map(|(kind, due)| finding(kind, &row.subject, row.hours, due));
    let parts = row.parts.iter().filter(|part| !part.met).map(|part| {
        let kind =
            if part.least_hours.is_some() { FindingKind::PartShort } else { FindingKind::PartNotOffered };
        finding(kind, &part.subject, part.hours, part.least_hours)
    });
    of_subject.into_iter().chain(parts)
}

/// What a main subject has above the plan.
fn surplus(row: &SubjectRow) -> Option<ClassFinding> {
    let over = matches!(row.standing, Standing::Over | Standing::Unplanned);
    let due = row.planned_hours.filter(|_| over)?;
    Some(finding(FindingKind::MainOver, &row.subject, row.hours, Some(due)))
}

fn whole(total: &TotalRow) -> Option<ClassFinding> {
    let kind = match total.standing {
        Standing::Over => FindingKind::TotalOver,
        Standing::Short => FindingKind::TotalShort,
        _ => return None,
    };
    Some(ClassFinding {
        kind,
        subject: None,
        hours: total.hours,
        due: total.planned_hours,
        off_hours: total.difference_hours.abs(),
        off_minutes: 0.0,
    })
}

fn finding(kind: FindingKind, subject: &str, hours: f64, due: Option<f64>) -> ClassFinding {
    let off_hours = rounded(due.map_or(0.0, |due| (due - hours).abs()));
    ClassFinding { kind, subject: Some(subject.to_owned()), hours, due, off_hours, off_minutes: 0.0 }
}
