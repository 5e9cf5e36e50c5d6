//! The end-to-end suite: one binary, a module a subject, every story on SQLite and on PostgreSQL.

mod editions;
mod feedback;
mod golden_week;
mod push;
mod reference;
mod support;
mod timetables;
mod verdicts;
mod visits;
