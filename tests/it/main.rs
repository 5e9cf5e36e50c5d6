//! The end-to-end suite: one binary, a module a subject, every story on SQLite and on PostgreSQL.

mod concurrency;
mod conflicts;
mod held;
mod lineage;
mod phones;
mod pull;
mod push;
mod support;
