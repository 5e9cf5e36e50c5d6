//! What a school posts: its public editions for anybody, taking one back, and the proof for a visit's author.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::{SchoolId, VisitId};
use xunke_domain::log::proof::{VisitProof, prove};
use xunke_domain::settings::POSTED;
use xunke_domain::week::Week;
use xunke_storage::audit::AuditEntry;
use xunke_storage::editions::{StoredEdition, Withdrawal};
use xunke_storage::schools::School;

use super::deciding::{self, Decided};
use super::editions::{bytes, edition, read_edition};
use super::visits::visible;
use crate::answer::ShortListParams;
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath, ApiQuery};
use crate::instant::{at, instant};
use crate::problem::{ApiError, Problem};
use crate::text;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(posted_week_list))
        .routes(routes!(posted_edition))
        .routes(routes!(posting_change))
        .routes(routes!(edition_withdraw))
        .routes(routes!(visit_proof))
}

/// A week that is posted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostedWeek {
    /// ISO 8601, such as `2026-W47`.
    #[schema(value_type = String)]
    pub week: Week,
    /// The newest edition.
    pub edition: u32,
    /// When it was published, RFC 3339.
    #[schema(value_type = String)]
    pub published_at: DateTime<FixedOffset>,
}

/// What a school posts.
#[derive(Serialize, ToSchema)]
pub struct PostedWeekList {
    /// The school's name.
    school: String,
    /// Newest first; weeks whose newest edition was withdrawn are left out.
    items: Vec<PostedWeek>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// A school that lets anybody read its public editions; the others are told apart from none by nothing.
pub async fn posting_school(app: &App, id: Uuid) -> Result<School, ApiError> {
    let school = app.store.school(SchoolId::from_uuid(id), app.clock.millis()).await?;
    let school = school.ok_or(ApiError::NotFound)?;
    let posted = app.store.book(&school).await?.settings.posted;
    posted.then_some(school).ok_or(ApiError::NotFound)
}

/// The weeks it posts, the newest first.
pub async fn posted_weeks(app: &App, school: &School) -> Result<Vec<PostedWeek>, ApiError> {
    let heads = app.store.read().edition_heads(school.id).await?;
    let posted = heads.into_iter().rev().filter(|(_, head)| !head.withdrawn);
    Ok(posted
        .map(|(week, head)| PostedWeek {
            week,
            edition: head.number,
            published_at: at(head.published_at).fixed_offset(),
        })
        .collect())
}

/// The number of the edition of a week that it posts: the newest, unless that was taken back.
pub async fn posted_number(app: &App, school: &School, week: Week) -> Result<u32, ApiError> {
    let newest = app.store.read().edition_heads_of(school.id, week).await?.pop().ok_or(ApiError::NotFound)?;
    if newest.withdrawn { Err(ApiError::Withdrawn) } else { Ok(newest.number) }
}

/// An edition it posts. One that was taken back is gone, and so is one that another has replaced: what was wrong in it
/// would stay, and the difference of two editions may tell of a single lesson what each hides.
pub async fn posted(app: &App, school: &School, week: Week, number: u32) -> Result<StoredEdition, ApiError> {
    let edition = edition(app, school.id, week, number).await?;
    if posted_number(app, school, week).await? == number { Ok(edition) } else { Err(ApiError::Withdrawn) }
}

/// Kept by whoever likes, and asked about each time: an edition never changes, but may be withdrawn at any moment.
pub const ASK_AGAIN: (axum::http::HeaderName, &str) = (CACHE_CONTROL, "public, no-cache");

/// The weeks a school posts
///
/// For anybody, if the school has decided so (`posting_change`).
#[utoipa::path(get, path = "/api/v1/posted/{school}/weeks", tag = "log", params(("school" = Uuid, Path), ShortListParams), responses(
    (status = 200, body = PostedWeekList, description = "Newest first"),
))]
async fn posted_week_list(
    State(app): State<App>,
    ApiPath(school): ApiPath<Uuid>,
    ApiQuery(page): ApiQuery<ShortListParams>,
) -> Result<([(axum::http::HeaderName, &'static str); 1], axum::Json<PostedWeekList>), ApiError> {
    let school = posting_school(&app, school).await?;
    let (items, next) = page.page(posted_weeks(&app, &school).await?, |week| week.week.to_string())?;
    Ok(([ASK_AGAIN], axum::Json(PostedWeekList { school: school.name, items, next })))
}

/// A posted edition: names nobody, hides small cells
#[utoipa::path(get, path = "/api/v1/posted/{school}/weeks/{week}/editions/{number}", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path)), responses(
    (status = 200, body = Object, content_type = "application/json", description = "The bytes as published"),
    (status = 410, body = Problem, content_type = "application/problem+json", description = "Withdrawn, or replaced by the next edition"),
))]
async fn posted_edition(
    State(app): State<App>,
    headers: HeaderMap,
    ApiPath((school, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<([(axum::http::HeaderName, &'static str); 1], Response), ApiError> {
    let school = posting_school(&app, school).await?;
    let edition = posted(&app, &school, week, number).await?;
    Ok(([ASK_AGAIN], bytes(&headers, edition.public_bytes, &format!("public-{}", edition.hash))))
}

/// Whether a school posts.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"posted": true}))]
pub struct Posting {
    /// Whether anybody may read the public editions.
    pub posted: bool,
}

/// Decides whether anybody may read a school's public editions; shared with the pages.
pub async fn decide(
    app: &App,
    caller: &Caller,
    school: SchoolId,
    Posting { posted }: Posting,
) -> Result<(), ApiError> {
    let decided = Decided {
        setting: POSTED,
        value: json!(posted),
        operation: "posting_change",
        detail: posted.to_string(),
    };
    deciding::decide(app, caller, school, decided).await
}

/// Decide whether anybody may read the public editions
///
/// The principal's decision, like publishing; it holds for all editions, also for those of before.
#[utoipa::path(put, path = "/api/v1/schools/{school}/posting", tag = "log", params(("school" = Uuid, Path)),
    request_body = Posting, responses((status = 200, body = Posting, description = "Decided"),
))]
async fn posting_change(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiJson(posting): ApiJson<Posting>,
) -> Result<axum::Json<Posting>, ApiError> {
    decide(&app, &caller, here.school.id, posting).await?;
    Ok(axum::Json(posting))
}

/// Why an edition is withdrawn.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"why": "公示内容涉及个人，重新核对后另发新版。"}))]
pub struct Withdraw {
    /// For people; 1 to 1,000 characters.
    pub why: String,
}

/// Takes an edition back from the public at once; shared with the pages.
pub async fn withdraw(
    app: &App,
    caller: &Caller,
    school: SchoolId,
    week: Week,
    number: u32,
    why: &str,
) -> Result<StoredEdition, ApiError> {
    let why = text::remark("/why", why)?;
    edition(app, school, week, number).await?;
    let now = app.clock.millis();
    let tx = app.store.begin().await?;
    if !tx.edition_withdraw(school, week, number, Withdrawal { at: now, why: why.clone() }).await? {
        return Err(ApiError::WrongState("it was withdrawn before"));
    }
    tx.audit_add(AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: now,
        actor: Some(caller.id()),
        action: "edition_withdraw",
        school: Some(school),
        object: format!("{week} #{number}"),
        detail: why,
    })
    .await?;
    tx.commit().await?;
    edition(app, school, week, number).await
}

/// When and why an edition was withdrawn.
#[derive(Serialize, ToSchema)]
pub struct WithdrawalView {
    /// When, RFC 3339.
    withdrawn_at: String,
    /// Why.
    why: String,
}

/// Withdraw an edition from the public
///
/// Inside the school it stays as it is; a next edition is posted as ever.
#[utoipa::path(post, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/withdraw", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path)),
    request_body = Withdraw, responses(
    (status = 200, body = WithdrawalView, description = "Withdrawn: whoever asks for it gets 410"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "It was withdrawn before"),
))]
async fn edition_withdraw(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, week, number)): ApiPath<(Uuid, Week, u32)>,
    ApiJson(Withdraw { why }): ApiJson<Withdraw>,
) -> Result<axum::Json<WithdrawalView>, ApiError> {
    let edition = withdraw(&app, &caller, here.school.id, week, number, &why).await?;
    let Withdrawal { at, why } = edition.withdrawn.ok_or(ApiError::Internal)?;
    Ok(axum::Json(WithdrawalView { withdrawn_at: instant(at), why }))
}

/// That a visit is in an edition.
#[derive(Serialize, ToSchema)]
pub struct ProofView {
    /// The hash of the edition.
    edition_hash: String,
    /// What it says of the visit, and the way from there to its `visits_root`, which the public edition tells, too.
    #[schema(value_type = Object)]
    proof: VisitProof,
}

/// The proof that a visit is in an edition
///
/// A leaf is SHA-256 of a zero byte and the compact JSON of `[visit, digest]`; a node, of a one byte and the hexadecimal
/// digits of both hashes below it. Put together along `path`, they are the root.
#[utoipa::path(get, path = "/api/v1/schools/{school}/weeks/{week}/editions/{number}/proofs/{visit}", tag = "log",
    params(("school" = Uuid, Path), ("week" = String, Path, example = "2026-W47"), ("number" = u32, Path), ("visit" = Uuid, Path)),
    responses(
    (status = 200, body = ProofView, description = "An inspector gets that of his own visits"),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "The edition does not tell this visit"),
))]
async fn visit_proof(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, week, number, visit)): ApiPath<(Uuid, Week, u32, VisitId)>,
) -> Result<axum::Json<ProofView>, ApiError> {
    visible(&app, &here, &caller, visit).await?;
    let stored = edition(&app, here.school.id, week, number).await?;
    let edition = read_edition(&stored.bytes)?;
    let proof = prove(&edition.log.visit_digests, visit).ok_or(ApiError::NotFound)?;
    Ok(axum::Json(ProofView { edition_hash: stored.hash, proof }))
}
