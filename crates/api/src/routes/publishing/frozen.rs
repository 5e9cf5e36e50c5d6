//! An edition as it is frozen, and what every phone of the school hears of it.

use std::collections::BTreeSet;

use serde_json::json;
use xunke_domain::fields::Fields;
use xunke_domain::log::WeeklyLog;
use xunke_domain::log::edition::{Edition, TermLink, freeze};
use xunke_domain::log::proof::root;
use xunke_domain::log::public::public;
use xunke_domain::record_type::RecordType;
use xunke_storage::Tx;
use xunke_storage::editions::StoredEdition;
use xunke_storage::intake::server::{ServerWrite, ServerWritten};
use xunke_storage::weeks::WeekMaterial;
use xunke_sync::derived_id::derived_id;
use xunke_sync::record::Seq;

use super::prepared::Prepared;
use super::publisher::Publisher;
use crate::app::App;
use crate::instant::{at, instant};
use crate::problem::ApiError;

/// The chain of weeks that lie in no term.
const OUTSIDE: &str = "-";

/// Freezes what was prepared, in the chains of its week and its term.
pub(super) async fn freeze_next(
    tx: &Tx,
    publisher: &Publisher<'_>,
    Prepared { material, newest, draft }: Prepared,
    remarks: Option<String>,
    now: i64,
) -> Result<(Edition, StoredEdition), ApiError> {
    let (school, week) = (material.school.id, draft.log.week);
    let term = material.book.semester_of(week.monday());
    let term = term.map_or_else(|| OUTSIDE.to_owned(), |term| format!("{}-{}", term.school_year, term.term));
    let before = tx.term_head(school, &term).await?;
    let hash = |hash: &str| hash.parse().map_err(|_| ApiError::Internal);
    let in_term = TermLink {
        term,
        place: before.as_ref().map_or(1, |(place, _)| place + 1),
        previous: before.map(|(_, newest)| hash(&newest)).transpose()?,
    };
    let edition = Edition {
        school,
        week,
        number: draft.number,
        published_at: at(now).fixed_offset(),
        published_by: publisher.name(),
        by_rule: publisher.is_rule(),
        remarks,
        previous: newest.map(|newest| hash(&newest.hash)).transpose()?,
        in_term: Some(in_term),
        visits_root: Some(root(&draft.log.visit_digests)),
        changes: draft.changes,
        log: draft.log,
    };
    let stored = frozen(&edition, &material, publisher, now)?;
    Ok((edition, stored))
}

fn frozen(
    edition: &Edition,
    material: &WeekMaterial,
    publisher: &Publisher<'_>,
    now: i64,
) -> Result<StoredEdition, ApiError> {
    let frozen = freeze(edition);
    let teachers: BTreeSet<String> =
        material.book.teachers.values().map(|teacher| teacher.name.clone()).collect();
    let text = |bytes| String::from_utf8(bytes).map_err(|_| ApiError::Internal);
    Ok(StoredEdition {
        stream: edition.school,
        week: edition.week,
        number: edition.number,
        hash: frozen.hash.as_str().to_owned(),
        previous: edition.previous.as_ref().map(|hash| hash.as_str().to_owned()),
        bytes: text(frozen.bytes)?,
        public_bytes: serde_json::to_string(&public(edition, &teachers)).map_err(|_| ApiError::Internal)?,
        published_by: publisher.id(),
        published_at: now,
        head: material.school.head,
        overtaken: false,
        in_term: edition.in_term.as_ref().map(|link| (link.term.clone(), link.place)),
        withdrawn: None,
    })
}

/// The summary that flows to every phone of the school as a `published_log` record; gives its seq.
pub(super) async fn announce(
    app: &App,
    tx: &Tx,
    publisher: &Publisher<'_>,
    edition: &Edition,
    stored: &StoredEdition,
) -> Result<Seq, ApiError> {
    let WeeklyLog { visits, visited_slots, planned_slots, consistency, .. } = &edition.log;
    let summary = [
        ("week", json!(edition.week)),
        ("edition", json!(edition.number)),
        ("content_hash", json!(stored.hash)),
        ("published_at", json!(instant(stored.published_at))),
        ("visits", json!(visits)),
        ("visited_slots", json!(visited_slots)),
        ("planned_slots", json!(planned_slots)),
        ("consistency", json!({"checked": consistency.checked, "consistent": consistency.consistent})),
    ];
    let set: Fields =
        summary.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect();
    let id = derived_id(&[
        b"published_log",
        edition.school.into_uuid().as_bytes(),
        edition.week.to_string().as_bytes(),
    ]);
    let kind = RecordType::PublishedLog;
    let write = ServerWrite { stream: edition.school, kind, id, set, author: publisher.id(), expected: None };
    match app.store.write_in(tx, &write, stored.published_at).await? {
        ServerWritten::Done(record) => Ok(record.seq),
        refused => {
            tracing::error!(?refused, "a published log could not be announced");
            Err(ApiError::Internal)
        }
    }
}
