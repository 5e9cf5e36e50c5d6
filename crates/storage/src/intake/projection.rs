//! The visits projection: written in the transaction of its record, rebuilt by judging again.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone, Timelike};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::class_name::grade_of;
use xunke_domain::fields::FieldSource;
use xunke_domain::ids::{ClassId, SubjectId, TeacherId, VisitId};
use xunke_domain::judge::judge;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{Observed, Slot, Visit};
use xunke_domain::week::Week;

use crate::entity::visit;
use crate::records::StoredRecord;
use crate::{StoreError, Tx};

/// How a visit first arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// When, milliseconds.
    pub(super) at: i64,
    /// The sender's clock minus ours then, milliseconds.
    pub(super) offset: Option<i64>,
}

/// What the book says of a visit now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) verdict: Option<Verdict>,
    pub(super) planned_subject: Option<SubjectId>,
    pub(super) planned_teacher: Option<TeacherId>,
}

/// Judges what was seen; without a slot or an observation there is nothing to judge.
pub(super) fn judged(book: &SchoolBook, slot: Option<&Slot>, observed: Option<&Observed>) -> Judged {
    let (Some(slot), Some(observed)) = (slot, observed) else { return Judged::default() };
    let judgement = judge(book, slot, observed);
    let expected = judgement.lesson_for(observed.subject);
    Judged {
        verdict: Some(judgement.verdict),
        planned_subject: expected.map(|lesson| lesson.subject),
        planned_teacher: expected.and_then(|lesson| lesson.teacher),
    }
}

/// The JSON and database name of a verdict or situation.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> Option<String> {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned))
}

/// Minutes between the chosen period and the device's corrected time of arrival (protocol, section 7).
pub(super) fn off_minutes(
    book: &SchoolBook,
    slot: Option<&Slot>,
    fields: &impl FieldSource,
    offset: Option<i64>,
) -> Option<i64> {
    let slot = slot?;
    let claimed = DateTime::parse_from_rfc3339(fields.field("arrived_at")?.as_str()?).ok()?;
    let arrived = DateTime::from_timestamp_millis(claimed.timestamp_millis() - offset.unwrap_or(0))?;
    let zone = book.zone();
    let arrived = zone.from_utc_datetime(&arrived.naive_utc());
    let days = arrived.date_naive().signed_duration_since(slot.date).num_days();
    let grade = book.classes.get(&slot.class).and_then(|class| grade_of(class, slot.date));
    let period = book.bell_schedule(grade, slot.date)?.period(&slot.period)?;
    let minute = i64::from(arrived.time().num_seconds_from_midnight() / 60) + days * 24 * 60;
    let (start, end) = (minutes(period.start), minutes(period.end));
    Some(if minute < start { start - minute } else { (minute - end).max(0) })
}

fn minutes(time: chrono::NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight() / 60)
}

/// Everything a person may search for, in lower case.
fn search_text(visit: &Visit) -> String {
    let highlights = visit.highlights.values().map(|item| item.text.as_str());
    let improvements = visit.improvements.values().map(|item| item.text.as_str());
    let findings = visit.findings.values().filter_map(|item| item.note.as_deref());
    let categories = visit.findings.values().map(|item| item.category.as_str());
    let texts: Vec<&str> = highlights.chain(improvements).chain(findings).chain(categories).collect();
    lower(texts.join("\n"))
}

/// What `to_lowercase` gives; most texts have letters in ASCII only, and Chinese characters have no case.
fn lower(mut text: String) -> String {
    let caseless = |c: char| {
        matches!(c, '\0'..='\u{7f}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{9fff}'
        | '\u{ff00}'..='\u{ff20}' | '\u{ff5b}'..='\u{ffef}')
    };
    if text.chars().all(caseless) {
        text.make_ascii_lowercase();
        return text;
    }
    text.to_lowercase()
}

fn row(book: &SchoolBook, record: &StoredRecord, arrival: Arrival) -> visit::Model {
    let Arrival { at, offset } = arrival;
    let visit = Visit::from_fields(VisitId::from_uuid(record.id), record.author, &record.state);
    let judged = judged(book, visit.slot.as_ref(), visit.observed.as_ref());
    visit::Model {
        stream: record.stream.into_uuid(),
        id: record.id,
        seq: record.seq,
        inspector: record.author.into_uuid(),
        date: visit.slot.as_ref().map(|slot| slot.date.to_string()),
        week: visit.slot.as_ref().map(|slot| Week::of(slot.date).to_string()),
        period: visit.slot.as_ref().map(|slot| slot.period.clone()),
        class: visit.slot.as_ref().map(|slot| slot.class.into_uuid()),
        planned_subject: judged.planned_subject.map(SubjectId::into_uuid),
        planned_teacher: judged.planned_teacher.map(TeacherId::into_uuid),
        observed_subject: visit.observed.and_then(|seen| seen.subject).map(SubjectId::into_uuid),
        observed_teacher: visit.observed.and_then(|seen| seen.teacher).map(TeacherId::into_uuid),
        situation: visit.observed.and_then(|seen| word(&seen.situation)),
        verdict: judged.verdict.and_then(|verdict| word(&verdict)),
        submitted: visit.submitted_at.is_some() && visit.withdrawn.is_none() && !record.erased,
        withdrawn: visit.withdrawn.is_some(),
        text: search_text(&visit),
        received_at: at,
        clock_offset: offset,
        off_minutes: off_minutes(book, visit.slot.as_ref(), &record.state, offset),
    }
}

impl Tx {
    /// Writes the projections of visits that changed. The time of receipt and the clock's offset stay those of
    /// the first arrival.
    pub(super) async fn visits_project(
        &self,
        book: &SchoolBook,
        records: impl Iterator<Item = &StoredRecord>,
        arrivals: &BTreeMap<Uuid, Arrival>,
        now: i64,
    ) -> Result<(), StoreError> {
        let records: Vec<&StoredRecord> = records.collect();
        let first = self.first_offsets(&records).await?;
        let arrival = |id: &Uuid| {
            let now = arrivals.get(id).copied().unwrap_or(Arrival { at: now, offset: None });
            first.get(id).map_or(now, |offset| Arrival { offset: *offset, ..now })
        };
        self.put_rows(&mut records.into_iter().map(|record| row(book, record, arrival(&record.id)))).await
    }

    /// The clock's offset at the first arrival of those visits that have arrived before. The time a phone says
    /// it arrived is by the clock it had then, whatever clock a later correction comes from.
    async fn first_offsets(
        &self,
        records: &[&StoredRecord],
    ) -> Result<BTreeMap<Uuid, Option<i64>>, StoreError> {
        let mut first = BTreeMap::new();
        // What this transaction made has no projection yet.
        let old: Vec<&StoredRecord> = records.iter().copied().filter(|record| !record.created).collect();
        for chunk in old.chunks(500) {
            let Some(stream) = chunk.first().map(|record| record.stream) else { continue };
            let known: Vec<(Uuid, Option<i64>)> = visit::Entity::find()
                .select_only()
                .columns([visit::Column::Id, visit::Column::ClockOffset])
                .filter(visit::Column::Stream.eq(stream.into_uuid()))
                .filter(visit::Column::Id.is_in(chunk.iter().map(|record| record.id)))
                .into_tuple()
                .all(&self.db)
                .await?;
            first.extend(known);
        }
        Ok(first)
    }
}

/// Reads back the slot of a projection row.
pub(super) fn slot(row: &visit::Model) -> Option<Slot> {
    Some(Slot {
        date: row.date.as_deref()?.parse().ok()?,
        period: row.period.clone()?,
        class: ClassId::from_uuid(row.class?),
    })
}

/// Reads back what a projection row says was seen, to judge it again.
pub(super) fn seen(row: &visit::Model) -> Option<(Slot, Observed)> {
    let slot = slot(row)?;
    let situation = serde_json::from_value(serde_json::Value::String(row.situation.clone()?)).ok()?;
    let observed = Observed {
        subject: row.observed_subject.map(SubjectId::from_uuid),
        teacher: row.observed_teacher.map(TeacherId::from_uuid),
        situation,
    };
    Some((slot, observed))
}

#[cfg(test)]
mod tests {
    use super::lower;

    #[test]
    fn texts_are_lowered_as_the_standard_has_it() {
        let every: String = ('\0'..='\u{1_ffff}').collect();
        let caseless: String = ('\0'..='\u{7f}')
            .chain('\u{2000}'..='\u{206f}')
            .chain('\u{3000}'..='\u{9fff}')
            .chain('\u{ff00}'..='\u{ff20}')
            .chain('\u{ff5b}'..='\u{ffef}')
            .collect();
        for text in [every.as_str(), &caseless, "PPT 与 Pair Work，小结", "ΑΣ ÀÉ"] {
            assert_eq!(lower(text.to_owned()), text.to_lowercase());
        }
    }
}
