//! Conflicts and held writes in a browser: what people must decide, and deciding it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{UserId, VisitId};
use xunke_domain::record_type::RecordType;
use xunke_domain::visit::Visit;
use xunke_storage::conflicts::{Conflict, ConflictSide};
use xunke_storage::held::HeldWrite;
use xunke_storage::intake::settle::Side;
use xunke_storage::records::StoredRecord;

use super::bar::{Part, Place, bar};
use super::known::Known;
use super::session::Visitor;
use super::{PageError, frame, here, page, see_other};
use crate::app::App;
use crate::auth::guard::{Here, Reach};
use crate::body::{ApiPath, ApiQuery};
use crate::instant::at;
use crate::pages::{self, ConflictItem, HeldItem, SettleView, Settled, SideItem};
use crate::problem::ApiError;
use crate::routes::disagreements::settle;
use crate::routes::held::{admit, discard};

/// Most conflicts, and most held writes, on one page.
const SHOWN: u64 = 100;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/settle", get(settle_page))
        .route("/schools/{school}/conflicts/{conflict}/settle", post(conflict_posted))
        .route("/schools/{school}/held/{held}/admit", post(admit_posted))
        .route("/schools/{school}/held/{held}/discard", post(discard_posted))
}

#[derive(Deserialize)]
struct SettleParams {
    done: Option<String>,
}

async fn settle_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath(id): ApiPath<Uuid>,
    ApiQuery(SettleParams { done }): ApiQuery<SettleParams>,
) -> Result<Response, PageError> {
    let here = here(&app, &visitor, "conflict_list", id).await?;
    let caller = &visitor.caller;
    let read = app.store.read();
    let conflicts = read.conflict_list(here.school.id, here.own(caller), None, SHOWN).await?;
    let all = caller.reach(&app, "held_list", &here.school)? == Reach::All;
    let held = read.held_list(here.school.id, caller.id(), all, true, None, SHOWN).await?;
    let visits = conflicts.iter().map(|conflict| conflict.record).collect::<BTreeSet<_>>();
    let visits = visits.into_iter().collect();
    let records = read.records_by_id(here.school.id, RecordType::Visit, visits).await?;
    let records: BTreeMap<Uuid, StoredRecord> =
        records.into_iter().map(|record| (record.id, record)).collect();
    let mut people: BTreeSet<UserId> =
        conflicts.iter().flat_map(|conflict| [conflict.standing.by, conflict.arrived.by]).collect();
    people.extend(held.iter().map(|held| held.author));
    let known = Known::read(&app, &here.school, &people).await?;
    let desk = Desk { app: &app, visitor: &visitor, here: &here };
    let full = u64::try_from(conflicts.len().max(held.len())).unwrap_or(u64::MAX) >= SHOWN;
    let items: Vec<ConflictItem<'_>> = conflicts
        .iter()
        .filter_map(|conflict| desk.conflict(conflict, records.get(&conflict.record)?))
        .collect();
    let held: Vec<HeldItem<'_>> = held.iter().map(|held| desk.held(held)).collect();
    let bar = bar(&app, &visitor, &here.school, None, Place::On(Part::Settle)).await?;
    let view = SettleView {
        frame: frame!(visitor, Some(&bar)),
        school: &here.school.name,
        done: done.and_then(|word| Settled::ALL.into_iter().find(|done| done.as_str() == word)),
        conflicts: &items,
        held: &held,
        more: full,
        csrf: &visitor.csrf,
        names: known.names(),
    };
    Ok(page(pages::settle_page(&view)?))
}

/// Who decides, and where.
struct Desk<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    here: &'a Here,
}

impl Desk<'_> {
    /// How far the visitor reaches with an operation here.
    fn reach(&self, operation: &str) -> Option<Reach> {
        self.visitor.caller.reach(self.app, operation, &self.here.school).ok()
    }

    fn conflict<'a>(&self, conflict: &'a Conflict, record: &StoredRecord) -> Option<ConflictItem<'a>> {
        let school = self.here.school.id;
        let field = conflict.path.parse().ok()?;
        let may = match self.reach("conflict_settle") {
            Some(Reach::All) => true,
            Some(Reach::Own) => record.may_be_written(self.visitor.caller.id(), [&field]),
            None => false,
        };
        let current = record.state.registers.get(&field).map(|register| &register.value);
        let side = |side: &'static str, of: &'a ConflictSide| SideItem {
            side,
            value: &of.value,
            by: of.by,
            at: at(of.received_at).fixed_offset(),
            current: current == Some(&of.value),
        };
        let visit = Visit::from_fields(VisitId::from_uuid(record.id), record.author, &record.state);
        Some(ConflictItem {
            slot: visit.slot,
            visit_url: format!("/schools/{school}/visits/{}", record.id),
            sides: [side("standing", &conflict.standing), side("arrived", &conflict.arrived)],
            field,
            action: may.then(|| format!("/schools/{school}/conflicts/{}/settle", conflict.id)),
        })
    }

    fn held<'a>(&self, held: &'a HeldWrite) -> HeldItem<'a> {
        let own = held.author == self.visitor.caller.id();
        let may = |operation: &str| match self.reach(operation) {
            Some(Reach::All) => held.stream.is_some() || own && operation == "held_discard",
            Some(Reach::Own) => own,
            None => false,
        };
        let post = |decision: &str| format!("/schools/{}/held/{}/{decision}", self.here.school.id, held.id);
        let body: Value = serde_json::from_str(&held.body).unwrap_or_default();
        let set = body.get("set").cloned().unwrap_or_default();
        HeldItem {
            id: held.id.to_string(),
            by: held.author,
            at: at(held.received_at).fixed_offset(),
            reason: &held.reason,
            pointer: held.pointer.as_deref(),
            set: serde_json::from_value::<Fields>(set).unwrap_or_default(),
            admit: may("held_admit").then(|| post("admit")),
            discard: may("held_discard").then(|| post("discard")),
        }
    }
}

#[derive(Deserialize)]
struct ConflictForm {
    csrf: String,
    side: Side,
}

async fn conflict_posted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, conflict)): ApiPath<(Uuid, Uuid)>,
    Form(form): Form<ConflictForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    let here = here(&app, &visitor, "conflict_settle", id).await?;
    told(id, Settled::Conflict, settle(&app, &visitor.caller, &here, conflict, form.side).await)
}

#[derive(Deserialize)]
struct AdmitForm {
    csrf: String,
}

async fn admit_posted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, held)): ApiPath<(Uuid, Uuid)>,
    Form(form): Form<AdmitForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    told(id, Settled::Admitted, admit(&app, &visitor.caller, held).await)
}

#[derive(Deserialize)]
struct DiscardForm {
    csrf: String,
    reason: String,
}

async fn discard_posted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, held)): ApiPath<(Uuid, Uuid)>,
    Form(form): Form<DiscardForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    told(id, Settled::Discarded, discard(&app, &visitor.caller, held, &form.reason).await)
}

/// Back to the list, with what came of it.
fn told<T>(school: Uuid, done: Settled, result: Result<T, ApiError>) -> Result<Response, PageError> {
    let done = match (result, done) {
        (Ok(_), done) => done,
        (Err(ApiError::WrongState(_)), _) => Settled::Before,
        (Err(ApiError::Invalid(_)), Settled::Admitted) => Settled::Invalid,
        (Err(error), _) => return Err(error.into()),
    };
    Ok(see_other(&format!("/schools/{school}/settle?done={}", done.as_str())))
}
