//! The figures of a log as one list, for tables elsewhere: a key, `k`, and `n` where the figure is out of something.

use crate::log::labels::{
    finding_group_zh, grade_zh, level_code, level_zh, note_zh, verdict_code, verdict_zh,
};
use crate::log::{LevelCounts, PeriodCoverage, RatingShare, RatingShares, Repeat, Repeats, WeeklyLog};
use crate::visit::Level;

/// A figure of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its key, as in [`WeeklyLog::trace`] where that has one.
    pub key: String,
    /// What it is, in Chinese.
    pub name: String,
    /// How many.
    pub k: u32,
    /// Out of how many; none where it is a count of its own.
    pub n: Option<u32>,
}

impl Figure {
    fn new(key: impl Into<String>, name: impl Into<String>, k: u32, n: impl Into<Option<u32>>) -> Self {
        Self { key: key.into(), name: name.into(), k, n: n.into() }
    }
}

/// All figures, in the order of the log.
pub fn figures(log: &WeeklyLog) -> Vec<Figure> {
    let mut all = whole(log);
    all.extend(coverage(log));
    all.extend(timetable(log));
    all.extend(ratings("ratings", "评价", log.ratings));
    for (dimension, counts) in &log.ratings_by_dimension {
        all.extend(ratings(&format!("ratings.{dimension}"), &format!("评价：{dimension}"), *counts));
    }
    all.extend(log.rating_shares.iter().flat_map(good_shares));
    let remarks = |key: &str, name: &str, subject: &String, count: usize| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Figure::new(format!("{key}.{subject}"), format!("{name}：{subject}"), count, None)
    };
    let highlights = log.highlights_by_subject.iter();
    all.extend(highlights.map(|(subject, list)| remarks("highlights", "课堂亮点", subject, list.len())));
    let improvements = log.improvements_by_subject.iter();
    all.extend(
        improvements.map(|(subject, list)| remarks("improvements", "待改进之处", subject, list.len())),
    );
    all.extend(log.highlight_rates.iter().map(|(subject, rate)| {
        Figure::new(format!("taught.{subject}"), format!("所巡学科人次：{subject}"), rate.visits, None)
    }));
    all.extend(log.findings.iter().map(|group| {
        let name = format!("存在问题：{} {}", finding_group_zh(&group.code), group.name);
        Figure::new(format!("findings.{}", group.code), name, group.count, None)
    }));
    all.extend(
        log.rectification_notices
            .map(|notices| Figure::new("rectification.notices", "提出整改通知书的人次", notices, log.visits)),
    );
    all.extend(log.repeats.iter().flat_map(repeats));
    all.extend(trend(log));
    all.extend(log.inspectors.iter().map(|work| {
        let name = format!("巡课人次：{}", work.inspector);
        Figure::new(format!("inspectors.{}", work.inspector), name, work.visits, log.visits)
    }));
    all.extend(comparison(log));
    all.extend(log.data_notes.iter().map(|note| {
        let key = serde_json::to_value(note.kind).ok();
        let key = key.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        Figure::new(format!("notes.{key}"), note_zh(note.kind), note.count, None)
    }));
    all
}

fn whole(log: &WeeklyLog) -> Vec<Figure> {
    let coverage = &log.coverage;
    let consistency = log.consistency;
    vec![
        Figure::new("visits", "人次", log.visits, None),
        Figure::new("slots", "节次", log.visited_slots, None),
        Figure::new("coverage.slots", "课表内节次覆盖", coverage.planned_slots_visited, log.planned_slots),
        Figure::new("coverage.classes", "班级覆盖", log.classes_visited, log.classes_total),
        Figure::new(
            "coverage.teachers",
            "任课教师覆盖",
            coverage.teachers_visited,
            coverage.teachers_planned,
        ),
        Figure::new("consistency.consistent", "课表一致", consistency.consistent, consistency.checked),
        Figure::new("consistency.inconsistent", "课表不一致", consistency.inconsistent, consistency.checked),
        Figure::new("consistency.disputed", "意见不一的节次", consistency.disputed, None),
        Figure::new("highlights", "课堂亮点", log.highlights, None),
        Figure::new("improvements", "待改进之处", log.improvements, None),
    ]
}

fn coverage(log: &WeeklyLog) -> impl Iterator<Item = Figure> {
    let grades = log.coverage.by_grade.iter().map(|row| {
        let key = row.grade.map_or_else(|| "none".to_owned(), |grade| grade.to_string());
        let name = format!("覆盖：{}", grade_zh(row.grade));
        Figure::new(format!("coverage.grade.{key}"), name, row.visited, row.planned)
    });
    let days = log.coverage.by_weekday.iter().map(|row| {
        let name = format!("覆盖：{}", crate::audit::words::weekday(row.weekday));
        Figure::new(format!("coverage.weekday.{}", row.weekday), name, row.visited, row.planned)
    });
    let subjects = log.coverage.by_subject.iter().map(|(subject, row)| {
        let name = format!("覆盖：{subject}");
        Figure::new(format!("coverage.subject.{subject}"), name, row.visited, row.planned)
    });
    grades.chain(days).chain(subjects).chain(log.coverage.by_class_and_period.iter().flat_map(periods))
}

/// A class has no figure of a period in which it has no lesson.
fn periods(told: &PeriodCoverage) -> impl Iterator<Item = Figure> {
    told.classes.iter().flat_map(|row| {
        let cells = told.periods.iter().zip(&row.cells).filter(|(_, cell)| cell.planned > 0);
        cells.map(|(period, cell)| {
            let key = format!("coverage.period.{}.{period}", row.class);
            Figure::new(key, format!("覆盖：{} {period}", row.class), cell.visited, cell.planned)
        })
    })
}

fn timetable(log: &WeeklyLog) -> impl Iterator<Item = Figure> {
    let verdicts = log.consistency_parts.by_verdict.iter().map(|(verdict, count)| {
        let name = format!("核查结论：{}", verdict_zh(*verdict));
        Figure::new(format!("verdict.{}", verdict_code(*verdict)), name, *count, None)
    });
    let subjects = log.delivery_by_subject.iter().flat_map(|(subject, delivery)| {
        let displaced = log.displacement_by_subject.get(subject).map_or(0, |row| row.displaced);
        let self_study = log.self_study_by_subject.get(subject).copied().unwrap_or(0);
        let n = delivery.checked;
        [
            Figure::new(format!("displacement.{subject}"), format!("挤占：{subject}"), displaced, n),
            Figure::new(format!("self_study.{subject}"), format!("改自习：{subject}"), self_study, n),
            Figure::new(format!("delivered.{subject}"), format!("开课：{subject}"), delivery.delivered, n),
        ]
    });
    let takings = log.displacement_matrix.iter().map(|taking| {
        let (planned, taken_by) = (&taking.planned, &taking.taken_by);
        let name = format!("挤占：{planned} → {taken_by}");
        Figure::new(format!("displacement.{planned}→{taken_by}"), name, taking.slots, None)
    });
    verdicts.chain(subjects).chain(takings)
}

fn ratings(key: &str, name: &str, counts: LevelCounts) -> [Figure; 4] {
    let LevelCounts { excellent, good, fair, poor } = counts;
    let n = excellent + good + fair + poor;
    [(Level::Excellent, excellent), (Level::Good, good), (Level::Fair, fair), (Level::Poor, poor)].map(
        |(level, k)| {
            Figure::new(format!("{key}.{}", level_code(level)), format!("{name} {}", level_zh(level)), k, n)
        },
    )
}

fn good_shares(shares: &RatingShares) -> impl Iterator<Item = Figure> {
    let figure = |key: String, name: String, share: &RatingShare| {
        Figure::new(format!("good.{key}"), format!("优良：{name}"), share.good, share.rated)
    };
    let all = figure("all".to_owned(), "合计".to_owned(), &shares.all);
    let dimensions = shares
        .by_dimension
        .iter()
        .map(move |(dimension, share)| figure(format!("dimension.{dimension}"), dimension.clone(), share));
    let rubrics = shares
        .by_rubric
        .values()
        .zip(1..)
        .map(move |(share, number)| figure(format!("rubric.{number}"), format!("量表{number}"), share));
    [all].into_iter().chain(dimensions).chain(rubrics)
}

/// Problems by their places in the lists, which are those of their keys.
fn repeats(repeats: &Repeats) -> impl Iterator<Item = Figure> {
    let lists = [
        ("class", "同一班级重复的问题", &repeats.by_class),
        ("teacher", "同一教师在不同班级重复的问题", &repeats.by_teacher),
        ("common", "共性问题", &repeats.common),
    ];
    lists.into_iter().flat_map(|(key, name, list)| {
        list.iter().zip(1..).map(move |(Repeat { code, name: problem, classes, weeks, .. }, place)| {
            let name = format!("{name}：{code} {problem}（{}）", classes.join("、"));
            let findings = weeks.iter().map(|week| week.findings).sum();
            Figure::new(format!("repeats.{key}.{place}"), name, findings, None)
        })
    })
}

fn trend(log: &WeeklyLog) -> impl Iterator<Item = Figure> {
    log.trend.iter().flat_map(|trend| &trend.weeks).flat_map(|row| {
        let (week, kept, displaced) = (row.week, row.consistency, row.protected_displacement);
        let figure = |key: &str, name: &str, k, n| {
            Figure::new(format!("trend.{week}.{key}"), format!("走势 {week}：{name}"), k, n)
        };
        [
            figure("inconsistent", "课表不一致", kept.n.saturating_sub(kept.k), kept.n),
            figure("protected_displaced", "重点关注学科被挤占", displaced.k, displaced.n),
        ]
    })
}

fn comparison(log: &WeeklyLog) -> impl Iterator<Item = Figure> {
    log.comparison.iter().flat_map(|comparison| {
        let inspectors = comparison.inspectors.iter().map(|row| {
            let name = format!("可比同类课的优良：{}", row.inspector);
            Figure::new(format!("comparison.{}", row.inspector), name, row.good, row.rated)
        });
        let agreement = comparison.agreement;
        let name = "同一节课两人评价一致";
        inspectors.chain([Figure::new("comparison.agreement", name, agreement.exact, agreement.pairs)])
    })
}
