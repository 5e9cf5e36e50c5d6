//! Repeat problems (重复问题) and common problems (共性问题): what came back within four teaching weeks (domain,
//! section 7, formula 7). Reopened issues are not among them: no issue is kept yet.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, SubjectId, TeacherId, VisitId};
use crate::log::findings::named;
use crate::log::gathered::{Gathered, Seen};
use crate::log::shares::count;
use crate::log::trace::Trace;
use crate::week::Week;

/// Teaching weeks looked at, this one included.
const WEEKS: usize = 4;
/// The same problem in so many different weeks is a repeat.
const MIN_WEEKS: usize = 2;
/// The same problem in so many classes of one grade is a common one.
const MIN_CLASSES: usize = 3;

/// Problems that came back, or that many classes have. For the school alone: it tells of single classes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// The teaching weeks looked at, the oldest first, this one last; at most 4.
    pub weeks: Vec<Week>,
    /// The same problem in the same class in 2 or more of these weeks.
    pub by_class: Vec<Repeat>,
    /// The same problem with the same teacher in 2 or more of these weeks and classes; in one class alone it is told
    /// there. Nobody is named (domain, section 6): those who may know find the teacher by the visits.
    pub by_teacher: Vec<Repeat>,
    /// The same problem in 3 or more classes of one grade within these weeks.
    pub common: Vec<Repeat>,
}

/// One problem, where and when it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Such as `TT01`.
    pub code: String,
    /// Such as 挤占.
    pub name: String,
    /// Whether it is a red line, by its category or by a finding.
    pub red_line: bool,
    /// The grade of the classes, if it is one.
    pub grade: Option<u32>,
    /// The classes, in the order of names.
    pub classes: Vec<String>,
    /// The subjects taught when it was found.
    pub subjects: Vec<String>,
    /// The weeks in which it was found, the oldest first.
    pub weeks: Vec<RepeatWeek>,
}

/// The problem in one week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatWeek {
    /// The week.
    pub week: Week,
    /// How many findings.
    pub findings: u32,
    /// The visits they were written on.
    pub visits: Vec<VisitId>,
}

/// A finding with what it is grouped by.
#[derive(Clone, Copy)]
struct Found<'a> {
    code: &'a str,
    severity: u8,
    grade: Option<u32>,
    teacher: Option<TeacherId>,
    week: Week,
    seen: Seen<'a>,
}

pub(super) fn repeats(week: &Gathered<'_>, trace: &mut Trace) -> Repeats {
    let skipped = week.earlier.len().saturating_sub(WEEKS - 1);
    let earlier = || week.earlier.iter().skip(skipped);
    let all = earlier().map(|earlier| (earlier.week, &earlier.visits));
    let mut found: Vec<Found<'_>> = all
        .chain([(week.input.week, &week.visits)])
        .flat_map(|(of, visits)| visits.iter().flat_map(move |seen| findings(week, of, *seen)))
        .collect();

    found.sort_by_key(|one| (one.code, one.seen.slot.class, one.week));
    let groups = found.chunk_by(|a, b| (a.code, a.seen.slot.class) == (b.code, b.seen.slot.class));
    let by_class = rows(week, groups, |group| weeks_of(group) >= MIN_WEEKS);
    found.sort_by_key(|one| (one.code, one.teacher, one.week));
    let groups = found.chunk_by(|a, b| (a.code, a.teacher) == (b.code, b.teacher));
    let by_teacher = rows(week, groups, |group| {
        let elsewhere = |pair: &[Found<'_>]| pair[0].seen.slot.class != pair[1].seen.slot.class;
        weeks_of(group) >= MIN_WEEKS
            && group.iter().all(|one| one.teacher.is_some())
            && group.windows(2).any(elsewhere)
    });
    found.sort_by_key(|one| (one.code, one.grade, one.week));
    let groups = found.chunk_by(|a, b| (a.code, a.grade) == (b.code, b.grade));
    let common = rows(week, groups, |group| {
        let classes = || group.iter().map(|one| one.seen.slot.class).collect::<BTreeSet<_>>();
        group.len() >= MIN_CLASSES
            && group.iter().all(|one| one.grade.is_some())
            && classes().len() >= MIN_CLASSES
    });

    for (heading, rows) in [("class", &by_class), ("teacher", &by_teacher), ("common", &common)] {
        for (number, row) in (1..).zip(rows) {
            for visit in row.weeks.iter().flat_map(|week: &RepeatWeek| &week.visits) {
                trace.visit(format_args!("repeats.{heading}.{number}"), *visit);
            }
        }
    }
    let weeks = earlier().map(|earlier| earlier.week).chain([week.input.week]).collect();
    Repeats { weeks, by_class, by_teacher, common }
}

fn findings<'a>(week: &Gathered<'a>, of: Week, seen: Seen<'a>) -> impl Iterator<Item = Found<'a>> {
    let (grade, teacher) = (week.grade(seen.slot.class), seen.teacher_seen());
    seen.logged.visit.findings.values().map(move |finding| Found {
        code: &finding.category,
        severity: finding.severity,
        grade,
        teacher,
        week: of,
        seen,
    })
}

/// How many weeks are in a group, which is in their order.
fn weeks_of(group: &[Found<'_>]) -> usize {
    group.chunk_by(|a, b| a.week == b.week).count()
}

/// Those worth telling, by code, grade and class; never by who taught.
fn rows<'a>(
    week: &Gathered<'_>,
    groups: impl Iterator<Item = &'a [Found<'a>]>,
    told: impl Fn(&[Found<'a>]) -> bool,
) -> Vec<Repeat> {
    let mut rows: Vec<Repeat> =
        groups.filter(|group| told(group)).filter_map(|group| row(week, group)).collect();
    let first = |row: &Repeat| row.weeks.first().and_then(|week| week.visits.first().copied());
    rows.sort_by(|a, b| {
        (&a.code, a.grade, &a.classes, first(a)).cmp(&(&b.code, b.grade, &b.classes, first(b)))
    });
    rows
}

fn row(week: &Gathered<'_>, group: &[Found<'_>]) -> Option<Repeat> {
    let code = group.first()?.code;
    let severity = group.iter().map(|one| one.severity).max()?;
    let (name, red_line) = named(week, code, severity);
    let grades: BTreeSet<Option<u32>> = group.iter().map(|one| one.grade).collect();
    // Ids first: a group has many findings in few classes.
    let classes: BTreeSet<ClassId> = group.iter().map(|one| one.seen.slot.class).collect();
    let classes: BTreeSet<String> = classes.into_iter().map(|class| week.class_name(class)).collect();
    let subjects: BTreeSet<Option<SubjectId>> = group.iter().map(|one| one.seen.subject_given()).collect();
    let subjects: BTreeSet<String> = subjects.into_iter().map(|subject| week.subject_name(subject)).collect();
    let weeks = group.chunk_by(|a, b| a.week == b.week).filter_map(|in_week| {
        let visits: BTreeSet<VisitId> = in_week.iter().map(|one| one.seen.id()).collect();
        let (week, findings) = (in_week.first()?.week, count(in_week.len()));
        Some(RepeatWeek { week, findings, visits: visits.into_iter().collect() })
    });
    Some(Repeat {
        code: code.to_owned(),
        name: name.to_owned(),
        red_line,
        grade: if grades.len() == 1 { grades.into_iter().next().flatten() } else { None },
        classes: classes.into_iter().collect(),
        subjects: subjects.into_iter().collect(),
        weeks: weeks.collect(),
    })
}
