//! Inspector workload (domain, section 7, formula 9): who did how much, where, and how soon it was entered. Rows go by
//! name; it is no ranking.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, UserId};
use crate::log::gathered::{Gathered, Seen};
use crate::log::shares::count;
use crate::log::trace::Trace;
use crate::visit::Slot;

/// Entered later than this after the lesson is late.
const LATE_MINUTES: i64 = 24 * 60;
/// A visit that took longer has a clock that went wrong: its minutes are left out.
const LONGEST_MINUTES: i64 = 240;

/// What one inspector did in the week. Two people of one name are two rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectorWork {
    /// The inspector's name.
    pub inspector: String,
    /// Visits (人次).
    pub visits: u32,
    /// Distinct slots (节次).
    pub slots: u32,
    /// Days with a visit, 1–7.
    pub days: u32,
    /// The rest; absent from editions of older rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<InspectorMore>,
}

/// What else is told of an inspector's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectorMore {
    /// Classes visited.
    pub classes: u32,
    /// Visits of a lesson of a protected subject, as planned; as seen, where none was planned.
    pub protected: u32,
    /// Minutes in class, over the visits that tell both ends.
    pub minutes: u32,
    /// How many visits tell both ends.
    pub timed: u32,
    /// Visits submitted more than 24 hours after the lesson.
    pub entered_late: u32,
    /// Visits of which that is known.
    pub entered: u32,
    /// Minutes between submission and arrival here: the middle one, of two the lesser. None if no visit tells.
    pub median_sync_delay: Option<u32>,
}

#[derive(Default)]
struct Work<'a> {
    visits: u32,
    slots: BTreeSet<&'a Slot>,
    days: BTreeSet<NaiveDate>,
    classes: BTreeSet<ClassId>,
    delays: Vec<u32>,
    more: InspectorMore,
}

impl<'a> Work<'a> {
    fn add(&mut self, week: &Gathered<'_>, seen: &Seen<'a>) {
        self.visits += 1;
        self.slots.insert(seen.slot);
        self.days.insert(seen.slot.date);
        self.classes.insert(seen.slot.class);
        self.delays.extend(seen.logged.sync_delay_minutes);
        let more = &mut self.more;
        more.protected += u32::from(week.is_protected(seen.logged.planned_subject.or(seen.subject_given())));
        if let Some(minutes) = minutes_in_class(seen) {
            more.timed += 1;
            more.minutes += minutes;
        }
        if let Some(after) = seen.logged.entered_after_minutes {
            more.entered += 1;
            more.entered_late += u32::from(after > LATE_MINUTES);
        }
    }
}

pub(super) fn inspectors(week: &Gathered<'_>, trace: &mut Trace) -> Vec<InspectorWork> {
    let mut works: BTreeMap<(&str, UserId), Work<'_>> = BTreeMap::new();
    for seen in &week.visits {
        let name = seen.logged.inspector_name.as_str();
        works.entry((name, seen.logged.visit.inspector)).or_default().add(week, seen);
        trace.visit(format_args!("inspectors.{name}"), seen.id());
    }
    works.into_iter().map(|((name, _), work)| row(name, work)).collect()
}

fn row(name: &str, work: Work<'_>) -> InspectorWork {
    let Work { visits, slots, days, classes, mut delays, more } = work;
    InspectorWork {
        inspector: name.to_owned(),
        visits,
        slots: count(slots.len()),
        days: count(days.len()),
        more: Some(InspectorMore {
            classes: count(classes.len()),
            median_sync_delay: middle(&mut delays),
            ..more
        }),
    }
}

fn minutes_in_class(seen: &Seen<'_>) -> Option<u32> {
    let (arrived, left) = (seen.logged.visit.arrived_at?, seen.logged.visit.left_at?);
    let minutes = left.signed_duration_since(arrived).num_minutes();
    u32::try_from(minutes).ok().filter(|_| minutes <= LONGEST_MINUTES)
}

fn middle(values: &mut [u32]) -> Option<u32> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::middle;

    #[test]
    fn the_middle_of_an_even_number_is_the_lesser_of_two() {
        assert_eq!(middle(&mut [9, 1, 5]), Some(5));
        assert_eq!(middle(&mut [9, 1, 5, 2]), Some(2));
        assert_eq!(middle(&mut []), None);
    }
}
