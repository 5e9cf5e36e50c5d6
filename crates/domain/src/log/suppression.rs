//! Small cells: which negative counts may not leave the school (domain, section 6, small-group rule).

use crate::log::shares::MIN_SHARE;

/// A negative count as the rule sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    /// How many observations the count is out of.
    pub(super) of: u32,
    /// The count.
    pub(super) count: u32,
    /// Whether it points to one teacher (or nobody knows to how many).
    pub(super) one_teacher: bool,
}

/// Which cells of a row are hidden, and whether their total must be too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hidden {
    pub(super) cells: Vec<bool>,
    pub(super) total: bool,
}

impl Cell {
    /// Out of fewer than 5 observations, or about one teacher. Cells nobody looked at say nothing;
    /// and whether a cell is hidden must not depend on whether something was found in it.
    pub(super) const fn is_small(self) -> bool {
        let looked_at = self.of > 0 || self.count > 0;
        looked_at && (self.of < MIN_SHARE || self.one_teacher)
    }
}

/// Hides small cells; if that leaves one hidden cell, which the total would give away by subtraction,
/// the next smallest is hidden too, and where there is none, the total.
pub(super) fn hide(row: &[Cell]) -> Hidden {
    let mut cells: Vec<bool> = row.iter().map(|cell| cell.is_small()).collect();
    let alone = cells.iter().filter(|hidden| **hidden).count() == 1;
    let shown = row.iter().zip(&mut cells).filter(|(cell, hidden)| !**hidden && cell.of > 0);
    let next = if alone { shown.min_by_key(|(cell, _)| cell.of) } else { None };
    let total = alone && next.is_none();
    if let Some((_, hidden)) = next {
        *hidden = true;
    }
    Hidden { cells, total }
}

#[cfg(test)]
mod tests {
    use super::{Cell, hide};

    const fn cell(of: u32, count: u32) -> Cell {
        Cell { of, count, one_teacher: false }
    }

    #[test]
    fn a_cell_of_fewer_than_five_takes_the_next_smallest_with_it() {
        let hidden = hide(&[cell(3, 1), cell(20, 2), cell(6, 0), cell(0, 0)]);

        assert_eq!(hidden.cells, [true, false, true, false]);
        assert!(!hidden.total);
    }

    #[test]
    fn two_hidden_cells_protect_each_other() {
        let hidden = hide(&[cell(3, 1), cell(2, 0), cell(6, 0)]);

        assert_eq!(hidden.cells, [true, true, false]);
    }

    #[test]
    fn a_hidden_cell_without_a_neighbour_hides_the_total() {
        let hidden = hide(&[Cell { one_teacher: true, ..cell(9, 1) }, cell(0, 0)]);

        assert_eq!(hidden.cells, [true, false]);
        assert!(hidden.total);
    }

    #[test]
    fn whether_a_cell_is_hidden_does_not_tell_whether_something_was_found() {
        assert_eq!(hide(&[cell(4, 0), cell(8, 1)]), hide(&[cell(4, 2), cell(8, 0)]));
    }

    #[test]
    fn nothing_is_hidden_where_nothing_is_small() {
        assert_eq!(hide(&[cell(5, 1), cell(8, 0)]).cells, [false, false]);
        assert_eq!(hide(&[]).cells, Vec::<bool>::new());
    }
}
