//! The end-to-end suite: one binary, a module a subject, every story on SQLite and on PostgreSQL.

mod architecture;
mod conflicts;
mod held;
mod openapi;
mod phones;
mod policy;
mod problems;
mod pull;
mod push;
mod sessions;
mod support;
