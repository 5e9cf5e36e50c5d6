//! What happens to weekly logs by themselves: once a minute the server looks what is due by its schools' schedules, and does
//! it once, on whichever node.
//!
//! `domain::schedule` says what is due; [`look`] asks it for every school and carries out what it says, under a lease
//! (`storage/src/leases.rs`), each step in a transaction of its own that notes it under school, week and step. Two nodes,
//! a node that was paused, or one whose clock is wrong do it once all the same. A publication by rule is a publication
//! (`routes/publishing`): it prints what is missing, and its edition says that nobody approved this very log.

mod carry_out;
mod look;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use xunke_domain::book::SchoolBook;
use xunke_domain::schedule::{Progress, PublishSchedule, Standing, Step, standing};
use xunke_domain::week::Week;
use xunke_storage::schedule::WeekSteps;

pub use self::carry_out::carry_out;
pub use self::look::{Due, LEASE, authorised, due, look};
use crate::app::App;
use crate::instant::at;

/// Time between two looks.
const MINUTE: Duration = Duration::from_mins(1);

/// Looks once a minute until `stop` is dropped; a look that has begun comes to its end.
pub async fn run(app: App, mut stop: watch::Receiver<()>) {
    let mut ticks = tokio::time::interval(MINUTE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => (),
            _ = stop.changed() => return,
        }
        let looking = app.clone();
        // A task of its own: should one look panic, the next goes on.
        match tokio::spawn(async move { look(&looking).await }).await {
            Ok(Ok(_)) => (),
            Ok(Err(error)) => tracing::warn!(%error, "what is due by schedule could not be looked for"),
            Err(error) => tracing::error!(%error, "looking for what is due by schedule failed"),
        }
    }
}

/// How a week stands, by what is stored of it.
pub fn standing_of(
    schedule: &PublishSchedule,
    book: &SchoolBook,
    week: Week,
    steps: &WeekSteps,
    authorised: bool,
    now: DateTime<Utc>,
) -> Standing {
    let WeekSteps { done, veto, published, visited } = steps;
    let progress = Progress {
        drafted_at: done.get(&Step::Draft).map(|done| at(done.at).to_utc()),
        reminded: done.contains_key(&Step::Remind),
        published: *published,
        visited: *visited,
        vetoed: veto.is_some(),
        authorised,
    };
    standing(schedule, book, week, &progress, now)
}
