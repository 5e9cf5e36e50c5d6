//! Files to be saved: how they are named to the browser (RFC 6266).

use std::fmt::Write as _;

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};

use crate::problem::ApiError;

/// A PDF.
pub const PDF: &str = "application/pdf";
/// An Excel workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// A table as text; UTF-8.
pub const CSV: &str = "text/csv; charset=utf-8";

/// The headers of a file to be saved. `plain` is its name in ASCII without quotes, for programs that know no other;
/// `name` the one people shall see.
pub fn headers(
    kind: &'static str,
    plain: &str,
    name: &str,
) -> Result<[(HeaderName, HeaderValue); 2], ApiError> {
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encoded(name));
    let disposition = HeaderValue::from_str(&disposition).map_err(|error| {
        tracing::error!(%error, "a file could not be named");
        ApiError::Internal
    })?;
    Ok([(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, disposition)])
}

/// A name as the value of `filename*` (RFC 8187, section 3.2): what no file system takes is left out.
fn encoded(name: &str) -> String {
    let mut encoded = String::new();
    let kept = name.chars().filter(|sign| !sign.is_control() && !r#"/\:*?"<>|"#.contains(*sign));
    for byte in kept.collect::<String>().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_in_ascii_and_in_chinese() {
        let [kind, (_, disposition)] = headers(PDF, "xunke-1.pdf", "青禾/小学\r\n 1.pdf").unwrap();

        assert_eq!(kind.1, "application/pdf");
        let expected = "attachment; filename=\"xunke-1.pdf\"; \
             filename*=UTF-8''%E9%9D%92%E7%A6%BE%E5%B0%8F%E5%AD%A6%201.pdf";
        assert_eq!(disposition, expected);
    }

    #[test]
    fn no_name_breaks_the_header() {
        let (_, disposition) = headers(CSV, "a.csv", "\"; x=1\n'%\u{1f600}.csv").unwrap()[1].clone();

        let text = disposition.to_str().unwrap();
        assert_eq!(
            text,
            "attachment; filename=\"a.csv\"; filename*=UTF-8''%3B%20x%3D1%27%25%F0%9F%98%80.csv"
        );
    }
}
