//! An edition of the weekly log as a workbook: every figure a number in a cell of its own, the counts beside every share.

use std::collections::BTreeMap;

use xunke_domain::audit::words::weekday;
use xunke_domain::log::edition::Edition;
use xunke_domain::log::{LevelCounts, Remark, WeeklyLog, labels, share, wilson95};
use xunke_domain::seed::DIMENSIONS;

use crate::xlsx_write::{BarChart, Column, Entry, Table, WriteFailed, write};

/// Writes an edition; it names people. `hash` is that of its bytes, `dimensions` the school's names of the dimensions
/// it rates.
pub fn log_book(
    edition: &Edition,
    hash: &str,
    dimensions: &BTreeMap<String, String>,
) -> Result<Vec<u8>, WriteFailed> {
    let log = &edition.log;
    let tables = [
        overview(edition, hash),
        executed(log),
        coverage(log),
        ratings(log, dimensions),
        remarks(log),
        findings(log),
        notes(log),
    ];
    write(&tables, edition.published_at.date_naive())
}

fn table<const N: usize>(
    name: &str,
    columns: [(&'static str, f64); N],
    rows: Vec<Vec<Entry>>,
    charts: Vec<BarChart>,
) -> Table {
    let columns = columns.map(|(title, width)| Column { title, width }).to_vec();
    Table { name: name.to_owned(), columns, rows, charts }
}

/// `k`, `n` and their share; no share of too few.
fn counts(k: u32, n: u32) -> [Entry; 3] {
    [k.into(), n.into(), share(k, n).map_or(Entry::Nothing, Entry::Share)]
}

/// The bounds of the interval of `k / n`; none of too few.
fn interval(k: u32, n: u32) -> [Entry; 2] {
    wilson95(k, n).map_or([Entry::Nothing, Entry::Nothing], |bounds| bounds.map(Entry::Share))
}

fn overview(edition: &Edition, hash: &str) -> Table {
    let log = &edition.log;
    let told = |name: &str, text: String| vec![name.into(), text.into()];
    let figure = |name: String, count: u32| vec![name.into(), count.into()];
    let rate = |name: &str, k: u32, n: u32| {
        let mut row: Vec<Entry> = vec![name.into()];
        row.extend(counts(k, n));
        row.extend(interval(k, n));
        row
    };
    let coverage = &log.coverage;
    let number = log.teaching_week.map_or_else(|| "学期外".to_owned(), |number| format!("第{number}周"));
    let mut rows = vec![
        told("学校", log.school.clone()),
        told("周次", format!("{number} {}—{}", log.week.monday(), log.week.sunday())),
        told("版本", format!("第{}版", edition.number)),
        told("签发", edition.approved_by()),
        told("公示时间", edition.published_at.format("%Y-%m-%d %H:%M").to_string()),
        told("签发意见", edition.remarks.clone().unwrap_or_default()),
        told("内容校验码（SHA-256）", hash.to_owned()),
        figure("人次（巡课记录数）".to_owned(), log.visits),
        figure("节次（去重）".to_owned(), log.visited_slots),
        rate("课表内节次覆盖", coverage.planned_slots_visited, log.planned_slots),
        rate("班级覆盖", log.classes_visited, log.classes_total),
        rate("任课教师覆盖", coverage.teachers_visited, coverage.teachers_planned),
        rate("课表一致率", log.consistency.consistent, log.consistency.checked),
        figure("不一致节次".to_owned(), log.consistency.inconsistent),
        figure("意见不一节次（不计入比率）".to_owned(), log.consistency.disputed),
        figure("仅批量标记节次（不计入比率）".to_owned(), log.consistency_parts.bulk_only),
    ];
    let by_verdict = log.consistency_parts.by_verdict.iter();
    rows.extend(
        by_verdict
            .map(|(verdict, count)| figure(format!("核查结论：{}", labels::verdict_zh(*verdict)), *count)),
    );
    rows.push(figure("课堂亮点".to_owned(), log.highlights));
    rows.push(figure("待改进之处".to_owned(), log.improvements));
    rows.push(figure("存在问题".to_owned(), log.findings.iter().map(|group| group.count).sum()));
    for work in &log.inspectors {
        rows.push(figure(format!("巡课人次：{}", work.inspector), work.visits));
    }
    let columns = [
        ("项目", 32.0),
        ("内容 / k", 44.0),
        ("总数 n", 10.0),
        ("占比", 10.0),
        ("95% 区间下限", 14.0),
        ("95% 区间上限", 14.0),
    ];
    table("概况", columns, rows, Vec::new())
}

fn executed(log: &WeeklyLog) -> Table {
    let row = |(name, delivery): (&String, &xunke_domain::log::Delivery)| {
        let n = delivery.checked;
        let displaced = log.displacement_by_subject.get(name).map_or(0, |figures| figures.displaced);
        let taken: Vec<String> = log
            .displacement_matrix
            .iter()
            .filter(|taking| taking.planned == *name)
            .map(|taking| format!("{} {}", taking.taken_by, taking.slots))
            .collect();
        let [displaced_k, _, displaced_share] = counts(displaced, n);
        let [delivered_k, _, delivered_share] = counts(delivery.delivered, n);
        let [low, high] = interval(displaced, n);
        let self_study = log.self_study_by_subject.get(name).copied().unwrap_or(0);
        vec![
            name.as_str().into(),
            n.into(),
            displaced_k,
            displaced_share,
            low,
            high,
            taken.join("、").into(),
            self_study.into(),
            delivered_k,
            delivered_share,
        ]
    };
    let rows: Vec<Vec<Entry>> = log.delivery_by_subject.iter().map(row).collect();
    let columns = [
        ("课表学科", 14.0),
        ("核查 n", 9.0),
        ("被挤占 k", 9.0),
        ("挤占率", 9.0),
        ("95% 区间下限", 14.0),
        ("95% 区间上限", 14.0),
        ("占用学科与节次", 22.0),
        ("改自习", 9.0),
        ("开课 k", 9.0),
        ("开课率", 9.0),
    ];
    let chart =
        BarChart {
            title: "各学科核查与被挤占节次", rows: (0, rows.len()), names: 0, numbers: vec![1, 2]
        };
    table("课表执行", columns, rows, vec![chart])
}

fn coverage(log: &WeeklyLog) -> Table {
    let coverage = &log.coverage;
    let row = |kind: &str, name: String, k: u32, n: u32, classes: Option<(u32, u32)>| {
        let mut row: Vec<Entry> = vec![kind.into(), name.into()];
        row.extend(counts(k, n));
        row.push(classes.map(|(seen, _)| seen).into());
        row.push(classes.map(|(_, all)| all).into());
        row
    };
    let grades = coverage.by_grade.iter().map(|grade| {
        let classes = Some((grade.classes_visited, grade.classes_total));
        row("年级", labels::grade_zh(grade.grade), grade.visited, grade.planned, classes)
    });
    let days = coverage
        .by_weekday
        .iter()
        .map(|day| row("星期", weekday(day.weekday).to_owned(), day.visited, day.planned, None));
    let subjects = coverage
        .by_subject
        .iter()
        .map(|(name, subject)| row("学科", name.clone(), subject.visited, subject.planned, None));
    let cells = coverage.by_grade_and_subject.iter().map(|cell| {
        let name = format!("{} {}", labels::grade_zh(cell.grade), cell.subject);
        row("年级与学科", name, cell.visited, cell.planned, None)
    });
    let of_grades = coverage.by_grade.len();
    let before_subjects = of_grades + coverage.by_weekday.len();
    let of_subjects = (before_subjects, before_subjects + coverage.by_subject.len());
    let unseen = coverage.classes_not_seen.iter().map(|class| {
        let ago = class
            .weeks_since
            .map_or_else(|| "本学期未巡到".to_owned(), |weeks| format!("上次巡到距今{weeks}周"));
        vec!["未巡到的班级".into(), format!("{}（{ago}）", class.class).into(), 0.into()]
    });
    let rows = grades.chain(days).chain(subjects).chain(cells).chain(unseen).collect();
    let columns = [
        ("分类", 14.0),
        ("名称", 26.0),
        ("已巡 k", 9.0),
        ("应上 n", 9.0),
        ("占比", 9.0),
        ("班级已巡", 10.0),
        ("班级总数", 10.0),
    ];
    let chart = |title, rows| BarChart { title, rows, names: 1, numbers: vec![2, 3] };
    let charts = vec![chart("各年级覆盖", (0, of_grades)), chart("各学科覆盖", of_subjects)];
    table("覆盖", columns, rows, charts)
}

fn ratings(log: &WeeklyLog, names: &BTreeMap<String, String>) -> Table {
    let name = |key: &String| {
        let seeded = || DIMENSIONS.iter().find(|seed| seed.key == *key).map(|seed| seed.zh);
        names.get(key).map(String::as_str).or_else(seeded).unwrap_or(key).to_owned()
    };
    let row = |name: String, levels: LevelCounts| {
        let LevelCounts { excellent, good, fair, poor } = levels;
        let mut row: Vec<Entry> = vec![name.into()];
        row.extend([excellent, good, fair, poor].map(Entry::from));
        row.extend(counts(excellent + good, excellent + good + fair + poor));
        row
    };
    let mut rows: Vec<Vec<Entry>> =
        log.ratings_by_dimension.iter().map(|(key, levels)| row(name(key), *levels)).collect();
    let dimensions = rows.len();
    rows.push(row("合计".to_owned(), log.ratings));
    let columns = [
        ("维度", 22.0),
        ("优", 8.0),
        ("良", 8.0),
        ("中", 8.0),
        ("差", 8.0),
        ("优良 k", 9.0),
        ("评价 n", 9.0),
        ("优良占比", 10.0),
    ];
    let chart =
        BarChart {
            title: "各维度评价等级次数", rows: (0, dimensions), names: 0, numbers: vec![1, 2, 3, 4]
        };
    table("评价", columns, rows, vec![chart])
}

fn remarks(log: &WeeklyLog) -> Table {
    let row = |kind: &str, remark: &Remark| {
        let Remark { visit, inspector, place, subject, teacher, text, tags } = remark;
        vec![
            kind.into(),
            subject.as_str().into(),
            text.as_str().into(),
            tags.join("、").into(),
            place.class.as_str().into(),
            place.date.to_string().into(),
            place.period.as_str().into(),
            teacher.clone().into(),
            inspector.as_str().into(),
            visit.to_string().into(),
        ]
    };
    let highlights = log.highlights_by_subject.values().flatten().map(|remark| row("亮点", remark));
    let improvements = log.improvements_by_subject.values().flatten().map(|remark| row("待改进", remark));
    let columns = [
        ("类别", 8.0),
        ("学科", 12.0),
        ("内容", 60.0),
        ("标签", 14.0),
        ("班级", 14.0),
        ("日期", 12.0),
        ("节次", 9.0),
        ("授课教师", 12.0),
        ("巡课人", 12.0),
        ("巡课编号", 38.0),
    ];
    table("亮点与建议", columns, highlights.chain(improvements).collect(), Vec::new())
}

fn findings(log: &WeeklyLog) -> Table {
    let rows = log.findings.iter().flat_map(|group| {
        group.cells.iter().map(|cell| {
            vec![
                group.code.as_str().into(),
                group.name.as_str().into(),
                labels::finding_group_zh(&group.code).into(),
                labels::severity_zh(group.severity).into(),
                if group.red_line { "是" } else { "否" }.into(),
                labels::grade_zh(cell.grade).into(),
                cell.subject.as_str().into(),
                cell.count.into(),
            ]
        })
    });
    let columns = [
        ("编号", 8.0),
        ("问题", 22.0),
        ("类别", 12.0),
        ("最高等级", 10.0),
        ("红线", 8.0),
        ("年级", 10.0),
        ("学科", 14.0),
        ("条数", 8.0),
    ];
    table("问题", columns, rows.collect(), Vec::new())
}

fn notes(log: &WeeklyLog) -> Table {
    let row = |text: &str| vec![text.into()];
    let mut rows: Vec<Vec<Entry>> = log
        .data_notes
        .iter()
        .map(|note| vec![labels::note_zh(note.kind).into(), note.count.into(), note.about.join("、").into()])
        .collect();
    rows.extend([
        row("人次为巡课记录数，节次为去重后的“班级×日期×节次”，两者不同。"),
        row("所巡节次由巡课人选定，并非随机抽样，不据此推断全校。"),
        row("分母不足5的不计占比与区间，单元格留空；区间为 Wilson 95% 区间。"),
    ]);
    table("访次说明", [("说明", 60.0), ("数量", 8.0), ("涉及", 60.0)], rows, Vec::new())
}
