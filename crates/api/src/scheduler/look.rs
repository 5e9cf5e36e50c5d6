//! One look over all schools with a schedule.

use std::sync::Arc;

use chrono::TimeZone as _;
use xunke_domain::book::SchoolBook;
use xunke_domain::people::Place;
use xunke_domain::policy::{Decision, decide};
use xunke_domain::schedule::{PublishSchedule, Step, weeks};
use xunke_domain::week::Week;
use xunke_storage::people::Account;
use xunke_storage::schools::School;

use super::{carry_out, standing_of};
use crate::app::App;
use crate::problem::ApiError;

/// The name of the lease.
pub const LEASE: &str = "publish_schedule";

/// A step that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// The school.
    pub school: School,
    /// Its reference data.
    pub book: Arc<SchoolBook>,
    /// Its schedule.
    pub schedule: PublishSchedule,
    /// Who decided it; none if that person may not publish any more.
    pub decider: Option<Account>,
    /// The week.
    pub week: Week,
    /// What is due.
    pub step: Step,
}

/// Does what is due now; gives how many steps this node has done. While nothing is due nothing is written, the lease
/// included. An error at one school leaves the others alone: it is logged, and its step stays due.
pub async fn look(app: &App) -> Result<usize, ApiError> {
    let mut done = 0;
    let mut held = None;
    for due in due(app).await? {
        // Renewed before every step: a look over many schools may take long.
        held = app.store.lease_take(LEASE, app.clock.millis()).await?;
        let Some(lease) = &held else { break };
        match carry_out(app, lease, &due).await {
            Ok(true) => done += 1,
            Ok(false) => (),
            Err(error) => {
                let (school, week, step) = (due.school.id, due.week, due.step.as_str());
                tracing::warn!(%error, %school, %week, step, "a step of a weekly log could not be done");
            }
        }
    }
    if let Some(lease) = held {
        app.store.lease_release(&lease).await?;
    }
    Ok(done)
}

/// What is due now, of all schools.
pub async fn due(app: &App) -> Result<Vec<Due>, ApiError> {
    let mut all = Vec::new();
    for school in app.store.read().schools_with_schedule().await? {
        let id = school.id;
        match due_of(app, school).await {
            Ok(due) => all.extend(due),
            Err(error) => tracing::warn!(%error, school = %id, "a school's schedule could not be read"),
        }
    }
    Ok(all)
}

async fn due_of(app: &App, school: School) -> Result<Vec<Due>, ApiError> {
    let book = app.store.book(&school).await?;
    let Some(schedule) = book.settings.schedule else { return Ok(Vec::new()) };
    let now = app.clock.now();
    let zone = book.zone();
    let weeks = weeks(zone.from_utc_datetime(&now.naive_utc()).date_naive());
    let decider = authorised(app, &school, &schedule).await?;
    let steps = app.store.read().week_steps(school.id, &weeks).await?;
    let due = steps.into_iter().filter_map(|(week, steps)| {
        let standing = standing_of(&schedule, &book, week, &steps, decider.is_some(), now);
        let (book, decider) = (Arc::clone(&book), decider.clone());
        standing.due.map(|step| Due { school: school.clone(), book, schedule, decider, week, step })
    });
    Ok(due.collect())
}

/// Who decided a schedule, if that person may publish still: a rule does what its maker could do.
pub async fn authorised(
    app: &App,
    school: &School,
    schedule: &PublishSchedule,
) -> Result<Option<Account>, ApiError> {
    let read = app.store.read();
    let account = read.account_find(schedule.decided_by).await?;
    let Some(account) = account.filter(|account| account.disabled_at.is_none()) else { return Ok(None) };
    let memberships = read.memberships(account.id).await?;
    let place = Place::School(school.id, school.district);
    let decision = decide("weekly_log_publish", &memberships, place, app.clock.today());
    Ok((decision == Decision::All).then_some(account))
}
