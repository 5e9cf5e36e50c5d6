//! One write taken into one record, by the three ways it can go.

use serde_json::json;
use xunke_domain::fields::Fields;
use xunke_sync::merge::{Base, Incoming, Merged, Past, merge, needs_history};
use xunke_sync::record::{LastWrites, Origin, RecordState, WriteId};
use xunke_sync::stamp::DeviceId;

use super::{MILLIS, device, fields, visits};

/// Where a write arrives.
#[derive(Clone, Copy, Debug)]
pub enum Arrival {
    /// At a record that is not there: a new visit.
    New,
    /// At a record that its phone had seen as it is: one rating is changed.
    Seen,
    /// At a record that another phone has changed meanwhile: the history is needed, a conflict opens.
    Stale,
}

/// A write, the record it arrives at, and the record's history if it is needed.
#[derive(Debug)]
pub struct Arriving {
    state: RecordState,
    past: Vec<Past>,
    device: DeviceId,
    n: i64,
    base: i64,
    set: Fields,
}

impl Arriving {
    /// Makes the record as it stands before the write.
    pub fn new(arrival: Arrival) -> Self {
        let (phone, other) = (device(), DeviceId::from_u64(7));
        let made = visits(1).iter().map(|visit| fields(&visit.set)).next().unwrap_or_default();
        let new =
            Self { state: RecordState::default(), past: Vec::new(), device: phone, n: 1, base: 0, set: made };
        let rated = |device, n, base, level: &str| Self {
            state: RecordState::default(),
            past: Vec::new(),
            device,
            n,
            base,
            set: fields(&json!({"ratings/engagement": level, "ratings/effect": level})),
        };
        match arrival {
            Arrival::New => new,
            Arrival::Seen => rated(phone, 2, 1, "excellent").after(vec![new]),
            Arrival::Stale => rated(phone, 2, 1, "excellent").after(vec![new, rated(other, 1, 1, "poor")]),
        }
    }

    fn after(self, earlier: Vec<Self>) -> Self {
        let (mut state, mut past) = (RecordState::default(), Vec::new());
        for (write, seq) in earlier.into_iter().zip(1..) {
            let incoming = write.incoming();
            let merged = merge(&mut state, &past, &[], &incoming, millis(), seq);
            let origin = Origin { stamp: merged.canonical, seq, n: incoming.n, id: incoming.id };
            past.push(Past { origin, set: write.set, saw: LastWrites::new() });
        }
        let needed = needs_history(&state, &self.incoming(), 1);
        Self { state, past: if needed { past } else { Vec::new() }, ..self }
    }

    fn incoming(&self) -> Incoming<'_> {
        Incoming {
            device: self.device,
            n: self.n,
            base: Base::Seen(self.base),
            saw: None,
            id: Some(WriteId { device: self.device, n: self.n }),
            claimed: None,
            set: &self.set,
        }
    }

    /// A copy of the record, for [`Self::merge`] to change.
    pub fn record(&self) -> RecordState {
        self.state.clone()
    }

    /// Takes the write into a record; gives whether the history was needed, and what became of the write.
    pub fn merge(&self, record: &mut RecordState) -> (bool, Merged) {
        let write = self.incoming();
        let needed = needs_history(record, &write, self.n - 1);
        (needed, merge(record, &self.past, &[], &write, millis(), 3))
    }
}

fn millis() -> i64 {
    i64::try_from(MILLIS).expect("a time of this century")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(arrival: Arrival) -> (bool, Merged) {
        let arriving = Arriving::new(arrival);
        arriving.merge(&mut arriving.record())
    }

    #[test]
    fn each_arrival_goes_the_way_it_is_named_after() {
        let (needed, new) = merged(Arrival::New);
        assert!(!needed && new.clashes.is_empty() && new.lost.is_empty());

        let (needed, seen) = merged(Arrival::Seen);
        assert!(!needed && seen.clashes.is_empty() && seen.lost.is_empty());

        let (needed, stale) = merged(Arrival::Stale);
        assert!(needed && stale.clashes.len() == 2, "{stale:?}");
    }
}
