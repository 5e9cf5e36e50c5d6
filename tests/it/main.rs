//! The end-to-end suite: one binary, a module a subject, every story on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "in a story an unwrap is an assertion")]

mod architecture;
mod openapi;
mod policy;
mod problems;
mod push;
mod sessions;
mod support;
