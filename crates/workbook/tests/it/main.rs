//! Real workbooks, those of the sample school and those made here, read to the end.

mod qinghe;
mod support;
