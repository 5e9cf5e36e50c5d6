//! The end-to-end suite: one binary, a module a subject, every story on SQLite and on PostgreSQL.

mod architecture;
mod concurrency;
mod conflicts;
mod held;
mod lineage;
mod openapi;
mod phones;
mod policy;
mod problems;
mod pull;
mod push;
mod sessions;
mod support;
