//! The kept corpora of the fuzzers, replayed: inputs that once were new to a reader, or its end.

mod decoders;

use std::path::Path;

use proptest::prelude::*;

fn replay(corpus: &str, holds: fn(&[u8])) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(corpus);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&place).expect("the corpus") {
        let input = entry.expect("an entry").path();
        let bytes = std::fs::read(&input).expect("an input");
        // Names the input where a property does not hold.
        let held = std::panic::catch_unwind(|| holds(&bytes));
        assert!(held.is_ok(), "{}", input.display());
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", place.display());
}

#[test]
fn the_corpus_of_timetables_holds() {
    replay("timetable", decoders::timetable::holds);
}

#[test]
fn the_corpus_of_workbooks_holds() {
    replay("workbook", decoders::workbook::holds);
}

/// Cells as they stand in timetables, and what stands beside them.
fn cell() -> impl Strategy<Value = String> {
    let words = [
        "",
        "语文|张一",
        "数学/吴",
        "体|郑",
        "地/政|陈八/邓九",
        "美术(单周)/心理(双周)|钱五/孙六",
        "体育/音乐",
        "魔法",
        "—",
        "第1节",
        "2",
        "第3节|10:30-11:10",
        "下午1",
        "早读",
        "午休",
        "大课间",
        "星期一",
        "周二",
        "三",
        "Mon",
        "上午",
        "下午",
        "三(1)班",
        "三（2）班",
        "401",
        "1班",
        "三年级",
        "三1、三2",
        "三(2)|语文",
        "语文 三(1)班",
        "4/3",
        "=A1",
        "#REF!",
        "8:30-9:10",
        "班级",
        "星期",
        "节次",
        "学科",
        "教师",
        "周次",
        "1-9周",
        "单周",
        "备注：周课时 4/3",
        "!劳动|王三",
        "校本:剪纸",
        "张一",
        "体育|赵四/钱五",
        "美术(1,3周)",
        "语文|欧阳",
        "自习",
    ];
    prop_oneof![20 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => "[^\t\n]{0,12}"]
}

fn sheet() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "三(1)班",
        "三(2)班",
        "总课表",
        "张一(语文)",
        "Sheet1",
        "!三(2)班",
        "王老师班",
        "周三",
    ]);
    let rows = prop::collection::vec(prop::collection::vec(cell(), 1..7), 1..9);
    let header = prop::sample::select(vec![
        "节次\t星期一\t星期二\t星期三",
        "星期\t节次\t三(1)班\t三(2)班\t王芳班",
        "班级\t星期\t节次\t学科\t教师\t周次",
        "班级\t星期一\t星期一\t星期一\t星期二\t星期二\t星期二\n\t1\t2\t3\t1\t2\t3",
        "",
    ]);
    let merged = prop::collection::vec((0..9_u32, 0..7_u32, 0..4_u32, 0..4_u32), 0..3);
    (name, header, rows, merged).prop_map(|(name, header, rows, merged)| {
        let rows: Vec<String> = rows.into_iter().map(|row| row.join("\t")).collect();
        let merged =
            merged.into_iter().map(|(r, c, down, right)| format!("@ {r} {c} {} {}", r + down, c + right));
        [name.to_owned(), header.to_owned()]
            .into_iter()
            .chain(rows)
            .chain(merged)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sheets_of_the_words_of_timetables_hold(sheets in prop::collection::vec(sheet(), 1..4)) {
        decoders::workbook::holds(sheets.join("\u{c}").as_bytes());
    }
}
