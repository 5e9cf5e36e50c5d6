//! What of the plan was seen, and what was not, as tables; the same inside the school and outside.

use std::collections::{BTreeMap, BTreeSet};

use xunke_domain::log::{
    ClassNotSeen, Coverage, GradeCoverage, GradeSubjectCoverage, NotSeen, SubjectCoverage, WeekdayCoverage,
};
use xunke_domain::week::Week;

use crate::pages::share::Share;
use crate::pages::visit_links::VisitLinks;
use crate::pages::words;

/// Coverage under three headings.
#[derive(Clone, Debug)]
pub(super) struct CoverageTables {
    pub(super) grades: Vec<GradeRow>,
    pub(super) subjects: Vec<CoverageRow>,
    pub(super) weekdays: Vec<CoverageRow>,
}

/// Coverage of a grade.
#[derive(Clone, Debug)]
pub(super) struct GradeRow {
    pub(super) name: String,
    pub(super) classes: Share,
    pub(super) slots: Share,
    /// The list of its visits.
    pub(super) url: Option<String>,
}

/// Coverage of a subject or a weekday.
#[derive(Clone, Debug)]
pub(super) struct CoverageRow {
    pub(super) name: String,
    pub(super) slots: Share,
    /// The list of its visits.
    pub(super) url: Option<String>,
}

impl CoverageTables {
    pub(super) fn new(
        grades: &[GradeCoverage],
        subjects: &BTreeMap<String, SubjectCoverage>,
        weekdays: &[WeekdayCoverage],
        links: Option<VisitLinks<'_>>,
    ) -> Self {
        let url = |part: &str, of: &str| links?.figure(format_args!("coverage.{part}.{of}"));
        let grade = |row: &GradeCoverage| GradeRow {
            name: words::grade(row.grade),
            classes: Share::new(row.classes_visited, row.classes_total),
            slots: Share::new(row.visited, row.planned),
            url: url("grade", &row.grade.map_or_else(|| "none".to_owned(), |grade| grade.to_string())),
        };
        let subject = |(name, row): (&String, &SubjectCoverage)| CoverageRow {
            name: name.clone(),
            slots: Share::new(row.visited, row.planned),
            url: url("subject", name),
        };
        let weekday = |row: &WeekdayCoverage| CoverageRow {
            name: words::weekday(row.weekday).to_owned(),
            slots: Share::new(row.visited, row.planned),
            url: url("weekday", &row.weekday.to_string()),
        };
        Self {
            grades: grades.iter().map(grade).collect(),
            subjects: subjects.iter().map(subject).collect(),
            weekdays: weekdays.iter().map(weekday).collect(),
        }
    }
}

/// Visited of planned slots, a row a subject and a column a grade (附表).
#[derive(Clone, Debug)]
pub(super) struct Cross {
    pub(super) grades: Vec<String>,
    pub(super) rows: Vec<CrossRow>,
}

/// A subject's row: a cell is none where the grade does not have the subject.
#[derive(Clone, Debug)]
pub(super) struct CrossRow {
    pub(super) subject: String,
    pub(super) cells: Vec<Option<Share>>,
}

impl Cross {
    pub(super) fn new(cells: &[GradeSubjectCoverage]) -> Self {
        let grades: BTreeSet<Option<u32>> = cells.iter().map(|cell| cell.grade).collect();
        let subjects: BTreeSet<&str> = cells.iter().map(|cell| cell.subject.as_str()).collect();
        let cell = |grade: Option<u32>, subject: &str| {
            let found = cells.iter().find(|cell| cell.grade == grade && cell.subject == subject);
            found.map(|cell| Share::new(cell.visited, cell.planned))
        };
        let row = |subject: &str| CrossRow {
            subject: subject.to_owned(),
            cells: grades.iter().map(|grade| cell(*grade, subject)).collect(),
        };
        Self {
            rows: subjects.into_iter().map(row).collect(),
            grades: grades.iter().map(|grade| words::grade(*grade)).collect(),
        }
    }
}

/// What nobody visited this week.
#[derive(Clone, Debug)]
pub(super) struct Unseen<'a> {
    pub(super) classes: Vec<UnseenClass<'a>>,
    pub(super) subjects: &'a [String],
}

/// A class, a subject or a teacher nobody visited.
#[derive(Clone, Debug)]
pub(super) struct UnseenClass<'a> {
    pub(super) name: &'a str,
    /// The week it was seen last, in words.
    pub(super) last: String,
    /// How long ago that is, in words; none: it was not seen this semester.
    pub(super) ago: Option<String>,
    /// Whether that is too long.
    pub(super) long: bool,
}

impl<'a> Unseen<'a> {
    pub(super) fn new(classes: &'a [ClassNotSeen], subjects: &'a [String]) -> Self {
        let class = |row: &'a ClassNotSeen| UnseenClass {
            name: &row.class,
            last: last_seen(row.last_seen),
            ago: row.weeks_since.map(weeks_ago),
            long: row.long_unseen,
        };
        Self { classes: classes.iter().map(class).collect(), subjects }
    }
}

/// Subjects and teachers nobody has seen for long. For the school alone.
#[derive(Clone, Debug)]
pub(super) struct LongUnseen<'a> {
    /// Those with a row: what they are, and the rows.
    pub(super) tables: Vec<(&'static str, Vec<UnseenClass<'a>>)>,
}

impl<'a> LongUnseen<'a> {
    pub(super) fn new(coverage: &'a Coverage) -> Self {
        let rows = |rows: &'a [NotSeen]| {
            rows.iter().filter(|row| row.long_unseen).map(|row| UnseenClass {
                name: &row.name,
                last: last_seen(row.last_seen),
                ago: row.weeks_since.map(weeks_ago),
                long: true,
            })
        };
        let tables = [
            ("学科", rows(&coverage.subjects_unseen).collect::<Vec<_>>()),
            ("任课教师", rows(&coverage.teachers_long_unseen).collect()),
        ];
        Self { tables: tables.into_iter().filter(|(_, rows)| !rows.is_empty()).collect() }
    }
}

fn last_seen(week: Option<Week>) -> String {
    week.map_or_else(|| "本学期未巡到".to_owned(), words::week_span)
}

fn weeks_ago(weeks: u32) -> String {
    format!("{weeks}周前")
}
