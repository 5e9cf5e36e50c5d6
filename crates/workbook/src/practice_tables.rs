//! What a term's visits say, as tables of the audit's workbook: lessons delivered (实开), and 阴阳课表.

use xunke_domain::log::labels::verdict_zh;
use xunke_domain::practice::Practice;
use xunke_domain::practice::delivered::{DeliveredBand, LessonEstimate};
use xunke_domain::practice::dual::DualPair;

use crate::audit_book::{columns, table};
use crate::xlsx_write::{Entry, Table};

pub(crate) fn tables(practice: &Practice) -> [Table; 2] {
    [delivered(practice), dual(practice)]
}

fn delivered(practice: &Practice) -> Table {
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    for subject in &practice.delivered.subjects {
        for band in &subject.bands {
            rows.push(row(&subject.name, band));
        }
        if subject.bands.len() > 1 {
            let all = |of: fn(&DeliveredBand) -> u32| subject.bands.iter().map(of).sum::<u32>();
            let mut sum: Vec<Entry> = vec![
                subject.name.as_str().into(),
                "各年级段合计".into(),
                all(|band| band.planned).into(),
                all(|band| band.seen).into(),
                all(|band| band.taught).into(),
                Entry::Nothing,
            ];
            sum.extend(estimate(subject.estimate));
            rows.push(sum);
        }
    }
    let columns = columns([
        ("学科", 16.0),
        ("年级", 16.0),
        ("计划节次", 10.0),
        ("已查", 8.0),
        ("其中开课", 10.0),
        ("开课率", 10.0),
        ("估计实开节次", 14.0),
        ("区间下限", 10.0),
        ("区间上限", 10.0),
    ]);
    table("实开估计", columns, rows)
}

fn row(subject: &str, band: &DeliveredBand) -> Vec<Entry> {
    let mut row: Vec<Entry> = vec![
        subject.into(),
        grades(band).into(),
        band.planned.into(),
        band.seen.into(),
        band.taught.into(),
        band.share.map_or(Entry::Nothing, Entry::Share),
    ];
    row.extend(estimate(band.estimate));
    row
}

fn grades(band: &DeliveredBand) -> String {
    band.grades.map_or_else(|| "未分年级".to_owned(), |[first, last]| format!("{first}—{last}年级"))
}

fn estimate(estimate: Option<LessonEstimate>) -> [Entry; 3] {
    let Some(LessonEstimate { lessons, interval95: [low, high] }) = estimate else {
        return ["不足5节，不估计".into(), Entry::Nothing, Entry::Nothing];
    };
    [lessons, low, high].map(Entry::from)
}

fn dual(practice: &Practice) -> Table {
    let row = |pair: &DualPair| -> Vec<Entry> {
        let slots = pair.evidence_slots.iter().map(|slot| {
            let place = &slot.place;
            format!("{} {}（{}）", place.date, place.period, verdict_zh(slot.verdict))
        });
        vec![
            pair.class_name.as_str().into(),
            pair.subject_name.as_str().into(),
            if pair.flagged { "超出偶然调课" } else { "证据不足" }.into(),
            pair.lessons.into(),
            pair.mismatches.into(),
            pair.evidence.into(),
            pair.needed.into(),
            pair.by_chance.into(),
            slots.collect::<Vec<_>>().join("；").into(),
        ]
    };
    let columns = columns([
        ("班级", 16.0),
        ("学科", 16.0),
        ("判定", 16.0),
        ("已查节次", 10.0),
        ("不按课表", 10.0),
        ("证据比", 12.0),
        ("单独判定所需", 14.0),
        ("偶然所致的概率", 16.0),
        ("不按课表的节次", 60.0),
    ]);
    table("阴阳课表", columns, practice.dual.found.iter().map(row).collect())
}
