//! Cells of a teacher's timetable (layout D): `三(2)\n语文`, `语文 三(2)班`, `三1、三2 体育` (合班).

use super::cell_read::{CellRead, Entry};
use super::desk::Desk;
use super::entry::read_cell;
use super::words::{is_empty, lines, split_outside};
use crate::text::squeeze;

/// Whether a cell names a class, alone or with its subject.
pub(super) fn names_a_class(text: &str, desk: &Desk<'_>) -> bool {
    lines(text)
        .iter()
        .flat_map(|line| line.split(' '))
        .any(|word| parted(word, desk).is_some_and(|(classes, _)| !classes.is_empty()))
}

/// A word parted into the classes it names and what is left of it.
fn parted(word: &str, desk: &Desk<'_>) -> Option<(Vec<String>, String)> {
    let word = squeeze(word);
    if let Some(classes) = desk.classes(&word) {
        return Some((classes, String::new()));
    }
    let bracket = word.strip_suffix(')').and_then(|inner| inner.split_once('('));
    if let Some((subject, classes)) =
        bracket.and_then(|(subject, inner)| Some((subject, desk.classes(inner)?)))
        && desk.names.known(subject).is_some()
    {
        return Some((classes, subject.to_owned()));
    }
    let cuts: Vec<usize> = word.char_indices().map(|(at, _)| at).skip(1).collect();
    // The longest name of a class first: 三(12)班 before 三(1.
    let front =
        cuts.iter().rev().find_map(|at| Some((desk.classes(word.get(..*at)?)?, word.get(*at..)?.to_owned())));
    let back =
        || cuts.iter().find_map(|at| Some((desk.classes(word.get(*at..)?)?, word.get(..*at)?.to_owned())));
    front.filter(|(_, rest)| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '班')).or_else(back)
}

/// Reads a cell of a teacher's timetable; the classes of an entry stand in `with`.
pub(super) fn read_teacher_cell(text: &str, subject: Option<&str>, desk: &Desk<'_>) -> CellRead {
    let mut read = CellRead::default();
    if is_empty(text) {
        return read;
    }
    for (classes, rest) in lessons(text, desk) {
        if classes.is_empty() {
            read.flaws.push(format!("`{}` names no class", squeeze(&rest)));
            continue;
        }
        let rest = if rest.trim().is_empty() { subject.unwrap_or_default() } else { rest.trim() };
        let mut one = read_cell(rest, desk.names);
        read.flaws.append(&mut one.flaws);
        read.ignored.append(&mut one.ignored);
        if one.entries.is_empty() {
            read.flaws.push(format!("no subject for {}", classes.join("、")));
        }
        let entries =
            one.entries.into_iter().map(|entry| Entry { teacher: None, with: classes.clone(), ..entry });
        read.entries.extend(entries);
    }
    read
}

/// The classes of each lesson of a cell, and the words of its subject.
fn lessons(text: &str, desk: &Desk<'_>) -> Vec<(Vec<String>, String)> {
    let mut lessons: Vec<(Vec<String>, String)> = Vec::new();
    for line in lines(text) {
        for (word, apart) in line.split(' ').flat_map(|word| alternatives(word, desk)) {
            let (classes, rest) = parted(&word, desk).unwrap_or((Vec::new(), word.clone()));
            let rest = if rest == "合班" || rest == "(合班)" { String::new() } else { rest };
            match lessons.last_mut() {
                // Another class begins another lesson, unless the one above still lacks its classes or subject.
                Some(last)
                    if classes.is_empty() || last.0.is_empty() || (!apart && last.1.trim().is_empty()) =>
                {
                    last.0.extend(classes);
                    last.1.push(' ');
                    last.1.push_str(&rest);
                }
                _ => lessons.push((classes, rest)),
            }
        }
    }
    share_subject(&mut lessons);
    lessons
}

/// `三1/三2` are two lessons, `三1、三2` is one. A part that begins a lesson of its own is marked.
fn alternatives(word: &str, desk: &Desk<'_>) -> Vec<(String, bool)> {
    let parts = split_outside(word, &['/']);
    let naming = parts.iter().all(|part| parted(part, desk).is_some_and(|(classes, _)| !classes.is_empty()));
    if parts.len() > 1 && naming {
        parts.into_iter().map(|part| (part.to_owned(), true)).collect()
    } else {
        vec![(word.to_owned(), false)]
    }
}

/// `三1/三2 体育`: the subject stands once, after the last class.
fn share_subject(lessons: &mut [(Vec<String>, String)]) {
    let Some(subject) = lessons.last().map(|(_, subject)| subject.clone()) else { return };
    for (_, own) in lessons.iter_mut().filter(|(_, own)| own.trim().is_empty()) {
        own.clone_from(&subject);
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::super::desk::Known;
    use super::super::questions::Answers;
    use super::*;
    use crate::book::SchoolBook;

    fn read(text: &str) -> Vec<(String, String)> {
        let (book, answers) = (SchoolBook::default(), Answers::new());
        let desk = Desk::new(Known { book: &book, on: NaiveDate::MIN }, &answers);
        let read = read_teacher_cell(text, Some("语文"), &desk);
        assert_eq!(read.flaws, Vec::<String>::new(), "{text}");
        read.entries.into_iter().map(|entry| (entry.with.join("+"), entry.subject)).collect()
    }

    #[test]
    fn class_and_subject_are_parted_however_they_stand() {
        let expected = [("三年级(2)班".to_owned(), "语文".to_owned())];
        for text in [
            "三(2)\n语文",
            "语文 三(2)班",
            "三（2）班语文",
            "语文三(2)班",
            "302",
            "语 302",
            "三2",
            "语文\n三年级（２）班",
            "语文(三2)",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(read("三(12)班"), [("三年级(12)班".to_owned(), "语文".to_owned())]);
    }

    #[test]
    fn joint_classes_are_one_lesson_and_alternatives_are_two() {
        for text in [
            "三1、三2\n体育",
            "体育\n三1、三2",
            "体育 三(1)班、三(2)班 合班",
            "三1 三2 体育",
            "三(1)班\n三(2)班 体育",
        ] {
            assert_eq!(
                read(text),
                [("三年级(1)班+三年级(2)班".to_owned(), "体育与健康".to_owned())],
                "{text}"
            );
        }
        let two = [
            ("三年级(1)班".to_owned(), "体育与健康".to_owned()),
            ("三年级(2)班".to_owned(), "音乐".to_owned()),
        ];
        for text in ["三1体育/三2音乐", "三1 体育\n三2 音乐", "三1\n体育\n三2\n音乐"] {
            assert_eq!(read(text), two, "{text}");
        }
        assert_eq!(read("三1/三2 体育").len(), 2);
    }
}
