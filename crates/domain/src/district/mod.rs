//! A district's view: what its schools have published, side by side (domain, sections 1.14 and 7).
//!
//! [`WeekFigures`] is what is kept of a published week, counts alone; [`overview`] puts the weeks of a span together to a
//! line a school, [`Digest`] names the three spans that counties meet about. Schools stand in the order of their codes
//! and names, never in that of a rate: whoever patrols more finds more, so no figure here makes a first or a last.

mod digest;
mod due;
mod figures;
mod lines;
mod overview;
mod problems;
mod rates;
#[cfg(test)]
mod tests;

pub use digest::{Digest, Span, UnknownDigest};
pub use due::{Standing, due_at, weeks_with_lessons};
pub use figures::{Counted, FIGURES, ProblemCount, WeekFigures};
pub use lines::{DistrictSchool, EditionOfWeek, PublishedWeek, Publishing, SchoolLine, WeekLine};
pub use overview::{Overview, Whole, overview, whole};
pub use problems::{COMMON_SCHOOLS, DistrictProblem};
pub use rates::{Apart, Rate, Rates};
