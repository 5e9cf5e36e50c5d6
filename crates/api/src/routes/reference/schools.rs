//! Schools: made by the administrator, with what a school starts with.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{DistrictId, SchoolId};
use xunke_domain::record_type::RecordType;
use xunke_domain::seed;
use xunke_storage::intake::server::ServerWrite;
use xunke_storage::schools::{School, SchoolFilter};

use super::keeping::{self, Desk, refusal};
use crate::answer::{Once, PageParams, Tagged, page_end};
use crate::app::App;
use crate::auth::guard::{Caller, Here, HereDistrict};
use crate::body::{ApiJson, ApiQuery};
use crate::problem::{ApiError, Problem};
use crate::routes::deciding::leave_to_the_principal;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(school_list))
        .routes(routes!(school_create))
        .routes(routes!(school_view, school_change))
}

/// What to set of a school; when changing, absent members stay and `null` removes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body in OpenAPI; the schema of the domain reads it")]
#[schema(example = json!({"name": "石桥镇中心小学", "stage": "primary"}))]
pub struct SchoolFields {
    /// The name.
    name: Option<String>,
    /// 学校标识码, ten digits; unique.
    code: Option<String>,
    /// IANA name; `Asia/Shanghai` if absent.
    time_zone: Option<String>,
    /// `primary`, `junior`, `nine_year`, …
    stage: Option<String>,
    /// Settings of the school by name. `curriculum_plan`: the key of a plan of `curriculum_plan_list`, or a plan of
    /// one's own; `teacher_load`: `subjects`, `lessons` (a week) and `out_of_field_percent` above which a teacher
    /// has too much. Others are kept as they are.
    settings: Option<Value>,
}

/// A school as kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub struct SchoolView {
    /// Its id, also of its stream.
    id: Uuid,
    /// The name.
    name: String,
    /// 学校标识码.
    code: Option<String>,
    /// IANA name; `Asia/Shanghai` if absent.
    time_zone: Option<String>,
    /// `primary`, `junior`, `nine_year`, …
    stage: Option<String>,
    /// Settings of the school by name.
    settings: Option<Value>,
}

/// A school in a list.
#[derive(Serialize, ToSchema)]
pub struct SchoolItem {
    /// Its id, also of its stream.
    #[schema(value_type = Uuid)]
    id: SchoolId,
    /// The district.
    #[schema(value_type = Uuid)]
    district: DistrictId,
    /// The name.
    name: String,
    /// 学校标识码.
    code: Option<String>,
}

/// A page of schools.
#[derive(Serialize, ToSchema)]
pub struct SchoolList {
    /// The schools.
    items: Vec<SchoolItem>,
    /// Where the next page begins; absent on the last.
    next: Option<Uuid>,
}

/// Schools one has a place in
#[utoipa::path(get, path = "/api/v1/schools", tag = "reference", params(PageParams), responses(
    (status = 200, body = SchoolList, description = "Schools"),
))]
async fn school_list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(page): ApiQuery<PageParams>,
) -> Result<axum::Json<SchoolList>, ApiError> {
    let (limit, today) = (page.limit()?, app.clock.today());
    let filters: Vec<SchoolFilter> = caller
        .memberships
        .iter()
        .filter(|membership| membership.holds_on(today))
        .map(SchoolFilter::from)
        .collect();
    let mut schools = app.store.read().school_list(&filters, page.cursor, limit + 1).await?;
    let next = page_end(&mut schools, limit, |school| school.id.into_uuid());
    let items = schools
        .into_iter()
        .map(|School { id, district, name, code, .. }| SchoolItem { id, district, name, code })
        .collect();
    Ok(axum::Json(SchoolList { items, next }))
}

/// Add a school
///
/// It starts with the problem categories of the field and the four-dimension rubric; both can be changed.
#[utoipa::path(post, path = "/api/v1/districts/{district}/schools", tag = "reference",
    params(("district" = Uuid, Path)), request_body = SchoolFields, responses(
    (status = 201, body = SchoolView, description = "Added"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "The code is taken"),
))]
async fn school_create(
    State(app): State<App>,
    caller: Caller,
    HereDistrict(district): HereDistrict,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Value>,
) -> Result<Response, ApiError> {
    let once = match Once::begin(&app, caller.id(), &headers, "school_create", &(district, &body)).await {
        Ok(once) => once,
        Err(answered) => return answered,
    };
    let set = keeping::fields(RecordType::School, body)?;
    leave_to_the_principal(&set)?;
    let id = SchoolId::from_uuid(app.chance.id(app.clock.now()));
    let (now, name) =
        (app.clock.millis(), set.get("name").and_then(Value::as_str).unwrap_or_default().to_owned());
    let school = School { id, district, name, code: None, head: 0, book_seq: 0 };
    let mut writes = vec![new_record(&caller, id, RecordType::School, id.into_uuid(), set)];
    writes.extend(starters(&app, &caller, id));

    let tx = app.store.begin().await?;
    if let Some(earlier) = once.claim(&app, &tx).await? {
        return Ok(earlier);
    }
    tx.school_add(&school, now).await?;
    let written = app.store.write_many_in(&tx, id, &writes, now).await?.map_err(refusal)?;
    let record = written.first().ok_or(ApiError::Internal)?;
    let answer = Tagged::created(record.seq, format!("/api/v1/schools/{id}"), keeping::view(&app, record));
    once.keep(&tx, &answer).await?;
    tx.commit().await?;

    Ok(answer.into_response())
}

/// A record that is not there yet.
fn new_record(caller: &Caller, stream: SchoolId, kind: RecordType, id: Uuid, set: Fields) -> ServerWrite {
    ServerWrite { stream, kind, id, set, author: caller.id(), expected: Some(None) }
}

/// Problem categories and rubric of a new school.
fn starters(app: &App, caller: &Caller, school: SchoolId) -> Vec<ServerWrite> {
    let fields = |value: Value| -> Fields {
        let Value::Object(members) = value else { return Fields::new() };
        members.into_iter().filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect()
    };
    let new = |kind, value| new_record(caller, school, kind, app.chance.id(app.clock.now()), fields(value));
    let categories = seed::CATEGORIES.iter().map(|category| {
        json!({"code": category.code, "name": category.name, "group": category.group, "severity": category.severity})
    });
    let dimensions: Vec<Value> = seed::DIMENSIONS
        .iter()
        .map(|dimension| json!({"key": dimension.key, "name": dimension.zh, "en": dimension.en}))
        .collect();
    let rubric = json!({"name": "四维评价", "dimensions": dimensions});
    categories
        .map(|category| new(RecordType::ProblemCategory, category))
        .chain([new(RecordType::Rubric, rubric)])
        .collect()
}

/// One school with its settings
#[utoipa::path(get, path = "/api/v1/schools/{school}", tag = "reference", params(("school" = Uuid, Path)), responses(
    (status = 200, body = SchoolView, description = "The school"),
))]
async fn school_view(State(app): State<App>, here: Here) -> Result<Tagged<Value>, ApiError> {
    keeping::find(&app, &here, RecordType::School, here.school.id.into_uuid()).await
}

/// Change a school's name or settings
#[utoipa::path(patch, path = "/api/v1/schools/{school}", tag = "reference",
    params(("school" = Uuid, Path), ("If-Match" = String, Header)), request_body = SchoolFields, responses(
    (status = 200, body = SchoolView, description = "Changed"),
    (status = 412, body = Problem, content_type = "application/problem+json", description = "Changed by somebody else meanwhile"),
))]
async fn school_change(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Value>,
) -> Result<Tagged<Value>, ApiError> {
    let set = keeping::fields(RecordType::School, body)?;
    leave_to_the_principal(&set)?;
    let desk = Desk { app: &app, caller: &caller, here: &here, kind: RecordType::School };
    desk.change(here.school.id.into_uuid(), &headers, set).await
}
