//! The end-to-end suite: one binary, a module a subject, every story on SQLite and on PostgreSQL.

mod push;
mod support;
