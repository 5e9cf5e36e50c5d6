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

#[cfg(test)]
mod tests {
    use super::*;

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
