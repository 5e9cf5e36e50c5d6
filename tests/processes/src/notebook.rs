//! What phones were told, written down apart from server and replica: what they then are held against.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_sync::record::Seq;
use xunke_sync::wire::push::Write;
use xunke_sync::wire::result::{Outcome, WriteResult};

use crate::http::Answer;

/// A write: device and number.
pub type Key = (String, i64);

/// What a write was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Its place in the stream.
    pub seq: Option<Seq>,
    /// What became of it.
    pub outcome: Outcome,
    /// The record it is about.
    pub record: Uuid,
}

/// The notebook; shared by all phones of a story.
#[derive(Debug, Default)]
pub struct Notebook(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    acknowledged: BTreeMap<Key, Acknowledged>,
    fresh: Vec<Key>,
    captured: BTreeMap<Uuid, Fields>,
    statuses: BTreeMap<u16, u64>,
    unanswered: u64,
    repeated: u64,
    longest: Duration,
    servers_die: bool,
    /// When each device was last told anything.
    last: BTreeMap<String, Instant>,
    violations: Vec<String>,
}

/// Counts of a part of a story.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests without an answer.
    pub unanswered: u64,
    /// The longest wait for an answer.
    pub longest: Duration,
}

impl Tally {
    /// Answers of this status.
    pub fn of(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or_default()
    }
}

impl Notebook {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a part of a story. Only where a server is killed may a request go without an answer.
    pub fn begin(&self, servers_die: bool) {
        let mut pages = self.pages();
        pages.servers_die = servers_die;
        (pages.statuses, pages.unanswered, pages.longest) = (BTreeMap::new(), 0, Duration::ZERO);
    }

    /// The counts since the part began.
    pub fn tally(&self) -> Tally {
        let pages = self.pages();
        Tally { statuses: pages.statuses.clone(), unanswered: pages.unanswered, longest: pages.longest }
    }

    /// Notes what must not be.
    pub fn violation(&self, text: String) {
        self.pages().violations.push(text);
    }

    /// Takes the violations noted so far.
    pub fn violations(&self) -> Vec<String> {
        std::mem::take(&mut self.pages().violations)
    }

    /// Judges how a request was answered: done, honestly refused for now, or not at all.
    pub fn answered(&self, what: &str, answer: &anyhow::Result<Answer>) {
        let mut pages = self.pages();
        match answer {
            Ok(answer) => {
                *pages.statuses.entry(answer.status).or_default() += 1;
                pages.longest = pages.longest.max(answer.took);
                if let Some(flaw) = flaw(answer) {
                    pages.violations.push(format!("{what}: {flaw}"));
                }
            }
            Err(error) => {
                pages.unanswered += 1;
                if !pages.servers_die {
                    pages.violations.push(format!("{what}: no answer: {error:#}"));
                }
            }
        }
    }

    /// Notes what a person said about a record; later words of the same person stand.
    pub fn captured(&self, record: Uuid, set: Fields) {
        self.pages().captured.entry(record).or_default().extend(set);
    }

    /// Notes the answers to writes; a write answered before must be answered the same.
    pub fn acknowledged(&self, device: &str, writes: &[Write], results: &[WriteResult]) {
        let mut pages = self.pages();
        pages.last.insert(device.to_owned(), Instant::now());
        if writes.len() != results.len() {
            pages.violations.push(format!("{} writes got {} results", writes.len(), results.len()));
        }
        for (write, result) in writes.iter().zip(results) {
            let key = (device.to_owned(), write.n);
            let told = Acknowledged { seq: result.seq, outcome: result.settled(), record: write.record };
            if result.n != write.n || told.outcome != Outcome::Applied || told.seq.is_none() {
                pages.violations.push(format!("{device}#{} was answered {result:?}", write.n));
            }
            match pages.acknowledged.get(&key) {
                None => {
                    pages.fresh.push(key.clone());
                    pages.acknowledged.insert(key, told);
                }
                Some(first) if *first == told && result.outcome == Outcome::Duplicate => pages.repeated += 1,
                Some(first) => {
                    let text = format!("{device}#{}: first {first:?}, repeated {result:?}", write.n);
                    pages.violations.push(text);
                }
            }
        }
    }

    /// Whether every device has been told something since then.
    pub fn everybody_since(&self, moment: Instant) -> bool {
        self.pages().last.values().all(|last| *last > moment)
    }

    /// Everything acknowledged.
    pub fn all(&self) -> BTreeMap<Key, Acknowledged> {
        self.pages().acknowledged.clone()
    }

    /// Everything acknowledged since this was asked last.
    pub fn fresh(&self) -> BTreeMap<Key, Acknowledged> {
        let mut pages = self.pages();
        let fresh = std::mem::take(&mut pages.fresh);
        let known = |key: Key| pages.acknowledged.get(&key).cloned().map(|told| (key, told));
        fresh.into_iter().filter_map(known).collect()
    }

    /// How many writes were acknowledged, and how many of them were repeated and answered the same.
    pub fn counts(&self) -> (usize, u64) {
        let pages = self.pages();
        (pages.acknowledged.len(), pages.repeated)
    }

    /// What every record must say, once all is acknowledged.
    pub fn records(&self) -> BTreeMap<Uuid, Fields> {
        self.pages().captured.clone()
    }

    /// Two writes told the same place in the stream.
    pub fn places_given_twice(&self) -> usize {
        let pages = self.pages();
        let places: BTreeSet<Seq> = pages.acknowledged.values().filter_map(|told| told.seq).collect();
        pages.acknowledged.len() - places.len()
    }
}

/// What is wrong with an answer, whatever was asked: it is neither done nor honestly refused for now.
fn flaw(answer: &Answer) -> Option<String> {
    let Answer { status, text, media, retry_after, place: _, took: _ } = answer;
    match status {
        200 | 201 => None,
        // The access token has run out.
        401 if answer.member("code") == "unauthenticated" => None,
        503 if media == "application/problem+json"
            && answer.member("code") == "unavailable"
            && retry_after.parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)) =>
        {
            None
        }
        _ => Some(format!("{status} {media} Retry-After `{retry_after}`: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, media: &str, retry_after: &str, text: &str) -> Answer {
        Answer {
            status,
            text: text.to_owned(),
            media: media.to_owned(),
            retry_after: retry_after.to_owned(),
            place: (String::new(), String::new()),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn only_a_503_that_says_when_to_come_back_is_an_honest_refusal() {
        let problem = "application/problem+json";
        let unavailable = r#"{"code":"unavailable"}"#;

        assert_eq!(flaw(&answer(503, problem, "2", unavailable)), None);
        assert_eq!(flaw(&answer(200, "application/json", "", "{}")), None);
        assert!(flaw(&answer(503, problem, "", unavailable)).is_some());
        assert!(flaw(&answer(503, "text/plain", "2", unavailable)).is_some());
        assert!(flaw(&answer(500, problem, "2", unavailable)).is_some());
        assert!(flaw(&answer(401, problem, "", r#"{"code":"wrong-credentials"}"#)).is_some());
        assert!(flaw(&answer(409, problem, "", r#"{"code":"device-fork"}"#)).is_some());
    }

    #[test]
    fn a_request_without_an_answer_is_a_fault_unless_servers_die() {
        let notebook = Notebook::default();
        for (servers_die, violations) in [(true, 0), (false, 1)] {
            notebook.begin(servers_die);
            notebook.answered("push", &Err(anyhow::anyhow!("refused")));
            assert_eq!(notebook.violations().len(), violations);
            assert_eq!(notebook.tally().unanswered, 1);
        }
    }

    #[test]
    fn another_answer_to_the_same_write_is_noticed() {
        let set = Fields::new();
        let record = Uuid::from_u128(7);
        let stream = xunke_domain::ids::SchoolId::from_uuid(Uuid::nil());
        let kind = "visit".to_owned();
        let write = Write { n: 1, stream, kind, record, base: None, stamp: None, saw: None, born: None, set };
        let told =
            |outcome, first, seq| WriteResult { seq: Some(seq), first, ..WriteResult::plain(1, outcome) };
        let applied = told(Outcome::Applied, None, 5);
        for (again, violations) in [
            (told(Outcome::Duplicate, Some(Outcome::Applied), 5), 0),
            (told(Outcome::Duplicate, Some(Outcome::Applied), 6), 1),
            // Taken in a second time.
            (told(Outcome::Applied, None, 6), 1),
            (told(Outcome::Applied, None, 5), 1),
            (told(Outcome::Duplicate, Some(Outcome::Held), 5), 2),
        ] {
            let notebook = Notebook::default();
            notebook.acknowledged("d", std::slice::from_ref(&write), std::slice::from_ref(&applied));
            notebook.acknowledged("d", std::slice::from_ref(&write), std::slice::from_ref(&again));
            assert_eq!(notebook.violations().len(), violations, "{again:?}");
        }
    }
}
