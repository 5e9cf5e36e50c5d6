//! A sheet as people see it: merged cells filled, hidden rows and columns gone.

use std::collections::{BTreeMap, BTreeSet};

use super::sheet::{Cell, Place, Sheet};
use crate::text::squeeze;

/// More cells than this are in no school's merged regions.
const MAX_FILLED: u64 = 500_000;

/// What can be seen of a sheet.
#[derive(Clone, Debug)]
pub(super) struct Table<'a> {
    /// Of the sheet.
    pub(super) name: &'a str,
    cells: BTreeMap<(u32, u32), &'a Cell>,
    /// For cells filled from a merged region: the cell that holds the text.
    origins: BTreeMap<(u32, u32), (u32, u32)>,
    rows: Vec<u32>,
    columns: Vec<u32>,
}

impl<'a> Table<'a> {
    /// None if its merged regions are beyond all measure. `all` takes hidden rows and columns in, too.
    pub(super) fn of(sheet: &'a Sheet, all: bool) -> Option<Self> {
        let seen = |row: u32, column: u32| {
            all || !(sheet.hidden_rows.contains(&row) || sheet.hidden_columns.contains(&column))
        };
        let last_row = sheet.cells.keys().map(|(row, _)| *row).max().unwrap_or(0);
        let last_column = sheet.cells.keys().map(|(_, column)| *column).max().unwrap_or(0);
        let mut cells: BTreeMap<(u32, u32), &Cell> =
            sheet.cells.iter().map(|(at, cell)| (*at, cell)).collect();
        let mut origins = BTreeMap::new();
        let mut filled = 0;
        for span in &sheet.merged {
            let Some(cell) = sheet.cells.get(&span.from) else { continue };
            // Past the last text there is nothing to read, however far a region reaches.
            let (row, column) = (span.to.0.min(last_row), span.to.1.min(last_column));
            let length = |from: u32, to: u32| u64::from(to.saturating_sub(from)) + 1;
            let size = length(span.from.0, row) * length(span.from.1, column);
            filled += size;
            if filled > MAX_FILLED {
                return None;
            }
            for at in
                (span.from.0..=row).flat_map(|row| (span.from.1..=column).map(move |column| (row, column)))
            {
                cells.insert(at, cell);
                origins.insert(at, span.from);
            }
        }
        cells.retain(|(row, column), cell| seen(*row, *column) && !squeeze(&cell.text).is_empty());
        let rows: BTreeSet<u32> = cells.keys().map(|(row, _)| *row).collect();
        let columns: BTreeSet<u32> = cells.keys().map(|(_, column)| *column).collect();
        let (rows, columns) = (rows.into_iter().collect(), columns.into_iter().collect());
        Some(Self { name: &sheet.name, cells, origins, rows, columns })
    }

    /// Rows in which something stands.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Columns in which something stands.
    pub(super) fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// What stands there; nothing where the cell is empty.
    pub(super) fn text(&self, row: u32, column: u32) -> &'a str {
        self.cells.get(&(row, column)).map_or("", |cell| cell.text.as_str())
    }

    /// Whether it stands there in red.
    pub(super) fn red(&self, row: u32, column: u32) -> bool {
        self.cells.get(&(row, column)).is_some_and(|cell| cell.red)
    }

    /// The cell that holds the text, for a merged one its upper left.
    pub(super) fn origin(&self, row: u32, column: u32) -> (u32, u32) {
        self.origins.get(&(row, column)).copied().unwrap_or((row, column))
    }

    /// Whether all that stands in these columns of the row is one merged cell: a divider.
    pub(super) fn one_cell(&self, row: u32, columns: &[u32]) -> bool {
        let mut origins = columns.iter().filter(|column| !self.text(row, **column).is_empty());
        let Some(first) = origins.next() else { return false };
        let first = self.origin(row, *first);
        let mut more = 0;
        for column in origins {
            more += 1;
            if self.origin(row, *column) != first {
                return false;
            }
        }
        more > 0
    }

    /// The address people look for.
    pub(super) fn place(&self, row: u32, column: u32) -> Place {
        let (row, column) = self.origin(row, column);
        Place::cell(self.name, row, column)
    }
}
