//! The pages that lead to a log: signing in, the home page, and what went wrong.

use askama::Template;
use chrono::{DateTime, FixedOffset};
use xunke_domain::week::Week;

use crate::pages::{Form, Frame, NoticeLine, STYLESHEET_PATH, words};

/// What the sign-in page shows. The form posts `login`, `password` and `csrf`.
#[derive(Clone, Copy, Debug)]
pub struct SignInView<'a> {
    /// Where to post to, with the token.
    pub form: Form<'a>,
    /// What was typed before; never the password.
    pub login: &'a str,
    /// Why it did not work, in Chinese.
    pub error: Option<&'a str>,
}

/// What the pages for a first start and for choosing a password show.
#[derive(Clone, Copy, Debug)]
pub struct FirstStepsView<'a> {
    /// Where to post to, with the token.
    pub form: Form<'a>,
    /// Why it did not work.
    pub error: Option<&'a str>,
}

/// What the home page shows.
#[derive(Clone, Copy, Debug)]
pub struct HomeView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// What waits for the person.
    pub notices: &'a [NoticeLine],
    /// The districts whose schools the person may see side by side.
    pub districts: &'a [HomeDistrict],
    /// The schools whose logs the person may read.
    pub schools: &'a [HomeSchool<'a>],
    /// Whether there are too many schools to tell their weeks, too.
    pub brief: bool,
}

/// A district on the home page.
#[derive(Clone, Debug)]
pub struct HomeDistrict {
    /// Its name.
    pub name: String,
    /// Where its schools stand side by side.
    pub url: String,
}

/// A school on the home page.
#[derive(Clone, Debug)]
pub struct HomeSchool<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its own home page.
    pub url: &'a str,
    /// Where the audit of its timetable is, for those who may see it.
    pub audit_url: Option<&'a str>,
    /// Its weeks, the newest first.
    pub weeks: Vec<HomeWeek<'a>>,
}

/// A week on the home page.
#[derive(Clone, Copy, Debug)]
pub struct HomeWeek<'a> {
    /// The week.
    pub week: Week,
    /// Number of the teaching week; none outside a semester.
    pub teaching_week: Option<u32>,
    /// How far its log has come.
    pub state: WeekState,
    /// Visits (人次).
    pub visits: u32,
    /// Where its log is: the draft, or the newest edition.
    pub url: &'a str,
}

/// How far a week's log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeekState {
    /// Not published yet.
    Draft,
    /// Published, and nothing has changed since.
    Published {
        /// Number of the newest edition.
        edition: u32,
        /// When that was published.
        at: DateTime<FixedOffset>,
    },
    /// Published, and visits have changed since: a new edition is due.
    Outdated {
        /// Number of the newest edition.
        edition: u32,
        /// When that was published.
        at: DateTime<FixedOffset>,
    },
}

/// What an error page shows.
#[derive(Clone, Copy, Debug)]
pub struct ErrorView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub title: &'a str,
    /// What the reader can do about it.
    pub detail: &'a str,
}

/// The sign-in page.
pub fn sign_in_page(view: &SignInView<'_>) -> Result<String, askama::Error> {
    SignInPage { view }.render()
}

/// The page of the first start. Posts `code`, `district`, `login`, `name`, `password`.
pub fn setup_page(view: &FirstStepsView<'_>) -> Result<String, askama::Error> {
    SetupPage { view }.render()
}

/// The page where a person chooses a password with a code. Posts `login`, `code`, `password`.
pub fn password_page(view: &FirstStepsView<'_>) -> Result<String, askama::Error> {
    PasswordPage { view }.render()
}

/// The home page: the schools of a person and their weeks.
pub fn home_page(view: &HomeView<'_>) -> Result<String, askama::Error> {
    HomePage { view }.render()
}

/// The page shown in place of one that cannot be shown.
pub fn error_page(view: &ErrorView<'_>) -> Result<String, askama::Error> {
    ErrorPage { view }.render()
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    view: &'a SignInView<'a>,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    view: &'a FirstStepsView<'a>,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage<'a> {
    view: &'a FirstStepsView<'a>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    view: &'a HomeView<'a>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    view: &'a ErrorView<'a>,
}

impl HomeWeek<'_> {
    pub(super) fn number(&self) -> String {
        words::teaching_week(self.teaching_week)
    }

    pub(super) fn span(&self) -> String {
        words::week_span(self.week)
    }
}

impl WeekState {
    /// Whether something waits to be published.
    pub(super) const fn is_due(&self) -> bool {
        !matches!(self, Self::Published { .. })
    }

    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Published { .. } => "已公示",
            Self::Outdated { .. } => "有更正待发布",
        }
    }

    pub(super) const fn class(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published { .. } => "published",
            Self::Outdated { .. } => "outdated",
        }
    }

    pub(super) fn edition(&self) -> Option<String> {
        match self {
            Self::Draft => None,
            Self::Published { edition, at } | Self::Outdated { edition, at } => {
                Some(format!("第{edition}版，{}", words::moment(at)))
            }
        }
    }
}
