//! `.xlsx`: read cell by cell, never as a rectangle, since two cells far apart make one of billions.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Color, Data, DataRef, Reader, SheetType, SheetVisible, Style, Xlsx, XlsxError};
use xunke_domain::workbook::sheet::{Cell, Sheet, Span, Workbook};

use crate::xlsx_hidden::hidden_lines;
use crate::{MAX_SHEETS, Measure, Refusal, cell_text, xlsx_guard};

/// Reads a workbook whose archive has been measured.
pub(crate) fn read(bytes: &[u8]) -> Result<Workbook, Refusal> {
    let mut archive = xlsx_guard::measure(bytes)?;
    // The parser trusts numbers within a file more than we do; what makes it panic is a broken file.
    let read = catch_unwind(AssertUnwindSafe(|| sheets(bytes)));
    let mut sheets = read.unwrap_or_else(|_| Err(Refusal::Unreadable("it is damaged".to_owned())))?;
    for (name, lines) in hidden_lines(&mut archive) {
        if let Some(sheet) = sheets.iter_mut().find(|sheet| sheet.name == name) {
            (sheet.hidden_rows, sheet.hidden_columns) = (lines.rows, lines.columns);
        }
    }
    Ok(Workbook { sheets })
}

fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
    let mut file: Xlsx<Cursor<&[u8]>> = Xlsx::new(Cursor::new(bytes)).map_err(|error| refusal(&error))?;
    let listed: Vec<(String, bool)> = file
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    if listed.len() > MAX_SHEETS {
        return Err(Refusal::TooLarge(format!("more than {MAX_SHEETS} sheets")));
    }
    let (mut measure, mut sheets, mut names) = (Measure::default(), Vec::new(), BTreeSet::new());
    for (name, hidden) in listed {
        // Two sheets of one name cannot be told apart; spreadsheets do not allow it either.
        if names.insert(name.clone()) {
            sheets.push(sheet(&mut file, name, hidden, &mut measure)?);
        }
    }
    Ok(sheets)
}

fn sheet<R: Read + Seek>(
    file: &mut Xlsx<R>,
    name: String,
    hidden: bool,
    measure: &mut Measure,
) -> Result<Sheet, Refusal> {
    let mut sheet = Sheet { name, hidden, ..Sheet::default() };
    let from_1904 = file.has_1904_epoch();
    let mut cells = match file.worksheet_cells_reader(&sheet.name) {
        Ok(cells) => cells,
        // A sheet of charts only.
        Err(XlsxError::NotAWorksheet(_) | XlsxError::WorksheetNotFound(_)) => return Ok(sheet),
        Err(error) => return Err(refusal(&error)),
    };
    let red: Vec<bool> = cells.styles().iter().map(is_red).collect();
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(|error| refusal(&error))? {
        let text = text(cell.get_value(), from_1904);
        if text.trim().is_empty() {
            continue;
        }
        let (row, column) = cell.get_position();
        measure.cell(&sheet.name, row, column, &text)?;
        let red = red.get(style).copied().unwrap_or(false);
        sheet.cells.insert((row, column), Cell { text, red });
    }
    drop(cells);
    for merged in file.merge_cells_by_sheet_name(&sheet.name).map_err(|error| refusal(&error))? {
        measure.merged()?;
        sheet.merged.push(Span { from: merged.start, to: merged.end });
    }
    Ok(sheet)
}

/// The value a cell shows; of a formula the one it had when the file was saved.
fn text(value: &DataRef<'_>, from_1904: bool) -> String {
    match Data::from(value.clone()) {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text,
        Data::Int(number) => number.to_string(),
        Data::Float(number) => cell_text::number(number),
        Data::Bool(yes) => yes.to_string(),
        Data::DateTime(date) => cell_text::date(date.as_f64(), from_1904),
        Data::Error(error) => error.to_string(),
    }
}

fn is_red(style: &Style) -> bool {
    let color = style.font.as_ref().and_then(|font| font.color);
    color.is_some_and(|Color { alpha: _, red, green, blue }| red >= 0xC0 && green <= 0x40 && blue <= 0x40)
}

fn refusal(error: &XlsxError) -> Refusal {
    match error {
        XlsxError::Password => Refusal::Locked,
        other => Refusal::Unreadable(other.to_string()),
    }
}
