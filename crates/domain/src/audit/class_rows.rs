//! A class against the plan, subject by subject.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::class_report::{
    ClassAudit, CountedLesson, OtherRow, PartRow, Standing, SubjectRow, TotalRow, UncountedLesson,
};
use super::counted::{ClassWeek, Counted, minutes};
use super::exercise::exercise;
use super::findings::findings;
use super::rounded;
use crate::book::Class;
use crate::class_name::display_name;
use crate::ids::ClassId;
use crate::plan::names::is_called;
use crate::plan::{CourseKind, CurriculumPlan, EPSILON, PlannedPart, PlannedSubject};

/// The class that is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'a> {
    pub(super) id: ClassId,
    pub(super) class: &'a Class,
    pub(super) grade: u32,
    /// Minutes of a standard hour.
    pub(super) standard: f64,
    pub(super) on: NaiveDate,
}

/// Lessons and the subject of the plan they count for.
struct Share<'a> {
    planned: &'a PlannedSubject,
    lessons: Vec<Counted<'a>>,
}

pub(super) fn class_audit(plan: &CurriculumPlan, at: Judged<'_>, week: ClassWeek<'_>) -> ClassAudit {
    let ClassWeek { counted, uncounted } = week;
    let total = total(plan, at, minutes(&counted));
    let exercise = exercise(plan, at, &counted);
    let mut others: BTreeMap<String, Vec<Counted<'_>>> = BTreeMap::new();
    let mut shares: Vec<Share<'_>> =
        plan.subjects.iter().map(|planned| Share { planned, lessons: Vec::new() }).collect();
    for lesson in counted {
        let planned = lesson.subject.and_then(|subject| plan.subject_for(subject));
        match planned.and_then(|planned| shares.iter_mut().find(|share| share.planned == planned)) {
            Some(share) => share.lessons.push(lesson),
            None => others.entry(lesson.told.subject.clone()).or_default().push(lesson),
        }
    }
    let subjects: Vec<SubjectRow> =
        together(shares, at.grade).into_iter().filter_map(|group| row(&group, at)).collect();
    let required = || subjects.iter().filter(|row| row.required);
    let part_missing =
        |row: &SubjectRow| row.parts.iter().any(|part| part.least_hours.is_none() && !part.met);
    let all_offered = required().all(|row| row.standing != Standing::NotOffered && !part_missing(row));
    let short = |row: &SubjectRow| matches!(row.standing, Standing::NotOffered | Standing::Short);
    let all_enough = required().all(|row| !short(row) && !row.below_least);
    let findings = findings(plan, &subjects, &total, at.standard);
    ClassAudit {
        class: at.id,
        name: display_name(at.class, at.on),
        grade: at.grade,
        number: at.class.number,
        standard_minutes: at.standard,
        all_offered,
        all_enough,
        total,
        subjects,
        others: others.into_iter().map(|(subject, lessons)| other(subject, lessons, at.standard)).collect(),
        uncounted: uncounted.into_iter().map(|(why, lesson)| UncountedLesson { why, lesson }).collect(),
        exercise,
        findings,
    }
}

/// Subjects of which one is taught in the place of others make one group (科学 for 生物学, 物理 and 化学, or those
/// for 科学); every other subject is a group of its own.
fn together(mut shares: Vec<Share<'_>>, grade: u32) -> Vec<Vec<Share<'_>>> {
    let mut groups = Vec::new();
    while !shares.is_empty() {
        let first = shares.remove(0);
        let mut group = vec![first];
        let parts: Vec<String> = group.iter().flat_map(|share| share.planned.split.clone()).collect();
        let is_part = |share: &Share<'_>| parts.contains(&share.planned.subject);
        let both = |group: &[Share<'_>], rest: &[Share<'_>]| {
            let all = || group.iter().chain(rest.iter().filter(|share| is_part(share)));
            let strange = all().any(|share| !share.planned.is_due(grade) && !share.lessons.is_empty());
            strange && all().any(|share| share.planned.is_due(grade))
        };
        if !parts.is_empty() && both(&group, &shares) {
            let (of_group, rest) = shares.into_iter().partition(|share| is_part(share));
            group.extend::<Vec<Share<'_>>>(of_group);
            shares = rest;
        }
        groups.push(group);
    }
    groups
}

/// The row of a group; none if it is neither due nor taught.
fn row(group: &[Share<'_>], at: Judged<'_>) -> Option<SubjectRow> {
    let planned = group.first()?.planned;
    let due = group.iter().any(|share| share.planned.is_due(at.grade));
    let lessons: Vec<&Counted<'_>> = group.iter().flat_map(|share| &share.lessons).collect();
    if !due && lessons.is_empty() {
        return None;
    }
    let table: Vec<f64> = group.iter().filter_map(|share| share.planned.hours(at.grade)).collect();
    let planned_hours = (!table.is_empty()).then(|| table.iter().sum());
    let least_hours = group.iter().filter_map(|share| share.planned.least(at.grade)).reduce(f64::max);
    let week = minutes(lessons.iter().copied());
    let hours = week / at.standard;
    let due_hours = planned_hours.or(least_hours).filter(|_| due);
    let short = due_hours.map_or(0.0, |due| due - hours);
    let short = if short > EPSILON { short } else { 0.0 };
    Some(SubjectRow {
        subject: planned.subject.clone(),
        taught_as: taught_as(group),
        kind: planned.kind,
        required: due && planned.kind == CourseKind::National,
        standing: standing(hours, due, planned_hours, least_hours),
        hours: rounded(hours),
        minutes: rounded(week),
        planned_hours,
        least_hours,
        shortfall_hours: rounded(short),
        shortfall_minutes: rounded(short * at.standard),
        below_least: least_hours.is_some_and(|least| hours < least - EPSILON),
        parts: planned.parts.iter().filter_map(|part| part_row(planned, part, &lessons, at)).collect(),
        lessons: lessons.into_iter().map(|lesson| lesson.told.clone()).collect(),
    })
}

/// What is taught in the place of the group's first subject.
fn taught_as(group: &[Share<'_>]) -> Vec<String> {
    let others = group.iter().skip(1).filter(|share| !share.lessons.is_empty());
    others.map(|share| share.planned.subject.clone()).collect()
}

fn standing(hours: f64, due: bool, planned: Option<f64>, least: Option<f64>) -> Standing {
    if !due {
        return Standing::Unplanned;
    }
    if hours <= 0.0 {
        return Standing::NotOffered;
    }
    match (planned, least) {
        (Some(planned), _) => against(hours, planned),
        (None, Some(least)) if hours < least - EPSILON => Standing::Short,
        (None, Some(_)) => Standing::Enough,
        (None, None) => Standing::Offered,
    }
}

fn against(hours: f64, planned: f64) -> Standing {
    if hours < planned - EPSILON {
        Standing::Short
    } else if hours > planned + EPSILON {
        Standing::Over
    } else {
        Standing::Enough
    }
}

/// A part that the plan asks for in the grade, unless the lessons only bear the whole subject's name.
fn part_row(
    planned: &PlannedSubject,
    part: &PlannedPart,
    lessons: &[&Counted<'_>],
    at: Judged<'_>,
) -> Option<PartRow> {
    let least = part.minimum.at(at.grade).filter(|least| *least > 0.0);
    if least.is_none() && !part.offered.contains(&at.grade) {
        return None;
    }
    let is_whole = |lesson: &&&Counted<'_>| lesson.subject.is_some_and(|subject| planned.is_whole(subject));
    if lessons.is_empty() || (least.is_none() && lessons.iter().any(|lesson| is_whole(&lesson))) {
        return None;
    }
    let own = lessons
        .iter()
        .copied()
        .filter(|lesson| lesson.subject.is_some_and(|subject| is_called(subject, &part.subject)));
    let hours = minutes(own) / at.standard;
    let met = least.map_or(hours > 0.0, |least| hours >= least - EPSILON);
    Some(PartRow { subject: part.subject.clone(), hours: rounded(hours), least_hours: least, met })
}

fn other(subject: String, lessons: Vec<Counted<'_>>, standard: f64) -> OtherRow {
    let week = minutes(&lessons);
    let lessons: Vec<CountedLesson> = lessons.into_iter().map(|lesson| lesson.told).collect();
    OtherRow { subject, hours: rounded(week / standard), minutes: rounded(week), lessons }
}

fn total(plan: &CurriculumPlan, at: Judged<'_>, minutes: f64) -> TotalRow {
    let hours = minutes / at.standard;
    let planned = plan.weekly_total.at(at.grade);
    let difference = planned.map_or(0.0, |planned| hours - planned);
    let difference = if difference.abs() > EPSILON { difference } else { 0.0 };
    TotalRow {
        hours: rounded(hours),
        minutes: rounded(minutes),
        planned_hours: planned,
        planned_minutes: planned.map(|planned| rounded(planned * at.standard)),
        standing: planned.map_or(Standing::Offered, |planned| against(hours, planned)),
        difference_hours: rounded(difference),
        difference_minutes: rounded(difference * at.standard),
    }
}
