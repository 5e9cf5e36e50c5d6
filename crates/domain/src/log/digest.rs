//! What each visit said, in short, and what changed between two editions.
//!
//! The digests travel in the frozen log, so the next edition is compared by bytes alone: no visit of
//! the earlier one has to be read again, and none could have been altered meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::VisitId;
use crate::log::Place;
use crate::log::gathered::{Gathered, Seen};
use crate::verdict::Verdict;
use crate::visit::Slot;

/// Bytes of a part's hash that are kept: it tells a change, it proves nothing.
const PART_BYTES: usize = 8;

/// What one visit said, as far as the log tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitDigest {
    /// Its slot.
    pub slot: Slot,
    /// The class's name in that week.
    pub class: String,
    /// The inspector's name.
    pub inspector: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Part → the first 8 bytes of the SHA-256 of its JSON, in hex; empty parts are left out.
    pub content: BTreeMap<ContentPart, String>,
}

/// The parts of a visit that a log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentPart {
    /// What was planned, as the verdict saw it.
    Planned,
    /// What was seen.
    Observed,
    /// Ratings and their rubric.
    Ratings,
    /// 亮点.
    Highlights,
    /// 待改进之处.
    Improvements,
    /// 存在问题.
    Findings,
    /// Whether it was marked in bulk.
    Bulk,
    /// Whether the teacher contests it, and how far that has come.
    Objection,
}

/// How a visit differs between two editions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Not in the edition before (补录).
    Added,
    /// In both, with a difference (更正).
    Changed,
    /// No longer in it: withdrawn, or moved to another week.
    Withdrawn,
}

/// What of a visit is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedField {
    /// Class, date or period.
    Slot,
    /// The inspector's name.
    Inspector,
    /// The verdict.
    Verdict,
    /// A part of the content.
    #[serde(untagged)]
    Content(ContentPart),
}

/// One visit that differs between two editions, as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeEntry {
    /// How it differs.
    pub kind: ChangeKind,
    /// The visit.
    pub visit: VisitId,
    /// Where and when; for a withdrawn visit, where it was.
    pub place: Place,
    /// Who made it.
    pub inspector: String,
    /// What is different; empty unless changed.
    pub fields: Vec<ChangedField>,
    /// The verdict before; none for an added visit.
    pub verdict_before: Option<Verdict>,
    /// The verdict now; none for a withdrawn visit.
    pub verdict_after: Option<Verdict>,
}

/// What was added, changed and withdrawn, in the order of slots, then of visit ids.
pub fn changes(
    before: &BTreeMap<VisitId, VisitDigest>,
    after: &BTreeMap<VisitId, VisitDigest>,
) -> Vec<ChangeEntry> {
    let gone = before.iter().filter(|(visit, _)| !after.contains_key(visit));
    let gone = gone.map(|(visit, was)| entry(*visit, Some(was), None, was));
    let here = after.iter().filter(|(visit, is)| before.get(visit) != Some(is));
    let here = here.map(|(visit, is)| entry(*visit, before.get(visit), Some(is), is));
    let mut entries: Vec<ChangeEntry> = gone.chain(here).collect();
    entries.sort_by(|a, b| (&a.place, a.visit).cmp(&(&b.place, b.visit)));
    entries
}

pub(super) fn digests(week: &Gathered<'_>) -> BTreeMap<VisitId, VisitDigest> {
    week.visits.iter().map(|seen| (seen.id(), digest(week, seen))).collect()
}

fn entry(
    visit: VisitId,
    before: Option<&VisitDigest>,
    after: Option<&VisitDigest>,
    shown: &VisitDigest,
) -> ChangeEntry {
    let (kind, fields) = match (before, after) {
        (Some(was), Some(is)) => (ChangeKind::Changed, differences(was, is)),
        (Some(_), None) => (ChangeKind::Withdrawn, Vec::new()),
        (None, _) => (ChangeKind::Added, Vec::new()),
    };
    let Slot { date, period, class: _ } = shown.slot.clone();
    ChangeEntry {
        kind,
        visit,
        place: Place { date, period, class: shown.class.clone() },
        inspector: shown.inspector.clone(),
        fields,
        verdict_before: before.map(|was| was.verdict),
        verdict_after: after.map(|is| is.verdict),
    }
}

fn differences(was: &VisitDigest, is: &VisitDigest) -> Vec<ChangedField> {
    let VisitDigest { slot, class, inspector, verdict, content } = was;
    let own = [
        (*slot != is.slot || *class != is.class, ChangedField::Slot),
        (*inspector != is.inspector, ChangedField::Inspector),
        (*verdict != is.verdict, ChangedField::Verdict),
    ];
    let own = own.into_iter().filter_map(|(differs, field)| differs.then_some(field));
    let parts = content.keys().chain(is.content.keys()).collect::<BTreeSet<_>>();
    let parts = parts.into_iter().filter(|part| content.get(part) != is.content.get(part));
    own.chain(parts.map(|part| ChangedField::Content(*part))).collect()
}

fn digest(week: &Gathered<'_>, seen: &Seen<'_>) -> VisitDigest {
    let (logged, visit) = (seen.logged, seen.logged.visit);
    let rated = !visit.ratings.is_empty();
    let parts = [
        (ContentPart::Planned, part(&(logged.planned_subject, logged.planned_teacher), true)),
        (ContentPart::Observed, part(&visit.observed, visit.observed.is_some())),
        (ContentPart::Ratings, part(&(visit.rubric, &visit.ratings), rated)),
        (ContentPart::Highlights, part(&visit.highlights, !visit.highlights.is_empty())),
        (ContentPart::Improvements, part(&visit.improvements, !visit.improvements.is_empty())),
        (ContentPart::Findings, part(&visit.findings, !visit.findings.is_empty())),
        (ContentPart::Bulk, part(&visit.bulk, visit.bulk)),
        (ContentPart::Objection, part(&logged.objection, logged.objection.is_some())),
    ];
    VisitDigest {
        slot: seen.slot.clone(),
        class: week.class_name(seen.slot.class),
        inspector: logged.inspector_name.clone(),
        verdict: logged.verdict,
        content: parts.into_iter().filter_map(|(name, hash)| Some((name, hash?))).collect(),
    }
}

fn part(value: &impl Serialize, told: bool) -> Option<String> {
    let json = || serde_json::to_vec(value).expect("a visit's parts have text keys only");
    told.then(|| hex(&Sha256::digest(json())[..PART_BYTES]))
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |of: u8| char::from(b"0123456789abcdef"[usize::from(of)]);
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    text
}
