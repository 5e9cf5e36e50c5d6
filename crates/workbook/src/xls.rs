//! `.xls` of Excel 97 and later (BIFF8), by its records.
//!
//! Read here rather than by a library: what is hidden or red is wanted, too, and readers that build rectangles set
//! memory aside as the file tells them.

use xunke_domain::workbook::sheet::{Cell, Sheet, Span, Workbook};

use crate::compound_file::{CompoundFile, u16_at, u32_at};
use crate::xls_records::{Globals, Record, Records};
use crate::xls_strings::Continued;
use crate::{MAX_COLUMN, Measure, Refusal, cell_text};

/// Records of all sheets; the longest real workbooks have some ten thousand.
const MAX_RECORDS: usize = 4_000_000;

/// Reads a workbook out of a compound file.
pub(crate) fn read(bytes: &[u8]) -> Result<Workbook, Refusal> {
    let file = CompoundFile::open(bytes)?;
    if file.stream("EncryptedPackage")?.is_some() {
        return Err(Refusal::Locked);
    }
    let stream = match file.stream("Workbook")? {
        Some(stream) => stream,
        None => file.stream("Book")?.ok_or_else(|| Refusal::Unreadable("it holds no workbook".to_owned()))?,
    };
    let globals = Globals::read(&stream)?;
    let (mut measure, mut records, mut sheets) = (Measure::default(), 0, Vec::new());
    for listed in &globals.sheets {
        let mut sheet = Sheet { name: listed.name.clone(), hidden: listed.hidden, ..Sheet::default() };
        let part = stream.get(listed.position..).unwrap_or_default();
        records += read_sheet(part, &globals, &mut sheet, &mut measure, MAX_RECORDS - records)?;
        sheets.push(sheet);
    }
    Ok(Workbook { sheets })
}

/// Reads one sheet's records; how many there were.
fn read_sheet(
    part: &[u8],
    globals: &Globals,
    sheet: &mut Sheet,
    measure: &mut Measure,
    most: usize,
) -> Result<usize, Refusal> {
    let mut depth = 0_u32;
    let mut formula = None;
    for (count, record) in Records(part).enumerate() {
        if count >= most {
            return Err(Refusal::TooLarge(format!("more than {MAX_RECORDS} records")));
        }
        match record.kind {
            // Charts within a sheet have streams of their own.
            0x0809 => depth += 1,
            0x000A => depth = depth.saturating_sub(1),
            _ if depth > 1 => {}
            0x00E5 => merged(record.data, sheet, measure)?,
            0x0208 => row(record.data, sheet),
            0x007D => columns(record.data, sheet),
            _ => {
                for (at, format, text) in cells(&record, globals, &mut formula) {
                    if text.trim().is_empty() {
                        continue;
                    }
                    let (row, column) = (u32::from(at.0), u32::from(at.1));
                    measure.cell(&sheet.name, row, column, &text)?;
                    sheet.cells.insert((row, column), Cell { text, red: globals.is_red(format) });
                }
            }
        }
        if depth == 0 && record.kind == 0x000A {
            return Ok(count + 1);
        }
    }
    Ok(0)
}

type At = (u16, u16);

/// The cells of a record, with their formats. `formula` is the cell whose text the next record holds.
fn cells(record: &Record<'_>, globals: &Globals, formula: &mut Option<(At, u16)>) -> Vec<(At, u16, String)> {
    let data = record.data;
    if record.kind == 0x0207 {
        let mut text = Continued::new([data].into_iter().chain(record.more.iter().copied()).collect());
        let text = text.u16().and_then(|count| text.string_of(count));
        return formula.take().zip(text).map(|((at, format), text)| (at, format, text)).into_iter().collect();
    }
    let (Some(row), Some(column), Some(format)) = (u16_at(data, 0), u16_at(data, 2), u16_at(data, 4)) else {
        return Vec::new();
    };
    let one = |text: Option<String>| text.map(|text| ((row, column), format, text)).into_iter().collect();
    match record.kind {
        0x00FD => one(u32_at(data, 6).and_then(|at| globals.strings.get(usize::try_from(at).ok()?)).cloned()),
        0x0204 | 0x00D6 => {
            let text =
                u16_at(data, 6).and_then(|count| Continued::new(vec![data.get(8..)?]).string_of(count));
            one(text)
        }
        0x0203 => one(float(data, 6).map(|number| shown(number, format, globals))),
        0x027E => one(u32_at(data, 6).map(|packed| shown(unpacked(packed), format, globals))),
        0x00BD => {
            let pairs = data.get(4..data.len().saturating_sub(2)).unwrap_or_default().as_chunks::<6>().0;
            let of = |(column, pair): (u32, &[u8; 6])| {
                let column = u16::try_from(column).ok()?;
                let (format, packed) = (u16_at(pair, 0)?, u32_at(pair, 2)?);
                Some(((row, column), format, shown(unpacked(packed), format, globals)))
            };
            (u32::from(column)..).zip(pairs).filter_map(of).collect()
        }
        0x0205 => one((data.get(7) == Some(&1)).then(|| "#ERROR".to_owned())),
        0x0006 if u16_at(data, 12) == Some(0xFFFF) => {
            *formula = (data.get(6) == Some(&0)).then_some(((row, column), format));
            one((data.get(6) == Some(&2)).then(|| "#ERROR".to_owned()))
        }
        0x0006 => one(float(data, 6).map(|number| shown(number, format, globals))),
        _ => Vec::new(),
    }
}

fn float(data: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(data.get(at..at + 8)?.try_into().ok()?))
}

/// Numbers packed into four bytes (RK): whole or the upper half of a float, a hundredth or not.
fn unpacked(packed: u32) -> f64 {
    let value = if packed & 2 != 0 {
        // The upper 30 bits are a signed number.
        f64::from(packed.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(packed & !3) << 32)
    };
    if packed & 1 != 0 { value / 100.0 } else { value }
}

fn shown(number: f64, format: u16, globals: &Globals) -> String {
    if globals.is_date(format) {
        cell_text::date(number, globals.from_1904)
    } else {
        cell_text::number(number)
    }
}

fn merged(data: &[u8], sheet: &mut Sheet, measure: &mut Measure) -> Result<(), Refusal> {
    for region in data.get(2..).unwrap_or_default().as_chunks::<8>().0 {
        let edge = |at| u16_at(region, at).map_or(0, u32::from);
        let (from, to) = ((edge(0), edge(4)), (edge(2), edge(6)));
        if from.0 <= to.0 && from.1 <= to.1 {
            measure.merged()?;
            sheet.merged.push(Span { from, to });
        }
    }
    Ok(())
}

fn row(data: &[u8], sheet: &mut Sheet) {
    if let (Some(row), Some(flags)) = (u16_at(data, 0), u16_at(data, 12))
        && flags & 0x20 != 0
    {
        sheet.hidden_rows.insert(row.into());
    }
}

fn columns(data: &[u8], sheet: &mut Sheet) {
    if let (Some(from), Some(to), Some(flags)) = (u16_at(data, 0), u16_at(data, 2), u16_at(data, 8))
        && flags & 1 != 0
    {
        sheet.hidden_columns.extend(u32::from(from)..=u32::from(to).min(MAX_COLUMN));
    }
}
