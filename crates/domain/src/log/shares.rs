//! Shares of small numbers, told honestly (domain, section 7, "Small numbers").

/// Below this many observations no share and no interval is told, only the counts.
pub const MIN_SHARE: u32 = 5;

/// z of a two-sided interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// `k / n`, rounded to 4 decimals; none if `n` is below [`MIN_SHARE`] or `k` above `n`.
pub fn share(k: u32, n: u32) -> Option<f64> {
    tellable(k, n).then(|| round4(f64::from(k) / f64::from(n)))
}

/// The Wilson interval of `k / n` at 95 %, `[low, high]` within 0–1, rounded to 4 decimals; none if
/// `n` is below [`MIN_SHARE`] or `k` above `n`.
pub fn wilson95(k: u32, n: u32) -> Option<[f64; 2]> {
    tellable(k, n).then(|| {
        let n = f64::from(n);
        let p = f64::from(k) / n;
        let z2 = Z * Z;
        let centre = p + z2 / (2.0 * n);
        let reach = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        let bound = |edge: f64| round4((edge / (1.0 + z2 / n)).clamp(0.0, 1.0));
        [bound(centre - reach), bound(centre + reach)]
    })
}

/// Counts by `u32`: a week never has more, and more would still be told as "at least".
pub(super) fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

const fn tellable(k: u32, n: u32) -> bool {
    n >= MIN_SHARE && k <= n
}

/// To 4 decimals, as all shares are told.
pub(super) fn round4(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::{share, wilson95};

    #[test]
    fn the_interval_of_forty_in_forty_four_is_the_known_one() {
        assert_eq!(wilson95(40, 44), Some([0.7884, 0.9641]));
        assert_eq!(wilson95(42, 44), Some([0.8487, 0.9874]));
        assert_eq!(wilson95(1, 5), Some([0.0362, 0.6245]));
    }

    #[test]
    fn the_interval_stays_within_nought_and_one_at_the_ends() {
        assert_eq!(wilson95(0, 5).map(|[low, _]| low), Some(0.0));
        assert_eq!(wilson95(5, 5).map(|[_, high]| high), Some(1.0));
    }

    #[test]
    fn fewer_than_five_observations_make_no_share_and_no_interval() {
        assert_eq!(share(1, 4), None);
        assert_eq!(wilson95(4, 4), None);
        assert_eq!(wilson95(0, 0), None);
        assert_eq!(share(40, 44), Some(0.9091));
    }

    #[test]
    fn more_hits_than_observations_make_no_share() {
        assert_eq!(share(6, 5), None);
        assert_eq!(wilson95(6, 5), None);
    }
}
