//! Real workbooks, those of the sample school and those made here, read to the end.

mod bombs;
mod layouts;
mod qinghe;
mod support;
mod traps;
mod xls;
