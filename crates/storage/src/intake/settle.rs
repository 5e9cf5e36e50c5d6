//! Settling a conflict on behalf of a person who has both values before him (protocol, section 2.6).

use std::collections::BTreeSet;

use serde::Deserialize;
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::week::Week;
use xunke_sync::record::Seq;

use super::desk::Desk;
use super::server::{ServerWrite, take};
use crate::{Store, StoreError, Tx};

/// One of the two writes of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What stood there when the other arrived.
    Standing,
    /// What arrived.
    Arrived,
}

/// Which conflict is settled, and how.
#[derive(Clone, Copy, Debug)]
pub struct Settling {
    /// The school.
    pub stream: SchoolId,
    /// The conflict.
    pub conflict: Uuid,
    /// Whose value is to stand.
    pub side: Side,
    /// On whose behalf.
    pub by: UserId,
}

impl Store {
    /// Writes the chosen value as a write that has seen both; gives its seq, or `None` if there is no such conflict
    /// or it is settled. Rights are the caller's to ask.
    pub async fn settle_in(&self, tx: &Tx, settling: &Settling, now: i64) -> Result<Option<Seq>, StoreError> {
        let Settling { stream, conflict, side, by } = *settling;
        let mut desk = Desk::new(tx, &self.books, now);
        desk.lock(&BTreeSet::from([stream]), true).await?;
        let found = tx.conflict_find(stream, conflict).await?;
        let Some(found) = found.filter(|found| found.settled_at.is_none()) else { return Ok(None) };
        let corrupt = |what: &str| StoreError::corrupt("conflict", what);
        let kind = found.kind.parse().map_err(|_| corrupt("no such type"))?;
        let path = found.path.parse().map_err(|_| corrupt("no such field"))?;
        desk.stream(stream)?.load(tx, kind, vec![found.record]).await?;
        let chosen = match side {
            Side::Standing => found.standing.value,
            Side::Arrived => found.arrived.value,
        };
        let set = Fields::from([(path, chosen)]);
        let write = ServerWrite { stream, kind, id: found.record, set, author: by, expected: None };
        take(&mut desk, &write, now).await?;
        let seq = desk.stream(stream)?.school.head;
        let weeks: BTreeSet<Week> = desk.stream(stream)?.weeks.values().flatten().copied().collect();
        tx.editions_overtake(stream, &weeks).await?;
        desk.store(self.process).await?;
        Ok(Some(seq))
    }
}
