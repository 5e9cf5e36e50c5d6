//! What the fields of each record type may hold: one table a type, one reading of the tables.
//!
//! [`validate`] judges the fields of one write, path by path; [`validate_record`] what only the
//! whole record can break. Start with the tables in `visit` and `reference`.

mod record_rules;
mod reference;
mod shape;
mod visit;

use serde_json::Value;

use crate::fields::{FieldPath, Fields};
use crate::flaw::{Flaw, Place};
use crate::record_type::RecordType;
use shape::{Elements, FieldSpec};

pub use record_rules::validate_record;

/// What is wrong with the name of a subject or a teacher, if anything.
pub(crate) fn name_flaw(name: &str) -> Option<String> {
    shape::text_flaw(name, reference::NAME_CHARS, false)
}

/// What is wrong with the label of a period, if anything.
pub(crate) fn label_flaw(label: &str) -> Option<String> {
    shape::text_flaw(label, visit::LABEL, false)
}

/// Fields the server derives; nobody sets them (architecture, "A visit's fields").
const DERIVED: [&str; 4] = ["inspector", "received_at", "clock_offset", "verdict_now"];

/// What is wrong with the fields a write sets; pointers begin at `/set`. Fields of other apps
/// (`x.`) are never judged.
pub fn validate(kind: RecordType, set: &Fields) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let Some(specs) = specs(kind) else { return flaws };
    for (path, value) in set.iter().filter(|(path, _)| !path.is_foreign()) {
        let (top, name) = (Place::top("set"), path.name());
        let place = top.member(path.as_str());
        match specs.iter().find(|spec| spec.name == name) {
            Some(spec) => validate_field(spec, path, value, &place, &mut flaws),
            None if kind == RecordType::Visit && DERIVED.contains(&name) => {
                flaws.push(Flaw::unknown(place.pointer(), "derived by the server, never set"));
            }
            None => flaws.push(Flaw::unknown(place.pointer(), format!("a {kind} has no such field"))),
        }
    }
    flaws
}

fn validate_field(
    spec: &FieldSpec,
    path: &FieldPath,
    value: &Value,
    place: &Place<'_>,
    flaws: &mut Vec<Flaw>,
) {
    match (spec.elements, path.element()) {
        (Elements::None, Some(_)) => flaws.push(Flaw::unknown(place.pointer(), "this field has no elements")),
        (Elements::Any | Elements::Ids | Elements::Weeks, None) => {
            flaws.push(Flaw::unknown(place.pointer(), "set the elements of this list, one path each"));
        }
        (Elements::Ids, Some(element)) if !is_id(element) => {
            let detail = "the part after the slash must be a UUID in lower case with hyphens";
            flaws.push(Flaw::invalid(place.pointer(), detail));
        }
        (Elements::Weeks, Some(element)) if !is_week_number(element) => {
            flaws
                .push(Flaw::invalid(place.pointer(), "the part after the slash must be a week from 1 to 60"));
        }
        (_, _) if value.is_null() => {
            if spec.required {
                flaws.push(Flaw::invalid(place.pointer(), "required, and cannot be removed"));
            }
        }
        (_, _) => spec.shape.check(value, place, flaws),
    }
}

/// One spelling only: two would be two elements for one thing.
fn is_id(text: &str) -> bool {
    text.parse().is_ok_and(|id: uuid::Uuid| id.to_string() == text)
}

fn is_week_number(text: &str) -> bool {
    text.parse().is_ok_and(|number: u32| (1..=60).contains(&number) && number.to_string() == text)
}

/// The table of a type; none for what only the server itself makes.
fn specs(kind: RecordType) -> Option<&'static [FieldSpec]> {
    match kind {
        RecordType::Visit => Some(visit::FIELDS),
        RecordType::School => Some(reference::SCHOOL),
        RecordType::Class => Some(reference::CLASS),
        RecordType::Teacher => Some(reference::TEACHER),
        RecordType::Subject => Some(reference::SUBJECT),
        RecordType::BellSchedule => Some(reference::BELL_SCHEDULE),
        RecordType::Timetable => Some(reference::TIMETABLE),
        RecordType::Semester => Some(reference::SEMESTER),
        RecordType::CalendarDay => Some(reference::CALENDAR_DAY),
        RecordType::LessonChange => Some(reference::LESSON_CHANGE),
        RecordType::Rubric => Some(reference::RUBRIC),
        RecordType::ProblemCategory => Some(reference::PROBLEM_CATEGORY),
        RecordType::Assignment => Some(reference::ASSIGNMENT),
        RecordType::PublishedLog => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::sample::{fields, sample_records};

    fn pointers(flaws: &[Flaw]) -> Vec<&str> {
        flaws.iter().map(|flaw| flaw.pointer.as_str()).collect()
    }

    #[test]
    fn every_record_of_the_sample_school_is_valid() {
        for (kind, id, fields) in sample_records() {
            assert_eq!(validate(kind, &fields), [], "{kind} {id}");
            assert_eq!(validate_record(kind, &fields), [], "{kind} {id}");
        }
    }

    #[test]
    fn unknown_fields_are_flagged_as_such_and_foreign_ones_pass() {
        let set = fields(
            &json!({"mood": 1, "received_at": 2, "kind/a": "walkthrough", "ratings": {}, "x.mood": [1]}),
        );

        let flaws = validate(RecordType::Visit, &set);

        assert!(flaws.iter().all(|flaw| flaw.unknown));
        assert_eq!(pointers(&flaws), ["/set/kind~1a", "/set/mood", "/set/ratings", "/set/received_at"]);
        assert!(flaws[3].detail.contains("derived"));
    }

    #[test]
    fn null_removes_what_is_optional_only() {
        let visit = fields(&json!({"slot": null, "ratings/conduct": null, "submitted_at": null}));
        let class = fields(&json!({"cohort": null, "retired": null}));

        assert_eq!(validate(RecordType::Visit, &visit), []);
        assert_eq!(pointers(&validate(RecordType::Class, &class)), ["/set/cohort"]);
    }

    #[test]
    fn elements_are_named_as_their_list_asks() {
        let teacher = fields(&json!({"subjects/music": true}));
        let loud = fields(&json!({"subjects/0199D0A1-0000-7000-8000-000000000002": true}));
        let semester =
            fields(&json!({"weeks/0": {"start": "2026-08-31"}, "weeks/07": {"start": "2026-08-31"}}));

        assert_eq!(pointers(&validate(RecordType::Teacher, &teacher)), ["/set/subjects~1music"]);
        assert_eq!(validate(RecordType::Teacher, &loud).len(), 1);
        assert_eq!(validate(RecordType::Semester, &semester).len(), 2);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("(date|period|class|text|severity|.{0,3})", inner, 0..4)
                    .prop_map(|object| Value::Object(object.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_value_makes_the_schema_panic(
            value in any_json(),
            kind in prop::sample::select(RecordType::ALL.to_vec()),
            element in prop::option::of("[a-z0-9-]{1,36}"),
            pick in any::<prop::sample::Index>(),
        ) {
            let specs = specs(kind).unwrap_or_default();
            prop_assume!(!specs.is_empty());
            let name = specs[pick.index(specs.len())].name;
            let path = element.map_or_else(|| name.to_owned(), |element| format!("{name}/{element}"));
            let set = Fields::from([(path.parse().unwrap(), value)]);

            let flaws = validate(kind, &set);
            let _ = validate_record(kind, &set);
            prop_assert!(flaws.iter().all(|flaw| flaw.pointer.starts_with("/set/")));
        }
    }
}
