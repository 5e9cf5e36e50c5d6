//! The reading of a push: JSON into an envelope and writes.

use serde_json::{Value, json};
use xunke_sync::limits::Limits;
use xunke_sync::wire::push::{Push, read};

use super::{MILLIS, SCHOOL, device, visits};
use crate::visits::Visit;

/// A push as it comes over the wire.
#[derive(Debug)]
pub struct Body(Vec<u8>);

impl Body {
    /// Of so many new visits, at most 500.
    pub fn of(many: usize) -> Self {
        Self(body(&visits(many), 0))
    }

    /// Reads it.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    pub fn read(&self) -> Push {
        read(&self.0, &Limits::default()).expect("the envelope is right")
    }
}

/// The push of visits that a phone has numbered from `after` on.
pub(super) fn body(visits: &[Visit], after: u64) -> Vec<u8> {
    let device = device();
    let write = |(visit, n): (&Visit, u64)| {
        let stamp = format!("{:012x}-0000-{device}", MILLIS + n * 1000);
        json!({"n": n, "stream": SCHOOL, "type": "visit", "record": visit.id, "base": 0, "stamp": stamp,
            "set": visit.set})
    };
    let writes: Vec<Value> = visits.iter().zip(after + 1..).map(write).collect();
    json!({"device": device, "schema": 1, "unsent": 0, "writes": writes}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_of_a_hundred_is_read_to_a_hundred_sound_writes() {
        let push = Body::of(100).read();

        assert_eq!(push.writes.iter().filter(|arrived| arrived.write.is_ok()).count(), 100);
    }
}
