//! What the log says beyond the counts of the week, as the page of the log tells it; editions of older rules say less.
//! The sum of the weeks is `p` here: the font has no bar to put above it.

use std::collections::BTreeMap;

use xunke_domain::log::WeeklyLog;
use xunke_domain::told::Told;
use xunke_print::{Block, Holds, Row, Section};

use crate::pages::coverage::LongUnseen;
use crate::pages::highlight_rates;
use crate::pages::inspectors::{self, ComparisonTables};
use crate::pages::paper::parts::{columns, or_dash, share};
use crate::pages::ratings;
use crate::pages::repeats::RepeatTables;
use crate::pages::trend::{self, Chart};
use crate::pages::visit_links::VisitLinks;
use Holds::{Figures, Long, Text};

/// Highlights beside the visits of each subject.
pub(super) fn highlight_rates(log: &WeeklyLog) -> Vec<Block> {
    let rates = highlight_rates::rows(&log.highlight_rates, VisitLinks::none(log));
    if rates.is_empty() {
        return Vec::new();
    }
    let rows = rates.iter().map(|row| {
        Row::new([row.subject.into(), row.highlights.into(), row.visits.into(), or_dash(row.per_ten.clone())])
    });
    let columns = columns([("学科", Text), ("亮点", Figures), ("人次", Figures), ("每10人次", Figures)]);
    vec![
        Block::table("各学科亮点与巡课人次", columns, rows),
        Block::note("按学科名称排列，不作排名；重点关注学科即使没有记录也列出。不足5人次的只列次数。"),
    ]
}

/// Problems that came back, and notices of rectification.
pub(super) fn problems(log: &WeeklyLog) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(repeats) = &log.repeats {
        let told = RepeatTables::new(repeats, log.trend.as_ref(), VisitLinks::none(log));
        blocks.push(Block::heading("重复问题与共性问题"));
        if told.tables.is_empty() {
            blocks.push(Block::text(format!("最近{}个教学周未见重复问题和共性问题。", told.weeks)));
        }
        for (caption, rows) in &told.tables {
            let rows = rows.iter().map(|row| {
                let red_line = if row.red_line { "（红线）" } else { "" };
                Row::new([
                    format!("{} {}{red_line}", row.code, row.name).into(),
                    row.whose.clone().into(),
                    row.subjects.to_string().into(),
                    row.weeks.to_string().into(),
                ])
            });
            let columns = columns([("问题", Text), ("班级", Long), ("学科", Text), ("各周条数", Text)]);
            blocks.push(Block::table(*caption, columns, rows));
        }
        blocks.push(Block::note(format!(
            "看最近{}个教学周（含本周）：同一班级或同一教师在两周以上出现同一问题为重复，同年级三个以上班级出现同一问题为共性。",
            told.weeks
        )));
    }
    if let Some(notices) = log.rectification_notices {
        blocks.push(Block::heading("整改"));
        blocks.push(Block::text(format!("本周{}人次巡课中，{notices}人次提出整改通知书。", log.visits)));
        blocks.push(Block::note("目前只记录提出，尚不记录整改进展与销号：此处不能说明问题是否已经解决。"));
    }
    blocks
}

/// Shares of good ratings, and medians.
pub(super) fn good(log: &WeeklyLog, dimensions: &BTreeMap<String, String>) -> Vec<Block> {
    let Some(shares) = &log.rating_shares else { return Vec::new() };
    let rows = ratings::good_rows(shares, dimensions, VisitLinks::none(log)).into_iter().map(|row| {
        let [counts, percent] = share(row.good);
        let median = or_dash(row.median.map(|median| median.to_string()));
        Row::new([row.name.to_string().into(), counts, percent, or_dash(row.good.interval()), median])
    });
    let columns = columns([
        ("维度", Text),
        ("优良", Figures),
        ("占比", Figures),
        ("95% 区间", Figures),
        ("中位等级", Text),
    ]);
    vec![
        Block::table("优良占比与中位等级", columns, rows),
        Block::note(
            "优良即优与良，以给出的等级次数为分母；不足5次不计百分比，不足10次不计中位等级。不同量表的等级不可比，同时使用时分别列出。",
        ),
    ]
}

/// What was not seen for weeks.
pub(super) fn long_unseen(log: &WeeklyLog) -> Vec<Block> {
    let told = LongUnseen::new(&log.coverage);
    let mut blocks: Vec<Block> = told
        .tables
        .iter()
        .map(|(what, rows)| {
            let rows = rows.iter().map(|row| {
                let ago = or_dash(row.ago.as_ref().map(Told::to_string));
                Row::new([row.name.to_string().into(), row.last.to_string().into(), ago])
            });
            let columns = columns([(what, Text), ("上次巡到", Text), ("距今", Text)]);
            Block::table(format!("四个教学周以上未巡到的{what}"), columns, rows)
        })
        .collect();
    if !blocks.is_empty() {
        blocks.push(Block::note("未巡到不是对学科或教师的评价，只说明巡课尚未覆盖；教师名单不进公示版。"));
    }
    blocks
}

/// The last weeks in numbers.
pub(super) fn trend(log: &WeeklyLog) -> Option<Section> {
    let trend = log.trend.as_ref()?;
    let note = "本学期内最近的教学周（至多八周，含本周），按当时已有的记录计算。以 p 为各周合计，控制限为 p ± 3√(p(1−p)/n)，只说明波动是否超出偶然，\
                并非目标；出限的周值得查看原因，不足10节的周不计控制限。";
    let mut blocks = vec![Block::note(note)];
    for chart in trend::charts(trend, VisitLinks::none(log)) {
        blocks.extend(weeks(&chart));
    }
    Some(Section { title: "附表 近八周走势".to_owned(), blocks })
}

fn weeks(chart: &Chart) -> Vec<Block> {
    let rows = chart.rows.iter().map(|row| {
        let [counts, percent] = share(row.share);
        let limits = or_dash(row.limits.clone());
        Row::new([
            row.week.to_string().into(),
            counts,
            percent,
            limits,
            row.said.into(),
            row.marks.to_string().into(),
        ])
    });
    let [counts, percent] = share(chart.all);
    let all = ["合计 p".into(), counts, percent, "—".into(), "".into(), "".into()];
    let all = Row { sum: true, ..Row::new(all) };
    let columns = columns([
        ("教学周", Text),
        ("节次", Figures),
        ("占比", Figures),
        ("控制限", Figures),
        ("判断", Text),
        ("说明", Text),
    ]);
    let mut blocks = vec![Block::table(format!("{}，各周", chart.title), columns, rows.chain([all]))];
    if let Some((weeks, pool, said)) = &chart.pooled {
        let percent = pool.percent().map_or_else(String::new, |percent| format!("（{percent}）"));
        let text = format!("{weeks}各不足10节，合并为 {}{percent}，{said}。", pool.counts());
        blocks.push(Block::note(text));
    }
    blocks
}

/// How much each inspector did, and how the ratings lie beside each other.
pub(super) fn comparison(log: &WeeklyLog) -> Option<Section> {
    let told = ComparisonTables::new(log.comparison.as_ref()?, VisitLinks::none(log));
    let mut blocks = Vec::new();
    let work = inspectors::work(&log.inspectors);
    let rows = work.iter().filter_map(|row| {
        let more = row.more.as_ref()?;
        let [protected, protected_share] = share(more.protected);
        let [late, late_share] = share(more.entered_late);
        Some(Row::new([
            row.work.inspector.as_str().into(),
            row.work.visits.into(),
            more.classes.into(),
            more.minutes.to_string().into(),
            protected,
            protected_share,
            more.sync_delay.to_string().into(),
            late,
            late_share,
        ]))
    });
    let headers = columns([
        ("姓名", Text),
        ("人次", Figures),
        ("班级", Figures),
        ("在班分钟", Figures),
        ("重点关注学科", Figures),
        ("占比", Figures),
        ("上传间隔中位", Figures),
        ("24小时后补记", Figures),
        ("占比", Figures),
    ]);
    blocks.push(Block::table("巡课人工作情况", headers, rows));
    blocks.push(Block::heading("评价差异"));
    if told.rows.is_empty() {
        blocks.push(Block::text(format!(
            "最近{}个教学周内，没有巡课人在可比的课上评价满10人次，不计差异。",
            told.weeks
        )));
    } else {
        let rows = told.rows.iter().map(|row| {
            let [own, own_share] = share(row.own);
            let stratum =
                if row.stratum.is_empty() { "全部可比".to_owned() } else { row.stratum.to_string() };
            let cells = [row.name.into(), stratum.into(), row.visits.into(), own, own_share];
            let told = [row.expected.clone().into(), row.difference.clone().into()];
            Row { sum: row.stratum.is_empty(), ..Row::new(cells.into_iter().chain(told)) }
        });
        let headers = columns([
            ("姓名", Text),
            ("同类课", Text),
            ("人次", Figures),
            ("优良", Figures),
            ("占比", Figures),
            ("按全校应有", Figures),
            ("差异（百分点）", Figures),
        ]);
        blocks.push(Block::table("优良次数与全校同类课的差异", headers, rows));
    }
    blocks.push(Block::text(agreement(&told)));
    blocks.push(Block::note(format!(
        "看最近{}个教学周（含本周）。同类课指同一量表、同一学科、同一年级段，且另有他人评价；满10人次才列。差异只说明所见或所重不同，\
         不说明谁宽谁严，也不作排名。",
        told.weeks
    )));
    Some(Section { title: "附表 巡课人（仅供校内）".to_owned(), blocks })
}

fn agreement(told: &ComparisonTables<'_>) -> String {
    let interval = told.exact.interval().map_or_else(String::new, |told| format!("，95% 区间 {told}"));
    let percent = told.exact.percent().map_or_else(String::new, |percent| format!("（{percent}{interval}）"));
    let kappa = told
        .kappa
        .as_ref()
        .map_or_else(|| "，不足20对，不计 κ".to_owned(), |kappa| format!("，加权 κ {kappa}"));
    format!(
        "同一节课由两人以上评价的共{}节次；成对的等级中完全一致 {}{percent}{kappa}。",
        told.slots,
        told.exact.counts()
    )
}
