//! A school's week at a glance (首页): three numbers, three problems, what changed, and how far the log has come.

use askama::Template;
use xunke_domain::book::SchoolBook;
use xunke_domain::log::{NoteKind, WeeklyLog, labels};

use crate::pages::remarks::{self, FindingRow};
use crate::pages::share::Share;
use crate::pages::visit_links::VisitLinks;
use crate::pages::{Frame, HomeWeek, NoticeLine, STYLESHEET_PATH, compared, words};

/// Problems shown.
const PROBLEMS: usize = 3;

/// What a school's home page shows.
#[derive(Clone, Copy, Debug)]
pub struct SchoolView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// Its reference data.
    pub book: &'a SchoolBook,
    /// The newest week that has anything, compiled now; none if there is none.
    pub newest: Option<WeekGlance<'a>>,
    /// Its weeks, the newest first.
    pub weeks: &'a [HomeWeek<'a>],
    /// What waits for the person.
    pub notices: &'a [NoticeLine],
    /// Where conflicts and held writes are settled.
    pub settle_url: &'a str,
}

/// A week and the one before it.
#[derive(Clone, Copy, Debug)]
pub struct WeekGlance<'a> {
    /// The log as it would be published now.
    pub log: &'a WeeklyLog,
    /// That of the week before.
    pub before: &'a WeeklyLog,
    /// The pages of the week begin with this: `/schools/…/weeks/2026-W47`.
    pub base: &'a str,
    /// What comes before a visit's id in its address.
    pub visit_url_prefix: &'a str,
    /// What comes before `figure=` in the address of the list of a figure's visits.
    pub figures_url: &'a str,
}

/// The home page of a school.
pub fn school_page(view: &SchoolView<'_>) -> Result<String, askama::Error> {
    SchoolPage { view, glance: view.newest.map(|newest| Glance::of(&newest, view.book)) }.render()
}

#[derive(Template)]
#[template(path = "school.html")]
struct SchoolPage<'a> {
    view: &'a SchoolView<'a>,
    glance: Option<Glance<'a>>,
}

/// The newest week, ready to be told.
struct Glance<'a> {
    week: String,
    span: String,
    base: &'a str,
    log: &'a WeeklyLog,
    slots: Share,
    consistency: Share,
    protected: Share,
    links: VisitLinks<'a>,
    problems: Vec<FindingRow<'a>>,
    /// What, the week before, this week.
    compared: Vec<(&'static str, String, String)>,
    /// What is missing, such as `待裁定的冲突：1`.
    gaps: Vec<String>,
}

impl<'a> Glance<'a> {
    fn of(newest: &WeekGlance<'a>, book: &SchoolBook) -> Self {
        let WeekGlance { log, before, base, visit_url_prefix, figures_url } = *newest;
        let links = VisitLinks::new(Some(visit_url_prefix), Some(figures_url), log);
        let beside = compared::first(before, book).into_iter().zip(compared::first(log, book));
        let gaps = log.data_notes.iter().filter(|note| is_gap(note.kind));
        Self {
            week: words::teaching_week(log.teaching_week),
            span: words::week_span(log.week),
            base,
            log,
            slots: compared::slots(log),
            consistency: compared::consistency(log),
            protected: compared::protected(log, book),
            problems: remarks::findings(&log.findings, links).into_iter().take(PROBLEMS).collect(),
            links,
            compared: beside.map(|((what, before), (_, now))| (what, before, now)).collect(),
            gaps: gaps.map(|note| format!("{}：{}", labels::note_zh(note.kind), note.count)).collect(),
        }
    }
}

/// Whether a note tells of something that can still be settled before publishing.
const fn is_gap(kind: NoteKind) -> bool {
    matches!(
        kind,
        NoteKind::UnsentEntries
            | NoteKind::OpenConflicts
            | NoteKind::HeldWrites
            | NoteKind::UnansweredFeedback
            | NoteKind::UnmetTasks
            | NoteKind::DisputedSlots
            | NoteKind::Contested
            | NoteKind::ObjectionUpheld
    )
}
