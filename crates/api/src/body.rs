//! Bodies, queries and paths, read strictly: what is wrong is a problem document that names the place.

use std::io::Read;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use xunke_domain::flaw::{Flaw, pointer_join};
use xunke_sync::strict_json;

use crate::problem::ApiError;

/// Most bytes of an ordinary JSON body, decoded.
const JSON_BYTES: usize = 256 * 1024;
/// Deepest nesting of a JSON body.
const JSON_DEPTH: usize = 32;
/// 8 MiB, the largest window a zstd body may ask for (RFC 9659): memory is set aside before a byte is read.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Reads a body of at most `cap` decoded bytes, plain, gzip or zstd.
pub async fn read_body(headers: &HeaderMap, body: Body, cap: usize) -> Result<Bytes, ApiError> {
    let too_large = || ApiError::TooLarge(format!("a body holds at most {cap} bytes, decoded"));
    let bytes = to_bytes(body, cap).await.map_err(|error| {
        // A body that ends early is the network's fault; one that is too long is refused as such.
        if error.to_string().contains("length limit") { too_large() } else { cut() }
    })?;
    let decoded = |reader: &mut dyn Read| -> Result<Bytes, ApiError> {
        let mut plain = Vec::new();
        let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
        reader.take(limit).read_to_end(&mut plain).map_err(|_| cut())?;
        if plain.len() > cap { Err(too_large()) } else { Ok(plain.into()) }
    };
    match headers.get(CONTENT_ENCODING).map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(bytes),
        Some(b"gzip") => decoded(&mut flate2::read::GzDecoder::new(bytes.as_ref())),
        Some(b"zstd") => {
            let mut reader = zstd::Decoder::new(bytes.as_ref()).map_err(|_| cut())?;
            reader.window_log_max(ZSTD_WINDOW_LOG).map_err(|_| cut())?;
            decoded(&mut reader)
        }
        Some(_) => Err(ApiError::UnsupportedMediaType("a body that is plain, gzip or zstd")),
    }
}

fn cut() -> ApiError {
    ApiError::Unparsable(Flaw::invalid("", "the body is cut or cannot be decompressed"))
}

/// Whether the body says it is JSON.
pub fn expect_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if matches!(essence, "application/json" | "application/merge-patch+json") {
        Ok(())
    } else {
        Err(ApiError::UnsupportedMediaType("a body of type application/json"))
    }
}

/// A JSON object of a known shape.
#[derive(Debug)]
pub struct ApiJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        read_json(request, JSON_BYTES).await.map(Self)
    }
}

/// Reads a JSON object of a known shape and at most `cap` decoded bytes.
pub async fn read_json<T: DeserializeOwned>(request: Request, cap: usize) -> Result<T, ApiError> {
    let (parts, body) = request.into_parts();
    expect_json(&parts.headers)?;
    let bytes = read_body(&parts.headers, body, cap).await?;
    let value = strict_json::parse(&bytes, JSON_DEPTH).map_err(ApiError::Unparsable)?;
    if !value.is_object() {
        // Serde would take an array for a struct, member by member.
        return Err(ApiError::invalid("", "expected an object"));
    }
    shaped(value)
}

/// Reads a value as `T`; a wrong place is named by its pointer.
pub fn shaped<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => pointer = pointer_join(&pointer, &index.to_string()),
                Segment::Map { key } => pointer = pointer_join(&pointer, key),
                Segment::Enum { .. } | Segment::Unknown => (),
            }
        }
        let detail = error.into_inner().to_string();
        let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        match missing {
            Some(name) => ApiError::invalid(pointer_join(&pointer, name), "required"),
            None => ApiError::invalid(pointer, detail),
        }
    })
}

/// Query parameters of a known shape.
#[derive(Debug)]
pub struct ApiQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => {
                let text = error.body_text();
                let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                Err(ApiError::invalid(format!("?{}", parameter(text)), text))
            }
            Err(_) => Err(ApiError::NotFound),
        }
    }
}

/// The parameter that serde complains of: "unknown field `colour`, …" or "limit: invalid digit …".
fn parameter(complaint: &str) -> &str {
    let quoted = ["unknown field `", "missing field `", "duplicate field `"]
        .into_iter()
        .find_map(|about| complaint.split_once(about)?.1.split('`').next());
    quoted.unwrap_or_else(|| complaint.split(':').next().unwrap_or_default().trim())
}

/// Path parameters; an id that is none names nothing: 404.
#[derive(Debug)]
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path)).map_err(|_| ApiError::NotFound)
    }
}
