//! Those who visit: their work, and how they rate beside each other. For the school alone.

use xunke_domain::log::{Agreement, Comparison, InspectorDifference, InspectorMore, InspectorWork};
use xunke_domain::told;
use xunke_domain::told::Told;

use crate::pages::share::Share;
use crate::pages::visit_links::VisitLinks;

/// What one inspector did.
#[derive(Clone, Debug)]
pub(super) struct WorkRow<'a> {
    pub(super) work: &'a InspectorWork,
    /// None in an edition of older rules.
    pub(super) more: Option<MoreCells>,
}

/// What else is told of it.
#[derive(Clone, Debug)]
pub(super) struct MoreCells {
    pub(super) classes: u32,
    /// Such as `95（7人次）`; minutes of those visits that tell them.
    pub(super) minutes: Told,
    pub(super) protected: Share,
    /// Such as `12分钟`.
    pub(super) sync_delay: Told,
    pub(super) entered_late: Share,
}

pub(super) fn work(inspectors: &[InspectorWork]) -> Vec<WorkRow<'_>> {
    let row = |work: &'_ InspectorWork| work.more.map(|more| cells(work, more));
    inspectors.iter().map(|work| WorkRow { work, more: row(work) }).collect()
}

fn cells(work: &InspectorWork, more: InspectorMore) -> MoreCells {
    let InspectorMore { classes, protected, minutes, timed, entered_late, entered, median_sync_delay } = more;
    MoreCells {
        classes,
        minutes: if timed == 0 { "—".into() } else { told!("{}（{}人次）", minutes, timed) },
        protected: Share::new(protected, work.visits),
        sync_delay: median_sync_delay.map_or_else(|| "—".into(), delay),
        entered_late: Share::new(entered_late, entered),
    }
}

/// Minutes as people say them, whole.
fn delay(minutes: u32) -> Told {
    match minutes {
        0..120 => told!("{}分钟", minutes),
        120..2880 => told!("{}小时", minutes / 60),
        2880.. => told!("{}天", minutes / 1440),
    }
}

/// How inspectors rate beside each other.
#[derive(Clone, Debug)]
pub(super) struct ComparisonTables<'a> {
    pub(super) weeks: usize,
    pub(super) rows: Vec<DifferenceRow<'a>>,
    pub(super) slots: u32,
    /// The list of the visits that saw the same lesson.
    pub(super) slots_url: Option<String>,
    pub(super) exact: Share,
    /// κ, such as `0.58`; none of too few pairs.
    pub(super) kappa: Option<String>,
}

/// An inspector, or one of his strata.
#[derive(Clone, Debug)]
pub(super) struct DifferenceRow<'a> {
    pub(super) name: &'a str,
    /// Such as `三至四年级语文`; all of them together, if empty.
    pub(super) stratum: Told,
    pub(super) visits: u32,
    pub(super) own: Share,
    /// What the school's shares would give, such as `7.2`.
    pub(super) expected: String,
    /// In percentage points, such as `+15.0`.
    pub(super) difference: String,
    /// The list of all his visits that can be compared.
    pub(super) url: Option<String>,
}

impl<'a> ComparisonTables<'a> {
    pub(super) fn new(comparison: &'a Comparison, links: VisitLinks<'_>) -> Self {
        let Comparison { weeks, inspectors, agreement } = comparison;
        let Agreement { slots, pairs, exact, kappa, share: _, wilson95: _ } = *agreement;
        Self {
            weeks: weeks.len(),
            rows: inspectors.iter().flat_map(|inspector| rows(inspector, links)).collect(),
            slots,
            slots_url: links.figure("comparison.agreement"),
            exact: Share::new(exact, pairs),
            kappa: kappa.map(|kappa| format!("{kappa:.2}")),
        }
    }
}

fn rows<'a>(inspector: &'a InspectorDifference, links: VisitLinks<'_>) -> Vec<DifferenceRow<'a>> {
    let all = DifferenceRow {
        name: &inspector.inspector,
        stratum: Told::default(),
        visits: inspector.visits,
        own: Share::new(inspector.good, inspector.rated),
        expected: format!("{:.1}", inspector.expected),
        difference: points(inspector.difference),
        url: links.figure(format_args!("comparison.{}", inspector.inspector)),
    };
    let strata = inspector.strata.iter().map(|stratum| {
        let school = f64::from(stratum.school_good) / f64::from(stratum.school_rated.max(1));
        DifferenceRow {
            name: &inspector.inspector,
            stratum: told!("{}{}", band(stratum.grades), Told::from(stratum.subject.clone())),
            visits: stratum.visits,
            own: Share::new(stratum.good, stratum.rated),
            expected: format!("{:.1}", f64::from(stratum.rated) * school),
            difference: points(stratum.difference),
            url: None,
        }
    });
    [all].into_iter().chain(strata).collect()
}

fn band(grades: Option<[u32; 2]>) -> Told {
    grades.map(|[first, last]| told!("{}—{}年级", first, last)).unwrap_or_default()
}

fn points(difference: f64) -> String {
    format!("{:+.1}", difference * 100.0)
}
