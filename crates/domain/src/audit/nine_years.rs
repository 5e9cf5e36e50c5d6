//! Shares of the nine years: the plan's, and what the timetable of now comes to in the grades the school has.

use std::collections::{BTreeMap, BTreeSet};

use super::class_report::ClassAudit;
use super::report::{NineYears, ShareRow};
use super::rounded;
use crate::plan::{CurriculumPlan, ShareBand};

pub(super) fn nine_years(plan: &CurriculumPlan, classes: &[ClassAudit]) -> Option<NineYears> {
    if plan.shares.is_empty() || plan.weeks.is_empty() {
        return None;
    }
    let grades: BTreeSet<u32> = classes.iter().map(|class| class.grade).collect();
    let complete = (1..=9).all(|grade| grades.contains(&grade));
    let taught_hours = yearly(plan, classes, |class| class.total.hours);
    let plan_hours = plan.nine_year_hours();
    let groups = plan.shares.iter().map(|band| {
        let taught = yearly(plan, classes, |class| weekly(class, band));
        let of_plan = plan.band_hours(band);
        let plan_percent = of_plan.and_then(|hours| percent(hours, plan_hours?));
        let taught_percent = percent(taught, taught_hours);
        let ShareBand { name, subjects, from, to } = band.clone();
        ShareRow {
            plan_within: plan_percent.map(|percent| band.holds(percent)),
            taught_within: taught_percent.filter(|_| complete).map(|percent| band.holds(percent)),
            name,
            subjects,
            from,
            to,
            plan_hours: of_plan,
            plan_percent: plan_percent.map(rounded),
            taught_hours: rounded(taught),
            taught_percent: taught_percent.map(rounded),
        }
    });
    Some(NineYears {
        plan_hours,
        groups: groups.collect(),
        grades: grades.into_iter().collect(),
        taught_hours: rounded(taught_hours),
        complete,
    })
}

fn percent(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part * 100.0 / whole)
}

/// Hours of a class's week that are of a band's subjects; what is taught in a subject's place is in its row.
fn weekly(class: &ClassAudit, band: &ShareBand) -> f64 {
    class.subjects.iter().filter(|row| band.subjects.contains(&row.subject)).map(|row| row.hours).sum()
}

/// Yearly hours over the grades, the mean of each grade's classes.
fn yearly(plan: &CurriculumPlan, classes: &[ClassAudit], weekly: impl Fn(&ClassAudit) -> f64) -> f64 {
    let mut grades: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for class in classes {
        grades.entry(class.grade).or_default().push(weekly(class));
    }
    let mean = |hours: &[f64]| hours.iter().sum::<f64>() / f64::from(u32::try_from(hours.len()).unwrap_or(1));
    grades.iter().map(|(grade, hours)| plan.yearly(*grade, mean(hours))).sum()
}
