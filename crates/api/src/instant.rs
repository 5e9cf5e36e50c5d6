//! Instants as people and programs read them.

use chrono::{DateTime, SecondsFormat, TimeZone};
use chrono_tz::Tz;

/// RFC 3339 in school time, to the millisecond.
pub fn instant(millis: i64) -> String {
    at(millis).to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// The instant in school time.
pub fn at(millis: i64) -> DateTime<Tz> {
    let utc = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    Tz::Asia__Shanghai.from_utc_datetime(&utc.naive_utc())
}
