//! The review before a log is published (校长审阅): what is missing, and the form that publishes.

use askama::Template;
use chrono::{DateTime, FixedOffset, NaiveDate};
use xunke_domain::ids::{ClassId, TeacherId};
use xunke_domain::week::Week;

use crate::pages::{Form, Frame, Names, STYLESHEET_PATH, WeekSchedule, words};

/// What the page of the review shows.
#[derive(Clone, Copy, Debug)]
pub struct ReviewView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// The week.
    pub week: Week,
    /// Number of the teaching week; none outside a semester.
    pub teaching_week: Option<u32>,
    /// Visits of the week.
    pub visits: usize,
    /// The draft.
    pub draft_url: &'a str,
    /// The newest edition, and whether visits have changed since.
    pub newest: Option<(u32, bool)>,
    /// Devices with entries not sent.
    pub unsent: &'a [UnsentItem],
    /// Where devices are listed.
    pub devices_url: &'a str,
    /// Where each visit with an open conflict is.
    pub conflicts: &'a [String],
    /// Held writes.
    pub held: u64,
    /// Where conflicts and held writes are settled.
    pub settle_url: &'a str,
    /// Feedback without a reply.
    pub feedback: &'a [UnansweredItem],
    /// Tasks without a result.
    pub tasks: &'a [UnmetItem],
    /// How the week stands with the school's schedule; none without one.
    pub schedule: Option<&'a WeekSchedule<'a>>,
    /// The form that publishes, for those who may.
    pub form: Option<ReviewForm<'a>>,
    /// Names.
    pub names: Names<'a>,
}

/// A device with entries not sent.
#[derive(Clone, Debug)]
pub struct UnsentItem {
    /// Whose it is.
    pub person: String,
    /// What the person calls it.
    pub device: String,
    /// How many.
    pub count: i64,
    /// When it was last in touch.
    pub seen_at: Option<DateTime<FixedOffset>>,
}

/// Feedback without a reply.
#[derive(Clone, Debug)]
pub struct UnansweredItem {
    /// To whom.
    pub teacher: TeacherId,
    /// `sent` or `seen`.
    pub state: String,
    /// When it was sent.
    pub sent_at: DateTime<FixedOffset>,
    /// Where the visit is.
    pub visit_url: String,
}

/// A task without a result.
#[derive(Clone, Debug)]
pub struct UnmetItem {
    /// Whose it is.
    pub person: String,
    /// What it is called.
    pub title: Option<String>,
    /// Its last day.
    pub to: NaiveDate,
    /// The classes left; empty: it names none, and there is no visit at all.
    pub classes: Vec<ClassId>,
    /// Where the person's visits are listed.
    pub visits_url: String,
}

/// The form that publishes. It posts `csrf`, `as_of`, `remarks` and `focus`; the last two are empty if the principal
/// adds nothing.
#[derive(Clone, Copy, Debug)]
pub struct ReviewForm<'a> {
    /// Where to post to, with the token.
    pub form: Form<'a>,
    /// The stream's seq the review was read as of, so that just what was read is published.
    pub as_of: i64,
}

/// The page of the review.
pub fn review_page(view: &ReviewView<'_>) -> Result<String, askama::Error> {
    let ReviewView { names, .. } = view;
    let task = |UnmetItem { person, title, to, classes, visits_url }: &UnmetItem| {
        let classes: Vec<String> = classes.iter().map(|id| names.class(*id, *to)).collect();
        let left = if classes.is_empty() { "尚无巡课".to_owned() } else { classes.join("、") };
        let title = title.as_deref().unwrap_or("巡课任务");
        (format!("{person}：{title}（截至{}）", words::date(*to)), left, visits_url.clone())
    };
    let feedback = |UnansweredItem { teacher, state, sent_at, visit_url }: &UnansweredItem| {
        (names.teacher(*teacher), words::feedback_state(state), words::moment(sent_at), visit_url.clone())
    };
    let unsent = |UnsentItem { person, device, count, seen_at }: &UnsentItem| {
        let seen = seen_at.map(|at| format!("最近联系 {}", words::moment(&at)));
        let seen = seen.unwrap_or_else(|| "从未联系".to_owned());
        format!("{person}的“{device}”：{count}条未上传，{seen}")
    };
    let page = ReviewPage {
        view,
        week: words::teaching_week(view.teaching_week),
        span: words::week_span(view.week),
        unsent: view.unsent.iter().map(unsent).collect(),
        feedback: view.feedback.iter().map(feedback).collect(),
        tasks: view.tasks.iter().map(task).collect(),
        complete: view.unsent.is_empty()
            && view.conflicts.is_empty()
            && view.held == 0
            && view.feedback.is_empty()
            && view.tasks.is_empty(),
    };
    page.render()
}

#[derive(Template)]
#[template(path = "log/review.html")]
struct ReviewPage<'a> {
    view: &'a ReviewView<'a>,
    week: String,
    span: String,
    unsent: Vec<String>,
    /// The teacher, how far it has come, when, and where the visit is.
    feedback: Vec<(String, &'static str, String, String)>,
    /// The task, what is left, and where its visits are listed.
    tasks: Vec<(String, String, String)>,
    complete: bool,
}
