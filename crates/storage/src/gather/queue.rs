//! Which pushes share a commit, and how much of a large one is taken in at once.
//!
//! Small and large pushes take turns, so that a phone with one visit waits for one commit of large ones at most, however
//! much another sends. While small ones come and go that commit is a short one: a large push is taken in in slices, over
//! several commits, and answered after the last. To the database each slice is a push of its own; what a phone sends
//! again after a crash between two of them is known by its number, as ever.

use std::collections::{BTreeSet, VecDeque};

use tokio::sync::oneshot;
use xunke_sync::wire::result::WriteResult;

use super::{Answered, WAITING};
use crate::StoreError;
use crate::intake::examined::Examined;
use crate::intake::push::{PushJob, Pushed, Slice};

/// Most pushes of one commit.
const GATHERED: usize = 32;

/// Most bytes of the writes of one commit, unless one push has more.
const BYTES: usize = 4 * 1024 * 1024;

/// Most writes of one commit: whoever comes meanwhile waits for it.
const WRITES: usize = 512;

/// Most writes of one commit of large pushes while small ones come and go.
const SLICE: usize = 32;

/// For how many commits of large pushes after one of small ones the next small one is expected.
const EXPECTED: usize = 64;

/// Most writes of a small push.
const FEW: usize = 32;

/// Pushes in the order they came.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    turn: Share,
    /// Commits of large pushes since the last of small ones.
    large_since: usize,
}

/// A push that waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) job: PushJob,
    /// The results of what was taken in of it.
    pub(super) results: Vec<WriteResult>,
    /// How many writes the next commit takes in.
    take: usize,
    pub(super) answer: oneshot::Sender<Answered>,
}

/// Which pushes share a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    /// Small ones, of up to [`FEW`] writes.
    Few,
    /// Larger ones.
    Many,
}

impl Default for Queue {
    fn default() -> Self {
        Self { waiting: VecDeque::with_capacity(GATHERED), turn: Share::Few, large_since: EXPECTED }
    }
}

impl Queue {
    /// Whether no more is looked at. Far more than a commit holds, so that small pushes are seen behind many large ones.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn add(&mut self, push: Waiting) {
        self.waiting.push_back(push);
    }

    /// Puts pushes back of which a slice was taken in: before all others, in their order.
    pub(super) fn go_on_with(&mut self, unfinished: Vec<Waiting>) {
        for push in unfinished.into_iter().rev() {
            self.waiting.push_front(push);
        }
    }

    /// What the next commit takes in.
    pub(super) fn next_batch(&mut self) -> Vec<Waiting> {
        let mut batch = self.batch_of(self.turn);
        if batch.is_empty() {
            self.turn = self.turn.other();
            batch = self.batch_of(self.turn);
        }
        self.large_since = match self.turn {
            Share::Few => 0,
            Share::Many => self.large_since.saturating_add(1),
        };
        self.turn = self.turn.other();
        batch
    }

    /// Pushes of a size, first come, first served: of each device one, so that none fills a commit, and its second is
    /// judged by what the first left behind; and no more than fit into memory beside each other.
    fn batch_of(&mut self, share: Share) -> Vec<Waiting> {
        let small_ones_come = self.large_since < EXPECTED;
        let most = if share == Share::Many && small_ones_come { SLICE } else { WRITES };
        let (mut batch, mut later, mut devices) = (Vec::new(), VecDeque::new(), BTreeSet::new());
        let (mut bytes, mut writes) = (0, 0);
        for mut push in self.waiting.drain(..) {
            let (count, size) = (push.left().len(), push.left().iter().map(Examined::bytes).sum::<usize>());
            let fits = batch.is_empty()
                || (batch.len() < GATHERED && bytes + size <= BYTES && writes + count <= most);
            // What comes later of the same device stays behind it, whether it is taken or not.
            if devices.insert(push.job.device) && fits && Share::of(&push.job) == share {
                push.take = count.min(most);
                bytes += size;
                writes += push.take;
                batch.push(push);
            } else {
                later.push_back(push);
            }
        }
        self.waiting = later;
        batch
    }
}

impl Waiting {
    pub(super) const fn new(job: PushJob, answer: oneshot::Sender<Answered>) -> Self {
        Self { job, results: Vec::new(), take: 0, answer }
    }

    /// What the next commit takes in.
    pub(super) fn slice(&self) -> Slice<'_> {
        Slice::new(&self.job, self.results.len(), self.take)
    }

    /// The writes that are not yet taken in.
    fn left(&self) -> &[Examined] {
        self.job.writes.get(self.results.len()..).unwrap_or_default()
    }

    /// Answers, if all of it is taken in or none of the rest will be; else gives the push back.
    pub(super) fn go_on(mut self, outcome: Result<Pushed, StoreError>) -> Option<Self> {
        let outcome = match outcome {
            Ok(Pushed::Results(results)) => {
                self.results.extend(results);
                if !self.left().is_empty() {
                    return Some(self);
                }
                Ok(Pushed::Results(std::mem::take(&mut self.results)))
            }
            refused => refused,
        };
        // A phone that no longer waits will repeat its push.
        let _ = self.answer.send((outcome, self.job));
        None
    }
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
        let write = |n| format!(r#"{{"n":{n},"x.a":"{}"}}"#, "a".repeat(bytes));
        let writes = (1..=writes).map(write).collect::<Vec<_>>().join(",");
        let body = format!(r#"{{"device":"{device}","schema":1,"writes":[{writes}]}}"#);
        let read = push::read(body.as_bytes(), &xunke_sync::limits::Limits::default()).unwrap();
        let account = UserId::from_uuid(uuid::Uuid::nil());
        let sender = Sender { account, memberships: Vec::new(), revoked: false, admitted: false };
        let writes = read.writes.into_iter().map(Examined::of).collect();
        let job = PushJob { device, sender, writes, unsent: 0, clock_offset: None, now: 0 };
        Waiting::new(job, oneshot::channel().0)
    }

    fn queue_of(pushes: impl IntoIterator<Item = Waiting>) -> Queue {
        let mut queue = Queue::default();
        pushes.into_iter().for_each(|push| queue.add(push));
        queue
    }

    /// The devices of the next commits, where no small push was lately.
    fn commits<const N: usize>(pushes: Vec<Waiting>) -> [Vec<String>; N] {
        let mut queue = queue_of(pushes);
        let commits = std::array::from_fn(|_| {
            queue.large_since = EXPECTED;
            devices(&queue.next_batch())
        });
        assert!(queue.is_empty());
        commits
    }

    fn devices(batch: &[Waiting]) -> Vec<String> {
        batch.iter().map(|push| push.job.device.to_string().trim_start_matches('0').to_owned()).collect()
    }

    /// As if the commit had gone well; the pushes of which there is more.
    fn taken_in(batch: Vec<Waiting>) -> Vec<Waiting> {
        let result = |n: &i64| WriteResult::plain(*n, xunke_sync::wire::result::Outcome::Applied);
        let done = |push: Waiting| {
            let results = push.slice().writes().iter().map(|write| result(&write.n())).collect();
            push.go_on(Ok(Pushed::Results(results)))
        };
        batch.into_iter().filter_map(done).collect()
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

    #[test]
    fn while_small_pushes_come_a_large_one_is_taken_in_in_slices_and_answered_once() {
        let mut queue = queue_of([push_of_many(1, 75, 10), push_of(2, 10), push_of_many(3, 50, 10)]);
        let mut slices = Vec::new();
        while !queue.is_empty() {
            let batch = queue.next_batch();
            slices.extend(batch.iter().map(|push| (devices(&batch).concat(), push.slice().writes().len())));
            queue.go_on_with(taken_in(batch));
        }

        let expected = [("2", 1), ("1", 32), ("1", 32), ("1", 11), ("3", 32), ("3", 18)];
        assert_eq!(slices, expected.map(|(device, writes)| (device.to_owned(), writes)));
    }

    #[test]
    fn a_small_push_waits_for_one_slice_at_most() {
        let mut queue = queue_of([push_of(2, 10), push_of_many(1, 500, 10)]);
        let small = queue.next_batch();
        assert_eq!(devices(&small), ["2"]);
        let slice = queue.next_batch();
        assert_eq!(devices(&slice), ["1"]);
        queue.add(push_of(4, 10));
        queue.go_on_with(taken_in(slice));

        assert_eq!(devices(&queue.next_batch()), ["4"]);
    }

    #[test]
    fn the_answer_of_slices_has_every_result_in_order() {
        let (mut push, mut answered) = (push_of_many(1, 150, 10), oneshot::channel());
        push.answer = answered.0;
        let mut queue = queue_of([push_of(2, 10), push]);
        while !queue.is_empty() {
            assert!(answered.1.try_recv().is_err(), "answered before the last slice");
            let batch = queue.next_batch();
            queue.go_on_with(taken_in(batch));
        }

        let (outcome, job) = answered.1.try_recv().unwrap();
        let Ok(Pushed::Results(results)) = outcome else { unreachable!("{outcome:?}") };
        assert_eq!(results.iter().map(|result| result.n).collect::<Vec<_>>(), (1..=150).collect::<Vec<_>>());
        assert_eq!(job.writes.len(), 150);
    }
}
