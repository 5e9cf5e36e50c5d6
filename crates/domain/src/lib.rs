//! What a visit, a timetable and a weekly log are, and their rules.
//!
//! Pure: no IO, no async, no clock and no chance of its own. The same code judges a visit on the
//! phone, on the server and in a test. Start with [`visit`] (what is recorded), [`book`] (what the
//! school has), [`verdict`] (how the two are held against each other) and [`log`] (what a week says).

pub mod book;
pub mod fields;
pub mod flaw;
pub mod ids;
pub mod log;
pub mod record_type;
pub mod verdict;
pub mod visit;
pub mod week;
