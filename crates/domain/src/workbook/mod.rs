//! Timetables as schools keep them: workbooks and what they say (domain, section 9).

mod entry;
mod periods;
pub mod sheet;
mod subjects;
mod table;
mod words;
