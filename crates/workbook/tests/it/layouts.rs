//! Each layout from a workbook made here, and what tells them apart.

use rust_xlsxwriter::{Format, Workbook, Worksheet};
use xunke_domain::workbook::found::Layout;

use crate::support::{Fact, errors, facts, read_new};

const DAYS: [&str; 5] = ["星期一", "星期二", "星期三", "星期四", "星期五"];

fn fact(class: &str, weekday: u32, period: &str, subject: &str, teacher: &str) -> Fact {
    let teacher = (!teacher.is_empty()).then(|| teacher.to_owned());
    (class.into(), weekday, period.into(), subject.into(), teacher, "all".into())
}

/// Writes rows of texts from the top; empty texts leave their cells empty.
pub(crate) fn fill(sheet: &mut Worksheet, rows: &[&[&str]]) {
    for (row, texts) in (0..).zip(rows) {
        for (column, text) in (0..).zip(texts.iter()) {
            if !text.is_empty() {
                sheet.write(row, column, *text).expect("a cell");
            }
        }
    }
}

pub(crate) fn merge(sheet: &mut Worksheet, from: (u32, u16), to: (u32, u16), text: &str) {
    sheet.merge_range(from.0, from.1, to.0, to.1, text, &Format::new()).expect("a region");
}

pub(crate) fn save(mut book: Workbook) -> Vec<u8> {
    book.save_to_buffer().expect("memory")
}

#[test]
fn a_rows_of_classes_have_columns_of_weekday_and_period() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    merge(sheet, (0, 0), (0, 12), "星湖二小总课表");
    merge(sheet, (1, 0), (2, 0), "班级");
    for (day, column) in DAYS.iter().zip([1, 5, 9, 13, 17]) {
        merge(sheet, (1, column), (1, column + 3), day);
        for (period, column) in ["早读", "1", "2", "３"].iter().zip(column..) {
            sheet.write(2, column, *period).expect("a cell");
        }
    }
    for (row, class) in [(3, "三（1）班"), (4, "302"), (5, "四1")] {
        sheet.write(row, 0, class).expect("a cell");
        sheet.write(row, 1, "语文").expect("a cell");
        sheet.write(row, 2, "语\n张一").expect("a cell");
        sheet.write(row, 20, "体(赵四)").expect("a cell");
    }
    sheet.write(6, 0, "备注：早读不计课时").expect("a cell");

    let reading = read_new(&save(book));

    assert_eq!(errors(&reading), Vec::<String>::new());
    assert_eq!(reading.sheets[0].layout, Some(Layout::ClassRows));
    let expected = ["三年级(1)班", "三年级(2)班", "四年级(1)班"].into_iter().flat_map(|class| {
        [fact(class, 1, "第1节", "语文", "张一"), fact(class, 5, "第3节", "体育与健康", "赵四")]
    });
    assert_eq!(facts(&reading), expected.collect());
    // Three classes at once have the same two teachers.
    assert_eq!(reading.clashes.len(), 2 + 3);
}

#[test]
fn d_sheets_of_teachers_name_classes_in_their_cells() {
    let mut book = Workbook::new();
    for (name, title, cells) in [
        ("张一", "张一老师课程表", ["三(2)\n语文", "语文 三(1)班", "", "—", "三2语文"]),
        ("赵四", "教师课表：赵四　学科：体育", ["三1、三2", "", "体育\n401", "", "三(1)班\n三(2)班 体育"]),
    ] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).expect("a name");
        merge(sheet, (0, 0), (0, 6), title);
        fill(
            sheet,
            &[&[], &["", "节次", "周一", "周二", "周三", "周四", "周五"], &["", "早读"], &["上午", "第一节"]],
        );
        for (text, column) in cells.iter().zip(2..) {
            sheet.write(3, column, *text).expect("a cell");
        }
    }

    let reading = read_new(&save(book));

    assert_eq!(errors(&reading), Vec::<String>::new());
    assert!(
        reading.sheets.iter().all(|sheet| sheet.layout == Some(Layout::TeacherSheet)),
        "{:?}",
        reading.sheets
    );
    let (one, two) = ("三年级(1)班", "三年级(2)班");
    let expected = [
        fact(two, 1, "第1节", "语文", "张一"),
        fact(one, 2, "第1节", "语文", "张一"),
        fact(two, 5, "第1节", "语文", "张一"),
        fact(one, 1, "第1节", "体育与健康", "赵四"),
        fact(two, 1, "第1节", "体育与健康", "赵四"),
        fact("四年级(1)班", 3, "第1节", "体育与健康", "赵四"),
        fact(one, 5, "第1节", "体育与健康", "赵四"),
        fact(two, 5, "第1节", "体育与健康", "赵四"),
    ];
    assert_eq!(facts(&reading), expected.into());
    // 合班 is no clash of the teacher, but two teachers want 三(2) on Monday and Friday.
    let clashes: Vec<String> = reading
        .clashes
        .iter()
        .map(|clash| format!("{clash:?}"))
        .filter(|clash| !clash.contains("Total"))
        .collect();
    assert_eq!(clashes.len(), 2, "{clashes:?}");
}

#[test]
fn e_a_long_table_may_be_a_sheet_of_a_workbook() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    fill(
        sheet,
        &[
            &["2026—2027学年第一学期课程表"],
            &["序号", "年级", "班级", "星期", "节次", "课程", "任课教师", "周次", "教室"],
            &["1", "三年级", "1班", "星期一", "第1节", "语", "张一老师", "", "301"],
            &["2", "三年级", "(２)班", "周二", "3", "美术", "钱五", "单周"],
            &["3", "三年级", "2", "二", "3", "心理", "孙六", "双周"],
            &["4", "四年级", "1班、2班", "星期三", "第5节", "体育", "赵四", "1-9周"],
            &["5", "四年级", "1班", "星期三", "早读", "语文", "周七"],
        ],
    );

    let reading = read_new(&save(book));

    assert_eq!(errors(&reading), Vec::<String>::new());
    assert_eq!(reading.sheets[0].layout, Some(Layout::LongTable));
    let with = |fact: Fact, weeks: &str| (fact.0, fact.1, fact.2, fact.3, fact.4, weeks.to_owned());
    let expected = [
        fact("三年级(1)班", 1, "第1节", "语文", "张一"),
        with(fact("三年级(2)班", 2, "第3节", "美术", "钱五"), "odd"),
        with(fact("三年级(2)班", 2, "第3节", "心理健康", "孙六"), "even"),
        with(fact("四年级(1)班", 3, "第5节", "体育与健康", "赵四"), "1-9"),
        with(fact("四年级(2)班", 3, "第5节", "体育与健康", "赵四"), "1-9"),
    ];
    assert_eq!(facts(&reading), expected.into());
}

#[test]
fn b_a_matrix_has_its_weekdays_and_grades_merged_or_not() {
    for merged in [true, false] {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.set_name("总课表").expect("a name");
        fill(
            sheet,
            &[
                &["总课表"],
                &["星期", "", "节次", "三年级(2班)", "", "四年级"],
                &["", "", "", "1班", "2班", "401", "备注"],
                &["星期一", "上午", "1", "语文\n周七", "语/张一", "数/吴"],
                &["", "", "2", "数学 李二", "体育（赵四）", "地/政\n陈八/邓九", "机房检修"],
                &["", "", "午休"],
                &["", "下午", "1", "", "音乐\n林十", ""],
                &["星期二", "上午", "1", "英语\n余一", "", ""],
            ],
        );
        if merged {
            merge(sheet, (3, 0), (6, 0), "星期一");
            merge(sheet, (3, 1), (4, 1), "上午");
            merge(sheet, (1, 3), (1, 4), "三年级(2班)");
        } else {
            sheet.write(1, 4, "三年级(2班)").expect("a cell");
        }

        let reading = read_new(&save(book));

        assert_eq!(errors(&reading), Vec::<String>::new(), "{merged}");
        assert_eq!(reading.sheets[0].layout, Some(Layout::SchoolMatrix));
        let (one, two, four) = ("三年级(1)班", "三年级(2)班", "四年级(1)班");
        let expected = [
            fact(one, 1, "第1节", "语文", "周七"),
            fact(two, 1, "第1节", "语文", "张一"),
            fact(four, 1, "第1节", "数学", ""),
            fact(one, 1, "第2节", "数学", "李二"),
            fact(two, 1, "第2节", "体育与健康", "赵四"),
            fact(two, 1, "第3节", "音乐", "林十"),
            fact(one, 2, "第1节", "英语", "余一"),
        ];
        assert_eq!(facts(&reading), expected.into(), "{merged}");
        let waiting: Vec<&str> = reading.waiting().map(|question| question.detail.as_str()).collect();
        assert_eq!(waiting, ["`地理/道德与法治` in one cell: how are they taught?"]);
        assert_eq!(reading.waiting().next().expect("one").places[0].to_string(), "总课表!F5");
    }
}

#[test]
fn a_several_weeks_may_stand_below_each_other_on_one_sheet() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    fill(
        sheet,
        &[
            &["一年级(1)班课程表"],
            &["节次", "一", "二", "三", "四", "五", "六"],
            &["1", "语文 张一", "", "", "", "", "劳动"],
            &["2", "", "数学 李二"],
            &[],
            &["一年级(2)班课程表"],
            &["节次", "一", "二", "三", "四", "五", "六"],
            &["1", "数学 李二"],
            &["备注：略"],
        ],
    );

    let reading = read_new(&save(book));

    assert_eq!(errors(&reading), Vec::<String>::new());
    let expected = [
        fact("一年级(1)班", 1, "第1节", "语文", "张一"),
        fact("一年级(1)班", 6, "第1节", "劳动", ""),
        fact("一年级(1)班", 2, "第2节", "数学", "李二"),
        fact("一年级(2)班", 1, "第1节", "数学", "李二"),
    ];
    assert_eq!(facts(&reading), expected.into());
}

#[test]
fn sheets_of_one_workbook_that_say_the_same_are_one_timetable() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("三(1)班").expect("a name");
    fill(sheet, &[&["节次", "周一", "周二"], &["1", "语文\n张一", "数学"]]);
    let sheet = book.add_worksheet();
    sheet.set_name("李二").expect("a name");
    fill(sheet, &[&["节次", "周一", "周二"], &["1", "", "数学 三1"]]);
    let sheet = book.add_worksheet();
    sheet.set_name("说明").expect("a name");
    fill(sheet, &[&["教务处制"]]);
    book.add_worksheet();

    let reading = read_new(&save(book));

    assert_eq!(errors(&reading), Vec::<String>::new());
    let class = "三年级(1)班";
    assert_eq!(
        facts(&reading),
        [fact(class, 1, "第1节", "语文", "张一"), fact(class, 2, "第1节", "数学", "李二")].into()
    );
}

#[test]
fn sheets_that_contradict_each_other_are_told_by_both_cells() {
    let mut book = Workbook::new();
    for (name, cell) in [("三(1)班", "语文\n张一"), ("三1班(新)", "语文\n李二")] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).expect("a name");
        fill(sheet, &[&["三(1)班课程表"], &["节次", "周一", "周二"], &["1", cell, ""]]);
    }

    let reading = read_new(&save(book));

    assert_eq!(
        errors(&reading),
        ["三1班(新)!B3: 三年级(1)班 第1节: 语文 李二 here, 语文 张一 in 三(1)班!B3"]
    );
}
