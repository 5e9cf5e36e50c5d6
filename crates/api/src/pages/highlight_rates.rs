//! Highlights per 10 visits by subject, in the order of names.

use std::collections::BTreeMap;

use xunke_domain::log::HighlightRate;

/// A subject.
#[derive(Clone, Debug)]
pub(super) struct RateRow<'a> {
    pub(super) subject: &'a str,
    pub(super) highlights: u32,
    pub(super) visits: u32,
    /// Such as `2.5`; none of too few.
    pub(super) per_ten: Option<String>,
}

pub(super) fn rows(rates: &BTreeMap<String, HighlightRate>) -> Vec<RateRow<'_>> {
    let rows = rates.iter().map(|(subject, rate)| RateRow {
        subject,
        highlights: rate.highlights,
        visits: rate.visits,
        per_ten: rate.per_ten.map(|rate| format!("{rate:.1}")),
    });
    rows.collect()
}
