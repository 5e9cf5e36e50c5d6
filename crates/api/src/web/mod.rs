//! Pages for people with a browser: the same decisions as the API, told in Chinese.
//!
//! `session` is the cookie, `entry` signing in and first steps, `home` the schools and each one's week at a glance, `log`
//! the weekly log, `downloads` its files, `review` what comes before it is published, `visits` what is behind its figures,
//! `settle` what people must decide, `devices` whose entries are still on the way, `compare` two editions side by side,
//! `schedule` what happens to logs by themselves, `district` its schools side by side, `posting` what a school posts and
//! `posted` what anybody sees of that, `audit` what the timetable reveals and `practice` what the visits do; `known` has
//! the names they tell, `bar` the way between them. What the pages look like is in [`crate::pages`].

mod audit;
mod bar;
mod compare;
mod devices;
mod district;
mod downloads;
mod entry;
mod home;
mod known;
mod log;
mod objections;
mod posted;
mod posting;
mod practice;
mod review;
mod schedule;
mod session;
mod settle;
mod visits;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;

use crate::app::App;
use crate::auth::guard::Here;
use crate::pages::{self, ErrorView, Frame};
use crate::problem::ApiError;

/// The frame of a visitor's pages, with the bar of a school's.
macro_rules! frame {
    ($visitor:expr) => {
        $crate::web::frame!($visitor, None)
    };
    ($visitor:expr, $bar:expr) => {
        $crate::pages::Frame {
            home_url: "/",
            person: Some($crate::pages::Person {
                name: &$visitor.caller.account.name,
                sign_out: $crate::pages::Form { action: "/sign-out", csrf: &$visitor.csrf },
            }),
            bar: $bar,
        }
    };
}
use frame;

/// The pages.
pub fn router(app: App) -> Router {
    let stylesheet = || async {
        let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
        (headers, pages::STYLESHEET)
    };
    Router::new()
        .merge(entry::router())
        .merge(home::router())
        .merge(compare::router())
        .merge(devices::router())
        .merge(district::router())
        .merge(log::router())
        .merge(review::router())
        .merge(schedule::router())
        .merge(visits::router())
        .merge(settle::router())
        .merge(objections::router())
        .merge(downloads::router())
        .merge(audit::router())
        .merge(practice::router())
        .merge(posted::router())
        .merge(posting::router())
        .route(pages::STYLESHEET_PATH, get(stylesheet))
        .with_state(app)
}

/// A school at which the visitor may do this, or the reason why not.
async fn here(app: &App, visitor: &session::Visitor, operation: &str, id: Uuid) -> Result<Here, PageError> {
    let school = app.store.read().school_find(SchoolId::from_uuid(id)).await?;
    let school = school.ok_or(ApiError::NotFound)?;
    let reach = visitor.caller.reach(app, operation, &school)?;
    Ok(Here { school, reach })
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub(crate) enum PageError {
    /// Sign in first.
    SignIn,
    /// The API's own reason.
    Problem(ApiError),
}

impl<E: Into<ApiError>> From<E> for PageError {
    fn from(error: E) -> Self {
        match error.into() {
            ApiError::Unauthenticated => Self::SignIn,
            error => Self::Problem(error),
        }
    }
}

impl From<askama::Error> for ApiError {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be rendered");
        Self::Internal
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let error = match self {
            Self::SignIn => return see_other("/sign-in"),
            Self::Problem(error) => error,
        };
        let (title, detail) = in_chinese(&error);
        let frame = Frame { home_url: "/", person: None, bar: None };
        let view = ErrorView { frame, status: error.status().as_u16(), title, detail };
        match pages::error_page(&view) {
            Ok(html) => (error.status(), page(html)).into_response(),
            Err(failed) => ApiError::from(failed).into_response(),
        }
    }
}

fn in_chinese(error: &ApiError) -> (&'static str, &'static str) {
    match error.status() {
        StatusCode::NOT_FOUND => ("没有这个页面", "地址有误，或者您没有查看它的权限。"),
        StatusCode::GONE => ("不再公示", "这一版周报已由学校撤回，或已由新的一版取代。"),
        StatusCode::FORBIDDEN => ("没有权限", "您的角色不能进行这项操作。"),
        StatusCode::CONFLICT => {
            ("情况已有变化", "打开本页之后又收到了新的记录，或者已经公示。请返回重新查看。")
        }
        StatusCode::TOO_MANY_REQUESTS => ("尝试次数过多", "请稍候再试。"),
        StatusCode::SERVICE_UNAVAILABLE => ("暂时无法处理", "服务器正忙，请稍后重试；已保存的内容不会丢失。"),
        status if status.is_client_error() => ("输入有误", "请检查填写的内容后重试。"),
        _ => ("服务器出错", "错误已记录，请稍后重试。"),
    }
}

/// A page with the content policy of pages.
pub(crate) fn page(html: String) -> Response {
    let mut response = Html(html).into_response();
    let policy = HeaderValue::from_static(pages::CONTENT_SECURITY_POLICY);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    // Without a referrer browsers send `Origin: null` with our own forms.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// A redirect after a form was posted, or to the sign-in page.
pub(crate) fn see_other(location: &str) -> Response {
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(axum::http::header::LOCATION, location)]).into_response()
}
