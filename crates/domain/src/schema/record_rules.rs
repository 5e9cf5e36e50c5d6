//! What only a whole record can break: required fields, and fields that must agree.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;

use super::shape::Elements;
use super::specs;
use crate::bell::period_key;
use crate::book::{ChangeKind, DayKind, Lesson, Period, TeachingWeek};
use crate::field_read::{decode, elements, lenient};
use crate::fields::Fields;
use crate::flaw::{Flaw, pointer_join};
use crate::record_type::RecordType;
use crate::settings::SchoolSettings;

/// What is wrong with the whole of a record after a merge; pointers begin at the field. Visits are
/// never incomplete: drafts may be partial.
pub fn validate_record(kind: RecordType, state: &Fields) -> Vec<Flaw> {
    let there = |name: &str| state.get(name).is_some_and(|value| !value.is_null());
    let mut flaws: Vec<Flaw> = specs(kind)
        .unwrap_or_default()
        .iter()
        .filter(|spec| spec.required && matches!(spec.elements, Elements::None) && !there(spec.name))
        .map(|spec| Flaw::invalid(pointer_join("", spec.name), "required"))
        .collect();
    match kind {
        RecordType::BellSchedule => bell_schedule(state, &mut flaws),
        RecordType::Timetable => timetable(state, &mut flaws),
        RecordType::Semester => semester(state, &mut flaws),
        RecordType::CalendarDay => calendar_day(state, &there, &mut flaws),
        RecordType::LessonChange => lesson_change(state, &there, &mut flaws),
        RecordType::Rubric => rubric(state, &mut flaws),
        RecordType::Assignment => in_order(state, "from", "to", &mut flaws),
        RecordType::School => school(state, &mut flaws),
        RecordType::Visit
        | RecordType::Class
        | RecordType::Teacher
        | RecordType::Subject
        | RecordType::ProblemCategory
        | RecordType::PublishedLog => {}
    }
    flaws
}

/// A setting that the domain reads must read.
fn school(state: &Fields, flaws: &mut Vec<Flaw>) {
    for (name, value) in elements(state, "settings") {
        if let Err(detail) = SchoolSettings::default().take(name, value) {
            flaws.push(Flaw::invalid(pointer_join("", &format!("settings/{name}")), detail));
        }
    }
}

fn in_order(state: &Fields, first: &str, second: &str, flaws: &mut Vec<Flaw>) {
    let dates = lenient::<NaiveDate>(state, first).zip(lenient::<NaiveDate>(state, second));
    if dates.is_some_and(|(first, second)| second < first) {
        flaws.push(Flaw::invalid(pointer_join("", second), format!("must not be before {first}")));
    }
}

fn bell_schedule(state: &Fields, flaws: &mut Vec<Flaw>) {
    in_order(state, "valid_from", "valid_to", flaws);
    let mut seen = BTreeSet::new();
    for (index, period) in lenient::<Vec<Period>>(state, "periods").into_iter().flatten().enumerate() {
        let at = pointer_join("/periods", &index.to_string());
        if period.end <= period.start {
            flaws.push(Flaw::invalid(pointer_join(&at, "end"), "must be after start"));
        }
        if !seen.insert(period_key(&period.label)) {
            flaws.push(Flaw::invalid(pointer_join(&at, "label"), "another period has this label"));
        }
    }
}

/// Parallel groups share a cell; the same subject twice in it is a slip.
fn timetable(state: &Fields, flaws: &mut Vec<Flaw>) {
    for (class, value) in elements(state, "grid") {
        let lessons: Vec<Lesson> = decode(value).unwrap_or_default();
        let mut seen: Vec<(u32, String, &Lesson)> = Vec::with_capacity(lessons.len());
        for (index, lesson) in lessons.iter().enumerate() {
            let key = period_key(&lesson.period);
            let again = seen.iter().any(|(weekday, period, other)| {
                *weekday == lesson.weekday
                    && *period == key
                    && other.subject == lesson.subject
                    && other.weeks.overlaps(lesson.weeks)
            });
            if again {
                let at = pointer_join(&pointer_join("", &format!("grid/{class}")), &index.to_string());
                flaws.push(Flaw::invalid(at, "the same subject is already in this cell"));
            }
            seen.push((lesson.weekday, key, lesson));
        }
    }
}

fn semester(state: &Fields, flaws: &mut Vec<Flaw>) {
    in_order(state, "first_day", "last_day", flaws);
    in_order(state, "week_one", "last_day", flaws);
    let monday = |date: NaiveDate| date.weekday() == Weekday::Mon;
    if lenient(state, "week_one").is_some_and(|date| !monday(date)) {
        flaws.push(Flaw::invalid("/week_one", "must be a Monday"));
    }
    let mut weeks: Vec<(u32, NaiveDate)> = elements(state, "weeks")
        .filter_map(|(number, week)| Some((number.parse().ok()?, decode::<TeachingWeek>(week).ok()?.start)))
        .collect();
    weeks.sort_unstable();
    let mut before: Option<NaiveDate> = None;
    for (number, start) in weeks {
        let at = pointer_join(&pointer_join("", &format!("weeks/{number}")), "start");
        if !monday(start) {
            flaws.push(Flaw::invalid(at, "must be a Monday"));
        } else if before.is_some_and(|before| start <= before) {
            flaws.push(Flaw::invalid(at, "must be after the weeks before it"));
        }
        before = Some(start);
    }
}

fn calendar_day(state: &Fields, there: &impl Fn(&str) -> bool, flaws: &mut Vec<Flaw>) {
    match lenient(state, "kind") {
        Some(DayKind::Makeup | DayKind::Swap) if !there("follows_weekday") => {
            flaws.push(Flaw::invalid("/follows_weekday", "required: whose lessons are taught that day"));
        }
        Some(DayKind::HalfDay) if !there("from_period") && !there("to_period") => {
            flaws.push(Flaw::invalid("/to_period", "required, or from_period: which lessons are held"));
        }
        Some(DayKind::Makeup | DayKind::Swap | DayKind::HalfDay | DayKind::Holiday | DayKind::Event)
        | None => {}
    }
}

fn lesson_change(state: &Fields, there: &impl Fn(&str) -> bool, flaws: &mut Vec<Flaw>) {
    match lenient(state, "kind") {
        Some(ChangeKind::Swap) if !there("with") => {
            flaws.push(Flaw::invalid("/with", "required: the lesson it changes places with"));
        }
        Some(ChangeKind::Substitution) if !there("teacher") && !there("subject") => {
            flaws.push(Flaw::invalid("/teacher", "required, or subject: what changes"));
        }
        Some(ChangeKind::Swap | ChangeKind::Substitution | ChangeKind::Cancellation) | None => {}
    }
}

#[derive(Deserialize)]
struct Dimension {
    key: String,
}

fn rubric(state: &Fields, flaws: &mut Vec<Flaw>) {
    let mut seen = BTreeSet::new();
    for (index, dimension) in lenient::<Vec<Dimension>>(state, "dimensions").into_iter().flatten().enumerate()
    {
        if !seen.insert(dimension.key) {
            let at = pointer_join(&pointer_join("/dimensions", &index.to_string()), "key");
            flaws.push(Flaw::invalid(at, "another dimension has this key"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::sample::fields;

    fn pointers(kind: RecordType, value: &Value) -> Vec<String> {
        validate_record(kind, &fields(value)).into_iter().map(|flaw| flaw.pointer).collect()
    }

    #[test]
    fn a_class_needs_its_identity_and_a_visit_needs_nothing() {
        assert_eq!(pointers(RecordType::Class, &json!({"number": null})), ["/cohort", "/number"]);
        assert_eq!(pointers(RecordType::Visit, &json!({})), Vec::<String>::new());
    }

    #[test]
    fn a_setting_that_does_not_read_is_told_with_its_reason() {
        let school = |plan: Value| {
            let school =
                json!({"name": "青禾实验小学", "settings/curriculum_plan": plan, "settings/target": 2});
            pointers(RecordType::School, &school)
        };

        assert_eq!(school(json!("national/2022/6-3")), Vec::<String>::new());
        assert_eq!(school(json!("national/1999/6-3")), ["/settings~1curriculum_plan"]);
    }

    #[test]
    fn periods_have_their_own_labels_and_end_after_they_start() {
        let period = |label: &str, start: &str, end: &str| json!({"label": label, "kind": "lesson", "start": start, "end": end});
        let bell = json!({
            "name": "作息", "valid_from": "2026-09-01", "valid_to": "2026-08-31",
            "periods": [period("第1节", "08:30", "08:30"), period("一", "09:20", "10:00")],
        });

        assert_eq!(
            pointers(RecordType::BellSchedule, &bell),
            ["/valid_to", "/periods/0/end", "/periods/1/label"]
        );
    }

    #[test]
    fn one_subject_stands_once_in_a_cell() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let lesson = |subject, period: &str, weeks: &str| json!({"weekday": 1, "period": period, "subject": subject, "weeks": weeks});
        let timetable = json!({"name": "A", "valid_from": "2026-09-01", format!("grid/{one}"): [
            lesson(one, "第1节", "all"), lesson(other, "第1节", "all"), lesson(one, "1", "all"),
            lesson(one, "第2节", "odd"), lesson(one, "第2节", "even"),
        ]});

        assert_eq!(pointers(RecordType::Timetable, &timetable), [format!("/grid~1{one}/2")]);
    }

    #[test]
    fn the_dates_of_a_semester_are_in_order() {
        let semester = json!({
            "school_year": "2026-2027", "term": 1, "week_one": "2026-09-01",
            "first_day": "2026-09-01", "last_day": "2026-08-01",
            "weeks/6": {"start": "2026-10-12"}, "weeks/7": {"start": "2026-10-05"}, "weeks/8": {"start": "2026-10-20"},
        });

        assert_eq!(
            pointers(RecordType::Semester, &semester),
            ["/last_day", "/last_day", "/week_one", "/weeks~17/start", "/weeks~18/start"]
        );
    }

    #[test]
    fn each_kind_of_day_and_change_brings_what_it_needs() {
        let day =
            |kind: &str| pointers(RecordType::CalendarDay, &json!({"date": "2026-09-20", "kind": kind}));
        let change = |kind: &str| {
            let change = json!({"kind": kind, "class": Uuid::nil(), "date": "2026-09-20", "period": "1", "status": "filed"});
            pointers(RecordType::LessonChange, &change)
        };

        assert_eq!(day("makeup"), ["/follows_weekday"]);
        assert_eq!(day("half_day"), ["/to_period"]);
        assert_eq!(day("holiday"), Vec::<String>::new());
        assert_eq!(change("swap"), ["/with"]);
        assert_eq!(change("substitution"), ["/teacher"]);
        assert_eq!(change("cancellation"), Vec::<String>::new());
    }

    #[test]
    fn a_rubric_has_each_dimension_once() {
        let twice = json!([{"key": "a", "name": "甲"}, {"key": "a", "name": "乙"}]);

        assert_eq!(
            pointers(RecordType::Rubric, &json!({"name": "量表", "dimensions": twice})),
            ["/dimensions/1/key"]
        );
    }
}
