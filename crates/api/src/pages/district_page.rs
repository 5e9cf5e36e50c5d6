//! The page of a district: its schools side by side, over a span or as one of the three reports.

use askama::Template;
use chrono::NaiveDate;
use xunke_domain::district::{COMMON_SCHOOLS, Digest, Overview, Whole};
use xunke_domain::told;
use xunke_domain::told::Told;
use xunke_domain::week::Week;

use crate::pages::district_rows::{
    Compared, ProblemRow, Row, Unpublished, compared, problems, rows, unpublished,
};
use crate::pages::share::Share;
use crate::pages::{Frame, STYLESHEET_PATH, filters, words};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct DistrictView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The district's name.
    pub name: &'a str,
    /// Its schools side by side.
    pub overview: &'a Overview,
    /// Which report it is, if one.
    pub digest: Option<DigestHead<'a>>,
    /// The code of the problem whose schools alone are listed.
    pub problem: Option<&'a str>,
    /// Where the district's page is.
    pub url: &'a str,
    /// Where the same is as a table.
    pub table_url: &'a str,
    /// This page with `?` or `&` at its end, for the choice of a problem.
    pub choice_url: &'a str,
}

/// A report.
#[derive(Clone, Copy, Debug)]
pub struct DigestHead<'a> {
    /// Which.
    pub which: Digest,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// All schools over as many weeks before.
    pub before: &'a Whole,
}

/// Spans to choose from, in weeks.
const SPANS: [usize; 5] = [1, 2, 4, 8, 20];

/// The page of a district.
pub fn district_page(view: &DistrictView<'_>) -> Result<String, askama::Error> {
    let overview = view.overview;
    let whole = &overview.whole;
    let span = overview
        .weeks
        .first()
        .zip(overview.weeks.last())
        .map(|(first, last)| told!("{}—{}", words::date(first.monday()), words::date(last.sunday())));
    let title = match &view.digest {
        Some(head) => told!("{} {}", view.name, Told::from(head.which.name_zh())),
        None => told!("{} 各校巡课并列", view.name),
    };
    let problem = view.problem.and_then(|code| overview.problems.iter().find(|one| one.code == code));
    let page = DistrictPage {
        view,
        title,
        span: span.unwrap_or_default(),
        days: view.digest.map(|head| told!("{}—{}", words::date(head.from), words::date(head.to))),
        on_time: Share::new(whole.publishing.on_time, whole.publishing.due()),
        schools_published: Share::new(whole.schools_published, whole.schools),
        consistency: Share::new(whole.rates.consistency.k, whole.rates.consistency.n),
        problem: problem.map(|one| told!("{} {}", one.code, Told::from(one.name.clone()))),
        last: overview.weeks.last().map(Week::to_string).unwrap_or_default(),
        all: Row::of_all(overview),
        rows: rows(overview, problem.map(|one| one.code.as_str())),
        unpublished: unpublished(overview),
        problems: problems(overview, view.choice_url),
        compared: view.digest.map(|head| compared(whole, head.before)).unwrap_or_default(),
        common_schools: COMMON_SCHOOLS,
    };
    page.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "district/page.html")]
struct DistrictPage<'a> {
    view: &'a DistrictView<'a>,
    title: Told,
    /// The weeks, such as `11月16日—11月22日`.
    span: Told,
    /// The days of a report.
    days: Option<Told>,
    on_time: Share,
    schools_published: Share,
    consistency: Share,
    /// The problem whose schools alone are listed.
    problem: Option<Told>,
    /// The last week, as addresses have it.
    last: String,
    all: Row,
    rows: Vec<Row>,
    unpublished: Vec<Unpublished>,
    problems: Vec<ProblemRow>,
    compared: Vec<Compared>,
    common_schools: u32,
}
