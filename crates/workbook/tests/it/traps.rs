//! The known traps of section 9, each in a workbook of its own.

use rust_xlsxwriter::{Color, Format, Formula, Workbook, Worksheet};
use xunke_domain::book::{SchoolBook, Teacher};
use xunke_domain::ids::TeacherId;
use xunke_domain::workbook::desk::Severity;
use xunke_domain::workbook::questions::QuestionKind;
use xunke_domain::workbook::reading::Reading;

use crate::layouts::{fill, merge, save};
use crate::support::{errors, facts, read_new, read_with};

/// A sheet of class 三(2) with what stands on Monday and Tuesday.
fn class_sheet(rows: &[&[&str]]) -> Workbook {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("三(2)班").expect("a name");
    write(sheet, rows);
    book
}

fn write(sheet: &mut Worksheet, rows: &[&[&str]]) {
    let header: &[&str] = &["节次", "星期一", "星期二"];
    fill(sheet, &[header].into_iter().chain(rows.iter().copied()).collect::<Vec<_>>());
}

/// Weekday, period, subject, teacher, weeks.
fn told(reading: &Reading) -> Vec<String> {
    let told = facts(reading).into_iter().map(|(_, weekday, period, subject, teacher, weeks)| {
        format!("{weekday} {period} {subject} {} {weeks}", teacher.unwrap_or_default())
    });
    told.collect()
}

/// The one question of its kind: its id and where it came up.
fn question(reading: &Reading, kind: QuestionKind) -> (String, Vec<String>) {
    let questions: Vec<_> = reading.questions.iter().filter(|question| question.kind == kind).collect();
    assert_eq!(questions.len(), 1, "{:?}", reading.questions);
    (questions[0].id.clone(), questions[0].places.iter().map(ToString::to_string).collect())
}

#[test]
fn the_first_lesson_is_not_the_first_row() {
    let reading = read_new(&save(class_sheet(&[
        &["早读", "语文", "英语"],
        &["第1节", "数学", ""],
        &["课后服务", "社团", "社团"],
    ])));

    assert_eq!(told(&reading), ["1 第1节 数学  all"]);
    assert_eq!(errors(&reading), Vec::<String>::new());
}

#[test]
fn a_lesson_merged_over_two_periods_is_two_lessons_and_dividers_are_none() {
    let mut book = class_sheet(&[&["1", ""], &["2", ""], &["", ""], &["3", "数学"]]);
    let sheet = book.worksheet_from_index(0).expect("a sheet");
    merge(sheet, (1, 1), (2, 1), "美术\n钱五");
    merge(sheet, (3, 0), (3, 2), "------ 大 课 间 ------");
    merge(sheet, (5, 0), (5, 2), "备注：美术连堂。");

    let reading = read_new(&save(book));

    assert_eq!(told(&reading), ["1 第1节 美术 钱五 all", "1 第2节 美术 钱五 all", "1 第3节 数学  all"]);
    assert_eq!(errors(&reading), Vec::<String>::new());
}

#[test]
fn the_teacher_may_stand_in_a_row_of_its_own_below_the_subject() {
    let mut book = class_sheet(&[&["", "语文", "数学"], &["", "张一", "李二"]]);
    merge(book.worksheet_from_index(0).expect("a sheet"), (1, 0), (2, 0), "第1节");

    assert_eq!(told(&read_new(&save(book))), ["1 第1节 语文 张一 all", "2 第1节 数学 李二 all"]);
}

#[test]
fn full_width_writing_and_ideographic_spaces_are_read() {
    let reading = read_new(&save(class_sheet(&[&[
        "　第１节 ",
        "美　术（单周）／心理（双周）\n钱　五／孙　六",
        "　语文　张一　",
    ]])));

    assert_eq!(
        told(&reading),
        ["1 第1节 心理健康 孙六 even", "1 第1节 美术 钱五 odd", "2 第1节 语文 张一 all"]
    );
}

#[test]
fn rich_text_and_cached_values_of_formulas_are_texts() {
    let mut book = class_sheet(&[&["1"], &["2", "=语文"]]);
    let sheet = book.worksheet_from_index(0).expect("a sheet");
    let (plain, bold) = (Format::new(), Format::new().set_bold());
    sheet.write_rich_string(1, 1, &[(&plain, "语文\n"), (&bold, "张一")]).expect("a cell");
    sheet.write_formula(1, 2, Formula::new("=Z1").set_result("数学\n李二")).expect("a cell");

    let reading = read_new(&save(book));

    assert_eq!(told(&reading), ["1 第1节 语文 张一 all", "2 第1节 数学 李二 all"]);
    assert_eq!(errors(&reading), ["三(2)班!B3: this is the text of a formula, not its value"]);
}

#[test]
fn numbers_in_cells_are_texts_and_a_lesson_is_none() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    fill(sheet, &[&["星期", "节次"], &["周一", "", "语文"], &["周一", "", "4/3", "语文"]]);
    for (row, column, number) in [(0, 2, 401.0), (0, 3, 402.0), (1, 1, 1.0), (2, 1, 2.0)] {
        sheet.write(row, column, number).expect("a cell");
    }

    let reading = read_new(&save(book));

    assert_eq!(told(&reading), ["1 第1节 语文  all", "1 第2节 语文  all"]);
    assert_eq!(errors(&reading), ["Sheet1!C3: `4/3` is no lesson"]);
}

#[test]
fn what_is_hidden_is_left_out_unless_people_say_it_counts() {
    let mut book = class_sheet(&[&["1", "语文"], &["2", "数学"]]);
    book.worksheet_from_index(0).expect("a sheet").set_row_hidden(2).expect("a row");
    let sheet = book.add_worksheet();
    sheet.set_name("三(3)班").expect("a name").set_hidden(true);
    write(sheet, &[&["1", "英语"]]);
    book.add_worksheet().set_name("Sheet3").expect("a name");
    let bytes = save(book);

    let reading = read_new(&bytes);

    assert_eq!(told(&reading), ["1 第1节 语文  all"]);
    assert!(reading.is_complete(), "both questions have a default");
    let hidden: Vec<_> =
        reading.questions.iter().filter(|question| question.kind == QuestionKind::Hidden).collect();
    let places: Vec<String> =
        hidden.iter().flat_map(|question| &question.places).map(ToString::to_string).collect();
    assert_eq!(places.len(), 2);
    assert!(
        places.contains(&"三(3)班".to_owned()) && places.contains(&"三(2)班!A3".to_owned()),
        "{places:?}"
    );
    let answers: Vec<(&str, &str)> = hidden.iter().map(|question| (question.id.as_str(), "read")).collect();
    let reading = read_with(&bytes, &SchoolBook::default(), &answers);
    assert_eq!(told(&reading), ["1 第1节 语文  all", "1 第2节 数学  all", "1 第1节 英语  all"]);
}

#[test]
fn pairs_without_weeks_are_asked_for_and_the_answer_is_input() {
    let bytes =
        save(class_sheet(&[&["1", "地/政\n陈八/邓九", "体育\n赵四/钱五"], &["2", "", "地/政\n陈八/邓九"]]));

    let reading = read_new(&bytes);

    assert_eq!((told(&reading), reading.is_complete()), (vec![], false));
    let about = |reading: &Reading, word: &str| {
        let found = reading.waiting().find(|question| question.detail.contains(word));
        found.map(|question| (question.id.clone(), question.times)).expect("the question")
    };
    let (pair, times) = about(&reading, "地理");
    assert_eq!(times, 2, "one question for the whole workbook");
    let (teachers, _) = about(&reading, "赵四");
    let answered = |pair_answer: &str| {
        let reading =
            read_with(&bytes, &SchoolBook::default(), &[(&pair, pair_answer), (&teachers, "odd_even")]);
        assert!(reading.is_complete());
        told(&reading)
    };
    assert_eq!(
        answered("odd_even"),
        [
            "1 第1节 地理 陈八 odd",
            "1 第1节 道德与法治 邓九 even",
            "2 第1节 体育与健康 赵四 odd",
            "2 第1节 体育与健康 钱五 even",
            "2 第2节 地理 陈八 odd",
            "2 第2节 道德与法治 邓九 even"
        ]
    );
    assert_eq!(answered("parallel")[..2], ["1 第1节 地理 陈八 all", "1 第1节 道德与法治 邓九 all"]);
    assert_eq!(answered("first")[..1], ["1 第1节 地理 陈八 all"]);
    // Groups in one cell are meant so: no clash of the class.
    let groups = read_with(&bytes, &SchoolBook::default(), &[(&pair, "parallel"), (&teachers, "first")]);
    assert!(
        groups.clashes.iter().all(|clash| !format!("{clash:?}").starts_with("Class")),
        "{:?}",
        groups.clashes
    );
}

#[test]
fn one_mark_of_weeks_leaves_a_default_for_the_other_lesson_and_no_mark_leaves_none() {
    let reading =
        read_new(&save(class_sheet(&[&["1", "美术(单周)/心理\n钱五/孙六", "美术/心理\n钱五/孙六"]])));

    assert_eq!(told(&reading), ["1 第1节 心理健康 孙六 even", "1 第1节 美术 钱五 odd"]);
    let even_first = read_new(&save(class_sheet(&[&["1", "美术(双周)/心理\n钱五/孙六", "音乐/劳动(单)"]])));
    let expected =
        ["1 第1节 心理健康 孙六 odd", "1 第1节 美术 钱五 even", "2 第1节 劳动  odd", "2 第1节 音乐  even"];
    assert_eq!(told(&even_first), expected);
    let waiting: Vec<&str> = reading.waiting().map(|question| question.detail.as_str()).collect();
    assert_eq!(waiting, ["`美术/心理健康` in one cell: how are they taught?"]);
}

#[test]
fn hours_of_two_numbers_are_asked_for() {
    let bytes = save(class_sheet(&[&["1", "语文", "数学"], &["2", "语文(单周)"], &["备注：周课时 3/2 节"]]));

    let reading = read_new(&bytes);

    let (id, places) = question(&reading, QuestionKind::Hours);
    assert_eq!((places, reading.is_complete()), (vec!["三(2)班!A4".to_owned()], false));
    let stated = |answer: &str| {
        let reading = read_with(&bytes, &SchoolBook::default(), &[(&id, answer)]);
        let warned = reading.problems.iter().any(|problem| problem.severity == Severity::Warning);
        (reading.classes[0].stated, reading.classes[0].hours, warned)
    };
    assert_eq!(stated("odd_even"), (Some(2.5), 2.5, false));
    assert_eq!(stated("semesters"), (Some(3.0), 2.5, true));
    assert_eq!(stated("second_semester"), (Some(2.0), 2.5, true));
}

fn teachers(names: &[&str]) -> SchoolBook {
    let mut book = SchoolBook::default();
    for (name, id) in names.iter().zip(1..) {
        let teacher = Teacher { name: (*name).to_owned(), user: None, retired: None };
        book.teachers.insert(TeacherId::from_uuid(uuid(id)), teacher);
    }
    book
}

fn uuid(id: u8) -> uuid::Uuid {
    uuid::Uuid::from_u128(id.into())
}

#[test]
fn a_surname_alone_matches_nobody() {
    let bytes = save(class_sheet(&[&["1", "语/张", "数学\n欧阳老师"]]));
    let book = teachers(&["张一", "李二", "欧阳明"]);

    let reading = read_with(&bytes, &book, &[]);

    assert_eq!(told(&reading), ["1 第1节 语文  all", "2 第1节 数学  all"]);
    assert!(reading.is_complete());
    let surname = reading.questions.iter().find(|question| question.detail.contains('张')).expect("asked");
    let options: Vec<&str> = surname.options.iter().map(|option| option.value.as_str()).collect();
    assert_eq!(options, ["nobody", "张一"]);
    let reading = read_with(&bytes, &book, &[(&surname.id, "张一")]);
    assert_eq!(told(&reading)[0], "1 第1节 语文 张一 all");
    let reading = read_with(&bytes, &book, &[(&surname.id, "张")]);
    assert_eq!(errors(&reading), ["三(2)班!B2: the answer `张` is not a full name"]);
}

#[test]
fn of_two_teachers_of_one_name_people_choose() {
    let bytes = save(class_sheet(&[&["1", "语文\n张伟", "体育\n张伟"]]));
    let book = teachers(&["张伟", "张伟"]);

    let reading = read_with(&bytes, &book, &[]);

    assert_eq!(reading.waiting().count(), 2, "one for each subject of the class");
    assert!(!reading.is_complete());
    let answers: Vec<(String, String)> = reading
        .waiting()
        .zip(1..)
        .map(|(question, id)| (question.id.clone(), uuid(id).to_string()))
        .collect();
    let answers: Vec<(&str, &str)> =
        answers.iter().map(|(id, answer)| (id.as_str(), answer.as_str())).collect();
    let reading = read_with(&bytes, &book, &answers);
    assert!(reading.is_complete());
    let chosen: std::collections::BTreeSet<_> =
        reading.lessons.iter().map(|lesson| lesson.teacher_id).collect();
    assert_eq!(chosen, [1, 2].map(|id| Some(TeacherId::from_uuid(uuid(id)))).into());
}

#[test]
fn a_sheet_that_names_no_class_is_asked_for_and_may_be_answered_or_left_out() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("王老师班").expect("a name");
    write(sheet, &[&["1", "语文"]]);
    let bytes = save(book);

    let reading = read_new(&bytes);

    let (id, places) = question(&reading, QuestionKind::Class);
    assert_eq!((places, reading.is_complete()), (vec!["王老师班".to_owned()], false));
    let answered = read_with(&bytes, &SchoolBook::default(), &[(&id, "三2班")]);
    assert_eq!((answered.lessons[0].row.class_name.as_str(), answered.is_complete()), ("三年级(2)班", true));
    let wrong = read_with(&bytes, &SchoolBook::default(), &[(&id, "火箭班")]);
    assert_eq!(errors(&wrong), ["王老师班: the answer `火箭班` is not a class"]);
    assert!(read_with(&bytes, &SchoolBook::default(), &[(&id, "leave_out")]).lessons.is_empty());
}

#[test]
fn the_name_of_the_sheet_counts_before_its_title() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("三(2)班").expect("a name");
    fill(sheet, &[&["三年级(3)班 课程表"], &["节次", "周一", "周二"], &["1", "语文", "数学"]]);

    let reading = read_new(&save(book));

    assert!(reading.lessons.iter().all(|lesson| lesson.row.class_name == "三年级(2)班"));
    assert_eq!(reading.problems[0].severity, Severity::Warning);
}

#[test]
fn an_unknown_subject_is_asked_for_once_and_kept_unless_answered() {
    let bytes = save(class_sheet(&[&["1", "魔法", "魔法"], &["2", "阅读"]]));

    let reading = read_new(&bytes);

    assert!(reading.is_complete());
    assert_eq!(told(&reading), ["1 第1节 魔法  all", "1 第2节 阅读  all", "2 第1节 魔法  all"]);
    let about = |word: &str| {
        reading
            .questions
            .iter()
            .find(|question| question.detail.contains(word))
            .map(|question| question.id.clone())
            .expect("asked")
    };
    let (magic, reading_aloud) = (about("魔法"), about("阅读"));
    let answered = read_with(&bytes, &SchoolBook::default(), &[(&magic, "校本"), (&reading_aloud, "语文")]);
    assert_eq!(told(&answered), ["1 第1节 校本  all", "1 第2节 语文  all", "2 第1节 校本  all"]);
}

#[test]
fn red_text_is_asked_for_once() {
    let mut book = class_sheet(&[&["1", "语文"]]);
    let red = Format::new().set_font_color(Color::Red);
    book.worksheet_from_index(0).expect("a sheet").write_with_format(1, 2, "数学", &red).expect("a cell");
    let bytes = save(book);

    let reading = read_new(&bytes);

    let (id, places) = question(&reading, QuestionKind::Red);
    assert_eq!((places, reading.is_complete()), (vec!["三(2)班!C2".to_owned()], false));
    assert_eq!(read_with(&bytes, &SchoolBook::default(), &[(&id, "keep")]).lessons.len(), 2);
    assert_eq!(read_with(&bytes, &SchoolBook::default(), &[(&id, "leave_out")]).lessons.len(), 1);
}

#[test]
fn clashes_name_the_cells() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("总课表").expect("a name");
    fill(
        sheet,
        &[
            &["星期", "节次", "三1", "三2", "三3"],
            &["周一", "1", "语文\n张一", "数学\n张一", ""],
            &["", "2", "音乐(单周)\n张一", "数学(双周)\n张一"],
        ],
    );
    merge(sheet, (3, 2), (3, 4), "体育\n赵四");
    sheet.write(3, 1, "3").expect("a cell");

    let reading = read_new(&save(book));

    let clashes: Vec<String> =
        reading.clashes.iter().map(|clash| serde_json::to_string(clash).expect("JSON")).collect();
    let teacher: Vec<&String> =
        clashes.iter().filter(|clash| clash.contains(r#""kind":"teacher""#)).collect();
    assert_eq!(teacher.len(), 1, "{clashes:?}");
    assert!(teacher[0].contains(r#""cell":"C2""#) && teacher[0].contains(r#""cell":"D2""#), "{teacher:?}");
    assert_eq!(clashes.iter().filter(|clash| clash.contains(r#""kind":"total""#)).count(), 3);
}

#[test]
fn an_answer_to_nothing_is_told() {
    let reading =
        read_with(&save(class_sheet(&[&["1", "语文"]])), &SchoolBook::default(), &[("pair-0", "odd_even")]);

    assert_eq!(reading.problems.len(), 1);
    assert!(reading.problems[0].detail.contains("pair-0") && reading.is_complete());
    // A wrong answer to what is asked stops the import, even where a default would do.
    let bytes = save(class_sheet(&[&["1", "魔法"]]));
    let id = question(&read_new(&bytes), QuestionKind::Subject).0;
    let wrong = read_with(&bytes, &SchoolBook::default(), &[(&id, "绝无此课")]);
    assert_eq!((errors(&wrong).len(), wrong.is_complete()), (1, false));
}

#[test]
fn weeks_that_cannot_be_kept_and_labels_that_say_nothing_are_told_by_cell() {
    let reading = read_new(&save(class_sheet(&[
        &["1", "美术(9-1周)"],
        &["", "语文"],
        &["1", "", "数学"],
        &["天文", "英语"],
    ])));

    let places: Vec<String> = reading.errors().map(|problem| problem.place.to_string()).collect();
    assert_eq!(places, ["三(2)班!B3", "三(2)班!C4", "三(2)班!B5", "三(2)班!B2"]);
}
