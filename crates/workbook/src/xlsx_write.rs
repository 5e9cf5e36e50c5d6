//! Tables as a workbook: a header row that stays in sight, columns wide enough, and no text that runs.

use chrono::NaiveDate;
use rust_xlsxwriter::{
    Chart, ChartType, Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook,
    Worksheet, XlsxError,
};
use thiserror::Error;
use xunke_domain::told::Told;

/// A workbook could not be written. Texts and sizes are made to fit before, so this is a fault of ours.
#[derive(Debug, Error)]
#[error("a workbook could not be written: {0}")]
pub struct WriteFailed(#[from] XlsxError);

/// A table; becomes a sheet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    /// The sheet's name.
    pub(crate) name: String,
    /// The columns.
    pub(crate) columns: Vec<Column>,
    /// The rows below the header.
    pub(crate) rows: Vec<Vec<Entry>>,
    /// Charts of it, one below the other at its right.
    pub(crate) charts: Vec<BarChart>,
}

/// A chart of bars: a column of names, some columns of numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BarChart {
    /// Its title.
    pub(crate) title: &'static str,
    /// The first row and the one after the last, counted from 0 below the header.
    pub(crate) rows: (usize, usize),
    /// The column of names.
    pub(crate) names: u16,
    /// The columns of numbers; their headers are the legend.
    pub(crate) numbers: Vec<u16>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// Its header.
    pub(crate) title: &'static str,
    /// Its width, in characters of Latin script; a Chinese character takes two.
    pub(crate) width: f64,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    /// Nothing.
    Nothing,
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A share of 0–1, shown as a percentage.
    Share(f64),
}

impl From<&str> for Entry {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Told> for Entry {
    fn from(told: Told) -> Self {
        Self::Text(told.to_string())
    }
}

impl From<f64> for Entry {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Entry {
    fn from(number: u32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl<T: Into<Self>> From<Option<T>> for Entry {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// The longest text of a cell, characters; Excel takes 32,767.
const MOST_TEXT: usize = 32_000;
/// The longest name of a sheet, characters.
const MOST_NAME: usize = 31;
/// The least width of a column, in characters.
const LEAST_WIDTH: f64 = 4.0;

/// Writes tables as `.xlsx`; the same tables of the same day are the same bytes.
pub(crate) fn write(tables: &[Table], on: NaiveDate) -> Result<Vec<u8>, WriteFailed> {
    let mut workbook = Workbook::new();
    let day = ExcelDateTime::parse_from_str(&on.format("%Y-%m-%d").to_string())?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&day));
    for table in tables {
        let name: String =
            table.name.chars().filter(|one| !r"[]:*?/\'".contains(*one)).take(MOST_NAME).collect();
        sheet(workbook.add_worksheet().set_name(name)?, table)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn sheet(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    let edge = Color::RGB(0x00D3_DDE0);
    let cell = Format::new()
        .set_align(FormatAlign::Top)
        .set_text_wrap()
        .set_border(FormatBorder::Thin)
        .set_border_color(edge);
    let header = cell.clone().set_bold().set_background_color(Color::RGB(0x00E2_F0F0));
    let share = cell.clone().set_num_format("0.0%");
    let columns = (0_u16..).zip(&table.columns);
    for (column, Column { title, width }) in columns {
        sheet.set_column_width(column, width.max(LEAST_WIDTH))?;
        sheet.write_string_with_format(0, column, *title, &header)?;
    }
    for (row, entries) in (1_u32..).zip(&table.rows) {
        for (column, entry) in (0_u16..).zip(entries) {
            match entry {
                Entry::Nothing => sheet.write_blank(row, column, &cell)?,
                Entry::Text(text) => sheet.write_string_with_format(row, column, defused(text), &cell)?,
                Entry::Number(number) => sheet.write_number_with_format(row, column, *number, &cell)?,
                Entry::Share(number) => sheet.write_number_with_format(row, column, *number, &share)?,
            };
        }
    }
    sheet.set_freeze_panes(1, 1)?.set_repeat_rows(0, 0)?;
    let (last_row, last_column) = (table.rows.len(), table.columns.len().saturating_sub(1));
    if let (Ok(last_row), Ok(last_column)) = (u32::try_from(last_row), u16::try_from(last_column)) {
        sheet.autofilter(0, 0, last_row, last_column)?;
    }
    draw(sheet, table)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0).set_footer("&C&P / &N");
    Ok(())
}

/// Rows a chart takes.
const CHART_ROWS: u32 = 22;

fn draw(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    let name = sheet.name();
    let right = u16::try_from(table.columns.len()).unwrap_or(u16::MAX).saturating_add(1);
    for (place, BarChart { title, rows: (first, end), names, numbers }) in (0_u32..).zip(&table.charts) {
        // The header is row 0.
        let rows = (u32::try_from(first + 1), u32::try_from(*end));
        let (Ok(first), Ok(last)) = rows else { continue };
        if last < first {
            continue;
        }
        let mut chart = Chart::new(ChartType::Column);
        chart.title().set_name(*title);
        for number in numbers {
            chart
                .add_series()
                .set_name((name.as_str(), 0, *number))
                .set_categories((name.as_str(), first, *names, last, *names))
                .set_values((name.as_str(), first, *number, last, *number));
        }
        chart.set_width(640).set_height(400);
        sheet.insert_chart(1 + place * CHART_ROWS, right, &chart)?;
    }
    Ok(())
}

/// A text that no program takes for a formula, even when the sheet is saved as CSV and opened again (domain, section
/// 9, rule 9).
pub(crate) fn defused(text: &str) -> String {
    let starts =
        |one: char| matches!(one, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') || one.is_whitespace();
    let kept = |one: &char| *one == '\n' || !one.is_control();
    text.trim_start_matches(starts).chars().filter(kept).take(MOST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open;

    fn table(name: &str, rows: Vec<Vec<Entry>>) -> Table {
        let columns = ["班级", "课时"].map(|title| Column { title, width: 12.0 }).to_vec();
        Table { name: name.to_owned(), columns, rows, charts: Vec::new() }
    }

    fn day() -> NaiveDate {
        "2026-11-23".parse().unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let rows = vec![vec!["三年级(1)班".into(), 0.5.into()], vec![Entry::Nothing, 30_u32.into()]];
        let bytes = write(&[table("班级", rows)], day()).unwrap();

        let sheet = open(&bytes).unwrap().sheets.remove(0);

        let texts: Vec<&str> = sheet.cells.values().map(|cell| cell.text.as_str()).collect();
        assert_eq!(sheet.name, "班级");
        assert_eq!(texts, ["班级", "课时", "三年级(1)班", "0.5", "30"]);
    }

    #[test]
    fn no_text_is_a_formula() {
        assert_eq!(defused("=HYPERLINK(\"http://elsewhere\")"), "HYPERLINK(\"http://elsewhere\")");
        assert_eq!(defused("\t =+@-1+1"), "1+1");
        assert_eq!(defused("语文=数学"), "语文=数学");
        assert_eq!(defused("三(1)\u{0}班"), "三(1)班");
    }

    #[test]
    fn names_of_sheets_fit_and_the_same_tables_are_the_same_bytes() {
        let long = "班".repeat(40) + "[1]";
        let bytes = || write(&[table(&long, Vec::new())], day()).unwrap();

        assert_eq!(open(&bytes()).unwrap().sheets.len(), 1);
        assert_eq!(bytes(), bytes());
    }
}
