//! People at the pages, in a real Chromium against the real binary; the stories are in `tests/stories.rs`.
//!
//! [`stage`] starts both, once for all stories; [`devtools`] speaks to the browser, [`page`] is what a person does in
//! it, [`look`] is what every page is held to, at the width of a phone and of a desk.

pub mod devtools;
pub mod look;
pub mod page;
pub mod stage;
