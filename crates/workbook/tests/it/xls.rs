//! An `.xls` as an older office saves it, under whatever name.

use xunke_domain::book::SchoolBook;
use xunke_domain::workbook::questions::QuestionKind;

use crate::support::{errors, facts, read_with, sample};

#[test]
fn an_xls_is_read_with_what_is_merged_hidden_and_red_in_it() {
    let bytes = sample("class-timetables.xls");

    let reading = read_with(&bytes, &SchoolBook::default(), &[]);

    assert_eq!(errors(&reading), Vec::<String>::new());
    let red = reading.questions.iter().find(|question| question.kind == QuestionKind::Red).expect("asked");
    assert_eq!(red.places[0].to_string(), "三(2)班!D7");
    let hidden: Vec<&str> = reading
        .questions
        .iter()
        .filter(|question| question.kind == QuestionKind::Hidden)
        .map(|question| question.id.as_str())
        .collect();
    assert_eq!(hidden.len(), 2, "a row and a sheet");
    let mut answers = vec![(red.id.as_str(), "keep")];
    answers.extend(hidden.iter().map(|id| (*id, "read")));
    let all = read_with(&bytes, &SchoolBook::default(), &answers);
    let lessons: Vec<String> = facts(&all)
        .into_iter()
        .map(|(class, weekday, period, subject, teacher, weeks)| {
            format!("{class} {weekday} {period} {subject} {} {weeks}", teacher.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        lessons,
        [
            "三年级(2)班 1 第1节 语文 张一 all",
            "三年级(2)班 1 第2节 体育与健康 赵四 all",
            "三年级(2)班 1 第3节 科学  all",
            "三年级(2)班 1 第4节 数学 李二 all",
            "三年级(2)班 2 第1节 数学 李二 all",
            "三年级(2)班 2 第2节 英语 余一 all",
            "三年级(2)班 2 第3节 劳动 孙六 all",
            "三年级(2)班 3 第1节 美术 钱五 even",
            "三年级(2)班 3 第1节 音乐 王三 odd",
            "三年级(2)班 3 第2节 英语 余一 all",
            "三年级(2)班 3 第3节 校本  all",
            "三年级(3)班 1 第1节 英语  all",
            "四年级(1)班 1 第1节 语文 周七 all",
        ]
    );
    assert_eq!(all.lessons.len(), lessons.len());
    let workbook = xunke_workbook::open(&bytes).expect("a workbook");
    assert!(
        workbook.sheets[2].cells[&(599, 0)].text.starts_with("说明第599条"),
        "strings go on over records"
    );
}
