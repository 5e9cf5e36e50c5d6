//! What a log is compiled from: plain values, already resolved and judged by the caller.

use std::collections::BTreeMap;

use crate::book::SchoolBook;
use crate::ids::{ClassId, SchoolId, SubjectId, TeacherId};
use crate::log::DataNote;
use crate::objection::Objection;
use crate::verdict::Verdict;
use crate::visit::{Slot, Visit};
use crate::week::Week;

/// One school's week, ready to be compiled.
#[derive(Clone, Debug)]
pub struct LogInput<'a> {
    /// The school.
    pub school: SchoolId,
    /// The week, Monday to Sunday.
    pub week: Week,
    /// Number of the teaching week (教学周), from 1; none outside a semester.
    pub teaching_week: Option<u32>,
    /// Names to display, protected subjects, problem categories.
    pub book: &'a SchoolBook,
    /// Every class that exists in the week.
    pub class_names: BTreeMap<ClassId, ClassLabel>,
    /// Every lesson planned in the week, after calendar and approved changes.
    pub planned: Vec<PlannedLesson>,
    /// The visits of the week, each once, in any order. Drafts, withdrawn visits and visits whose
    /// slot is absent or in another week are left out (domain, section 7).
    pub visits: Vec<LoggedVisit<'a>>,
    /// The last week before this one in which each class was visited; none: never this semester.
    pub unseen_since: BTreeMap<ClassId, Option<Week>>,
    /// The last week before this one in which a lesson planned of each subject was visited, this semester.
    pub subjects_last_seen: BTreeMap<SubjectId, Week>,
    /// The last week before this one in which each teacher was seen teaching, this semester.
    pub teachers_last_seen: BTreeMap<TeacherId, Week>,
    /// The teaching weeks before this one in its semester, the newest first, at most 7: repeats, the trend and the
    /// comparison of inspectors look back on them.
    pub earlier: Vec<EarlierWeek<'a>>,
    /// What the caller knows about the completeness of the data, such as devices with unsent entries.
    pub notes: Vec<DataNote>,
}

/// An earlier teaching week with its visits, under the same rules as those of the week itself.
#[derive(Clone, Debug)]
pub struct EarlierWeek<'a> {
    /// The week.
    pub week: Week,
    /// Its visits, each once, in any order; judged with what is known now.
    pub visits: Vec<LoggedVisit<'a>>,
}

/// How a class is called in the week, which depends on the school year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassLabel {
    /// The grade, 1–9 (12 in full secondary schools).
    pub grade: Option<u32>,
    /// Such as `三年级(2)班`.
    pub name: String,
}

/// A lesson planned in a slot of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedLesson {
    /// Where and when.
    pub slot: Slot,
    /// What is to be taught.
    pub subject: SubjectId,
    /// By whom, where the timetable says.
    pub teacher: Option<TeacherId>,
}

/// A visit with what the server knows about it beyond its fields.
#[derive(Clone, Debug)]
pub struct LoggedVisit<'a> {
    /// The visit as recorded.
    pub visit: &'a Visit,
    /// The inspector's name, for display.
    pub inspector_name: String,
    /// The verdict by the timetable in force that day and all approved changes (`verdict_now`).
    pub verdict: Verdict,
    /// The subject that verdict held the observation against.
    pub planned_subject: Option<SubjectId>,
    /// The teacher that verdict held the observation against.
    pub planned_teacher: Option<TeacherId>,
    /// Corrected device time minus the chosen period, in minutes; negative is early.
    pub arrived_off_minutes: Option<i64>,
    /// Minutes from the end of the chosen period until the visit was submitted, by the corrected clock; none if the
    /// period has no time. Negative while the lesson went on.
    pub entered_after_minutes: Option<i64>,
    /// Minutes from the submission, by the corrected clock, until the visit was here; 0 if it was here before.
    pub sync_delay_minutes: Option<u32>,
    /// Received after the week's first publication (补录).
    pub received_late: bool,
    /// Whether the teacher contests what it says.
    pub objection: Option<Objection>,
}
