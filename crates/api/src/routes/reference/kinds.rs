//! The kinds that are kept without any rule of their own beside their schema.
//!
//! The structs document the bodies; they are read by `xunke_domain::schema`, so that over REST, on a phone and
//! in an import the same rules hold and the same pointers come back.

use crate::app::App;
use utoipa_axum::router::OpenApiRouter;

/// All of them.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(class::router())
        .merge(teacher::router())
        .merge(subject::router())
        .merge(bell_schedule::router())
        .merge(semester::router())
        .merge(calendar_day::router())
        .merge(rubric::router())
        .merge(problem_category::router())
}

/// The five operations of a kind. `$New` documents the body, `$View` the answer.
macro_rules! kind {
    (
        $module:ident, $kind:expr, $path:literal, $one:literal, $many:literal, $tag:literal, $new:ident, $view:ident,
        $list:ident, $find:ident, $create:ident, $change:ident, $retire:ident,
        { $($(#[doc = $doc:literal])* $field:ident: $type:ty,)* },
        derived { $($(#[doc = $derived_doc:literal])* $derived:ident: $derived_type:ty,)* },
        example $example:tt
    ) => {
        pub mod $module {
            #![doc = concat!("`/schools/{school}/", $path, "`.")]

            use axum::extract::State;
            use axum::http::{HeaderMap, StatusCode};
            use axum::response::Response;
            use serde_json::Value;
            use utoipa::ToSchema;
            use utoipa_axum::router::OpenApiRouter;
            use utoipa_axum::routes;
            use uuid::Uuid;
            use xunke_domain::fields::Fields;
            use xunke_domain::record_type::RecordType;

            use crate::answer::{PageParams, Tagged};
            use crate::app::App;
            use crate::auth::guard::{Caller, Here};
            use crate::body::{ApiJson, ApiPath, ApiQuery};
            use crate::problem::{ApiError, Problem};
            use crate::routes::reference::keeping::{self, Desk, Page, RecordList};
            use crate::routes::reference::reading::read_and_retire;

            const KIND: RecordType = $kind;

            #[doc = concat!("What to set of ", $one, "; when changing, absent members stay and `null` removes.")]
            #[derive(ToSchema)]
            #[schema(example = json!($example))]
            #[expect(dead_code, reason = "documents the body in OpenAPI; the schema of the domain reads it")]
            pub struct $new {
                $($(#[doc = $doc])* $field: Option<$type>,)*
                /// From this date on it no longer counts.
                retired: Option<String>,
            }

            #[doc = concat!("As kept: ", $one, ".")]
            #[derive(ToSchema)]
            #[expect(dead_code, reason = "documents the answer in OpenAPI")]
            pub struct $view {
                /// Its id.
                id: Uuid,
                $($(#[doc = $doc])* $field: Option<$type>,)*
                $($(#[doc = $derived_doc])* $derived: Option<$derived_type>,)*
                /// From this date on it no longer counts.
                retired: Option<String>,
            }

            pub fn router() -> OpenApiRouter<App> {
                OpenApiRouter::new().routes(routes!($list, $create)).routes(routes!($find, $change, $retire))
            }

            read_and_retire!($path, $one, $many, $view, $list, $find, $retire);

            #[utoipa::path(post, summary = concat!("Create ", $one), path = concat!("/api/v1/schools/{school}/", $path), tag = $tag,
                params(("school" = Uuid, Path)), request_body = $new, responses(
                (status = 201, body = $view, description = "Created"),
            ))]
            async fn $create(
                State(app): State<App>,
                caller: Caller,
                here: Here,
                headers: HeaderMap,
                ApiJson(body): ApiJson<Value>,
            ) -> Result<Response, ApiError> {
                let desk = Desk { app: &app, caller: &caller, here: &here, kind: KIND };
                desk.create(stringify!($create), $path, &headers, body, Fields::new()).await
            }

            #[utoipa::path(patch, summary = concat!("Change ", $one), path = concat!("/api/v1/schools/{school}/", $path, "/{id}"), tag = $tag,
                params(("school" = Uuid, Path), ("id" = Uuid, Path), ("If-Match" = String, Header)),
                request_body = $new, responses(
                (status = 200, body = $view, description = "Changed"),
                (status = 412, body = Problem, content_type = "application/problem+json", description = "Changed by somebody else meanwhile"),
            ))]
            async fn $change(
                State(app): State<App>,
                caller: Caller,
                here: Here,
                ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
                headers: HeaderMap,
                ApiJson(body): ApiJson<Value>,
            ) -> Result<Tagged<Value>, ApiError> {
                let desk = Desk { app: &app, caller: &caller, here: &here, kind: KIND };
                desk.change(id, &headers, keeping::fields(KIND, body)?).await
            }
        }
    };
}

kind!(class, RecordType::Class, "classes", "a class", "classes", "reference", ClassFields, ClassView,
    class_list, class_view, class_create, class_change, class_retire, {
    /// Year of entry (级): 2024 for pupils who began in autumn 2024.
    cohort: i32,
    /// Number within the cohort, 1–99.
    number: u32,
    /// Grade of entry: 1 for primary (default), 7 for junior secondary.
    entry_grade: u32,
    /// Name of the homeroom teacher.
    homeroom: String,
}, derived {
    /// What it is called today, such as 二年级(5)班.
    display_name: String,
}, example {"cohort": 2025, "number": 5});

kind!(teacher, RecordType::Teacher, "teachers", "a teacher", "teachers", "reference", TeacherFields, TeacherView,
    teacher_list, teacher_view, teacher_create, teacher_change, teacher_retire, {
    /// The name as on the timetable.
    name: String,
    /// The account of the teacher, who then sees feedback on own lessons.
    user: Uuid,
    /// Subject id → `true`.
    subjects: std::collections::BTreeMap<String, bool>,
}, derived {}, example {"name": "王三"});

kind!(subject, RecordType::Subject, "subjects", "a subject", "subjects", "reference", SubjectFields, SubjectView,
    subject_list, subject_view, subject_create, subject_change, subject_retire, {
    /// The name, such as 音乐.
    name: String,
    /// Other names that mean it, such as 音.
    aliases: Vec<String>,
    /// One of 音体美劳科信心理: its displacement is watched most.
    protected: bool,
}, derived {}, example {"name": "书法", "aliases": ["写字"], "protected": false});

kind!(bell_schedule, RecordType::BellSchedule, "bell-schedules", "a bell schedule (作息时间表)", "bell schedules (作息时间表)", "reference",
    BellScheduleFields, BellScheduleView,
    bell_schedule_list, bell_schedule_view, bell_schedule_create, bell_schedule_change, bell_schedule_retire, {
    /// The name, such as 冬季作息.
    name: String,
    /// First day it holds.
    valid_from: String,
    /// Last day it holds.
    valid_to: String,
    /// Grades it holds for; all if absent.
    grades: Vec<u32>,
    /// In the order of the day: `label`, `kind` (`morning_reading`, `lesson`, `break`, `noon`, `after_school`, `evening`),
    /// `start`, `end` (`08:30`). Labels name periods; they are not row numbers.
    periods: Vec<serde_json::Value>,
}, derived {}, example {"name": "冬季作息", "valid_from": "2026-11-01", "periods": [
    {"label": "早读", "kind": "morning_reading", "start": "08:00", "end": "08:20"},
    {"label": "第1节", "kind": "lesson", "start": "08:30", "end": "09:10"}]});

kind!(semester, RecordType::Semester, "semesters", "a semester (学期)", "semesters (学期)", "reference", SemesterFields, SemesterView,
    semester_list, semester_view, semester_create, semester_change, semester_retire, {
    /// Such as `2026-2027`.
    school_year: String,
    /// 1 autumn, 2 spring.
    term: u32,
    /// First day of lessons.
    first_day: String,
    /// Last day of lessons.
    last_day: String,
    /// Monday of teaching week 1.
    week_one: String,
    /// Declared weeks by number, where they differ from counting: `{"start", "parity"}`.
    weeks: std::collections::BTreeMap<String, serde_json::Value>,
}, derived {}, example {"school_year": "2026-2027", "term": 2, "first_day": "2027-02-22", "last_day": "2027-07-02",
    "week_one": "2027-02-22"});

kind!(calendar_day, RecordType::CalendarDay, "calendar-days", "a day that differs from its weekday", "days that differ from their weekday", "reference",
    CalendarDayFields, CalendarDayView,
    calendar_day_list, calendar_day_view, calendar_day_create, calendar_day_change, calendar_day_retire, {
    /// The date.
    date: String,
    /// `holiday`, `makeup`, `swap`, `half_day` or `event`.
    kind: String,
    /// The weekday whose lessons are taught, 1–7; required for makeup and swap.
    follows_weekday: u32,
    /// odd or even, where set by hand.
    follows_parity: String,
    /// First period concerned.
    from_period: String,
    /// Last period concerned.
    to_period: String,
    /// The reason.
    note: String,
}, derived {}, example {"date": "2026-12-31", "kind": "makeup", "follows_weekday": 5, "note": "元旦调休"});

kind!(rubric, RecordType::Rubric, "rubrics", "a version of the rating scale", "versions of the rating scale", "reference", RubricFields, RubricView,
    rubric_list, rubric_view, rubric_create, rubric_change, rubric_retire, {
    /// The name.
    name: String,
    /// `key` (of `ratings/<key>`) and `name` of each dimension.
    dimensions: Vec<serde_json::Value>,
    /// First day it is used.
    valid_from: String,
}, derived {}, example {"name": "四维评价 v2", "dimensions": [{"key": "conduct", "name": "教学行为"}]});

kind!(problem_category, RecordType::ProblemCategory, "problem-categories", "a kind of problem (问题类型)", "kinds of problems (问题类型)", "reference",
    ProblemCategoryFields, ProblemCategoryView,
    problem_category_list, problem_category_view, problem_category_create, problem_category_change,
    problem_category_retire, {
    /// Such as TT01.
    code: String,
    /// Such as 挤占.
    name: String,
    /// Code of its group.
    group: String,
    /// 1 提醒 · 2 一般 · 3 较重 · 4 红线.
    severity: u32,
}, derived {}, example {"code": "XX01", "name": "本校自定", "group": "XX", "severity": 1});
