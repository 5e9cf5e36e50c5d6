//! Patrol tasks (巡课任务): who is to visit which classes from when to when.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::field_read::{elements, lenient};
use crate::fields::FieldSource;
use crate::ids::{ClassId, UserId};
use crate::visit::Regime;
use crate::week::Week;

/// A task handed to an inspector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Whose it is.
    pub inspector: UserId,
    /// What it is called.
    pub title: Option<String>,
    /// School patrol unless said otherwise.
    pub regime: Regime,
    /// First day.
    pub from: NaiveDate,
    /// Last day: the week it lies in is the week whose log it belongs to.
    pub to: NaiveDate,
    /// The classes to visit; none: any.
    pub classes: BTreeSet<ClassId>,
}

impl Assignment {
    /// Reads a task; none if it names nobody or no date, or has been retired before it was due.
    pub fn from_fields(fields: &impl FieldSource) -> Option<Self> {
        let (from, to) = (lenient(fields, "from"), lenient(fields, "to"));
        let to: NaiveDate = to.or(from)?;
        let retired: Option<NaiveDate> = lenient(fields, "retired");
        let ids = elements(fields, "classes").filter_map(|(id, _)| id.parse().ok());
        let read = Self {
            inspector: lenient(fields, "inspector")?,
            title: lenient(fields, "title"),
            regime: lenient(fields, "regime").unwrap_or(Regime::SchoolPatrol),
            from: from.unwrap_or(to),
            to,
            classes: ids.collect(),
        };
        retired.is_none_or(|day| day > to).then_some(read)
    }

    /// Whether the log of a week of the school is to tell of it. What the bureau draws stays unsaid here: the school
    /// must not read it before the visit (domain, section 1, "unannounced").
    pub fn is_due_in(&self, week: Week) -> bool {
        self.regime == Regime::SchoolPatrol && week.contains(self.to)
    }

    /// The classes still without a visit, given those visited for it; `None` if it is done.
    pub fn unmet(&self, visited: &BTreeSet<ClassId>) -> Option<BTreeSet<ClassId>> {
        let left: BTreeSet<ClassId> = self.classes.difference(visited).copied().collect();
        let done = if self.classes.is_empty() { !visited.is_empty() } else { left.is_empty() };
        (!done).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::fields::Fields;

    fn read(set: &Value) -> Option<Assignment> {
        let fields: Fields = serde_json::from_value(set.clone()).unwrap();
        Assignment::from_fields(&fields)
    }

    fn class(id: u128) -> ClassId {
        ClassId::from_uuid(Uuid::from_u128(id))
    }

    #[test]
    fn a_task_belongs_to_the_week_of_its_last_day() {
        let task = json!({"inspector": Uuid::nil(), "from": "2026-11-12", "to": "2026-11-18"});
        let read = read(&task).unwrap();

        assert!(read.is_due_in("2026-W47".parse().unwrap()));
        assert!(!read.is_due_in("2026-W46".parse().unwrap()));
    }

    #[test]
    fn what_the_bureau_draws_and_what_was_called_off_is_due_nowhere() {
        let mut task = json!({"inspector": Uuid::nil(), "to": "2026-11-18", "regime": "bureau_supervision"});
        assert!(!read(&task).unwrap().is_due_in("2026-W47".parse().unwrap()));

        task["retired"] = json!("2026-11-18");
        assert_eq!(read(&task), None);
        assert_eq!(read(&json!({"inspector": Uuid::nil()})), None, "it has no date");
    }

    #[test]
    fn a_task_is_done_when_each_of_its_classes_was_visited() {
        let task = json!({"inspector": Uuid::nil(), "to": "2026-11-18",
            format!("classes/{}", class(1)): true, format!("classes/{}", class(2)): true});
        let of_two = read(&task).unwrap();
        let of_any = Assignment { classes: BTreeSet::new(), ..of_two.clone() };

        assert_eq!(of_two.unmet(&BTreeSet::from([class(1)])), Some(BTreeSet::from([class(2)])));
        assert_eq!(of_two.unmet(&BTreeSet::from([class(1), class(2), class(3)])), None);
        assert_eq!(of_any.unmet(&BTreeSet::new()), Some(BTreeSet::new()));
        assert_eq!(of_any.unmet(&BTreeSet::from([class(9)])), None);
    }
}
