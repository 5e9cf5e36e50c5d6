//! What follows from a school's schedule for a week: which step is due, and what comes next.
//!
//! A step that was missed, while no server ran, is made up for within [`LATEST`] of its moment; what is older is left to
//! people. A publication waits for the time to object ([`TIME_TO_OBJECT`]) from when the log was made ready, however late
//! that was. Corrections are never published by rule: once a week has an edition, the rule is done with it.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use thiserror::Error;

use super::setting::{PublishSchedule, TIME_TO_OBJECT};
use crate::book::SchoolBook;
use crate::calendar::DayState;
use crate::week::Week;

/// Longest after its moment that a step is still done. Moments come every seven days: of each step no more than one week's
/// is ever due, and no server that comes back publishes a week that is long over.
pub const LATEST: TimeDelta = TimeDelta::days(7);

/// Something that happens to a week's log by itself, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// It is made ready for review.
    Draft,
    /// The principal is reminded.
    Remind,
    /// It is published by rule.
    Publish,
}

/// A text names no step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no step of this name")]
pub struct UnknownStep;

/// What has happened to a week's log so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub struct Progress {
    /// When it was made ready for review.
    pub drafted_at: Option<DateTime<Utc>>,
    /// Whether the reminder was due and is settled, sent or not needed.
    pub reminded: bool,
    /// Whether it has an edition, by whomever.
    pub published: bool,
    /// Whether a visit of the week has been submitted.
    pub visited: bool,
    /// Whether the principal has objected to its publication by rule.
    pub vetoed: bool,
    /// Whether who decided the rule may still publish.
    pub authorised: bool,
}

/// Why a log is not published by rule although its time may have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// The principal has objected.
    Vetoed,
    /// Nothing was submitted.
    NoVisit,
    /// Who decided the rule may not publish any more: the principal of now must decide anew.
    Unauthorised,
}

/// How a week's log stands with the schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What is to be done now.
    pub due: Option<Step>,
    /// What comes next, and when.
    pub next: Option<(Step, DateTime<Utc>)>,
    /// When it is to be published by rule, hindered or not; none if it is not to be, or no more.
    pub publication: Option<DateTime<Utc>>,
    /// What keeps it from being published then.
    pub hindrance: Option<Hindrance>,
}

/// The weeks that may have something due at a date, the newest first.
pub fn weeks(today: NaiveDate) -> [Week; 3] {
    let week = Week::of(today);
    [week, week.back(1), week.back(2)]
}

/// How a week stands. Weeks without a day of lessons, and weeks that were to be ready before the schedule was decided,
/// have nothing due.
pub fn standing(
    schedule: &PublishSchedule,
    book: &SchoolBook,
    week: Week,
    progress: &Progress,
    now: DateTime<Utc>,
) -> Standing {
    let PublishSchedule { timing, decided_by: _, decided_at } = *schedule;
    let zone = book.zone();
    let ready_at = timing.draft.of(week, zone);
    let in_hand = progress.drafted_at.is_some() || ready_at >= decided_at;
    if progress.published || !in_hand || !is_taught(book, week) {
        return Standing::default();
    }
    let open = |at: DateTime<Utc>| now < at + LATEST;
    let drafted_at = progress.drafted_at;
    let publication =
        timing.publish.map(|moment| moment.of(week, zone)).filter(|at| open(*at)).map(|moment| {
            // Whoever decides later than that has the time to object, too.
            let decided = Some(decided_at).filter(|decided| *decided > moment);
            [drafted_at, decided]
                .into_iter()
                .flatten()
                .map(|from| from + TIME_TO_OBJECT)
                .fold(moment, DateTime::max)
        });
    let hindrance = publication.and_then(|_| hindrance(progress));
    if drafted_at.is_none() {
        if !open(ready_at) {
            return Standing::default();
        }
        let (due, next) = split(Step::Draft, ready_at, now);
        return Standing { due, next, publication, hindrance };
    }
    let remind = timing.remind.map(|remind| remind.at.of(week, zone));
    let remind = remind.filter(|at| !progress.reminded && *at >= decided_at && open(*at));
    let steps = [
        remind.map(|at| split(Step::Remind, at, now)),
        publication.filter(|_| hindrance.is_none()).map(|at| split(Step::Publish, at, now)),
    ];
    let due = steps.iter().flatten().find_map(|(due, _)| *due);
    let next = steps.iter().flatten().find_map(|(_, next)| *next);
    Standing { due, next, publication, hindrance }
}

/// A step as due, or as still to come.
fn split(step: Step, at: DateTime<Utc>, now: DateTime<Utc>) -> (Option<Step>, Option<(Step, DateTime<Utc>)>) {
    if now >= at { (Some(step), None) } else { (None, Some((step, at))) }
}

fn hindrance(progress: &Progress) -> Option<Hindrance> {
    let Progress { vetoed, visited, authorised, .. } = *progress;
    [(vetoed, Hindrance::Vetoed), (!authorised, Hindrance::Unauthorised), (!visited, Hindrance::NoVisit)]
        .into_iter()
        .find_map(|(holds, hindrance)| holds.then_some(hindrance))
}

fn is_taught(book: &SchoolBook, week: Week) -> bool {
    week.days().any(|date| matches!(book.school_day(date).kind, DayState::Lessons { .. }))
}

impl Step {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Remind => "remind",
            Self::Publish => "publish",
        }
    }
}

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Draft, Self::Remind, Self::Publish]
            .into_iter()
            .find(|step| step.as_str() == text)
            .ok_or(UnknownStep)
    }
}
