//! A week of a large school: its timetable, visits judged by it, and what its log is compiled from.

use std::collections::BTreeMap;

use chrono::Days;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::class_name::{display_name, grade_of};
use xunke_domain::fields::Fields;
use xunke_domain::ids::{ClassId, UserId, VisitId};
use xunke_domain::judge::judge;
use xunke_domain::log::{ClassLabel, EarlierWeek, LogInput, LoggedVisit, PlannedLesson, WeeklyLog, compile};
use xunke_domain::record_type::RecordType;
use xunke_domain::seed::{CATEGORIES, SUBJECTS};
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{Observed, Slot, Visit};
use xunke_domain::week::Week;

use super::{fields, school, today};
use crate::visits::{Dice, Names};

/// Ten of each of six grades.
const CLASSES: u128 = 60;
/// Two or three a class.
const TEACHERS: u128 = 150;
/// Taught, of those the seed knows.
const TAUGHT: u128 = 12;
/// Lessons a day: 1,800 slots a week.
const PERIODS: u128 = 6;
/// People who visit.
const INSPECTORS: usize = 40;

/// The week before the pieces run, with its visits, and weeks before it.
#[derive(Debug)]
pub struct BigWeek {
    book: SchoolBook,
    week: Week,
    visits: Vec<Visit>,
    /// The newest first.
    earlier: Vec<(Week, Vec<Visit>)>,
}

impl BigWeek {
    /// So many submitted visits; four of five saw the lesson that was planned.
    pub fn of(many: usize) -> Self {
        Self::after(0, many)
    }

    /// So many submitted visits in the week and in each of so many weeks before it.
    pub fn after(weeks: u64, many: usize) -> Self {
        let book = book();
        let mut dice = Dice::new(1);
        let mut week_of = |back: u64| {
            let week = Week::of(today() - Days::new(7 * (1 + back)));
            (week, drawn(&mut dice, &book, week, many))
        };
        let (week, visits) = week_of(0);
        let earlier = (1..=weeks).map(&mut week_of).collect();
        Self { book, week, visits, earlier }
    }

    /// Judges every visit against the timetable; gives how many were as planned.
    pub fn judge(&self) -> usize {
        let seen = self.visits.iter().filter_map(|visit| visit.slot.as_ref().zip(visit.observed.as_ref()));
        let verdicts =
            seen.map(|(slot, observed): (&Slot, &Observed)| judge(&self.book, slot, observed).verdict);
        verdicts.filter(|verdict| *verdict == Verdict::AsTimetabled).count()
    }

    /// What the log is compiled from, resolved and judged.
    pub fn input(&self) -> LogInput<'_> {
        let monday = self.week.monday();
        let class_names: BTreeMap<ClassId, ClassLabel> = self
            .book
            .classes
            .iter()
            .map(|(id, class)| {
                (*id, ClassLabel { grade: grade_of(class, monday), name: display_name(class, monday) })
            })
            .collect();
        let planned = self.book.planned_slots(self.week).into_iter();
        LogInput {
            school: school(),
            week: self.week,
            teaching_week: self.book.teaching_week_of(monday),
            book: &self.book,
            unseen_since: class_names.keys().map(|class| (*class, None)).collect(),
            class_names,
            planned: planned
                .map(|planned| PlannedLesson {
                    slot: planned.slot,
                    subject: planned.subject,
                    teacher: planned.teacher,
                })
                .collect(),
            visits: self.visits.iter().map(|visit| self.logged(visit)).collect(),
            subjects_last_seen: BTreeMap::new(),
            teachers_last_seen: BTreeMap::new(),
            earlier: (self.earlier.iter())
                .map(|(week, visits)| EarlierWeek {
                    week: *week,
                    visits: visits.iter().map(|visit| self.logged(visit)).collect(),
                })
                .collect(),
            notes: Vec::new(),
        }
    }

    fn logged<'a>(&'a self, visit: &'a Visit) -> LoggedVisit<'a> {
        let judged = visit.slot.as_ref().zip(visit.observed.as_ref());
        let judged = judged.map(|(slot, observed)| judge(&self.book, slot, observed));
        let seen = visit.observed.and_then(|observed| observed.subject);
        let expected = judged.as_ref().and_then(|judged| judged.lesson_for(seen));
        LoggedVisit {
            visit,
            inspector_name: format!("巡课人{}", visit.inspector.into_uuid().as_u128() - 0x5000),
            verdict: judged.as_ref().map_or(Verdict::NotVerifiable, |judged| judged.verdict),
            planned_subject: expected.map(|lesson| lesson.subject),
            planned_teacher: expected.and_then(|lesson| lesson.teacher),
            arrived_off_minutes: Some(3),
            entered_after_minutes: None,
            sync_delay_minutes: None,
            received_late: false,
            objection: None,
        }
    }
}

/// So many submitted visits of a week.
fn drawn(dice: &mut Dice, book: &SchoolBook, week: Week, many: usize) -> Vec<Visit> {
    let named =
        |base: u128, many: u128| (base..base + many).map(|id| Uuid::from_u128(id).to_string()).collect();
    let names = Names {
        classes: named(0x1000, CLASSES),
        subjects: named(0x3000, TAUGHT),
        teachers: named(0x2000, TEACHERS),
    };
    let visits = (0..).take(many).map(|number: u64| {
        let mut drawn = dice.visit(&names, today(), number);
        let date = week.monday() + Days::new(number % 5);
        drawn.set["slot"]["date"] = json!(date.to_string());
        let inspector =
            UserId::from_uuid(Uuid::from_u128(0x5000 + u128::try_from(dice.roll(INSPECTORS)).unwrap_or(0)));
        let mut visit = Visit::from_fields(VisitId::from_uuid(drawn.id), inspector, &fields(&drawn.set));
        if dice.roll(5) > 0
            && let Some((slot, seen)) = visit.slot.as_ref().zip(visit.observed.as_mut())
            && let Some(planned) = book.resolve(slot).expected().first()
        {
            (seen.subject, seen.teacher) = (Some(planned.subject), planned.teacher);
        }
        visit
    });
    visits.collect()
}

/// Compiles the log.
pub fn log(input: &LogInput<'_>) -> WeeklyLog {
    compile(input)
}

/// The large school's reference data.
pub(super) fn book() -> SchoolBook {
    let records = records();
    SchoolBook::from_records(records.iter().map(|(kind, id, fields)| (*kind, *id, fields)))
}

fn records() -> Vec<(RecordType, Uuid, Fields)> {
    let record = |kind, id: u128, set: Value| (kind, Uuid::from_u128(id), fields(&set));
    let hours: Vec<Value> = (1..=PERIODS)
        .map(|number| {
            let (start, end) = (format!("{:02}:00", 7 + number), format!("{:02}:40", 7 + number));
            json!({"label": format!("第{number}节"), "kind": "lesson", "start": start, "end": end})
        })
        .collect();
    let mut records = vec![
        record(RecordType::School, 1, json!({"name": "青禾实验小学", "time_zone": "Asia/Shanghai"})),
        record(
            RecordType::Semester,
            2,
            json!({"school_year": "2026-2027", "term": 1, "first_day": "2026-08-31", "last_day": "2027-01-22",
                "week_one": "2026-08-31"}),
        ),
        record(
            RecordType::BellSchedule,
            3,
            json!({"name": "作息", "valid_from": "2026-08-01", "periods": hours}),
        ),
        record(RecordType::Timetable, 4, timetable()),
    ];
    for (id, number) in (0x1000..).zip(0..CLASSES) {
        let class = json!({"cohort": 2026 - number / 10, "number": number % 10 + 1, "entry_grade": 1});
        records.push(record(RecordType::Class, id, class));
    }
    for (id, number) in (0x2000..).zip(0..TEACHERS) {
        records.push(record(RecordType::Teacher, id, json!({"name": teacher_name(number)})));
    }
    for (id, seed) in (0x3000..0x3000 + TAUGHT).zip(SUBJECTS) {
        records.push(record(
            RecordType::Subject,
            id,
            json!({"name": seed.name, "protected": seed.protected}),
        ));
    }
    for (id, seed) in (0x4000..).zip(CATEGORIES) {
        let category = json!({"code": seed.code, "name": seed.name, "severity": seed.severity});
        records.push(record(RecordType::ProblemCategory, id, category));
    }
    records
}

/// A name of its own for each of 150 teachers, as a timetable writes it.
fn teacher_name(number: u128) -> String {
    let pick = |names: &str, at: u128| names.chars().nth(usize::try_from(at).unwrap_or(0)).unwrap_or('王');
    let (surname, given) = (pick("赵钱孙李周吴郑王冯陈褚卫蒋沈韩", number / 10), number % 10);
    format!("{surname}{}", pick("一二三四五六七八九十", given))
}

/// Every class has a lesson in every period; subjects and teachers go round.
fn timetable() -> Value {
    let mut timetable =
        Map::from_iter([("name".to_owned(), json!("A")), ("valid_from".to_owned(), json!("2026-08-31"))]);
    for class in 0..CLASSES {
        let lessons = (0..5 * PERIODS).map(|slot| {
            let subject = (class + slot) % TAUGHT;
            json!({"weekday": slot / PERIODS + 1, "period": format!("第{}节", slot % PERIODS + 1), "weeks": "all",
                "subject": Uuid::from_u128(0x3000 + subject),
                "teacher": Uuid::from_u128(0x2000 + (class / 5 * TAUGHT + subject) % TEACHERS)})
        });
        timetable.insert(format!("grid/{}", Uuid::from_u128(0x1000 + class)), lessons.collect());
    }
    Value::Object(timetable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_large_week_counts_every_visit_and_every_planned_slot() {
        let week = BigWeek::of(500);

        let log = log(&week.input());

        assert_eq!(week.book.unreadable, []);
        assert_eq!((log.visits, log.planned_slots), (500, 1800));
        assert!(log.consistency.checked > 300 && log.displacement_matrix.len() > 10);
    }

    #[test]
    fn four_of_five_visits_saw_what_was_planned() {
        assert!((380..=420).contains(&BigWeek::of(500).judge()), "{}", BigWeek::of(500).judge());
    }
}
