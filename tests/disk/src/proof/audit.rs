//! Looks whether a server has what the phones' books say that it acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::Value;
use uuid::Uuid;

use super::phone::{Acknowledged, Phone};
use super::school::Ground;
use super::server::Server;
use crate::Disk;

/// What a server holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The seq of each write of each device.
    ledger: BTreeMap<(String, i64), Option<i64>>,
    /// Newest seq and fields of each record of the feed.
    feed: BTreeMap<Uuid, (i64, Value)>,
    held: BTreeSet<String>,
}

impl Found {
    /// Reads everything; an error if the database is damaged or something is there twice.
    pub(super) async fn read(disk: &Disk, server: &Server, ground: &Ground) -> anyhow::Result<Self> {
        let mut found = Self::default();
        found.read_database(disk).await?;
        found.read_feed(server, ground).await?;
        found.read_held(server, ground).await?;
        let seqs: Vec<i64> = found.ledger.values().flatten().copied().collect();
        anyhow::ensure!(seqs.iter().collect::<BTreeSet<_>>().len() == seqs.len(), "a seq was given twice");
        Ok(found)
    }

    async fn read_database(&mut self, disk: &Disk) -> anyhow::Result<()> {
        let mut options = ConnectOptions::new(disk.url());
        options.max_connections(1).sqlx_logging(false);
        let db = Database::connect(options).await?;
        let ask =
            async |sql: &str| db.query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, sql)).await;
        let whole: String = ask("PRAGMA integrity_check").await?[0].try_get_by_index(0)?;
        anyhow::ensure!(whole == "ok", "the database is damaged: {whole}");
        for row in ask("SELECT device, n, seq FROM write").await? {
            let key = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            self.ledger.insert(key, row.try_get_by_index(2)?);
        }
        db.close().await?;
        Ok(())
    }

    async fn read_feed(&mut self, server: &Server, ground: &Ground) -> anyhow::Result<()> {
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/sync/changes?stream={}{cursor}", ground.school);
            let page = server.get(&path, &ground.principal).await?.expect(200).context("the feed")?;
            for change in page["changes"].as_array().into_iter().flatten() {
                let id: Uuid = serde_json::from_value(change["id"].clone())?;
                let seq = change["seq"].as_i64().context("a seq")?;
                let before = self.feed.insert(id, (seq, change["fields"].clone()));
                anyhow::ensure!(before.is_none(), "{id} is in the feed twice");
            }
            if page["more"] != true {
                return Ok(());
            }
            cursor = format!("&cursor={}", page["cursor"].as_str().unwrap_or_default());
        }
    }

    async fn read_held(&mut self, server: &Server, ground: &Ground) -> anyhow::Result<()> {
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/sync/held?stream={}&limit=200{cursor}", ground.school);
            let page = server.get(&path, &ground.principal).await?.expect(200).context("the held list")?;
            for held in page["items"].as_array().into_iter().flatten() {
                self.held.insert(held["id"].as_str().unwrap_or_default().to_owned());
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(()),
            }
        }
    }

    fn has(&self, write: &Acknowledged) -> bool {
        let in_ledger = self.ledger.get(&(write.device.clone(), write.n)) == Some(&write.seq);
        let visible = match (write.seq, &write.held) {
            (Some(seq), _) => self
                .feed
                .get(&write.record)
                .is_some_and(|(newest, fields)| *newest >= seq && fields[write.field.as_str()] == write.n),
            (None, Some(held)) => self.held.contains(held),
            (None, None) => false,
        };
        in_ledger && visible
    }

    /// The acknowledged writes that are not there.
    pub(super) fn lost(&self, phones: &[Phone]) -> Vec<Acknowledged> {
        let all = phones.iter().flat_map(|phone| &phone.acknowledged);
        all.filter(|write| !self.has(write)).cloned().collect()
    }
}

/// How many writes the phones were told of.
pub(super) fn acknowledged(phones: &[Phone]) -> u64 {
    let count: usize = phones.iter().map(|phone| phone.acknowledged.len()).sum();
    u64::try_from(count).unwrap_or(u64::MAX)
}
