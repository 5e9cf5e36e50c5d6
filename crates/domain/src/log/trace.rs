//! The way back from every figure of a log to the visits behind it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{Display, Write as _};

use crate::ids::VisitId;
use crate::log::gathered::{Seen, SeenSlot};

/// Gathers visit ids under figure keys while a log is compiled.
///
/// Keys: `visits` · `consistency.{checked,consistent,inconsistent,disputed}` · `verdict.<verdict>` ·
/// `checked.<subject>` · `displacement.<subject>` · `displacement.<planned>→<taken by>` ·
/// `self_study.<subject>` · `delivered.<subject>` · `ratings` · `ratings.<level>` ·
/// `ratings.<dimension>.<level>` · `good.all` · `good.dimension.<dimension>` · `good.rubric.<place in the shares, from 1>` · `highlights.<subject>` · `taught.<subject>` · `improvements.<subject>` ·
/// `findings.<code>` · `rectification.notices` · `inspectors.<name>` · `comparison.<name>` · `comparison.agreement` · `coverage.grade.<grade>` ·
/// `coverage.subject.<subject>` · `coverage.weekday.<1–7>` · `coverage.period.<class>.<period>` ·
/// `repeats.{class,teacher,common}.<place in its list, from 1>` ·
/// `trend.<week>.{checked,inconsistent,protected,protected_displaced}`. A figure that is 0 has no key.
///
/// A week of 5,000 visits names 100,000 of them: keys are written where the last one stood, and ids are put in order
/// once, at the end.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Key → where its visits are.
    places: HashMap<String, usize>,
    visits: Vec<Vec<VisitId>>,
    key: String,
}

impl Trace {
    pub(super) fn visit(&mut self, key: impl Display, visit: VisitId) {
        self.under(key).push(visit);
    }

    pub(super) fn slot(&mut self, key: impl Display, slot: &SeenSlot<'_>) {
        self.under(key).extend(slot.visits.iter().map(Seen::id));
    }

    /// Each visit once, in the order of ids.
    pub(super) fn finish(mut self) -> BTreeMap<String, Vec<VisitId>> {
        let mut in_order = |place: usize| {
            let mut visits = std::mem::take(&mut self.visits[place]);
            visits.sort();
            visits.dedup();
            visits
        };
        self.places.into_iter().map(|(key, place)| (key, in_order(place))).collect()
    }

    fn under(&mut self, key: impl Display) -> &mut Vec<VisitId> {
        self.key.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.key, "{key}");
        let known = self.places.get(&self.key).copied();
        let place = known.unwrap_or_else(|| {
            self.visits.push(Vec::new());
            self.places.insert(self.key.clone(), self.visits.len() - 1);
            self.visits.len() - 1
        });
        &mut self.visits[place]
    }
}
