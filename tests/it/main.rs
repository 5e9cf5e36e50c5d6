//! The end-to-end suite: one binary, a module a subject, every story on SQLite and on PostgreSQL.

mod architecture;
mod openapi;
mod policy;
mod problems;
mod push;
mod sessions;
mod support;
