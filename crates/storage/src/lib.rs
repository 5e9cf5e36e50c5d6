//! Rows to domain and sync types and back, in transactions.
//!
//! With `migrations` the only code that names sea-orm. Start with [`Store`] (connections and
//! transactions) and [`push`] (how a phone's writes are taken in); each other module is one subject.

mod db;
mod entity;
mod error;

pub use db::{Queries, Settings, Store, Tx};
pub use error::StoreError;
