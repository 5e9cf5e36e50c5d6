//! Taking writes in: from phones ([`push`]), from the held list, and from the server itself.
//!
//! All three run through the desk (`desk.rs`): it locks the streams, merges write by write, and at the end stores
//! records, projections, ledger and disagreements and moves the streams on.

mod admission;
mod dependent;
mod desk;
mod erase;
pub mod examined;
pub mod impact;
mod locked;
pub(crate) mod projection;
pub mod push;
mod rejudge;
pub mod server;
pub mod settle;
mod streams;
