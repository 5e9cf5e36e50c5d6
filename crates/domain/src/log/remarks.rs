//! Highlights and improvements: two lists of equal rank (domain, section 1, mechanism 4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{SubjectId, VisitId};
use crate::log::Place;
use crate::log::gathered::{Gathered, Seen};
use crate::log::shares::{MIN_SHARE, count};
use crate::log::trace::Trace;

/// A highlight or an improvement, in one shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The visit it was written on.
    pub visit: VisitId,
    /// Who wrote it.
    pub inspector: String,
    /// Where and when.
    #[serde(flatten)]
    pub place: Place,
    /// The subject it belongs to.
    pub subject: String,
    /// Who taught; for highlights only. An improvement names nobody (domain, section 6): those who
    /// may know find the teacher by the visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<String>,
    /// What was written.
    pub text: String,
    /// Tags, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// How often something good was noted where a subject was taught. Not for ranking: who looks for what differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HighlightRate {
    /// Highlights noted in those visits.
    pub highlights: u32,
    /// Visits of lessons of the subject; bulk visits left out.
    pub visits: u32,
    /// Highlights per 10 visits, 1 decimal; none below 5 visits.
    pub per_ten: Option<f64>,
}

/// Remarks by the name of their subject, each list in the order of slots and visits.
pub(super) type BySubject = BTreeMap<String, Vec<Remark>>;

/// Highlights by subject; protected subjects are listed even without any.
pub(super) fn highlights(week: &Gathered<'_>, trace: &mut Trace) -> BySubject {
    let mut lists: BySubject = week.protected_subjects().map(|name| (name.to_owned(), Vec::new())).collect();
    for seen in &week.visits {
        for highlight in seen.logged.visit.highlights.values() {
            let remark = Remark {
                teacher: week.teacher_name(seen.teacher_seen()),
                tags: highlight.tags.clone(),
                ..remark(week, seen, highlight.subject, &highlight.text)
            };
            trace.visit(format_args!("highlights.{}", remark.subject), seen.id());
            lists.entry(remark.subject.clone()).or_default().push(remark);
        }
    }
    in_order(lists)
}

/// Improvements by subject; protected subjects are listed even without any.
pub(super) fn improvements(week: &Gathered<'_>, trace: &mut Trace) -> BySubject {
    let mut lists: BySubject = week.protected_subjects().map(|name| (name.to_owned(), Vec::new())).collect();
    for seen in &week.visits {
        for improvement in seen.logged.visit.improvements.values() {
            let remark = remark(week, seen, None, &improvement.text);
            trace.visit(format_args!("improvements.{}", remark.subject), seen.id());
            lists.entry(remark.subject.clone()).or_default().push(remark);
        }
    }
    in_order(lists)
}

/// Highlights per 10 visits by subject (domain, section 7, formula 6); the subjects are those visited and those that
/// are protected or have a highlight. Numerator and denominator speak of the same visits: those not marked in bulk, by
/// the subject given.
pub(super) fn highlight_rates(
    week: &Gathered<'_>,
    highlights: &BySubject,
    trace: &mut Trace,
) -> BTreeMap<String, HighlightRate> {
    let mut rates: BTreeMap<String, HighlightRate> =
        highlights.keys().map(|subject| (subject.clone(), HighlightRate::default())).collect();
    let mut taught: BTreeMap<Option<SubjectId>, Vec<&Seen<'_>>> = BTreeMap::new();
    for seen in week.visits.iter().filter(|seen| !seen.logged.visit.bulk) {
        taught.entry(seen.subject_given()).or_default().push(seen);
    }
    for (subject, visits) in taught {
        let subject = week.subject_name(subject);
        for seen in &visits {
            trace.visit(format_args!("taught.{subject}"), seen.id());
        }
        let rate = rates.entry(subject).or_default();
        rate.visits += count(visits.len());
        rate.highlights += visits.iter().map(|seen| count(seen.logged.visit.highlights.len())).sum::<u32>();
    }
    for rate in rates.values_mut().filter(|rate| rate.visits >= MIN_SHARE) {
        rate.per_ten = Some((f64::from(rate.highlights) * 100.0 / f64::from(rate.visits)).round() / 10.0);
    }
    rates
}

/// How many remarks there are.
pub(super) fn total(lists: &BySubject) -> u32 {
    count(lists.values().map(Vec::len).sum())
}

fn remark(week: &Gathered<'_>, seen: &Seen<'_>, subject: Option<SubjectId>, text: &str) -> Remark {
    Remark {
        visit: seen.id(),
        inspector: seen.logged.inspector_name.clone(),
        place: week.place(seen.slot),
        subject: week.subject_name(subject.or(seen.subject_given())),
        teacher: None,
        text: text.to_owned(),
        tags: Vec::new(),
    }
}

/// The visits come by id; a stable sort keeps that order, and that of the elements, within a slot.
fn in_order(mut lists: BySubject) -> BySubject {
    for list in lists.values_mut() {
        list.sort_by(|a, b| a.place.cmp(&b.place).then(a.visit.cmp(&b.visit)));
    }
    lists
}
