//! The bar of a school's pages: what there is, as far as the visitor may see it, and where he is.

use xunke_domain::week::Week;
use xunke_storage::schools::School;

use super::session::Visitor;
use crate::app::App;
use crate::pages::{BarEntry, SchoolBar};
use crate::problem::ApiError;

/// An entry of the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The week at a glance.
    Home,
    /// Drafts and editions.
    Log,
    /// The review before publishing.
    Review,
    /// Visits.
    Visits,
    /// Conflicts and held writes.
    Settle,
    /// Devices.
    Devices,
    /// What happens to logs by themselves.
    Schedule,
    /// What is posted.
    Posting,
    /// The audit of the timetable.
    Audit,
}

/// Where the visitor is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// On the very page that the entry leads to.
    On(Part),
    /// On one below it.
    Below(Part),
}

/// Where the log of a week is: the newest edition, if nothing has changed since, else the draft.
pub(super) fn log_url(school: &School, week: Week, standing: Option<u32>) -> String {
    let rest = standing.map_or_else(|| "draft".to_owned(), |number| format!("editions/{number}"));
    format!("/schools/{}/weeks/{week}/{rest}", school.id)
}

/// The bar on a page of a school; `week` is the one the page is of, if it is of one.
pub(super) async fn bar(
    app: &App,
    visitor: &Visitor,
    school: &School,
    week: Option<Week>,
    place: Place,
) -> Result<SchoolBar, ApiError> {
    let read = app.store.read();
    let week = match week {
        Some(week) => week,
        None => read.newest_week(school.id).await?.unwrap_or_else(|| Week::of(app.clock.today())),
    };
    let base = format!("/schools/{}", school.id);
    let of_week = format!("{base}/weeks/{week}");
    let newest = read.edition_heads_of(school.id, week).await?.pop();
    let log = log_url(school, week, newest.filter(|head| !head.overtaken).map(|head| head.number));
    let parts = [
        (Part::Home, "首页", "weekly_log_draft", base.clone()),
        (Part::Log, "周报", "edition_view", log),
        (Part::Review, "审阅", "weekly_log_preflight", format!("{of_week}/review")),
        (Part::Visits, "巡课记录", "visit_list", format!("{of_week}/visits")),
        (Part::Settle, "待处理", "conflict_list", format!("{base}/settle")),
        (Part::Devices, "设备", "device_board", format!("{base}/devices")),
        (Part::Schedule, "日程", "publish_schedule_view", format!("{base}/schedule")),
        (Part::Posting, "对外公示", "edition_list", format!("{base}/posting")),
        (Part::Audit, "课程开设", "audit_view", format!("{base}/audit")),
    ];
    let may = |operation| visitor.caller.reach(app, operation, school).is_ok();
    let entries = parts.into_iter().filter(|(_, _, operation, _)| may(operation));
    let current = |part| match place {
        Place::On(here) if here == part => Some("page"),
        Place::Below(here) if here == part => Some("true"),
        Place::On(_) | Place::Below(_) => None,
    };
    Ok(SchoolBar {
        school: school.name.clone(),
        entries: entries
            .map(|(part, label, _, url)| BarEntry { label, url, current: current(part) })
            .collect(),
    })
}
