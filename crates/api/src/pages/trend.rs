//! The last weeks as control charts, each with a table that says the same in numbers.

use xunke_domain::log::{MIN_CHART, Side, Trend, TrendPoint, TrendSum, TrendWeek};
use xunke_domain::told;
use xunke_domain::told::Told;

use crate::pages::share::Share;
use crate::pages::visit_links::VisitLinks;
use crate::pages::words;

/// The drawing in its own units.
const WIDTH: f64 = 800.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 196.0;
const LEFT: f64 = 56.0;
/// Half of what a week's limits reach to either side, at most.
const REACH: f64 = 34.0;

/// A chart with its table.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// Prefix of the ids inside, unique on the page.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What a departure is, such as 不一致.
    pub(super) departure: &'static str,
    /// What the drawing shows, for those who do not see it.
    pub(super) description: Told,
    /// Whether there are two weeks to draw.
    pub(super) drawn: bool,
    /// Where the middle line is.
    pub(super) middle: Option<String>,
    /// Neighbouring weeks with a share, as the points of a line.
    pub(super) lines: Vec<String>,
    pub(super) limits: Vec<Limits>,
    pub(super) dots: Vec<Dot>,
    /// Weeks below the drawing: where, what.
    pub(super) labels: Vec<(String, Told)>,
    /// Percentages beside it: where, what.
    pub(super) scale: Vec<(String, String)>,
    pub(super) rows: Vec<Row>,
    /// All weeks together.
    pub(super) all: Share,
    /// How many slots depart from the plan in all weeks together.
    pub(super) all_departures: u32,
    /// The small weeks together: which, how many, in words.
    pub(super) pooled: Option<(Told, Share, &'static str)>,
}

/// The limits of a week as drawn: from where to where, and how high.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) low: String,
    pub(super) high: String,
}

/// A week's share as drawn.
#[derive(Clone, Debug)]
pub(super) struct Dot {
    pub(super) x: String,
    pub(super) y: String,
    /// `inside`, `outside` or `small`.
    pub(super) class: &'static str,
}

/// A week in the table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) week: Told,
    /// Such as `假期2天`.
    pub(super) marks: Told,
    pub(super) share: Share,
    /// The list of all visits of its slots.
    pub(super) url: Option<String>,
    /// How many slots depart from what was planned.
    pub(super) departures: u32,
    /// The list of their visits.
    pub(super) departures_url: Option<String>,
    /// Such as `58.8%—97.9%`.
    pub(super) limits: Option<String>,
    /// Where it lies, in words.
    pub(super) said: &'static str,
    pub(super) outside: bool,
}

/// What a chart shows.
#[derive(Clone, Copy)]
struct Kind {
    id: &'static str,
    title: &'static str,
    departure: &'static str,
    /// The last part of the keys of all slots, and of those that depart from the plan.
    keys: [&'static str; 2],
    point: fn(&TrendWeek) -> TrendPoint,
    /// By k and n.
    departures: fn(u32, u32) -> u32,
}

const KEPT: Kind = Kind {
    id: "trend-kept",
    title: "课表一致率",
    departure: "不一致",
    keys: ["checked", "inconsistent"],
    point: |week| week.consistency,
    departures: |k, n| n.saturating_sub(k),
};
const DISPLACED: Kind = Kind {
    id: "trend-displaced",
    title: "重点关注学科被挤占率",
    departure: "被挤占",
    keys: ["protected", "protected_displaced"],
    point: |week| week.protected_displacement,
    departures: |k, _| k,
};

/// The charts of a trend: consistency, then displacement of protected subjects.
pub(super) fn charts(trend: &Trend, links: VisitLinks<'_>) -> [Chart; 2] {
    [
        chart(KEPT, &trend.consistency, &trend.weeks, links),
        chart(DISPLACED, &trend.protected_displacement, &trend.weeks, links),
    ]
}

fn chart(kind: Kind, sum: &TrendSum, weeks: &[TrendWeek], links: VisitLinks<'_>) -> Chart {
    let points: Vec<TrendPoint> = weeks.iter().map(kind.point).collect();
    let shares = points.iter().filter_map(|point| point.share);
    let edges = points.iter().filter_map(|point| point.limits).flatten();
    let (low, high) = shares
        .chain(edges)
        .chain(sum.share)
        .fold((1.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    // To whole tens of per cent, so that the scale can be read.
    let (low, high) = ((low * 10.0).floor() / 10.0, (high * 10.0).ceil() / 10.0);
    let span = (high - low).max(0.1);
    let y = |share: f64| BOTTOM - (share - low) / span * (BOTTOM - TOP);
    let step = (WIDTH - LEFT) / f64::from(u32::try_from(weeks.len()).unwrap_or(1).max(1));
    let places: Vec<f64> = (0..weeks.len())
        .map(|place| LEFT + step * (f64::from(u32::try_from(place).unwrap_or(0)) + 0.5))
        .collect();
    let placed = || places.iter().copied().zip(&points);
    let seen: Vec<Option<String>> =
        placed().map(|(x, point)| point.share.map(|share| format!("{},{}", at(x), at(y(share))))).collect();
    let rows: Vec<Row> = weeks.iter().map(|week| row(week, kind, links)).collect();
    let drawn = points.iter().filter(|point| point.share.is_some()).count() > 1;
    Chart {
        id: kind.id,
        title: kind.title,
        departure: kind.departure,
        description: described(&rows),
        drawn,
        middle: sum.share.map(|share| at(y(share))),
        lines: seen
            .split(Option::is_none)
            .filter(|run| run.len() > 1)
            .map(|run| run.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "))
            .collect(),
        limits: placed()
            .filter_map(|(x, point)| {
                let [low, high] = point.limits?;
                let reach = (step / 2.0).min(REACH);
                let (from, to) = (at(x - reach), at(x + reach));
                Some(Limits { from, to, low: at(y(low)), high: at(y(high)) })
            })
            .collect(),
        dots: placed()
            .filter_map(|(x, point)| {
                let class = match (point.limits, point.outside) {
                    (None, _) => "small",
                    (_, Some(_)) => "outside",
                    (_, None) => "inside",
                };
                Some(Dot { x: at(x), y: at(y(point.share?)), class })
            })
            .collect(),
        labels: places.iter().map(|x| at(*x)).zip(weeks.iter().map(short)).collect(),
        scale: [low, low + span]
            .iter()
            .map(|share| (at(y(*share)), format!("{:.0}%", share * 100.0)))
            .collect(),
        rows,
        all: Share::new(sum.k, sum.n),
        all_departures: (kind.departures)(sum.k, sum.n),
        pooled: sum.pooled.as_ref().map(|pool| {
            let of = weeks.iter().filter(|week| pool.weeks.contains(&week.week)).map(name);
            let TrendPoint { k, n, .. } = pool.point;
            (Told::listed(of), Share::new(k, n), said(pool.point))
        }),
    }
}

fn row(week: &TrendWeek, kind: Kind, links: VisitLinks<'_>) -> Row {
    let point = (kind.point)(week);
    let [url, departures_url] = kind.keys.map(|key| links.figure(format_args!("trend.{}.{key}", week.week)));
    let days = [("假期{}天", week.holidays), ("活动或考试{}天", week.events)];
    let marks = days.iter().filter(|(_, days)| *days > 0).map(|(what, days)| told!(*what, days));
    Row {
        week: name(week),
        marks: Told::joined("{}，{}", marks),
        share: Share::new(point.k, point.n),
        url,
        departures: (kind.departures)(point.k, point.n),
        departures_url,
        limits: point.limits.map(|[low, high]| format!("{:.1}%—{:.1}%", low * 100.0, high * 100.0)),
        said: said(point),
        outside: point.outside.is_some(),
    }
}

fn name(week: &TrendWeek) -> Told {
    week.teaching_week
        .map_or_else(|| words::week_span(week.week), |number| words::teaching_week(Some(number)))
}

/// The name, where there is little room.
fn short(week: &TrendWeek) -> Told {
    week.teaching_week
        .map_or_else(|| words::date(week.week.monday()), |number| words::teaching_week(Some(number)))
}

const fn said(point: TrendPoint) -> &'static str {
    match point.outside {
        Some(Side::Above) => "高于上控制限",
        Some(Side::Below) => "低于下控制限",
        None if point.n == 0 => "没有可核查的节次",
        None if point.n < MIN_CHART => "不足10节，不计控制限",
        None => "在控制限内",
    }
}

fn described(rows: &[Row]) -> Told {
    let week = |row: &Row| {
        let percent = row.share.percent().map(|percent| told!("（{}）", percent)).unwrap_or_default();
        told!("{} {}{}，{}", row.week, row.share.counts(), percent, Told::from(row.said))
    };
    Told::joined("{}；{}", rows.iter().map(week))
}

fn at(place: f64) -> String {
    format!("{place:.1}")
}
