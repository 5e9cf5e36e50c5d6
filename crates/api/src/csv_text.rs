//! Tables as CSV (RFC 4180) that Excel opens right: with a byte order mark, and with no text that it takes for a formula.

use std::borrow::Cow;

use bytes::Bytes;
use xunke_workbook::list_book::ListCell;

use crate::problem::ApiError;

/// What a CSV file begins with; without it Excel takes UTF-8 for the system's old encoding.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Rows as lines of CSV, each ended by CRLF.
pub fn lines(rows: impl IntoIterator<Item = Vec<ListCell>>) -> Result<Bytes, ApiError> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    let failed = |error: String| {
        tracing::error!(%error, "a table could not be written");
        ApiError::Internal
    };
    for row in rows {
        let cells = row.iter().map(|cell| match cell {
            ListCell::Text(text) => defused(text),
            ListCell::Number(number) => Cow::Owned(number.to_string()),
        });
        let cells: Vec<Cow<'_, str>> = cells.collect();
        writer
            .write_record(cells.iter().map(|cell| cell.as_bytes()))
            .map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map(Bytes::from).map_err(|error| failed(error.to_string()))
}

/// A text that no program takes for a formula: an apostrophe goes before what could begin one (OWASP, "CSV
/// Injection").
fn defused(text: &str) -> Cow<'_, str> {
    let begins =
        |sign: char| matches!(sign, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    if text.starts_with(begins) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_and_formulas_defused_but_numbers_stay() {
        let text = |text: &str| ListCell::Text(text.to_owned());
        let rows = [
            vec![text("=1+1"), text("+86"), text("-"), text("@x"), text("\tx"), text("＝1")],
            vec![text("a,\"b\"\nc"), ListCell::Number(-5), text(""), text("a=b")],
        ];

        let written = lines(rows).unwrap();

        let expected = "'=1+1,'+86,'-,'@x,'\tx,'＝1\r\n\"a,\"\"b\"\"\nc\",-5,,a=b\r\n";
        assert_eq!(std::str::from_utf8(&written).unwrap(), expected);
    }
}
