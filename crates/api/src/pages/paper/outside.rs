//! The public edition as a paper, to be posted: it names nobody, and says where it keeps something back.

use std::collections::BTreeMap;

use xunke_domain::log::edition::ContentHash;
use xunke_domain::log::labels;
use xunke_domain::log::public::{PublicCount, PublicLog};
use xunke_print::{Block, Cell, Column, Fact, Holds, Item, Paper, Row, Section};

use crate::pages::coverage::{CoverageTables, Unseen};
use crate::pages::heading::{Heading, SemesterName};
use crate::pages::paper::parts::{self, columns, share};
use crate::pages::ratings;
use crate::pages::share::Share;
use crate::pages::words;

/// A public edition as a paper; `hash` is that of its bytes. `dimensions`: the school's names of the dimensions it
/// rates.
pub fn public_paper(
    log: &PublicLog,
    hash: &ContentHash,
    semester: Option<SemesterName<'_>>,
    dimensions: &BTreeMap<String, String>,
) -> Paper {
    let coverage = &log.coverage;
    let heading = Heading::new(&log.school, semester, log.teaching_week, log.week);
    let consistency = log.consistency.consistent.map_or_else(
        || Fact {
            name: "课表一致率",
            figure: "—".to_owned(),
            note: format!("已核查 {} 节，人数过少，不公开", log.consistency.checked),
        },
        |kept| parts::consistency(Share::new(kept, log.consistency.checked)),
    );
    let unseen = Unseen::new(&coverage.classes_not_seen, &coverage.subjects_not_seen);
    Paper {
        foot: vec![
            format!("{} {} 公示版 第{}版", heading.title, heading.week, log.edition),
            format!("公示版内容校验码（SHA-256）：{}", hash.as_str()),
        ],
        title: heading.title.to_string(),
        subtitle: heading.period.to_string(),
        lines: vec![
            format!("公示版 第{}版　{} 公示", log.edition, words::moment(&log.published_at)),
            "公示版不列教师、巡课人姓名。“—”表示样本或涉及人数过少，为避免指向个人而不公开，不表示没有。"
                .to_owned(),
        ],
        facts: parts::facts(
            log.visits,
            log.visited_slots,
            Share::new(coverage.by_grade.iter().map(|row| row.visited).sum(), log.planned_slots),
            Share::new(log.classes_visited, log.classes_total),
            consistency,
        ),
        sections: vec![
            basics(log),
            highlights(log),
            problems(log),
            executed(log),
            rated(log, dimensions),
            Section { title: "六、未巡到".to_owned(), blocks: parts::unseen(&unseen) },
            notes(log),
            changes(log),
        ],
        dated: log.published_at,
    }
}

fn basics(log: &PublicLog) -> Section {
    let coverage = &log.coverage;
    let mut blocks = vec![Block::text(format!(
        "本周共巡课{}节次（{}人次），覆盖{}个班（共{}个班）。记录课堂亮点{}条、待改进之处{}条。",
        log.visited_slots,
        log.visits,
        log.classes_visited,
        log.classes_total,
        log.highlights,
        log.improvements
    ))];
    blocks.extend(parts::coverage(&CoverageTables::new(
        &coverage.by_grade,
        &coverage.by_subject,
        &coverage.by_weekday,
        None,
    )));
    Section { title: "一、基本情况".to_owned(), blocks }
}

fn highlights(log: &PublicLog) -> Section {
    let shown = u32::try_from(log.highlights_shown.len()).unwrap_or(u32::MAX);
    let withheld = log.highlights.saturating_sub(shown);
    let items = log.highlights_shown.iter().map(|highlight| Item {
        lead: highlight.subject.clone(),
        text: highlight.text.clone(),
        note: highlight.class.clone(),
    });
    let blocks = match (shown, withheld) {
        (0, 0) => vec![Block::text("本周没有记录亮点。")],
        (0, all) => {
            vec![Block::text(format!("本周记录的{all}条亮点都涉及个人，公示版不列内容。"))]
        }
        (_, withheld) => {
            let note = Block::note(format!("另有{withheld}条亮点涉及个人，公示版不列内容。"));
            let items = Block::Items { items: items.collect() };
            [items].into_iter().chain((withheld > 0).then_some(note)).collect()
        }
    };
    Section { title: "二、课堂亮点".to_owned(), blocks }
}

fn problems(log: &PublicLog) -> Section {
    use Holds::{Figures, Text};
    let mut blocks = vec![
        Block::heading("待改进之处"),
        Block::text(format!("本周记录待改进之处{}条，已在校内反馈，公示版不列内容。", log.improvements)),
        Block::heading("存在问题"),
    ];
    if log.findings.is_empty() {
        blocks.push(Block::text(
            "本周没有可公开的问题统计。样本或涉及人数过少时，为避免指向个人，不公开问题数；列表为空不表示没有问题。",
        ));
    } else {
        let categories =
            log.findings.iter().map(|row| Column::new(format!("{} {}", row.code, row.name), Figures));
        let columns_of_table = [Column::new("学科", Text)].into_iter().chain(categories);
        // Every category lists the same subjects.
        let subjects = log.findings.first().map(|first| first.by_subject.keys()).into_iter().flatten();
        let rows = subjects.map(|subject| {
            let counts = log
                .findings
                .iter()
                .map(|row| row.by_subject.get(subject).map_or_else(|| Cell::from(""), |count| shown(*count)));
            Row::new([Cell::from(subject.as_str())].into_iter().chain(counts))
        });
        let totals = log.findings.iter().map(|row| Cell::from(row.total));
        let sum = Row { cells: [Cell::from("全校合计")].into_iter().chain(totals).collect(), sum: true };
        blocks.push(Block::table("各学科存在问题条数", columns_of_table, rows.chain([sum])));
        if !log.findings_by_grade.is_empty() {
            let rows = log
                .findings_by_grade
                .iter()
                .map(|row| Row::new([words::grade(row.grade).to_string().into(), shown(row.findings)]));
            let columns = columns([("年级", Text), ("条数", Figures)]);
            blocks.push(Block::table("各年级存在问题条数", columns, rows));
        }
    }
    Section { title: "三、待改进之处与存在问题".to_owned(), blocks }
}

fn executed(log: &PublicLog) -> Section {
    use Holds::{Figures, Text};
    let blocks = if log.displacement_by_subject.is_empty() {
        vec![Block::text("本周没有可核查的节次。")]
    } else {
        let rows = log.displacement_by_subject.iter().map(|(subject, figures)| {
            let displaced = figures.displaced.map(|displaced| Share::new(displaced, figures.checked));
            let [counts, percent] = displaced.map_or_else(|| ["—".into(), "—".into()], share);
            Row::new([subject.as_str().into(), figures.checked.into(), counts, percent])
        });
        let columns =
            columns([("课表学科", Text), ("核查", Figures), ("被挤占", Figures), ("挤占率", Figures)]);
        vec![Block::table("各学科核查与被挤占节次", columns, rows), Block::note("核查不足5节的不计比率。")]
    };
    Section { title: "四、课表执行".to_owned(), blocks }
}

fn rated(log: &PublicLog, dimensions: &BTreeMap<String, String>) -> Section {
    let blocks = log.ratings.map_or_else(
        || vec![Block::text("评价次数或涉及教师人数过少，为避免指向个人，本周不公开评价统计。")],
        |all| {
            let rows = ratings::rows(all, &log.ratings_by_dimension, dimensions, None);
            vec![Block::text("只计各等级次数，不折算分数、不求平均。"), parts::ratings(&rows)]
        },
    );
    Section { title: "五、评价".to_owned(), blocks }
}

fn notes(log: &PublicLog) -> Section {
    let told = log.data_notes.iter().map(|(kind, count)| format!("{}：{count}", labels::note_zh(*kind)));
    let items = told.chain(parts::COUNTING.map(str::to_owned));
    let items = items.map(|text| Item { text, ..Item::default() }).collect();
    Section { title: "七、数据说明".to_owned(), blocks: vec![Block::Items { items }] }
}

fn changes(log: &PublicLog) -> Section {
    let kinds: Vec<String> =
        log.changes.iter().map(|(kind, count)| format!("{}{count}条", labels::change_zh(*kind))).collect();
    let text = match (log.edition, kinds.is_empty()) {
        (1, _) => "本版为本周第一版。".to_owned(),
        (_, true) => "与上一版相比，巡课记录没有变化。".to_owned(),
        (_, false) => format!("与上一版相比：{}。", kinds.join("，")),
    };
    Section { title: "八、版本与更正".to_owned(), blocks: vec![Block::text(text)] }
}

/// The count, or a dash if it is hidden.
fn shown(count: PublicCount) -> Cell {
    count.count.map_or_else(|| "—".into(), Cell::from)
}
