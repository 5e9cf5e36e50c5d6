//! The grammar of a cell (domain, section 9): which subjects, by whom, in which weeks.
//!
//! `语文\n张一`, `语/张`, `美术(单周)/心理(双周)\n钱五/孙六`, `校本:剪纸` …; what may be read in two ways is told.

use super::cell_read::{CellRead, Entry};
use super::subjects::SubjectNames;
use super::words::{is_empty, is_room, last_bracket, lines, split_outside, teacher_name, week_mark};
use crate::book::LessonWeeks;
use crate::class_name::read_class_name;
use crate::text::squeeze;

/// What separates names that stand beside each other.
const BESIDE: [char; 6] = ['/', '、', ',', ';', '&', '+'];

/// Reads a cell of a class.
pub(super) fn read_cell(text: &str, names: SubjectNames<'_>) -> CellRead {
    let mut read = CellRead::default();
    if is_empty(text) {
        return read;
    }
    if let Some(flaw) = no_text(text) {
        read.flaws.push(flaw);
        return read;
    }
    let mut last: usize = 0;
    for line in lines(text) {
        let mut words = words(&line, names).into_iter();
        let Some(first) = words.next() else { continue };
        let opens = read.entries.is_empty()
            || is_subject(&first, names, read.entries.get(last..).unwrap_or_default());
        let rest: Vec<String> =
            if opens { words.collect() } else { [first.clone()].into_iter().chain(words).collect() };
        if opens {
            last = read.entries.len();
            subjects(&first, names, &mut read);
        }
        details(&rest, last, &mut read);
    }
    read
}

/// Text that is no text: a formula without its value, an error, a bare pair of numbers.
fn no_text(text: &str) -> Option<String> {
    let bare = squeeze(text);
    if bare.starts_with('=') {
        return Some("this is the text of a formula, not its value".to_owned());
    }
    if bare.starts_with('#') && bare.is_ascii() {
        return Some(format!("the formula of this cell gave the error `{bare}`"));
    }
    let number = |part: &str| part.parse::<f64>().is_ok();
    split_outside(&bare, &['/']).iter().all(|part| number(part)).then(|| format!("`{bare}` is no lesson"))
}

/// The words of a line; a subject written with blanks (`语 文`) is one.
fn words(line: &str, names: SubjectNames<'_>) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    for end in (2..=words.len()).rev() {
        let Some((front, rest)) = words.split_at_checked(end) else { continue };
        let joint = front.concat();
        let known =
            || split_outside(&joint, &['/']).iter().all(|part| names.known(&bare_subject(part)).is_some());
        if front.iter().any(|word| word.chars().count() == 1) && known() {
            return [joint].into_iter().chain(rest.iter().map(|word| (*word).to_owned())).collect();
        }
    }
    words.into_iter().map(str::to_owned).collect()
}

/// Whether a word of a later line begins another lesson rather than naming the teacher of the one above.
fn is_subject(word: &str, names: SubjectNames<'_>, above: &[Entry]) -> bool {
    let parts = split_outside(word, &['/']);
    let known = parts.iter().all(|part| names.known(&bare_subject(part)).is_some());
    // One character below a lesson without a teacher is rather a surname (史), unless marks say otherwise.
    let surname = word.chars().count() == 1 && above.iter().all(|entry| entry.teacher.is_none());
    known && !surname
}

fn bare_subject(part: &str) -> String {
    let mut read = CellRead::default();
    segment(part, &mut read).subject
}

/// The subjects of the word that opens a lesson: one, or several separated by `/`.
fn subjects(word: &str, names: SubjectNames<'_>, read: &mut CellRead) {
    let parts = split_outside(word, &['/']);
    let mut entries: Vec<Entry> = parts.iter().map(|part| segment(part, read)).collect();
    let known: Vec<bool> = entries.iter_mut().map(|entry| settle(entry, names)).collect();
    let names_after = parts.iter().skip(1).all(|part| teacher_name(part).is_some() || is_room(part));
    match known.as_slice() {
        // 语/张, 数学/李二, 体育/赵四/操场
        [true, rest @ ..] if !rest.is_empty() && rest.iter().all(|known| !known) && names_after => {
            entries.truncate(1);
            let rest: Vec<String> = parts.into_iter().skip(1).map(str::to_owned).collect();
            let at = read.entries.len();
            read.entries.append(&mut entries);
            details(&rest, at, read);
        }
        [first, second] => {
            let name = parts.last().is_some_and(|part| teacher_name(part).is_some());
            let short = parts.last().is_some_and(|part| part.chars().count() == 1);
            read.second_may_teach |= name && (!first || !second || short);
            read.entries.append(&mut entries);
        }
        _ => read.entries.append(&mut entries),
    }
}

/// The school's name for a subject; false for an unknown one, which keeps its text.
fn settle(entry: &mut Entry, names: SubjectNames<'_>) -> bool {
    match names.known(&entry.subject) {
        Some(name) => entry.subject = name,
        None => entry.unknown = true,
    }
    !entry.unknown
}

/// `校本:剪纸`, `音乐(单周)`, `【双】美术`, `劳动(王三)`, `体育(三1、三2)`.
fn segment(part: &str, read: &mut CellRead) -> Entry {
    let mut entry = Entry::default();
    let mut rest = part.trim();
    for (mark, weeks) in [
        ("单周", LessonWeeks::Odd),
        ("双周", LessonWeeks::Even),
        ("单:", LessonWeeks::Odd),
        ("双:", LessonWeeks::Even),
    ] {
        if let Some(subject) = rest.strip_prefix(mark).filter(|subject| !subject.is_empty()) {
            (entry.weeks, rest) = (Some(weeks), subject.trim_start_matches(':'));
        }
    }
    for (open, close) in [('(', ')'), ('[', ']'), ('【', '】')] {
        let leading = rest.strip_prefix(open).and_then(|inner| inner.split_once(close));
        if let Some((inner, subject)) = leading.filter(|(inner, _)| week_mark(inner).is_some()) {
            mark(&mut entry, inner, read);
            rest = subject;
        }
    }
    while let Some((before, inner)) = last_bracket(rest).filter(|(before, _)| !before.is_empty()) {
        mark(&mut entry, inner, read);
        rest = before.trim_end();
    }
    for (mark, weeks) in [("单周", LessonWeeks::Odd), ("双周", LessonWeeks::Even)] {
        if let Some(subject) = rest.strip_suffix(mark).filter(|subject| !subject.is_empty()) {
            (entry.weeks, rest) = (Some(weeks), subject);
        }
    }
    let subject = rest.split_once(':').map_or(rest, |(subject, _)| subject);
    entry.subject = squeeze(if subject.is_empty() { rest } else { subject });
    entry
}

/// What a bracket adds to its subject.
fn mark(entry: &mut Entry, inner: &str, read: &mut CellRead) {
    let inner = inner.trim();
    match week_mark(inner) {
        Some(Ok(weeks)) => entry.say(&weeks),
        Some(Err(flaw)) => read.flaws.push(flaw),
        None => {
            let classes: Vec<&str> =
                split_outside(inner.trim_start_matches("合班").trim_start_matches(':'), &BESIDE);
            if classes.iter().all(|class| read_class_name(class).is_some()) && !is_plain_room(&classes) {
                entry.with.extend(classes.into_iter().map(str::to_owned));
            } else if entry.teacher.is_none() && !is_room(inner) && inner != "合班" && inner != "合" {
                entry.teacher = teacher_name(inner);
            }
        }
    }
}

/// One number such as 301 is a room rather than a class.
fn is_plain_room(classes: &[&str]) -> bool {
    matches!(classes, [one] if one.chars().all(|c| c.is_ascii_digit()))
}

/// Words after the subjects: teachers, marks of weeks, rooms, for the entries from `at` on.
fn details(words: &[String], at: usize, read: &mut CellRead) {
    let mut teachers: Vec<String> = Vec::new();
    for word in parted(words) {
        let bare = last_bracket(&word)
            .filter(|(before, _)| before.is_empty())
            .map_or(word.as_str(), |(_, inner)| inner);
        match week_mark(bare) {
            Some(Ok(weeks)) => {
                for entry in read.entries.iter_mut().skip(at).filter(|entry| entry.weeks.is_none()) {
                    entry.say(&weeks);
                }
            }
            Some(Err(flaw)) => read.flaws.push(flaw),
            None => {
                // 钱五(单): the mark is of the lesson that is this teacher's.
                let (name, mark) = last_bracket(bare).unwrap_or((bare, ""));
                if let Some(Ok(weeks)) = week_mark(mark)
                    && let Some(entry) = read.entries.iter_mut().skip(at).nth(teachers.len())
                    && entry.weeks.is_none()
                {
                    entry.say(&weeks);
                }
                match teacher_name(name) {
                    _ if is_room(name) => {}
                    Some(name) => teachers.push(name),
                    None => read.ignored.push(word),
                }
            }
        }
    }
    give(teachers, at, read);
}

/// Names that stand beside each other, one by one; those of two characters are often padded (`张　三/李　四`).
fn parted(words: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut open = false;
    for word in words {
        let parts =
            if week_mark(word).is_some() { vec![word.as_str()] } else { split_outside(word, &BESIDE) };
        for (place, part) in parts.into_iter().enumerate() {
            open &= place == 0;
            let short = part.chars().count() == 1 && !part.is_ascii();
            match names.last_mut().filter(|_| open && short) {
                Some(surname) => {
                    surname.push_str(part);
                    open = false;
                }
                None if part.is_empty() => open = false,
                None => {
                    names.push(part.to_owned());
                    open = short;
                }
            }
        }
    }
    names
}

/// Teachers and subjects go by position; one teacher for several subjects has them all.
fn give(teachers: Vec<String>, at: usize, read: &mut CellRead) {
    let Some(entries) = read.entries.get_mut(at..) else { return };
    let lacking: Vec<&mut Entry> = entries.iter_mut().filter(|entry| entry.teacher.is_none()).collect();
    match (lacking.len(), teachers.as_slice()) {
        (_, []) | (0, _) => {}
        (_, [one]) => lacking.into_iter().for_each(|entry| entry.teacher = Some(one.clone())),
        (subjects, many) if subjects == many.len() => {
            lacking.into_iter().zip(teachers).for_each(|(entry, name)| entry.teacher = Some(name));
        }
        (1, many) => {
            // Two teachers of one subject: by turns, or beside each other.
            let Some(entry) = lacking.into_iter().next() else { return };
            let entries: Vec<Entry> =
                many.iter().map(|name| Entry { teacher: Some(name.clone()), ..entry.clone() }).collect();
            read.entries.truncate(at);
            read.entries.extend(entries);
        }
        (subjects, many) => {
            read.flaws.push(format!("{subjects} subjects and {} teachers do not pair", many.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::SchoolBook;

    fn read(text: &str) -> Vec<(String, Option<String>, Option<LessonWeeks>)> {
        let book = SchoolBook::default();
        let read = read_cell(text, SubjectNames::of(&book));
        assert_eq!(read.flaws, Vec::<String>::new(), "{text}");
        read.entries.into_iter().map(|entry| (entry.subject, entry.teacher, entry.weeks)).collect()
    }

    fn plain(subject: &str, teacher: &str) -> (String, Option<String>, Option<LessonWeeks>) {
        (subject.into(), (!teacher.is_empty()).then(|| teacher.into()), None)
    }

    #[test]
    fn one_lesson_is_read_in_every_usual_form() {
        for text in [
            "语文\n张一",
            "语文 张一",
            "语文（张一）",
            "语文/张一",
            "语　文\n张一老师",
            "语\n张 一",
            "语文 张一 301",
            " 语文\r\n张一\n 多媒体教室 ",
            "语文(张一)(微机室)",
            "语文(微机室) 张一",
        ] {
            assert_eq!(read(text), [plain("语文", "张一")], "{text}");
        }
        assert_eq!(read("校本:剪纸"), [plain("校本", "")]);
        assert_eq!(read("校本：剪纸\n王三"), [plain("校本", "王三")]);
        assert_eq!(read("语/张"), [plain("语文", "张")]);
        assert_eq!(read("体\n郑"), [plain("体育与健康", "郑")]);
        assert_eq!(read("语\n史"), [plain("语文", "史")]);
        assert_eq!(read("英语 Mary"), [plain("英语", "Mary")]);
        assert_eq!(read("语文\n阿依古丽·买买提"), [plain("语文", "阿依古丽·买买提")]);
        for text in ["", "—", "-", "/", "无", "空", "休息", "待定", "×", "　", "——", "\n"] {
            assert_eq!(read(text), [], "{text}");
        }
    }

    #[test]
    fn weeks_are_read_wherever_they_are_marked() {
        let (odd, even) = (Some(LessonWeeks::Odd), Some(LessonWeeks::Even));
        let pair = [
            ("美术".to_owned(), Some("钱五".to_owned()), odd),
            ("心理健康".to_owned(), Some("孙六".to_owned()), even),
        ];
        for text in [
            "美术(单周)/心理(双周)\n钱五/孙六",
            "美术（单）/心理（双） 钱五/孙六",
            "【单】美术/【双】心理\n钱五、孙六",
            "美术(单周) 钱五\n心理(双周) 孙六",
            "美术(单)\n钱五\n心理(双)\n孙六",
            "单周美术 钱五\n双周心理 孙六",
            "单:美术/双:心理\n钱五/孙六",
            "美术/心理\n钱五(单)/孙六(双)",
            "美术(单)/心理(双)\n钱　五／孙　六",
        ] {
            assert_eq!(read(text), pair, "{text}");
        }
        assert_eq!(read("劳动(1-9周)\n王三")[0].2, Some(LessonWeeks::Range(1, 9)));
        assert_eq!(read("劳动\n王三/李四 1-9周").len(), 2);
        assert_eq!(read("劳动\n王三\n第5周")[0].2, Some(LessonWeeks::Range(5, 5)));
    }

    #[test]
    fn a_list_of_weeks_is_several_spans_of_one_lesson() {
        let book = SchoolBook::default();
        for text in ["美术(1,3,5-7周)\n钱五", "美术\n钱五 1、3、5-7周"] {
            let read = read_cell(text, SubjectNames::of(&book));

            let spans: Vec<LessonWeeks> = read.entries[0].spans().collect();
            assert_eq!((read.entries.len(), read.entries[0].teacher.as_deref()), (1, Some("钱五")), "{text}");
            assert_eq!(
                spans,
                [(1, 1), (3, 3), (5, 7)].map(|(from, to)| LessonWeeks::Range(from, to)),
                "{text}"
            );
        }
    }

    #[test]
    fn pairs_go_by_position() {
        assert_eq!(read("地/政\n陈/邓"), [plain("地理", "陈"), plain("道德与法治", "邓")]);
        assert_eq!(read("校本(单周)/心理健康(双周)\n谢海燕/谢海燕")[1].1, Some("谢海燕".to_owned()));
        assert_eq!(read("体育/音乐\n赵四"), [plain("体育与健康", "赵四"), plain("音乐", "赵四")]);
        assert_eq!(read("体育\n赵四/钱五"), [plain("体育与健康", "赵四"), plain("体育与健康", "钱五")]);
        assert_eq!(read("语文\n张一\n数学\n李二"), [plain("语文", "张一"), plain("数学", "李二")]);
    }

    #[test]
    fn what_is_no_lesson_is_said_so() {
        let book = SchoolBook::default();
        for text in ["=B2", "#REF!", "4/3", "3", "美术(1,单周)", "音乐/美术/体育\n王三/李四"] {
            assert_eq!(read_cell(text, SubjectNames::of(&book)).flaws.len(), 1, "{text}");
        }
        let unknown = read_cell("魔法\n王三", SubjectNames::of(&book));
        assert!(unknown.entries[0].unknown && unknown.entries[0].teacher.as_deref() == Some("王三"));
    }

    #[test]
    fn classes_taught_together_are_named() {
        let book = SchoolBook::default();
        let read = read_cell("体育(三1、三2)\n赵四", SubjectNames::of(&book));

        assert_eq!(read.entries[0].with, ["三1", "三2"]);
        assert_eq!(read.entries[0].teacher.as_deref(), Some("赵四"));
    }
}
