//! 兼课过多: what a timetable makes of a teacher's week, and since when.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::report::TimetableVersion;
use super::teacher_report::{LoadFinding, LoadFindingKind, LoadPart, TeacherRow};
use super::teachers::rows;
use crate::book::SchoolBook;
use crate::ids::TeacherId;
use crate::settings::LoadLimits;

/// What is found, and the figures of it.
#[derive(Clone, Debug)]
struct Excess {
    kind: LoadFindingKind,
    value: f64,
    limit: f64,
    subjects: Vec<String>,
}

/// The findings of a date. They follow from the timetable in force and from nothing else, so that one closes only
/// when another timetable no longer gives cause.
pub(super) fn load_findings(book: &SchoolBook, on: NaiveDate, rows: &[TeacherRow]) -> Vec<LoadFinding> {
    let limits = book.settings.load;
    let now = rows.iter().flat_map(|row| excesses(row, limits).into_iter().map(move |excess| (row, excess)));
    let now: Vec<(&TeacherRow, Excess)> = now.collect();
    let keys = now.iter().map(|(row, excess)| (row.teacher, excess.kind)).collect();
    let since = since(book, on, keys);
    let mut findings: Vec<LoadFinding> = now
        .into_iter()
        .filter_map(|(row, excess)| {
            let Excess { kind, value, limit, subjects } = excess;
            let since = since.get(&(row.teacher, kind))?.clone();
            Some(LoadFinding {
                teacher: row.teacher,
                name: row.name.clone(),
                kind,
                value,
                limit,
                subjects,
                since,
            })
        })
        .collect();
    findings.sort_by(|a, b| (a.kind, &a.name, a.teacher).cmp(&(b.kind, &b.name, b.teacher)));
    findings
}

fn excesses(row: &TeacherRow, limits: LoadLimits) -> Vec<Excess> {
    let subjects = |wanted: &[LoadPart]| -> Vec<String> {
        let own = row.subjects.iter().filter(|one| wanted.contains(&one.part));
        own.map(|one| one.subject.clone()).collect()
    };
    let fields = u32::try_from(row.fields.len()).unwrap_or(u32::MAX);
    let found = [
        (
            LoadFindingKind::Subjects,
            f64::from(fields),
            f64::from(limits.subjects),
            subjects(&[LoadPart::Own, LoadPart::OutOfField]),
        ),
        (
            LoadFindingKind::Lessons,
            row.lessons,
            limits.lessons,
            subjects(&[LoadPart::Own, LoadPart::OutOfField, LoadPart::Duty]),
        ),
        (
            LoadFindingKind::OutOfField,
            row.out_of_field_percent.unwrap_or(0.0),
            limits.out_of_field_percent,
            subjects(&[LoadPart::OutOfField]),
        ),
    ];
    let above = found.into_iter().filter(|(_, value, limit, _)| value > limit);
    above.map(|(kind, value, limit, subjects)| Excess { kind, value, limit, subjects }).collect()
}

type Key = (TeacherId, LoadFindingKind);

/// The version since which each finding holds without a break: versions are gone back through as long as it does.
fn since(book: &SchoolBook, on: NaiveDate, mut open: BTreeSet<Key>) -> BTreeMap<Key, TimetableVersion> {
    let mut since = BTreeMap::new();
    let mut day = on;
    while let Some((id, timetable)) = book.timetable_on(day).filter(|_| !open.is_empty()) {
        if day != on {
            let (rows, _) = rows(book, timetable, day);
            let held: BTreeSet<Key> = rows
                .iter()
                .flat_map(|row| {
                    excesses(row, book.settings.load).into_iter().map(|excess| (row.teacher, excess.kind))
                })
                .collect();
            open.retain(|key| held.contains(key));
        }
        since.extend(open.iter().map(|key| (*key, TimetableVersion::of(id, timetable))));
        let Some(before) = last_day_before(book, day) else { break };
        day = before;
    }
    since
}

/// The last day on which another version was, or may have been, in force: the day before the newest beginning or end
/// of a version up to a day.
fn last_day_before(book: &SchoolBook, day: NaiveDate) -> Option<NaiveDate> {
    let edges = book.timetables.values().flat_map(|version| [Some(version.valid_from), version.retired]);
    edges.flatten().filter(|edge| *edge <= day).max()?.pred_opt()
}
