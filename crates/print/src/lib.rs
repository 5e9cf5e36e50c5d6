//! Papers as PDF: what principals print, post and send.
//!
//! A [`Paper`] is made of texts, lists, tables and bars, told by whoever knows the matter; `layout.typ` says what they
//! look like; [`pdf`] typesets them. Texts reach the layout as data and are never read as markup. There is one font
//! (`fonts/README.md`); characters it lacks are told at the end of the paper.

mod paper;
mod press;
mod signs;
#[cfg(test)]
mod tests;

pub use paper::{Block, Cell, Column, Fact, Holds, Item, Paper, Row, Section, Strip, Table};
pub use press::{NotPrinted, pdf};
