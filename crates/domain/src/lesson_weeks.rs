//! In which weeks a lesson is taught.

use crate::book::{LessonWeeks, Parity};

impl LessonWeeks {
    /// Whether the lesson is taught in a week of this parity and number. What is not known excludes
    /// nothing: without a semester both halves of an odd/even pair may be on.
    pub fn holds(self, parity: Option<Parity>, week: Option<u32>) -> bool {
        match self {
            Self::All => true,
            Self::Odd => parity.is_none_or(|parity| parity == Parity::Odd),
            Self::Even => parity.is_none_or(|parity| parity == Parity::Even),
            Self::Range(from, to) => week.is_none_or(|week| (from..=to).contains(&week)),
        }
    }

    /// A fixed order.
    pub(crate) const fn order(self) -> (u32, u32, u32) {
        match self {
            Self::All => (0, 0, 0),
            Self::Odd => (1, 0, 0),
            Self::Even => (2, 0, 0),
            Self::Range(from, to) => (3, from, to),
        }
    }

    /// Whether some week has both lessons.
    pub fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            (Self::All, _) | (_, Self::All) | (Self::Odd, Self::Odd) | (Self::Even, Self::Even) => true,
            (Self::Odd, Self::Even) | (Self::Even, Self::Odd) => false,
            (Self::Range(a, b), Self::Range(c, d)) => a.max(c) <= b.min(d),
            (Self::Range(a, b), Self::Odd) | (Self::Odd, Self::Range(a, b)) => {
                a < b || (a == b && !a.is_multiple_of(2))
            }
            (Self::Range(a, b), Self::Even) | (Self::Even, Self::Range(a, b)) => {
                a < b || (a == b && a.is_multiple_of(2))
            }
        }
    }
}

impl Parity {
    /// The parity of a week's number.
    pub const fn of(week: u32) -> Self {
        if week.is_multiple_of(2) { Self::Even } else { Self::Odd }
    }
}

/// How many times a week each lesson of one cell is taught: odd and even weeks are half of all, and lessons that
/// are on at once (groups beside each other) share their hour. `weeks` are the teaching weeks; where none are known,
/// one odd and one even week stand for all, and lessons of a range of weeks are on in both.
pub(crate) fn weekly_shares(cell: &[LessonWeeks], weeks: &[(u32, Parity)]) -> Vec<f64> {
    let mut shares = vec![0.0; cell.len()];
    for parity in [Parity::Odd, Parity::Even] {
        let of_parity = weeks.iter().filter(|(_, of)| *of == parity).map(|(week, _)| Some(*week));
        let mut of_parity: Vec<Option<u32>> = of_parity.collect();
        if of_parity.is_empty() {
            of_parity.push(None);
        }
        let weeks = float(of_parity.len());
        let mut times = vec![0.0; cell.len()];
        for week in of_parity {
            let on: Vec<bool> = cell.iter().map(|weeks| weeks.holds(Some(parity), week)).collect();
            let share = 1.0 / float(on.iter().filter(|on| **on).count());
            for (sum, _) in times.iter_mut().zip(on).filter(|(_, on)| *on) {
                *sum += share;
            }
        }
        for (share, times) in shares.iter_mut().zip(times) {
            *share += times / weeks / 2.0;
        }
    }
    shares
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_at_once_shares_its_hour_and_every_other_week_is_half() {
        use LessonWeeks::{All, Even, Odd, Range};
        let term: Vec<(u32, Parity)> = (1..=20).map(|week| (week, Parity::of(week))).collect();

        assert_eq!(weekly_shares(&[All], &[]), [1.0]);
        assert_eq!(weekly_shares(&[Odd, Even], &term[..19]), [0.5, 0.5], "even in a term of 19 weeks");
        assert_eq!(weekly_shares(&[All, All], &[]), [0.5, 0.5]);
        assert_eq!(weekly_shares(&[All, Odd], &[]), [0.75, 0.25]);
        assert_eq!(weekly_shares(&[Range(1, 5)], &[]), [1.0]);
        let rounded = |cell: &[LessonWeeks]| -> Vec<i64> {
            #[expect(clippy::cast_possible_truncation, reason = "hundredths of one")]
            weekly_shares(cell, &term).iter().map(|share| (share * 100.0).round() as i64).collect()
        };
        assert_eq!(rounded(&[Range(1, 5)]), [25]);
        assert_eq!(rounded(&[Range(1, 10), Range(11, 20)]), [50, 50]);
    }

    #[test]
    fn odd_weeks_are_not_even_weeks() {
        assert!(LessonWeeks::Odd.holds(Some(Parity::Odd), None));
        assert!(!LessonWeeks::Odd.holds(Some(Parity::Even), None));
        assert!(LessonWeeks::Even.holds(None, Some(3)));
        assert!(!LessonWeeks::Range(1, 9).holds(None, Some(10)));
    }

    #[test]
    fn lessons_overlap_where_a_week_has_both() {
        assert!(LessonWeeks::All.overlaps(LessonWeeks::Odd));
        assert!(!LessonWeeks::Even.overlaps(LessonWeeks::Odd));
        assert!(!LessonWeeks::Range(1, 9).overlaps(LessonWeeks::Range(10, 18)));
        assert!(LessonWeeks::Range(1, 2).overlaps(LessonWeeks::Even));
        assert!(!LessonWeeks::Range(5, 5).overlaps(LessonWeeks::Even));
    }
}
