//! The end-to-end suite: one binary, a module a subject, every story on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a story both are assertions")]

mod architecture;
mod audit;
mod backups;
mod concurrency;
mod conflicts;
mod editions;
mod exports;
mod feedback;
mod golden_week;
mod held;
mod lineage;
mod names;
mod nodes;
mod openapi;
mod pages_home;
mod pages_office;
mod pages_review;
mod pages_settle;
mod pages_visits;
mod phones;
mod policy;
mod posting;
mod problems;
mod publishing;
mod pull;
mod push;
mod reference;
mod repeated;
mod restores;
mod schedule;
mod sessions;
mod slices;
mod statistics;
mod support;
mod timetable_compare;
mod timetable_files;
mod timetables;
mod verdicts;
mod versions;
mod visits;
mod web;
