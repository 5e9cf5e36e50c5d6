//! Lists of visits as files, page by page from the database: as long as they are, they neither wait nor pile up.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Seek as _, SeekFrom};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::sync::{Semaphore, mpsc};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use xunke_domain::ids::{ClassId, SubjectId, TeacherId, UserId};
use xunke_domain::verdict::Verdict;
use xunke_domain::week::Week;
use xunke_storage::audit::AuditEntry;
use xunke_storage::records::StoredRecord;
use xunke_storage::schools::School;
use xunke_storage::visits::{VisitFilter, VisitRow};
use xunke_workbook::list_book::{ListCell, MOST_ROWS, list_book};

use super::visits;
use crate::app::App;
use crate::auth::guard::{Caller, Here};
use crate::beside::beside_few;
use crate::body::ApiQuery;
use crate::csv_text::{BYTE_ORDER_MARK, lines};
use crate::download::{self, CSV, XLSX};
use crate::naming::dimensions;
use crate::problem::ApiError;
use crate::visit_rows::{COLUMNS, Names};

/// Visits read at once.
const PAGE: u64 = 500;
/// Most bytes of a piece of the answer.
const PIECE: usize = 64 * 1024;
/// Pages that may wait for the workbook.
const AHEAD: usize = 2;

/// Workbooks of visits written at once: a long one takes a processor for a minute, and room for its temporary file.
static DESKS: Semaphore = Semaphore::const_new(2);

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(visit_export))
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// A table as text, with a byte order mark.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// The items of `visit_list`, all in one document.
    Json,
}

/// Which visits, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VisitExportParams {
    /// The kind of file; `csv` if not said.
    #[param(inline)]
    format: Option<ExportFormat>,
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
    /// Only those submitted (and not withdrawn), which the log tells, or only the others; all if not said.
    submitted: Option<bool>,
}

/// A file's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents the answer in OpenAPI")]
pub struct VisitFile(Vec<u8>);

/// Visits as a file: CSV, an Excel workbook, or JSON
///
/// An inspector's own, or the school's. CSV and JSON are sent as they are read, in the order of `visit_list`; an answer
/// that ends early was cut and is not whole. A workbook holds 1,048,575 visits at most and is sent when it is whole.
#[utoipa::path(get, path = "/api/v1/schools/{school}/visits/export", tag = "visits",
    params(("school" = Uuid, Path), VisitExportParams), responses(
    (status = 200, description = "The file", content(
        (VisitFile = "text/csv"),
        (VisitFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Object = "application/json"),
    )),
))]
async fn visit_export(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    ApiQuery(params): ApiQuery<VisitExportParams>,
) -> Result<Response, ApiError> {
    export(app, &caller, here, params).await
}

/// Visits as a file; shared with the pages. Names and texts leave the server in bulk, so it is noted who took them.
pub async fn export(
    app: App,
    caller: &Caller,
    here: Here,
    params: VisitExportParams,
) -> Result<Response, ApiError> {
    let own = here.own(caller);
    let school = here.school;
    let VisitExportParams { format, week, class, teacher, subject, inspector, verdict, text, submitted } =
        params;
    let tx = app.store.begin().await?;
    tx.audit_add(AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: app.clock.millis(),
        actor: Some(caller.id()),
        action: "visit_export",
        school: Some(school.id),
        object: week.map_or_else(|| "all weeks".to_owned(), |week| week.to_string()),
        detail: format!("{:?}", format.unwrap_or(ExportFormat::Csv)).to_lowercase(),
    })
    .await?;
    tx.commit().await?;
    let filter = VisitFilter {
        own,
        submitted,
        week,
        class,
        teacher,
        subject,
        inspector,
        verdict,
        text,
        ..VisitFilter::default()
    };
    let when = week.map_or_else(String::new, |week| format!("-{week}"));
    let name = format!("{}巡课记录{when}", school.name);
    let plain = format!("visits{when}");
    let headers = |kind, ending: &str| {
        download::headers(kind, &format!("{plain}.{ending}"), &format!("{name}.{ending}"))
    };
    let pages = Pages { app, school, filter, after: None, ended: false };
    match format.unwrap_or(ExportFormat::Csv) {
        ExportFormat::Csv => {
            let header = COLUMNS.iter().map(|column| ListCell::Text(column.title.to_owned())).collect();
            let head = [Bytes::from_static(BYTE_ORDER_MARK.as_bytes()), lines([header])?];
            let names = pages.names().await?;
            Ok((headers(CSV, "csv")?, streamed(pages, Form::Csv(names), head.into()).await?).into_response())
        }
        ExportFormat::Json => {
            let head = VecDeque::from([Bytes::from_static(b"{\"items\":[")]);
            let body = streamed(pages, Form::Json { any: false }, head).await?;
            Ok((headers("application/json", "json")?, body).into_response())
        }
        ExportFormat::Xlsx => {
            fits(pages.app.store.read().visit_count(pages.school.id, &pages.filter).await?)?;
            let file = workbook(pages).await?;
            Ok((headers(XLSX, "xlsx")?, sent(file)).into_response())
        }
    }
}

/// Whether so many visits fit a sheet.
fn fits(visits: u64) -> Result<(), ApiError> {
    if visits <= u64::from(MOST_ROWS) {
        return Ok(());
    }
    let detail =
        format!("a workbook holds at most {MOST_ROWS} visits, these are {visits}: ask for csv, or for fewer");
    Err(ApiError::invalid("?format", detail))
}

/// The visits of a filter, page by page.
struct Pages {
    app: App,
    school: School,
    filter: VisitFilter,
    after: Option<Uuid>,
    ended: bool,
}

impl Pages {
    async fn next(&mut self) -> Result<Option<Vec<VisitRow>>, ApiError> {
        if self.ended {
            return Ok(None);
        }
        let read = self.app.store.read();
        let rows = read.visit_list(self.school.id, &self.filter, self.after, PAGE).await?;
        self.after = rows.last().map(|row| row.id.into_uuid());
        self.ended = u64::try_from(rows.len()).is_ok_and(|read| read < PAGE);
        Ok(Some(rows))
    }

    async fn names(&self) -> Result<Names, ApiError> {
        let book = self.app.store.book(&self.school).await?;
        Ok(Names::new(book, dimensions(&self.app, &self.school).await?))
    }

    /// The next page as rows of a table.
    async fn table(&mut self, names: &mut Names) -> Result<Option<Vec<Vec<ListCell>>>, ApiError> {
        let Some(rows) = self.next().await? else { return Ok(None) };
        let mut records = visits::records(&self.app, &self.school, &rows).await?;
        let page: Vec<(VisitRow, StoredRecord)> = rows
            .into_iter()
            .filter_map(|row| records.remove(&row.id.into_uuid()).map(|record| (row, record)))
            .collect();
        names.rows(&self.app, &page).await.map(Some)
    }
}

/// How visits are written into a stream.
enum Form {
    Csv(Names),
    Json { any: bool },
}

impl Form {
    /// The next page; none at the end, for which JSON has a closing.
    async fn next(&mut self, pages: &mut Pages) -> Result<Option<Bytes>, ApiError> {
        match self {
            Self::Csv(names) => pages.table(names).await?.map(lines).transpose(),
            Self::Json { any } => {
                let Some(rows) = pages.next().await? else { return Ok(None) };
                let mut text = Vec::new();
                for item in visits::items(&pages.app, &pages.school, pages.filter.own, rows).await? {
                    if std::mem::replace(any, true) {
                        text.push(b',');
                    }
                    serde_json::to_writer(&mut text, &item).map_err(|error| {
                        tracing::error!(%error, "a visit could not be written");
                        ApiError::Internal
                    })?;
                }
                if pages.ended {
                    text.extend(b"]}");
                }
                Ok(Some(text.into()))
            }
        }
    }
}

/// A body that is made as it is read; what fails before the first page is still a problem document.
async fn streamed(mut pages: Pages, mut form: Form, mut made: VecDeque<Bytes>) -> Result<Body, ApiError> {
    made.extend(form.next(&mut pages).await?);
    let pieces = try_unfold((pages, form, made), |(mut pages, mut form, mut made)| async {
        loop {
            if let Some(mut next) = made.pop_front() {
                let piece = next.split_to(next.len().min(PIECE));
                if !next.is_empty() {
                    made.push_front(next);
                }
                if !piece.is_empty() {
                    return Ok(Some((piece, (pages, form, made))));
                }
                continue;
            }
            match form.next(&mut pages).await {
                Ok(Some(page)) => made.push_back(page),
                Ok(None) => return Ok(None),
                Err(error) => {
                    tracing::warn!(%error, "an export was cut");
                    return Err(error);
                }
            }
        }
    });
    Ok(Body::from_stream(pieces))
}

/// A workbook in a temporary file that nobody else sees, at its beginning.
async fn workbook(mut pages: Pages) -> Result<File, ApiError> {
    let mut names = pages.names().await?;
    let (send, mut receive) = mpsc::channel::<Vec<Vec<ListCell>>>(AHEAD);
    let writing = beside_few(&DESKS, "a workbook of visits", move || -> anyhow::Result<File> {
        let mut file = tempfile::tempfile()?;
        let rows = std::iter::from_fn(|| receive.blocking_recv()).flatten();
        list_book("巡课记录", &COLUMNS, rows, &mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    });
    let feeding = async move {
        while let Some(page) = pages.table(&mut names).await? {
            if send.send(page).await.is_err() {
                break;
            }
        }
        Ok::<(), ApiError>(())
    };
    let (written, fed) = tokio::join!(writing, feeding);
    fed?;
    written?.map_err(|error| {
        tracing::error!(%error, "visits could not be written as a workbook");
        ApiError::Internal
    })
}

fn sent(file: File) -> Body {
    let pieces = try_unfold(tokio::fs::File::from_std(file), |mut file| async {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Body::from_stream(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_visits_than_a_sheet_has_rows_are_refused_with_the_limit() {
        assert!(fits(1_048_575).is_ok());

        let Err(refused) = fits(1_048_576) else { panic!("too many fit") };
        let problem = refused.problem();
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (422, "?format"));
        assert!(problem.errors[0].detail.contains("1048575"), "{}", problem.errors[0].detail);
    }
}
