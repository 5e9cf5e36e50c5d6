//! A timetable version undone as one unit with what came with it, as long as nothing depends on it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::flaw::Flaw;
use xunke_domain::ids::{SchoolId, TimetableId};
use xunke_domain::record_type::RecordType;
use xunke_domain::timetable_undo::{Dependent, NEVER, dependents, slot_in_words, unused};
use xunke_storage::Tx;
use xunke_storage::audit::AuditEntry;
use xunke_storage::intake::server::ServerWrite;
use xunke_storage::records::StoredRecord;

use super::keeping::{self, refusal};
use super::timetables::TimetableView;
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::ApiPath;
use crate::problem::{ApiError, Problem};

const KIND: RecordType = RecordType::Timetable;
/// Most of what depends on a version that a problem names.
const NAMED: usize = 200;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(timetable_undo))
}

/// What the undoing of a version has done.
#[derive(Serialize, ToSchema)]
pub struct TimetableUndone {
    /// The version; `retired` on its first day, so that it was never in force.
    #[schema(value_type = TimetableView)]
    timetable: Value,
    /// Visits that are judged otherwise now, or find another lesson; 0 where it had been undone before.
    judged_again: usize,
    /// Classes, teachers and subjects that had come with it, and are gone with it.
    withdrawn: BTreeSet<Uuid>,
    /// Those that something else uses by now, and that stay.
    kept: BTreeSet<Uuid>,
}

/// Undo a timetable version, such as an import of the wrong file
///
/// As one unit: the version counts as never having been in force, what was added to the school for it goes too unless
/// something else uses it, and visits are judged by the version before it again. Refused while a published week has
/// visits that it has judged, or while lesson changes filed since are for its lessons. Undoing it twice is undoing it
/// once; the same file can be imported again.
#[utoipa::path(post, path = "/api/v1/schools/{school}/timetables/{id}/undo", tag = "reference",
    params(("school" = Uuid, Path), ("id" = Uuid, Path)), responses(
    (status = 200, body = TimetableUndone, description = "Undone"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`depended-on`: by what, `errors` names"),
))]
async fn timetable_undo(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
) -> Result<Json<TimetableUndone>, ApiError> {
    let (stream, version) = (here.school.id, TimetableId::from_uuid(id));

    let tx = app.store.begin().await?;
    let record = tx.record_find(stream, KIND, id).await?;
    let record = record.filter(|record| !record.erased).ok_or(ApiError::NotFound)?;
    let before = app.store.book_in(&tx, stream).await?.ok_or(ApiError::NotFound)?;
    let Some(timetable) = before.timetables.get(&version) else { return Err(ApiError::NotFound) };
    let valid_from = timetable.valid_from;
    if timetable.retired.is_some_and(|retired| retired <= valid_from) {
        return undone(&app, &tx, stream, record, 0).await.map(Json);
    }
    // The write locks the school: nothing that could depend on the version comes between the look and the commit.
    let withdraw = |kind, id, since: NaiveDate| ServerWrite {
        stream,
        kind,
        id,
        set: keeping::fields(kind, json!({"retired": since})).unwrap_or_default(),
        author: caller.id(),
        expected: None,
    };
    let record = keeping::write(&app, &tx, &withdraw(KIND, id, valid_from)).await?;
    let after = app.store.book_in(&tx, stream).await?.ok_or(ApiError::NotFound)?;
    let before = with_version(&after, &before, version);
    let visits = tx.visits_dependent(stream, NEVER).await?;
    let published = tx.edition_heads(stream).await?.into_keys().collect();
    let found = dependents(&before, version, &visits, &published);
    if !found.is_empty() {
        return Err(ApiError::DependedOn(found.iter().take(NAMED).map(|one| named(&before, one)).collect()));
    }
    let judged_again = tx.visits_impact(stream, &before, &after, valid_from).await?.len();
    let gone = unused(&after, version, &added(&record), &visits);
    let gone: Vec<ServerWrite> = gone.into_iter().map(|(id, kind)| withdraw(kind, id, NEVER)).collect();
    let mut head = record.seq;
    if !gone.is_empty() {
        let written = app.store.write_many_in(&tx, stream, &gone, app.clock.millis()).await?;
        head = written.map_err(refusal)?.iter().map(|record| record.seq).max().unwrap_or(head);
    }
    tx.audit_add(AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: app.clock.millis(),
        actor: Some(caller.id()),
        action: "timetable_undo",
        school: Some(stream),
        object: id.to_string(),
        detail: format!("valid from {valid_from}, {judged_again} visits, {} records", gone.len()),
    })
    .await?;
    let answer = undone(&app, &tx, stream, record, judged_again).await?;
    tx.commit().await?;

    app.heads.moved(stream, head);
    Ok(Json(answer))
}

/// The book as it is now, but with the version as it was before.
fn with_version(now: &SchoolBook, before: &SchoolBook, version: TimetableId) -> SchoolBook {
    let mut book = now.clone();
    book.timetables.extend(before.timetables.get(&version).map(|timetable| (version, timetable.clone())));
    book
}

/// The records that were added together with a version.
fn added(version: &StoredRecord) -> BTreeMap<Uuid, RecordType> {
    let there = version.state.registers.iter().filter(|(path, _)| path.name() == "added");
    there
        .filter_map(|(path, register)| {
            Some((path.element()?.parse().ok()?, register.value.as_str()?.parse().ok()?))
        })
        .collect()
}

async fn undone(
    app: &App,
    tx: &Tx,
    stream: SchoolId,
    record: StoredRecord,
    judged_again: usize,
) -> Result<TimetableUndone, ApiError> {
    let added = added(&record);
    let book = app.store.book_in(tx, stream).await?.ok_or(ApiError::NotFound)?;
    let retired = |id: Uuid, kind: RecordType| -> Option<NaiveDate> {
        match kind {
            RecordType::Class => book.classes.iter().find(|(class, _)| class.into_uuid() == id)?.1.retired,
            RecordType::Teacher => book.teachers.iter().find(|(one, _)| one.into_uuid() == id)?.1.retired,
            RecordType::Subject => book.subjects.iter().find(|(one, _)| one.into_uuid() == id)?.1.retired,
            _ => None,
        }
    };
    let (withdrawn, kept) = added.iter().partition::<Vec<_>, _>(|(id, kind)| retired(**id, **kind).is_some());
    let ids = |of: Vec<(&Uuid, &RecordType)>| of.into_iter().map(|(id, _)| *id).collect();
    Ok(TimetableUndone {
        timetable: keeping::view(app, &record),
        judged_again,
        withdrawn: ids(withdrawn),
        kept: ids(kept),
    })
}

/// What depends on the version, as a problem names it.
fn named(book: &SchoolBook, dependent: &Dependent) -> Flaw {
    match dependent {
        Dependent::Visit { visit, slot, week } => Flaw::invalid(
            format!("visits/{visit}"),
            format!(
                "{}: the published log of {week} has judged it by this version",
                slot_in_words(book, slot)
            ),
        ),
        Dependent::Change { change, slot } => Flaw::invalid(
            format!("lesson-changes/{change}"),
            format!("{}: this change was filed for a lesson of this version", slot_in_words(book, slot)),
        ),
    }
}
