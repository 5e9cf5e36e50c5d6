//! The week a log speaks of: Monday to Sunday, named as ISO 8601 does (`2026-W47`).

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A calendar week, Monday to Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Week {
    monday: NaiveDate,
}

/// A text is not a week.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a week: write it as 2026-W47")]
pub struct WeekError(String);

impl Week {
    /// The week a date lies in; by the slot's date, never by a clock (protocol, section 7).
    pub fn of(date: NaiveDate) -> Self {
        let back = u64::from(date.weekday().num_days_from_monday());
        Self { monday: date.checked_sub_days(Days::new(back)).unwrap_or(date) }
    }

    /// Its Monday.
    pub const fn monday(self) -> NaiveDate {
        self.monday
    }

    /// Its Sunday.
    pub fn sunday(self) -> NaiveDate {
        self.day(6)
    }

    /// The seven dates, Monday first.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        (0..7).map(move |offset| self.day(offset))
    }

    /// Whether the date lies in this week.
    pub fn contains(self, date: NaiveDate) -> bool {
        Self::of(date) == self
    }

    /// The week `weeks` before this one.
    #[must_use]
    pub fn back(self, weeks: u32) -> Self {
        Self { monday: self.monday.checked_sub_days(Days::new(7 * u64::from(weeks))).unwrap_or(self.monday) }
    }

    fn day(self, offset: u64) -> NaiveDate {
        self.monday.checked_add_days(Days::new(offset)).unwrap_or(self.monday)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let week = self.monday.iso_week();
        write!(f, "{:04}-W{:02}", week.year(), week.week())
    }
}

impl FromStr for Week {
    type Err = WeekError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || WeekError(text.chars().take(20).collect());
        let (year, week) = text.split_once("-W").ok_or_else(error)?;
        if year.len() != 4 || week.len() != 2 || !(year.to_owned() + week).bytes().all(|b| b.is_ascii_digit())
        {
            return Err(error());
        }
        let (year, week) = (year.parse().map_err(|_| error())?, week.parse().map_err(|_| error())?);
        NaiveDate::from_isoywd_opt(year, week, Weekday::Mon).map(|monday| Self { monday }).ok_or_else(error)
    }
}

impl TryFrom<String> for Week {
    type Error = WeekError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Week> for String {
    fn from(week: Week) -> Self {
        week.to_string()
    }
}
