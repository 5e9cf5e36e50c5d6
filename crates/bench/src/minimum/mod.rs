//! The least that could be called such a server, written by hand: axum over rusqlite, every commit synced. It keeps no
//! history, merges nothing but the last value, holds no write back, and asks nobody who he is. What the real server
//! costs beyond this is the price of its promises.

mod shelf;

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::value::RawValue;

use shelf::{Put, Shelf};

/// A push; what is not read is not checked.
#[derive(Deserialize)]
struct Push<'a> {
    #[serde(borrow)]
    writes: Vec<Write<'a>>,
}

#[derive(Deserialize)]
struct Write<'a> {
    n: i64,
    record: &'a str,
    stamp: &'a str,
    #[serde(borrow)]
    set: &'a RawValue,
}

#[derive(Deserialize)]
struct Asked {
    cursor: Option<i64>,
    limit: Option<usize>,
}

struct Fault(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

/// Serves until it is killed.
pub async fn serve(folder: &Path, listen: SocketAddr) -> anyhow::Result<()> {
    let shelf = Arc::new(Shelf::open(&folder.join("minimum.db"))?);
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/api/v1/sync/push", post(push))
        .route("/api/v1/sync/changes", get(changes))
        .layer(axum::extract::DefaultBodyLimit::max(1 << 20))
        .with_state(shelf);
    Ok(axum::serve(tokio::net::TcpListener::bind(listen).await?, router).await?)
}

async fn push(State(shelf): State<Arc<Shelf>>, body: Bytes) -> Result<Response, Fault> {
    let answer = tokio::task::spawn_blocking(move || -> anyhow::Result<String> {
        let Push { writes } = serde_json::from_slice(&body)?;
        let puts = writes.iter().map(|Write { record, stamp, set, n: _ }| Put { record, stamp, set });
        let first = shelf.put(puts)?;
        let mut answer = String::from(r#"{"results":["#);
        for ((write, seq), index) in writes.iter().zip(first..).zip(0..) {
            let comma = if index == 0 { "" } else { "," };
            write!(answer, r#"{comma}{{"n":{},"outcome":"applied","seq":{seq}}}"#, write.n)?;
        }
        answer.push_str("]}");
        Ok(answer)
    });
    Ok(([(CONTENT_TYPE, "application/json")], answer.await??).into_response())
}

async fn changes(
    State(shelf): State<Arc<Shelf>>,
    Query(Asked { cursor, limit }): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let after = cursor.unwrap_or(0);
    if after >= shelf.head() {
        let page = format!(r#"{{"changes":[],"cursor":"{after}","more":false,"head":{after}}}"#);
        return Ok(([(CONTENT_TYPE, "application/json")], page).into_response());
    }
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let gzip = accepted.contains("gzip");
    let page = tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<u8>> {
        let page = shelf.page(after, limit.unwrap_or(500))?;
        if !gzip {
            return Ok(page);
        }
        let mut packed = GzEncoder::new(Vec::with_capacity(page.len() / 4), Compression::fast());
        packed.write_all(&page)?;
        Ok(packed.finish()?)
    });
    let page = page.await??;
    let head = [(CONTENT_TYPE, "application/json")];
    Ok(if gzip {
        (head, [(CONTENT_ENCODING, "gzip")], page).into_response()
    } else {
        (head, page).into_response()
    })
}
