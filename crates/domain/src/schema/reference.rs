//! The fields of the records a visit is held against.

use chrono_tz::Tz;

use super::shape::{Elements, FieldSpec, Shape, field, int, list, may, must, needed, note, text};
use super::visit::{CATEGORY, LABEL};

/// The longest name.
pub(super) const NAME_CHARS: usize = 100;
const NAME: Shape = text(NAME_CHARS);
const PARITY: Shape = Shape::OneOf(&["odd", "even"]);
const WEEKDAY: Shape = int(1, 7);
const GRADE: Shape = int(1, 12);

pub(super) const SCHOOL: &[FieldSpec] = &[
    needed("name", NAME),
    field("code", Shape::Written(is_school_code, "10 digits")),
    field("time_zone", Shape::Written(is_time_zone, "a time zone such as Asia/Shanghai")),
    field("stage", text(40)),
    list("settings", Elements::Any, Shape::Free(4000)),
    RETIRED,
];

pub(super) const CLASS: &[FieldSpec] = &[
    needed("cohort", int(1950, 2100)),
    needed("number", int(1, 99)),
    field("entry_grade", GRADE),
    field("homeroom", text(100)),
    RETIRED,
];

pub(super) const TEACHER: &[FieldSpec] =
    &[needed("name", NAME), field("user", Shape::Id), list("subjects", Elements::Ids, Shape::True), RETIRED];

pub(super) const SUBJECT: &[FieldSpec] = &[
    needed("name", NAME),
    field("aliases", Shape::List { of: &text(40), max: 40 }),
    field("protected", Shape::Bool),
    RETIRED,
];

pub(super) const BELL_SCHEDULE: &[FieldSpec] = &[
    needed("name", NAME),
    needed("valid_from", Shape::Date),
    field("valid_to", Shape::Date),
    field("grades", Shape::List { of: &GRADE, max: 12 }),
    needed("periods", Shape::List { of: &PERIOD, max: 40 }),
    RETIRED,
];

const PERIOD: Shape = Shape::Object(&[
    must("label", text(LABEL)),
    must("kind", Shape::OneOf(&["morning_reading", "lesson", "break", "noon", "after_school", "evening"])),
    must("start", Shape::HourMinute),
    must("end", Shape::HourMinute),
]);

pub(super) const TIMETABLE: &[FieldSpec] = &[
    needed("name", NAME),
    needed("valid_from", Shape::Date),
    list("grid", Elements::Ids, Shape::List { of: &LESSON, max: 200 }),
    // What was added to the school together with the version, so that both can be undone as one.
    list("added", Elements::Ids, Shape::OneOf(&["class", "teacher", "subject"])),
    RETIRED,
];

const LESSON: Shape = Shape::Object(&[
    must("weekday", WEEKDAY),
    must("period", text(LABEL)),
    must("subject", Shape::Id),
    may("teacher", Shape::Id),
    may(
        "weeks",
        Shape::TextOrObject(
            &Shape::OneOf(&["all", "odd", "even"]),
            &Shape::Object(&[must("range", Shape::Pair(1, 60))]),
        ),
    ),
]);

pub(super) const SEMESTER: &[FieldSpec] = &[
    needed("school_year", Shape::Written(is_school_year, "two years in a row, such as 2026-2027")),
    needed("term", int(1, 2)),
    needed("first_day", Shape::Date),
    needed("last_day", Shape::Date),
    needed("week_one", Shape::Date),
    list("weeks", Elements::Weeks, Shape::Object(&[must("start", Shape::Date), may("parity", PARITY)])),
    RETIRED,
];

pub(super) const CALENDAR_DAY: &[FieldSpec] = &[
    needed("date", Shape::Date),
    needed("kind", Shape::OneOf(&["holiday", "makeup", "swap", "half_day", "event"])),
    field("follows_weekday", WEEKDAY),
    field("follows_parity", PARITY),
    field("from_period", text(LABEL)),
    field("to_period", text(LABEL)),
    field("note", note(1000)),
    RETIRED,
];

pub(super) const LESSON_CHANGE: &[FieldSpec] = &[
    needed("kind", Shape::OneOf(&["swap", "substitution", "cancellation"])),
    needed("class", Shape::Id),
    needed("date", Shape::Date),
    needed("period", text(LABEL)),
    field("with", Shape::Object(&[must("date", Shape::Date), must("period", text(LABEL))])),
    field("subject", Shape::Id),
    field("teacher", Shape::Id),
    field("reason", note(1000)),
    needed("status", Shape::OneOf(&["filed", "approved", "rejected"])),
    field("filed_by", Shape::Id),
    field("filed_at", Shape::Moment),
    field("decided_by", Shape::Id),
    field("decided_at", Shape::Moment),
    RETIRED,
];

pub(super) const RUBRIC: &[FieldSpec] = &[
    needed("name", NAME),
    needed("dimensions", Shape::List { of: &DIMENSION, max: 20 }),
    field("valid_from", Shape::Date),
    RETIRED,
];

const DIMENSION: Shape = Shape::Object(&[
    must("key", Shape::Written(is_element, "1 to 64 letters, digits, `_`, `.` or `-`")),
    must("name", text(100)),
    may("en", text(100)),
]);

pub(super) const PROBLEM_CATEGORY: &[FieldSpec] = &[
    needed("code", CATEGORY),
    needed("name", NAME),
    field("group", text(40)),
    needed("severity", int(1, 4)),
    RETIRED,
];

pub(super) const ASSIGNMENT: &[FieldSpec] = &[
    needed("inspector", Shape::Id),
    field("title", NAME),
    field("regime", Shape::OneOf(&["school_patrol", "bureau_supervision"])),
    field("unannounced", Shape::Bool),
    field("from", Shape::Date),
    field("to", Shape::Date),
    list("classes", Elements::Ids, Shape::True),
    field("note", note(4000)),
    RETIRED,
];

/// Records are not deleted: from this date on they no longer hold.
const RETIRED: FieldSpec = field("retired", Shape::Date);

fn is_school_code(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_time_zone(text: &str) -> bool {
    text.parse::<Tz>().is_ok()
}

fn is_school_year(text: &str) -> bool {
    let year = |text: &str| text.parse::<i32>().ok().filter(|year| (2000..=2100).contains(year));
    text.split_once('-').is_some_and(|(first, second)| {
        year(first).zip(year(second)).is_some_and(|(first, second)| first + 1 == second)
    })
}

fn is_element(text: &str) -> bool {
    format!("e/{text}").parse::<crate::fields::FieldPath>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::record_type::RecordType;
    use crate::sample::fields;
    use crate::schema::validate;

    fn pointers(kind: RecordType, value: &Value) -> Vec<String> {
        validate(kind, &fields(value)).into_iter().map(|flaw| flaw.pointer).collect()
    }

    #[test]
    fn a_lesson_may_be_taught_in_a_range_of_weeks() {
        let lesson = |weeks: Value| {
            let id = Uuid::nil();
            let lesson = json!({"weekday": 1, "period": "第1节", "subject": id, "weeks": weeks});
            pointers(RecordType::Timetable, &json!({format!("grid/{id}"): [lesson]}))
        };
        let at = |end: &str| format!("/set/grid~1{}/0/weeks{end}", Uuid::nil());

        assert_eq!(lesson(json!("odd")), Vec::<String>::new());
        assert_eq!(lesson(json!({"range": [1, 9]})), Vec::<String>::new());
        assert_eq!(lesson(json!("sometimes")), [at("")]);
        assert_eq!(lesson(json!({"range": [9, 1]})), [at("/range")]);
        assert_eq!(lesson(json!({"range": [1, 2, 3]})), [at("/range")]);
    }

    #[test]
    fn school_codes_years_and_zones_have_their_form() {
        assert!(is_school_code("2136999001") && !is_school_code("213699900"));
        assert!(is_school_year("2026-2027") && !is_school_year("2026-2028") && !is_school_year("2026"));
        assert!(is_time_zone("Asia/Shanghai") && !is_time_zone("Asia/Qinghe"));
    }

    #[test]
    fn settings_are_free_but_small() {
        assert_eq!(
            pointers(RecordType::School, &json!({"settings/target": {"per_day": 2}})),
            Vec::<String>::new()
        );
        assert_eq!(
            pointers(RecordType::School, &json!({"settings/target": "x".repeat(5000)})),
            ["/set/settings~1target"]
        );
    }

    #[test]
    fn the_keys_of_a_rubric_can_name_ratings() {
        let rubric = |key: &str| {
            pointers(RecordType::Rubric, &json!({"dimensions": [{"key": key, "name": "学生参与"}]}))
        };

        assert_eq!(rubric("engagement"), Vec::<String>::new());
        assert_eq!(rubric("学生参与"), ["/set/dimensions/0/key"]);
    }
}
