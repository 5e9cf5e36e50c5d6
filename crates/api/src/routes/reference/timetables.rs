//! Timetable versions: made from lessons by name, never edited into history. Files are `timetable_files`.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::book::{Class, LessonWeeks, SchoolBook};
use xunke_domain::class_name::class_of_grade;
use xunke_domain::fields::Fields;
use xunke_domain::flaw::Flaw;
use xunke_domain::ids::TeacherId;
use xunke_domain::record_type::RecordType;
use xunke_domain::seed::{self, SubjectSeed};
use xunke_domain::timetable_build::{
    Grid, MissingNames, build_grid_choosing, missing_names, same_version, unfit_rows,
};
use xunke_domain::timetable_csv::{RowFlaw, TimetableRow};
use xunke_domain::timetable_undo::NEVER;
use xunke_storage::intake::server::ServerWrite;
use xunke_storage::records::StoredRecord;

use super::keeping::{self, Desk, Page, RecordList, refusal};
use super::reading::read_and_retire;
use crate::answer::{Once, PageParams, Tagged};
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::body::{ApiJson, ApiPath, ApiQuery, read_json};
use crate::problem::{ApiError, Problem};

const KIND: RecordType = RecordType::Timetable;
/// Most bytes of a timetable, decoded.
pub(super) const TIMETABLE_BYTES: usize = 8 * 1024 * 1024;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(timetable_list, timetable_create))
        .routes(routes!(timetable_view, timetable_change, timetable_retire))
        .merge(super::timetable_files::router())
        .merge(super::timetable_comparison::router())
        .merge(super::timetable_undo::router())
}

/// A lesson by the names people use.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LessonByName {
    /// 三年级(2)班, 三(2)班, 302, …
    class_name: String,
    /// 1 Monday – 7 Sunday.
    weekday: u32,
    /// Label of the bell schedule.
    period: String,
    /// Name or alias.
    subject: String,
    /// Name; absent where the timetable says none.
    #[serde(default)]
    teacher: Option<String>,
    /// `all` (default), `odd`, `even` or `{"range": [1, 9]}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    weeks: LessonWeeks,
}

/// A timetable to add.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "2026A-v2", "valid_from": "2026-11-23", "create_missing": true, "lessons": [
    {"class_name": "三年级(2)班", "weekday": 2, "period": "第3节", "subject": "音乐", "teacher": "王三"}]}))]
pub struct TimetableNew {
    /// The name of the version.
    name: String,
    /// First day it is in force.
    valid_from: NaiveDate,
    /// Add classes, teachers and subjects the school does not have; otherwise they are told as problems.
    #[serde(default)]
    create_missing: bool,
    /// The lessons of the week.
    lessons: Vec<LessonByName>,
}

/// A timetable as kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub struct TimetableView {
    /// Its id.
    id: Uuid,
    /// The name.
    name: String,
    /// First day in force.
    valid_from: String,
    /// Class id → lessons.
    grid: BTreeMap<String, Vec<Value>>,
    /// Id of a record that was added to the school together with this version → `class`, `teacher` or `subject`.
    added: Option<BTreeMap<String, String>>,
    /// From this date on it is no longer in force.
    retired: Option<String>,
}

/// What to change of a timetable; its lessons are changed by a new version.
#[derive(ToSchema)]
#[schema(example = json!({"name": "2026A-v2 修订"}))]
#[expect(dead_code, reason = "documents the body in OpenAPI; the schema of the domain reads it")]
pub struct TimetableChange {
    /// The name.
    name: Option<String>,
}

read_and_retire!(
    "timetables",
    "a timetable version",
    "timetable versions",
    TimetableView,
    timetable_list,
    timetable_view,
    timetable_retire
);

/// Rename a timetable version
#[utoipa::path(patch, path = "/api/v1/schools/{school}/timetables/{id}", tag = "reference",
    params(("school" = Uuid, Path), ("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = TimetableChange, responses(
    (status = 200, body = TimetableView, description = "Renamed"),
    (status = 412, body = Problem, content_type = "application/problem+json", description = "Changed by somebody else meanwhile"),
))]
async fn timetable_change(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Value>,
) -> Result<Tagged<Value>, ApiError> {
    let set = keeping::fields(KIND, body)?;
    if let Some(path) = set.keys().find(|path| path.name() != "name") {
        let detail = "lessons and dates are not edited into history; add a new version";
        return Err(ApiError::invalid(format!("/{path}"), detail));
    }
    let desk = Desk { app: &app, caller: &caller, here: &here, kind: KIND };
    desk.change(id, &headers, set).await
}

/// Add a timetable version from lessons by name
#[utoipa::path(post, path = "/api/v1/schools/{school}/timetables", tag = "reference",
    params(("school" = Uuid, Path)),
    request_body = TimetableNew, responses(
    (status = 201, body = TimetableView, description = "Added; visits from `valid_from` on are judged again"),
))]
async fn timetable_create(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    headers: HeaderMap,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let new: TimetableNew = read_json(request, TIMETABLE_BYTES).await?;
    let once =
        match Once::begin(&app, caller.id(), &headers, "timetable_create", &(here.school.id, &new)).await {
            Ok(once) => once,
            Err(answered) => return answered,
        };
    let TimetableNew { name, valid_from, create_missing, lessons } = new;
    let odd: Vec<Flaw> = lessons.iter().zip(0..).flat_map(|(lesson, line)| odd(lesson, line)).collect();
    if !odd.is_empty() {
        return Err(ApiError::Invalid(odd));
    }
    let rows: Vec<TimetableRow> = lessons
        .into_iter()
        .zip(0..)
        .map(|(lesson, line)| {
            let LessonByName { class_name, weekday, period, subject, teacher, weeks } = lesson;
            TimetableRow { line, class_name, weekday, period, subject, teacher, weeks }
        })
        .collect();
    let version = Version {
        name,
        valid_from,
        create_missing,
        rows,
        chosen: BTreeMap::new(),
        once_only: false,
        place: |flaw: &RowFlaw| {
            let RowFlaw { line, column, detail } = flaw;
            Flaw::invalid(format!("/lessons/{line}/{}", member(column)), detail.clone())
        },
    };
    add(&app, &caller, &here, version, &once).await
}

/// What is wrong with a lesson whatever the school has.
fn odd(lesson: &LessonByName, line: u64) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut flaw = |member: &str, detail: &str| {
        flaws.push(Flaw::invalid(format!("/lessons/{line}/{member}"), detail));
    };
    if !(1..=7).contains(&lesson.weekday) {
        flaw("weekday", "1 Monday to 7 Sunday");
    }
    for (member, text) in [("period", &lesson.period), ("subject", &lesson.subject)] {
        if !(1..=40).contains(&text.trim().chars().count()) {
            flaw(member, "1 to 40 characters");
        }
    }
    flaws
}

/// The member of a lesson that a column of the CSV is.
fn member(column: &str) -> &str {
    match column {
        "班级" => "class_name",
        "星期" => "weekday",
        "节次" => "period",
        "学科" => "subject",
        "教师" => "teacher",
        "周次" => "weeks",
        other => other,
    }
}

/// A version to add, wherever its rows came from.
pub(super) struct Version<P> {
    pub(super) name: String,
    pub(super) valid_from: NaiveDate,
    pub(super) create_missing: bool,
    pub(super) rows: Vec<TimetableRow>,
    /// The teachers of lines on which several have the name.
    pub(super) chosen: BTreeMap<u64, TeacherId>,
    /// Whether the same lessons from the same day are nothing new.
    pub(super) once_only: bool,
    /// Where a row's fault is, in the words of the request.
    pub(super) place: P,
}

pub(super) async fn add(
    app: &App,
    caller: &Caller,
    here: &Here,
    version: Version<impl Fn(&RowFlaw) -> Flaw>,
    once: &Once,
) -> Result<Response, ApiError> {
    let Version { name, valid_from, create_missing, rows, chosen, once_only, place } = version;
    let (stream, now) = (here.school.id, app.clock.millis());
    let unfit = unfit_rows(&rows);
    if !unfit.is_empty() {
        return Err(ApiError::Invalid(unfit.iter().map(place).collect()));
    }
    let new = |kind, set| ServerWrite {
        stream,
        kind,
        id: app.chance.id(app.clock.now()),
        set,
        author: caller.id(),
        expected: Some(None),
    };

    let tx = app.store.begin().await?;
    if let Some(earlier) = once.claim(app, &tx).await? {
        return Ok(earlier);
    }
    let mut book = app.store.book_in(&tx, stream).await?.ok_or(ApiError::NotFound)?;
    let mut added: BTreeMap<Uuid, RecordType> = BTreeMap::new();
    if create_missing {
        let missing = missing_names(&book, &rows, valid_from);
        let writes: Vec<ServerWrite> =
            missing_records(&missing, valid_from).into_iter().map(|(kind, set)| new(kind, set)).collect();
        if !writes.is_empty() {
            app.store.write_many_in(&tx, stream, &writes, now).await?.map_err(refusal)?;
            book = app.store.book_in(&tx, stream).await?.ok_or(ApiError::NotFound)?;
            added.extend(writes.iter().map(|write| (write.id, write.kind)));
        }
    }
    let grid = build_grid_choosing(&book, &rows, &chosen, valid_from)
        .map_err(|flaws| ApiError::Invalid(flaws.iter().map(place).collect()))?;
    if once_only && let Some(same) = same_version(&book, &grid, valid_from) {
        let record = tx.record_find(stream, KIND, same.into_uuid()).await?.ok_or(ApiError::NotFound)?;
        let answer = Tagged::found(record.seq, keeping::view(app, &record));
        once.keep(&tx, &answer).await?;
        tx.commit().await?;
        return Ok(answer.into_response());
    }
    if create_missing {
        let back = gone(&book, &grid, valid_from);
        let writes: Vec<ServerWrite> =
            back.iter().map(|(id, (kind, _))| brought_back(*id, *kind, new)).collect();
        if !writes.is_empty() {
            app.store.write_many_in(&tx, stream, &writes, now).await?.map_err(refusal)?;
            // What was there once stays when the import is undone; what only came with one that was, does not.
            let anew = back.into_iter().filter(|(_, (_, retired))| *retired == NEVER);
            added.extend(anew.map(|(id, (kind, _))| (id, kind)));
        }
    }
    let added: BTreeMap<String, &str> =
        added.into_iter().map(|(id, kind)| (id.to_string(), kind.as_str())).collect();
    let members = json!({"name": name, "valid_from": valid_from, "grid": grid, "added": added});
    let set = keeping::fields(KIND, members)?;
    let record: StoredRecord = keeping::write(app, &tx, &new(KIND, set)).await?;
    let location = format!("/api/v1/schools/{stream}/timetables/{}", record.id);
    let answer = Tagged::created(record.seq, location, keeping::view(app, &record));
    once.keep(&tx, &answer).await?;
    tx.commit().await?;

    app.heads.moved(stream, record.seq);
    Ok(answer.into_response())
}

/// Subjects and teachers of the lessons that are retired by that day: a name that nobody else has means them, and the
/// timetable says that they are there again.
fn gone(book: &SchoolBook, grid: &Grid, valid_from: NaiveDate) -> BTreeMap<Uuid, (RecordType, NaiveDate)> {
    let by_then = |retired: Option<NaiveDate>| retired.filter(|retired| *retired <= valid_from);
    let lessons = grid.values().flatten();
    lessons
        .flat_map(|lesson| {
            let subject = by_then(book.subjects.get(&lesson.subject).and_then(|subject| subject.retired));
            let teacher = lesson.teacher.and_then(|id| Some((id, by_then(book.teachers.get(&id)?.retired)?)));
            let subject = subject.map(|since| (lesson.subject.into_uuid(), (RecordType::Subject, since)));
            [subject, teacher.map(|(id, since)| (id.into_uuid(), (RecordType::Teacher, since)))]
        })
        .flatten()
        .collect()
}

fn brought_back(id: Uuid, kind: RecordType, new: impl Fn(RecordType, Fields) -> ServerWrite) -> ServerWrite {
    let set = keeping::fields(kind, json!({"retired": null})).unwrap_or_default();
    ServerWrite { id, expected: None, ..new(kind, set) }
}

/// Records for the names a school does not have yet. Subjects of the common list come with their aliases and
/// whether they are protected.
fn missing_records(missing: &MissingNames, valid_from: NaiveDate) -> Vec<(RecordType, Fields)> {
    let fields = |kind, members| keeping::fields(kind, members).unwrap_or_default();
    let classes = missing.classes.iter().map(|(grade, number)| {
        let Class { cohort, number, entry_grade, retired: _ } = class_of_grade(*grade, *number, valid_from);
        (RecordType::Class, json!({"cohort": cohort, "number": number, "entry_grade": entry_grade}))
    });
    let subjects = missing_subjects(&missing.subjects).into_iter();
    let subjects = subjects.map(|subject| (RecordType::Subject, subject));
    let teachers = missing.teachers.iter().map(|name| (RecordType::Teacher, json!({"name": name})));
    classes.chain(subjects).chain(teachers).map(|(kind, value)| (kind, fields(kind, value))).collect()
}

/// Names that the common list has for one subject (体育, 体育与健康) are one subject here, too.
fn missing_subjects(names: &BTreeSet<String>) -> Vec<Value> {
    let mut known: BTreeMap<&str, (&SubjectSeed, BTreeSet<&str>)> = BTreeMap::new();
    let mut subjects = Vec::new();
    for name in names.iter().map(String::as_str) {
        let seed = seed::SUBJECTS.iter().find(|seed| seed.name == name || seed.aliases.contains(&name));
        match seed {
            Some(seed) => {
                known.entry(seed.name).or_insert_with(|| (seed, BTreeSet::new())).1.insert(name);
            }
            None => subjects.push(json!({"name": name})),
        }
    }
    subjects.extend(known.into_values().map(|(seed, written)| {
        let name = match written.first() {
            Some(first) if !written.contains(seed.name) => first,
            _ => seed.name,
        };
        let names = seed.aliases.iter().copied().chain([seed.name]);
        let aliases: Vec<&str> = names.filter(|alias| *alias != name).collect();
        json!({"name": name, "aliases": aliases, "protected": seed.protected})
    }));
    subjects
}
