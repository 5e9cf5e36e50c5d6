//! A grid of counts as SVG: the count stands in each cell, so colours only repeat it, and black print tells the same.

/// Height of a row, of the heads of columns, of a line of a head; in the drawing's own units.
const ROW: usize = 26;
const HEAD: usize = 36;
const LINE: usize = 14;
/// Width of the names of rows.
const NAMES: usize = 96;
/// Most characters of a head on one line.
const HEAD_CHARS: usize = 4;

/// The drawing.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// Prefix of the ids inside, unique on the page.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What it shows, for those who do not see it.
    pub(super) description: String,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Lines of the heads: where, what.
    pub(super) heads: Vec<(usize, usize, String)>,
    /// Names of the rows: how high, what.
    pub(super) names: Vec<(usize, String)>,
    pub(super) cells: Vec<Drawn>,
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// There is nothing to count: drawn with a stroke through it.
    Void,
    /// A count, with the class that colours its cell.
    Told(&'static str, String),
}

/// A cell as drawn.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) cell: Cell,
}

impl Grid {
    /// A grid with cells of this width; each row has a cell for each column.
    pub(super) fn new(
        (id, title, description): (&'static str, &'static str, String),
        cell_width: usize,
        columns: &[String],
        rows: Vec<(String, Vec<Cell>)>,
    ) -> Self {
        let (width, height) = (NAMES + cell_width * columns.len() + 1, HEAD + ROW * rows.len() + 1);
        let heads = columns.iter().enumerate().flat_map(|(place, column)| head(place, column, cell_width));
        let (mut names, mut cells) = (Vec::new(), Vec::new());
        for (place, (name, row)) in rows.into_iter().enumerate() {
            let y = HEAD + ROW * place;
            names.push((y + ROW / 2, name));
            let drawn = row.into_iter().enumerate().map(|(column, cell)| Drawn {
                x: NAMES + cell_width * column,
                y,
                width: cell_width,
                cell,
            });
            cells.extend(drawn);
        }
        Self { id, title, description, width, height, heads: heads.collect(), names, cells }
    }
}

impl Drawn {
    /// Where the count stands.
    pub(super) const fn middle(&self) -> (usize, usize) {
        (self.x + self.width / 2, self.y + ROW / 2)
    }

    /// The corners of the stroke through a cell without a count: right, bottom.
    pub(super) const fn corner(&self) -> (usize, usize) {
        (self.x + self.width, self.y + ROW)
    }
}

/// A head stands on the first row, and long ones take two lines.
fn head(place: usize, column: &str, width: usize) -> Vec<(usize, usize, String)> {
    let x = NAMES + width * place + width / 2;
    let characters: Vec<char> = column.chars().collect();
    let lines = characters.chunks(HEAD_CHARS);
    let count = lines.len();
    lines
        .enumerate()
        .map(|(line, text)| (x, HEAD.saturating_sub(LINE * (count - line) - LINE / 2), text.iter().collect()))
        .collect()
}
