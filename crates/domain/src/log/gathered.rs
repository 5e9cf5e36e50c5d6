//! The week put in order before anything is counted: which visits count, and what the inspectors of
//! one slot agree on (domain, section 2.8: two inspectors on one slot are two visits and one slot).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, SubjectId, TeacherId, VisitId};
use crate::log::{EarlierWeek, LogInput, LoggedVisit, PlannedLesson};
use crate::verdict::Verdict;
use crate::visit::Slot;
use crate::week::Week;

/// A slot as people name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// School-local date.
    pub date: NaiveDate,
    /// Label of the bell schedule, such as `第3节`.
    pub period: String,
    /// The class's name in that week.
    pub class: String,
}

/// A subject the book does not have.
const UNKNOWN_SUBJECT: &str = "未知学科";
/// A class that does not exist in the week.
const UNKNOWN_CLASS: &str = "未知班级";

/// A visit that counts, with its slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) slot: &'a Slot,
    pub(super) logged: &'a LoggedVisit<'a>,
}

/// What the visits of one slot say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// All who could say said this; `NotVerifiable` if nobody could.
    Agreed(Verdict),
    /// They contradict each other: out of all rates until solved.
    Disputed,
    /// Only marked in bulk: no evidence.
    BulkOnly,
}

/// A slot with its visits, in the order of their ids.
#[derive(Clone, Debug)]
pub(super) struct SeenSlot<'a> {
    pub(super) slot: &'a Slot,
    pub(super) visits: Vec<Seen<'a>>,
    pub(super) ruling: Ruling,
    pub(super) planned: Option<SubjectId>,
    pub(super) observed: Option<SubjectId>,
}

/// The week in order.
#[derive(Debug)]
pub(super) struct Gathered<'a> {
    pub(super) input: &'a LogInput<'a>,
    pub(super) planned: BTreeMap<&'a Slot, &'a PlannedLesson>,
    pub(super) visits: Vec<Seen<'a>>,
    pub(super) slots: BTreeMap<&'a Slot, SeenSlot<'a>>,
    /// The earlier weeks, the oldest first.
    pub(super) earlier: Vec<Earlier<'a>>,
}

/// An earlier week in order.
#[derive(Debug)]
pub(super) struct Earlier<'a> {
    pub(super) week: Week,
    pub(super) visits: Vec<Seen<'a>>,
    pub(super) slots: BTreeMap<&'a Slot, SeenSlot<'a>>,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(input: &'a LogInput<'a>) -> Self {
        let mut planned: BTreeMap<&Slot, &PlannedLesson> = BTreeMap::new();
        for lesson in &input.planned {
            // Two lessons of one slot (parallel groups) are one slot: the lesser id stands for it.
            let first = planned.entry(&lesson.slot).or_insert(lesson);
            if (lesson.subject, lesson.teacher) < (first.subject, first.teacher) {
                *first = lesson;
            }
        }

        let (visits, slots) = in_order(input.week, &input.visits, &planned);
        let mut earlier: Vec<Earlier<'a>> = (input.earlier.iter())
            .map(|EarlierWeek { week, visits }| {
                let (visits, slots) = in_order(*week, visits, &BTreeMap::new());
                Earlier { week: *week, visits, slots }
            })
            .collect();
        earlier.sort_by_key(|earlier| earlier.week);
        Self { input, planned, visits, slots, earlier }
    }

    pub(super) fn subject_name(&self, subject: Option<SubjectId>) -> String {
        let subject = subject.and_then(|id| self.input.book.subjects.get(&id));
        subject.map_or(UNKNOWN_SUBJECT, |subject| subject.name.as_str()).to_owned()
    }

    pub(super) fn teacher_name(&self, teacher: Option<TeacherId>) -> Option<String> {
        teacher.and_then(|id| self.input.book.teachers.get(&id)).map(|teacher| teacher.name.clone())
    }

    pub(super) fn class_name(&self, class: ClassId) -> String {
        self.input.class_names.get(&class).map_or(UNKNOWN_CLASS, |label| label.name.as_str()).to_owned()
    }

    pub(super) fn grade(&self, class: ClassId) -> Option<u32> {
        self.input.class_names.get(&class).and_then(|label| label.grade)
    }

    pub(super) fn place(&self, slot: &Slot) -> Place {
        Place { date: slot.date, period: slot.period.clone(), class: self.class_name(slot.class) }
    }

    /// Whether a subject is one of those whose displacement is watched most.
    pub(super) fn is_protected(&self, subject: Option<SubjectId>) -> bool {
        let subject = subject.and_then(|id| self.input.book.subjects.get(&id));
        subject.is_some_and(|subject| subject.protected)
    }

    /// Names of the protected subjects still taught: listed even where there is nothing to say.
    pub(super) fn protected_subjects(&self) -> impl Iterator<Item = &'a str> {
        let (book, monday) = (self.input.book, self.input.week.monday());
        let taught = book
            .subjects
            .values()
            .filter(move |subject| subject.protected && subject.retired.is_none_or(|from| from > monday));
        taught.map(|subject| subject.name.as_str())
    }
}

impl Seen<'_> {
    pub(super) fn id(&self) -> VisitId {
        self.logged.visit.id
    }

    /// The subject of the lesson that was given; the planned one if the visit does not say.
    pub(super) fn subject_given(&self) -> Option<SubjectId> {
        let observed = self.logged.visit.observed.and_then(|observed| observed.subject);
        observed.or(self.logged.planned_subject)
    }

    /// Who taught: as observed, or as planned where the verdict says the plan was kept.
    pub(super) fn teacher_seen(&self) -> Option<TeacherId> {
        let observed = self.logged.visit.observed.and_then(|observed| observed.teacher);
        let kept = matches!(self.logged.verdict, Verdict::AsTimetabled | Verdict::ApprovedChange);
        observed.or(if kept { self.logged.planned_teacher } else { None })
    }
}

impl<'a> SeenSlot<'a> {
    fn new(slot: &'a Slot, visits: Vec<Seen<'a>>, planned: Option<&PlannedLesson>) -> Self {
        let evidence = || visits.iter().map(|seen| seen.logged).filter(|logged| !logged.visit.bulk);
        let definite = || evidence().filter(|logged| logged.verdict != Verdict::NotVerifiable);
        let seen = |logged: &LoggedVisit<'_>| logged.visit.observed.and_then(|observed| observed.subject);
        let ruling = rule(evidence().map(|logged| (logged.verdict, seen(logged))));
        let observed: BTreeSet<SubjectId> = definite().filter_map(seen).collect();
        let held_against = definite().find_map(|logged| logged.planned_subject);
        let planned = held_against.or(planned.map(|lesson| lesson.subject));
        let observed = observed.first().copied();
        Self { slot, visits, ruling, planned, observed }
    }

    /// The verdict, if the slot counts as checked: definite, agreed on, and of a lesson that was due.
    /// `NotVerifiable`, `NoLessonPlanned`, `OfficialEvent`, disputed and bulk-only slots do not.
    pub(super) const fn checked(&self) -> Option<Verdict> {
        match self.ruling {
            Ruling::Agreed(Verdict::NotVerifiable | Verdict::NoLessonPlanned | Verdict::OfficialEvent)
            | Ruling::Disputed
            | Ruling::BulkOnly => None,
            Ruling::Agreed(verdict) => Some(verdict),
        }
    }
}

/// What visits of one slot say together: the verdict of each that was not marked in bulk, and the subject it saw.
pub(crate) fn rule(evidence: impl Iterator<Item = (Verdict, Option<SubjectId>)>) -> Ruling {
    let (mut seen, mut verdicts, mut observed) = (false, BTreeSet::new(), BTreeSet::new());
    for (verdict, subject) in evidence {
        seen = true;
        if verdict != Verdict::NotVerifiable {
            verdicts.insert(verdict);
            observed.extend(subject);
        }
    }
    match verdicts.iter().collect::<Vec<_>>().as_slice() {
        [] if !seen => Ruling::BulkOnly,
        [] => Ruling::Agreed(Verdict::NotVerifiable),
        [Verdict::SubjectMismatch] if observed.len() > 1 => Ruling::Disputed,
        [verdict] => Ruling::Agreed(**verdict),
        _ => Ruling::Disputed,
    }
}

/// The visits of a week that count, by id, and their slots.
fn in_order<'a>(
    week: Week,
    logged: &'a [LoggedVisit<'a>],
    planned: &BTreeMap<&Slot, &PlannedLesson>,
) -> (Vec<Seen<'a>>, BTreeMap<&'a Slot, SeenSlot<'a>>) {
    let mut visits: Vec<Seen<'a>> = logged.iter().filter_map(|logged| seen(week, logged)).collect();
    visits.sort_by_key(Seen::id);

    let mut by_slot: BTreeMap<&Slot, Vec<Seen<'a>>> = BTreeMap::new();
    for visit in &visits {
        by_slot.entry(visit.slot).or_default().push(*visit);
    }
    let slots = by_slot
        .into_iter()
        .map(|(slot, visits)| (slot, SeenSlot::new(slot, visits, planned.get(slot).copied())))
        .collect();
    (visits, slots)
}

fn seen<'a>(week: Week, logged: &'a LoggedVisit<'a>) -> Option<Seen<'a>> {
    let visit = logged.visit;
    let counts = visit.submitted_at.is_some() && visit.withdrawn.is_none();
    let slot = visit.slot.as_ref().filter(|slot| counts && week.contains(slot.date))?;
    Some(Seen { slot, logged })
}
