//! The edition inside the school as a paper. It names people, and says so.

use std::collections::BTreeMap;

use xunke_domain::log::edition::{ContentHash, Edition};
use xunke_domain::log::{DataNote, WeeklyLog, labels};
use xunke_print::{Block, Cell, Column, Holds, Item, Paper, Row, Section};

use crate::pages::coverage::{CoverageTables, Cross, Unseen};
use crate::pages::heading::{Heading, SemesterName};
use crate::pages::paper::parts::{self, columns, share};
use crate::pages::paper::statistics;
use crate::pages::ratings;
use crate::pages::remarks::{self, Remarks};
use crate::pages::share::Share;
use crate::pages::timetable::Timetable;
use crate::pages::versions;
use crate::pages::visit_links::VisitLinks;
use crate::pages::words;

/// An edition as a paper; `hash` is that of its bytes. `dimensions`: the school's names of the dimensions it rates.
pub fn edition_paper(
    edition: &Edition,
    hash: &ContentHash,
    semester: Option<SemesterName<'_>>,
    dimensions: &BTreeMap<String, String>,
) -> Paper {
    let log = &edition.log;
    let coverage = &log.coverage;
    let links = VisitLinks::none(log);
    let heading = Heading::new(&log.school, semester, log.teaching_week, log.week);
    let timetable = Timetable::new(log, links);
    let consistency = Share::new(log.consistency.consistent, log.consistency.checked);
    let mut sections = vec![
        basics(log),
        highlights(log, links),
        problems(log, links),
        executed(&timetable, consistency),
        rated(log, dimensions),
        unseen(log),
        notes(&log.data_notes, &timetable),
        changes(edition, links),
    ];
    sections.extend(statistics::trend(log));
    sections.extend(statistics::comparison(log));
    sections.extend(cross(log));
    let mut lines = vec![
        format!(
            "第{}版　签发：{}　{} 公示",
            edition.number,
            edition.approved_by(),
            words::moment(&edition.published_at)
        ),
        "内部版，含人员信息，仅供校内管理使用，请勿张贴。".to_owned(),
    ];
    lines.extend(edition.remarks.as_ref().map(|remarks| format!("签发意见：{remarks}")));
    Paper {
        foot: vec![
            format!("{} {} 第{}版（内部版）", heading.title, heading.week, edition.number),
            format!("内容校验码（SHA-256）：{}", hash.as_str()),
        ],
        title: heading.title,
        subtitle: heading.period,
        lines,
        facts: parts::facts(
            log.visits,
            log.visited_slots,
            Share::new(coverage.planned_slots_visited, log.planned_slots),
            Share::new(log.classes_visited, log.classes_total),
            parts::consistency(consistency),
        ),
        sections,
        dated: edition.published_at,
    }
}

fn basics(log: &WeeklyLog) -> Section {
    use Holds::{Figures, Text};
    let coverage = &log.coverage;
    let teachers = Share::new(coverage.teachers_visited, coverage.teachers_planned).counts();
    let findings: u32 = log.findings.iter().map(|group| group.count).sum();
    let mut blocks = vec![Block::text(format!(
        "本周共巡课{}节次（{}人次），覆盖{}个班（共{}个班），巡到任课教师{teachers}人。记录课堂亮点{}条、\
         待改进之处{}条、存在问题{findings}条。",
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
    if !log.inspectors.is_empty() {
        let rows = log.inspectors.iter().map(|work| {
            Row::new([
                work.inspector.as_str().into(),
                work.visits.into(),
                work.slots.into(),
                work.days.into(),
            ])
        });
        let columns = columns([("姓名", Text), ("人次", Figures), ("节次", Figures), ("天数", Figures)]);
        blocks.push(Block::table("巡课人", columns, rows));
    }
    Section { title: "一、基本情况".to_owned(), blocks }
}

fn highlights(log: &WeeklyLog, links: VisitLinks<'_>) -> Section {
    let mut blocks = listed(&Remarks::new("highlights", &log.highlights_by_subject, links));
    blocks.extend(statistics::highlight_rates(log));
    Section { title: "二、课堂亮点".to_owned(), blocks }
}

fn unseen(log: &WeeklyLog) -> Section {
    let coverage = &log.coverage;
    let mut blocks = parts::unseen(&Unseen::new(&coverage.classes_not_seen, &coverage.subjects_not_seen));
    blocks.extend(statistics::long_unseen(log));
    Section { title: "六、未巡到".to_owned(), blocks }
}

fn listed(remarks: &Remarks<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    if remarks.subjects.is_empty() {
        blocks.push(Block::text("本周没有记录。"));
    }
    let items = remarks.subjects.iter().flat_map(|subject| {
        subject.items.iter().map(|item| {
            let tags: Vec<String> = item.tags.iter().map(|tag| format!("〔{tag}〕")).collect();
            let teacher = item.teacher.map_or_else(String::new, |teacher| format!("，{teacher} 授课"));
            Item {
                lead: subject.subject.to_owned(),
                text: item.text.to_owned(),
                note: format!("{}{}{teacher}（{} 记）", tags.concat(), item.place, item.inspector),
            }
        })
    });
    let items: Vec<Item> = items.collect();
    if !items.is_empty() {
        blocks.push(Block::Items { items });
    }
    if !remarks.without.is_empty() {
        blocks.push(Block::note(format!("本周没有记录的重点关注学科：{}。", remarks.without.join("、"))));
    }
    blocks
}

fn problems(log: &WeeklyLog, links: VisitLinks<'_>) -> Section {
    use Holds::{Figures, Long, Text};
    let mut blocks = vec![Block::heading("待改进之处")];
    blocks.extend(listed(&Remarks::new("improvements", &log.improvements_by_subject, links)));
    blocks.push(Block::heading("存在问题"));
    let findings = remarks::findings(&log.findings, links);
    if findings.is_empty() {
        blocks.push(Block::text("本周未记录问题。未记录问题不等于没有问题，请结合覆盖情况阅读。"));
    } else {
        let rows = findings.iter().map(|row| {
            let places: Vec<&str> = row.visits.iter().map(|visit| visit.place.as_str()).collect();
            Row::new([
                format!("{} {}", row.code, row.name).into(),
                row.group.into(),
                row.severity.into(),
                row.count.into(),
                row.cells.clone().into(),
                places.join("\n").into(),
            ])
        });
        let columns = columns([
            ("问题", Long),
            ("类别", Text),
            ("等级", Text),
            ("条数", Figures),
            ("年级与学科", Long),
            ("记录", Text),
        ]);
        blocks.push(Block::table("存在问题，按等级由重到轻", columns, rows));
    }
    blocks.extend(statistics::problems(log));
    Section { title: "三、待改进之处与存在问题".to_owned(), blocks }
}

fn executed(timetable: &Timetable<'_>, consistency: Share) -> Section {
    use Holds::{Figures, Long, Text};
    let rate = parts::consistency(consistency);
    let mut blocks = vec![Block::text(format!("课表一致率 {}　{}", rate.figure, rate.note))];
    if timetable.parts.is_empty() {
        blocks.push(Block::text("本周没有巡课，无从核查课表。"));
    } else {
        blocks.push(Block::Bar { strips: parts::strips(&timetable.bar) });
        let rows = timetable.parts.iter().map(|part| {
            let mark = Cell::Bar(vec![xunke_print::Strip { class: part.class, width: 1000 }]);
            Row::new([mark, part.name.into(), part.count.into(), part.counted.into()])
        });
        let columns =
            columns([("图例", Holds::Marks), ("结论", Text), ("节次", Figures), ("计入一致率", Text)]);
        blocks.push(Block::table("已巡节次的核查结论", columns, rows));
        blocks.push(Block::note("一致率 =（按课表上课 + 已批准调代课）÷ 已核查节次；标“不计入”的不进分母。"));
    }
    blocks.push(Block::heading("被挤占 → 占用"));
    if timetable.takings.is_empty() {
        blocks.push(Block::text("已核查的节次中未见挤占。"));
    } else {
        let rows = timetable.takings.iter().map(|row| {
            let taken_by = format!("→ {}", row.taken_by);
            Row::new([row.planned.into(), taken_by.into(), row.slots.into(), row.places.join("\n").into()])
        });
        let columns = columns([("被挤占", Text), ("占用", Text), ("节次", Figures), ("班级与节次", Long)]);
        blocks.push(Block::table("被挤占的学科与占用的学科", columns, rows));
    }
    if !timetable.departures.is_empty() {
        let rows = timetable
            .departures
            .iter()
            .map(|row| Row::new([row.visit.place.as_str().into(), row.verdict.into(), row.inspector.into()]));
        let columns = columns([("班级与节次", Long), ("结论", Text), ("巡课人", Text)]);
        blocks.push(Block::heading("其他未按课表上课的节次"));
        blocks.push(Block::table("教师不符、改上自习与空堂", columns, rows));
    }
    blocks.extend(subjects(timetable));
    Section { title: "四、课表执行".to_owned(), blocks }
}

fn subjects(timetable: &Timetable<'_>) -> Vec<Block> {
    use Holds::{Figures, Text};
    if timetable.subjects.is_empty() {
        return Vec::new();
    }
    let rows = timetable.subjects.iter().map(|row| {
        let [displaced, displaced_share] = share(row.displaced);
        let [delivered, delivered_share] = share(row.delivered);
        Row::new([
            row.name.into(),
            row.checked.into(),
            displaced,
            displaced_share,
            parts::or_dash(row.displaced.interval()),
            row.self_study.into(),
            delivered,
            delivered_share,
        ])
    });
    let columns = columns([
        ("课表学科", Text),
        ("核查", Figures),
        ("被挤占", Figures),
        ("挤占率", Figures),
        ("95% 区间", Figures),
        ("改自习", Figures),
        ("开课", Figures),
        ("开课率", Figures),
    ]);
    vec![
        Block::heading("各学科"),
        Block::table("各学科核查、被挤占与开课", columns, rows),
        Block::note("核查不足5节的只列次数，不计比率。区间为 Wilson 95% 区间。"),
    ]
}

fn rated(log: &WeeklyLog, dimensions: &BTreeMap<String, String>) -> Section {
    let blocks = if log.rating_visits == 0 {
        vec![Block::text("本周没有评价。")]
    } else {
        let rows = ratings::rows(log.ratings, &log.ratings_by_dimension, dimensions, None);
        let told = format!("{}人次作了评价。只计各等级次数，不折算分数、不求平均。", log.rating_visits);
        let mut blocks = vec![Block::text(told), parts::ratings(&rows)];
        blocks.extend(statistics::good(log, dimensions));
        blocks
    };
    Section { title: "五、评价".to_owned(), blocks }
}

fn notes(notes: &[DataNote], timetable: &Timetable<'_>) -> Section {
    let told = notes.iter().map(|note| {
        let about =
            if note.about.is_empty() { String::new() } else { format!("（{}）", note.about.join("、")) };
        format!("{}：{}{about}", labels::note_zh(note.kind), note.count)
    });
    let items = told.chain(parts::COUNTING.map(str::to_owned));
    let items = items.map(|text| Item { text, ..Item::default() }).collect();
    let mut blocks = vec![Block::Items { items }];
    if !timetable.disputed.is_empty() {
        let items = timetable.disputed.iter().map(|slot| {
            let opinions = slot.opinions.iter().map(|opinion| {
                let observed =
                    opinion.observed.map_or_else(String::new, |observed| format!("（实上 {observed}）"));
                format!("{}：{}{observed}", opinion.inspector, opinion.verdict)
            });
            let text = opinions.collect::<Vec<_>>().join("；");
            Item { lead: slot.place.clone(), text, note: String::new() }
        });
        blocks.push(Block::heading("意见不一的节次"));
        blocks.push(Block::Items { items: items.collect() });
        blocks.push(Block::note("裁定之前，这些节次不计入任何比率。"));
    }
    if !timetable.contested.is_empty() {
        let items = timetable.contested.iter().map(|row| Item {
            lead: row.place.clone(),
            text: format!("{}：{}", row.inspector, row.verdict),
            note: row.state.to_owned(),
        });
        blocks.push(Block::heading("有异议的记录"));
        blocks.push(Block::Items { items: items.collect() });
        blocks.push(Block::note("更正之前，这些记录按所记计入各项数字。"));
    }
    Section { title: "七、数据说明".to_owned(), blocks }
}

fn changes(edition: &Edition, links: VisitLinks<'_>) -> Section {
    use Holds::{Long, Text};
    let mut blocks = Vec::new();
    if let Some(previous) = &edition.previous {
        let before = edition.number.saturating_sub(1);
        blocks.push(Block::note(format!("第{before}版的内容校验码（SHA-256）：{}", previous.as_str())));
        let rows = versions::rows(&edition.changes, links);
        if rows.is_empty() {
            blocks.push(Block::text(format!("与第{before}版相比，巡课记录没有变化。")));
        } else {
            let caption = format!("与第{before}版相比，共{}条变化", rows.len());
            let rows = rows.into_iter().map(|row| {
                Row::new([row.place.into(), row.kind.into(), row.what.into(), row.inspector.into()])
            });
            let columns = columns([("班级与节次", Text), ("变化", Text), ("内容", Long), ("巡课人", Text)]);
            blocks.push(Block::table(caption, columns, rows));
        }
    } else {
        blocks.push(Block::text("本版为本周第一版。"));
    }
    Section { title: "八、版本与更正".to_owned(), blocks }
}

fn cross(log: &WeeklyLog) -> Option<Section> {
    let cross = Cross::new(&log.coverage.by_grade_and_subject);
    if cross.rows.is_empty() {
        return None;
    }
    let grades = cross.grades.iter().map(|grade| Column::new(grade.as_str(), Holds::Figures));
    let columns = [Column::new("学科", Holds::Text)].into_iter().chain(grades);
    let rows = cross.rows.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| cell.map_or_else(String::new, Share::counts).into());
        Row::new([row.subject.as_str().into()].into_iter().chain(cells))
    });
    let table = Block::table("年级与学科覆盖（已巡 / 课表应上；空白为未开设）", columns, rows);
    Some(Section { title: "附表".to_owned(), blocks: vec![table] })
}
