//! Objections (异议, 申辩): a teacher contests the facts of a visit to his lesson (domain, section 6).

use chrono::{DateTime, Days, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// How far a teacher's objection (异议) has come; one that was dismissed is none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// Made, and not decided.
    Open,
    /// Upheld: the record is wrong, and stays marked as such until it is corrected or withdrawn.
    Upheld,
}

/// The last day on which facts may be contested: `days` days after the teacher was told, or after the week was first
/// published if that came later; none while it is not published, since nothing is settled before. Days are those of
/// the school's time zone.
pub fn last_day(told: DateTime<Tz>, published: Option<DateTime<Tz>>, days: u32) -> Option<NaiveDate> {
    published?.max(told).date_naive().checked_add_days(Days::new(u64::from(days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Tz> {
        text.parse::<DateTime<chrono::FixedOffset>>().unwrap().with_timezone(&Tz::Asia__Shanghai)
    }

    #[test]
    fn the_days_run_from_the_later_of_the_two() {
        let (told, published) = (at("2026-11-17T10:00:00+08:00"), at("2026-11-23T09:00:00+08:00"));

        assert_eq!(last_day(told, None, 10), None);
        assert_eq!(last_day(told, Some(published), 10), "2026-12-03".parse().ok());
        assert_eq!(last_day(published, Some(told), 10), "2026-12-03".parse().ok());
    }

    #[test]
    fn a_day_ends_where_the_school_is() {
        let late = at("2026-11-22T16:30:00Z");

        assert_eq!(last_day(late, Some(late), 1), "2026-11-24".parse().ok());
    }
}
