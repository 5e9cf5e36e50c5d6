//! Pushes that arrive together share one commit, so that durability stays cheap.
//!
//! One task writes; it takes what waits, up to a bound (`queue`), commits once, and only then answers. While it
//! commits, the next pushes gather. Should one of them fail, each is taken in alone, so that it fails alone.

mod queue;

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use xunke_domain::ids::SchoolId;
use xunke_sync::planted::{Bug, planted};

use self::queue::{Queue, Waiting};
use crate::intake::examined::Examined;
use crate::intake::push::{PushJob, Pushed, Slice};
use crate::{Store, StoreError};

/// Pushes that may wait before new ones are refused as "too busy".
const WAITING: usize = 512;

/// The outcome, and the push itself: its thousands of values are freed where they were made, not in the one task that
/// writes.
type Answered = (Result<Pushed, StoreError>, PushJob);

/// The queue before the one task that takes pushes in.
#[derive(Clone, Debug)]
pub struct Gatherer {
    queue: mpsc::Sender<Waiting>,
}

/// Why a push got no outcome; the phone keeps its queue and tries again.
#[derive(Debug)]
pub enum NotTaken {
    /// Too many wait already.
    Busy,
    /// The store failed.
    Store(StoreError),
}

impl Gatherer {
    /// Starts the task; it ends when the last handle is dropped.
    pub fn start(store: Arc<Store>) -> Self {
        let (queue, mut waiting) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let mut queue = Queue::default();
            loop {
                while !queue.is_full()
                    && let Ok(next) = waiting.try_recv()
                {
                    queue.add(next);
                }
                if queue.is_empty() {
                    match waiting.recv().await {
                        Some(next) => queue.add(next),
                        None => break,
                    }
                    // Whoever came at the same moment comes along.
                    continue;
                }
                let (store, batch) = (Arc::clone(&store), queue.next_batch());
                // A task of its own: should one commit panic, its pushes get no answer, and the next go on.
                match tokio::spawn(async move { take_in(&store, batch).await }).await {
                    Ok(unfinished) => queue.go_on_with(unfinished),
                    Err(error) => tracing::error!(%error, "taking pushes in failed"),
                }
            }
        });
        Self { queue }
    }

    /// Takes a push in; answers after the commit.
    pub async fn push(&self, job: PushJob) -> Result<Pushed, NotTaken> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting::new(job, answer)).map_err(|_| NotTaken::Busy)?;
        match answered.await {
            Ok((outcome, _)) => outcome.map_err(NotTaken::Store),
            Err(_) => Err(NotTaken::Busy),
        }
    }
}

/// Takes in what of these pushes is this commit's; gives those back of which there is more.
async fn take_in(store: &Store, batch: Vec<Waiting>) -> Vec<Waiting> {
    let slices: Vec<Slice<'_>> = batch.iter().map(Waiting::slice).collect();
    let outcomes = outcomes(store, &slices).await;
    // However the commit went: nobody hears of it before those who ask where a stream stands.
    store.fresh.moved(streams(&slices).into_iter());
    batch.into_iter().zip(outcomes).filter_map(|(push, outcome)| push.go_on(outcome)).collect()
}

/// The streams that these pushes may have moved.
fn streams(slices: &[Slice<'_>]) -> BTreeSet<SchoolId> {
    slices.iter().flat_map(Slice::writes).filter_map(Examined::stream).collect()
}

async fn outcomes(store: &Store, slices: &[Slice<'_>]) -> Vec<Result<Pushed, StoreError>> {
    match try_together(store, slices).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        // The database is away, or the commit failed, so nothing of the batch is there: each is told so.
        Err(error @ StoreError::Unavailable(_)) => slices.iter().map(|_| Err(error.again())).collect(),
        // One of them cannot be taken in; which one shows when each is alone.
        Err(_) if slices.len() > 1 => {
            let mut outcomes = Vec::with_capacity(slices.len());
            for slice in slices {
                let alone = try_together(store, std::slice::from_ref(slice)).await;
                outcomes.push(alone.and_then(|mut one| {
                    one.pop().ok_or_else(|| StoreError::corrupt("push", "it has no outcome"))
                }));
            }
            outcomes
        }
        Err(error) => vec![Err(error)],
    }
}

async fn try_together(store: &Store, slices: &[Slice<'_>]) -> Result<Vec<Pushed>, StoreError> {
    let tx = store.begin_unnoticed().await?;
    let outcomes = store.push_in(&tx, slices).await?;
    if planted(Bug::AnswerBeforeCommit) {
        tokio::spawn(tx.commit());
        return Ok(outcomes);
    }
    tx.commit().await?;
    Ok(outcomes)
}
