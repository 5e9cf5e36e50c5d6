//! The records of an `.xls` stream, and the formats and strings that its cells name by number.

use crate::cell_text::is_date_format;
use crate::compound_file::{u16_at, u32_at};
use crate::xls_strings::Continued;
use crate::{MAX_SHEETS, MAX_TEXT, Refusal};

/// A record and those that continue it.
pub(crate) struct Record<'a> {
    pub(crate) kind: u16,
    pub(crate) data: &'a [u8],
    pub(crate) more: Vec<&'a [u8]>,
}

/// The records of a stream; it ends where a record is cut.
pub(crate) struct Records<'a>(pub(crate) &'a [u8]);

impl<'a> Records<'a> {
    fn one(&mut self) -> Option<(u16, &'a [u8])> {
        let (kind, length) = (u16_at(self.0, 0)?, usize::from(u16_at(self.0, 2)?));
        let data = self.0.get(4..4 + length)?;
        self.0 = self.0.get(4 + length..)?;
        Some((kind, data))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (kind, data) = self.one()?;
        let mut more = Vec::new();
        while u16_at(self.0, 0) == Some(0x003C) {
            more.push(self.one()?.1);
        }
        Some(Record { kind, data, more })
    }
}

/// A sheet as the workbook lists it.
pub(crate) struct Listed {
    pub(crate) position: usize,
    pub(crate) name: String,
    pub(crate) hidden: bool,
}

/// What the cells of all sheets refer to.
#[derive(Default)]
pub(crate) struct Globals {
    pub(crate) sheets: Vec<Listed>,
    pub(crate) strings: Vec<String>,
    pub(crate) from_1904: bool,
    /// Per font: red.
    fonts: Vec<bool>,
    /// Per cell format: its font and its number format.
    formats: Vec<(u16, u16)>,
    dates: Vec<u16>,
}

impl Globals {
    pub(crate) fn read(stream: &[u8]) -> Result<Self, Refusal> {
        let mut globals = Self::default();
        for (place, record) in Records(stream).enumerate() {
            let Record { kind, data, more } = record;
            if place == 0 && (kind != 0x0809 || u16_at(data, 0) != Some(0x0600)) {
                let detail = "it is an .xls older than Excel 97: open it and save it as .xlsx";
                return Err(Refusal::Unreadable(detail.to_owned()));
            }
            match kind {
                0x002F => return Err(Refusal::Locked),
                0x0022 => globals.from_1904 = u16_at(data, 0) == Some(1),
                0x0031 => globals.fonts.push(matches!(u16_at(data, 4), Some(2 | 10))),
                0x00E0 => globals.formats.extend(u16_at(data, 0).zip(u16_at(data, 2))),
                0x041E => globals.number_format(data, more),
                0x0085 => globals.sheets.extend(listed(data)),
                0x00FC => globals.strings = strings(data, more)?,
                0x000A => break,
                _ => {}
            }
            if globals.sheets.len() > MAX_SHEETS {
                return Err(Refusal::TooLarge(format!("more than {MAX_SHEETS} sheets")));
            }
        }
        Ok(globals)
    }

    fn number_format(&mut self, data: &[u8], more: Vec<&[u8]>) {
        let mut text = Continued::new([data].into_iter().chain(more).collect());
        let format = text.u16().zip(text.u16()).and_then(|(id, count)| Some((id, text.string_of(count)?)));
        if let Some((id, _)) = format.filter(|(_, format)| is_date_format(format)) {
            self.dates.push(id);
        }
    }

    /// Whether a cell of this format is written in red.
    pub(crate) fn is_red(&self, format: u16) -> bool {
        let font = self.formats.get(usize::from(format)).map(|(font, _)| usize::from(*font));
        // Font 4 does not exist; those behind it are counted on.
        font.map(|font| if font > 4 { font - 1 } else { font })
            .and_then(|font| self.fonts.get(font))
            .copied()
            .unwrap_or(false)
    }

    /// Whether a number of this format is a date or a time.
    pub(crate) fn is_date(&self, format: u16) -> bool {
        let number = self.formats.get(usize::from(format)).map(|(_, number)| *number);
        number.is_some_and(|number| {
            matches!(number, 14..=22 | 27..=36 | 45..=47 | 50..=58) || self.dates.contains(&number)
        })
    }
}

fn listed(data: &[u8]) -> Option<Listed> {
    // Only worksheets: no charts, no macros.
    if *data.get(5)? != 0 {
        return None;
    }
    let count = u16::from(*data.get(6)?);
    let name = Continued::new(vec![data.get(7..)?]).string_of(count)?;
    Some(Listed { position: usize::try_from(u32_at(data, 0)?).ok()?, name, hidden: data.get(4)? & 3 != 0 })
}

fn strings(data: &[u8], more: Vec<&[u8]>) -> Result<Vec<String>, Refusal> {
    let mut text = Continued::new([data].into_iter().chain(more).collect());
    let (mut strings, mut bytes) = (Vec::new(), 0);
    if text.u32().zip(text.u32()).is_none() {
        return Ok(strings);
    }
    while let Some(string) = text.rich_string() {
        bytes += string.len();
        if bytes > MAX_TEXT {
            return Err(Refusal::TooLarge(format!("more than {MAX_TEXT} bytes of text")));
        }
        strings.push(string);
    }
    Ok(strings)
}
