//! Signing in and out, the first start, choosing a password.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::session::{self, Visitor, same_site};
use super::{PageError, page, see_other};
use crate::app::App;
use crate::pages::{self, FirstStepsView, Reader, SignInView};
use crate::problem::ApiError;
use crate::routes::sessions::{PasswordReset, address, reset_password, sign_in};
use crate::routes::setup::{Setup, complete};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/sign-in", get(sign_in_form).post(sign_in_posted))
        .route("/sign-out", post(sign_out))
        .route("/setup", get(setup_form).post(setup_posted))
        .route("/password", get(password_form).post(password_posted))
}

/// Before anybody is signed in there is no session to bind a token to: [`same_site`] guards these forms.
const NO_TOKEN: &str = "";

#[derive(Deserialize)]
struct SignInForm {
    login: String,
    password: String,
}

fn sign_in_again(reader: &Reader, login: &str, error: Option<&str>) -> Result<Response, PageError> {
    let form = pages::Form { action: "/sign-in", csrf: NO_TOKEN };
    Ok(page(pages::sign_in_page(&SignInView { reader, form, login, error })?))
}

async fn sign_in_form(State(app): State<App>, reader: Reader) -> Result<Response, PageError> {
    if app.store.read().setup_code().await?.is_some() && !app.store.read().has_accounts().await? {
        return Ok(see_other("/setup"));
    }
    sign_in_again(&reader, "", None)
}

async fn sign_in_posted(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Result<Response, PageError> {
    same_site(&headers)?;
    match sign_in(&app, &form.login, form.password, &address(&headers)).await {
        Ok(account) => {
            let client = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            Ok(session::begin(&app, account.id, client, see_other("/")).await?)
        }
        Err(error @ (ApiError::WrongCredentials | ApiError::TooManyRequests { .. })) => {
            let slow = matches!(error, ApiError::TooManyRequests { .. });
            let told =
                if slow { "尝试次数过多，请稍候再试。" } else { "账号或密码不正确。" };
            Ok((error.status(), sign_in_again(&reader, &form.login, Some(told))?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct SetupForm {
    code: String,
    district: String,
    login: String,
    name: String,
    password: String,
}

#[derive(Deserialize)]
struct PasswordForm {
    login: String,
    code: String,
    password: String,
}

#[derive(Deserialize)]
struct Csrf {
    csrf: String,
}

async fn sign_out(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Csrf>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    Ok(session::end(&app, &visitor.caller, see_other("/sign-in")).await?)
}

fn setup_again(reader: &Reader, error: Option<&str>) -> Result<Response, PageError> {
    let form = pages::Form { action: "/setup", csrf: NO_TOKEN };
    Ok(page(pages::setup_page(&FirstStepsView { reader, form, error })?))
}

async fn setup_form(State(app): State<App>, reader: Reader) -> Result<Response, PageError> {
    if app.store.read().has_accounts().await? {
        return Ok(see_other("/sign-in"));
    }
    setup_again(&reader, None)
}

async fn setup_posted(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    Form(form): Form<SetupForm>,
) -> Result<Response, PageError> {
    same_site(&headers)?;
    let SetupForm { code, district, login, name, password } = form;
    match complete(&app, &address(&headers), Setup { code, login, name, password, district }).await {
        Ok(done) => Ok(session::begin(&app, done.account, "setup", see_other("/")).await?),
        Err(error) => {
            told(&error).map_or(Err(PageError::Problem(error)), |text| setup_again(&reader, Some(text)))
        }
    }
}

fn password_again(reader: &Reader, error: Option<&str>) -> Result<Response, PageError> {
    let form = pages::Form { action: "/password", csrf: NO_TOKEN };
    Ok(page(pages::password_page(&FirstStepsView { reader, form, error })?))
}

async fn password_form(reader: Reader) -> Result<Response, PageError> {
    password_again(&reader, None)
}

async fn password_posted(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, PageError> {
    same_site(&headers)?;
    let PasswordForm { login, code, password } = form;
    match reset_password(&app, &address(&headers), PasswordReset { login, code, password }).await {
        Ok(()) => Ok(see_other("/sign-in")),
        Err(error) => {
            told(&error).map_or(Err(PageError::Problem(error)), |text| password_again(&reader, Some(text)))
        }
    }
}

/// What a person can mend is told beside the form.
const fn told(error: &ApiError) -> Option<&'static str> {
    match error {
        ApiError::WrongCredentials => Some("代码不正确、已用过或已过期。"),
        ApiError::Invalid(_) => Some("填写有误：密码太短、太容易猜到，或账号、姓名为空。"),
        ApiError::Taken(_) => Some("这个账号已有人使用。"),
        ApiError::TooManyRequests { .. } => Some("尝试次数过多，请稍候再试。"),
        _ => None,
    }
}
