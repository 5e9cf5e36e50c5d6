//! Pushes that arrive together share one commit, so that durability stays cheap.
//!
//! One task writes; it takes what waits, up to a bound, each push in a savepoint of its own, commits
//! once, and only then answers. While it commits, the next pushes gather.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use xunke_sync::planted::{Bug, planted};

use crate::intake::push::{PushJob, Pushed};
use crate::{Store, StoreError};

/// Most pushes of one commit.
const GATHERED: usize = 32;

/// Pushes that may wait before new ones are refused as "too busy".
const WAITING: usize = 512;

type Waiting = (PushJob, oneshot::Sender<Result<Pushed, StoreError>>);

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
            let mut batch = Vec::with_capacity(GATHERED);
            while waiting.recv_many(&mut batch, GATHERED).await > 0 {
                let (store, batch) = (Arc::clone(&store), std::mem::take(&mut batch));
                // A task of its own: should one commit panic, its pushes get no answer, and the next go on.
                let taken = tokio::spawn(async move { take_in(&store, batch).await }).await;
                if let Err(error) = taken {
                    tracing::error!(%error, "taking pushes in failed");
                }
            }
        });
        Self { queue }
    }

    /// Takes a push in; answers after the commit.
    pub async fn push(&self, job: PushJob) -> Result<Pushed, NotTaken> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send((job, answer)).map_err(|_| NotTaken::Busy)?;
        match answered.await {
            Ok(outcome) => outcome.map_err(NotTaken::Store),
            Err(_) => Err(NotTaken::Busy),
        }
    }
}

async fn take_in(store: &Store, batch: Vec<Waiting>) {
    let (jobs, answers): (Vec<PushJob>, Vec<_>) = batch.into_iter().unzip();
    let outcomes = match try_together(store, &jobs).await {
        Ok(outcomes) => outcomes,
        // The commit failed, so nothing of the batch is there: each is told so.
        Err(error) => jobs.iter().map(|_| Err(error.again())).collect(),
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // A phone that no longer waits will repeat its push.
        let _ = answer.send(outcome);
    }
}

async fn try_together(
    store: &Store,
    jobs: &[PushJob],
) -> Result<Vec<Result<Pushed, StoreError>>, StoreError> {
    let tx = store.begin().await?;
    tx.lock_for(jobs).await?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs {
        let part = tx.savepoint().await?;
        let outcome = store.push_in(&part, job).await;
        let ended = match &outcome {
            Ok(_) => part.commit().await,
            Err(_) => part.roll_back().await,
        };
        match (outcome, ended) {
            (outcome, Ok(())) => outcomes.push(outcome),
            // On a full or failing disk SQLite takes the whole transaction back, and there is no part to end.
            (Err(error), Err(_)) | (Ok(_), Err(error)) => return Err(error),
        }
    }
    if planted(Bug::AnswerBeforeCommit) {
        tokio::spawn(tx.commit());
        return Ok(outcomes);
    }
    tx.commit().await?;
    Ok(outcomes)
}
