//! What a school's timetable reveals: the curriculum audit (开齐开足) and the loads of teachers (兼课过多).
//!
//! Nothing here is stored: both follow from the timetable in force on a date and the plan the school goes by.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xunke_domain::audit::report::Audit;
use xunke_domain::audit::teacher_report::TeacherAudit;
use xunke_domain::audit::{curriculum, teachers};
use xunke_domain::book::SchoolBook;
use xunke_domain::ids::{TeacherId, UserId};
use xunke_domain::plan::CurriculumPlan;
use xunke_domain::plan::bundled::plans;
use xunke_domain::practice::Practice;
use xunke_storage::schools::School;
use xunke_workbook::audit_book::audit_book;

use super::practice::practice;
use crate::answer::ShortListParams;
use crate::app::App;
use crate::auth::guard::{Caller, Here, Reach};
use crate::beside::beside;
use crate::body::ApiQuery;
use crate::problem::ApiError;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(audit_view))
        .routes(routes!(audit_teachers))
        .routes(routes!(audit_workbook))
        .routes(routes!(curriculum_plan_list))
}

/// Which date.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// The date whose timetable, bell schedules and grades hold; today if not said.
    pub on: Option<NaiveDate>,
}

/// Which date, and whether with names.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditBookParams {
    /// The date whose timetable, bell schedules and grades hold; today if not said.
    pub on: Option<NaiveDate>,
    /// `false` leaves out the sheets that name teachers, for a file that is posted.
    pub names: Option<bool>,
}

/// The curriculum audit: `timetable` in force, `plan` used, `classes` with their subjects (hours, minutes, what is
/// due, where each stands, the lessons each is made of), totals, exercise and findings, `subjects` over all classes,
/// `nine_years` with the shares.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct AuditView(Audit);

/// The loads of teachers: `limits`, `teachers` with their lessons, fields and share outside them, and the `findings`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct TeacherAuditView(TeacherAudit);

/// A workbook's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub struct AuditBook(Vec<u8>);

/// A plan that comes with the program.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    /// What to write into `settings.curriculum_plan` of a school: authority, version and system.
    key: String,
    /// The plan; one of one's own has the same members.
    #[schema(value_type = Object)]
    plan: &'static CurriculumPlan,
}

/// A page of plans.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanList {
    /// The plans; the first is the one that holds unless a school chooses.
    items: Vec<PlanView>,
    /// Where the next page begins; absent on the last.
    next: Option<String>,
}

/// The audit of a school; shared with the pages.
pub async fn audit(app: &App, school: &School, on: Option<NaiveDate>) -> Result<Audit, ApiError> {
    let book = app.store.book(school).await?;
    let on = on.unwrap_or_else(|| app.clock.today());
    beside("an audit", move || curriculum(&book, on)).await
}

/// The loads of a school's teachers, or of the caller alone; shared with the pages.
pub async fn loads(
    app: &App,
    school: &School,
    on: Option<NaiveDate>,
    only: Option<UserId>,
) -> Result<TeacherAudit, ApiError> {
    let book = app.store.book(school).await?;
    let on = on.unwrap_or_else(|| app.clock.today());
    let of = Arc::clone(&book);
    let mut audit = beside("an audit", move || teachers(&of, on)).await?;
    if let Some(user) = only {
        keep_own(&book, user, &mut audit);
    }
    Ok(audit)
}

/// Leaves only what is about one person.
fn keep_own(book: &SchoolBook, user: UserId, audit: &mut TeacherAudit) {
    let is_own = |teacher: &TeacherId| {
        book.teachers.get(teacher).and_then(|teacher| teacher.user).is_some_and(|own| own == user)
    };
    audit.teachers.retain(|row| is_own(&row.teacher));
    audit.findings.retain(|finding| is_own(&finding.teacher));
}

/// All of it as a workbook; shared with the pages.
pub async fn workbook(
    audit: Audit,
    practice: Practice,
    teachers: Option<TeacherAudit>,
) -> Result<Response, ApiError> {
    let name = format!("audit-{}.xlsx", audit.on);
    let written = beside("an audit", move || audit_book(&audit, &practice, teachers.as_ref())).await?;
    let bytes = written.map_err(|error| {
        tracing::error!(%error, "an audit could not be written");
        ApiError::Internal
    })?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let file =
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|_| ApiError::Internal)?;
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, file)];
    Ok((headers, bytes).into_response())
}

/// The curriculum audit (开齐开足): every class and subject against the plan
///
/// The timetable in force on the date is held against the plan the school goes by (`settings.curriculum_plan`: the
/// key of a plan of `curriculum_plan_list`, or a plan of its own; the national one unless set). Minutes count, by the
/// bell schedule of season and grade. Every figure says which lessons it is made of. It names no teacher.
#[utoipa::path(get, path = "/api/v1/schools/{school}/audit", tag = "audit",
    params(("school" = Uuid, Path), AuditParams), responses(
    (status = 200, body = AuditView, description = "The audit; `timetable` is null where none is in force"),
))]
async fn audit_view(
    State(app): State<App>,
    here: Here,
    ApiQuery(AuditParams { on }): ApiQuery<AuditParams>,
) -> Result<Json<AuditView>, ApiError> {
    Ok(Json(AuditView(audit(&app, &here.school, on).await?)))
}

/// The loads of teachers (兼课过多): subjects, lessons, and the share outside their field
///
/// Findings are derived from the timetable in force: they open by themselves and close only when another timetable
/// removes the cause; each says since which version it holds. The limits are `settings.teacher_load` of the school.
/// A teacher is told of himself alone.
#[utoipa::path(get, path = "/api/v1/schools/{school}/audit/teachers", tag = "audit",
    params(("school" = Uuid, Path), AuditParams), responses(
    (status = 200, body = TeacherAuditView, description = "The loads, the largest first"),
))]
async fn audit_teachers(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiQuery(AuditParams { on }): ApiQuery<AuditParams>,
) -> Result<Json<TeacherAuditView>, ApiError> {
    let only = here.own(&caller);
    Ok(Json(TeacherAuditView(loads(&app, &here.school, on, only).await?)))
}

/// The audit as a workbook
///
/// Sheets for the whole, the classes, the subjects, every figure with its lessons, the nine years' shares, lessons
/// delivered (实开) and 阴阳课表 by the term's visits; and for teachers, unless `names=false`.
#[utoipa::path(get, path = "/api/v1/schools/{school}/audit/xlsx", tag = "audit",
    params(("school" = Uuid, Path), AuditBookParams), responses(
    (status = 200, body = AuditBook, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        description = "An Excel workbook"),
))]
async fn audit_workbook(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiQuery(params): ApiQuery<AuditBookParams>,
) -> Result<Response, ApiError> {
    book_for(&app, &caller, &here.school, params).await
}

/// The workbook as far as somebody may see it; shared with the pages.
pub async fn book_for(
    app: &App,
    caller: &Caller,
    school: &School,
    params: AuditBookParams,
) -> Result<Response, ApiError> {
    let AuditBookParams { on, names } = params;
    let may = caller.reach(app, "audit_teachers", school).ok() == Some(Reach::All);
    let teachers =
        if may && names.unwrap_or(true) { Some(loads(app, school, on, None).await?) } else { None };
    workbook(audit(app, school, on).await?, practice(app, school, on).await?, teachers).await
}

/// The curriculum plans that come with the program
#[utoipa::path(get, path = "/api/v1/curriculum-plans", tag = "audit", params(ShortListParams), responses(
    (status = 200, body = PlanList, description = "With what each says of its own hours: an official table, or not"),
))]
async fn curriculum_plan_list(ApiQuery(page): ApiQuery<ShortListParams>) -> Result<Json<PlanList>, ApiError> {
    let all = plans().iter().map(|plan| PlanView { key: plan.key(), plan }).collect();
    let (items, next) = page.page(all, |plan| plan.key.clone())?;
    Ok(Json(PlanList { items, next }))
}
