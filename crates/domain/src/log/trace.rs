//! The way back from every figure of a log to the visits behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crate::ids::VisitId;
use crate::log::gathered::{Seen, SeenSlot};

/// Gathers visit ids under figure keys while a log is compiled.
///
/// Keys: `visits` · `consistency.{checked,consistent,inconsistent,disputed}` · `verdict.<verdict>` ·
/// `checked.<subject>` · `displacement.<subject>` · `displacement.<planned>→<taken by>` ·
/// `self_study.<subject>` · `delivered.<subject>` · `ratings` · `ratings.<level>` ·
/// `ratings.<dimension>.<level>` · `highlights.<subject>` · `improvements.<subject>` ·
/// `findings.<code>` · `inspectors.<name>` · `coverage.grade.<grade>` ·
/// `coverage.subject.<subject>` · `coverage.weekday.<1–7>`. A figure that is 0 has no key.
#[derive(Debug, Default)]
pub(super) struct Trace(BTreeMap<String, BTreeSet<VisitId>>);

impl Trace {
    pub(super) fn visit(&mut self, key: impl Display, visit: VisitId) {
        self.0.entry(key.to_string()).or_default().insert(visit);
    }

    pub(super) fn slot(&mut self, key: impl Display, slot: &SeenSlot<'_>) {
        let ids = slot.visits.iter().map(Seen::id);
        self.0.entry(key.to_string()).or_default().extend(ids);
    }

    pub(super) fn finish(self) -> BTreeMap<String, Vec<VisitId>> {
        self.0.into_iter().map(|(key, visits)| (key, visits.into_iter().collect())).collect()
    }
}
