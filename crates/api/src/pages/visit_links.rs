//! The way from a page to the visits behind it.

use std::collections::BTreeMap;
use std::fmt::Display;
use xunke_domain::told::Told;

use xunke_domain::ids::VisitId;
use xunke_domain::log::{Place, VisitDigest, WeeklyLog};

use crate::pages::words;

/// Knows where visits are shown, if anywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct VisitLinks<'a> {
    prefix: Option<&'a str>,
    /// What comes before `figure=` in the address of the list of visits.
    figures: Option<&'a str>,
    trace: &'a BTreeMap<String, Vec<VisitId>>,
    digests: &'a BTreeMap<VisitId, VisitDigest>,
}

/// A visit, told by its place.
#[derive(Clone, Debug)]
pub(super) struct VisitRef {
    /// Such as `三年级(2)班 11月17日 周二 第3节`.
    pub(super) place: Told,
    /// Where the visit is shown.
    pub(super) url: Option<String>,
}

impl<'a> VisitLinks<'a> {
    pub(super) fn new(prefix: Option<&'a str>, figures: Option<&'a str>, log: &'a WeeklyLog) -> Self {
        Self { prefix, figures, trace: &log.trace, digests: &log.visit_digests }
    }

    /// For paper, where nothing can be followed.
    pub(super) fn none(log: &'a WeeklyLog) -> Self {
        Self::new(None, None, log)
    }

    /// The list of the visits behind a figure; none if the figure is 0.
    pub(super) fn figure(&self, key: impl Display) -> Option<String> {
        let key = key.to_string();
        let list = self.figures.filter(|_| self.trace.contains_key(&key))?;
        Some(format!("{list}figure={}", words::encoded(&key)))
    }

    pub(super) fn url(&self, visit: VisitId) -> Option<String> {
        self.prefix.map(|prefix| format!("{prefix}{visit}"))
    }

    /// A visit of the log at its place; none if the log has no such visit.
    pub(super) fn find(&self, visit: VisitId) -> Option<VisitRef> {
        let digest = self.digests.get(&visit)?;
        Some(VisitRef { place: words::place(&place_of(digest)), url: self.url(visit) })
    }
}

/// Where a visit of the log was made.
pub(super) fn place_of(digest: &VisitDigest) -> Place {
    let slot = &digest.slot;
    Place { date: slot.date, period: slot.period.clone(), class: digest.class.clone() }
}
