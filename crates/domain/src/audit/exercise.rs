//! Physical education under both thresholds: the hours of the plan, and one a day (domain, section 3.1).

use super::class_report::ExerciseRow;
use super::class_rows::Judged;
use super::counted::{Counted, minutes};
use super::rounded;
use crate::plan::names::is_one_of;
use crate::plan::{CurriculumPlan, EPSILON};

/// Days of a school week.
const DAYS: std::ops::RangeInclusive<u32> = 1..=5;

pub(super) fn exercise(
    plan: &CurriculumPlan,
    at: Judged<'_>,
    counted: &[Counted<'_>],
) -> Option<ExerciseRow> {
    let rule = plan.exercise.as_ref()?;
    let planned = plan.subjects.iter().find(|planned| planned.subject == rule.subject)?;
    let itself = |lesson: &&Counted<'_>| {
        lesson.subject.is_some_and(|subject| plan.subject_for(subject).is_some_and(|own| own == planned))
    };
    let daily_too = |lesson: &&Counted<'_>| {
        itself(lesson) || lesson.subject.is_some_and(|subject| is_one_of(subject, &rule.daily_includes))
    };
    let hours = minutes(counted.iter().filter(itself)) / at.standard;
    let daily: Vec<&Counted<'_>> = counted.iter().filter(daily_too).collect();
    let daily_hours = minutes(daily.iter().copied()) / at.standard;
    let national = planned.least(at.grade).or(planned.hours(at.grade));
    let short = rule.daily - daily_hours;
    let short = if short > EPSILON { short } else { 0.0 };
    Some(ExerciseRow {
        subject: rule.subject.clone(),
        hours: rounded(hours),
        national_hours: national,
        national_met: national.is_none_or(|national| hours >= national - EPSILON),
        daily_hours: rounded(daily_hours),
        daily_due: rule.daily,
        daily_met: short <= 0.0,
        daily_shortfall_hours: rounded(short),
        daily_shortfall_minutes: rounded(short * at.standard),
        days_without: DAYS.filter(|day| daily.iter().all(|lesson| lesson.told.weekday != *day)).collect(),
        lessons: daily.into_iter().map(|lesson| lesson.told.clone()).collect(),
    })
}
