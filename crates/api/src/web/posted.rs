//! The public address of a school (`/p/…`): what it posts, for anybody, without signing in.

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, HOST};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::week::Week;
use xunke_sync::derived_id::derived_id;

use super::log::Shown;
use super::{PageError, page, see_other};
use crate::answer::is_known;
use crate::app::App;
use crate::auth::token;
use crate::body::ApiPath;
use crate::pages::{self, FeedView, Frame, Language, PostedView, PostedWeekView, Reader};
use crate::routes::posting::{ASK_AGAIN, PostedWeek, posted, posted_number, posted_weeks, posting_school};

/// Weeks in the feed.
const ENTRIES: usize = 20;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/p/{school}", get(weeks_page))
        .route("/p/{school}/feed.xml", get(feed))
        .route("/p/{school}/{week}", get(newest))
        .route("/p/{school}/{week}/{number}", get(edition_page))
}

/// The public address of a school, a path.
pub(super) fn path(school: Uuid) -> String {
    format!("/p/{school}")
}

/// A public address for readers of this language, in which alone it is told there.
fn told_in(language: Language, url: &str) -> String {
    match language {
        Language::Chinese => url.to_owned(),
        Language::English => format!("{url}?lang={}", language.code()),
    }
}

/// Scheme and host as the client sees them. Beyond this machine there is TLS: the server itself speaks none, and is
/// behind a proxy then.
pub(super) fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let here = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    format!("{}://{host}", if here { "http" } else { "https" })
}

/// A page that is kept by whoever likes, and asked about each time; told apart by what is in it.
fn cacheable(headers: &HeaderMap, text: String, answer: impl FnOnce(String) -> Response) -> Response {
    let tag = format!("\"{}\"", token::hash(&text));
    let mut response =
        if is_known(headers, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { answer(text) };
    let (name, value) = ASK_AGAIN;
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The weeks with the addresses of their pages.
fn with_urls(language: Language, school: Uuid, weeks: Vec<PostedWeek>) -> Vec<(PostedWeek, String)> {
    let url =
        |week: &PostedWeek| told_in(language, &format!("{}/{}/{}", path(school), week.week, week.edition));
    weeks.into_iter().map(|week| (week.clone(), url(&week))).collect()
}

pub(super) fn view<'a>(book: &SchoolBook, (week, url): &'a (PostedWeek, String)) -> PostedWeekView<'a> {
    PostedWeekView {
        week: week.week,
        teaching_week: book.teaching_week_of(week.week.monday()),
        edition: week.edition,
        published_at: week.published_at,
        url,
    }
}

async fn weeks_page(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    ApiPath(id): ApiPath<Uuid>,
) -> Result<Response, PageError> {
    let school = posting_school(&app, id).await?;
    let book = app.store.book(&school).await?;
    let weeks = with_urls(reader.language, id, posted_weeks(&app, &school).await?);
    let weeks: Vec<PostedWeekView<'_>> = weeks.iter().map(|week| view(&book, week)).collect();
    let html = pages::posted_page(&PostedView {
        frame: Frame {
            reader: &reader,
            home_url: &told_in(reader.language, &path(id)),
            person: None,
            bar: None,
        },
        school: &school.name,
        feed_url: &format!("{}/feed.xml", path(id)),
        weeks: &weeks,
    })?;
    Ok(cacheable(&headers, html, page))
}

async fn feed(
    State(app): State<App>,
    headers: HeaderMap,
    ApiPath(id): ApiPath<Uuid>,
) -> Result<Response, PageError> {
    let school = posting_school(&app, id).await?;
    let book = app.store.book(&school).await?;
    let mut weeks = posted_weeks(&app, &school).await?;
    weeks.truncate(ENTRIES);
    let updated = weeks.iter().map(|week| week.published_at).max().unwrap_or_default();
    let weeks = with_urls(Language::Chinese, id, weeks);
    let lasting = |week: &PostedWeek| {
        derived_id(&[
            b"posted_edition",
            id.as_bytes(),
            week.week.to_string().as_bytes(),
            &week.edition.to_be_bytes(),
        ])
    };
    let entries: Vec<_> = weeks.iter().map(|week| (lasting(&week.0), view(&book, week))).collect();
    let xml = pages::feed(&FeedView {
        school: &school.name,
        id: derived_id(&[b"posted_feed", id.as_bytes()]),
        origin: &origin(&headers),
        url: &path(id),
        updated,
        entries: &entries,
    })?;
    let answer = |xml| ([(CONTENT_TYPE, "application/atom+xml; charset=utf-8")], xml).into_response();
    Ok(cacheable(&headers, xml, answer))
}

/// The newest edition of a week.
async fn newest(
    State(app): State<App>,
    reader: Reader,
    ApiPath((id, week)): ApiPath<(Uuid, Week)>,
) -> Result<Response, PageError> {
    let school = posting_school(&app, id).await?;
    let number = posted_number(&app, &school, week).await?;
    Ok(see_other(&told_in(reader.language, &format!("{}/{week}/{number}", path(id)))))
}

async fn edition_page(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
) -> Result<Response, PageError> {
    let school = posting_school(&app, id).await?;
    let stored = posted(&app, &school, week, number).await?;
    let url =
        |other| (other == number).then(|| told_in(reader.language, &format!("{}/{week}/{number}", path(id))));
    let shown = Shown::read(&app, &school, week, url).await?;
    let home_url = told_in(reader.language, &path(id));
    let frame = Frame { reader: &reader, home_url: &home_url, person: None, bar: None };
    Ok(cacheable(&headers, shown.public_page(frame, &stored, &[])?, page))
}
