//! How a log is headed, and the editions beside it (domain, section 2.5).

use chrono::{DateTime, FixedOffset};
use xunke_domain::told;
use xunke_domain::told::Told;
use xunke_domain::week::Week;

use crate::pages::words;

/// A semester as the school's record names it.
#[derive(Clone, Copy, Debug)]
pub struct SemesterName<'a> {
    /// Such as `2026-2027`.
    pub school_year: &'a str,
    /// 1 or 2.
    pub term: u32,
}

/// An edition to choose.
#[derive(Clone, Copy, Debug)]
pub struct EditionLink<'a> {
    /// Its number, from 1.
    pub number: u32,
    /// When it was published.
    pub published_at: DateTime<FixedOffset>,
    /// Where it is.
    pub url: &'a str,
}

/// The heading of a log.
#[derive(Clone, Debug)]
pub(super) struct Heading {
    /// Such as `青禾实验小学行政巡课周报`.
    pub(super) title: Told,
    /// Such as `2026—2027学年第一学期 第12周，11月16日—11月22日`.
    pub(super) period: Told,
    /// Such as `第12周`.
    pub(super) week: Told,
}

/// An edition in the list of editions.
#[derive(Clone, Debug)]
pub(super) struct EditionRow<'a> {
    pub(super) number: u32,
    /// When it was published, in words.
    pub(super) published: Told,
    pub(super) url: &'a str,
    /// Whether it is the one the page shows.
    pub(super) here: bool,
}

impl Heading {
    pub(super) fn new(
        school: &str,
        semester: Option<SemesterName<'_>>,
        number: Option<u32>,
        week: Week,
    ) -> Self {
        let (number, span) = (words::teaching_week(number), words::week_span(week));
        Self {
            title: told!("{}行政巡课周报", school),
            period: match semester {
                Some(semester) => told!("{} {}，{}", semester.in_words(), number, span),
                None => told!("{}，{}", number, span),
            },
            week: number,
        }
    }
}

impl SemesterName<'_> {
    fn in_words(self) -> Told {
        let term = match self.term {
            1 => Told::from("第一学期"),
            2 => Told::from("第二学期"),
            other => told!("第{}学期", other),
        };
        told!("{}学年{}", self.school_year.replace('-', "—"), term)
    }
}

/// The editions in the order of their numbers; `shown` is the one the page shows.
pub(super) fn edition_rows<'a>(editions: &[EditionLink<'a>], shown: Option<u32>) -> Vec<EditionRow<'a>> {
    let row = |edition: &EditionLink<'a>| EditionRow {
        number: edition.number,
        published: words::moment(&edition.published_at),
        url: edition.url,
        here: shown == Some(edition.number),
    };
    let mut rows: Vec<EditionRow<'a>> = editions.iter().map(row).collect();
    rows.sort_by_key(|row| row.number);
    rows
}
