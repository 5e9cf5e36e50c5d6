//! The page where a principal decides what happens to weekly logs by themselves (周报日程).

use askama::Template;
use xunke_domain::schedule::{Moment, Reminder, Timing};
use xunke_domain::told;
use xunke_domain::told::Told;

use crate::pages::schedule_words::{WeekSchedule, weekly};
use crate::pages::{Form, Frame, STYLESHEET_PATH, filters, words};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// The schedule, and who decided it when.
    pub timing: Option<(Timing, &'a str)>,
    /// What was wrong with what was posted.
    pub error: Option<&'a str>,
    /// Decides, for those who may: posts `draft_day`, `draft_time`, `remind`, `remind_day`, `remind_time`, `only_with_gaps`,
    /// `publish`, `publish_day`, `publish_time`; days are 1 to 14 from the log's Monday.
    pub decide: Option<Form<'a>>,
    /// Ends it, for those who may.
    pub end: Option<Form<'a>>,
    /// This week and those before it.
    pub weeks: &'a [WeekSchedule<'a>],
}

/// The page.
pub fn schedule_page(view: &ScheduleView<'_>) -> Result<String, askama::Error> {
    let timing = view.timing.map(|(timing, _)| timing);
    let suggested = |weekday, next_week, hour| Moment {
        weekday,
        next_week,
        time: chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default(),
    };
    let shown = timing.unwrap_or_default();
    let Reminder { at: remind, only_with_gaps } =
        shown.remind.unwrap_or(Reminder { at: suggested(7, false, 18), only_with_gaps: false });
    let page = SchedulePage {
        view,
        draft: Choice::of(shown.draft),
        reminds: shown.remind.is_some(),
        remind: Choice::of(remind),
        only_with_gaps,
        publishes: shown.publish.is_some(),
        publish: Choice::of(shown.publish.unwrap_or(suggested(1, true, 12))),
        told: timing.map(sentences).unwrap_or_default(),
    };
    page.render_with_values(view.frame.reader)
}

/// The schedule in sentences.
fn sentences(Timing { draft, remind, publish }: Timing) -> Vec<Told> {
    let remind = remind.map(|Reminder { at, only_with_gaps }| {
        let gaps = "{}，仍未公示且有缺口时提醒校长；";
        told!(if only_with_gaps { gaps } else { "{}，仍未公示时提醒校长；" }, weekly(at))
    });
    let publish = publish.map(weekly);
    let publish = publish.map_or_else(
        || "不自动公示，由校长签发。".into(),
        |at| told!("{}，仍未公示且未被否决时，按规则自动公示。", at),
    );
    [Some(told!("{}，整理成待审阅稿；", weekly(draft))), remind, Some(publish)]
        .into_iter()
        .flatten()
        .collect()
}

/// A day to choose, and the time beside it.
struct Choice {
    /// 1 to 14 from the log's Monday, what it is called, whether it is chosen.
    days: Vec<(u32, Told, bool)>,
    time: String,
}

impl Choice {
    fn of(Moment { weekday, next_week, time }: Moment) -> Self {
        let chosen = weekday + if next_week { 7 } else { 0 };
        let day = |day: u32| {
            let weekday = Told::from(words::weekday((day - 1) % 7 + 1));
            (day, told!(if day > 7 { "次周{}" } else { "本周{}" }, weekday), day == chosen)
        };
        Self { days: (1..=14).map(day).collect(), time: time.format("%H:%M").to_string() }
    }
}

#[derive(Template)]
#[template(path = "schedule.html")]
struct SchedulePage<'a> {
    view: &'a ScheduleView<'a>,
    draft: Choice,
    reminds: bool,
    remind: Choice,
    only_with_gaps: bool,
    publishes: bool,
    publish: Choice,
    told: Vec<Told>,
}
