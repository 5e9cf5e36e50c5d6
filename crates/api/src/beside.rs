//! Work that takes a while, beside the tasks that answer requests.

use crate::problem::ApiError;

/// Does the work on a thread of its own; `what` names it where it panics, which is told to nobody else.
pub async fn beside<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "{what} ended early");
        ApiError::Internal
    })
}
