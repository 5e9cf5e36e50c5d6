//! What a cell of the week says, once it is read.

use crate::book::LessonWeeks;

/// One lesson as a cell says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// What the school calls it; as written where nobody knows it.
    pub(super) subject: String,
    /// Neither the school nor the common list has it.
    pub(super) unknown: bool,
    /// Who, as written.
    pub(super) teacher: Option<String>,
    /// In which weeks, if it says so.
    pub(super) weeks: Option<LessonWeeks>,
    /// In which others, where it has a list of them (`1,3,5周`).
    pub(super) more_weeks: Vec<LessonWeeks>,
    /// Further classes that are taught together (合班), as written.
    pub(super) with: Vec<String>,
}

impl Entry {
    /// Takes a mark of weeks.
    pub(super) fn say(&mut self, weeks: &[LessonWeeks]) {
        if let Some((first, more)) = weeks.split_first() {
            (self.weeks, self.more_weeks) = (Some(*first), more.to_vec());
        }
    }

    /// All the spans of weeks in which it is taught.
    pub(super) fn spans(&self) -> impl Iterator<Item = LessonWeeks> {
        std::iter::once(self.weeks.unwrap_or_default()).chain(self.more_weeks.iter().copied())
    }
}

/// A cell, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CellRead {
    pub(super) entries: Vec<Entry>,
    /// The second of two may be the teacher of the first (`剪纸/王三`).
    pub(super) second_may_teach: bool,
    /// Words that say nothing known.
    pub(super) ignored: Vec<String>,
    /// What cannot be read.
    pub(super) flaws: Vec<String>,
}
