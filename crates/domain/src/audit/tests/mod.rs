//! The audit against the sample school, and against weeks made for one fact each.

#![expect(clippy::float_cmp, reason = "figures are rounded to hundredths, and equal ones are then the same")]

mod classes;
mod properties;
mod qinghe;
mod small_school;
mod teachers;
