//! Pages of streams that several phones ask for at once, as after a restore: read and packed once, then shared.
//!
//! Only people with one grant share, and only while the stream stands where it stood, since that is part of what names
//! a page. A page is forgotten after ten seconds all the same: a database may be restored beneath a running node.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::NaiveDate;
use tokio::sync::OnceCell;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;
use xunke_sync::record::Seq;

use crate::packed::Coding;

/// Longest that a page is kept, milliseconds.
const KEPT: i64 = 10_000;

/// Most pages kept.
const PAGES: usize = 64;

/// Most bytes of them, but for what the newest adds: 16 pages of 500 visits, packed.
const BYTES: usize = 2 * 1024 * 1024;

/// What makes two pages the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// The stream.
    pub stream: SchoolId,
    /// What the reader may see of it.
    pub grant: u64,
    /// Everything up to here is known.
    pub after: Seq,
    /// Where the stream stood when the reader began from zero.
    pub began: Option<Seq>,
    /// Visits before this date are left out.
    pub from: Option<NaiveDate>,
    /// Most records.
    pub limit: usize,
    /// The schema that the cursor will name.
    pub schema: u32,
    /// Where the stream stands.
    pub head: Seq,
    /// By whom it was last written.
    pub nonce: Uuid,
    /// How it is packed.
    pub coding: Coding,
}

type Page = Arc<OnceCell<Bytes>>;

/// See the module.
#[derive(Debug, Default)]
pub struct SharedPages(Mutex<VecDeque<(Which, i64, Page)>>);

impl SharedPages {
    /// A page, made unless somebody has just made it or is at it. `now` in milliseconds.
    pub async fn get<E>(
        &self,
        which: Which,
        now: i64,
        make: impl Future<Output = Result<Bytes, E>>,
    ) -> Result<Bytes, E> {
        let page = self.place(which, now);
        page.get_or_try_init(|| make).await.cloned()
    }

    fn place(&self, which: Which, now: i64) -> Page {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|(_, made, _)| (0..KEPT).contains(&(now - made)));
        if let Some((_, _, page)) = pages.iter().find(|(known, _, _)| *known == which) {
            return Arc::clone(page);
        }
        let mut bytes: usize = pages.iter().map(bytes_of).sum();
        while pages.len() >= PAGES || bytes > BYTES {
            bytes -= pages.pop_front().as_ref().map_or(bytes, bytes_of);
        }
        let page = Page::default();
        pages.push_back((which, now, Arc::clone(&page)));
        page
    }
}

/// Bytes of a page, if it has been made.
fn bytes_of((_, _, page): &(Which, i64, Page)) -> usize {
    page.get().map_or(0, Bytes::len)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn which(after: Seq) -> Which {
        let stream = SchoolId::from_uuid(Uuid::from_u128(1));
        let (nonce, coding) = (Uuid::nil(), Coding::Gzip);
        Which {
            stream,
            grant: 1,
            after,
            began: None,
            from: None,
            limit: 500,
            schema: 1,
            head: 9,
            nonce,
            coding,
        }
    }

    /// Asks for pages, each of which says how often one was made.
    async fn asked(pages: &SharedPages, made: &AtomicUsize, which: Which, now: i64) -> Result<Bytes, ()> {
        let make = async {
            tokio::task::yield_now().await;
            Ok(Bytes::from((made.fetch_add(1, Ordering::Relaxed) + 1).to_string()))
        };
        pages.get(which, now, make).await
    }

    #[tokio::test]
    async fn who_asks_for_the_same_gets_what_was_made_once_and_for_another_a_new_one() {
        let (pages, made) = (SharedPages::default(), AtomicUsize::new(0));

        let (one, other) = tokio::join!(asked(&pages, &made, which(0), 0), asked(&pages, &made, which(0), 5));
        let later = asked(&pages, &made, which(5), 5).await;
        let moved = asked(&pages, &made, Which { head: 10, ..which(0) }, 5).await;
        let others = asked(&pages, &made, Which { grant: 2, ..which(0) }, 5).await;
        let old = asked(&pages, &made, which(0), KEPT).await;

        assert_eq!(
            [one, other, later, moved, others, old].map(Result::unwrap),
            ["1", "1", "2", "3", "4", "5"]
        );
    }

    #[tokio::test]
    async fn what_could_not_be_made_is_tried_again_and_no_more_than_so_many_are_kept() {
        let (pages, made) = (SharedPages::default(), AtomicUsize::new(0));

        let failed = pages.get(which(0), 0, async { Err(()) }).await;
        let again = asked(&pages, &made, which(0), 0).await;
        for after in 1..=100 {
            asked(&pages, &made, which(after), 0).await.unwrap();
        }

        assert_eq!((failed, again.unwrap()), (Err(()), Bytes::from("1")));
        assert_eq!(pages.0.lock().unwrap().len(), PAGES);
        for after in 200..=220 {
            let large = pages.get(which(after), 0, async { Ok::<_, ()>(Bytes::from(vec![0; BYTES / 4])) });
            large.await.unwrap();
        }
        assert_eq!(pages.0.lock().unwrap().len(), 5);
    }
}
