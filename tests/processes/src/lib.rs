//! Real processes, killed under load, and several nodes over one PostgreSQL.
//!
//! The binary `xunke` runs as an operator runs it, and is spoken to over sockets. Phones are the replica of
//! `xunke-sync`; what was acknowledged to them stands in a [`notebook::Notebook`], which is then held against the
//! database ([`ledger`]) and against what the server shows from zero ([`feed`]).
//!
//! Start with [`kill`] (one process on SQLite) and [`nodes`] (two on PostgreSQL).

pub mod feed;
pub mod http;
pub mod kill;
pub mod ledger;
pub mod nodes;
pub mod notebook;
pub mod phone;
pub mod school;
pub mod server;

/// What a story came to.
#[derive(Debug)]
pub struct Report {
    /// A line for people.
    pub figures: String,
    /// What must not have happened, in words; none if all is well.
    pub violations: Vec<String>,
}
