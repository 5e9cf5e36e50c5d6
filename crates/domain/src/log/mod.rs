//! The weekly patrol log (巡课日志): what a week's visits say, as a pure function.
//!
//! [`compile`] turns a [`LogInput`] into a [`WeeklyLog`]; [`edition`] freezes it with a hash chain
//! and a list of changes; [`public`] is what may leave the school; [`labels`] has the words for
//! pages. The formulae are those of domain, section 7; the layout they serve is section 2.5.
//!
//! Two numbers are kept apart everywhere: 人次 counts visits, 节次 counts slots.

pub mod chain;
mod comparison;
mod compile;
mod consistency;
mod coverage;
mod digest;
mod displacement;
pub mod edition;
pub mod figures;
mod findings;
mod gathered;
mod input;
mod inspectors;
pub mod labels;
mod notes;
mod period_coverage;
pub mod proof;
pub mod public;
mod ratings;
mod remarks;
mod repeats;
mod rules;
mod shares;
mod suppression;
#[cfg(test)]
mod tests;
mod trace;
mod trend;

pub use comparison::{Agreement, Comparison, InspectorDifference, StratumDifference};
pub use compile::{WeeklyLog, compile};
pub use consistency::{Consistency, ConsistencyParts, DisputedSlot, Opinion};
pub use coverage::{
    ClassNotSeen, Coverage, GradeCoverage, GradeSubjectCoverage, NotSeen, SubjectCoverage, WeekdayCoverage,
};
pub use digest::{ChangeEntry, ChangeKind, ChangedField, ContentPart, VisitDigest, changes};
pub use displacement::{Delivery, Displacement, Taking};
pub use findings::{FindingCell, FindingGroup};
pub use gathered::Place;
pub(crate) use gathered::{Ruling, rule};
pub use input::{ClassLabel, EarlierWeek, LogInput, LoggedVisit, PlannedLesson};
pub use inspectors::{InspectorMore, InspectorWork};
pub use notes::{DataNote, NoteKind};
pub use period_coverage::{ClassPeriods, PeriodCell, PeriodCoverage};
pub use ratings::{LevelCounts, RatingShare, RatingShares};
pub use remarks::{HighlightRate, Remark};
pub use repeats::{Repeat, RepeatWeek, Repeats};
pub use rules::RULES;
pub use shares::{MIN_SHARE, share, wilson95};
pub use trend::{MIN_CHART, Side, Trend, TrendPoint, TrendPool, TrendSum, TrendWeek};
