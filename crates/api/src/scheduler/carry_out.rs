//! One step of one week's log, done once.

use xunke_domain::schedule::Step;
use xunke_storage::audit::AuditEntry;
use xunke_storage::leases::Lease;
use xunke_storage::schedule::{DoneStep, Outcome};

use super::{Due, authorised, standing_of};
use crate::app::App;
use crate::problem::ApiError;
use crate::routes::preflight::preflight;
use crate::routes::publishing::publisher::Publisher;
use crate::routes::publishing::{Publish, publish};

/// Carries a step out; `false` if it is not this node's to do, or not to be done any more.
pub async fn carry_out(app: &App, lease: &Lease, due: &Due) -> Result<bool, ApiError> {
    match due.step {
        Step::Draft | Step::Remind => note(app, lease, due).await,
        Step::Publish => publish_by_rule(app, lease, due).await,
    }
}

/// Making ready and reminding are rows: people's pages tell of them while they matter (`routes/notices.rs`).
async fn note(app: &App, lease: &Lease, due: &Due) -> Result<bool, ApiError> {
    let Due { school, book, schedule, decider, week, step } = due;
    let outcome = outcome(app, due).await?;
    let now = app.clock.millis();
    let tx = app.store.begin().await?;
    if !tx.lease_holds(lease).await? {
        return Ok(false);
    }
    let steps = tx.week_steps(school.id, &[*week]).await?.remove(week).unwrap_or_default();
    let standing = standing_of(schedule, book, *week, &steps, decider.is_some(), app.clock.now());
    if standing.due != Some(*step) {
        return Ok(false);
    }
    if !tx.step_add(school.id, *week, *step, DoneStep { at: now, outcome }, lease).await? {
        return Ok(false);
    }
    tx.audit_add(AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: now,
        actor: None,
        action: "publish_schedule",
        school: Some(school.id),
        object: week.to_string(),
        detail: format!("{} by the rule of {}", step.as_str(), schedule.decided_by),
    })
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// A reminder for a week with gaps only needs one.
async fn outcome(app: &App, Due { school, schedule, week, step, .. }: &Due) -> Result<Outcome, ApiError> {
    let only_with_gaps = schedule.timing.remind.is_some_and(|remind| remind.only_with_gaps);
    let needless =
        *step == Step::Remind && only_with_gaps && preflight(app, school.id, *week).await?.complete;
    Ok(if needless { Outcome::Needless } else { Outcome::Done })
}

async fn publish_by_rule(app: &App, lease: &Lease, due: &Due) -> Result<bool, ApiError> {
    // Asked again, since others were published meanwhile.
    let Some(account) = authorised(app, &due.school, &due.schedule).await? else { return Ok(false) };
    let publisher = Publisher::Rule { account: &account, lease };
    match publish(app, &publisher, due.school.id, due.week, Publish::default()).await {
        Ok(_) => Ok(true),
        // Another node, a veto or a publication by hand was quicker.
        Err(ApiError::WrongState(_) | ApiError::Taken(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
