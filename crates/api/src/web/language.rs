//! The language of a browser's pages: what was chosen by `?lang=`, else what the browser asks for, else Chinese.
//!
//! Inside, where no cache keeps a page, a choice is kept in a cookie, and the address goes on without it. The public pages (`/p/…`) are kept by
//! shared caches, so there the address alone says the language: everybody is told the same at one address.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request};
use axum::http::header::{ACCEPT_LANGUAGE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::session::cookie;
use super::{Untold, see_other};
use crate::pages::{Language, Reader};

const COOKIE_NAME: &str = "__Host-xunke-language";
/// How long a choice is kept, seconds.
const KEPT: u32 = 365 * 24 * 3600;
/// Under this the language is part of the address.
const PUBLIC: &str = "/p/";

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(reader(&parts.uri, &parts.headers))
    }
}

fn reader(uri: &Uri, headers: &HeaderMap) -> Reader {
    let (here, chosen) = split(uri);
    let public = uri.path().starts_with(PUBLIC);
    let told = || cookie(headers, COOKIE_NAME).and_then(Language::of_code).or_else(|| preferred(headers));
    let language = if public { chosen } else { told() };
    Reader::new(language.unwrap_or_default(), here)
}

/// The address without the choice of a language, and the choice. The address is a path on this host: several slashes
/// at its beginning, which would make a host of what follows, are one.
fn split(uri: &Uri) -> (String, Option<Language>) {
    let (mut chosen, mut others) = (None, Vec::new());
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        match pair.strip_prefix("lang=") {
            Some(code) => chosen = Language::of_code(code).or(chosen),
            None => others.push(pair),
        }
    }
    let mut here = format!("/{}", uri.path().trim_start_matches(['/', '\\']));
    if !others.is_empty() {
        here = format!("{here}?{}", others.join("&"));
    }
    (here, chosen)
}

/// The language that the browser likes best of those there are (RFC 9110, section 12.5.4).
fn preferred(headers: &HeaderMap) -> Option<Language> {
    let ranges = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?.split(',');
    let weighed = ranges.filter_map(|range| {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
        let primary = tag.trim().split('-').next()?.to_ascii_lowercase();
        (weight > 0.0).then_some((Language::of_code(&primary)?, weight))
    });
    // Of several of one weight the first counts.
    weighed.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
}

/// Keeps a choice of language, and tells in the reader's what went wrong.
pub(super) async fn told(request: Request, next: Next) -> Response {
    let (here, chosen) = split(request.uri());
    let public = request.uri().path().starts_with(PUBLIC);
    if let (&Method::GET | &Method::HEAD, Some(language), false) = (request.method(), chosen, public) {
        return kept(language, see_other(&here));
    }
    let mut reader = reader(request.uri(), request.headers());
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        // Nobody can go to where a form was sent: the page that answers it leads to the start page.
        reader = Reader::new(reader.language, "/");
    }
    let mut response = next.run(request).await;
    if let Some(untold) = response.extensions_mut().remove::<Untold>() {
        response = untold.told(&reader);
    }
    response
}

fn kept(language: Language, response: Response) -> Response {
    let code = language.code();
    let cookie = format!("{COOKIE_NAME}={code}; Path=/; Max-Age={KEPT}; Secure; HttpOnly; SameSite=Lax");
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => ([(SET_COOKIE, cookie)], response).into_response(),
        Err(_) => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(language: &'static str) -> Option<Language> {
        preferred(&HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(language))]))
    }

    #[test]
    fn the_language_liked_best_of_those_there_are_is_told() {
        assert_eq!(asked("en-GB,en;q=0.9,zh-CN;q=0.8"), Some(Language::English));
        assert_eq!(asked("fr, zh-Hans-CN;q=0.5, en;q=0.4"), Some(Language::Chinese));
        assert_eq!(asked("zh,en"), Some(Language::Chinese));
        assert_eq!(asked("en;q=0, fr"), None);
    }

    #[test]
    fn a_choice_leads_back_to_the_same_page_and_nowhere_else() {
        let back = |uri: &str| split(&uri.parse().unwrap());
        assert_eq!(back("/a/b?x=1&lang=en&y=2"), ("/a/b?x=1&y=2".to_owned(), Some(Language::English)));
        assert_eq!(
            back("//elsewhere.example/?lang=zh"),
            ("/elsewhere.example/".to_owned(), Some(Language::Chinese))
        );
        assert_eq!(back("/?lang=fr"), ("/".to_owned(), None));
    }
}
