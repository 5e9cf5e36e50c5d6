//! The weekly log inside the school: a draft, or an edition (domain, section 2.5).
//!
//! It names inspectors and the teachers of highlights and shows red lines, so it is for those who may
//! read every visit of the school; what may be posted is the [`public_page`](crate::pages::public_page).

use std::collections::BTreeMap;

use askama::Template;
use chrono::{DateTime, FixedOffset};
use xunke_domain::log::edition::ContentHash;
use xunke_domain::log::{ChangeEntry, WeeklyLog, labels};

use crate::pages::coverage::{CoverageTables, Cross, LongUnseen, Unseen};
use crate::pages::coverage_map::CoverageMap;
use crate::pages::displacement_map;
use crate::pages::grid::{Cell, Grid};
use crate::pages::heading::{EditionRow, Heading, edition_rows};
use crate::pages::highlight_rates::{self, RateRow};
use crate::pages::inspectors::{self, ComparisonTables, WorkRow};
use crate::pages::ratings::{self, GoodRow, RatingRow};
use crate::pages::remarks::{self, FindingRow, Remarks};
use crate::pages::repeats::RepeatTables;
use crate::pages::share::Share;
use crate::pages::timetable::Timetable;
use crate::pages::trend::{self, Chart};
use crate::pages::versions::{self, ChangeRow};
use crate::pages::visit_links::VisitLinks;
use crate::pages::{DownloadLink, EditionLink, Frame, STYLESHEET_PATH, SemesterName, words};

/// What the page of a weekly log shows.
#[derive(Clone, Copy, Debug)]
pub struct EditionView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The semester of the week, if it lies in one.
    pub semester: Option<SemesterName<'a>>,
    /// The log; it has the school's name and the week.
    pub log: &'a WeeklyLog,
    /// Whether it is published.
    pub state: EditionState<'a>,
    /// What changed since the edition before.
    pub changes: &'a [ChangeEntry],
    /// All editions of the week, in any order; this one may be among them.
    pub editions: &'a [EditionLink<'a>],
    /// What comes before a visit's id in its address; none: visits are told without links.
    pub visit_url_prefix: Option<&'a str>,
    /// What comes before `figure=` in the address of the list of a figure's visits; none: figures are told without
    /// links.
    pub figures_url: Option<&'a str>,
    /// Where this edition is held beside the one before it, if there is one.
    pub compare_url: Option<&'a str>,
    /// Where the public edition is, if there is one.
    pub public_url: Option<&'a str>,
    /// The school's names of the dimensions it rates; those of the seed need not be here.
    pub dimensions: &'a BTreeMap<String, String>,
    /// Files of it.
    pub downloads: &'a [DownloadLink<'a>],
}

/// How far a log has come.
#[derive(Clone, Copy, Debug)]
pub enum EditionState<'a> {
    /// Compiled, but not published.
    Draft {
        /// When it was compiled.
        compiled_at: DateTime<FixedOffset>,
        /// Where it is reviewed before it is published.
        review_url: &'a str,
    },
    /// Published and frozen.
    Published {
        /// Number of the edition, from 1.
        number: u32,
        /// When it was published.
        at: DateTime<FixedOffset>,
        /// Who approved it.
        by: &'a str,
        /// The hash of its bytes.
        hash: &'a ContentHash,
        /// What the principal added.
        remarks: Option<&'a str>,
    },
}

/// The page of a weekly log inside the school.
pub fn edition_page(view: &EditionView<'_>) -> Result<String, askama::Error> {
    let log = view.log;
    let coverage = &log.coverage;
    let links = VisitLinks::new(view.visit_url_prefix, view.figures_url, log);
    let page = LogPage {
        heading: Heading::new(&log.school, view.semester, log.teaching_week, log.week),
        current: view.state.number(),
        slots: Share::new(coverage.planned_slots_visited, log.planned_slots),
        consistency: Share::new(log.consistency.consistent, log.consistency.checked),
        classes: Share::new(log.classes_visited, log.classes_total),
        teachers: Share::new(coverage.teachers_visited, coverage.teachers_planned),
        finding_count: log.findings.iter().map(|group| group.count).sum(),
        coverage: CoverageTables::new(
            &coverage.by_grade,
            &coverage.by_subject,
            &coverage.by_weekday,
            Some(links),
        ),
        coverage_map: (coverage.by_class_and_period.as_ref()).map(|told| CoverageMap::new(told, links)),
        displacement: displacement_map::grid(log),
        cross: Cross::new(&coverage.by_grade_and_subject),
        highlights: Remarks::new("highlights", &log.highlights_by_subject, links),
        improvements: Remarks::new("improvements", &log.improvements_by_subject, links),
        findings: remarks::findings(&log.findings, links),
        repeats: (log.repeats.as_ref()).map(|repeats| RepeatTables::new(repeats, log.trend.as_ref(), links)),
        timetable: Timetable::new(log, links),
        charts: log.trend.as_ref().map_or_else(Vec::new, |trend| trend::charts(trend, links).into()),
        highlight_rates: highlight_rates::rows(&log.highlight_rates, links),
        good: (log.rating_shares.as_ref())
            .map_or_else(Vec::new, |shares| ratings::good_rows(shares, view.dimensions, links)),
        ratings: ratings::rows(log.ratings, &log.ratings_by_dimension, view.dimensions, Some(links)),
        unseen: Unseen::new(&coverage.classes_not_seen, &coverage.subjects_not_seen),
        long_unseen: LongUnseen::new(coverage),
        inspectors: inspectors::work(&log.inspectors),
        comparison: (log.comparison.as_ref()).map(|comparison| ComparisonTables::new(comparison, links)),
        changes: versions::rows(view.changes, links),
        editions: edition_rows(view.editions, view.state.number()),
        links,
        log,
        view,
    };
    page.render()
}

#[derive(Template)]
#[template(path = "log/page.html")]
struct LogPage<'a> {
    view: &'a EditionView<'a>,
    log: &'a WeeklyLog,
    heading: Heading,
    links: VisitLinks<'a>,
    /// The number of this edition; none for a draft.
    current: Option<u32>,
    slots: Share,
    consistency: Share,
    classes: Share,
    teachers: Share,
    finding_count: u32,
    coverage: CoverageTables,
    /// None in an edition from before it was told.
    coverage_map: Option<CoverageMap<'a>>,
    /// None if nothing was checked.
    displacement: Option<Grid>,
    cross: Cross,
    highlights: Remarks<'a>,
    improvements: Remarks<'a>,
    findings: Vec<FindingRow<'a>>,
    /// None in an edition of older rules.
    repeats: Option<RepeatTables<'a>>,
    timetable: Timetable<'a>,
    /// Empty in an edition of older rules.
    charts: Vec<Chart>,
    /// Empty in an edition of older rules, as is the next.
    highlight_rates: Vec<RateRow<'a>>,
    good: Vec<GoodRow>,
    ratings: Vec<RatingRow>,
    unseen: Unseen<'a>,
    long_unseen: LongUnseen<'a>,
    inspectors: Vec<WorkRow<'a>>,
    /// None in an edition of older rules.
    comparison: Option<ComparisonTables<'a>>,
    changes: Vec<ChangeRow<'a>>,
    editions: Vec<EditionRow<'a>>,
}

impl LogPage<'_> {
    /// The newest edition before this draft or edition.
    fn before(&self) -> Option<u32> {
        let numbers = self.editions.iter().map(|edition| edition.number);
        numbers.filter(|number| self.current.is_none_or(|current| *number < current)).max()
    }
}

impl EditionState<'_> {
    const fn number(&self) -> Option<u32> {
        match self {
            Self::Draft { .. } => None,
            Self::Published { number, .. } => Some(*number),
        }
    }
}

/// The beginning of a hash, enough to compare by eye.
fn short(hash: &ContentHash) -> &str {
    hash.as_str().get(..12).unwrap_or(hash.as_str())
}
