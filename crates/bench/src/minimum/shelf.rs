//! The minimum's table: a row a record, its JSON and where it stands.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::value::RawValue;
use uuid::Uuid;

/// One table, a connection that writes and one that reads.
pub(super) struct Shelf {
    write: Mutex<Connection>,
    read: Mutex<Connection>,
    head: AtomicI64,
}

/// A record, or new fields of one.
pub(super) struct Put<'a> {
    pub(super) record: &'a str,
    pub(super) stamp: &'a str,
    pub(super) set: &'a RawValue,
}

impl Shelf {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let open = || -> anyhow::Result<Connection> {
            let connection = Connection::open(path)?;
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE IF NOT EXISTS record (id BLOB PRIMARY KEY, seq INTEGER NOT NULL, stamp TEXT NOT NULL,
                    fields TEXT NOT NULL);
                 CREATE UNIQUE INDEX IF NOT EXISTS record_seq ON record (seq);",
            )?;
            Ok(connection)
        };
        let write = open()?;
        let head = write.query_row("SELECT COALESCE(MAX(seq), 0) FROM record", [], |row| row.get(0))?;
        Ok(Self { write: Mutex::new(write), read: Mutex::new(open()?), head: AtomicI64::new(head) })
    }

    pub(super) fn head(&self) -> i64 {
        self.head.load(Ordering::Acquire)
    }

    /// Stores records in one transaction; gives the seq of the first.
    pub(super) fn put<'a>(&self, puts: impl Iterator<Item = Put<'a>>) -> anyhow::Result<i64> {
        let mut connection = self.write.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let first = self.head() + 1;
        let mut seq = first;
        for Put { record, stamp, set } in puts {
            let id = Uuid::parse_str(record)?;
            let known: Option<String> = tx
                .prepare_cached("SELECT fields FROM record WHERE id = ?")?
                .query_row([id.as_bytes()], |row| row.get(0))
                .optional()?;
            match known {
                None => tx
                    .prepare_cached("INSERT INTO record (id, seq, stamp, fields) VALUES (?, ?, ?, ?)")?
                    .execute(params![id.as_bytes(), seq, stamp, set.get()])?,
                Some(fields) => {
                    // The last value stands, whoever wrote it.
                    let mut fields: serde_json::Map<String, serde_json::Value> =
                        serde_json::from_str(&fields)?;
                    let set: serde_json::Map<String, serde_json::Value> = serde_json::from_str(set.get())?;
                    fields.extend(set);
                    tx.prepare_cached("UPDATE record SET seq = ?, stamp = ?, fields = ? WHERE id = ?")?
                        .execute(params![seq, stamp, serde_json::to_string(&fields)?, id.as_bytes()])?
                }
            };
            seq += 1;
        }
        tx.commit()?;
        self.head.store(seq - 1, Ordering::Release);
        Ok(first)
    }

    /// A page, spliced from the JSON as it is stored.
    pub(super) fn page(&self, after: i64, limit: usize) -> anyhow::Result<Vec<u8>> {
        let head = self.head();
        let connection = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = connection
            .prepare_cached("SELECT seq, id, stamp, fields FROM record WHERE seq > ? ORDER BY seq LIMIT ?")?;
        let mut rows = rows.query(params![after, i64::try_from(limit)? + 1])?;
        let mut page = Vec::with_capacity(1 << 20);
        page.extend_from_slice(br#"{"changes":["#);
        let (mut taken, mut more, mut upto) = (0, false, after);
        while let Some(row) = rows.next()? {
            if taken == limit {
                more = true;
                break;
            }
            let id = Uuid::from_slice(row.get_ref(1)?.as_blob()?)?;
            let (stamp, fields) = (row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?);
            upto = row.get(0)?;
            let comma = if taken == 0 { "" } else { "," };
            write!(
                page,
                r#"{comma}{{"seq":{upto},"type":"visit","id":"{id}","life":"alive","stamp":"{stamp}","fields":{fields}}}"#
            )?;
            taken += 1;
        }
        write!(page, r#"],"cursor":"{upto}","more":{more},"head":{head}}}"#)?;
        Ok(page)
    }
}
