//! The fields of a visit (architecture, "A visit's fields").

use serde_json::{Map, Value};

use super::shape::{Elements, FieldSpec, MemberFlaw, Shape, field, int, list, may, must, note, text};

/// The longest free text of an item.
const ITEM: usize = 1000;
/// The longest free text of a field.
const FULL: usize = 4000;
/// The longest period label.
pub(super) const LABEL: usize = 40;

pub(super) const FIELDS: &[FieldSpec] = &[
    field("kind", Shape::OneOf(&["walkthrough", "lesson_observation"])),
    field("regime", Shape::OneOf(&["school_patrol", "bureau_supervision"])),
    field("unannounced", Shape::Bool),
    field(
        "selection",
        Shape::Object(&[
            must("how", Shape::OneOf(&["scheduled", "drawn", "targeted", "complaint", "convenience"])),
            may("assignment", Shape::Id),
        ]),
    ),
    field("round", Shape::Id),
    list("companions", Elements::Ids, Shape::True),
    field(
        "slot",
        Shape::Object(&[must("date", Shape::Date), must("period", text(LABEL)), must("class", Shape::Id)]),
    ),
    field("arrived_at", Shape::Moment),
    field("left_at", Shape::Moment),
    field(
        "planned",
        Shape::Object(&[must("timetable", Shape::Id), may("subject", Shape::Id), may("teacher", Shape::Id)]),
    ),
    field(
        "observed",
        Shape::Object(&[
            may("subject", Shape::Id),
            may("teacher", Shape::Id),
            must(
                "situation",
                Shape::OneOf(&[
                    "lesson",
                    "self_study",
                    "no_teacher",
                    "no_class",
                    "assembly",
                    "exam",
                    "activity",
                ]),
            ),
        ]),
    ),
    field(
        "verdict",
        Shape::OneOf(&[
            "as_timetabled",
            "approved_change",
            "official_event",
            "subject_mismatch",
            "teacher_mismatch",
            "self_study",
            "no_teacher",
            "no_lesson_planned",
            "not_verifiable",
        ]),
    ),
    field("rubric", Shape::Id),
    list("ratings", Elements::Any, Shape::OneOf(&["excellent", "good", "fair", "poor"])),
    list(
        "highlights",
        Elements::Any,
        Shape::Object(&[
            must("text", text(ITEM)),
            may("subject", Shape::Id),
            may("tags", Shape::List { of: &text(40), max: 10 }),
        ]),
    ),
    list("improvements", Elements::Any, Shape::Object(&[must("text", text(ITEM))])),
    list(
        "findings",
        Elements::Any,
        Shape::Ruled(
            &[must("category", CATEGORY), must("severity", int(1, 4)), may("note", note(ITEM))],
            grave_needs_note,
        ),
    ),
    field(
        "lesson_plan_check",
        Shape::Object(&[
            must("result", Shape::OneOf(&["present", "missing", "outdated", "mismatched", "not_checked"])),
            may("note", note(ITEM)),
        ]),
    ),
    field(
        "homework_check",
        Shape::Ruled(
            &[must("sampled", int(0, 1000)), must("corrected", int(0, 1000)), may("minutes", int(0, 600))],
            corrected_within_sampled,
        ),
    ),
    field("student_interview", Shape::Object(&[must("asked", int(0, 200)), may("gist", note(FULL))])),
    field(
        "feedback",
        Shape::Object(&[
            must("mode", Shape::OneOf(&["face_to_face", "written", "phone", "meeting", "none"])),
            may("at", Shape::Moment),
            may("text", note(FULL)),
        ]),
    ),
    field(
        "disposition",
        Shape::OneOf(&["none", "onsite_advice", "rectify_notice", "escalate_to_office", "consult_section"]),
    ),
    list("notes", Elements::Any, Shape::Object(&[must("text", text(FULL))])),
    list(
        "photos",
        Elements::Any,
        Shape::Object(&[
            must("sha256", Shape::Written(is_sha256, "64 hexadecimal digits")),
            must("media_type", Shape::OneOf(&["image/jpeg", "image/png", "image/webp"])),
            may("taken_at", Shape::Moment),
        ]),
    ),
    field("bulk", Shape::Bool),
    field("submitted_at", Shape::Moment),
    field("withdrawn", Shape::Object(&[must("reason", text(ITEM))])),
];

/// The code of a problem category, such as `TT01`.
pub(super) const CATEGORY: Shape =
    Shape::Written(is_category, "2 to 16 capital letters, digits or hyphens, such as TT01");

fn is_category(text: &str) -> bool {
    (2..=16).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The one text that may be required offline (domain, section 2.8).
fn grave_needs_note(finding: &Map<String, Value>) -> MemberFlaw {
    let grave = finding.get("severity").and_then(Value::as_u64).is_some_and(|severity| severity >= 3);
    let said = finding.get("note").and_then(Value::as_str).is_some_and(|note| !note.trim().is_empty());
    (grave && !said).then_some(("note", "required from severity 3 on"))
}

fn corrected_within_sampled(check: &Map<String, Value>) -> MemberFlaw {
    let count = |name| check.get(name).and_then(Value::as_u64);
    (count("corrected") > count("sampled")).then_some(("corrected", "must not be more than sampled"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::flaw::Flaw;
    use crate::ids::{UserId, VisitId};
    use crate::record_type::RecordType;
    use crate::sample::fields;
    use crate::schema::validate;
    use crate::visit::Visit;

    fn flaws(value: &Value) -> Vec<Flaw> {
        validate(RecordType::Visit, &fields(value))
    }

    fn pointers(value: &Value) -> Vec<String> {
        flaws(value).into_iter().map(|flaw| flaw.pointer).collect()
    }

    fn full_visit() -> Value {
        let id = Uuid::from_u128(5);
        json!({
            "kind": "walkthrough", "regime": "school_patrol", "unannounced": true,
            "selection": {"how": "drawn", "assignment": id}, "round": id,
            format!("companions/{id}"): true,
            "slot": {"date": "2026-11-17", "period": "第3节", "class": id},
            "arrived_at": "2026-11-17T10:31:12+08:00", "left_at": "2026-11-17T10:36:00+08:00",
            "planned": {"timetable": id, "subject": id, "teacher": null},
            "observed": {"subject": id, "teacher": id, "situation": "lesson"},
            "verdict": "subject_mismatch", "rubric": id,
            "ratings/engagement": "good", "ratings/conduct": "fair",
            "highlights/a": {"text": "练习密度高", "subject": id, "tags": ["情境"]},
            "improvements/b": {"text": "讲得多，练得少"},
            "findings/c": {"category": "TT01", "severity": 3, "note": "音乐课上数学练习，无调课单"},
            "lesson_plan_check": {"result": "present"},
            "homework_check": {"sampled": 10, "corrected": 9, "minutes": 40},
            "student_interview": {"asked": 3, "gist": "本月音乐课有两次改上数学"},
            "feedback": {"mode": "face_to_face", "at": "2026-11-17T11:05:00+08:00", "text": ""},
            "disposition": "rectify_notice", "notes/d": {"text": "器材室未开"},
            "photos/e": {"sha256": "0a".repeat(32), "media_type": "image/jpeg"},
            "bulk": false, "submitted_at": "2026-11-17T10:40:00+08:00", "withdrawn": {"reason": "记错班级"},
        })
    }

    #[test]
    fn a_visit_with_every_field_is_valid_and_reads_whole() {
        let value = full_visit();

        let id = Uuid::nil();
        let visit = Visit::from_fields(VisitId::from_uuid(id), UserId::from_uuid(id), &fields(&value));

        assert_eq!(flaws(&value), []);
        assert!(visit.slot.is_some() && visit.planned.is_some() && visit.observed.is_some());
        assert!(visit.verdict.is_some() && visit.submitted_at.is_some() && visit.withdrawn.is_some());
        assert_eq!((visit.highlights.len(), visit.improvements.len(), visit.findings.len()), (1, 1, 1));
        assert_eq!((visit.ratings.len(), visit.companions.len()), (2, 1));
    }

    #[test]
    fn flaws_point_at_the_member_at_fault() {
        let value = json!({
            "slot": {"date": "2026-13-01", "period": "第3节"},
            "ratings/engagement": "great",
            "observed": {"situation": "lesson", "students": ["张三"]},
        });

        assert_eq!(
            pointers(&value),
            ["/set/observed/students", "/set/ratings~1engagement", "/set/slot/date", "/set/slot/class"]
        );
    }

    #[test]
    fn a_grave_finding_needs_a_note() {
        let finding = |severity: u8, note: &str| {
            pointers(&json!({"findings/a": {"category": "TT01", "severity": severity, "note": note}}))
        };

        assert_eq!(finding(2, ""), Vec::<String>::new());
        assert_eq!(finding(3, " "), ["/set/findings~1a/note"]);
        assert_eq!(finding(4, "已当场制止"), Vec::<String>::new());
        assert_eq!(finding(5, "无"), ["/set/findings~1a/severity"]);
    }

    #[test]
    fn no_more_homework_is_corrected_than_sampled() {
        assert_eq!(
            pointers(&json!({"homework_check": {"sampled": 3, "corrected": 4}})),
            ["/set/homework_check/corrected"]
        );
    }

    #[test]
    fn category_codes_and_hashes_have_their_form() {
        assert!(is_category("TT01") && is_category("LOCAL-7"));
        assert!(!is_category("tt01") && !is_category("T") && !is_category("挤占"));
        assert!(is_sha256(&"f".repeat(64)) && !is_sha256(&"g".repeat(64)));
    }

    #[test]
    fn a_withdrawal_says_why() {
        assert_eq!(pointers(&json!({"withdrawn": {"reason": "  "}})), ["/set/withdrawn/reason"]);
        assert_eq!(pointers(&json!({"withdrawn": true})), ["/set/withdrawn"]);
    }
}
