//! Random schools, small enough that everything meets everything: timetable versions, calendars, bells, changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, NaiveTime};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde_json::{Map, json};
use xunke_domain::bell::period_key;
use xunke_domain::book::{
    BellSchedule, CalendarDay, ChangeKind, ChangeStatus, Class, DayKind, Lesson, LessonChange, LessonWeeks,
    Parity, Period, PeriodKind, SchoolBook, Semester, SwapWith, TeachingWeek, Timetable,
};
use xunke_domain::ids::{ClassId, LessonChangeId, SubjectId, TeacherId, TimetableId};
use xunke_domain::record_type::RecordType;
use xunke_domain::visit::{Observed, Situation, Slot};

use super::*;

/// A record of a school as its office writes it.
pub(super) type Record = (RecordType, Uuid, Fields);

const LABELS: [&str; 6] = ["第1节", "第2节", "第3节", "2", "三", "早读"];

/// Monday of teaching week 11, in which everything begins.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 9).unwrap()
}

/// Thursday to Wednesday: a weekend, and a week of either parity.
fn days() -> impl Strategy<Value = NaiveDate> {
    (0..7_u64).prop_map(day)
}

fn day(number: u64) -> NaiveDate {
    first_day() + Days::new(3 + number)
}

/// Mostly not.
fn retired() -> impl Strategy<Value = Option<NaiveDate>> {
    prop::option::weighted(0.2, days())
}

fn labels() -> impl Strategy<Value = String> {
    select(LABELS.to_vec()).prop_map(str::to_owned)
}

fn classes() -> impl Strategy<Value = ClassId> {
    (0..3_u128).prop_map(|class| ClassId::from_uuid(Uuid::from_u128(0x10 + class)))
}

fn subjects() -> impl Strategy<Value = SubjectId> {
    (0..3_u128).prop_map(|subject| SubjectId::from_uuid(Uuid::from_u128(0x20 + subject)))
}

fn teachers() -> impl Strategy<Value = TeacherId> {
    (0..3_u128).prop_map(|teacher| TeacherId::from_uuid(Uuid::from_u128(0x30 + teacher)))
}

fn weeks() -> impl Strategy<Value = LessonWeeks> {
    prop_oneof![
        3 => Just(LessonWeeks::All),
        1 => Just(LessonWeeks::Odd),
        1 => Just(LessonWeeks::Even),
        1 => (9..13_u32, 0..3_u32).prop_map(|(from, more)| LessonWeeks::Range(from, from + more)),
    ]
}

fn lessons() -> impl Strategy<Value = Vec<Lesson>> {
    let lesson = (1..=7_u32, labels(), subjects(), prop::option::of(teachers()), weeks()).prop_map(
        |(weekday, period, subject, teacher, weeks)| Lesson { weekday, period, subject, teacher, weeks },
    );
    vec(lesson, 0..16).prop_map(|mut lessons| {
        let mut cells = BTreeSet::new();
        lessons.retain(|lesson| cells.insert((lesson.weekday, period_key(&lesson.period), lesson.subject)));
        lessons
    })
}

fn timetables() -> impl Strategy<Value = Timetable> {
    let grid = prop::collection::btree_map(classes(), lessons(), 0..=3);
    (days(), grid, retired()).prop_map(|(valid_from, grid, retired)| {
        // One may be in force before the weeks begin.
        let valid_from = if valid_from == day(0) { first_day() - Days::new(70) } else { valid_from };
        Timetable { name: format!("自 {valid_from}"), valid_from, grid, retired }
    })
}

fn bells() -> impl Strategy<Value = BellSchedule> {
    let grades = vec(1..4_u32, 0..2);
    (days(), prop::option::of(days()), grades, 2..4_usize, any::<bool>(), retired()).prop_map(
        |(from, to, grades, count, reading, retired)| {
            let labels = ["第1节", "第2节", "第3节"].into_iter().take(count);
            let labels = reading.then_some("早读").into_iter().chain(labels);
            let periods = labels.zip(8..).map(|(label, hour)| Period {
                label: label.to_owned(),
                kind: if label == "早读" { PeriodKind::MorningReading } else { PeriodKind::Lesson },
                start: NaiveTime::from_hms_opt(hour, 0, 0).unwrap(),
                end: NaiveTime::from_hms_opt(hour, 40, 0).unwrap(),
            });
            BellSchedule {
                name: format!("{count} 节"),
                valid_from: from - Days::new(7),
                valid_to: to.filter(|to| *to >= from),
                grades,
                periods: periods.collect(),
                retired,
            }
        },
    )
}

fn calendar_days() -> impl Strategy<Value = CalendarDay> {
    use DayKind::{Event, HalfDay, Holiday, Makeup, Swap};
    let kinds = select(vec![Holiday, Makeup, Swap, HalfDay, Event]);
    let parity = prop::option::of(select(vec![Parity::Odd, Parity::Even]));
    let edges = (prop::option::of(labels()), prop::option::of(labels()));
    (days(), kinds, 1..=7_u32, parity, edges, retired()).prop_map(
        |(date, kind, weekday, follows_parity, (from, to), retired)| {
            let follows = matches!(kind, Makeup | Swap);
            let from = if kind == HalfDay && to.is_none() { Some("第2节".to_owned()) } else { from };
            CalendarDay {
                date,
                kind,
                follows_weekday: follows.then_some(weekday),
                follows_parity: follows_parity.filter(|_| follows),
                from_period: from,
                to_period: to,
                note: None,
                retired,
            }
        },
    )
}

fn changes() -> impl Strategy<Value = LessonChange> {
    use ChangeKind::{Cancellation, Substitution, Swap};
    use ChangeStatus::{Approved, Filed, Rejected};
    let kinds = select(vec![Swap, Substitution, Cancellation]);
    let status = select(vec![Approved, Approved, Approved, Filed, Rejected]);
    let other = (days(), labels()).prop_map(|(date, period)| SwapWith { date, period });
    let instead = (prop::option::of(subjects()), teachers());
    (kinds, classes(), days(), labels(), other, instead, status, retired()).prop_map(
        |(kind, class, date, period, other, (subject, teacher), status, retired)| LessonChange {
            kind,
            class,
            date,
            period,
            with: (kind == Swap).then_some(other),
            subject: subject.filter(|_| kind == Substitution),
            teacher: (kind == Substitution).then_some(teacher),
            reason: None,
            status,
            retired,
        },
    )
}

fn semesters() -> impl Strategy<Value = Semester> {
    let declared = prop::option::of((0..2_u32, prop::option::of(select(vec![Parity::Odd, Parity::Even]))));
    (declared, 0..3_u64).prop_map(|(declared, early)| {
        let week = |(week, parity): (u32, Option<Parity>)| {
            let start = first_day() + Days::new(u64::from(week) * 7);
            (11 + week, TeachingWeek { start, parity })
        };
        Semester {
            school_year: "2026-2027".to_owned(),
            term: 1,
            first_day: first_day() - Days::new(69),
            last_day: first_day() + Days::new(13 - early),
            week_one: first_day() - Days::new(70),
            weeks: declared.map(week).into_iter().collect(),
            retired: None,
        }
    })
}

/// A school with the same records each time and other things in them, so that one can become another.
pub(super) fn books() -> impl Strategy<Value = SchoolBook> {
    let classes = vec((2024..2027_i32, retired()), 3);
    (vec(timetables(), 3), vec(calendar_days(), 5), vec(changes(), 6), vec(bells(), 2), semesters(), classes)
        .prop_map(|(timetables, calendar_days, changes, bell_schedules, semester, classes)| SchoolBook {
            classes: classes
                .into_iter()
                .zip(0x10..)
                .map(|((cohort, retired), id)| {
                    let class = Class { cohort, number: 1, entry_grade: 1, retired };
                    (ClassId::from_uuid(Uuid::from_u128(id)), class)
                })
                .collect(),
            timetables: keyed(timetables, 0x40, TimetableId::from_uuid),
            lesson_changes: keyed(changes, 0x50, LessonChangeId::from_uuid),
            bell_schedules,
            calendar_days,
            semesters: vec![semester],
            ..SchoolBook::default()
        })
}

fn keyed<K: Ord, T>(items: Vec<T>, first: u128, id: impl Fn(Uuid) -> K) -> BTreeMap<K, T> {
    items.into_iter().zip(first..).map(|(item, number)| (id(Uuid::from_u128(number)), item)).collect()
}

/// What somebody may see, in every slot there is.
pub(super) fn sightings() -> impl Strategy<Value = Vec<(Slot, Observed)>> {
    use Situation::{Assembly, Lesson, NoTeacher, SelfStudy};
    let situations = select(vec![Lesson, Lesson, Lesson, Lesson, SelfStudy, NoTeacher, Assembly]);
    let seen = (prop::option::weighted(0.9, subjects()), prop::option::of(teachers()), situations);
    let seen = seen.prop_map(|(subject, teacher, situation)| Observed { subject, teacher, situation });
    vec(seen, slots().count()).prop_map(|seen| slots().zip(seen).collect())
}

fn slots() -> impl Iterator<Item = Slot> {
    let class = |number: u128| ClassId::from_uuid(Uuid::from_u128(0x10 + number));
    let cells = (0..7).flat_map(|number| LABELS.map(|label| (day(number), label)));
    cells.flat_map(move |(date, label)| {
        (0..3_u128).map(move |number| Slot { date, period: label.to_owned(), class: class(number) })
    })
}

/// The records of a book, as REST and imports write them.
pub(super) fn records(book: &SchoolBook) -> Vec<Record> {
    let mut records = Vec::new();
    for (id, class) in &book.classes {
        records.push((RecordType::Class, id.into_uuid(), fields(class)));
    }
    for (id, change) in &book.lesson_changes {
        records.push((RecordType::LessonChange, id.into_uuid(), fields(change)));
    }
    for (day, id) in book.calendar_days.iter().zip(0x60..) {
        records.push((RecordType::CalendarDay, Uuid::from_u128(id), fields(day)));
    }
    for (bell, id) in book.bell_schedules.iter().zip(0x70..) {
        records.push((RecordType::BellSchedule, Uuid::from_u128(id), fields(bell)));
    }
    for (id, timetable) in &book.timetables {
        let Timetable { name, valid_from, grid, retired } = timetable;
        let mut members = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("valid_from".to_owned(), json!(valid_from)),
            ("retired".to_owned(), json!(retired)),
        ]);
        members.extend(grid.iter().map(|(class, lessons)| (format!("grid/{class}"), json!(lessons))));
        records.push((RecordType::Timetable, id.into_uuid(), fields(&members)));
    }
    for (semester, id) in book.semesters.iter().zip(0x80..) {
        let Semester { school_year, term, first_day, last_day, week_one, weeks, retired } = semester;
        let mut members = Map::from_iter([
            ("school_year".to_owned(), json!(school_year)),
            ("term".to_owned(), json!(term)),
            ("first_day".to_owned(), json!(first_day)),
            ("last_day".to_owned(), json!(last_day)),
            ("week_one".to_owned(), json!(week_one)),
            ("retired".to_owned(), json!(retired)),
        ]);
        members.extend(weeks.iter().map(|(number, week)| (format!("weeks/{number}"), json!(week))));
        records.push((RecordType::Semester, Uuid::from_u128(id), fields(&members)));
    }
    records
}

fn fields(of: &impl Serialize) -> Fields {
    serde_json::from_value(json!(of)).unwrap()
}
