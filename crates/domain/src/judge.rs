//! The verdict of a visit: what was seen, held against what should have been going on.
//!
//! Called by the phone when a visit is recorded and by the server whenever it is asked again; both
//! get the same answer from the same book.

use crate::book::SchoolBook;
use crate::ids::SubjectId;
use crate::resolve::{Expected, Resolution};
use crate::verdict::Verdict;
use crate::visit::{Observed, Situation, Slot};

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What should have been going on.
    pub resolution: Resolution,
}

impl Judgement {
    /// The expected lesson that what was seen is held against: of parallel groups the one of that subject.
    pub fn lesson_for(&self, seen: Option<SubjectId>) -> Option<&Expected> {
        let expected = self.resolution.expected();
        expected.iter().find(|lesson| Some(lesson.subject) == seen).or_else(|| expected.first())
    }
}

/// Judges what was seen in a slot.
pub fn judge(book: &SchoolBook, slot: &Slot, observed: &Observed) -> Judgement {
    let resolution = book.resolve(slot);
    let verdict = match &resolution {
        Resolution::NoTimetable | Resolution::UnknownClass | Resolution::UnknownPeriod => {
            Verdict::NotVerifiable
        }
        Resolution::NoSchool { .. } | Resolution::NoLesson => Verdict::NoLessonPlanned,
        Resolution::Closed { .. } | Resolution::Cancelled { .. } => Verdict::OfficialEvent,
        Resolution::Lesson { approved, .. } => {
            judge_lesson(observed, resolution.expected(), approved.is_some())
        }
    };
    Judgement { verdict, resolution }
}

/// Of several lessons expected at once (parallel groups) the one that fits best counts.
fn judge_lesson(observed: &Observed, expected: &[Expected], changed: bool) -> Verdict {
    let Observed { subject, teacher, situation } = observed;
    let seen = match (situation, subject) {
        (Situation::NoTeacher, _) => return Verdict::NoTeacher,
        (Situation::SelfStudy, _) => return Verdict::SelfStudy,
        (Situation::Assembly | Situation::Exam | Situation::Activity | Situation::NoClass, _)
        | (Situation::Lesson, None) => return Verdict::NotVerifiable,
        (Situation::Lesson, Some(subject)) => subject,
    };
    let mut of_subject = expected.iter().filter(|lesson| lesson.subject == *seen).peekable();
    if of_subject.peek().is_none() {
        return Verdict::SubjectMismatch;
    }
    let same_teacher =
        |lesson: &Expected| lesson.teacher.is_none() || teacher.is_none() || lesson.teacher == *teacher;
    match (of_subject.any(same_teacher), changed) {
        (true, true) => Verdict::ApprovedChange,
        (true, false) => Verdict::AsTimetabled,
        (false, _) => Verdict::TeacherMismatch,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::book::{ChangeKind, ChangeStatus, SwapWith};
    use crate::ids::{ClassId, SubjectId, TeacherId};
    use crate::names::NameMatch;
    use crate::sample::{change, plan, sample_book, sample_records, slot};

    fn seen(situation: Situation, lesson: Option<Expected>) -> Observed {
        Observed {
            subject: lesson.map(|lesson| lesson.subject),
            teacher: lesson.and_then(|lesson| lesson.teacher),
            situation,
        }
    }

    fn taught(lesson: Expected) -> Observed {
        seen(Situation::Lesson, Some(lesson))
    }

    #[test]
    fn the_planned_lesson_is_as_timetabled_even_if_the_teacher_is_not_known() {
        let book = sample_book();
        let slot = slot(&book, "三年级(2)班", "2026-11-17", "第3节");
        let planned = plan(&book, &slot);

        let unnamed = Expected { teacher: None, ..planned };

        assert_eq!(judge(&book, &slot, &taught(planned)).verdict, Verdict::AsTimetabled);
        assert_eq!(judge(&book, &slot, &taught(unnamed)).verdict, Verdict::AsTimetabled);
    }

    #[test]
    fn another_subject_or_teacher_is_a_mismatch() {
        let book = sample_book();
        let slot = slot(&book, "三年级(2)班", "2026-11-17", "第3节");
        let planned = plan(&book, &slot);
        let subject = SubjectId::from_uuid(Uuid::nil());
        let teacher = Some(TeacherId::from_uuid(Uuid::nil()));

        let displaced = judge(&book, &slot, &taught(Expected { subject, ..planned }));
        let replaced = judge(&book, &slot, &taught(Expected { teacher, ..planned }));

        assert_eq!(displaced.verdict, Verdict::SubjectMismatch);
        assert_eq!(replaced.verdict, Verdict::TeacherMismatch);
    }

    #[test]
    fn what_went_on_instead_of_a_lesson_has_its_own_verdict() {
        let book = sample_book();
        let slot = slot(&book, "三年级(2)班", "2026-11-17", "第3节");

        for (situation, verdict) in [
            (Situation::NoTeacher, Verdict::NoTeacher),
            (Situation::SelfStudy, Verdict::SelfStudy),
            (Situation::Exam, Verdict::NotVerifiable),
            (Situation::Assembly, Verdict::NotVerifiable),
            (Situation::NoClass, Verdict::NotVerifiable),
            (Situation::Lesson, Verdict::NotVerifiable),
        ] {
            assert_eq!(judge(&book, &slot, &seen(situation, None)).verdict, verdict, "{situation:?}");
        }
    }

    #[test]
    fn a_swap_filed_late_clears_both_slots_and_only_once_approved() {
        let mut book = sample_book();
        let first = slot(&book, "三年级(2)班", "2026-11-17", "第3节");
        let second = slot(&book, "三年级(2)班", "2026-11-19", "第1节");
        let (at_first, at_second) = (plan(&book, &first), plan(&book, &second));
        assert_ne!(at_first.subject, at_second.subject);
        let (id, mut swap) = change(1, ChangeKind::Swap, &first);
        swap.with = Some(SwapWith { date: second.date, period: "1".into() });
        swap.status = ChangeStatus::Filed;
        book.lesson_changes.insert(id, swap);
        assert_eq!(judge(&book, &first, &taught(at_second)).verdict, Verdict::SubjectMismatch);

        book.lesson_changes.get_mut(&id).unwrap().status = ChangeStatus::Approved;

        assert_eq!(judge(&book, &first, &taught(at_second)).verdict, Verdict::ApprovedChange);
        assert_eq!(judge(&book, &second, &taught(at_first)).verdict, Verdict::ApprovedChange);
        assert_eq!(judge(&book, &first, &taught(at_first)).verdict, Verdict::SubjectMismatch);
    }

    #[test]
    fn a_substitution_expects_the_other_teacher() {
        let mut book = sample_book();
        let slot = slot(&book, "三年级(2)班", "2026-11-17", "第3节");
        let planned = plan(&book, &slot);
        let (id, mut substitution) = change(1, ChangeKind::Substitution, &slot);
        substitution.teacher = book.teachers.keys().find(|id| Some(**id) != planned.teacher).copied();
        let teacher = substitution.teacher;
        book.lesson_changes.insert(id, substitution);

        let by_substitute = judge(&book, &slot, &taught(Expected { teacher, ..planned }));

        assert_eq!(by_substitute.verdict, Verdict::ApprovedChange);
        assert_eq!(judge(&book, &slot, &taught(planned)).verdict, Verdict::TeacherMismatch);
    }

    #[test]
    fn a_cancelled_lesson_gives_way_officially() {
        let mut book = sample_book();
        let slot = slot(&book, "三年级(2)班", "2026-11-17", "第3节");
        let (id, cancellation) = change(1, ChangeKind::Cancellation, &slot);
        book.lesson_changes.insert(id, cancellation);

        let judgement = judge(&book, &slot, &seen(Situation::NoTeacher, None));

        assert_eq!(judgement.verdict, Verdict::OfficialEvent);
        assert_eq!(judgement.resolution, Resolution::Cancelled { change: id });
    }

    #[test]
    fn without_a_timetable_or_class_nothing_can_be_verified() {
        let mut book = sample_book();
        let known = slot(&book, "三年级(2)班", "2026-11-17", "第3节");
        let observed = seen(Situation::NoTeacher, None);
        let stranger = Slot { class: ClassId::from_uuid(Uuid::nil()), ..known.clone() };
        let no_period = Slot { period: "第19节".into(), ..known.clone() };

        assert_eq!(judge(&book, &stranger, &observed).verdict, Verdict::NotVerifiable);
        assert_eq!(judge(&book, &no_period, &observed).verdict, Verdict::NotVerifiable);
        book.timetables.clear();
        assert_eq!(judge(&book, &known, &observed).verdict, Verdict::NotVerifiable);
    }

    #[test]
    fn the_visits_of_week_twelve_are_judged_as_expected() {
        let book = sample_book();
        let visits = include_str!("../../../tests/data/qinghe-week12-visits.json");
        let visits: Vec<serde_json::Value> = serde_json::from_str(visits).unwrap();

        let verdicts: BTreeMap<Slot, Verdict> = visits
            .iter()
            .map(|visit| {
                let text = |key: &str| visit[key].as_str().unwrap_or_default();
                let slot = slot(&book, text("class_name"), text("date"), text("period"));
                let teacher = match book.teacher_by_name(text("observed_teacher")) {
                    NameMatch::One(teacher) => Some(teacher),
                    NameMatch::None | NameMatch::Many(_) => None,
                };
                let subject = book.subject_by_name(text("observed_subject"));
                let observed = Observed { subject, teacher, situation: Situation::Lesson };
                let verdict = judge(&book, &slot, &observed).verdict;
                (slot, verdict)
            })
            .collect();

        let count = |wanted| verdicts.values().filter(|verdict| **verdict == wanted).count();
        assert_eq!(verdicts.len(), 44);
        assert_eq!((count(Verdict::AsTimetabled), count(Verdict::SubjectMismatch)), (40, 4));
    }

    fn situations() -> impl Strategy<Value = Situation> {
        prop::sample::select(vec![
            Situation::Lesson,
            Situation::SelfStudy,
            Situation::NoTeacher,
            Situation::NoClass,
            Situation::Assembly,
            Situation::Exam,
            Situation::Activity,
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_order_of_records_does_not_matter(
            records in Just(sample_records()).prop_shuffle(),
            offset in 0_u64..200,
            period in "(第[1-7]节|早读|.{0,3})",
            situation in situations(),
            lesson in prop::option::of((0_u128..40, prop::option::of(0_u128..70))),
        ) {
            let ordered = sample_book();
            let shuffled = SchoolBook::from_records(records.iter().map(|(kind, id, fields)| (*kind, *id, fields)));
            let mut slot = slot(&ordered, "三年级(2)班", "2026-08-20", "");
            slot.period = period;
            slot.date = slot.date.checked_add_days(chrono::Days::new(offset)).unwrap();
            let lesson = lesson.map(|(subject, teacher)| Expected {
                subject: SubjectId::from_uuid(Uuid::from_u128(0x3000 + subject)),
                teacher: teacher.map(|teacher| TeacherId::from_uuid(Uuid::from_u128(0x2000 + teacher))),
            });
            let observed = seen(situation, lesson);

            prop_assert_eq!(judge(&ordered, &slot, &observed), judge(&shuffled, &slot, &observed));
        }
    }
}
