//! The audit against the sample school, and against weeks made for one fact each.

mod classes;
mod properties;
mod qinghe;
mod small_school;
mod teachers;
