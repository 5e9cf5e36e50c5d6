//! Stamps, device ids and field paths: a text that reads is the only text of its value.

use xunke_domain::fields::FieldPath;
use xunke_sync::limits::CLAMP_MILLIS;
use xunke_sync::stamp::{DeviceId, HybridClock, Stamp};

/// What must hold for any bytes: texts, one a line, and the same bytes as a number.
pub(crate) fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let stamps: Vec<Stamp> = text.lines().take(64).filter_map(|line| line.parse().ok()).collect();
    for line in text.lines() {
        reads_to_one_value(line);
    }
    for one in &stamps {
        for other in &stamps {
            assert_eq!(one.cmp(other), one.to_string().cmp(&other.to_string()), "text and value order alike");
        }
        stands(*one, number(bytes));
    }
    let device = DeviceId::from_u64(number(bytes).unsigned_abs());
    stands(Stamp::at(number(bytes), device), number(bytes.get(3..).unwrap_or_default()));
    keeps_rising(&stamps, bytes);
}

fn reads_to_one_value(line: &str) {
    if let Ok(stamp) = line.parse::<Stamp>() {
        assert_eq!(stamp.to_string(), line);
        let json = serde_json::to_string(&stamp).expect("a stamp is JSON");
        assert_eq!(json, format!("\"{line}\""));
        assert_eq!(serde_json::from_str::<Stamp>(&json).ok(), Some(stamp));
    }
    if let Ok(device) = line.parse::<DeviceId>() {
        assert_eq!(device.to_string(), line);
    }
    if let Ok(path) = line.parse::<FieldPath>() {
        assert_eq!(path.as_str(), line);
        let parts =
            path.element().map_or(path.name().to_owned(), |element| format!("{}/{element}", path.name()));
        assert_eq!(parts, line);
    }
}

fn stands(stamp: Stamp, received: i64) {
    assert_eq!(stamp.to_string().parse(), Ok(stamp));
    let other = DeviceId::from_u64(7);
    assert_eq!(stamp.in_the_hand_of(other).device(), other);
    assert_eq!(stamp.in_the_hand_of(other).millis(), stamp.millis());
    let last = "ffffffffffff-ffff-ffffffffffffffff".parse::<Stamp>().expect("a stamp");
    if stamp.in_the_hand_of(last.device()) < last {
        assert!(stamp.just_above(other) > stamp);
    }
    assert!(stamp.millis() == 0 || stamp.below(stamp.device()) < stamp);
    let clamped = stamp.clamped(received);
    if received >= 0 {
        assert!(clamped.millis() <= received.saturating_add(CLAMP_MILLIS), "never too far ahead (I6)");
    }
    assert!(clamped <= stamp);
    assert_eq!(clamped.clamped(received), clamped);
}

/// A clock goes on from whatever it hears.
fn keeps_rising(heard: &[Stamp], times: &[u8]) {
    let device = DeviceId::from_u64(3);
    let mut clock = HybridClock::new(device);
    let mut last = Stamp::at(0, device);
    for (index, time) in times.iter().take(64).enumerate() {
        if let Some(heard) = heard.get(index)
            // From the last stamps there are, nothing can rise.
            && heard.millis() < (1 << 48) - 1
        {
            clock.receive(*heard);
            last = last.max(*heard);
        }
        let issued = clock.issue(i64::from(*time), device);
        assert!(issued > last);
        last = issued;
    }
}

fn number(bytes: &[u8]) -> i64 {
    bytes.iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte))
}
