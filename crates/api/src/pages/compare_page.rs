//! Two editions of a week side by side: the figures of both, and each visit that differs (版本对照).

use std::collections::BTreeMap;
use xunke_domain::told::Told;

use askama::Template;
use chrono::{DateTime, FixedOffset};
use xunke_domain::ids::{UserId, VisitId};
use xunke_domain::log::ChangeEntry;
use xunke_domain::log::edition::Edition;

use crate::pages::heading::Heading;
use crate::pages::versions::{self, ChangeRow};
use crate::pages::visit_links::VisitLinks;
use crate::pages::{Frame, Names, STYLESHEET_PATH, SemesterName, compared, filters, words};

/// What the page of two editions shows.
#[derive(Clone, Copy, Debug)]
pub struct CompareView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The semester of the week, if it lies in one.
    pub semester: Option<SemesterName<'a>>,
    /// The edition on the left.
    pub left: &'a Edition,
    /// The edition on the right.
    pub right: &'a Edition,
    /// The numbers of all editions of the week.
    pub numbers: &'a [u32],
    /// What is different on the right.
    pub changes: &'a [ChangeEntry],
    /// The last write of a changed visit between the two publications: by whom, and when it arrived. Visits without
    /// one were judged anew.
    pub arrivals: &'a BTreeMap<VisitId, (UserId, DateTime<FixedOffset>)>,
    /// Where the page itself is.
    pub url: &'a str,
    /// The editions' addresses begin with this.
    pub editions_url: &'a str,
    /// What comes before a visit's id in its address.
    pub visit_url_prefix: &'a str,
    /// Names.
    pub names: Names<'a>,
}

/// The page of two editions.
pub fn compare_page(view: &CompareView<'_>) -> Result<String, askama::Error> {
    let CompareView { left, right, names, .. } = view;
    let links = VisitLinks::new(Some(view.visit_url_prefix), None, &right.log);
    let figures = compared::all(&left.log, names.book).into_iter().zip(compared::all(&right.log, names.book));
    let arrived = |change: &ChangeEntry| {
        let arrival = view.arrivals.get(&change.visit);
        arrival.map_or_else(
            || ("按现行课表与调代课重新认定".into(), "—".into()),
            |(by, at)| (names.person(*by), words::moment(at)),
        )
    };
    let page = ComparePage {
        view,
        heading: Heading::new(&right.log.school, view.semester, right.log.teaching_week, right.log.week),
        published: [left, right].map(|edition| words::moment(&edition.published_at)),
        figures: figures.map(|((what, left), (_, right))| (what, left, right)).collect(),
        changes: versions::rows(view.changes, links)
            .into_iter()
            .zip(view.changes.iter().map(arrived))
            .collect(),
    };
    page.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "log/compare.html")]
struct ComparePage<'a> {
    view: &'a CompareView<'a>,
    heading: Heading,
    published: [Told; 2],
    /// What, on the left, on the right.
    figures: Vec<(&'static str, String, String)>,
    /// A change, by whom, and when it arrived.
    changes: Vec<(ChangeRow<'a>, (Told, Told))>,
}
