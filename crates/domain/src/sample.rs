//! The sample school of `tests/data` as a book, for the tests of this crate.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::book::{BellSchedule, ChangeKind, ChangeStatus, LessonChange, SchoolBook};
use crate::class_name::parse_class_name;
use crate::fields::Fields;
use crate::ids::LessonChangeId;
use crate::record_type::RecordType;
use crate::resolve::{Expected, Resolution};
use crate::seed::SUBJECTS;
use crate::visit::Slot;

const TIMETABLE: &str = include_str!("../../../tests/data/qinghe-timetable.json");
const CALENDAR: &str = include_str!("../../../tests/data/calendar-2026-2027-1.json");

pub(crate) type Record = (RecordType, Uuid, Fields);

pub(crate) fn fields(object: &Value) -> Fields {
    let object = object.as_object().unwrap();
    object.iter().map(|(path, value)| (path.parse().unwrap(), value.clone())).collect()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The lessons of the sample timetable as plain facts.
pub(crate) fn sample_lessons() -> Vec<Value> {
    let timetable: Value = serde_json::from_str(TIMETABLE).unwrap();
    timetable["lessons"].as_array().unwrap().clone()
}

pub(crate) fn sample_bell() -> BellSchedule {
    let calendar: Value = serde_json::from_str(CALENDAR).unwrap();
    let bell =
        json!({"name": "作息", "valid_from": "2026-08-01", "periods": calendar["bell_schedule"]["primary"]});
    serde_json::from_value(bell).unwrap()
}

/// The records of the sample school: classes, subjects and teachers from its timetable.
pub(crate) fn sample_records() -> Vec<Record> {
    let calendar: Value = serde_json::from_str(CALENDAR).unwrap();
    let lessons = sample_lessons();
    let classes = ids(0x1000, &lessons, "class_name");
    let teachers = ids(0x2000, &lessons, "teacher");
    let subjects = ids(0x3000, &lessons, "subject");
    let mut records = vec![
        record(RecordType::School, 0x01, &json!({"name": "青禾实验小学", "time_zone": "Asia/Shanghai"})),
        record(
            RecordType::Semester,
            0x02,
            &json!({
                "school_year": calendar["school_year"], "term": calendar["semester"],
                "first_day": calendar["first_lesson_day"], "last_day": calendar["last_day"],
                "week_one": calendar["week_one_monday"],
            }),
        ),
        record(RecordType::BellSchedule, 0x03, &serde_json::to_value(sample_bell()).unwrap()),
    ];
    for (day, id) in calendar["days"].as_array().unwrap().iter().zip(0x4000..) {
        records.push(record(RecordType::CalendarDay, id, day));
    }
    for (name, id) in &classes {
        let (grade, number) = parse_class_name(name).unwrap();
        let class = json!({"cohort": 2027 - i64::from(grade), "number": number, "entry_grade": 1});
        records.push((RecordType::Class, *id, fields(&class)));
    }
    for (name, id) in &teachers {
        records.push((RecordType::Teacher, *id, fields(&json!({"name": name}))));
    }
    for (name, id) in &subjects {
        let seed = SUBJECTS.iter().find(|seed| seed.name == name).unwrap();
        let subject = json!({"name": name, "aliases": seed.aliases, "protected": seed.protected});
        records.push((RecordType::Subject, *id, fields(&subject)));
    }
    let mut timetable = Map::from_iter([
        ("name".to_owned(), json!("2026A-v3")),
        ("valid_from".to_owned(), json!("2026-09-01")),
    ]);
    for (name, class) in &classes {
        let own = lessons.iter().filter(|lesson| lesson["class_name"] == name.as_str());
        let cells = own.map(|lesson| {
            let id = |ids: &BTreeMap<String, Uuid>, key: &str| lesson[key].as_str().map(|name| ids[name]);
            json!({
                "weekday": lesson["weekday"], "period": lesson["period"], "weeks": lesson["weeks"],
                "subject": id(&subjects, "subject"), "teacher": id(&teachers, "teacher"),
            })
        });
        timetable.insert(format!("grid/{class}"), cells.collect());
    }
    records.push(record(RecordType::Timetable, 0x04, &Value::Object(timetable)));
    records
}

pub(crate) fn sample_book() -> SchoolBook {
    let records = sample_records();
    let book = SchoolBook::from_records(records.iter().map(|(kind, id, fields)| (*kind, *id, fields)));
    assert_eq!(book.unreadable, []);
    book
}

pub(crate) fn slot(book: &SchoolBook, class: &str, date: &str, period: &str) -> Slot {
    // Names as of week 12, whatever the date asked for.
    let class = book.class_by_name(class, day("2026-11-16")).unwrap();
    Slot { date: day(date), period: period.to_owned(), class }
}

/// The one lesson expected in a slot.
pub(crate) fn plan(book: &SchoolBook, slot: &Slot) -> Expected {
    let resolution = book.resolve(slot);
    assert!(matches!(resolution, Resolution::Lesson { .. }), "{resolution:?}");
    resolution.expected()[0]
}

/// An approved change of a slot.
pub(crate) fn change(id: u128, kind: ChangeKind, slot: &Slot) -> (LessonChangeId, LessonChange) {
    let Slot { date, period, class } = slot.clone();
    let status = ChangeStatus::Approved;
    let change = LessonChange {
        kind,
        class,
        date,
        period,
        status,
        with: None,
        subject: None,
        teacher: None,
        reason: None,
        retired: None,
    };
    (LessonChangeId::from_uuid(Uuid::from_u128(id)), change)
}

fn record(kind: RecordType, id: u128, object: &Value) -> Record {
    (kind, Uuid::from_u128(id), fields(object))
}

fn ids(base: u128, lessons: &[Value], key: &str) -> BTreeMap<String, Uuid> {
    let mut names: Vec<&str> = lessons.iter().filter_map(|lesson| lesson[key].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().zip(base..).map(|(name, id)| (name.to_owned(), Uuid::from_u128(id))).collect()
}
