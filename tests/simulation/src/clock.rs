//! True time, and the server's clock, which may be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use xunke_api::world::Clock;

/// Monday 2026-11-23, 08:00 in Shanghai: when every world begins.
pub const BEGIN: i64 = 1_795_392_000_000;

/// What the server takes for the time, milliseconds since 1970. Cloned, it is the same clock.
#[derive(Clone, Debug)]
pub struct ServerClock(Arc<AtomicI64>);

impl Default for ServerClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(BEGIN)))
    }
}

impl ServerClock {
    /// Sets it.
    pub fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Clock for ServerClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

fn shanghai(millis: i64) -> DateTime<FixedOffset> {
    let zone = FixedOffset::east_opt(8 * 3600).expect("eight hours are an offset");
    DateTime::from_timestamp_millis(millis).unwrap_or_default().with_timezone(&zone)
}

/// The day in Shanghai.
pub fn day(millis: i64) -> NaiveDate {
    shanghai(millis).date_naive()
}

/// RFC 3339 with the offset of Shanghai.
pub fn moment(millis: i64) -> String {
    shanghai(millis).to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_begins_on_a_monday_morning() {
        assert_eq!(moment(BEGIN), "2026-11-23T08:00:00.000+08:00");
        assert_eq!(ServerClock::default().now().timestamp_millis(), BEGIN);
        assert_eq!(day(BEGIN - 8 * 3_600_000 - 1).to_string(), "2026-11-22");
    }
}
