//! What the database holds of every write, read past the server with plain SQL.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DbErr, Statement};
use uuid::Uuid;
use xunke_domain::fields::Fields;

use crate::oracle::Number;
use crate::server::Server;

/// A write as the database has it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its place in the stream, unless held.
    pub seq: Option<i64>,
    /// The stamp it was given.
    pub canonical: Option<String>,
    /// The record, if it could be read.
    pub record: Option<Uuid>,
    /// What it sets.
    pub set: Fields,
    /// What was answered.
    pub answer: String,
    /// Its state in the held list.
    pub held: Option<String>,
}

/// The writes of devices; the server's own are numbered by their seq and left out.
const SQL: &str = "SELECT w.device, w.n, w.seq, w.canonical, w.record, w.body, w.answer, h.state \
    FROM write w LEFT JOIN held_write h ON h.device = w.device AND h.n = w.n WHERE w.body_hash <> ''";

/// Reads the ledger.
pub fn read(server: &Server) -> anyhow::Result<BTreeMap<Number, Row>> {
    let rows = server.runtime().block_on(async {
        let db = Database::connect(server.disk().url()).await?;
        let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, SQL)).await?;
        db.close().await?;
        Ok::<_, DbErr>(rows)
    })?;
    let mut ledger = BTreeMap::new();
    for row in rows {
        let number = (row.try_get_by("device")?, row.try_get_by("n")?);
        let body: String = row.try_get_by("body")?;
        let read = Row {
            seq: row.try_get_by("seq")?,
            canonical: row.try_get_by("canonical")?,
            record: row.try_get_by("record")?,
            set: serde_json::from_str(&body)?,
            answer: row.try_get_by("answer")?,
            held: row.try_get_by("state")?,
        };
        let known = ledger.insert(number, read);
        anyhow::ensure!(known.is_none(), "a write is in the ledger twice: {known:?}");
    }
    Ok(ledger)
}
