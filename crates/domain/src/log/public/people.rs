//! The people a public log must not name.

use std::collections::BTreeSet;

use crate::log::WeeklyLog;

/// Names nobody may read, without white space.
pub(super) struct People(BTreeSet<String>);

impl People {
    pub(super) fn new(log: &WeeklyLog, teacher_names: &BTreeSet<String>) -> Self {
        let inspectors = log.inspectors.iter().map(|work| &work.inspector);
        let names = inspectors.chain(teacher_names).map(|name| squeezed(name));
        Self(names.filter(|name| !name.is_empty()).collect())
    }

    /// A full name, or a surname with 老师, with or without spaces between.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let text = squeezed(text);
        let by_surname =
            |name: &str| name.chars().next().is_some_and(|surname| text.contains(&format!("{surname}老师")));
        self.0.iter().any(|name| text.contains(name.as_str()) || by_surname(name))
    }
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}
