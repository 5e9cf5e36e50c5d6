//! Pushes that arrive together share one commit, so that durability stays cheap.
//!
//! One task writes; it takes what waits, up to a bound, commits once, and only then answers. While it commits, the
//! next pushes gather. Should one of them fail, each is taken in alone, so that it fails alone.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use xunke_domain::ids::SchoolId;
use xunke_sync::planted::{Bug, planted};

use crate::intake::examined::Examined;
use crate::intake::push::{PushJob, Pushed};
use crate::{Store, StoreError};

/// Most pushes of one commit.
const GATHERED: usize = 32;

/// Most bytes of the writes of one commit, unless one push has more.
const BYTES: usize = 4 * 1024 * 1024;

/// Most writes of one commit, unless one push has more: whoever comes meanwhile waits for it.
const WRITES: usize = 512;

/// Most writes of a push that does not share its commit with larger ones: it is soon done, and they are not.
const FEW: usize = 32;

/// Pushes that may wait before new ones are refused as "too busy".
const WAITING: usize = 512;

type Waiting = (PushJob, oneshot::Sender<Answered>);

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
            let (mut queue, mut turn) = (VecDeque::with_capacity(GATHERED), Share::Few);
            loop {
                while queue.len() < GATHERED
                    && let Ok(next) = waiting.try_recv()
                {
                    queue.push_back(next);
                }
                if queue.is_empty() {
                    match waiting.recv().await {
                        Some(next) => queue.push_back(next),
                        None => break,
                    }
                    // Whoever came at the same moment comes along.
                    continue;
                }
                let (store, batch) = (Arc::clone(&store), next_batch(&mut queue, &mut turn));
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
            Ok((outcome, _)) => outcome.map_err(NotTaken::Store),
            Err(_) => Err(NotTaken::Busy),
        }
    }
}

/// Which pushes share a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    /// Those of [`FEW`] writes.
    Few,
    /// Those of more.
    Many,
}

impl Share {
    const fn of(job: &PushJob) -> Self {
        if job.writes.len() <= FEW { Self::Few } else { Self::Many }
    }

    const fn other(self) -> Self {
        match self {
            Self::Few => Self::Many,
            Self::Many => Self::Few,
        }
    }
}

/// The pushes of the next commit. Small and large ones take turns, so that a phone with one visit waits for one large
/// commit at most, however much another sends.
fn next_batch(queue: &mut VecDeque<Waiting>, turn: &mut Share) -> Vec<Waiting> {
    let mut batch = batch_of(queue, *turn);
    if batch.is_empty() {
        *turn = turn.other();
        batch = batch_of(queue, *turn);
    }
    *turn = turn.other();
    batch
}

/// Pushes of a size, first come, first served: of each device one, so that none fills a commit, and its second is
/// judged by what the first left behind; and no more than fit into memory beside each other.
fn batch_of(queue: &mut VecDeque<Waiting>, share: Share) -> Vec<Waiting> {
    let (mut batch, mut later, mut devices) = (Vec::new(), VecDeque::new(), BTreeSet::new());
    let (mut bytes, mut writes) = (0, 0);
    for (job, answer) in queue.drain(..) {
        let size: usize = job.writes.iter().map(Examined::bytes).sum();
        let fits = batch.is_empty() || (bytes + size <= BYTES && writes + job.writes.len() <= WRITES);
        // What comes later of the same device stays behind it, whether it is taken or not.
        if devices.insert(job.device) && fits && Share::of(&job) == share {
            bytes += size;
            writes += job.writes.len();
            batch.push((job, answer));
        } else {
            later.push_back((job, answer));
        }
    }
    *queue = later;
    batch
}

async fn take_in(store: &Store, batch: Vec<Waiting>) {
    let (jobs, answers): (Vec<PushJob>, Vec<_>) = batch.into_iter().unzip();
    let outcomes = outcomes(store, &jobs).await;
    // However the commit went: nobody hears of it before those who ask where a stream stands.
    store.fresh.moved(streams(&jobs).into_iter());
    for ((job, answer), outcome) in jobs.into_iter().zip(answers).zip(outcomes) {
        // A phone that no longer waits will repeat its push.
        let _ = answer.send((outcome, job));
    }
}

/// The streams that these pushes may have moved.
fn streams(jobs: &[PushJob]) -> BTreeSet<SchoolId> {
    jobs.iter().flat_map(|job| &job.writes).filter_map(Examined::stream).collect()
}

async fn outcomes(store: &Store, jobs: &[PushJob]) -> Vec<Result<Pushed, StoreError>> {
    match try_together(store, jobs).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        // The database is away, or the commit failed, so nothing of the batch is there: each is told so.
        Err(error @ StoreError::Unavailable(_)) => jobs.iter().map(|_| Err(error.again())).collect(),
        // One of them cannot be taken in; which one shows when each is alone.
        Err(_) if jobs.len() > 1 => {
            let mut outcomes = Vec::with_capacity(jobs.len());
            for job in jobs {
                let alone = try_together(store, std::slice::from_ref(job)).await;
                outcomes.push(alone.and_then(|mut one| {
                    one.pop().ok_or_else(|| StoreError::corrupt("push", "it has no outcome"))
                }));
            }
            outcomes
        }
        Err(error) => vec![Err(error)],
    }
}

async fn try_together(store: &Store, jobs: &[PushJob]) -> Result<Vec<Pushed>, StoreError> {
    let tx = store.begin_unnoticed().await?;
    let outcomes = store.push_in(&tx, jobs).await?;
    if planted(Bug::AnswerBeforeCommit) {
        tokio::spawn(tx.commit());
        return Ok(outcomes);
    }
    tx.commit().await?;
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use xunke_domain::ids::UserId;
    use xunke_sync::stamp::DeviceId;
    use xunke_sync::wire::push;

    use super::*;
    use crate::intake::push::Sender;

    fn push_of(device: u64, bytes: usize) -> Waiting {
        push_of_many(device, 1, bytes)
    }

    fn push_of_many(device: u64, writes: usize, bytes: usize) -> Waiting {
        let device = DeviceId::from_u64(device);
        let write = format!(r#"{{"n":1,"x.a":"{}"}}"#, "a".repeat(bytes));
        let writes = vec![write; writes].join(",");
        let body = format!(r#"{{"device":"{device}","schema":1,"writes":[{writes}]}}"#);
        let read = push::read(body.as_bytes(), &xunke_sync::limits::Limits::default()).unwrap();
        let account = UserId::from_uuid(uuid::Uuid::nil());
        let sender = Sender { account, memberships: Vec::new(), revoked: false, admitted: false };
        let writes = read.writes.into_iter().map(Examined::of).collect();
        (PushJob { device, sender, writes, unsent: 0, clock_offset: None, now: 0 }, oneshot::channel().0)
    }

    /// The devices of the next commits.
    fn commits<const N: usize>(mut queue: VecDeque<Waiting>) -> [Vec<String>; N] {
        let mut turn = Share::Few;
        let commits = std::array::from_fn(|_| devices(&next_batch(&mut queue, &mut turn)));
        assert!(queue.is_empty());
        commits
    }

    fn devices(batch: &[Waiting]) -> Vec<String> {
        batch.iter().map(|(job, _)| job.device.to_string().trim_start_matches('0').to_owned()).collect()
    }

    #[test]
    fn a_commit_has_one_push_of_a_device_and_the_others_do_not_wait_for_its_next() {
        let commits = commits([1, 1, 1, 2, 3].map(|device| push_of(device, 10)).into());

        assert_eq!(commits, [vec!["1", "2", "3"], vec!["1"], vec!["1"]]);
    }

    #[test]
    fn a_commit_is_bounded_by_its_bytes_and_no_push_overtakes_another_of_its_device() {
        let half = BYTES / 2;
        let commits = commits([push_of(1, half), push_of(2, half), push_of(2, 10), push_of(3, 10)].into());

        assert_eq!(commits, [vec!["1", "3"], vec!["2"], vec!["2"]]);
    }

    #[test]
    fn small_and_large_pushes_take_turns_and_one_behind_a_large_one_of_its_device_waits() {
        let large = |device| push_of_many(device, 400, 10);
        let queue = [large(1), push_of(1, 10), push_of(2, 10), large(3), push_of(4, 10), large(5)];

        assert_eq!(commits(queue.into()), [vec!["2", "4"], vec!["1"], vec!["1"], vec!["3"], vec!["5"]]);
    }

    #[test]
    fn large_pushes_share_a_commit_up_to_its_bound() {
        let large = |device| push_of_many(device, 200, 10);

        assert_eq!(commits([1, 2, 3].map(large).into()), [vec!["1", "2"], vec!["3"]]);
    }
}
