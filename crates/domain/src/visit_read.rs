//! A visit read from the fields of its record.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

use crate::field_read::{decode, elements, lenient};
use crate::fields::FieldSource;
use crate::ids::{UserId, VisitId};
use crate::visit::{Regime, Visit, VisitKind};

/// Why a visit no longer counts.
#[derive(Deserialize)]
struct Withdrawn {
    reason: String,
}

impl Visit {
    /// Reads a visit. Writes are validated when they arrive, so what does not read here counts as
    /// absent rather than as an error.
    pub fn from_fields(id: VisitId, author: UserId, fields: &impl FieldSource) -> Self {
        Self {
            id,
            inspector: author,
            kind: lenient(fields, "kind").unwrap_or(VisitKind::Walkthrough),
            regime: lenient(fields, "regime").unwrap_or(Regime::SchoolPatrol),
            slot: lenient(fields, "slot"),
            round: lenient(fields, "round"),
            companions: elements(fields, "companions")
                .filter(|(_, there)| there.as_bool() == Some(true))
                .filter_map(|(user, _)| user.parse().ok())
                .collect(),
            arrived_at: lenient(fields, "arrived_at"),
            left_at: lenient(fields, "left_at"),
            planned: lenient(fields, "planned"),
            observed: lenient(fields, "observed"),
            verdict: lenient(fields, "verdict"),
            rubric: lenient(fields, "rubric"),
            ratings: list(fields, "ratings"),
            highlights: list(fields, "highlights"),
            improvements: list(fields, "improvements"),
            findings: list(fields, "findings"),
            disposition: lenient(fields, "disposition"),
            bulk: lenient(fields, "bulk").unwrap_or(false),
            submitted_at: lenient(fields, "submitted_at"),
            withdrawn: lenient(fields, "withdrawn").map(|withdrawn: Withdrawn| withdrawn.reason),
        }
    }

    /// Whether it may stand in a log: submitted and not withdrawn.
    pub fn is_submitted(&self) -> bool {
        self.submitted_at.is_some() && self.withdrawn.is_none()
    }
}

fn list<T: DeserializeOwned>(fields: &impl FieldSource, name: &str) -> BTreeMap<String, T> {
    elements(fields, name)
        .filter_map(|(element, value)| Some((element.to_owned(), decode(value).ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::sample::fields;
    use crate::visit::{Level, Situation};

    fn visit(value: &serde_json::Value) -> Visit {
        let id = Uuid::from_u128(1);
        Visit::from_fields(VisitId::from_uuid(id), UserId::from_uuid(id), &fields(value))
    }

    #[test]
    fn a_full_visit_is_read() {
        let companion = Uuid::from_u128(9);
        let visit = visit(&json!({
            "kind": "lesson_observation", "regime": "bureau_supervision",
            "slot": {"date": "2026-11-17", "period": "第3节", "class": Uuid::from_u128(3)},
            "observed": {"situation": "lesson", "subject": Uuid::from_u128(4)},
            "ratings/engagement": "good", "ratings/conduct": null,
            "findings/a": {"category": "TT01", "severity": 3, "note": "音乐课上数学练习"},
            "highlights/b": {"text": "练习密度高", "tags": null},
            format!("companions/{companion}"): true,
            "submitted_at": "2026-11-17T10:40:00+08:00",
        }));

        assert_eq!(visit.kind, VisitKind::LessonObservation);
        assert_eq!(visit.slot.as_ref().map(|slot| slot.period.as_str()), Some("第3节"));
        assert_eq!(visit.observed.map(|observed| observed.situation), Some(Situation::Lesson));
        assert_eq!(visit.ratings, BTreeMap::from([("engagement".to_owned(), Level::Good)]));
        assert_eq!(visit.findings["a"].severity, 3);
        assert_eq!(visit.highlights.len(), 1);
        assert_eq!(visit.companions.len(), 1);
        assert!(visit.is_submitted());
    }

    #[test]
    fn a_draft_and_a_withdrawn_visit_are_not_submitted() {
        let at = "2026-11-17T10:40:00+08:00";

        assert!(!visit(&json!({})).is_submitted());
        assert!(!visit(&json!({"submitted_at": at, "withdrawn": {"reason": "记错班级"}})).is_submitted());
        assert!(visit(&json!({"submitted_at": at, "withdrawn": null})).is_submitted());
    }

    #[test]
    fn what_does_not_read_is_absent() {
        let visit = visit(&json!({"slot": 7, "kind": "flyover", "ratings/engagement": 5, "bulk": "yes"}));

        assert_eq!(visit.slot, None);
        assert_eq!(visit.kind, VisitKind::Walkthrough);
        assert!(visit.ratings.is_empty());
        assert!(!visit.bulk);
    }
}
