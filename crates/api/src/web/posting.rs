//! Where a principal decides what is posted, prints the QR code for the gate, and takes editions back.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::DateTime;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::week::Week;
use xunke_storage::editions::EditionHead;

use super::bar::{Part, Place, bar};
use super::posted::{origin, path, view};
use super::session::Visitor;
use super::{PageError, frame, here, page, see_other};
use crate::app::App;
use crate::body::ApiPath;
use crate::instant::at;
use crate::pages::{self, EditionPosted, PostingView};
use crate::problem::ApiError;
use crate::routes::posting::{PostedWeek, Posting, decide, withdraw};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/schools/{school}/posting", get(posting_page).post(decided))
        .route("/schools/{school}/posting/qr.svg", get(qr_code))
        .route("/schools/{school}/weeks/{week}/editions/{number}/withdraw", post(withdraw_posted))
}

async fn posting_page(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath(id): ApiPath<Uuid>,
) -> Result<Response, PageError> {
    let school = here(&app, &visitor, "edition_list", id).await?.school;
    let book = app.store.book(&school).await?;
    let heads = app.store.read().edition_heads(school.id).await?;
    let row = |(week, head): (Week, EditionHead)| {
        let published_at: DateTime<_> = at(head.published_at).fixed_offset();
        let url = format!("/schools/{id}/weeks/{week}/editions/{}", head.number);
        (
            (PostedWeek { week, edition: head.number, published_at }, format!("{url}/public")),
            url,
            head.withdrawn,
        )
    };
    let rows: Vec<_> = heads.into_iter().rev().map(row).collect();
    let may = |operation| visitor.caller.reach(&app, operation, &school).is_ok();
    let (may_withdraw, action) = (may("edition_withdraw"), format!("/schools/{id}/posting"));
    let actions: Vec<String> = rows.iter().map(|(_, url, _)| format!("{url}/withdraw")).collect();
    let editions: Vec<EditionPosted<'_>> = rows
        .iter()
        .zip(&actions)
        .map(|((week, _, withdrawn), action)| EditionPosted {
            week: view(&book, week),
            withdrawn: *withdrawn,
            withdraw: (may_withdraw && !withdrawn).then_some(pages::Form { action, csrf: &visitor.csrf }),
        })
        .collect();
    let bar = bar(&app, &visitor, &school, None, Place::On(Part::Posting)).await?;
    Ok(page(pages::posting_page(&PostingView {
        frame: frame!(visitor, Some(&bar)),
        school: &school.name,
        posted: book.settings.posted,
        decide: may("posting_change").then_some(pages::Form { action: &action, csrf: &visitor.csrf }),
        address: &format!("{}{}", origin(&headers), path(id)),
        qr_url: &format!("/schools/{id}/posting/qr.svg"),
        editions: &editions,
    })?))
}

#[derive(Deserialize)]
struct Decision {
    csrf: String,
    posted: bool,
}

async fn decided(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath(id): ApiPath<Uuid>,
    Form(form): Form<Decision>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    let school = here(&app, &visitor, "posting_change", id).await?.school;
    decide(&app, &visitor.caller, school.id, Posting { posted: form.posted }).await?;
    Ok(see_other(&format!("/schools/{id}/posting")))
}

/// The public address as a QR code, with the quiet zone it needs.
async fn qr_code(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath(id): ApiPath<Uuid>,
) -> Result<Response, PageError> {
    here(&app, &visitor, "edition_list", id).await?;
    let address = format!("{}{}", origin(&headers), path(id));
    let code = QrCode::new(address).map_err(|error| {
        tracing::error!(%error, "an address is no QR code");
        ApiError::Internal
    })?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(([(CONTENT_TYPE, "image/svg+xml")], image).into_response())
}

#[derive(Deserialize)]
struct WithdrawForm {
    csrf: String,
    why: String,
}

async fn withdraw_posted(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath((id, week, number)): ApiPath<(Uuid, Week, u32)>,
    Form(form): Form<WithdrawForm>,
) -> Result<Response, PageError> {
    visitor.check(&headers, &form.csrf)?;
    let school = here(&app, &visitor, "edition_withdraw", id).await?.school;
    withdraw(&app, &visitor.caller, school.id, week, number, &form.why).await?;
    Ok(see_other(&format!("/schools/{id}/posting")))
}
