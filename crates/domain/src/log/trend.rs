//! The last teaching weeks beside each other (domain, section 7, formula 11): p-charts of consistency and of the
//! displacement of protected subjects.
//!
//! A limit is where chance alone would seldom lead, not a target: a week outside is a reason to look.

use serde::{Deserialize, Serialize};

use crate::log::gathered::{Gathered, SeenSlot};
use crate::log::shares::{round4, share};
use crate::log::trace::Trace;
use crate::verdict::Verdict;
use crate::week::Week;

/// A week with fewer observations has no limits of its own; such weeks are pooled.
pub const MIN_CHART: u32 = 10;

/// This week and the teaching weeks of its semester before it, at most 8 together; compiled anew with every draft, so
/// that what came late to an earlier week is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// The oldest first, this week last.
    pub weeks: Vec<TrendWeek>,
    /// Consistent of checked slots over all these weeks.
    pub consistency: TrendSum,
    /// Displaced of checked slots in which a protected subject was planned, over all these weeks.
    pub protected_displacement: TrendSum,
}

/// One week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendWeek {
    /// The week.
    pub week: Week,
    /// Its number.
    pub teaching_week: Option<u32>,
    /// Days declared a holiday: their lessons could not be visited.
    pub holidays: u32,
    /// Days with an event, an exam or half a day of lessons.
    pub events: u32,
    /// Consistent of checked slots.
    pub consistency: TrendPoint,
    /// Displaced of checked slots in which a protected subject was planned.
    pub protected_displacement: TrendPoint,
}

/// A share as a chart tells it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// How many.
    pub k: u32,
    /// Out of how many.
    pub n: u32,
    /// k / n, 4 decimals; none below 5.
    pub share: Option<f64>,
    /// p̄ ± 3√(p̄(1−p̄)/n) within 0–1, 4 decimals; none below 10.
    pub limits: Option<[f64; 2]>,
    /// On which side of the limits the share lies, if outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<Side>,
}

/// A side of the control limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// More than the upper limit.
    Above,
    /// Less than the lower limit.
    Below,
}

/// All weeks of a chart together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendSum {
    /// How many.
    pub k: u32,
    /// Out of how many.
    pub n: u32,
    /// p̄, the middle line, 4 decimals; none below 5.
    pub share: Option<f64>,
    /// The weeks too small for limits, as one; none unless together they reach 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooled: Option<TrendPool>,
}

/// Several small weeks as one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendPool {
    /// The weeks, the oldest first; those without any observation left out.
    pub weeks: Vec<Week>,
    /// What they say together.
    pub point: TrendPoint,
}

/// k of n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    k: u32,
    n: u32,
}

impl Tally {
    fn add(&mut self, counts: bool) {
        self.n += 1;
        self.k += u32::from(counts);
    }
}

pub(super) fn trend(week: &Gathered<'_>, trace: &mut Trace) -> Trend {
    let book = week.input.book;
    let earlier = week.earlier.iter().map(|earlier| (earlier.week, &earlier.slots));
    let counted: Vec<(Week, [Tally; 2])> = earlier
        .chain([(week.input.week, &week.slots)])
        .map(|(of, slots)| (of, tallies(week, of, slots.values(), trace)))
        .collect();
    let chart = |which: usize| chart(counted.iter().map(|(of, tallies)| (*of, tallies[which])).collect());
    let (consistency, consistent) = chart(0);
    let (protected_displacement, displaced) = chart(1);
    let weeks =
        counted.iter().zip(consistent).zip(displaced).map(|(((of, _), consistency), displacement)| {
            let (holidays, events) = book.days_unlike_others(*of);
            let this = *of == week.input.week;
            let number = if this { week.input.teaching_week } else { book.teaching_week_of(of.monday()) };
            TrendWeek {
                week: *of,
                teaching_week: number,
                holidays,
                events,
                consistency,
                protected_displacement: displacement,
            }
        });
    Trend { weeks: weeks.collect(), consistency, protected_displacement }
}

/// Consistent of checked slots, and displaced of those in which a protected subject was planned.
fn tallies<'a>(
    week: &Gathered<'_>,
    of: Week,
    slots: impl Iterator<Item = &'a SeenSlot<'a>>,
    trace: &mut Trace,
) -> [Tally; 2] {
    let [mut consistency, mut displacement] = [Tally::default(); 2];
    for slot in slots {
        let Some(verdict) = slot.checked() else { continue };
        let consistent = matches!(verdict, Verdict::AsTimetabled | Verdict::ApprovedChange);
        consistency.add(consistent);
        trace.slot(format_args!("trend.{of}.checked"), slot);
        if !consistent {
            trace.slot(format_args!("trend.{of}.inconsistent"), slot);
        }
        if week.is_protected(slot.planned) {
            let displaced = verdict == Verdict::SubjectMismatch;
            displacement.add(displaced);
            trace.slot(format_args!("trend.{of}.protected"), slot);
            if displaced {
                trace.slot(format_args!("trend.{of}.protected_displaced"), slot);
            }
        }
    }
    [consistency, displacement]
}

/// A p-chart: the middle line over all weeks, and the weeks as its points.
fn chart(weeks: Vec<(Week, Tally)>) -> (TrendSum, Vec<TrendPoint>) {
    let sum = |tallies: &mut dyn Iterator<Item = Tally>| {
        tallies.fold(Tally::default(), |sum, one| Tally { k: sum.k + one.k, n: sum.n + one.n })
    };
    let all = sum(&mut weeks.iter().map(|(_, tally)| *tally));
    let small: Vec<(Week, Tally)> =
        weeks.iter().filter(|(_, tally)| (1..MIN_CHART).contains(&tally.n)).copied().collect();
    let together = sum(&mut small.iter().map(|(_, tally)| *tally));
    let pooled = (small.len() > 1 && together.n >= MIN_CHART).then(|| TrendPool {
        weeks: small.iter().map(|(week, _)| *week).collect(),
        point: point(together, all),
    });
    let points = weeks.into_iter().map(|(_, tally)| point(tally, all)).collect();
    (TrendSum { k: all.k, n: all.n, share: share(all.k, all.n), pooled }, points)
}

fn point(Tally { k, n }: Tally, all: Tally) -> TrendPoint {
    let limits = (n >= MIN_CHART).then(|| {
        let middle = f64::from(all.k) / f64::from(all.n);
        let reach = 3.0 * (middle * (1.0 - middle) / f64::from(n)).sqrt();
        [(middle - reach).max(0.0), (middle + reach).min(1.0)]
    });
    let outside = limits.and_then(|[low, high]| match f64::from(k) / f64::from(n) {
        share if share < low => Some(Side::Below),
        share if share > high => Some(Side::Above),
        _ => None,
    });
    TrendPoint { k, n, share: share(k, n), limits: limits.map(|ends| ends.map(round4)), outside }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weeks(tallies: &[(u32, u32)]) -> Vec<(Week, Tally)> {
        let newest: Week = "2026-W47".parse().unwrap();
        let weeks = (0..).map(|back| newest.back(back)).take(tallies.len()).collect::<Vec<_>>();
        weeks.into_iter().rev().zip(tallies).map(|(week, (k, n))| (week, Tally { k: *k, n: *n })).collect()
    }

    /// p̄ = 105/134 = 0.78358; for n = 40 three sigma are 3√(0.78358 × 0.21642 / 40) = 0.19533.
    #[test]
    fn a_week_below_three_sigma_is_outside_the_limits() {
        let (sum, points) = chart(weeks(&[(40, 44), (45, 50), (20, 40)]));

        assert_eq!((sum.k, sum.n, sum.share), (105, 134, Some(0.7836)));
        assert_eq!(points[2].limits, Some([0.5882, 0.9789]));
        assert_eq!(
            points.iter().map(|point| point.outside).collect::<Vec<_>>(),
            [None, None, Some(Side::Below)]
        );
    }

    #[test]
    fn a_week_above_the_limits_is_outside_too() {
        let (_, points) = chart(weeks(&[(2, 50), (1, 50), (14, 20)]));

        assert_eq!(points[2].outside, Some(Side::Above));
    }

    #[test]
    fn limits_stay_within_nought_and_one() {
        let (_, points) = chart(weeks(&[(10, 10), (11, 12)]));

        assert!(points.iter().all(|point| point.limits.is_some_and(|[low, high]| low >= 0.0 && high <= 1.0)));
        assert_eq!(points[0].limits.map(|[_, high]| high), Some(1.0));
    }

    #[test]
    fn weeks_of_fewer_than_ten_have_no_limits_and_are_pooled() {
        let (sum, points) = chart(weeks(&[(3, 4), (40, 44), (5, 9), (0, 0)]));

        assert!([0, 2, 3].iter().all(|place: &usize| points[*place].limits.is_none()));
        assert_eq!((points[0].share, points[2].share), (None, Some(0.5556)));
        let pooled = sum.pooled.unwrap();
        assert_eq!((pooled.weeks.len(), pooled.point.k, pooled.point.n), (2, 8, 13));
        assert!(pooled.point.limits.is_some());
    }

    #[test]
    fn small_weeks_that_make_no_ten_together_are_not_pooled() {
        assert_eq!(chart(weeks(&[(3, 4), (40, 44), (5, 5)])).0.pooled, None);
        assert_eq!(chart(weeks(&[(9, 9), (40, 44)])).0.pooled, None);
        assert_eq!(chart(Vec::new()).0.share, None);
    }
}
