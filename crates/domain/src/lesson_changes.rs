//! 调课, 代课, 停课: what approved lesson changes make of a slot (domain, section 4).

use chrono::NaiveDate;

use crate::bell::period_key;
use crate::book::{ChangeKind, ChangeStatus, LessonChange, SchoolBook, SwapWith};
use crate::ids::LessonChangeId;
use crate::resolve::{ApprovedExpectation, Expected};
use crate::visit::Slot;

impl SchoolBook {
    /// The lesson changes that count.
    pub(crate) fn changes_in_force(&self) -> impl Iterator<Item = (LessonChangeId, &LessonChange)> {
        self.lesson_changes
            .iter()
            .filter(|(_, change)| change.status == ChangeStatus::Approved && change.retired.is_none())
            .map(|(id, change)| (*id, change))
    }

    /// What approved changes make of a slot. A cancellation ends it; else a swap brings the other
    /// lesson, and a substitution changes what is there then. Of several of one kind the newest
    /// (largest id) counts.
    pub(crate) fn approved_expectation(
        &self,
        slot: &Slot,
        planned: &[Expected],
    ) -> Option<ApprovedExpectation> {
        let key = period_key(&slot.period);
        let at = |date: NaiveDate, period: &str| date == slot.date && period_key(period) == key;
        let (mut cancelled, mut swapped, mut substituted) = (None, None, None);
        for (id, change) in self.changes_in_force().filter(|(_, change)| change.class == slot.class) {
            let here = at(change.date, &change.period);
            match (change.kind, &change.with) {
                (ChangeKind::Cancellation, _) if here => cancelled = Some(id),
                (ChangeKind::Substitution, _) if here => substituted = Some((id, change)),
                (ChangeKind::Swap, Some(SwapWith { date, period })) if here => {
                    swapped = Some((id, *date, period));
                }
                (ChangeKind::Swap, Some(SwapWith { date, period })) if at(*date, period) => {
                    swapped = Some((id, change.date, &change.period));
                }
                (ChangeKind::Cancellation | ChangeKind::Substitution | ChangeKind::Swap, _) => {}
            }
        }
        if let Some(change) = cancelled {
            return Some(ApprovedExpectation { change, lessons: Vec::new() });
        }
        let moved = swapped.map(|(id, date, period)| (id, self.planned_lessons(slot.class, date, period)));
        let Some((id, change)) = substituted else {
            return moved.map(|(change, lessons)| ApprovedExpectation { change, lessons });
        };
        let base = moved.map_or_else(|| planned.to_vec(), |(_, lessons)| lessons);
        Some(ApprovedExpectation { change: id, lessons: substitute(change, &base) })
    }
}

/// The lessons of a slot with another teacher or subject. Another subject without a named teacher
/// is taught by anyone.
fn substitute(change: &LessonChange, base: &[Expected]) -> Vec<Expected> {
    let mut lessons: Vec<Expected> = match (change.subject, change.teacher) {
        (Some(subject), teacher) => vec![Expected { subject, teacher }],
        (None, Some(teacher)) => {
            base.iter().map(|lesson| Expected { teacher: Some(teacher), ..*lesson }).collect()
        }
        (None, None) => base.to_vec(),
    };
    lessons.dedup();
    lessons
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::TeacherId;
    use crate::resolve::Resolution;
    use crate::sample::{change, plan, sample_book, slot};

    const CLASS: &str = "三年级(2)班";

    #[test]
    fn a_swap_with_an_empty_saturday_moves_the_lesson() {
        let mut book = sample_book();
        let from = slot(&book, CLASS, "2026-11-17", "第3节");
        let to = slot(&book, CLASS, "2026-11-21", "第3节");
        let moved = plan(&book, &from);
        let (id, mut swap) = change(1, ChangeKind::Swap, &from);
        swap.with = Some(SwapWith { date: to.date, period: to.period.clone() });
        book.lesson_changes.insert(id, swap);

        assert_eq!(book.resolve(&from), Resolution::Cancelled { change: id });
        assert_eq!(book.resolve(&to).expected(), [moved]);
    }

    #[test]
    fn a_substitute_takes_the_lesson_a_swap_brought() {
        let mut book = sample_book();
        let first = slot(&book, CLASS, "2026-11-17", "第3节");
        let second = slot(&book, CLASS, "2026-11-19", "第1节");
        let brought = plan(&book, &second);
        let (swap_id, mut swap) = change(1, ChangeKind::Swap, &first);
        swap.with = Some(SwapWith { date: second.date, period: second.period.clone() });
        let (id, mut substitution) = change(2, ChangeKind::Substitution, &first);
        let teacher = Some(TeacherId::from_uuid(Uuid::nil()));
        substitution.teacher = teacher;
        book.lesson_changes.extend([(swap_id, swap), (id, substitution)]);

        let Resolution::Lesson { approved, .. } = book.resolve(&first) else { panic!("no lesson") };

        let lessons = vec![Expected { teacher, ..brought }];
        assert_eq!(approved, Some(ApprovedExpectation { change: id, lessons }));
    }
}
