//! What keeping any kind of reference record comes to.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use xunke_domain::book::Class;
use xunke_domain::class_name::display_name;
use xunke_domain::fields::Fields;
use xunke_domain::flaw::{Flaw, pointer_join};
use xunke_domain::record_type::RecordType;
use xunke_storage::Tx;
use xunke_storage::intake::server::{ServerWrite, ServerWritten};
use xunke_storage::records::StoredRecord;

use crate::answer::{Once, PageParams, Tagged, if_match, page_end};
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::problem::ApiError;

/// Members that are lists of elements in a record: an object from element to value over REST.
fn grouped(kind: RecordType) -> &'static [&'static str] {
    match kind {
        RecordType::School => &["settings"],
        RecordType::Teacher => &["subjects"],
        RecordType::Timetable => &["grid", "added"],
        RecordType::Semester => &["weeks"],
        RecordType::Assignment => &["classes"],
        _ => &[],
    }
}

/// The fields a JSON body sets.
pub fn fields(kind: RecordType, body: Value) -> Result<Fields, ApiError> {
    let Value::Object(members) = body else {
        return Err(ApiError::invalid("", "expected an object"));
    };
    let mut fields = Fields::new();
    let mut flaws = Vec::new();
    let mut add = |pointer: String, path: String, value: Value| match path.parse() {
        Ok(path) => {
            fields.insert(path, value);
        }
        Err(error) => flaws.push(Flaw::unknown(pointer, format!("{error}"))),
    };
    for (name, value) in members {
        let pointer = pointer_join("", &name);
        match value {
            Value::Object(elements) if grouped(kind).contains(&name.as_str()) => {
                for (element, value) in elements {
                    add(pointer_join(&pointer, &element), format!("{name}/{element}"), value);
                }
            }
            value => add(pointer, name, value),
        }
    }
    if flaws.is_empty() { Ok(fields) } else { Err(ApiError::Invalid(flaws)) }
}

/// A record as REST shows it.
pub fn view(app: &App, record: &StoredRecord) -> Value {
    let mut members = Map::new();
    members.insert("id".to_owned(), json!(record.id));
    for (path, register) in &record.state.registers {
        if register.value.is_null() {
            continue;
        }
        match path.element() {
            Some(element) => {
                let group = members.entry(path.name()).or_insert_with(|| json!({}));
                if let Value::Object(group) = group {
                    group.insert(element.to_owned(), register.value.clone());
                }
            }
            None => {
                members.insert(path.as_str().to_owned(), register.value.clone());
            }
        }
    }
    if record.kind == RecordType::Class
        && let Ok(class) = serde_json::from_value::<Class>(Value::Object(members.clone()))
    {
        members.insert("display_name".to_owned(), json!(display_name(&class, app.clock.today())));
    }
    Value::Object(members)
}

/// A page of records.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what `RecordList` answers in OpenAPI")]
pub struct Page<T> {
    /// The records.
    items: Vec<T>,
    /// Where the next page begins; absent on the last.
    next: Option<Uuid>,
}

/// A page of records of any kind.
#[derive(Debug, Serialize)]
pub struct RecordList {
    /// The records.
    pub items: Vec<Value>,
    /// Where the next page begins; absent on the last.
    pub next: Option<Uuid>,
}

/// Lists the records of a kind.
pub async fn list(
    app: &App,
    here: &Here,
    kind: RecordType,
    page: &PageParams,
) -> Result<axum::Json<RecordList>, ApiError> {
    let limit = page.limit()?;
    let mut records = app.store.read().record_list(here.school.id, kind, page.cursor, limit + 1).await?;
    let next = page_end(&mut records, limit, |record| record.id);
    Ok(axum::Json(RecordList { items: records.iter().map(|record| view(app, record)).collect(), next }))
}

/// Shows one record.
pub async fn find(app: &App, here: &Here, kind: RecordType, id: Uuid) -> Result<Tagged<Value>, ApiError> {
    let record = app.store.read().record_find(here.school.id, kind, id).await?;
    let record = record.filter(|record| !record.erased).ok_or(ApiError::NotFound)?;
    Ok(Tagged::found(record.seq, view(app, &record)))
}

/// Carries a write out and reads what came of it.
pub async fn write(app: &App, tx: &Tx, write: &ServerWrite) -> Result<StoredRecord, ApiError> {
    match app.store.write_in(tx, write, app.clock.millis()).await? {
        ServerWritten::Done(record) => Ok(*record),
        refused => Err(refusal(refused)),
    }
}

/// Why the server's own write was refused.
pub fn refusal(refused: ServerWritten) -> ApiError {
    match refused {
        ServerWritten::Changed => ApiError::PreconditionFailed,
        ServerWritten::Absent | ServerWritten::Done(_) => ApiError::NotFound,
        ServerWritten::Invalid(flaws) => {
            // Over REST the elements of a list are members of an object: `grid~1x` is `grid/x`.
            let plain = |flaw: Flaw| Flaw { pointer: flaw.pointer.replacen("~1", "/", 1), ..flaw };
            ApiError::Invalid(flaws.into_iter().map(plain).collect())
        }
    }
}

/// A request about one kind of record in one school.
#[derive(Debug)]
pub struct Desk<'a> {
    /// The application.
    pub app: &'a App,
    /// On whose behalf.
    pub caller: &'a Caller,
    /// Where.
    pub here: &'a Here,
    /// What kind.
    pub kind: RecordType,
}

impl Desk<'_> {
    /// Creates a record; `extra` are fields the server sets.
    pub async fn create(
        &self,
        operation: &str,
        path: &str,
        headers: &HeaderMap,
        body: Value,
        extra: Fields,
    ) -> Result<Response, ApiError> {
        let Self { app, caller, here, kind } = *self;
        let once = match Once::begin(app, caller.id(), headers, operation, &(here.school.id, &body)).await {
            Ok(once) => once,
            Err(answered) => return answered,
        };
        let mut set = fields(kind, body)?;
        set.extend(extra);
        let id = app.chance.id(app.clock.now());
        let request =
            ServerWrite { stream: here.school.id, kind, id, set, author: caller.id(), expected: Some(None) };

        let tx = app.store.begin().await?;
        if let Some(earlier) = once.claim(app, &tx).await? {
            return Ok(earlier);
        }
        let record = write(app, &tx, &request).await?;
        let location = format!("/api/v1/schools/{}/{path}/{id}", here.school.id);
        let answer = Tagged::created(record.seq, location, view(app, &record));
        once.keep(&tx, &answer).await?;
        tx.commit().await?;

        app.heads.moved(here.school.id, record.seq);
        Ok(answer.into_response())
    }

    /// Changes fields of a record whose version the caller has read.
    pub async fn change(
        &self,
        id: Uuid,
        headers: &HeaderMap,
        set: Fields,
    ) -> Result<Tagged<Value>, ApiError> {
        let Self { app, caller, here, kind } = *self;
        let expected = Some(Some(if_match(headers)?));
        if set.is_empty() {
            return Err(ApiError::invalid("", "name at least one member to change"));
        }
        let request = ServerWrite { stream: here.school.id, kind, id, set, author: caller.id(), expected };

        let tx = app.store.begin().await?;
        let record = write(app, &tx, &request).await?;
        tx.commit().await?;

        app.heads.moved(here.school.id, record.seq);
        Ok(Tagged::found(record.seq, view(app, &record)))
    }

    /// Retires a record as of today: it stays readable, and no longer counts.
    pub async fn retire(&self, id: Uuid, headers: &HeaderMap) -> Result<StatusCode, ApiError> {
        let today = json!(self.app.clock.today());
        let path = "retired".parse().map_err(|_| ApiError::Internal)?;
        self.change(id, headers, Fields::from([(path, today)])).await?;
        Ok(StatusCode::NO_CONTENT)
    }
}
