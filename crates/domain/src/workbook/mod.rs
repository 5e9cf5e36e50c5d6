//! Timetables as schools keep them: workbooks and what they say (domain, section 9).
//!
//! [`reading::read`] takes the cells of a file and gives its lessons, what is wrong with it and what only people
//! can answer. Start with [`sheet`] (what a file is), then [`reading`].

mod cell_read;
mod cells;
pub mod desk;
mod entry;
pub mod found;
mod head_rows;
pub mod lessons;
pub(crate) mod long_table;
mod periods;
pub mod questions;
pub mod reading;
mod school_matrix;
pub mod sheet;
pub(crate) mod subjects;
pub mod summary;
mod table;
mod teacher_cells;
mod week_sheets;
mod words;
