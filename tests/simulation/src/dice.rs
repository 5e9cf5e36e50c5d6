//! Chance from one seed: everything that is drawn in a run is drawn here, so the same seed is the same run.

use uuid::Uuid;

/// A generator of 64-bit numbers (SplitMix64): small, fast, the same on every machine and in every version.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for one concern, so that drawing more here leaves the rest of the run as it is.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// Any number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        match self.next().checked_rem(bound) {
            Some(drawn) => drawn,
            None => 0,
        }
    }

    /// A number of `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low).saturating_add(1);
        low.saturating_add(i64::try_from(self.below(width)).unwrap_or(0))
    }

    /// True that often in a thousand.
    pub const fn permille(&mut self, often: u64) -> bool {
        self.below(1000) < often
    }

    /// An index below `length`.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(u64::MAX))).unwrap_or(0)
    }

    /// One of them; `None` of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.index(of.len()))
    }

    /// A UUIDv7 of a moment.
    pub fn id(&mut self, millis: i64) -> Uuid {
        let mut random = [0; 10];
        for byte in &mut random {
            *byte = self.next().to_le_bytes()[0];
        }
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(0), &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_draws_other() {
        let draw = |seed| {
            let mut dice = Dice::new(seed);
            (dice.between(-5, 5), dice.below(1_000_000), dice.id(7), dice.fork().next())
        };

        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn what_is_drawn_lies_within_its_bounds() {
        let mut dice = Dice::new(3);
        let drawn: Vec<i64> = (0..200).map(|_| dice.between(-1, 1)).collect();

        assert!((-1..=1).all(|wanted| drawn.contains(&wanted)));
        assert!(drawn.iter().all(|drawn| (-1..=1).contains(drawn)));
        assert_eq!((dice.below(0), dice.pick::<u8>(&[])), (0, None));
    }
}
