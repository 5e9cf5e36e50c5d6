//! When a week's log is due, and how a school stands to that.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::book::SchoolBook;
use crate::calendar::DayState;
use crate::week::Week;

/// The hour at which a log is due.
const HOUR: u32 = 18;

/// No semester is longer; a last day that is a slip of the pen must not make thousands of weeks.
const LONGEST: usize = 60;

/// How a school stands with a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// First published when due or before.
    OnTime,
    /// First published after that.
    Late,
    /// Published, but the newest edition was withdrawn and no other has come yet: its figures are not counted.
    Withdrawn,
    /// Due and not published.
    Missing,
    /// Not published, and not due yet.
    Pending,
    /// No lessons in this week by the school's calendar, or no semester declared for it; nothing published.
    NotDue,
}

/// When the log of a week is due: 18:00 in school time on the Monday after it. Nobody prescribes it (ours).
pub fn due_at(week: Week) -> DateTime<Utc> {
    let monday = week.monday().checked_add_days(Days::new(7)).unwrap_or(week.monday());
    let hour = NaiveTime::from_hms_opt(HOUR, 0, 0).unwrap_or_default();
    let local = monday.and_time(hour);
    // Shanghai has no hour twice and leaves none out.
    Tz::Asia__Shanghai.from_local_datetime(&local).earliest().map_or(local.and_utc(), |at| at.to_utc())
}

/// How a school stands with a week of which the first edition was published then, if at all.
pub(super) fn standing(
    week: Week,
    first_published: Option<DateTime<Utc>>,
    withdrawn: bool,
    taught: bool,
    now: DateTime<Utc>,
) -> Standing {
    match first_published {
        Some(_) if withdrawn => Standing::Withdrawn,
        Some(at) if at <= due_at(week) => Standing::OnTime,
        Some(_) => Standing::Late,
        None if !taught => Standing::NotDue,
        None if now <= due_at(week) => Standing::Pending,
        None => Standing::Missing,
    }
}

/// The weeks in which a school has lessons, by its semesters and its calendar. A book with these alone is enough.
pub fn weeks_with_lessons(book: &SchoolBook) -> BTreeSet<Week> {
    let mut weeks = BTreeSet::new();
    for semester in &book.semesters {
        let days = semester.first_day.iter_weeks().take(LONGEST);
        let of_semester = days.map(Week::of).take_while(|week| week.monday() <= semester.last_day);
        weeks.extend(of_semester.filter(|week| {
            week.days().any(|day| {
                let taught = || matches!(book.school_day(day).kind, DayState::Lessons { .. });
                book.semester_of(day).is_some() && taught()
            })
        }));
    }
    weeks
}
