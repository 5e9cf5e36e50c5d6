//! Turns: of each person one push at a time is worked on, the others of his wait. A phone sends one at a time; one that
//! sends over many connections at once takes a core from the others at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use xunke_domain::ids::UserId;

/// Pushes of one person that wait for his turn, each with its body in memory.
const WAITING: usize = 8;

/// Who is at it, and who waits.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<UserId, Arc<Turn<()>>>>);

/// A turn; it ends when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Taken<'a> {
    turns: &'a Turns,
    person: UserId,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for this person's turn; none if too many of his pushes do so already.
    pub async fn take(&self, person: UserId) -> Option<Taken<'_>> {
        let turn = Arc::clone(self.people().entry(person).or_default());
        // The map's, one for whoever is at it, one for each who waits, and this one.
        if Arc::strong_count(&turn) > WAITING + 2 {
            return None;
        }
        // Made before the wait, so that whoever gives up waiting leaves nothing behind either.
        let mut taken = Taken { turns: self, person, held: None };
        taken.held = Some(turn.lock_owned().await);
        Some(taken)
    }

    fn people(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, Arc<Turn<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut people = self.turns.people();
        self.held = None;
        // Whoever waits holds it, too.
        if people.get(&self.person).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            people.remove(&self.person);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_persons_second_push_waits_for_his_first_and_nobody_elses() {
        let (turns, one, two) =
            (Turns::default(), UserId::from_uuid(Uuid::nil()), UserId::from_uuid(Uuid::max()));
        let first = turns.take(one).await;
        let mut second = Box::pin(turns.take(one));
        assert!((&mut second).now_or_never().is_none());
        assert!(turns.take(two).now_or_never().is_some());
        drop(first);

        assert!(second.now_or_never().is_some());
    }

    #[tokio::test]
    async fn more_than_a_few_of_one_person_are_sent_away() {
        let (turns, one) = (Turns::default(), UserId::from_uuid(Uuid::nil()));
        let _first = turns.take(one).await;
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(turns.take(one))).collect();
        assert!(waiting.iter_mut().all(|turn| turn.as_mut().now_or_never().is_none()));

        assert!(turns.take(one).await.is_none());
    }

    #[tokio::test]
    async fn nothing_is_kept_of_whoever_is_done_or_gave_up() {
        let (turns, one) = (Turns::default(), UserId::from_uuid(Uuid::nil()));
        let first = turns.take(one).await;
        {
            let mut second = Box::pin(turns.take(one));
            assert!((&mut second).now_or_never().is_none());
        }
        assert_eq!(turns.people().len(), 1);
        drop(first);

        assert_eq!(turns.people().len(), 0);
    }
}
