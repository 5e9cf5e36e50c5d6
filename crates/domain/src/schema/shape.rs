//! The shapes values may have, and how a value is held against one.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::flaw::{Flaw, Place};

/// One field of a record type.
pub(super) struct FieldSpec {
    pub(super) name: &'static str,
    pub(super) elements: Elements,
    /// Whether a whole record needs it.
    pub(super) required: bool,
    pub(super) shape: Shape,
}

/// What may stand after the slash of a path.
#[derive(Clone, Copy)]
pub(super) enum Elements {
    /// Nothing: a plain field.
    None,
    /// Any element name.
    Any,
    /// UUIDs.
    Ids,
    /// Numbers of teaching weeks.
    Weeks,
}

/// A member of an object.
pub(super) struct Member {
    name: &'static str,
    required: bool,
    shape: Shape,
}

/// The member at fault and what is wrong with it, if anything is.
pub(super) type MemberFlaw = Option<(&'static str, &'static str)>;

/// What a value looks like.
pub(super) enum Shape {
    Bool,
    /// Only `true`: there, or removed.
    True,
    /// `2026-11-17`, from 2000 to 2100.
    Date,
    /// RFC 3339 with an offset, from 2000 to 2100.
    Moment,
    /// `08:30`.
    HourMinute,
    Id,
    Text {
        max: usize,
        blank: bool,
    },
    Int {
        min: i64,
        max: i64,
    },
    OneOf(&'static [&'static str]),
    /// Two integers of a range, the first not above the second.
    Pair(i64, i64),
    /// A short text with a rule of its own, and the rule in words.
    Written(fn(&str) -> bool, &'static str),
    List {
        of: &'static Shape,
        max: usize,
    },
    Object(&'static [Member]),
    /// An object whose members must agree.
    Ruled(&'static [Member], fn(&Map<String, Value>) -> MemberFlaw),
    /// Several forms; the second is asked if the value is an object.
    TextOrObject(&'static Shape, &'static Shape),
    /// Any JSON of at most so many bytes.
    Free(usize),
}

pub(super) const fn field(name: &'static str, shape: Shape) -> FieldSpec {
    FieldSpec { name, elements: Elements::None, required: false, shape }
}

pub(super) const fn needed(name: &'static str, shape: Shape) -> FieldSpec {
    FieldSpec { name, elements: Elements::None, required: true, shape }
}

pub(super) const fn list(name: &'static str, elements: Elements, shape: Shape) -> FieldSpec {
    FieldSpec { name, elements, required: false, shape }
}

pub(super) const fn must(name: &'static str, shape: Shape) -> Member {
    Member { name, required: true, shape }
}

pub(super) const fn may(name: &'static str, shape: Shape) -> Member {
    Member { name, required: false, shape }
}

/// A text that says something.
pub(super) const fn text(max: usize) -> Shape {
    Shape::Text { max, blank: false }
}

/// A text that may be left empty.
pub(super) const fn note(max: usize) -> Shape {
    Shape::Text { max, blank: true }
}

pub(super) const fn int(min: i64, max: i64) -> Shape {
    Shape::Int { min, max }
}

impl Shape {
    /// Adds what is wrong with a value at a place.
    pub(super) fn check(&self, value: &Value, place: &Place<'_>, flaws: &mut Vec<Flaw>) {
        match self {
            Self::List { of, max } => check_list(of, *max, value, place, flaws),
            Self::Object(members) => check_object(members, value, place, flaws),
            Self::Ruled(members, rule) => {
                let before = flaws.len();
                check_object(members, value, place, flaws);
                if flaws.len() == before
                    && let Some((member, detail)) = value.as_object().and_then(rule)
                {
                    flaws.push(Flaw::invalid(place.member(member).pointer(), detail));
                }
            }
            Self::TextOrObject(text, object) => {
                let shape = if value.is_object() { object } else { text };
                shape.check(value, place, flaws);
            }
            _ => flaws.extend(self.scalar_flaw(value).map(|detail| Flaw::invalid(place.pointer(), detail))),
        }
    }

    fn scalar_flaw(&self, value: &Value) -> Option<String> {
        let written = |holds: fn(&str) -> bool, rule: &str| {
            (!value.as_str().is_some_and(holds)).then(|| format!("must be {rule}"))
        };
        match self {
            Self::Bool => (!value.is_boolean()).then(|| "must be true or false".to_owned()),
            Self::True => (value != &Value::Bool(true)).then(|| "must be true, or null to remove".to_owned()),
            Self::Date => written(is_date, "a date from 2000 to 2100, written as 2026-11-17"),
            Self::Moment => {
                written(is_moment, "a time with its offset, written as 2026-11-17T10:31:12+08:00")
            }
            Self::HourMinute => written(is_hour_minute, "a time of day, written as 08:30"),
            Self::Id => written(|text| Uuid::try_parse(text).is_ok(), "a UUID"),
            Self::Written(holds, rule) => written(*holds, rule),
            Self::Text { max, blank } => match value.as_str() {
                None => Some("must be a text".to_owned()),
                Some(text) => text_flaw(text, *max, *blank),
            },
            Self::Int { min, max } => {
                let fits = value.as_i64().is_some_and(|number| (*min..=*max).contains(&number));
                (!fits).then(|| format!("must be an integer from {min} to {max}"))
            }
            Self::OneOf(names) => {
                let named = value.as_str().is_some_and(|text| names.contains(&text));
                (!named).then(|| format!("must be one of {}", names.join(", ")))
            }
            Self::Pair(min, max) => {
                let ends = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let fits = matches!(ends, [from, to] if from.as_i64().zip(to.as_i64())
                    .is_some_and(|(from, to)| *min <= from && from <= to && to <= *max));
                (!fits).then(|| format!("must be two integers from {min} to {max}, the smaller first"))
            }
            Self::Free(max) => {
                (value.to_string().len() > *max).then(|| format!("must be at most {max} bytes of JSON"))
            }
            Self::List { .. } | Self::Object(_) | Self::Ruled(..) | Self::TextOrObject(..) => None,
        }
    }
}

fn check_list(of: &Shape, max: usize, value: &Value, place: &Place<'_>, flaws: &mut Vec<Flaw>) {
    match value.as_array() {
        None => flaws.push(Flaw::invalid(place.pointer(), "must be a list")),
        Some(items) if items.len() > max => {
            flaws.push(Flaw::invalid(place.pointer(), format!("must have at most {max} items")));
        }
        Some(items) => {
            for (index, item) in items.iter().enumerate() {
                of.check(item, &place.member(&index.to_string()), flaws);
            }
        }
    }
}

/// `null` is the same as an absent member.
fn check_object(members: &[Member], value: &Value, place: &Place<'_>, flaws: &mut Vec<Flaw>) {
    let Some(object) = value.as_object() else {
        flaws.push(Flaw::invalid(place.pointer(), "must be an object"));
        return;
    };
    for member in members {
        let at = place.member(member.name);
        match object.get(member.name) {
            None | Some(Value::Null) if member.required => {
                flaws.push(Flaw::invalid(at.pointer(), "required"));
            }
            None | Some(Value::Null) => {}
            Some(value) => member.shape.check(value, &at, flaws),
        }
    }
    let strange = object.keys().filter(|key| !members.iter().any(|member| member.name == key.as_str()));
    flaws.extend(strange.map(|key| Flaw::unknown(place.member(key).pointer(), "there is no such member")));
}

pub(super) fn text_flaw(text: &str, max: usize, blank: bool) -> Option<String> {
    if !blank && text.trim().is_empty() {
        Some("must not be blank".to_owned())
    } else if text.chars().count() > max {
        Some(format!("must be at most {max} characters"))
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some("must have no control characters but new line and tab".to_owned())
    } else {
        None
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok_and(|date| (2000..=2100).contains(&date.year()))
}

fn is_moment(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T')
        && DateTime::parse_from_rfc3339(text).is_ok_and(|at| (2000..=2100).contains(&at.year()))
}

fn is_hour_minute(text: &str) -> bool {
    text.len() == 5 && NaiveTime::parse_from_str(text, "%H:%M").is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(shape: &Shape, value: &Value) -> bool {
        let mut flaws = Vec::new();
        shape.check(value, &Place::top("set").member("field"), &mut flaws);
        flaws.is_empty()
    }

    #[test]
    fn dates_and_times_are_real_ones_of_this_century() {
        assert!(holds(&Shape::Date, &json!("2028-02-29")));
        for text in ["2026-02-29", "1999-12-31", "2101-01-01", "2026-9-1", "2026-09-01T00:00:00Z"] {
            assert!(!holds(&Shape::Date, &json!(text)), "{text}");
        }
        assert!(holds(&Shape::Moment, &json!("2026-11-17T10:31:12.5+08:00")));
        for text in ["2026-11-17T10:31:12", "2026-11-17 10:31:12+08:00", "2026-11-17"] {
            assert!(!holds(&Shape::Moment, &json!(text)), "{text}");
        }
        assert!(holds(&Shape::HourMinute, &json!("08:30")));
        assert!(!holds(&Shape::HourMinute, &json!("8:30")));
    }

    #[test]
    fn texts_say_something_within_bounds_and_without_control_characters() {
        assert!(holds(&text(4), &json!("亮点\n多")));
        for bad in ["", " \u{3000}", "五个字太长", "a\u{0}b", "a\rb"] {
            assert!(!holds(&text(4), &json!(bad)), "{bad:?}");
        }
        assert!(holds(&note(4), &json!("")));
        assert!(!holds(&note(4), &json!(1)));
    }

    #[test]
    fn a_fraction_is_no_integer() {
        assert!(holds(&int(1, 4), &json!(4)));
        for bad in [json!(0), json!(5), json!(2.5), json!("2"), json!(null)] {
            assert!(!holds(&int(1, 4), &bad), "{bad}");
        }
    }

    #[test]
    fn flaws_point_into_lists_and_objects() {
        const ITEM: Shape = Shape::Object(&[must("label", text(4)), may("kind", Shape::Bool)]);
        let shape = Shape::List { of: &ITEM, max: 2 };
        let mut flaws = Vec::new();

        shape.check(
            &json!([{"label": "a"}, {"kind": 1, "a/b": 2}]),
            &Place::top("set").member("periods"),
            &mut flaws,
        );

        let pointers: Vec<_> = flaws.iter().map(|flaw| (flaw.pointer.as_str(), flaw.unknown)).collect();
        assert_eq!(
            pointers,
            [("/set/periods/1/label", false), ("/set/periods/1/kind", false), ("/set/periods/1/a~1b", true)]
        );
    }
}
