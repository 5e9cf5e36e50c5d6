//! Which lessons of the day were seen in which class, as a drawing and as a table. For the school alone.

use xunke_domain::log::{PeriodCell, PeriodCoverage};

use crate::pages::grid::{Cell, Grid};
use crate::pages::share::Share;
use crate::pages::visit_links::VisitLinks;

/// Width of a cell: seven periods fit a phone.
const WIDTH: usize = 40;

/// Classes by periods.
#[derive(Clone, Debug)]
pub(super) struct CoverageMap<'a> {
    pub(super) grid: Grid,
    pub(super) periods: &'a [String],
    pub(super) rows: Vec<MapRow<'a>>,
}

/// A class; a cell is none where it has no lesson.
#[derive(Clone, Debug)]
pub(super) struct MapRow<'a> {
    pub(super) class: &'a str,
    /// What was seen, and the list of its visits.
    pub(super) cells: Vec<Option<(Share, Option<String>)>>,
}

impl<'a> CoverageMap<'a> {
    pub(super) fn new(told: &'a PeriodCoverage, links: VisitLinks<'_>) -> Self {
        let rows = told.classes.iter().map(|row| {
            let cells =
                told.periods.iter().zip(&row.cells).map(|(period, PeriodCell { planned, visited })| {
                    let url = links.figure(format_args!("coverage.period.{}.{period}", row.class));
                    (*planned > 0).then(|| (Share::new(*visited, *planned), url))
                });
            MapRow { class: &row.class, cells: cells.collect() }
        });
        Self { grid: grid(told), periods: &told.periods, rows: rows.collect() }
    }
}

fn grid(told: &PeriodCoverage) -> Grid {
    let rows =
        told.classes.iter().map(|row| (row.class.clone(), row.cells.iter().copied().map(cell).collect()));
    let columns: Vec<String> = told.periods.iter().map(|period| short(period).to_owned()).collect();
    let words = ("by-period", "各班各节覆盖，已巡节次与课表应上节次", description(told));
    Grid::new(words, WIDTH, &columns, rows.collect())
}

/// `第3节` as the head of a narrow column.
fn short(period: &str) -> &str {
    period.strip_prefix('第').and_then(|rest| rest.strip_suffix('节')).unwrap_or(period)
}

fn cell(PeriodCell { planned, visited }: PeriodCell) -> Cell {
    let class = match (visited, planned) {
        (_, 0) => return Cell::Void,
        (0, _) => "g-none",
        (visited, planned) if visited * 3 <= planned => "g-some",
        (visited, planned) if visited * 3 <= planned * 2 => "g-much",
        _ => "g-most",
    };
    Cell::Told(class, format!("{visited}/{planned}"))
}

fn description(told: &PeriodCoverage) -> String {
    let cells = || told.classes.iter().flat_map(|row| &row.cells).filter(|cell| cell.planned > 0);
    let seen = cells().filter(|cell| cell.visited > 0).count();
    format!(
        "有课的{}格中，{seen}格巡到，{}格未巡到。逐格数字见下表。",
        cells().count(),
        cells().count() - seen
    )
}
