//! The real application on a disk that fails: what it has acknowledged must be there afterwards.
//!
//! `server` and `school` set it up, `phone` pushes and keeps book of the answers, `audit` looks whether the server
//! has what the books say; `power_cuts` and `trouble` are the stories.

mod audit;
mod phone;
pub mod power_cuts;
mod school;
mod server;
pub mod trouble;

pub use school::Ground;
