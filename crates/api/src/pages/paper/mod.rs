//! Editions as papers to print: the sections and the words of the pages, laid out by `xunke_print`.
//!
//! [`edition_paper`] is for the school's own use, [`public_paper`] may be posted. A paper tells only of its own
//! edition and those before it, so that it stays the same when another one follows.

mod inside;
mod outside;
mod parts;
mod statistics;

pub use inside::edition_paper;
pub use outside::public_paper;
