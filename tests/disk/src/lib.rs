//! A disk for SQLite that loses power, fills up and fails.
//!
//! [`Disk`] is the handle; `vfs` and `io` are what SQLite calls, `state` is what becomes of each call, `file` holds
//! what is safe and what is not yet, `image` what is found when power is back. `proof` runs the server on it.

mod content;
mod disk;
mod file;
mod image;
mod io;
mod locks;
pub mod proof;
pub mod replant;
mod state;
mod vfs;

pub use disk::Disk;
pub use file::Overwrite;
pub use image::Image;
pub use state::{Aim, Event, Kind};

#[cfg(test)]
mod tests;
