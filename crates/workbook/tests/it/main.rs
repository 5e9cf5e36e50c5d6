//! Real workbooks, those of the sample school and those made here, read to the end.

mod layouts;
mod qinghe;
mod support;
mod traps;
