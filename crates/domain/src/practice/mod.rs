//! What a term's visits say of the timetable: whether what is posted is what is taught.
//!
//! [`occasions`] puts the visits in order: a slot is one occasion, however many saw it. [`dual`] tests sequentially
//! whether a class's lessons of a subject are taught otherwise more often than chance swaps explain (阴阳课表);
//! [`delivered`] estimates the lessons that were taught as planned (实开). Both are derived when asked for; nothing of
//! them is stored, and every figure names its visits.

pub mod delivered;
pub mod dual;
pub mod occasions;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use serde::Serialize;

use crate::book::SchoolBook;
use crate::visit::Visit;
use crate::week::Week;
use delivered::{Delivered, delivered};
use dual::{DualTimetable, dual_timetable};
use occasions::gather;

/// What the visits of a term so far say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Practice {
    /// First and last date looked at: the term so far, up to the date asked for; none outside a term.
    pub span: Option<[NaiveDate; 2]>,
    /// The teaching weeks begun in it.
    pub weeks: u32,
    /// Slots with a visit that may be counted.
    pub occasions: u32,
    /// Slots whose inspectors contradict each other; in neither of the two below.
    pub disputed: u32,
    /// Slots that were only marked in bulk; in neither.
    pub bulk_only: u32,
    /// Whether another timetable is in use (阴阳课表).
    pub dual: DualTimetable,
    /// What was taught as planned (实开).
    pub delivered: Delivered,
}

/// The weeks of the term that a date lies in, up to that date; none outside a term.
pub fn weeks_until(book: &SchoolBook, on: NaiveDate) -> Vec<Week> {
    let this = Week::of(on);
    if book.teaching_week_of(on).is_none() {
        return Vec::new();
    }
    let mut weeks = book.teaching_weeks_before(this, 60);
    weeks.reverse();
    weeks.push(this);
    weeks
}

/// What the visits of the weeks up to a date say; visits of other weeks, drafts and withdrawn ones are left out.
pub fn practice(book: &SchoolBook, visits: &[Visit], on: NaiveDate) -> Practice {
    let weeks = weeks_until(book, on);
    let gathered = gather(book, visits, &weeks, on);
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let planned: Vec<_> = weeks
        .iter()
        .flat_map(|week| book.planned_slots(*week))
        .filter(|planned| planned.slot.date <= on)
        .collect();
    Practice {
        span: weeks.first().map(|first| [first.monday(), on]),
        weeks: count(weeks.len()),
        occasions: count(gathered.occasions.len()),
        disputed: gathered.disputed,
        bulk_only: gathered.bulk_only,
        dual: dual_timetable(book, &gathered, &planned, on),
        delivered: delivered(book, &gathered.occasions, &planned),
    }
}
