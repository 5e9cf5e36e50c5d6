//! The HTTP server: the whole router, and an accept loop of our own, since `axum::serve` has no header
//! time-out (reliability, "Facts measured").

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::auth::guard;
use crate::openapi;
use crate::problem::ApiError;
use crate::{docs, routes, web};

/// Carries the peer's address from the listener to the handlers; what a client sends under it is removed.
pub const PEER: HeaderName = HeaderName::from_static("x-xunke-peer");

/// Time for a request's head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections at once.
const CONNECTIONS: usize = 4096;
/// Time for running requests after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// What does not depend on the state: made once, though tests and simulations start servers by the hundred.
struct Documented {
    operations: Router<App>,
    document: OpenApi,
    /// Operation ids by method and path.
    ids: guard::Operations,
    docs: Router,
}

static DOCUMENTED: LazyLock<Documented> = LazyLock::new(|| {
    let (operations, api) =
        OpenApiRouter::with_openapi(openapi::base()).merge(routes::router()).split_for_parts();
    let document = openapi::complete(api);
    let ids = openapi::operations(&document).into_iter().map(|(method, path, id)| ((method, path), id));
    Documented { operations, ids: Arc::new(ids.collect()), docs: docs::router(&document), document }
});

/// The OpenAPI document.
pub fn document() -> OpenApi {
    DOCUMENTED.document.clone()
}

/// Everything the server answers.
pub fn router(app: App) -> Router {
    let Documented { operations, document: _, ids, docs } = &*DOCUMENTED;
    let guarded = operations
        .clone()
        .route_layer(middleware::from_fn_with_state((app.clone(), Arc::clone(ids)), guard::guard))
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .with_state(app.clone());
    let all = Router::new()
        .merge(guarded)
        .merge(docs.clone())
        .merge(web::router(app))
        .route("/problems/{code}", get(docs::problems))
        .fallback(|| async { ApiError::NotFound });
    dressed(all)
}

/// What every answer goes through: compression, a problem document for a panic, protecting headers.
fn dressed(router: Router) -> Router {
    let compressible = SizeAbove::new(256).and(NotForContentType::new("text/event-stream"));
    router
        .layer(CompressionLayer::new().gzip(true).zstd(true).compress_when(compressible))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            tracing::error!("a handler panicked");
            ApiError::Internal.into_response()
        }))
        .layer(middleware::from_fn(security_headers))
}

/// Headers that every answer carries (reliability, "Defaults"); pages set a content policy of their own.
async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Serves until `stop` completes, then lets running requests end.
pub async fn serve(listener: TcpListener, app: App, stop: impl Future<Output = ()>) {
    let router = router(app);
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let (closing, _) = tokio::sync::watch::channel(());
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors, most likely; give connections time to end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
            continue;
        };
        let (router, mut closed) = (router.clone(), closing.subscribe());
        tokio::spawn(async move {
            let service =
                TowerToHyperService::new(router.map_request(move |request| with_peer(request, peer)));
            let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            tokio::select! {
                // How a connection ends is the client's affair.
                _ = connection.as_mut() => (),
                _ = closed.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop(permit);
        });
    }
    drop(listener);
    let _ = closing.send(());
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    if tokio::time::timeout(DRAIN, connections.acquire_many(all)).await.is_err() {
        tracing::warn!("connections were still open after {} s and are cut", DRAIN.as_secs());
    }
}

fn with_peer<B>(mut request: axum::http::Request<B>, peer: SocketAddr) -> axum::http::Request<B> {
    let address = HeaderValue::from_str(&peer.ip().to_string());
    request.headers_mut().remove(PEER);
    if let Ok(address) = address {
        request.headers_mut().insert(PEER, address);
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_as_a_problem() {
        let router =
            dressed(Router::new().route("/", get(|| async { panic!("the secret of the handler") as () })));

        let answer = router.oneshot(Request::new(Body::empty())).await.unwrap();

        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"code\":\"internal\"") && !body.contains("secret"), "{body}");
    }
}
