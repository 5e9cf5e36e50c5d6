//! Stamps order writes; devices issue them from a hybrid logical clock (protocol, section 1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::CLAMP_MILLIS;
use crate::planted::{Bug, planted};

/// A device: one installation of an app. 16 hexadecimal digits on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId(u64);

/// A text is not a device id or not a stamp.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StampError {
    /// Not 16 lower-case hexadecimal digits.
    #[error("a device id is 16 lower-case hexadecimal digits")]
    Device,
    /// Not `<12 hex>-<4 hex>-<16 hex>`.
    #[error("a stamp is 12, 4 and 16 lower-case hexadecimal digits joined by hyphens")]
    Stamp,
}

impl DeviceId {
    /// What a phone writes under before it is registered for the first time; no server gives it out.
    pub const UNREGISTERED: Self = Self(0);

    /// A device id from its number.
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }
}

fn hex(text: &str, digits: usize) -> Option<u64> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == digits && text.bytes().all(lower)).then(|| u64::from_str_radix(text, 16).ok())?
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for DeviceId {
    type Err = StampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex(text, 16).map(Self).ok_or(StampError::Device)
    }
}

impl TryFrom<String> for DeviceId {
    type Error = StampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.to_string()
    }
}

/// Orders writes. Compared as its text is: milliseconds, counter, device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Stamp {
    millis: u64,
    counter: u16,
    device: DeviceId,
}

/// Steps of the counter left free below a stamp that is lifted.
const ROOM: u64 = 0x100;

/// 48 bits: what 12 hexadecimal digits hold.
const MILLIS_MAX: u64 = (1 << 48) - 1;

impl Stamp {
    /// The first stamp of a device in a millisecond. Times before 1970 or beyond 48 bits are cut to the range.
    pub fn at(millis: i64, device: DeviceId) -> Self {
        Self { millis: u64::try_from(millis).unwrap_or(0).min(MILLIS_MAX), counter: 0, device }
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        i64::try_from(self.millis).unwrap_or(i64::MAX)
    }

    /// Who issued it.
    pub const fn device(self) -> DeviceId {
        self.device
    }

    /// The smallest step above this stamp in the hand of `device`.
    #[must_use]
    pub fn just_above(self, device: DeviceId) -> Self {
        match self.counter.checked_add(1) {
            Some(counter) => Self { millis: self.millis, counter, device },
            None => Self { millis: (self.millis + 1).min(MILLIS_MAX), counter: 0, device },
        }
    }

    /// Above this stamp in the hand of `device`, with room between the two for writes still to come.
    #[must_use]
    pub fn above(self, device: DeviceId) -> Self {
        Self::from_steps(self.steps().saturating_add(ROOM), device)
    }

    /// Half way to `other` in the hand of `device`, above this stamp in any case.
    #[must_use]
    pub fn half_way_to(self, other: Self, device: DeviceId) -> Self {
        let half = other.steps().saturating_sub(self.steps()) / 2;
        Self::from_steps(self.steps().saturating_add(half.max(1)), device)
    }

    /// Its place, whoever issued it.
    const fn steps(self) -> u64 {
        self.millis << 16 | self.counter as u64
    }

    fn from_steps(steps: u64, device: DeviceId) -> Self {
        let counter = u16::try_from(steps & 0xffff).unwrap_or(u16::MAX);
        Self { millis: steps >> 16, counter, device }
    }

    /// A millisecond below this stamp in the hand of `device`: between the two there is room for writes still to come.
    #[must_use]
    pub const fn below(self, device: DeviceId) -> Self {
        Self { millis: self.millis.saturating_sub(1), device, ..self }
    }

    /// The same moment in the hand of another device: a phone registered anew keeps when things were said.
    #[must_use]
    pub const fn in_the_hand_of(self, device: DeviceId) -> Self {
        Self { device, ..self }
    }

    /// A stamp too far ahead of the server's clock becomes the time of receipt (section 2.2).
    #[must_use]
    pub fn clamped(self, received_millis: i64) -> Self {
        if self.millis() > received_millis.saturating_add(CLAMP_MILLIS) && !planted(Bug::ClampDropped) {
            Self::at(received_millis, self.device)
        } else {
            self
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}-{:04x}-{}", self.millis, self.counter, self.device)
    }
}

impl FromStr for Stamp {
    type Err = StampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let mut part = |digits| parts.next().and_then(|part| hex(part, digits)).ok_or(StampError::Stamp);
        let (millis, counter, device) = (part(12)?, part(4)?, part(16)?);
        if parts.next().is_some() {
            return Err(StampError::Stamp);
        }
        let counter = u16::try_from(counter).map_err(|_| StampError::Stamp)?;
        Ok(Self { millis, counter, device: DeviceId(device) })
    }
}

impl TryFrom<String> for Stamp {
    type Error = StampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Stamp> for String {
    fn from(stamp: Stamp) -> Self {
        stamp.to_string()
    }
}

/// A device's hybrid logical clock: never below the last stamp issued or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HybridClock {
    last: Stamp,
}

impl HybridClock {
    /// A clock that has issued nothing.
    pub fn new(device: DeviceId) -> Self {
        Self { last: Stamp::at(0, device) }
    }

    /// Issues the next stamp; `now_millis` is the device's own clock, however wrong.
    pub fn issue(&mut self, now_millis: i64, device: DeviceId) -> Stamp {
        let now = Stamp::at(now_millis, device);
        self.last = if now > self.last { now } else { self.last.just_above(device) };
        self.last
    }

    /// Takes note of a stamp from elsewhere; once per page, with the largest.
    pub fn receive(&mut self, stamp: Stamp) {
        self.last = self.last.max(stamp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamps() -> impl Strategy<Value = Stamp> {
        (0..4_u64, prop_oneof![0..3_u16, 65_534..=65_535_u16], 0..3_u64).prop_map(
            |(millis, counter, device)| Stamp { millis: millis + 1, counter, device: DeviceId(device) },
        )
    }

    proptest! {
        #[test]
        fn text_and_value_order_alike(a in stamps(), b in stamps()) {
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.to_string().parse::<Stamp>(), Ok(a));
        }

        #[test]
        fn just_above_is_above_and_below_is_below(a in stamps(), device in 0..3_u64) {
            prop_assert!(a.just_above(DeviceId(device)) > a);
            prop_assert!(a.above(DeviceId(device)) > a.just_above(DeviceId(device)));
            prop_assert!(a.below(DeviceId(device)) < a);
        }

        #[test]
        fn half_way_is_in_between_while_there_is_room(
            a in stamps(),
            steps in 2..200_000_u64,
            device in 0..3_u64,
        ) {
            let b = Stamp::from_steps(a.steps() + steps, DeviceId(0));
            let half = a.half_way_to(b, DeviceId(device));
            prop_assert!(a < half && half < b);
            prop_assert!(b.half_way_to(a, DeviceId(device)) > b, "above in any case");
        }

        #[test]
        fn a_clock_never_goes_back(times in prop::collection::vec(-5..5_i64, 1..20), heard in stamps()) {
            let device = DeviceId(7);
            let mut clock = HybridClock::new(device);
            clock.receive(heard);
            let mut last = heard;
            for time in times {
                let issued = clock.issue(time, device);
                prop_assert!(issued > last);
                last = issued;
            }
        }
    }

    #[test]
    fn a_stamp_two_minutes_ahead_stays_and_a_little_more_is_clamped() {
        let device = DeviceId(1);

        assert_eq!(Stamp::at(120_000, device).clamped(0), Stamp::at(120_000, device));
        assert_eq!(Stamp::at(120_001, device).clamped(0), Stamp::at(0, device));
    }

    #[test]
    fn texts_that_are_no_stamps_are_refused() {
        for text in
            ["", "0", "019cd1a2b3c4-0001-9f1c2a7b5d3e8f6", "019CD1A2B3C4-0001-9f1c2a7b5d3e8f60", "a-b-c-d"]
        {
            assert_eq!(text.parse::<Stamp>(), Err(StampError::Stamp), "{text}");
        }
    }
}
