//! Highlights per 10 visits by subject, in the order of names.

use std::collections::BTreeMap;

use xunke_domain::log::HighlightRate;

use crate::pages::share::Share;
use crate::pages::visit_links::VisitLinks;

/// A subject.
#[derive(Clone, Debug)]
pub(super) struct RateRow<'a> {
    pub(super) subject: &'a str,
    pub(super) highlights: u32,
    /// Beside the subject with the most of them, for a bar.
    pub(super) of_most: Share,
    pub(super) visits: u32,
    /// Such as `2.5`; none of too few.
    pub(super) per_ten: Option<String>,
    /// The list of the visits with a highlight.
    pub(super) highlights_url: Option<String>,
    /// The list of the visits of its lessons.
    pub(super) visits_url: Option<String>,
}

pub(super) fn rows<'a>(
    rates: &'a BTreeMap<String, HighlightRate>,
    links: VisitLinks<'_>,
) -> Vec<RateRow<'a>> {
    let most = rates.values().map(|rate| rate.highlights).max().unwrap_or_default();
    let rows = rates.iter().map(|(subject, rate)| RateRow {
        subject,
        highlights: rate.highlights,
        of_most: Share::new(rate.highlights, most),
        visits: rate.visits,
        per_ten: rate.per_ten.map(|rate| format!("{rate:.1}")),
        highlights_url: links.figure(format_args!("highlights.{subject}")),
        visits_url: links.figure(format_args!("taught.{subject}")),
    });
    rows.collect()
}
