//! A list of any length as a workbook of one sheet: rows are let go of as soon as they are written.

use std::io::{Seek, Write};

use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};

use crate::xlsx_write::{WriteFailed, defused};

/// Most rows below the header: a sheet has 1,048,576 (ECMA-376, and Excel's own limit).
pub const MOST_ROWS: u32 = 1_048_575;

/// A column of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListColumn {
    /// Its header.
    pub title: &'static str,
    /// Its width, in characters of Latin script; a Chinese character takes two.
    pub width: f64,
}

/// A cell of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListCell {
    /// A text; empty: nothing.
    Text(String),
    /// A number.
    Number(i32),
}

/// Writes a list; it keeps one row in memory, and the sheet in a file of the system's temporary folder.
pub fn list_book(
    name: &str,
    columns: &[ListColumn],
    rows: impl Iterator<Item = Vec<ListCell>>,
    to: impl Write + Seek + Send,
) -> Result<(), WriteFailed> {
    Ok(written(name, columns, rows, to)?)
}

fn written(
    name: &str,
    columns: &[ListColumn],
    rows: impl Iterator<Item = Vec<ListCell>>,
    to: impl Write + Seek + Send,
) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?;
    let header = Format::new().set_bold();
    let cell = Format::new().set_align(FormatAlign::Top).set_text_wrap();
    for (place, column) in (0_u16..).zip(columns) {
        sheet.set_column_width(place, column.width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (place, column) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, place, column.title, &header)?;
    }
    for (row, cells) in (1_u32..).zip(rows) {
        for (place, one) in (0_u16..).zip(cells) {
            match one {
                ListCell::Text(text) if text.is_empty() => (),
                ListCell::Text(text) => {
                    sheet.write_string_with_format(row, place, defused(&text), &cell)?;
                }
                ListCell::Number(number) => {
                    sheet.write_number_with_format(row, place, number, &cell)?;
                }
            }
        }
    }
    workbook.save_to_writer(to)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::open;

    #[test]
    fn a_long_list_is_read_again() {
        let columns = [ListColumn { title: "班级", width: 12.0 }, ListColumn { title: "分钟", width: 8.0 }];
        let rows =
            (0..2_000).map(|n| vec![ListCell::Text(format!("=一年级({n})班")), ListCell::Number(n - 1_000)]);
        let mut file = Cursor::new(Vec::new());

        list_book("巡课记录", &columns, rows, &mut file).unwrap();

        let sheet = open(file.get_ref()).unwrap().sheets.remove(0);
        let texts: Vec<&str> = sheet.cells.values().map(|cell| cell.text.as_str()).collect();
        assert_eq!((sheet.name.as_str(), texts.len()), ("巡课记录", 4_002));
        assert_eq!(texts[..4], ["班级", "分钟", "一年级(0)班", "-1000"]);
    }
}
