//! The public edition: names nobody, and says where it keeps something back (domain, section 6).

use std::collections::BTreeMap;
use xunke_domain::told::Told;

use askama::Template;
use xunke_domain::log::labels;
use xunke_domain::log::public::{PublicCount, PublicLog};

use crate::pages::coverage::{CoverageTables, Unseen};
use crate::pages::heading::{EditionRow, Heading, edition_rows};
use crate::pages::ratings::{self, RatingRow};
use crate::pages::share::Share;
use crate::pages::{DownloadLink, EditionLink, Frame, STYLESHEET_PATH, SemesterName, filters, words};

/// What the public page of an edition shows.
#[derive(Clone, Copy, Debug)]
pub struct PublicView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The semester of the week, if it lies in one.
    pub semester: Option<SemesterName<'a>>,
    /// The public log; it has the school's name, the week and the number.
    pub log: &'a PublicLog,
    /// The public pages of all editions of the week, in any order.
    pub editions: &'a [EditionLink<'a>],
    /// The school's names of the dimensions it rates; those of the seed need not be here.
    pub dimensions: &'a BTreeMap<String, String>,
    /// Files of it.
    pub downloads: &'a [DownloadLink<'a>],
}

/// The public page of an edition.
pub fn public_page(view: &PublicView<'_>) -> Result<String, askama::Error> {
    let log = view.log;
    let coverage = &log.coverage;
    let page = PublicPage {
        heading: Heading::new(&log.school, view.semester, log.teaching_week, log.week),
        classes: Share::new(log.classes_visited, log.classes_total),
        slots: Share::new(coverage.by_grade.iter().map(|row| row.visited).sum(), log.planned_slots),
        consistency: (log.consistency.consistent).map(|kept| Share::new(kept, log.consistency.checked)),
        highlights_withheld: (log.highlights)
            .saturating_sub(u32::try_from(log.highlights_shown.len()).unwrap_or(u32::MAX)),
        coverage: CoverageTables::new(&coverage.by_grade, &coverage.by_subject, &coverage.by_weekday, None),
        unseen: Unseen::new(&coverage.classes_not_seen, &coverage.subjects_not_seen),
        displacements: displacements(log),
        findings: findings(log),
        findings_by_grade: findings_by_grade(log),
        ratings: log.ratings.map(|all| ratings::rows(all, &log.ratings_by_dimension, view.dimensions, None)),
        notes: log.data_notes.iter().map(|(kind, count)| (labels::note_zh(*kind), *count)).collect(),
        changes: log.changes.iter().map(|(kind, count)| (labels::change_zh(*kind), *count)).collect(),
        editions: edition_rows(view.editions, Some(log.edition)),
        log,
        view,
    };
    page.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "public/page.html")]
struct PublicPage<'a> {
    view: &'a PublicView<'a>,
    log: &'a PublicLog,
    heading: Heading,
    classes: Share,
    slots: Share,
    /// None if hidden.
    consistency: Option<Share>,
    highlights_withheld: u32,
    coverage: CoverageTables,
    unseen: Unseen<'a>,
    displacements: Vec<DisplacementRow<'a>>,
    findings: FindingTable<'a>,
    /// Grade and count; empty like the table.
    findings_by_grade: Vec<(Told, String)>,
    /// None if there were too few.
    ratings: Option<Vec<RatingRow>>,
    notes: Vec<(&'static str, u32)>,
    changes: Vec<(&'static str, u32)>,
    editions: Vec<EditionRow<'a>>,
}

/// How often a subject's slots were taken.
struct DisplacementRow<'a> {
    subject: &'a str,
    checked: u32,
    /// None if hidden.
    displaced: Option<Share>,
}

/// Findings, a row a subject and a column a category.
struct FindingTable<'a> {
    categories: Vec<Category<'a>>,
    rows: Vec<FindingRow<'a>>,
}

struct Category<'a> {
    code: &'a str,
    name: &'a str,
    total: u32,
}

struct FindingRow<'a> {
    subject: &'a str,
    counts: Vec<String>,
}

fn displacements(log: &PublicLog) -> Vec<DisplacementRow<'_>> {
    let rows = log.displacement_by_subject.iter().map(|(subject, figures)| DisplacementRow {
        subject,
        checked: figures.checked,
        displaced: figures.displaced.map(|displaced| Share::new(displaced, figures.checked)),
    });
    rows.collect()
}

/// Every category lists the same subjects.
fn findings(log: &PublicLog) -> FindingTable<'_> {
    let categories =
        log.findings.iter().map(|row| Category { code: &row.code, name: &row.name, total: row.total });
    let subjects = log.findings.first().map(|first| first.by_subject.keys()).into_iter().flatten();
    let row = |subject: &'_ str| {
        let counts = log.findings.iter().map(|category| category.by_subject.get(subject));
        counts.map(|count| count.map_or_else(String::new, shown)).collect()
    };
    FindingTable {
        categories: categories.collect(),
        rows: subjects.map(|subject| FindingRow { subject, counts: row(subject) }).collect(),
    }
}

fn findings_by_grade(log: &PublicLog) -> Vec<(Told, String)> {
    log.findings_by_grade.iter().map(|row| (words::grade(row.grade), shown(&row.findings))).collect()
}

/// The count, or a dash if it is hidden.
fn shown(count: &PublicCount) -> String {
    count.count.map_or_else(|| "—".to_owned(), |count| count.to_string())
}
