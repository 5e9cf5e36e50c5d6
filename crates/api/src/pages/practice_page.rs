//! Whether what is posted is what is taught, as a page beside the audit: 阴阳课表, 实开, and two timetables compared.

use askama::Template;
use chrono::NaiveDate;
use uuid::Uuid;
use xunke_domain::audit::words as told;
use xunke_domain::ids::VisitId;
use xunke_domain::log::labels::verdict_zh;
use xunke_domain::practice::Practice;
use xunke_domain::practice::delivered::{DeliveredBand, DeliveredSubject, LessonEstimate};
use xunke_domain::practice::dual::DualPair;
use xunke_domain::timetable_compare::{CellDifference, CellLesson, TimetableComparison, WhatDiffers};

use crate::pages::share::Share;
use crate::pages::{Frame, STYLESHEET_PATH, words};

/// Most cells that a comparison shows; all are counted.
const CELLS: usize = 500;

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct PracticeView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// The date asked for.
    pub on: NaiveDate,
    /// What the visits say.
    pub practice: &'a Practice,
    /// The versions of the timetable that can be compared.
    pub versions: &'a [VersionChoice],
    /// The two that are, with what differs.
    pub compared: Option<(Uuid, Uuid, &'a TimetableComparison)>,
    /// Where the page itself is.
    pub url: &'a str,
    /// Where the audit is.
    pub audit_url: &'a str,
    /// What comes before a visit's id in its address.
    pub visit_url_prefix: &'a str,
}

/// A version of the timetable to choose.
#[derive(Clone, Debug)]
pub struct VersionChoice {
    /// Which.
    pub id: Uuid,
    /// Its name and since when.
    pub label: String,
}

/// The page.
pub fn practice_page(view: &PracticeView<'_>) -> Result<String, askama::Error> {
    let PracticeView { practice, compared, .. } = *view;
    let pair = |pair: &DualPair| PairPart::of(pair, view.visit_url_prefix);
    let (flagged, open): (Vec<&DualPair>, Vec<&DualPair>) =
        practice.dual.found.iter().partition(|pair| pair.flagged);
    let page = PracticePage {
        view,
        day: words::day(view.on),
        span: practice.span.map(|[first, last]| format!("{}—{}", words::date(first), words::date(last))),
        p0: percent(practice.dual.p0),
        p1: percent(practice.dual.p1),
        alpha: percent(practice.dual.alpha),
        flagged: flagged.into_iter().map(pair).collect(),
        open: open.into_iter().map(pair).collect(),
        subjects: practice.delivered.subjects.iter().map(SubjectPart::of).collect(),
        posted: compared.map(|(posted, ..)| posted),
        used: compared.map(|(_, used, _)| used),
        comparison: compared.map(|(_, _, comparison)| ComparisonPart::of(comparison)),
    };
    page.render()
}

#[derive(Template)]
#[template(path = "audit/practice.html")]
struct PracticePage<'a> {
    view: &'a PracticeView<'a>,
    day: String,
    span: Option<String>,
    p0: String,
    p1: String,
    alpha: String,
    flagged: Vec<PairPart>,
    open: Vec<PairPart>,
    subjects: Vec<SubjectPart>,
    posted: Option<Uuid>,
    used: Option<Uuid>,
    comparison: Option<ComparisonPart>,
}

/// A class and subject with mismatches.
struct PairPart {
    class: String,
    subject: String,
    counts: String,
    evidence: String,
    needed: String,
    by_chance: String,
    /// Each mismatch: where, what was seen, its visits.
    slots: Vec<(String, &'static str, Vec<String>)>,
    as_posted: Vec<String>,
}

impl PairPart {
    fn of(pair: &DualPair, prefix: &str) -> Self {
        let url = |visit: &VisitId| format!("{prefix}{visit}");
        let slots = pair.evidence_slots.iter().map(|slot| {
            let place = format!("{} {}", words::day(slot.place.date), slot.place.period);
            (place, verdict_zh(slot.verdict), slot.visits.iter().map(url).collect())
        });
        Self {
            class: pair.class_name.clone(),
            subject: pair.subject_name.clone(),
            counts: format!("{}/{}", pair.mismatches, pair.lessons),
            evidence: figure(pair.evidence),
            needed: figure(pair.needed),
            by_chance: figure(pair.by_chance),
            slots: slots.collect(),
            as_posted: pair.visits_as_posted.iter().map(url).collect(),
        }
    }
}

/// A subject's lessons delivered, a row a band of grades.
struct SubjectPart {
    name: String,
    protected: bool,
    bands: Vec<BandPart>,
}

struct BandPart {
    grades: String,
    planned: u32,
    counts: String,
    rate: String,
    estimate: String,
}

impl SubjectPart {
    fn of(row: &DeliveredSubject) -> Self {
        let mut bands: Vec<BandPart> = row.bands.iter().map(BandPart::of).collect();
        if row.bands.len() > 1 {
            let all = |of: fn(&DeliveredBand) -> u32| row.bands.iter().map(of).sum::<u32>();
            bands.push(BandPart {
                grades: "合计".to_owned(),
                planned: all(|band| band.planned),
                counts: counts(Share::new(all(|band| band.taught), all(|band| band.seen))),
                rate: "—".to_owned(),
                estimate: estimate(row.estimate),
            });
        }
        Self { name: row.name.clone(), protected: row.protected, bands }
    }
}

impl BandPart {
    fn of(band: &DeliveredBand) -> Self {
        let share = Share::new(band.taught, band.seen);
        let rate = match (share.percent(), share.interval()) {
            (Some(percent), Some(interval)) => format!("{percent}（{interval}）"),
            _ => "—".to_owned(),
        };
        Self {
            grades: match band.grades {
                Some([first, last]) => format!("{first}—{last}年级"),
                None => words::grade(None),
            },
            planned: band.planned,
            counts: counts(share),
            rate,
            estimate: estimate(band.estimate),
        }
    }
}

/// Taught of seen; nothing seen is told as such.
fn counts(share: Share) -> String {
    if share.is_of_none() { "未查到".to_owned() } else { share.counts() }
}

fn estimate(estimate: Option<LessonEstimate>) -> String {
    estimate.map_or_else(
        || "不估计".to_owned(),
        |LessonEstimate { lessons, interval95: [low, high] }| {
            format!("{}节（{}—{}）", told::number(lessons), told::number(low), told::number(high))
        },
    )
}

/// Two timetables compared.
struct ComparisonPart {
    cells: u32,
    different: u32,
    hidden: usize,
    rows: Vec<[String; 5]>,
    subjects: Vec<[String; 3]>,
}

impl ComparisonPart {
    fn of(comparison: &TimetableComparison) -> Self {
        let TimetableComparison { cells, different, differences, subjects } = comparison;
        let row = |cell: &CellDifference| {
            [
                cell.class_name.clone(),
                format!("{}{}", told::weekday(cell.weekday), cell.period),
                what(cell.what).to_owned(),
                lessons(&cell.posted),
                lessons(&cell.used),
            ]
        };
        Self {
            cells: *cells,
            different: *different,
            hidden: differences.len().saturating_sub(CELLS),
            rows: differences.iter().take(CELLS).map(row).collect(),
            subjects: subjects
                .iter()
                .map(|row| [row.subject.clone(), told::number(row.posted), told::number(row.used)])
                .collect(),
        }
    }
}

const fn what(what: WhatDiffers) -> &'static str {
    match what {
        WhatDiffers::OnlyPosted => "仅公示课表有课",
        WhatDiffers::OnlyUsed => "仅实用课表有课",
        WhatDiffers::Subject => "学科不同",
        WhatDiffers::Teacher => "教师不同",
        WhatDiffers::Weeks => "周次不同",
    }
}

fn lessons(lessons: &[CellLesson]) -> String {
    let one = |lesson: &CellLesson| {
        let teacher = lesson.teacher.as_ref().map(|teacher| format!(" {teacher}")).unwrap_or_default();
        format!("{}{}{teacher}", lesson.subject, told::weeks(lesson.weeks))
    };
    if lessons.is_empty() {
        "—".to_owned()
    } else {
        lessons.iter().map(one).collect::<Vec<_>>().join("、")
    }
}

/// Such as `5%`.
fn percent(share: f64) -> String {
    format!("{}%", told::number(share * 100.0))
}

/// A figure of any size: small ones to three places, large ones without.
fn figure(value: f64) -> String {
    match value {
        1e9.. => format!("{value:.0e}"),
        100.0.. => format!("{value:.0}"),
        0.001.. => told::number((value * 1000.0).round() / 1000.0),
        _ => format!("{value:.0e}"),
    }
}
