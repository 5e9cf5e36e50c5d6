//! A page of a stream, with the database under it: SQLite on a file, since the store takes no other.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use chrono::NaiveDate;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;
use xunke_domain::ids::{DistrictId, UserId};
use xunke_domain::people::{Membership, Role, Scope};
use xunke_storage::gather::Gatherer;
use xunke_storage::intake::examined::Examined;
use xunke_storage::intake::push::{PushJob, Pushed, Sender};
use xunke_storage::pages::{PageQuery, RawPage, Visibility};
use xunke_storage::schools::School;
use xunke_storage::sessions::Device;
use xunke_storage::{Settings, Store};
use xunke_sync::limits::Limits;
use xunke_sync::wire::push::read;
use xunke_sync::wire::result::Outcome;

use super::push::body;
use super::{MILLIS, device, school, visits};

/// Visits of a push, as large as the limits let it be in bytes.
const BATCH: usize = 100;

/// A stream of visits that can be read.
#[derive(Debug)]
pub struct Stream {
    runtime: Runtime,
    store: Arc<Store>,
    visits: usize,
    _folder: TempDir,
}

impl Stream {
    /// Pushes so many visits into a new database, as a phone's would be.
    pub fn of(many: usize) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let folder = tempfile::Builder::new().prefix("xunke-bench-").tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("xunke.db").display());
        let store = runtime.block_on(fill(&url, many))?;
        Ok(Self { runtime, store, visits: many, _folder: folder })
    }

    /// The first page with everything in it, as a principal's phone has it.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    pub fn page(&self) -> RawPage {
        let query = PageQuery {
            visibility: Visibility::All,
            after: 0,
            began: None,
            from: None,
            records: self.visits,
            bytes: usize::MAX,
        };
        self.runtime.block_on(self.store.read().page(school(), &query)).expect("the page is read")
    }
}

async fn fill(url: &str, many: usize) -> anyhow::Result<Arc<Store>> {
    let settings = Settings { url: url.to_owned(), connections: 1, process: Uuid::from_u128(1) };
    let store = Arc::new(Store::open(&settings).await?);
    let (district, account) =
        (DistrictId::from_uuid(Uuid::from_u128(2)), UserId::from_uuid(Uuid::from_u128(3)));
    let tx = store.begin().await?;
    let name = "青禾实验小学".to_owned();
    tx.school_add(&School { id: school(), district, name, code: None, head: 0, book_seq: 0 }, 0).await?;
    let [name, platform, version] = ["phone", "test", "1"].map(str::to_owned);
    let phone = Device::registered(device(), account, name, platform, version, 0);
    tx.device_add(&phone).await?;
    tx.commit().await?;
    let sender = Sender { account, memberships: vec![inspector(district)], revoked: false, admitted: false };
    let gatherer = Gatherer::start(Arc::clone(&store));
    for (part, after) in visits(many).chunks(BATCH).zip((0..).step_by(BATCH)) {
        let push = read(&body(part, after), &Limits::default()).ok().context("a push that can be read")?;
        let now = i64::try_from(MILLIS)?;
        let (sender, writes) = (sender.clone(), push.writes.into_iter().map(Examined::of).collect());
        let job = PushJob { device: device(), sender, writes, unsent: 0, clock_offset: None, now };
        match gatherer.push(job).await {
            Ok(Pushed::Results(results)) => {
                let applied = results.iter().filter(|result| result.outcome == Outcome::Applied).count();
                ensure!(
                    applied == part.len(),
                    "{applied} of {} writes were applied: {results:?}",
                    part.len()
                );
            }
            other => bail!("the push was not taken in: {other:?}"),
        }
    }
    Ok(store)
}

fn inspector(district: DistrictId) -> Membership {
    Membership {
        id: Uuid::from_u128(4),
        role: Role::Inspector,
        district,
        scope: Scope::Schools([school()].into()),
        valid_from: NaiveDate::MIN,
        valid_to: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_visit_that_was_pushed() {
        let page = Stream::of(120).unwrap().page();

        assert!(!page.more);
        assert_eq!(page.changes.matches(r#""type":"visit""#).count(), 120);
    }
}
