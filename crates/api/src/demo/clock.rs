//! The staged clock: it begins in the week the story plays in, is moved on by the story, and runs in between.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, FixedOffset, NaiveDateTime, SubsecRound as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::world::Clock;

/// A moment of the story, by the clock on the wall of the school.
pub(super) fn school_time(text: &str) -> anyhow::Result<DateTime<Utc>> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").with_context(|| text.to_owned())?;
    in_shanghai(local)
}

/// The same, from a date and a time.
pub(super) fn in_shanghai(local: NaiveDateTime) -> anyhow::Result<DateTime<Utc>> {
    let there = Tz::Asia__Shanghai.from_local_datetime(&local).earliest();
    Ok(there.with_context(|| format!("there is no {local} in Shanghai"))?.to_utc())
}

/// As devices write it: RFC 3339 in the time zone of the school.
pub(super) fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&Tz::Asia__Shanghai).fixed_offset()
}

/// A clock that others move.
#[derive(Debug)]
pub(super) struct StagedClock(Mutex<(DateTime<Utc>, Instant)>);

impl StagedClock {
    /// Begins at this moment.
    pub(super) fn starting(at: DateTime<Utc>) -> Self {
        Self(Mutex::new((at, Instant::now())))
    }

    /// Moves on to a moment; never back.
    pub(super) fn move_to(&self, at: DateTime<Utc>) {
        let now = self.now();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (at.max(now), Instant::now());
    }
}

impl Clock for StagedClock {
    fn now(&self) -> DateTime<Utc> {
        let (from, since) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = TimeDelta::from_std(since.elapsed()).unwrap_or_default();
        (from + passed).trunc_subsecs(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_staged_clock_is_moved_on_and_never_back() {
        let (noon, evening) = (school_time("2026-11-16 12:00"), school_time("2026-11-16 18:00"));
        let (noon, evening) = (noon.unwrap(), evening.unwrap());
        let clock = StagedClock::starting(noon);

        clock.move_to(evening);
        clock.move_to(noon);

        assert!(clock.now() >= evening && clock.now() < evening + TimeDelta::minutes(1));
    }
}
