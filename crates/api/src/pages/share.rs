//! `k / n` as a page tells it: the counts always, a percentage and an interval only where there are
//! enough of them (domain, section 7, "Small numbers").

use xunke_domain::log::{MIN_SHARE, share, wilson95};

/// From this many on a percentage may stand alone.
const MANY: u32 = 30;

/// `k` of `n`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    k: u32,
    n: u32,
}

impl Share {
    pub(super) const fn new(k: u32, n: u32) -> Self {
        Self { k, n }
    }

    /// Such as `40/44`.
    pub(super) fn counts(self) -> String {
        format!("{}/{}", self.k, self.n)
    }

    /// Such as `90.9%`, halves rounded up; none of too few. It is taken from the counts, since a rate
    /// that was rounded once must not be rounded again.
    pub(super) fn percent(self) -> Option<String> {
        share(self.k, self.n)?;
        let (k, n) = (u64::from(self.k), u64::from(self.n));
        let per_mille = (2000 * k + n).checked_div(2 * n)?;
        Some(format!("{}.{}%", per_mille / 10, per_mille % 10))
    }

    /// The Wilson interval, such as `78.8%—96.4%`; none of too few.
    pub(super) fn interval(self) -> Option<String> {
        wilson95(self.k, self.n).map(|[low, high]| format!("{}—{}", percent(low), percent(high)))
    }

    /// The same where it has to stand beside the percentage: below 30 (domain, section 7, "Small numbers").
    pub(super) fn interval_of_few(self) -> Option<String> {
        if self.n < MANY { self.interval() } else { None }
    }

    /// Whether there was nothing to count.
    pub(super) const fn is_of_none(self) -> bool {
        self.n == 0
    }

    /// Whether there is something to count, but too little for a percentage.
    pub(super) const fn is_of_few(self) -> bool {
        self.n > 0 && self.n < MIN_SHARE
    }

    /// How far a bar of 1000 reaches.
    pub(super) fn per_mille(self) -> u64 {
        let (k, n) = (u64::from(self.k), u64::from(self.n));
        (k * 1000).checked_div(n).unwrap_or(0).min(1000)
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn forty_in_forty_four_is_told_with_its_interval() {
        let share = Share::new(40, 44);

        assert_eq!(share.counts(), "40/44");
        assert_eq!(share.percent().as_deref(), Some("90.9%"));
        assert_eq!(share.interval().as_deref(), Some("78.8%—96.4%"));
        assert_eq!(share.interval_of_few(), None);
        assert_eq!(Share::new(1, 5).interval_of_few().as_deref(), Some("3.6%—62.5%"));
        assert_eq!(share.per_mille(), 909);
    }

    #[test]
    fn a_percentage_is_rounded_once_and_halves_go_up() {
        let percent = |k, n| Share::new(k, n).percent();

        assert_eq!(percent(1, 16).as_deref(), Some("6.3%"));
        assert_eq!(percent(7, 136).as_deref(), Some("5.1%"));
        assert_eq!(percent(1, 80).as_deref(), Some("1.3%"));
        assert_eq!((percent(0, 5).as_deref(), percent(5, 5).as_deref()), (Some("0.0%"), Some("100.0%")));
    }

    #[test]
    fn fewer_than_five_are_told_by_their_counts_alone() {
        let share = Share::new(1, 4);

        assert_eq!((share.percent(), share.interval()), (None, None));
        assert!(share.is_of_few() && !Share::new(0, 0).is_of_few() && Share::new(0, 0).is_of_none());
        assert_eq!(Share::new(0, 0).per_mille(), 0);
    }
}
