//! What a school posts: the page at its public address, the feed of its weeks, and the page where the principal decides.

use askama::Template;
use chrono::{DateTime, FixedOffset};
use uuid::Uuid;
use xunke_domain::told::Told;
use xunke_domain::week::Week;

use crate::pages::{Form, Frame, STYLESHEET_PATH, filters, words};

/// A week that is posted.
#[derive(Clone, Copy, Debug)]
pub struct PostedWeekView<'a> {
    /// The week.
    pub week: Week,
    /// Number of the teaching week; none outside a semester.
    pub teaching_week: Option<u32>,
    /// The newest edition.
    pub edition: u32,
    /// When it was published.
    pub published_at: DateTime<FixedOffset>,
    /// Where it is.
    pub url: &'a str,
}

/// What the public address of a school shows.
#[derive(Clone, Copy, Debug)]
pub struct PostedView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// Where the feed is.
    pub feed_url: &'a str,
    /// The weeks, the newest first.
    pub weeks: &'a [PostedWeekView<'a>],
}

/// The page at a school's public address.
pub fn posted_page(view: &PostedView<'_>) -> Result<String, askama::Error> {
    PostedPage { view }.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "posting/posted.html")]
struct PostedPage<'a> {
    view: &'a PostedView<'a>,
}

impl PostedWeekView<'_> {
    fn number(&self) -> Told {
        words::teaching_week(self.teaching_week)
    }

    fn span(&self) -> Told {
        words::week_span(self.week)
    }

    fn published(&self) -> Told {
        words::moment(&self.published_at)
    }
}

/// What the feed of a school tells (Atom, RFC 4287).
#[derive(Clone, Copy, Debug)]
pub struct FeedView<'a> {
    /// The school's name.
    pub school: &'a str,
    /// The feed's lasting id.
    pub id: Uuid,
    /// Scheme and host, such as `https://xunke.example`.
    pub origin: &'a str,
    /// The school's public address, a path.
    pub url: &'a str,
    /// When anything of it changed last.
    pub updated: DateTime<FixedOffset>,
    /// Editions with a lasting id each, the newest week first.
    pub entries: &'a [(Uuid, PostedWeekView<'a>)],
}

/// The feed of a school.
pub fn feed(view: &FeedView<'_>) -> Result<String, askama::Error> {
    Feed { view }.render()
}

#[derive(Template)]
#[template(path = "posting/feed.xml")]
struct Feed<'a> {
    view: &'a FeedView<'a>,
}

/// What the page shows where a principal decides what is posted.
#[derive(Clone, Copy, Debug)]
pub struct PostingView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// Whether anybody may read the public editions.
    pub posted: bool,
    /// Turns that on or off, for those who may: posts `posted`.
    pub decide: Option<Form<'a>>,
    /// The public address, in full.
    pub address: &'a str,
    /// Where the address is as a QR code (SVG).
    pub qr_url: &'a str,
    /// The newest edition of every week, the newest first.
    pub editions: &'a [EditionPosted<'a>],
}

/// The newest edition of a week, and whether it is posted.
#[derive(Clone, Copy, Debug)]
pub struct EditionPosted<'a> {
    /// The week.
    pub week: PostedWeekView<'a>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
    /// Withdraws it, for those who may: posts `why`.
    pub withdraw: Option<Form<'a>>,
}

/// The page where a principal decides what is posted.
pub fn posting_page(view: &PostingView<'_>) -> Result<String, askama::Error> {
    PostingPage { view }.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "posting/page.html")]
struct PostingPage<'a> {
    view: &'a PostingView<'a>,
}
