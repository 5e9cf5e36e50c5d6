//! The overview of a district over some weeks.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::district::figures::WeekFigures;
use crate::district::lines::{DistrictSchool, Gathered, PublishedWeek, Publishing, SchoolLine};
use crate::district::problems::{DistrictProblem, problems};
use crate::district::rates::Rates;
use crate::ids::SchoolId;
use crate::week::Week;

/// All schools of an overview together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Whole {
    /// Schools.
    pub schools: u32,
    /// Schools with a published week.
    pub schools_published: u32,
    /// Weeks of all schools by how they stand.
    pub publishing: Publishing,
    /// Visits (人次).
    pub visits: u32,
    /// Distinct slots visited (节次).
    pub slots: u32,
    /// Their rates.
    pub rates: Rates,
    /// Highlights.
    pub highlights: u32,
    /// Improvements.
    pub improvements: u32,
    /// Visits that led to a rectification notice; none where no edition counted them.
    pub notices: Option<u32>,
}

/// Schools side by side over some weeks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// The weeks, the oldest first.
    pub weeks: Vec<Week>,
    /// All schools together: those that the reader may see.
    pub whole: Whole,
    /// A line a school, in the order of codes, then of names; those without a code last.
    pub schools: Vec<SchoolLine>,
    /// What was found, with in how many schools.
    pub problems: Vec<DistrictProblem>,
}

/// Puts the published weeks of a span together. Rows of other schools or weeks are passed over.
pub fn overview(
    schools: &[DistrictSchool],
    weeks: &[Week],
    published: &[PublishedWeek],
    now: DateTime<Utc>,
) -> Overview {
    let gathered = gather(schools, weeks, published, now);
    let (sum, whole) = together(&gathered);
    let problems = problems(&gathered);
    let schools = gathered.into_iter().map(|school| school.line(&sum)).collect();
    Overview { weeks: weeks.to_vec(), whole, schools, problems }
}

/// All schools together over a span, without their lines: for the span before.
pub fn whole(
    schools: &[DistrictSchool],
    weeks: &[Week],
    published: &[PublishedWeek],
    now: DateTime<Utc>,
) -> Whole {
    together(&gather(schools, weeks, published, now)).1
}

fn gather<'a>(
    schools: &'a [DistrictSchool],
    weeks: &[Week],
    published: &[PublishedWeek],
    now: DateTime<Utc>,
) -> Vec<Gathered<'a>> {
    let mut by_school: BTreeMap<SchoolId, BTreeMap<Week, &PublishedWeek>> = BTreeMap::new();
    for row in published {
        by_school.entry(row.school).or_default().insert(row.week, row);
    }
    let mut ordered: Vec<&DistrictSchool> = schools.iter().collect();
    ordered.sort_by_key(|school| (school.code.is_none(), &school.code, &school.name, school.id));
    let none = BTreeMap::new();
    ordered
        .into_iter()
        .map(|school| Gathered::new(school, weeks, by_school.get(&school.id).unwrap_or(&none), now))
        .collect()
}

fn together(gathered: &[Gathered<'_>]) -> (WeekFigures, Whole) {
    let mut sum = WeekFigures::default();
    let mut publishing = Publishing::default();
    for school in gathered {
        sum.add(&school.sum);
        publishing.add(school.publishing);
    }
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let published = gathered.iter().filter(|school| school.publishing.published() > 0).count();
    let whole = Whole {
        schools: count(gathered.len()),
        schools_published: count(published),
        publishing,
        visits: sum.visits,
        slots: sum.slots,
        rates: Rates::of(&sum),
        highlights: sum.highlights,
        improvements: sum.improvements,
        notices: sum.notices,
    };
    (sum, whole)
}
