//! A school's line: what it published when, and what that comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use serde::Serialize;

use crate::district::due::{Standing, standing};
use crate::district::figures::WeekFigures;
use crate::district::rates::Rates;
use crate::ids::SchoolId;
use crate::week::Week;

/// What is kept of a week that a school has published: its newest edition's figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedWeek {
    /// The school.
    pub school: SchoolId,
    /// The week.
    pub week: Week,
    /// The newest edition.
    pub edition: EditionOfWeek,
    /// When the first edition was published.
    pub first_published_at: DateTime<FixedOffset>,
    /// Whether the newest edition was withdrawn from the public.
    pub withdrawn: bool,
    /// Its figures.
    pub figures: WeekFigures,
}

/// The edition that figures come from: it leads on to the visits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditionOfWeek {
    /// From 1.
    pub number: u32,
    /// SHA-256 of its bytes.
    pub hash: String,
    /// When it was published.
    pub published_at: DateTime<FixedOffset>,
}

/// A school of the district, as it goes into an overview.
#[derive(Clone, Debug)]
pub struct DistrictSchool {
    /// The school.
    pub id: SchoolId,
    /// Its name.
    pub name: String,
    /// 学校标识码.
    pub code: Option<String>,
    /// The weeks in which it has lessons.
    pub taught: Arc<BTreeSet<Week>>,
}

/// In how many weeks a school stood how, or how many weeks of all schools did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Publishing {
    /// Published on time.
    pub on_time: u32,
    /// Published late.
    pub late: u32,
    /// Published, and withdrawn since.
    pub withdrawn: u32,
    /// Due and not published.
    pub missing: u32,
    /// Not due yet, and not published.
    pub pending: u32,
    /// Without lessons, and not published.
    pub not_due: u32,
}

/// A week of a school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeekLine {
    /// The week.
    pub week: Week,
    /// How the school stands with it.
    pub standing: Standing,
    /// The newest edition, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<EditionOfWeek>,
}

/// A school in an overview.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SchoolLine {
    /// The school.
    pub school: SchoolId,
    /// Its name.
    pub name: String,
    /// 学校标识码.
    pub code: Option<String>,
    /// How it stands with publishing.
    pub publishing: Publishing,
    /// Visits (人次).
    pub visits: u32,
    /// Distinct slots visited (节次).
    pub slots: u32,
    /// Its rates.
    pub rates: Rates,
    /// Highlights.
    pub highlights: u32,
    /// Improvements.
    pub improvements: u32,
    /// Visits that led to a rectification notice; none where no edition counted them.
    pub notices: Option<u32>,
    /// Findings by category code.
    pub problems: BTreeMap<String, u32>,
    /// Its weeks, the oldest first: every figure above is the sum of those of the editions that count (on time or late).
    pub weeks: Vec<WeekLine>,
}

impl Publishing {
    pub(super) const fn note(&mut self, standing: Standing) {
        let count = match standing {
            Standing::OnTime => &mut self.on_time,
            Standing::Late => &mut self.late,
            Standing::Withdrawn => &mut self.withdrawn,
            Standing::Missing => &mut self.missing,
            Standing::Pending => &mut self.pending,
            Standing::NotDue => &mut self.not_due,
        };
        *count += 1;
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.on_time += other.on_time;
        self.late += other.late;
        self.withdrawn += other.withdrawn;
        self.missing += other.missing;
        self.pending += other.pending;
        self.not_due += other.not_due;
    }

    /// Weeks whose figures count.
    pub const fn published(&self) -> u32 {
        self.on_time + self.late
    }

    /// Weeks that were due by now, and those published all the same.
    pub const fn due(&self) -> u32 {
        self.on_time + self.late + self.withdrawn + self.missing
    }
}

/// A school's weeks put together, before the whole is known.
pub(super) struct Gathered<'a> {
    pub(super) school: &'a DistrictSchool,
    pub(super) publishing: Publishing,
    pub(super) sum: WeekFigures,
    weeks: Vec<WeekLine>,
}

impl<'a> Gathered<'a> {
    /// `published` are what the school published in these weeks.
    pub(super) fn new(
        school: &'a DistrictSchool,
        weeks: &[Week],
        published: &BTreeMap<Week, &PublishedWeek>,
        now: DateTime<Utc>,
    ) -> Self {
        let mut gathered = Self {
            school,
            publishing: Publishing::default(),
            sum: WeekFigures::default(),
            weeks: Vec::new(),
        };
        for week in weeks {
            let row = published.get(week);
            let first = row.map(|row| row.first_published_at.to_utc());
            let withdrawn = row.is_some_and(|row| row.withdrawn);
            let standing = standing(*week, first, withdrawn, school.taught.contains(week), now);
            gathered.publishing.note(standing);
            if let Some(row) = row.filter(|_| matches!(standing, Standing::OnTime | Standing::Late)) {
                gathered.sum.add(&row.figures);
            }
            let edition = row.map(|row| row.edition.clone());
            gathered.weeks.push(WeekLine { week: *week, standing, edition });
        }
        gathered
    }

    pub(super) fn line(self, whole: &WeekFigures) -> SchoolLine {
        let Self { school, publishing, sum, weeks } = self;
        SchoolLine {
            school: school.id,
            name: school.name.clone(),
            code: school.code.clone(),
            publishing,
            visits: sum.visits,
            slots: sum.slots,
            rates: Rates::beside(&sum, whole),
            highlights: sum.highlights,
            improvements: sum.improvements,
            notices: sum.notices,
            problems: sum.problems.into_iter().map(|(code, problem)| (code, problem.count)).collect(),
            weeks,
        }
    }
}
