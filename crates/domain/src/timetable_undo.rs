//! Undoing a timetable version as one unit: what depends on it by now, and what it alone brought.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::book::{ChangeStatus, LessonChange, SchoolBook, SwapWith};
use crate::class_name::display_name;
use crate::ids::{ClassId, LessonChangeId, SubjectId, TeacherId, TimetableId, VisitId};
use crate::record_type::RecordType;
use crate::visit::{Observed, Slot};
use crate::week::Week;

/// A visit as far as it depends on reference data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependentVisit {
    /// The visit.
    pub id: VisitId,
    /// Where it was.
    pub slot: Slot,
    /// What was seen, if anything yet.
    pub observed: Option<Observed>,
    /// Whether a log may count it.
    pub submitted: bool,
}

/// Something that would stand on nothing without the version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependent {
    /// A visit that a published log has judged by it.
    Visit {
        /// The visit.
        visit: VisitId,
        /// Where it was.
        slot: Slot,
        /// The published week.
        week: Week,
    },
    /// A lesson change that was filed for its lessons after it was made.
    Change {
        /// The change.
        change: LessonChangeId,
        /// The lesson concerned.
        slot: Slot,
    },
}

/// What depends on a version: visits that a published week has judged by it, then changes that were filed for its
/// lessons since it was made and are neither refused nor void. Ids of both are made by the server in the order of
/// time (`UUIDv7`), so a later change has the larger one.
pub fn dependents(
    book: &SchoolBook,
    version: TimetableId,
    visits: &[DependentVisit],
    published: &BTreeSet<Week>,
) -> Vec<Dependent> {
    let in_force = |slot: &Slot| {
        book.timetable_on(slot.date)
            .is_some_and(|(id, timetable)| id == version && timetable.grid.contains_key(&slot.class))
    };
    let judged = visits.iter().filter(|visit| visit.submitted && in_force(&visit.slot)).filter_map(|visit| {
        let week = Week::of(visit.slot.date);
        let DependentVisit { id, slot, observed: _, submitted: _ } = visit;
        published.contains(&week).then(|| Dependent::Visit { visit: *id, slot: slot.clone(), week })
    });
    let filed = book
        .lesson_changes
        .iter()
        .filter(|(id, _)| id.into_uuid() > version.into_uuid())
        .filter(|(_, change)| change.status != ChangeStatus::Rejected && change.retired.is_none())
        .filter_map(|(id, change)| {
            let slot = ends(change).into_iter().flatten().find(|slot| in_force(slot))?;
            Some(Dependent::Change { change: *id, slot })
        });
    judged.chain(filed).collect()
}

/// The slots a change is about.
fn ends(change: &LessonChange) -> [Option<Slot>; 2] {
    let slot = |date, period: &str| Slot { date, period: period.to_owned(), class: change.class };
    let here = slot(change.date, &change.period);
    [Some(here), change.with.as_ref().map(|SwapWith { date, period }| slot(*date, period))]
}

/// Since when a record is retired that came with an import and was undone with it: it never was there.
pub const NEVER: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day of the calendar");

/// Of the records that came with a version those that nothing else uses: no other timetable, no change of lessons, no
/// visit, no account, no teacher who says that the subject is his own.
pub fn unused(
    book: &SchoolBook,
    version: TimetableId,
    added: &BTreeMap<Uuid, RecordType>,
    visits: &[DependentVisit],
) -> BTreeMap<Uuid, RecordType> {
    let used = used(book, version, added, visits);
    added.iter().filter(|(id, _)| !used.contains(id)).map(|(id, kind)| (*id, *kind)).collect()
}

fn used(
    book: &SchoolBook,
    version: TimetableId,
    added: &BTreeMap<Uuid, RecordType>,
    visits: &[DependentVisit],
) -> BTreeSet<Uuid> {
    let mut used = BTreeSet::new();
    let mut name = |class: Option<ClassId>, subject: Option<SubjectId>, teacher: Option<TeacherId>| {
        let ids = [
            class.map(ClassId::into_uuid),
            subject.map(SubjectId::into_uuid),
            teacher.map(TeacherId::into_uuid),
        ];
        used.extend(ids.into_iter().flatten());
    };
    let others = book.timetables.iter().filter(|(id, timetable)| {
        **id != version && timetable.retired.is_none_or(|retired| retired > timetable.valid_from)
    });
    for (class, lesson) in others.flat_map(|(_, timetable)| {
        timetable.grid.iter().flat_map(|(class, lessons)| lessons.iter().map(|lesson| (*class, lesson)))
    }) {
        name(Some(class), Some(lesson.subject), lesson.teacher);
    }
    for change in book.lesson_changes.values().filter(|change| change.retired.is_none()) {
        name(Some(change.class), change.subject, change.teacher);
    }
    for DependentVisit { id: _, slot, observed, submitted: _ } in visits {
        let seen = observed.as_ref();
        name(
            Some(slot.class),
            seen.and_then(|observed| observed.subject),
            seen.and_then(|observed| observed.teacher),
        );
    }
    for (teacher, subjects) in &book.own_subjects {
        if !added.contains_key(&teacher.into_uuid()) {
            for subject in subjects {
                name(None, Some(*subject), None);
            }
        }
    }
    for (teacher, known) in &book.teachers {
        if known.user.is_some() {
            name(None, None, Some(*teacher));
        }
    }
    used
}

/// A slot in the words of people: `三年级(2)班 2026-11-17 第3节`.
pub fn slot_in_words(book: &SchoolBook, slot: &Slot) -> String {
    let class = book.classes.get(&slot.class).map(|class| display_name(class, slot.date));
    format!("{} {} {}", class.unwrap_or_default(), slot.date, slot.period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{ChangeKind, Timetable};
    use crate::sample::{change, day, sample_book, slot};

    const NEW: TimetableId = TimetableId::from_uuid(Uuid::from_u128(0x5000));

    /// The sample with a second version of the same lessons from 2026-11-16 on.
    fn two_versions() -> SchoolBook {
        let mut book = sample_book();
        let old = book.timetables.values().next().unwrap().clone();
        book.timetables.insert(NEW, Timetable { valid_from: day("2026-11-16"), ..old });
        book
    }

    fn visit(book: &SchoolBook, date: &str, submitted: bool) -> DependentVisit {
        let slot = slot(book, "三年级(2)班", date, "第3节");
        DependentVisit { id: VisitId::from_uuid(Uuid::from_u128(9)), slot, observed: None, submitted }
    }

    #[test]
    fn a_published_visit_depends_on_the_version_that_judged_it() {
        let book = two_versions();
        let published = BTreeSet::from([Week::of(day("2026-11-10")), Week::of(day("2026-11-17"))]);
        let count = |date: &str, submitted: bool| {
            dependents(&book, NEW, &[visit(&book, date, submitted)], &published).len()
        };

        assert_eq!(count("2026-11-17", true), 1);
        assert_eq!(count("2026-11-10", true), 0, "judged by the version before");
        assert_eq!(count("2026-11-24", true), 0, "of a week that is not published");
        assert_eq!(count("2026-11-17", false), 0, "a draft is in no log");
    }

    #[test]
    fn a_change_filed_since_depends_on_the_version_it_was_filed_for() {
        let mut book = two_versions();
        let late = slot(&book, "三年级(2)班", "2026-11-24", "第3节");
        let early = slot(&book, "三年级(2)班", "2026-11-10", "第3节");
        let (before, old) = change(0x4fff, ChangeKind::Cancellation, &late);
        let (after, new) = change(0x5001, ChangeKind::Cancellation, &late);
        let (other, of_before) = change(0x5002, ChangeKind::Cancellation, &early);
        book.lesson_changes.extend([(before, old), (after, new), (other, of_before)]);

        let found = dependents(&book, NEW, &[], &BTreeSet::new());

        assert_eq!(found, [Dependent::Change { change: after, slot: late }]);
        book.lesson_changes.get_mut(&after).unwrap().status = ChangeStatus::Rejected;
        assert_eq!(dependents(&book, NEW, &[], &BTreeSet::new()), []);
    }

    #[test]
    fn what_something_else_uses_stays() {
        let mut book = two_versions();
        let (class, lesson) = {
            let (class, lessons) = book.timetables[&NEW].grid.first_key_value().unwrap();
            (*class, lessons[0].clone())
        };
        let added = BTreeMap::from([
            (class.into_uuid(), RecordType::Class),
            (lesson.subject.into_uuid(), RecordType::Subject),
        ]);
        let visits = [DependentVisit {
            slot: Slot { class, ..visit(&book, "2026-11-17", true).slot },
            ..visit(&book, "2026-11-17", true)
        }];

        assert_eq!(unused(&book, NEW, &added, &[]), BTreeMap::new(), "the other version has them");
        book.timetables.retain(|id, _| *id == NEW);
        assert_eq!(unused(&book, NEW, &added, &[]), added);
        assert!(!unused(&book, NEW, &added, &visits).contains_key(&class.into_uuid()));
    }
}
