//! Inspector workload (domain, section 7, formula 9): visits, slots and days, no ranking.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::log::gathered::Gathered;
use crate::log::shares::count;
use crate::log::trace::Trace;
use crate::visit::Slot;

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
}

#[derive(Default)]
struct Work<'a> {
    visits: u32,
    slots: BTreeSet<&'a Slot>,
    days: BTreeSet<NaiveDate>,
}

pub(super) fn inspectors(week: &Gathered<'_>, trace: &mut Trace) -> Vec<InspectorWork> {
    let mut works: BTreeMap<(&str, UserId), Work<'_>> = BTreeMap::new();
    for seen in &week.visits {
        let name = seen.logged.inspector_name.as_str();
        let work = works.entry((name, seen.logged.visit.inspector)).or_default();
        work.visits += 1;
        work.slots.insert(seen.slot);
        work.days.insert(seen.slot.date);
        trace.visit(format_args!("inspectors.{name}"), seen.id());
    }
    let row = |((name, _), work): ((&str, UserId), Work<'_>)| InspectorWork {
        inspector: name.to_owned(),
        visits: work.visits,
        slots: count(work.slots.len()),
        days: count(work.days.len()),
    };
    works.into_iter().map(row).collect()
}
