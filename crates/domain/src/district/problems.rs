//! Problems that several schools have (共性问题).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::district::figures::ProblemCount;
use crate::district::lines::Gathered;

/// A problem found in so many schools is a common one, as one in three classes of a grade is (domain, section 7, 7).
pub const COMMON_SCHOOLS: u32 = 3;

/// A category of problems over the district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DistrictProblem {
    /// Such as `TT01`; a figure of editions by the key `findings.TT01`.
    pub code: String,
    /// Its name, as one of the schools has it.
    pub name: String,
    /// The highest severity given, 1 提醒 – 4 红线.
    pub severity: u8,
    /// Schools in which it was found.
    pub schools: u32,
    /// Schools with a published week: more patrols find more, and where nobody patrolled nothing was found.
    pub of_schools: u32,
    /// How many findings.
    pub findings: u32,
    /// Whether it was found in [`COMMON_SCHOOLS`] schools or more.
    pub common: bool,
}

/// What was found in most schools comes first, then by code.
pub(super) fn problems(gathered: &[Gathered<'_>]) -> Vec<DistrictProblem> {
    let of_schools = gathered.iter().filter(|school| school.publishing.published() > 0);
    let of_schools = u32::try_from(of_schools.count()).unwrap_or(u32::MAX);
    let mut by_code: BTreeMap<&str, (u32, ProblemCount)> = BTreeMap::new();
    for (code, problem) in gathered.iter().flat_map(|school| &school.sum.problems) {
        let (schools, sum) =
            by_code.entry(code).or_insert_with(|| (0, ProblemCount { count: 0, ..problem.clone() }));
        *schools += 1;
        sum.count = sum.count.saturating_add(problem.count);
        sum.severity = sum.severity.max(problem.severity);
    }
    let mut problems: Vec<DistrictProblem> = by_code
        .into_iter()
        .map(|(code, (schools, ProblemCount { name, severity, count }))| DistrictProblem {
            code: code.to_owned(),
            name,
            severity,
            schools,
            of_schools,
            findings: count,
            common: schools >= COMMON_SCHOOLS,
        })
        .collect();
    problems.sort_by_key(|problem| Reverse(problem.schools));
    problems
}
