//! Coverage by class and period: which lessons of the day were seen, in which class (domain, section 7, formula 1).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use crate::ids::ClassId;
use crate::log::gathered::Gathered;
use crate::log::trace::Trace;
use crate::visit::Slot;

/// Planned and visited slots of a week, a row a class and a column a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodCoverage {
    /// Labels of the periods with a planned lesson, in the order of the day.
    pub periods: Vec<String>,
    /// Every class of the week, in the order of grades and names.
    pub classes: Vec<ClassPeriods>,
}

/// The row of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassPeriods {
    /// The class's name in the week.
    pub class: String,
    /// A cell a period, in the order of [`PeriodCoverage::periods`].
    pub cells: Vec<PeriodCell>,
}

/// The slots of a class in a period, over all days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodCell {
    /// Planned slots; 0 where the class has no lesson then.
    pub planned: u32,
    /// Those visited, at most `planned`.
    pub visited: u32,
}

pub(super) fn period_coverage(week: &Gathered<'_>, trace: &mut Trace) -> PeriodCoverage {
    let mut cells: BTreeMap<(ClassId, &str), PeriodCell> = BTreeMap::new();
    let mut begins: BTreeMap<&str, Option<NaiveTime>> = BTreeMap::new();
    for slot in week.planned.keys() {
        let period = slot.period.as_str();
        let cell = cells.entry((slot.class, period)).or_default();
        cell.planned += 1;
        if let Some(seen) = week.slots.get(slot) {
            cell.visited += 1;
            trace.slot(format_args!("coverage.period.{}.{period}", week.class_name(slot.class)), seen);
        }
        let begin = begins.entry(period).or_default();
        *begin = [*begin, start(week, slot)].into_iter().flatten().min();
    }
    // Periods of no bell schedule come last.
    let periods: BTreeSet<(bool, Option<NaiveTime>, &str)> =
        begins.into_iter().map(|(period, begin)| (begin.is_none(), begin, period)).collect();
    let periods: Vec<&str> = periods.into_iter().map(|(_, _, period)| period).collect();

    let mut classes: Vec<_> = week.input.class_names.iter().collect();
    classes.sort_by_key(|(_, label)| (label.grade, &label.name));
    let row = |class: ClassId, name: &str| ClassPeriods {
        class: name.to_owned(),
        cells: periods
            .iter()
            .map(|period| cells.get(&(class, *period)).copied().unwrap_or_default())
            .collect(),
    };
    PeriodCoverage {
        classes: classes.into_iter().map(|(class, label)| row(*class, &label.name)).collect(),
        periods: periods.iter().map(|period| (*period).to_owned()).collect(),
    }
}

/// When the period of a slot begins on the wall of the school, where a bell schedule says.
fn start(week: &Gathered<'_>, slot: &Slot) -> Option<NaiveTime> {
    let bell = week.input.book.bell_schedule(week.grade(slot.class), slot.date)?;
    bell.period(&slot.period).map(|period| period.start)
}
