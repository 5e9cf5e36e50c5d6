//! Each subject over all classes.

use super::class_report::{ClassAudit, Standing, SubjectRow};
use super::report::SubjectAcross;
use super::rounded;
use crate::plan::CurriculumPlan;

pub(super) fn subjects(plan: &CurriculumPlan, classes: &[ClassAudit]) -> Vec<SubjectAcross> {
    let rows = || classes.iter().flat_map(|class| class.subjects.iter().map(move |row| (class, row)));
    let names = plan.subjects.iter().map(|planned| planned.subject.as_str());
    names.filter_map(|name| across(name, rows().filter(|(_, row)| row.subject == name))).collect()
}

/// None where it is due nowhere.
fn across<'a>(
    name: &str,
    rows: impl Iterator<Item = (&'a ClassAudit, &'a SubjectRow)>,
) -> Option<SubjectAcross> {
    let due: Vec<_> = rows.filter(|(_, row)| row.standing != Standing::Unplanned).collect();
    let (_, first) = due.first()?;
    let count = |standings: &[Standing]| {
        let fitting = due.iter().filter(|(_, row)| standings.contains(&row.standing)).count();
        u32::try_from(fitting).unwrap_or(u32::MAX)
    };
    let lacking =
        due.iter().filter(|(_, row)| matches!(row.standing, Standing::NotOffered | Standing::Short));
    Some(SubjectAcross {
        subject: name.to_owned(),
        kind: first.kind,
        due: u32::try_from(due.len()).unwrap_or(u32::MAX),
        offered: count(&[Standing::Short, Standing::Enough, Standing::Over, Standing::Offered]),
        enough: count(&[Standing::Enough, Standing::Over]),
        shortfall_hours: rounded(due.iter().map(|(_, row)| row.shortfall_hours).sum()),
        shortfall_minutes: rounded(due.iter().map(|(_, row)| row.shortfall_minutes).sum()),
        classes: lacking.map(|(class, _)| class.name.clone()).collect(),
    })
}
