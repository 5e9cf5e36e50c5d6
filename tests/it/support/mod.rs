//! The test bench: the real router and the real database, with a clock that stands still until moved.

pub(crate) mod app;
pub(crate) mod dice;
pub(crate) mod district;
pub(crate) mod document;
pub(crate) mod handset;
pub(crate) mod school;
pub(crate) mod syncing;
pub(crate) mod week;
pub(crate) mod world;

pub(crate) use app::{Answer, TestApp};
