//! What a paper is made of: texts, lists, tables and bars under headings. Texts are texts: nothing in them is markup.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

/// A paper to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paper {
    /// What it is, such as `青禾实验小学行政巡课周报`.
    pub title: String,
    /// Of when it is.
    pub subtitle: String,
    /// What stands below the heading, a line each.
    pub lines: Vec<String>,
    /// The main facts, side by side.
    pub facts: Vec<Fact>,
    /// The sections.
    pub sections: Vec<Section>,
    /// What stands at the foot of every page, a line each; the number of the page comes after the first.
    pub foot: Vec<String>,
    /// The date the file bears.
    #[serde(skip)]
    pub dated: DateTime<FixedOffset>,
}

/// A main fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Such as `节次`.
    pub name: &'static str,
    /// The figure, written large.
    pub figure: String,
    /// What explains it.
    pub note: String,
}

/// A section with its heading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// A heading within the section.
    Heading {
        /// The heading.
        text: String,
    },
    /// A paragraph.
    Text {
        /// The paragraph.
        text: String,
    },
    /// A paragraph in small print.
    Note {
        /// The paragraph.
        text: String,
    },
    /// A list.
    Items {
        /// Its items.
        items: Vec<Item>,
    },
    /// A bar over the whole width.
    Bar {
        /// Its strips.
        strips: Vec<Strip>,
    },
    /// A table.
    Table(Table),
}

/// An item of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it is about, set apart; empty if nothing is.
    pub lead: String,
    /// The item.
    pub text: String,
    /// What is told of it in small print.
    pub note: String,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its caption.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; each has a cell a column.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its header.
    pub header: String,
    /// What its cells hold.
    pub holds: Holds,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Short texts.
    Text,
    /// Texts that take the width there is.
    Long,
    /// Figures, to be set to the right.
    Figures,
    /// Bars, over the width there is.
    Bars,
    /// Bars as marks of a legend.
    Marks,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Whether it sums up the others.
    pub sum: bool,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A text, or a figure as it is told.
    Text(String),
    /// A bar.
    Bar(Vec<Strip>),
}

/// A strip of a bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Strip {
    /// The name of its colour, as the stylesheet of the pages has it; one that the layout does not know is grey.
    pub class: &'static str,
    /// How long it is, in thousandths of the bar.
    pub width: u64,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Cell {
    fn from(figure: u32) -> Self {
        Self::Text(figure.to_string())
    }
}

impl Block {
    /// A paragraph.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// A paragraph in small print.
    pub fn note(text: impl Into<String>) -> Self {
        Self::Note { text: text.into() }
    }

    /// A heading within the section.
    pub fn heading(text: impl Into<String>) -> Self {
        Self::Heading { text: text.into() }
    }

    /// A table.
    pub fn table(
        caption: impl Into<String>,
        columns: impl IntoIterator<Item = Column>,
        rows: impl IntoIterator<Item = Row>,
    ) -> Self {
        Self::Table(Table {
            caption: caption.into(),
            columns: columns.into_iter().collect(),
            rows: rows.into_iter().collect(),
        })
    }
}

impl Column {
    /// A column.
    pub fn new(header: impl Into<String>, holds: Holds) -> Self {
        Self { header: header.into(), holds }
    }
}

impl Row {
    /// A row of these cells.
    pub fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { cells: cells.into_iter().collect(), sum: false }
    }
}
