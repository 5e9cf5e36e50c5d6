//! The visits of a week, and one of them, in a browser.

use std::collections::BTreeSet;
use std::str::FromStr;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::fields::{FieldSource as _, Fields};
use xunke_domain::ids::{UserId, VisitId};
use xunke_domain::judge::judge;
use xunke_domain::log::WeeklyLog;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::Visit;
use xunke_domain::week::Week;
use xunke_storage::feedback::{Feedback, FeedbackOf};
use xunke_storage::visits::VisitFilter;

use super::bar::{Part, Place, bar};
use super::known::Known;
use super::session::Visitor;
use super::{PageError, frame, here, page};
use crate::app::App;
use crate::auth::guard::{Here, Reach};
use crate::body::{ApiPath, ApiQuery};
use crate::instant::at;
use crate::pages::{
    self, ChangeItem, Choices, Chosen, FeedbackItem, ListedVisit, VisitListView, VisitView, WriteItem,
};
use crate::problem::ApiError;
use crate::routes::editions::{edition, read_edition};
use crate::routes::visits::{Found, Written, find, visible, writes};
use crate::routes::weeks::draft;

/// Visits on one page of the list.
const PAGE: usize = 200;
/// Most visits of a week that are counted for the filters.
const COUNTED: u64 = 100_000;
/// Most visits behind a figure that are asked for at once.
const ASKED: usize = 1000;
/// Most pieces of feedback on one visit.
const FEEDBACK: u64 = 100;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/weeks/{week}/visits", get(list_page))
        .route("/schools/{school}/visits/{visit}", get(visit_page))
}

/// What the form of the list sends; what is not chosen is empty.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ListParams {
    class: String,
    inspector: String,
    verdict: String,
    figure: String,
    edition: String,
    cursor: String,
}

/// A value of the form, if there is one.
fn given<T: FromStr>(pointer: &str, text: &str) -> Result<Option<T>, ApiError> {
    let read = || text.parse().map_err(|_| ApiError::invalid(pointer, "it does not read"));
    if text.is_empty() { Ok(None) } else { read().map(Some) }
}

async fn list_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
    ApiQuery(params): ApiQuery<ListParams>,
) -> Result<Response, PageError> {
    let here = here(&app, &visitor, "visit_list", id).await?;
    let number: Option<u32> = given("?edition", &params.edition)?;
    let verdict = Some(params.verdict.clone()).filter(|word| !word.is_empty());
    let verdict: Option<Verdict> = verdict
        .map(|word| serde_json::from_value(word.into()))
        .transpose()
        .map_err(|_| ApiError::invalid("?verdict", "no verdict of this name"))?;
    let chosen = Chosen {
        class: given("?class", &params.class)?,
        inspector: given("?inspector", &params.inspector)?,
        verdict,
        figure: Some(params.figure.as_str()).filter(|key| !key.is_empty()),
        edition: number,
    };
    let log = log(&app, &visitor, &here, week, number).await?;
    if chosen.figure.is_some() && log.is_none() {
        return Err(ApiError::Forbidden.into());
    }
    let cursor: Option<Uuid> = given("?cursor", &params.cursor)?;
    let traced = traced(&chosen, log.as_ref());
    let (found, next) = found(&app, &visitor, &here, week, &chosen, traced, cursor).await?;
    let mut choices = choices(&app, &visitor, &here, week, traced).await?;
    // A list to choose from is short: the cells of the map of coverage are reached from there.
    let listed_as_choice = |key: &str| !key.starts_with("coverage.period.") || chosen.figure == Some(key);
    let traced_figures = log.iter().flat_map(|log| &log.trace);
    choices.figures = traced_figures
        .filter(|(key, _)| listed_as_choice(key))
        .map(|(key, of)| (key.clone(), count(of)))
        .collect();
    let mut people: BTreeSet<UserId> = choices.inspectors.keys().copied().collect();
    people.extend(found.iter().map(|found| found.row.inspector));
    let known = Known::read(&app, &here.school, &people).await?;
    let visits: Vec<ListedVisit> = found.iter().map(listed).collect();
    let base = format!("/schools/{id}/weeks/{week}");
    let log_url = log.as_ref().map(|_| match number {
        Some(number) => format!("{base}/editions/{number}"),
        None => format!("{base}/draft"),
    });
    let url = format!("{base}/visits");
    let next_url = next.map(|next| next_url(&url, &params, next));
    let bar = bar(&app, &visitor, &here.school, Some(week), Place::On(Part::Visits)).await?;
    let view = VisitListView {
        frame: frame!(visitor, Some(&bar)),
        school: &here.school.name,
        week,
        teaching_week: known.book.teaching_week_of(week.monday()),
        url: &url,
        visit_url_prefix: &format!("/schools/{id}/visits/"),
        log_url: log_url.as_deref(),
        chosen,
        choices: &choices,
        visits: &visits,
        next_url: next_url.as_deref(),
        names: known.names(),
    };
    Ok(page(pages::visit_list_page(&view)?))
}

fn count(visits: &[VisitId]) -> u32 {
    u32::try_from(visits.len()).unwrap_or(u32::MAX)
}

/// The log whose figures may be asked for: the edition's, or the draft's; none for those who may not read it.
async fn log(
    app: &App,
    visitor: &Visitor,
    here: &Here,
    week: Week,
    number: Option<u32>,
) -> Result<Option<WeeklyLog>, ApiError> {
    let may = |operation| visitor.caller.reach(app, operation, &here.school).is_ok();
    match number {
        Some(number) if may("edition_view") => {
            let stored = edition(app, here.school.id, week, number).await?;
            Ok(Some(read_edition(&stored.bytes)?.log))
        }
        None if may("weekly_log_draft") => Ok(Some(draft(app, here.school.id, week).await?.log)),
        Some(_) | None => Ok(None),
    }
}

/// The visits behind the figure that is chosen, by id; none if no figure is.
fn traced<'a>(chosen: &Chosen<'_>, log: Option<&'a WeeklyLog>) -> Option<&'a [VisitId]> {
    let (key, log) = chosen.figure.zip(log)?;
    Some(log.trace.get(key).map_or(&[], Vec::as_slice))
}

/// A page of the visits that are chosen, and where the next begins. Those behind a figure are found by the log's own
/// list, whatever their week and whatever has become of them since.
async fn found(
    app: &App,
    visitor: &Visitor,
    here: &Here,
    week: Week,
    chosen: &Chosen<'_>,
    traced: Option<&[VisitId]>,
    cursor: Option<Uuid>,
) -> Result<(Vec<Found>, Option<Uuid>), ApiError> {
    let Chosen { class, inspector, verdict, figure: _, edition: _ } = *chosen;
    let filter = VisitFilter { class, inspector, verdict, ..VisitFilter::default() };
    let limit = u64::try_from(PAGE).unwrap_or(u64::MAX);
    let Some(traced) = traced else {
        let filter = VisitFilter { week: Some(week), submitted: Some(true), ..filter };
        return find(app, here, &visitor.caller, filter, cursor, limit).await;
    };
    let mut among: Vec<VisitId> =
        traced.iter().copied().filter(|id| cursor.is_none_or(|after| id.into_uuid() > after)).collect();
    let more = among.len() > PAGE;
    among.truncate(PAGE);
    let next = among.last().filter(|_| more).map(|id| id.into_uuid());
    let filter = VisitFilter { among: Some(among), ..filter };
    let (found, _) = find(app, here, &visitor.caller, filter, None, limit).await?;
    Ok((found, next))
}

/// What the week's visits, or those behind a figure, leave to choose.
async fn choices(
    app: &App,
    visitor: &Visitor,
    here: &Here,
    week: Week,
    traced: Option<&[VisitId]>,
) -> Result<Choices, ApiError> {
    let all = VisitFilter { own: here.own(&visitor.caller), ..VisitFilter::default() };
    let of_week = VisitFilter { week: Some(week), submitted: Some(true), ..all.clone() };
    let parts = |ids: &[VisitId]| VisitFilter { among: Some(ids.to_vec()), ..all.clone() };
    let filters: Vec<VisitFilter> =
        traced.map_or_else(|| vec![of_week], |traced| traced.chunks(ASKED).map(parts).collect());
    let mut choices = Choices::default();
    for filter in filters {
        for row in app.store.read().visit_list(here.school.id, &filter, None, COUNTED).await? {
            choices.count(row.class, row.inspector, row.verdict);
        }
    }
    Ok(choices)
}

fn listed(Found { row, record }: &Found) -> ListedVisit {
    ListedVisit {
        visit: Visit::from_fields(row.id, record.author, &record.state),
        verdict: row.verdict,
        planned_subject: row.planned_subject,
        planned_teacher: row.planned_teacher,
        conflicted: record.open_conflicts > 0,
        time_flagged: row.is_time_flagged(),
    }
}

/// The same list from another place on.
fn next_url(url: &str, params: &ListParams, next: Uuid) -> String {
    let ListParams { class, inspector, verdict, figure, edition, cursor: _ } = params;
    let next = next.to_string();
    let members = [
        ("class", class.as_str()),
        ("inspector", inspector),
        ("verdict", verdict),
        ("figure", figure),
        ("edition", edition),
        ("cursor", &next),
    ];
    let members = members.into_iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> =
        members.map(|(name, value)| format!("{name}={}", pages::encoded(value))).collect();
    format!("{url}?{}", query.join("&"))
}

async fn visit_page(
    State(app): State<App>,
    visitor: Visitor,
    ApiPath((id, visit)): ApiPath<(Uuid, VisitId)>,
) -> Result<Response, PageError> {
    let here = here(&app, &visitor, "visit_view", id).await?;
    let caller = &visitor.caller;
    let record = visible(&app, &here, caller, visit).await?;
    let read = app.store.read();
    let row = read.visit_find(here.school.id, visit).await?.ok_or(ApiError::NotFound)?;
    let by_slot = read.visits_by_slot(here.school.id, here.own(caller), std::slice::from_ref(&row)).await?;
    let others: Vec<VisitId> = by_slot.into_values().flatten().filter(|other| *other != visit).collect();
    let filter = VisitFilter { among: Some(others), ..VisitFilter::default() };
    let (others, _) = find(&app, &here, caller, filter, None, 50).await?;
    let written = writes(&app, here.school.id, visit).await?;
    let feedback = feedback(&app, &visitor, &here, visit).await?;
    let typed = Visit::from_fields(visit, record.author, &record.state);

    let mut people: BTreeSet<UserId> = BTreeSet::from([record.author]);
    people.extend(&typed.companions);
    people.extend(others.iter().map(|other| other.row.inspector));
    people.extend(written.iter().map(|written| written.entry.author));
    people.extend(feedback.iter().map(|feedback| feedback.sent_by));
    let known = Known::read(&app, &here.school, &people).await?;

    let slot = typed.slot.as_ref().map(|slot| known.book.canonical_slot(slot));
    let judgement = slot.zip(typed.observed).map(|(slot, observed)| judge(&known.book, &slot, &observed));
    let fields: Fields = record.state.each().map(|(path, value)| (path.clone(), value.clone())).collect();
    let beside: Vec<(UserId, String)> = others
        .iter()
        .map(|other| (other.row.inspector, format!("/schools/{id}/visits/{}", other.row.id)))
        .collect();
    let list_url = row.date.map(|date| format!("/schools/{id}/weeks/{}/visits", Week::of(date)));
    let bar = bar(&app, &visitor, &here.school, row.date.map(Week::of), Place::Below(Part::Visits)).await?;
    let decides = caller.reach(&app, "objection_decide", &here.school).is_ok();
    let view = VisitView {
        frame: frame!(visitor, Some(&bar)),
        visit: &typed,
        fields: &fields,
        judgement: judgement.as_ref(),
        received_at: at(row.received_at).fixed_offset(),
        clock_offset: row.clock_offset,
        time_flagged: row.is_time_flagged(),
        open_conflicts: record.open_conflicts,
        settle_url: &format!("/schools/{id}/settle"),
        beside: &beside,
        csrf: &visitor.csrf,
        feedback: &feedback.iter().map(|one| feedback_item(one, decides)).collect::<Vec<_>>(),
        history: &written.iter().map(write_item).collect::<Vec<_>>(),
        list_url: list_url.as_deref(),
        names: known.names(),
    };
    Ok(page(pages::visit_page(&view)?))
}

/// The feedback on a visit that the visitor may see.
async fn feedback(
    app: &App,
    visitor: &Visitor,
    here: &Here,
    visit: VisitId,
) -> Result<Vec<Feedback>, ApiError> {
    let reach = visitor.caller.reach(app, "feedback_list", &here.school).ok();
    let of = FeedbackOf::Visits(&[visit]);
    let mut found = app.store.read().feedback_list(here.school.id, of, None, FEEDBACK).await?;
    found.retain(|feedback| match reach {
        Some(Reach::All) => true,
        Some(Reach::Own) => feedback.sent_by == visitor.caller.id(),
        None => false,
    });
    Ok(found)
}

fn feedback_item(feedback: &Feedback, decides: bool) -> FeedbackItem<'_> {
    FeedbackItem {
        by: feedback.sent_by,
        to: feedback.teacher,
        at: at(feedback.sent_at).fixed_offset(),
        text: &feedback.text,
        state: &feedback.state,
        answer: feedback.answer.as_deref(),
        decision: feedback.decision.as_deref(),
        version: feedback.version,
        decide: (decides && feedback.is_contested())
            .then(|| format!("/schools/{}/feedback/{}/decision", feedback.stream, feedback.id)),
    }
}

fn write_item(Written { entry, changes }: &Written) -> WriteItem<'_> {
    WriteItem {
        by: entry.author,
        at: at(entry.received_at).fixed_offset(),
        changes: changes
            .iter()
            .map(|change| ChangeItem {
                field: &change.field,
                old: change.old.as_ref(),
                new: &change.new,
                won: change.won,
            })
            .collect(),
    }
}
