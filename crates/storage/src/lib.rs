//! Rows to domain and sync types and back, in transactions.
//!
//! With `migrations` the only code that names sea-orm. Start with [`Store`] (connections and
//! transactions) and [`intake`] (how a phone's writes are taken in); each other module is one subject.

pub mod audit;
pub mod backup;
mod book;
mod claim;
pub mod conflicts;
mod db;
pub mod earlier;
pub mod editions;
mod entity;
mod error;
pub mod feedback;
mod fresh;
pub mod gaps;
pub mod gather;
pub mod held;
pub mod intake;
pub mod leases;
pub mod ledger;
pub mod pages;
pub mod people;
#[cfg(test)]
mod plans;
pub mod published;
pub mod records;
mod rows;
pub mod schedule;
pub mod schools;
pub mod sessions;
mod taught;
pub mod visits;
pub mod weeks;

pub use claim::Claim;
pub use db::{Looking, Queries, Settings, Store, Tx};
pub use error::StoreError;
pub use fresh::Mark;
