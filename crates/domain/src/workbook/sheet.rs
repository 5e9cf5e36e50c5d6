//! A workbook as values: sheets of cells, whatever file they came from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

/// The sheets of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workbook {
    /// A CSV is a workbook of one sheet without a name.
    pub sheets: Vec<Sheet>,
}

/// One sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// What its tab says; empty for a CSV.
    pub name: String,
    /// Whoever opens the file does not see it.
    pub hidden: bool,
    /// Cells that hold something, by row and column from 0.
    pub cells: BTreeMap<(u32, u32), Cell>,
    /// Cells that are shown as one.
    pub merged: Vec<Span>,
    /// Rows that are not shown.
    pub hidden_rows: BTreeSet<u32>,
    /// Columns that are not shown.
    pub hidden_columns: BTreeSet<u32>,
}

/// What a cell shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its text: of a formula the value it had, of a number the digits.
    pub text: String,
    /// Written in red.
    pub red: bool,
}

/// A rectangle of cells, all edges included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Upper left, row and column from 0.
    pub from: (u32, u32),
    /// Lower right.
    pub to: (u32, u32),
}

/// Where something stands, shown as `三(2)班!D7`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// Name of the sheet; empty for a CSV, and for the file as a whole.
    pub sheet: String,
    /// Address of the cell; empty for the sheet as a whole.
    pub cell: String,
}

impl Place {
    /// A sheet as a whole.
    pub fn sheet(sheet: &str) -> Self {
        Self { sheet: sheet.to_owned(), cell: String::new() }
    }

    /// A cell of a sheet, by row and column from 0.
    pub fn cell(sheet: &str, row: u32, column: u32) -> Self {
        Self { sheet: sheet.to_owned(), cell: address(row, column) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sheet, cell } = self;
        let mark = if sheet.is_empty() || cell.is_empty() { "" } else { "!" };
        write!(to, "{sheet}{mark}{cell}")
    }
}

/// The address of a cell, such as `D7`.
pub fn address(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = u64::from(column) + 1;
    while left > 0 {
        let letter = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        left = (left - 1) / 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_spreadsheets() {
        assert_eq!(address(6, 3), "D7");
        assert_eq!(address(0, 25), "Z1");
        assert_eq!(address(0, 26), "AA1");
        assert_eq!(address(1_048_575, 16_383), "XFD1048576");
        assert_eq!(Place::cell("三(2)班", 6, 3).to_string(), "三(2)班!D7");
        assert_eq!(Place::cell("", 6, 3).to_string(), "D7");
        assert_eq!(Place::sheet("三(2)班").to_string(), "三(2)班");
    }
}
