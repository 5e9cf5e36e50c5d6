//! The ledger of writes, read by SQL past the server, and held against what was acknowledged.

use std::collections::BTreeMap;

use anyhow::Context as _;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, Statement, Value};
use xunke_sync::record::Seq;

use crate::notebook::{Acknowledged, Key};

/// The place each write has; none for a held one.
pub type Entries = BTreeMap<Key, Option<Seq>>;

/// A database, read directly.
#[derive(Debug)]
pub struct Ledger(DatabaseConnection);

impl Ledger {
    /// Connects.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Ok(Self(Database::connect(options).await.with_context(|| url.to_owned())?))
    }

    /// Lets go of it.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.0.close().await?)
    }

    /// Carries statements out.
    pub async fn run(&self, sql: &str) -> anyhow::Result<()> {
        self.0.execute_unprepared(sql).await?;
        Ok(())
    }

    /// The first column of what a query gives, as texts.
    pub async fn texts(&self, sql: &str) -> anyhow::Result<Vec<String>> {
        let rows = self.0.query_all_raw(Statement::from_string(self.0.get_database_backend(), sql)).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    /// The one number a query gives.
    pub async fn number(&self, sql: &str) -> anyhow::Result<i64> {
        let row = self.0.query_one_raw(Statement::from_string(self.0.get_database_backend(), sql)).await?;
        Ok(row.context("a row")?.try_get_by_index(0)?)
    }

    /// The writes of devices from a number on.
    pub async fn entries(&self, from: &BTreeMap<String, i64>) -> anyhow::Result<Entries> {
        let mut entries = Entries::new();
        for (device, n) in from {
            let values = [Value::from(device.clone()), Value::from(*n)];
            let sql = r#"SELECT n, seq FROM "write" WHERE device = $1 AND n >= $2"#;
            let asked = Statement::from_sql_and_values(self.0.get_database_backend(), sql, values);
            for row in self.0.query_all_raw(asked).await? {
                entries.insert((device.clone(), row.try_get_by_index(0)?), row.try_get_by_index(1)?);
            }
        }
        Ok(entries)
    }

    /// Holds the ledger against what was acknowledged.
    pub async fn check(&self, told: &BTreeMap<Key, Acknowledged>) -> anyhow::Result<Missing> {
        let mut from: BTreeMap<String, i64> = BTreeMap::new();
        for (device, n) in told.keys() {
            let first = from.entry(device.clone()).or_insert(*n);
            *first = (*first).min(*n);
        }
        Ok(missing(told, &self.entries(&from).await?))
    }
}

/// What of the acknowledged is not as it was told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Not there at all.
    pub lost: Vec<Key>,
    /// There with another place.
    pub moved: Vec<Key>,
}

fn missing(told: &BTreeMap<Key, Acknowledged>, entries: &Entries) -> Missing {
    let mut missing = Missing::default();
    for (key, told) in told {
        match entries.get(key) {
            None => missing.lost.push(key.clone()),
            Some(seq) if *seq != told.seq => missing.moved.push(key.clone()),
            Some(_) => (),
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use xunke_sync::wire::result::Outcome;

    use super::*;

    #[test]
    fn a_write_that_is_gone_or_elsewhere_is_found() {
        let key = |n| ("d".to_owned(), n);
        let told = |n, seq| {
            (key(n), Acknowledged { seq: Some(seq), outcome: Outcome::Applied, record: Uuid::nil() })
        };
        let told = BTreeMap::from([told(1, 11), told(2, 12), told(3, 13)]);
        let entries = Entries::from([(key(1), Some(11)), (key(3), Some(14)), (key(4), Some(15))]);

        let missing = missing(&told, &entries);

        assert_eq!(missing, Missing { lost: vec![key(2)], moved: vec![key(3)] });
    }
}
