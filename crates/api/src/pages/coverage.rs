//! What of the plan was seen, and what was not, as tables; the same inside the school and outside.

use std::collections::{BTreeMap, BTreeSet};

use xunke_domain::log::{
    ClassNotSeen, Coverage, GradeCoverage, GradeSubjectCoverage, NotSeen, SubjectCoverage, WeekdayCoverage,
};
use xunke_domain::told;
use xunke_domain::told::Told;
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
    pub(super) name: Told,
    pub(super) classes: Share,
    pub(super) slots: Share,
    /// The list of its visits.
    pub(super) url: Option<String>,
}

/// Coverage of a subject or a weekday.
#[derive(Clone, Debug)]
pub(super) struct CoverageRow {
    pub(super) name: Told,
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
            name: Told::from(name.clone()),
            slots: Share::new(row.visited, row.planned),
            url: url("subject", name),
        };
        let weekday = |row: &WeekdayCoverage| CoverageRow {
            name: words::weekday(row.weekday).into(),
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
    pub(super) grades: Vec<Told>,
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
    pub(super) classes: Vec<UnseenClass>,
    pub(super) subjects: &'a [String],
}

/// A class, a subject or a teacher nobody visited.
#[derive(Clone, Debug)]
pub(super) struct UnseenClass {
    pub(super) name: Told,
    /// The week it was seen last, in words.
    pub(super) last: Told,
    /// How long ago that is, in words; none: it was not seen this semester.
    pub(super) ago: Option<Told>,
    /// Whether that is too long.
    pub(super) long: bool,
}

impl<'a> Unseen<'a> {
    pub(super) fn new(classes: &[ClassNotSeen], subjects: &'a [String]) -> Self {
        let class = |row: &ClassNotSeen| UnseenClass {
            name: Told::data(&row.class),
            last: last_seen(row.last_seen),
            ago: row.weeks_since.map(weeks_ago),
            long: row.long_unseen,
        };
        Self { classes: classes.iter().map(class).collect(), subjects }
    }
}

/// Subjects and teachers nobody has seen for long. For the school alone.
#[derive(Clone, Debug)]
pub(super) struct LongUnseen {
    /// Those with a row: what they are, and the rows.
    pub(super) tables: Vec<(&'static str, Vec<UnseenClass>)>,
}

impl LongUnseen {
    pub(super) fn new(coverage: &Coverage) -> Self {
        let rows = |rows: &[NotSeen], named: fn(String) -> Told| {
            let rows = rows.iter().filter(|row| row.long_unseen).map(|row| UnseenClass {
                name: named(row.name.clone()),
                last: last_seen(row.last_seen),
                ago: row.weeks_since.map(weeks_ago),
                long: true,
            });
            rows.collect::<Vec<_>>()
        };
        let tables = [
            ("学科", rows(&coverage.subjects_unseen, Told::from)),
            ("任课教师", rows(&coverage.teachers_long_unseen, Told::data)),
        ];
        Self { tables: tables.into_iter().filter(|(_, rows)| !rows.is_empty()).collect() }
    }
}

fn last_seen(week: Option<Week>) -> Told {
    week.map_or_else(|| "本学期未巡到".into(), words::week_span)
}

fn weeks_ago(weeks: u32) -> Told {
    told!("{}周前", weeks)
}
