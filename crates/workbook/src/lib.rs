//! Files of schools as sheets of cells: `.xlsx`, `.xls` and CSV, told apart by their bytes and never by their name;
//! and what is written for schools ([`audit_book`], [`log_book`], [`list_book`]).
//!
//! No IO: bytes in, [`Workbook`] out. What the cells mean is `xunke_domain::workbook`'s. Nothing is believed that a
//! file says of itself before it has been measured: see [`limits`](crate::Refusal::TooLarge).

pub mod audit_book;
mod cell_text;
mod compound_file;
pub mod list_book;
pub mod log_book;
mod practice_tables;
mod xls;
mod xls_records;
mod xls_strings;
mod xlsx;
mod xlsx_guard;
mod xlsx_hidden;
mod xlsx_write;

pub use xlsx_write::WriteFailed;

use thiserror::Error;
use xunke_domain::timetable_csv::csv_sheet;
use xunke_domain::workbook::sheet::Workbook;

/// Why a file is not read; the text is for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// More than any school's timetable needs: a bomb, or a sheet with a million formatted rows.
    #[error("this file is larger than any timetable: {0}")]
    TooLarge(String),
    /// Protected by a password.
    #[error("this file is protected by a password: save it without one")]
    Locked,
    /// Another kind of file, or a broken one.
    #[error("this file cannot be read as a workbook: {0}")]
    Unreadable(String),
}

/// Cells with text that a workbook may have.
const MAX_CELLS: usize = xunke_domain::timetable_csv::MAX_CELLS;
/// Bytes of text in all cells.
const MAX_TEXT: usize = 16 * 1024 * 1024;
/// Rows and columns a timetable may reach to.
const MAX_ROW: u32 = 100_000;
const MAX_COLUMN: u32 = 2_048;
/// Sheets a workbook may have.
const MAX_SHEETS: usize = 1_000;
/// Regions of merged cells a workbook may have.
const MAX_MERGED: usize = 100_000;

/// Reads a file.
pub fn open(bytes: &[u8]) -> Result<Workbook, Refusal> {
    if bytes.starts_with(b"PK\x03\x04") {
        return xlsx::read(bytes);
    }
    if bytes.starts_with(&compound_file::SIGNATURE) {
        return xls::read(bytes);
    }
    if bytes.starts_with(b"PK\x05\x06") {
        return Err(Refusal::Unreadable("it is an empty archive".to_owned()));
    }
    if is_markup(bytes) {
        let detail = "it is a web page or XML under the name of a workbook: open it and save it as .xlsx";
        return Err(Refusal::Unreadable(detail.to_owned()));
    }
    let sheet = csv_sheet(bytes).map_err(|detail| Refusal::Unreadable(detail.to_owned()))?;
    Ok(Workbook { sheets: vec![sheet] })
}

/// Schedulers like to write a web page and call it `.xls`.
fn is_markup(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let start: Vec<u8> = start.iter().take(14).map(u8::to_ascii_lowercase).collect();
    [&b"<?xml"[..], b"<html", b"<!doctype", b"<table", b"<meta"].iter().any(|tag| start.starts_with(tag))
}

/// What all sheets together may hold.
#[derive(Debug, Default)]
struct Measure {
    cells: usize,
    text: usize,
    merged: usize,
}

impl Measure {
    /// Counts a cell that holds something.
    fn cell(&mut self, sheet: &str, row: u32, column: u32, text: &str) -> Result<(), Refusal> {
        if row >= MAX_ROW || column >= MAX_COLUMN {
            let at = xunke_domain::workbook::sheet::address(row, column);
            let detail = format!(
                "sheet `{sheet}` reaches to {at}; a timetable has at most {MAX_ROW} rows and {MAX_COLUMN} columns"
            );
            return Err(Refusal::TooLarge(detail));
        }
        self.cells += 1;
        self.text += text.len();
        if self.cells > MAX_CELLS {
            return Err(Refusal::TooLarge(format!("more than {MAX_CELLS} cells")));
        }
        if self.text > MAX_TEXT {
            return Err(Refusal::TooLarge(format!("more than {MAX_TEXT} bytes of text")));
        }
        Ok(())
    }

    fn merged(&mut self) -> Result<(), Refusal> {
        self.merged += 1;
        if self.merged > MAX_MERGED {
            return Err(Refusal::TooLarge(format!("more than {MAX_MERGED} merged regions")));
        }
        Ok(())
    }
}
