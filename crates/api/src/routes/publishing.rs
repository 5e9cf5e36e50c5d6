//! Publishing: the next edition of a week is frozen, and announced to every phone of the school.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::district::WeekFigures;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_domain::log::WeeklyLog;
use xunke_domain::log::edition::{Edition, TermLink, freeze};
use xunke_domain::log::proof::root;
use xunke_domain::log::public::public;
use xunke_domain::record_type::RecordType;
use xunke_domain::week::Week;
use xunke_storage::Tx;
use xunke_storage::audit::AuditEntry;
use xunke_storage::editions::StoredEdition;
use xunke_storage::intake::server::{ServerWrite, ServerWritten};
use xunke_storage::published::published_week;
use xunke_storage::weeks::WeekMaterial;
use xunke_sync::derived_id::derived_id;

use super::editions::{EditionView, read_edition};
use super::weeks::next;
use crate::answer::{Once, Tagged};
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath};
use crate::instant::{at, instant};
use crate::problem::{ApiError, Problem};
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(weekly_log_publish))
}

/// What a principal says when publishing.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"remarks": "下周重点：音乐、劳动课表执行；候课。"}))]
pub struct Publish {
    /// 下周巡课重点 and other remarks.
    #[serde(default)]
    pub remarks: Option<String>,
    /// The draft's `as_of`; if visits have arrived since, nothing is published.
    #[serde(default)]
    pub as_of: Option<i64>,
}

/// Publishes the next edition of a week; shared with the pages.
pub async fn publish(
    app: &App,
    caller: &Caller,
    school: SchoolId,
    week: Week,
    Publish { remarks, as_of }: Publish,
    once: Option<&Once>,
) -> Result<StoredEdition, ApiError> {
    let remarks = remarks.filter(|remarks| !remarks.trim().is_empty());
    let remarks = remarks.map(|remarks| text::remark("/remarks", &remarks)).transpose()?;
    let now = app.clock.millis();

    let tx = app.store.begin().await?;
    if let Some(once) = once
        && once.claim(app, &tx).await?.is_some()
    {
        return Err(ApiError::WrongState(ALREADY));
    }
    let material = app.store.week_material_in(&tx, school, week).await?.ok_or(ApiError::NotFound)?;
    if as_of.is_some_and(|as_of| as_of != material.school.head) {
        return Err(ApiError::WrongState("something has arrived since this draft; read it again"));
    }
    let newest = tx.edition_newest(school, week).await?;
    let draft = next(&material, week, newest.as_ref())?;
    let same = |newest: &StoredEdition| read_edition(&newest.bytes).map(|edition| edition.log == draft.log);
    // A change that touches no visit, a holiday entered late say, still changes figures.
    if newest.as_ref().is_some_and(|newest| !newest.overtaken && same(newest).unwrap_or(false)) {
        return Err(ApiError::WrongState("nothing has changed since the newest edition"));
    }
    if newest.is_none() && draft.log.visits == 0 {
        return Err(ApiError::WrongState("no visit of this week has been submitted"));
    }
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
        published_by: caller.account.name.clone(),
        remarks,
        previous: newest.map(|newest| hash(&newest.hash)).transpose()?,
        in_term: Some(in_term),
        visits_root: Some(root(&draft.log.visit_digests)),
        changes: draft.changes,
        log: draft.log,
    };
    let stored = frozen(&edition, &material, caller, now)?;
    tx.edition_add(stored.clone()).await?;
    let first = material.first_published_at.unwrap_or(now);
    let week_of_district = published_week(&stored, first, WeekFigures::from(&edition.log));
    tx.published_week_put(material.school.district, &week_of_district).await?;
    announce(app, &tx, caller, &edition, &stored).await?;
    tx.audit_add(AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: now,
        actor: Some(caller.id()),
        action: "weekly_log_publish",
        school: Some(school),
        object: format!("{week} #{}", stored.number),
        detail: stored.hash.clone(),
    })
    .await?;
    if let Some(once) = once {
        once.keep(&tx, &created(&stored)).await?;
    }
    tx.commit().await?;

    app.heads.moved(school, material.school.head + 1);
    Ok(stored)
}

/// The chain of weeks that lie in no term.
const OUTSIDE: &str = "-";

const ALREADY: &str = "somebody else has just published it";

/// The answer to a publication.
fn created(edition: &StoredEdition) -> Tagged<EditionView> {
    let StoredEdition { stream, week, number, hash, .. } = edition;
    let location = format!("/api/v1/schools/{stream}/weeks/{week}/editions/{number}");
    Tagged::created(hash.as_str(), location, EditionView::from(edition))
}

fn frozen(
    edition: &Edition,
    material: &WeekMaterial,
    caller: &Caller,
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
        published_by: caller.id(),
        published_at: now,
        head: material.school.head,
        overtaken: false,
        in_term: edition.in_term.as_ref().map(|link| (link.term.clone(), link.place)),
        withdrawn: None,
    })
}

/// The summary that flows to every phone of the school as a `published_log` record.
async fn announce(
    app: &App,
    tx: &Tx,
    caller: &Caller,
    edition: &Edition,
    stored: &StoredEdition,
) -> Result<(), ApiError> {
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
    let write = ServerWrite { stream: edition.school, kind, id, set, author: caller.id(), expected: None };
    match app.store.write_in(tx, &write, stored.published_at).await? {
        ServerWritten::Done(_) => Ok(()),
        refused => {
            tracing::error!(?refused, "a published log could not be announced");
            Err(ApiError::Internal)
        }
    }
}

/// Publish the week's log
///
/// Freezes the next edition: its bytes never change. A later or changed visit drafts another.
#[utoipa::path(post, path = "/api/v1/schools/{school}/weeks/{week}/publish", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47")),
    request_body = Publish, responses(
    (status = 201, body = EditionView, description = "Published"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "Nothing to publish, or something arrived since the draft"),
))]
async fn weekly_log_publish(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    headers: HeaderMap,
    ApiPath((_, week)): ApiPath<(Uuid, Week)>,
    ApiJson(body): ApiJson<Publish>,
) -> Result<Response, ApiError> {
    let request = (here.school.id, week, &body.remarks, body.as_of);
    let begin = || Once::begin(&app, caller.id(), &headers, "weekly_log_publish", &request);
    let once = match begin().await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    match publish(&app, &caller, here.school.id, week, body.clone(), Some(&once)).await {
        Ok(edition) => Ok(created(&edition).into_response()),
        // Perhaps it was this very request that published, and its answer was lost.
        Err(error @ (ApiError::WrongState(_) | ApiError::Taken(_))) => match begin().await {
            Err(answered) => answered,
            Ok(_) if matches!(error, ApiError::Taken(_)) => Err(ApiError::WrongState(ALREADY)),
            Ok(_) => Err(error),
        },
        Err(error) => Err(error),
    }
}
