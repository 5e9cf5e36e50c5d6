//! Papers as PDF: what principals print, post and send.
//!
//! A [`Paper`] is made of texts, lists, tables and bars, told by whoever knows the matter; `layout.typ` says what they
//! look like; [`pdf`] typesets them. Texts reach the layout as data and are never read as markup. There is one font
//! (`fonts/README.md`); characters it lacks are told at the end of the paper.

mod paper;
#[cfg(feature = "press")]
mod press;
#[cfg(not(feature = "press"))]
#[path = "no_press.rs"]
mod press;
#[cfg(feature = "press")]
mod signs;
#[cfg(test)]
#[cfg(feature = "press")]
mod tests;

use thiserror::Error;

pub use paper::{Block, Cell, Column, Fact, Holds, Item, Paper, Row, Section, Strip, Table};
pub use press::pdf;

/// A paper could not be typeset. Its texts are data to the layout, so this is a fault of ours.
#[derive(Debug, Error)]
#[error("a paper could not be typeset: {0}")]
pub struct NotPrinted(String);
