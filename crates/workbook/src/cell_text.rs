//! Numbers and dates as a cell shows them.

use chrono::{Datelike, Days, NaiveDate};

/// The digits of a number as people typed them: 401, not 401.0.
pub(crate) fn number(value: f64) -> String {
    // Within 2^53 a float holds whole numbers exactly, and Rust writes them without a point.
    if value.is_finite() { format!("{value}") } else { String::new() }
}

/// A date or a time. `4/3` typed into a cell becomes a date on the way; as month/day it is what was typed.
pub(crate) fn date(serial: f64, from_1904: bool) -> String {
    if (0.0..1.0).contains(&serial) {
        let minutes = (serial * 1440.0).round();
        let minutes = (0..=1440_u32).find(|whole| f64::from(*whole) >= minutes).unwrap_or(0);
        return format!("{}:{:02}", minutes / 60 % 24, minutes % 60);
    }
    let epoch =
        if from_1904 { NaiveDate::from_ymd_opt(1904, 1, 1) } else { NaiveDate::from_ymd_opt(1899, 12, 30) };
    let days =
        (0.0..3_000_000.0).contains(&serial).then(|| format!("{:.0}", serial.floor()).parse().ok()).flatten();
    let date = epoch.zip(days).and_then(|(epoch, days)| epoch.checked_add_days(Days::new(days)));
    date.map_or_else(|| number(serial), |date| format!("{}/{}", date.month(), date.day()))
}

/// Whether the format of a number shows a date or a time.
pub(crate) fn is_date_format(format: &str) -> bool {
    let mut quoted = false;
    let mut bracket = false;
    for c in format.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' => bracket = true,
            ']' => bracket = false,
            ';' if !quoted => break,
            'y' | 'm' | 'd' | 'h' | 's' | 'Y' | 'M' | 'D' | 'H' | 'S' if !quoted && !bracket => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_typed() {
        assert_eq!(number(401.0), "401");
        assert_eq!(number(1.5), "1.5");
        assert_eq!(number(f64::NAN), "");
    }

    #[test]
    fn dates_are_month_and_day_and_times_hour_and_minute() {
        assert_eq!(date(46_115.0, false), "4/3");
        assert_eq!(date(46_115.0 - 1462.0, true), "4/3");
        assert_eq!(date(0.354_166_666, false), "8:30");
        assert_eq!(date(1e300, false), number(1e300));
        assert_eq!(date(-5.0, false), "-5");
    }

    #[test]
    fn formats_of_dates_are_told_from_those_of_numbers() {
        assert!(is_date_format("m/d") && is_date_format("yyyy\"年\"m\"月\"") && is_date_format("h:mm"));
        assert!(
            !is_date_format("0.00")
                && !is_date_format("[Red]0")
                && !is_date_format("0\"days\"")
                && !is_date_format("General")
        );
    }
}
