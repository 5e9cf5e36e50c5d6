//! Chance with a seed.

use super::handset::Weather;

/// A small generator with a seed: one seed, one story.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// Whether something happens that does once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }

    /// The place of one among so many.
    pub(crate) fn one_of(&mut self, many: usize) -> usize {
        let many = u64::try_from(many).expect("a small number");
        usize::try_from(self.roll(many)).expect("a small number")
    }

    /// How an exchange goes.
    pub(crate) fn weather(&mut self) -> Weather {
        match self.roll(5) {
            0 => Weather::RequestLost,
            1 => Weather::AnswerLost,
            2 => Weather::Repeated,
            _ => Weather::Fair,
        }
    }
}
