//! Work that takes a while, beside the tasks that answer requests.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::problem::ApiError;

/// How long a request waits for a place.
const WAIT: Duration = Duration::from_secs(10);

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

/// Does the work like [`beside`] when one of the `places` is free; who has waited 10 seconds is told to come again. The
/// place is given back when the work ends, though nobody may wait for it any more.
pub async fn beside_few<T: Send + 'static>(
    places: &'static Semaphore,
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    in_place(places, WAIT, what, work).await
}

async fn in_place<T: Send + 'static>(
    places: &'static Semaphore,
    wait: Duration,
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let place = tokio::time::timeout(wait, places.acquire()).await;
    let place = place.ok().and_then(Result::ok).ok_or(ApiError::Unavailable)?;
    beside(what, move || {
        let done = work();
        drop(place);
        done
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_is_told_to_come_again() {
        static PLACES: Semaphore = Semaphore::const_new(1);
        let (begin, began) = tokio::sync::oneshot::channel();
        let (end, ended) = mpsc::channel::<()>();
        let long = tokio::spawn(beside_few(&PLACES, "a test", move || {
            begin.send(()).unwrap();
            ended.recv().is_ok()
        }));
        began.await.unwrap();

        let refused = in_place(&PLACES, Duration::ZERO, "a test", || ()).await;
        end.send(()).unwrap();

        assert!(matches!(refused, Err(ApiError::Unavailable)), "{refused:?}");
        assert!(long.await.unwrap().unwrap());
        assert!(beside_few(&PLACES, "a test", || true).await.unwrap());
    }
}
