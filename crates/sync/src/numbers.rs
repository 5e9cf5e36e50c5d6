//! A set of write numbers as ranges, which is how a server says which writes of a device it has
//! (protocol, section 6).

use serde::{Deserialize, Serialize};

/// Numbers from 1, as ascending ranges that do not touch: `[[1, 410], [412, 500]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Numbers(Vec<(i64, i64)>);

impl Numbers {
    /// All numbers from 1 to `last`; none if that is below 1.
    pub fn up_to(last: i64) -> Self {
        Self(if last < 1 { Vec::new() } else { vec![(1, last)] })
    }

    /// Whether a number is among them. Ranges from elsewhere may stand in any order.
    pub fn contain(&self, n: i64) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&n))
    }
}

impl FromIterator<i64> for Numbers {
    /// From ascending numbers.
    fn from_iter<I: IntoIterator<Item = i64>>(numbers: I) -> Self {
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for n in numbers {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(n) => *last = n,
                _ => ranges.push((n, n)),
            }
        }
        Self(ranges)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_contain_what_went_in_and_nothing_else(numbers in prop::collection::btree_set(1..40_i64, 0..30)) {
            let ranges: Numbers = numbers.iter().copied().collect();

            let contained: BTreeSet<i64> = (0..41).filter(|n| ranges.contain(*n)).collect();
            prop_assert_eq!(contained, numbers);
        }
    }

    #[test]
    fn neighbours_share_a_range_on_the_wire() {
        let numbers: Numbers = [1, 2, 3, 5, 6, 9].into_iter().collect();

        assert_eq!(serde_json::to_string(&numbers).unwrap(), "[[1,3],[5,6],[9,9]]");
        assert_eq!(serde_json::from_str::<Numbers>("[[1,3]]").unwrap(), Numbers::up_to(3));
        assert_eq!(Numbers::up_to(0), Numbers::default());
    }
}
