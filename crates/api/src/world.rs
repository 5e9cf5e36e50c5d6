//! Time and chance, the only place where the machine's own are read.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::{DateTime, NaiveDate, SubsecRound, TimeZone, Utc};
use chrono_tz::Tz;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use uuid::Uuid;

/// What time it is. Two implementations: the machine's, and one that tests move.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now, in whole milliseconds.
    fn now(&self) -> DateTime<Utc>;

    /// Milliseconds since 1970.
    fn millis(&self) -> i64 {
        self.now().timestamp_millis()
    }

    /// Today where schools are; memberships begin and end by it.
    fn today(&self) -> NaiveDate {
        Tz::Asia__Shanghai.from_utc_datetime(&self.now().naive_utc()).date_naive()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one adapter that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(3)
    }
}

/// Randomness: from the machine, or from a seed in tests.
#[derive(Debug)]
pub struct Chance(Mutex<StdRng>);

impl Chance {
    /// Unpredictable, seeded by the operating system.
    pub fn system() -> Self {
        Self(Mutex::new(StdRng::from_os_rng()))
    }

    /// The same every time; for tests and the demo.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A UUIDv7 of this moment (RFC 9562, section 5.7).
    pub fn id(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}
