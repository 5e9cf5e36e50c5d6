//! How a replica lies in the app's local storage: rows of a key and a JSON text.
//!
//! The rows outlive the code that wrote them: members are only ever added, with a default, and
//! `tests/frozen.rs` holds the bytes. Rows under other keys are somebody else's and left alone.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;

use super::outbox::{Kept, Ticket};
use super::streams::Stream;
use super::{Me, Replica};
use crate::wire::page::Change;

/// Rows to put and to delete, in order, in one local transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "what is not stored did not happen"]
pub struct LocalTx {
    rows: Vec<(String, Option<String>)>,
}

impl LocalTx {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows: a text to put under the key, or `None` to delete it. The last of a key counts.
    pub fn into_rows(self) -> Vec<(String, Option<String>)> {
        self.rows
    }

    pub(super) fn put(&mut self, key: Key<'_>, row: &impl Serialize) {
        let text = serde_json::to_string(row).expect("rows are made of texts, numbers and JSON values");
        self.rows.push((key.text(), Some(text)));
    }

    pub(super) fn delete(&mut self, key: Key<'_>) {
        self.rows.push((key.text(), None));
    }
}

/// Where a row lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// What there is once.
    Me,
    /// A write.
    Write(Ticket),
    /// A stream and its cursors.
    Stream(SchoolId),
    /// A record of one generation of a stream.
    Record(SchoolId, u64, &'a str, Uuid),
}

impl<'a> Key<'a> {
    fn text(self) -> String {
        match self {
            Self::Me => "replica".to_owned(),
            Self::Write(ticket) => format!("write/{ticket}"),
            Self::Stream(stream) => format!("stream/{stream}"),
            Self::Record(stream, generation, kind, id) => format!("record/{stream}/{generation}/{kind}/{id}"),
        }
    }

    /// Which row a key names; `None` for one of somebody else's.
    fn read(text: &'a str) -> Option<Self> {
        if text == "replica" {
            return Some(Self::Me);
        }
        match text.split_once('/')? {
            ("write", ticket) => ticket.parse().ok().map(Self::Write),
            ("stream", stream) => stream.parse().ok().map(Self::Stream),
            ("record", rest) => {
                let (stream, rest) = rest.split_once('/')?;
                let (generation, rest) = rest.split_once('/')?;
                // The type is the server's text and may hold anything; the id after it does not.
                let (kind, id) = rest.rsplit_once('/')?;
                Some(Self::Record(stream.parse().ok()?, generation.parse().ok()?, kind, id.parse().ok()?))
            }
            _ => None,
        }
    }
}

/// Why rows do not make a replica.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The row that every replica has is not there.
    #[error("there is no replica in these rows")]
    Missing,
    /// A row does not say what a row of its key says.
    #[error("the row `{key}` cannot be read")]
    Corrupt {
        /// Its key.
        key: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl Replica {
    /// The replica that the stored rows say, in whatever order they come.
    pub fn load(rows: impl IntoIterator<Item = (String, String)>) -> Result<Self, LoadError> {
        let mut me: Option<Me> = None;
        let mut writes: BTreeMap<Ticket, Kept> = BTreeMap::new();
        let mut streams: BTreeMap<SchoolId, Stream> = BTreeMap::new();
        let mut records: Vec<(SchoolId, u64, Change)> = Vec::new();
        for (key, text) in rows {
            match Key::read(&key) {
                Some(Key::Me) => me = Some(row(&key, &text)?),
                Some(Key::Write(ticket)) => {
                    writes.insert(ticket, row(&key, &text)?);
                }
                Some(Key::Stream(id)) => {
                    streams.insert(id, row(&key, &text)?);
                }
                Some(Key::Record(stream, generation, _, _)) => {
                    records.push((stream, generation, row(&key, &text)?));
                }
                None => (),
            }
        }
        for (stream, generation, change) in records {
            if let Some(stream) = streams.get_mut(&stream) {
                stream.put_back(generation, change);
            }
        }
        Ok(Self { me: me.ok_or(LoadError::Missing)?, writes, streams })
    }
}

fn row<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, LoadError> {
    serde_json::from_str(text).map_err(|source| LoadError::Corrupt { key: key.to_owned(), source })
}
