//! What a visit, a timetable and a weekly log are, and their rules.
//!
//! Pure: no IO, no async, no clock and no chance of its own. The same code judges a visit on the
//! phone, on the server and in a test. Start with [`visit`] (what is recorded), [`book`] (what the
//! school has), [`verdict`] (how the two are held against each other) and [`log`] (what a week says).

pub mod assignment;
pub mod audit;
pub mod bell;
pub mod book;
pub mod book_read;
pub mod calendar;
pub mod class_name;
pub mod district;
mod field_read;
pub mod fields;
pub mod flaw;
pub mod ids;
pub mod judge;
mod lesson_changes;
mod lesson_weeks;
pub mod log;
pub mod names;
pub mod objection;
pub mod people;
pub mod plan;
pub mod planned;
pub mod policy;
pub mod practice;
pub mod record_type;
pub mod resolve;
#[cfg(test)]
mod sample;
pub mod schedule;
pub mod schema;
pub mod seed;
pub mod settings;
mod text;
pub mod timetable_build;
pub mod timetable_compare;
pub mod timetable_csv;
pub mod timetable_undo;
mod timetable_words;
pub mod verdict;
pub mod visit;
mod visit_read;
pub mod week;
pub mod workbook;
