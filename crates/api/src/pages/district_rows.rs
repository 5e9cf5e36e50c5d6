//! The rows of a district's page.

use xunke_domain::district::{
    Apart, Overview, Publishing, Rate, Rates, SchoolLine, Standing, WeekLine, Whole,
};
use xunke_domain::log::labels::severity_zh;
use xunke_domain::told;
use xunke_domain::told::Told;

use crate::pages::share::Share;
use crate::pages::words;

/// A school in the table, or all together.
pub(super) struct Row {
    pub(super) name: Told,
    pub(super) url: Option<String>,
    /// Weeks with figures, of those due or published.
    pub(super) published: Share,
    /// What it published: the newest alone, or every week where a problem is looked for.
    pub(super) editions: Vec<(Told, String)>,
    pub(super) visits: u32,
    pub(super) slots: u32,
    pub(super) coverage: Share,
    pub(super) consistency: Cell,
    pub(super) displacement: Cell,
    pub(super) good: Share,
    pub(super) highlights: u32,
    /// Findings: all, or those of the problem looked for.
    pub(super) findings: u32,
}

/// A rate with its interval.
pub(super) struct Cell {
    pub(super) share: Share,
    pub(super) bar: Option<Bar>,
    /// How it stands to the rate of all, where it differs.
    pub(super) apart: Option<&'static str>,
}

/// An interval as drawn on a scale of 100.
pub(super) struct Bar {
    pub(super) low: String,
    pub(super) width: String,
    pub(super) at: String,
    pub(super) all: String,
    /// The same in words.
    pub(super) description: Told,
}

impl Row {
    pub(super) fn of_all(Overview { whole, problems, .. }: &Overview) -> Self {
        let Rates { coverage, consistency, displacement, good } = whole.rates;
        Self {
            name: "合计".into(),
            url: None,
            published: Share::new(whole.publishing.published(), whole.publishing.due()),
            editions: Vec::new(),
            visits: whole.visits,
            slots: whole.slots,
            coverage: plain(coverage),
            consistency: Cell { share: plain(consistency), bar: None, apart: None },
            displacement: Cell { share: plain(displacement), bar: None, apart: None },
            good: plain(good),
            highlights: whole.highlights,
            findings: problems.iter().map(|problem| problem.findings).sum(),
        }
    }
}

const fn plain(rate: Rate) -> Share {
    Share::new(rate.k, rate.n)
}

/// A row a school; those alone that have the problem, if one is looked for.
pub(super) fn rows(overview: &Overview, problem: Option<&str>) -> Vec<Row> {
    let whole = overview.whole.rates;
    let shown =
        overview.schools.iter().filter(|line| problem.is_none_or(|code| line.problems.contains_key(code)));
    shown.map(|line| row(line, whole, problem)).collect()
}

fn row(line: &SchoolLine, whole: Rates, problem: Option<&str>) -> Row {
    let mut editions: Vec<(Told, String)> = line
        .weeks
        .iter()
        .rev()
        .filter(|week| counts(week.standing))
        .filter_map(|week| edition(line, week))
        .collect();
    if problem.is_none() {
        editions.truncate(1);
    }
    Row {
        name: Told::data(&line.name),
        url: Some(format!("/schools/{}", line.school)),
        published: Share::new(line.publishing.published(), line.publishing.due()),
        editions,
        visits: line.visits,
        slots: line.slots,
        coverage: plain(line.rates.coverage),
        consistency: cell(line.rates.consistency, whole.consistency),
        displacement: cell(line.rates.displacement, whole.displacement),
        good: plain(line.rates.good),
        highlights: line.highlights,
        findings: problem.map_or_else(
            || line.problems.values().sum(),
            |code| line.problems.get(code).copied().unwrap_or_default(),
        ),
    }
}

const fn counts(standing: Standing) -> bool {
    matches!(standing, Standing::OnTime | Standing::Late)
}

/// The edition of a week and where it is.
fn edition(line: &SchoolLine, week: &WeekLine) -> Option<(Told, String)> {
    let number = week.edition.as_ref()?.number;
    let url = format!("/schools/{}/weeks/{}/editions/{number}", line.school, week.week);
    Some((told!("{}周 第{}版", words::date(week.week.monday()), number), url))
}

fn cell(rate: Rate, whole: Rate) -> Cell {
    let apart = match rate.differs {
        Some(Apart::Above) => Some("高于合计"),
        Some(Apart::Below) => Some("低于合计"),
        None => None,
    };
    let bar = rate.wilson95.zip(rate.share).map(|([low, high], share)| {
        let all = whole.share.unwrap_or(share);
        Bar {
            low: at(low),
            width: at(high - low),
            at: at(share),
            all: at(all),
            description: told!("95%区间{}%—{}%，合计{}%", at(low), at(high), at(all)),
        }
    });
    Cell { share: plain(rate), bar, apart }
}

fn at(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

/// A school that has not published every week on time.
pub(super) struct Unpublished {
    pub(super) name: String,
    pub(super) url: String,
    /// How often on time, of the weeks due.
    pub(super) on_time: Share,
    /// Whether it published nothing at all.
    pub(super) nothing: bool,
    /// The other weeks, such as `未公示：11月2日、11月16日；迟：10月26日`.
    pub(super) others: Told,
}

/// The schools that have not published every due week on time, in the order of the table.
pub(super) fn unpublished(overview: &Overview) -> Vec<Unpublished> {
    let behind = |line: &&SchoolLine| {
        let Publishing { late, withdrawn, missing, .. } = line.publishing;
        late + withdrawn + missing > 0
    };
    let told = |line: &SchoolLine| {
        let others = [
            ("未公示：{}", Standing::Missing),
            ("迟：{}", Standing::Late),
            ("撤回：{}", Standing::Withdrawn),
        ];
        let others = others.map(|(what, standing)| {
            let of = line.weeks.iter().filter(|week| week.standing == standing);
            let dates = Told::listed(of.map(|week| words::date(week.week.monday())));
            (!dates.is_empty()).then(|| told!(what, dates))
        });
        Unpublished {
            name: line.name.clone(),
            url: format!("/schools/{}", line.school),
            on_time: Share::new(line.publishing.on_time, line.publishing.due()),
            nothing: line.publishing.published() + line.publishing.withdrawn == 0,
            others: Told::joined("{}；{}", others.into_iter().flatten()),
        }
    };
    overview.schools.iter().filter(behind).map(told).collect()
}

/// A problem over the schools.
pub(super) struct ProblemRow {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) severity: &'static str,
    pub(super) schools: Share,
    pub(super) findings: u32,
    pub(super) common: bool,
    /// The table with the schools that have it alone.
    pub(super) url: String,
}

pub(super) fn problems(overview: &Overview, choice_url: &str) -> Vec<ProblemRow> {
    let row = |problem: &xunke_domain::district::DistrictProblem| ProblemRow {
        code: problem.code.clone(),
        name: problem.name.clone(),
        severity: severity_zh(problem.severity),
        schools: Share::new(problem.schools, problem.of_schools),
        findings: problem.findings,
        common: problem.common,
        url: format!("{choice_url}problem={}#schools", words::encoded(&problem.code)),
    };
    overview.problems.iter().map(row).collect()
}

/// A figure of all schools beside that of the span before.
pub(super) struct Compared {
    pub(super) what: &'static str,
    pub(super) now: Told,
    pub(super) before: Told,
}

pub(super) fn compared(now: &Whole, before: &Whole) -> Vec<Compared> {
    let count = |what, of: fn(&Whole) -> u32| Compared {
        what,
        now: Told::data(of(now).to_string()),
        before: Told::data(of(before).to_string()),
    };
    let rate =
        |what, of: fn(&Whole) -> Share| Compared { what, now: counted(of(now)), before: counted(of(before)) };
    vec![
        rate("按时公示（校·周）", |whole| {
            Share::new(whole.publishing.on_time, whole.publishing.due())
        }),
        count("人次", |whole| whole.visits),
        count("节次", |whole| whole.slots),
        rate("覆盖", |whole| plain(whole.rates.coverage)),
        rate("课表一致", |whole| plain(whole.rates.consistency)),
        rate("挤占", |whole| plain(whole.rates.displacement)),
        rate("优良", |whole| plain(whole.rates.good)),
        count("亮点", |whole| whole.highlights),
        count("待改进之处", |whole| whole.improvements),
        count("提出整改通知书的人次", |whole| whole.notices.unwrap_or_default()),
    ]
}

/// Such as `40/44，90.9%（78.8%—96.4%）`.
fn counted(share: Share) -> Told {
    if share.is_of_none() {
        return "—".into();
    }
    let percent = share.percent().map(|percent| told!("，{}", percent)).unwrap_or_default();
    let interval = share.interval_of_few().map(|interval| told!("（{}）", interval)).unwrap_or_default();
    told!("{}{}{}", share.counts(), percent, interval)
}
