//! Visits as people ask for them. They are written through sync; what REST adds is finding and history.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::fields::FieldPath;
use xunke_domain::ids::{ClassId, SchoolId, SubjectId, TeacherId, UserId, VisitId};
use xunke_domain::record_type::RecordType;
use xunke_domain::verdict::Verdict;
use xunke_domain::week::Week;
use xunke_storage::ledger::LedgerEntry;
use xunke_storage::records::StoredRecord;
use xunke_storage::schools::School;
use xunke_storage::visits::{SlotKey, VisitFilter, VisitRow};

use super::reference::keeping;
use crate::answer::{ShortListParams, Tagged, page_end};
use crate::app::App;
use crate::auth::guard::{Caller, Here, Reach};
use crate::body::{ApiPath, ApiQuery};
use crate::instant::instant;
use crate::problem::ApiError;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(visit_list))
        .routes(routes!(visit_view))
        .routes(routes!(visit_history))
}

/// Which visits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VisitParams {
    /// Of this week, such as `2026-W47`.
    #[param(value_type = Option<String>)]
    week: Option<Week>,
    /// Of this class.
    #[param(value_type = Option<Uuid>)]
    class: Option<ClassId>,
    /// With this teacher planned or seen.
    #[param(value_type = Option<Uuid>)]
    teacher: Option<TeacherId>,
    /// With this subject planned or seen.
    #[param(value_type = Option<Uuid>)]
    subject: Option<SubjectId>,
    /// Made by this person.
    #[param(value_type = Option<Uuid>)]
    inspector: Option<UserId>,
    /// Judged so, such as `subject_mismatch`.
    #[param(value_type = Option<String>)]
    verdict: Option<Verdict>,
    /// With this text in highlights, improvements, findings.
    text: Option<String>,
    /// Where the page before ended.
    cursor: Option<Uuid>,
    /// Most items, 1–200; 50 if not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// A visit with what the server derives.
#[derive(Serialize, ToSchema)]
pub struct VisitView {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: VisitId,
    /// Who made it.
    #[schema(value_type = Uuid)]
    inspector: UserId,
    /// Judged with the timetable in force that day and all approved changes.
    #[schema(value_type = Option<String>)]
    verdict_now: Option<Verdict>,
    /// The subject planned, with approved changes.
    #[schema(value_type = Option<Uuid>)]
    planned_subject: Option<SubjectId>,
    /// The teacher planned, with approved changes.
    #[schema(value_type = Option<Uuid>)]
    planned_teacher: Option<TeacherId>,
    /// When it first arrived, RFC 3339.
    received_at: String,
    /// The device's clock minus the server's then, milliseconds.
    clock_offset: Option<i64>,
    /// More than 20 minutes between the chosen period and the arrival by the corrected clock.
    time_flagged: bool,
    /// Other visits of the same class, date and period: co-observations.
    #[schema(value_type = Vec<Uuid>)]
    co_observations: Vec<VisitId>,
    /// How many conflicts are open on it.
    open_conflicts: i64,
    /// The fields as recorded (`docs`: "A visit's fields").
    #[schema(value_type = Object)]
    fields: Value,
}

/// A page of visits.
#[derive(Serialize, ToSchema)]
pub struct VisitList {
    /// The visits, in the order they were made.
    items: Vec<VisitView>,
    /// Where the next page begins; absent on the last.
    next: Option<Uuid>,
}

/// One write of a visit.
#[derive(Serialize, ToSchema)]
pub struct HistoryEntry {
    /// Its place in the stream.
    seq: Option<i64>,
    /// Who wrote it.
    #[schema(value_type = Uuid)]
    by: UserId,
    /// The device it came from.
    device: String,
    /// The stamp it claimed.
    claimed: Option<String>,
    /// The stamp that counts.
    stamp: Option<String>,
    /// When it arrived, RFC 3339.
    received_at: String,
    /// What it set, field by field.
    changes: Vec<FieldChange>,
}

/// A field before and after a write.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldChange {
    /// The field.
    #[schema(value_type = String)]
    pub field: FieldPath,
    /// What stood there; absent if nothing did.
    pub old: Option<Value>,
    /// What was written.
    pub new: Value,
    /// Whether it became current; `false`: a newer write held the field.
    pub won: bool,
}

/// A visit's writes.
#[derive(Serialize, ToSchema)]
pub struct History {
    /// In the order of arrival.
    items: Vec<HistoryEntry>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// List and search visits
#[utoipa::path(get, path = "/api/v1/schools/{school}/visits", tag = "visits",
    params(("school" = Uuid, Path), VisitParams), responses(
    (status = 200, body = VisitList, description = "An inspector's own, or the school's"),
))]
async fn visit_list(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiQuery(params): ApiQuery<VisitParams>,
) -> Result<axum::Json<VisitList>, ApiError> {
    let VisitParams { week, class, teacher, subject, inspector, verdict, text, cursor, limit } = params;
    let limit = crate::answer::PageParams { cursor, limit }.limit()?;
    let filter =
        VisitFilter { week, class, teacher, subject, inspector, verdict, text, ..VisitFilter::default() };
    let (rows, next) = list(&app, &here, &caller, filter, cursor, limit).await?;
    Ok(axum::Json(VisitList { items: items(&app, &here.school, here.own(&caller), rows).await?, next }))
}

/// A visit with its record.
#[derive(Debug)]
pub struct Found {
    /// What the server knows of it.
    pub row: VisitRow,
    /// Its fields.
    pub record: StoredRecord,
}

/// Visits that the caller may see, a page of them, and where the next page begins; shared with the pages.
pub async fn find(
    app: &App,
    here: &Here,
    caller: &Caller,
    filter: VisitFilter,
    cursor: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Found>, Option<Uuid>), ApiError> {
    let (rows, next) = list(app, here, caller, filter, cursor, limit).await?;
    let mut records = records(app, &here.school, &rows).await?;
    let with_record = |row: VisitRow| records.remove(&row.id.into_uuid()).map(|record| Found { row, record });
    Ok((rows.into_iter().filter_map(with_record).collect(), next))
}

async fn list(
    app: &App,
    here: &Here,
    caller: &Caller,
    filter: VisitFilter,
    cursor: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<VisitRow>, Option<Uuid>), ApiError> {
    let filter = VisitFilter { own: here.own(caller), ..filter };
    let mut rows = app.store.read().visit_list(here.school.id, &filter, cursor, limit + 1).await?;
    let next = page_end(&mut rows, limit, |row| row.id.into_uuid());
    Ok((rows, next))
}

/// Visits with what the server derives; shared with the export.
pub(super) async fn items(
    app: &App,
    school: &School,
    own: Option<UserId>,
    rows: Vec<VisitRow>,
) -> Result<Vec<VisitView>, ApiError> {
    let read = app.store.read();
    let records = records(app, school, &rows).await?;
    let by_slot = read.visits_by_slot(school.id, own, &rows).await?;
    let view =
        |row: VisitRow| records.get(&row.id.into_uuid()).map(|record| view(app, &row, record, &by_slot));
    Ok(rows.into_iter().filter_map(view).collect())
}

/// The records of visits, by id; shared with the export.
pub(super) async fn records(
    app: &App,
    school: &School,
    rows: &[VisitRow],
) -> Result<BTreeMap<Uuid, StoredRecord>, ApiError> {
    let ids = rows.iter().map(|row| row.id.into_uuid()).collect();
    let records = app.store.read().records_by_id(school.id, RecordType::Visit, ids).await?;
    Ok(records.into_iter().map(|record| (record.id, record)).collect())
}

/// `by_slot`: the visits of its slot that the caller may see.
fn view(
    app: &App,
    row: &VisitRow,
    record: &StoredRecord,
    by_slot: &BTreeMap<SlotKey, Vec<VisitId>>,
) -> VisitView {
    let same = row.slot().and_then(|slot| by_slot.get(&slot)).into_iter().flatten();
    let others = same.copied().filter(|other| *other != row.id).collect();
    let mut fields = keeping::view(app, record);
    if let Value::Object(members) = &mut fields {
        members.remove("id");
    }
    VisitView {
        id: row.id,
        inspector: row.inspector,
        verdict_now: row.verdict,
        planned_subject: row.planned_subject,
        planned_teacher: row.planned_teacher,
        received_at: instant(row.received_at),
        clock_offset: row.clock_offset,
        time_flagged: row.is_time_flagged(),
        co_observations: others,
        open_conflicts: record.open_conflicts,
        fields,
    }
}

/// A visit the caller may see, or 404.
pub async fn visible(app: &App, here: &Here, caller: &Caller, id: VisitId) -> Result<StoredRecord, ApiError> {
    let record = app.store.read().record_find(here.school.id, RecordType::Visit, id.into_uuid()).await?;
    record
        .filter(|record| !record.erased && (here.reach == Reach::All || record.concerns(caller.id())))
        .ok_or(ApiError::NotFound)
}

/// One visit
#[utoipa::path(get, path = "/api/v1/schools/{school}/visits/{visit}", tag = "visits",
    params(("school" = Uuid, Path), ("visit" = Uuid, Path)), responses(
    (status = 200, body = VisitView, description = "With its version as `ETag`"),
))]
async fn visit_view(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, VisitId)>,
) -> Result<Tagged<VisitView>, ApiError> {
    let record = visible(&app, &here, &caller, id).await?;
    let read = app.store.read();
    let row = read.visit_find(here.school.id, id).await?.ok_or(ApiError::NotFound)?;
    let own = here.own(&caller);
    let by_slot = read.visits_by_slot(here.school.id, own, std::slice::from_ref(&row)).await?;
    Ok(Tagged::found(record.seq, view(&app, &row, &record, &by_slot)))
}

/// Every write of a visit: who, when, old and new
#[utoipa::path(get, path = "/api/v1/schools/{school}/visits/{visit}/history", tag = "visits",
    params(("school" = Uuid, Path), ("visit" = Uuid, Path), ShortListParams), responses(
    (status = 200, body = History, description = "In the order of arrival"),
))]
async fn visit_history(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, VisitId)>,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<axum::Json<History>, ApiError> {
    visible(&app, &here, &caller, id).await?;
    let items = writes(&app, here.school.id, id).await?.into_iter().map(HistoryEntry::from).collect();
    let (items, next) = page.page(items, |entry: &HistoryEntry| format!("{}", entry.seq.unwrap_or(0)))?;
    Ok(axum::Json(History { items, next }))
}

/// A write of a visit, and what it changed.
#[derive(Debug)]
pub struct Written {
    /// The write.
    pub entry: LedgerEntry,
    /// What it set, field by field.
    pub changes: Vec<FieldChange>,
}

impl From<Written> for HistoryEntry {
    fn from(Written { entry, changes }: Written) -> Self {
        Self {
            seq: entry.seq,
            by: entry.author,
            device: entry.device.to_string(),
            claimed: entry.claimed.map(|stamp| stamp.to_string()),
            stamp: entry.canonical.map(|stamp| stamp.to_string()),
            received_at: instant(entry.received_at),
            changes,
        }
    }
}

/// Every write of a visit, in the order of arrival; shared with the pages. Whether the caller may see the visit
/// is asked before ([`visible`]).
pub async fn writes(app: &App, school: SchoolId, id: VisitId) -> Result<Vec<Written>, ApiError> {
    let entries = app.store.read().ledger_of(school, RecordType::Visit, id.into_uuid()).await?;
    let mut current = BTreeMap::new();
    let written = entries.into_iter().map(|entry| {
        let changes = entry
            .set
            .iter()
            .map(|(path, new)| {
                let standing = current.get(path).cloned();
                let won = standing.as_ref().is_none_or(|(stamp, _)| entry.canonical > *stamp);
                if won {
                    current.insert(path.clone(), (entry.canonical, new.clone()));
                }
                FieldChange {
                    field: path.clone(),
                    old: standing.map(|(_, value)| value),
                    new: new.clone(),
                    won,
                }
            })
            .collect();
        Written { entry, changes }
    });
    Ok(written.collect())
}
