//! What both papers have: coverage, ratings, what was not seen; and how a share and a bar are told.

use xunke_domain::told::Told;
use xunke_print::{Block, Cell, Column, Fact, Holds, Row, Strip};

use crate::pages::bar::Bar;
use crate::pages::coverage::{CoverageTables, Unseen};
use crate::pages::ratings::RatingRow;
use crate::pages::share::Share;

/// What the reader of any figures must know.
pub(super) const COUNTING: [&str; 2] = [
    "人次为巡课记录数，节次为去重后的“班级×日期×节次”，两者不同。",
    "所巡节次由巡课人选定，并非随机抽样，不据此推断全校。",
];

pub(super) fn columns<const N: usize>(columns: [(&str, Holds); N]) -> Vec<Column> {
    columns.map(|(title, holds)| Column::new(title, holds)).to_vec()
}

/// The cells of a share: the counts, and the percentage of enough.
pub(super) fn share(share: Share) -> [Cell; 2] {
    let counts = if share.is_of_none() { "—".to_owned() } else { share.counts() };
    [counts.into(), or_dash(share.percent())]
}

/// A text, or a dash where there is none.
pub(super) fn or_dash(text: Option<String>) -> Cell {
    text.unwrap_or_else(|| "—".to_owned()).into()
}

pub(super) fn strips(bar: &Bar) -> Vec<Strip> {
    bar.segments.iter().map(|part| Strip { class: part.class, width: part.width }).collect()
}

fn reach(share: Share) -> Cell {
    Cell::Bar(vec![Strip { class: "v-kept", width: share.per_mille() }])
}

/// The three main facts.
pub(super) fn facts(
    visits: u32,
    visited_slots: u32,
    slots: Share,
    classes: Share,
    consistency: Fact,
) -> Vec<Fact> {
    let percent = slots.percent().map_or_else(String::new, |percent| format!("，{percent}"));
    vec![
        Fact { name: "人次", figure: visits.to_string(), note: "巡课记录数".to_owned() },
        Fact {
            name: "节次",
            figure: visited_slots.to_string(),
            note: format!("课表内 {}{percent}；班级 {}", slots.counts(), classes.counts()),
        },
        consistency,
    ]
}

/// How far the timetable was kept.
pub(super) fn consistency(share: Share) -> Fact {
    let name = "课表一致率";
    if share.is_of_none() {
        return Fact { name, figure: "—".to_owned(), note: "本周没有可核查的节次".to_owned() };
    }
    let note = if share.is_of_few() {
        "不足5节，只计次数，不计百分比".to_owned()
    } else {
        let interval =
            share.interval().map_or_else(String::new, |interval| format!("（95% 区间 {interval}）"));
        share.percent().unwrap_or_default() + &interval
    };
    Fact { name, figure: share.counts(), note }
}

pub(super) fn coverage(tables: &CoverageTables) -> Vec<Block> {
    use Holds::{Bars, Figures, Text};
    let grades = tables.grades.iter().map(|row| {
        let [counts, percent] = share(row.slots);
        Row::new([
            row.name.to_string().into(),
            row.classes.counts().into(),
            counts,
            percent,
            reach(row.slots),
        ])
    });
    let slots = |rows: &[crate::pages::coverage::CoverageRow]| -> Vec<Row> {
        let row = |row: &crate::pages::coverage::CoverageRow| {
            let [counts, percent] = share(row.slots);
            Row::new([row.name.to_string().into(), counts, percent, reach(row.slots)])
        };
        rows.iter().map(row).collect()
    };
    let narrow = |first| columns([(first, Text), ("节次", Figures), ("占课表", Figures), ("图示", Bars)]);
    vec![
        Block::table(
            "各年级覆盖",
            columns([
                ("年级", Text),
                ("班级", Figures),
                ("节次", Figures),
                ("占课表", Figures),
                ("图示", Bars),
            ]),
            grades,
        ),
        Block::table("各日覆盖", narrow("星期"), slots(&tables.weekdays)),
        Block::table("各学科覆盖", narrow("学科"), slots(&tables.subjects)),
        Block::note("节次一栏为“已巡 / 课表应上”。分母不足5的不计百分比，以“—”表示。"),
    ]
}

pub(super) fn ratings(rows: &[RatingRow]) -> Block {
    use Holds::{Bars, Figures, Text};
    let last = rows.len().saturating_sub(1);
    let rows = rows.iter().enumerate().map(|(place, row)| {
        let [counts, percent] = share(row.good);
        let cells = [Cell::from(row.name.to_string())]
            .into_iter()
            .chain(row.counts.clone().map(|(count, _)| Cell::from(count)));
        let cells = cells.chain([counts, percent, Cell::Bar(strips(&row.bar))]);
        Row { cells: cells.collect(), sum: place == last }
    });
    Block::table(
        "各维度评价等级次数",
        columns([
            ("维度", Text),
            ("优", Figures),
            ("良", Figures),
            ("中", Figures),
            ("差", Figures),
            ("优良", Figures),
            ("占比", Figures),
            ("图示", Bars),
        ]),
        rows,
    )
}

pub(super) fn unseen(unseen: &Unseen<'_>) -> Vec<Block> {
    let classes = unseen.classes.iter().map(|class| {
        let ago = class.ago.as_ref().map_or_else(|| "—".to_owned(), Told::to_string);
        let long = if class.long { " 长期未巡" } else { "" };
        Row::new([class.name.to_string().into(), class.last.to_string().into(), (ago + long).into()])
    });
    let classes = if unseen.classes.is_empty() {
        Block::text("本周各班均已巡到。")
    } else {
        let columns = columns([("班级", Holds::Text), ("上次巡到", Holds::Text), ("距今", Holds::Text)]);
        Block::table("本周未巡到的班级", columns, classes)
    };
    let subjects = if unseen.subjects.is_empty() {
        Block::text("课表所列学科本周均已巡到。")
    } else {
        Block::text(format!("本周未巡到的学科：{}。", unseen.subjects.join("、")))
    };
    vec![classes, subjects]
}
