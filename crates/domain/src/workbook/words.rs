//! The small words of a cell: marks of weeks, rooms, names of teachers (cell grammar, domain section 9).

use unicode_normalization::UnicodeNormalization;

use crate::book::LessonWeeks;
use crate::text::squeeze;
use crate::timetable_words::{is_empty_cell, week_list, weeks};

/// Surnames of two characters; alone they are no full name.
const DOUBLE_SURNAMES: [&str; 18] = [
    "欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "司徒",
    "司空", "端木", "东方", "独孤", "南宫",
];

/// Lines of a cell in one form: full-width writing gone, blanks single, empty lines left out.
pub(super) fn lines(text: &str) -> Vec<String> {
    let normal: String = text.nfkc().collect();
    let lines = normal.split(['\n', '\r', '\u{2028}', '\u{b}']);
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

/// Whether a cell says that nothing is there.
pub(super) fn is_empty(text: &str) -> bool {
    let bare = squeeze(text);
    is_empty_cell(&bare)
        || bare.chars().all(|c| matches!(c, '-' | '—' | '–' | '─' | '_' | '/' | '\\' | '×' | '.' | '·'))
}

/// A mark of weeks, several for a list, or what is wrong with one; none for any other word.
pub(super) fn week_mark(word: &str) -> Option<Result<Vec<LessonWeeks>, String>> {
    let bare = word.trim_matches(['(', ')', '[', ']', '【', '】']);
    let range = bare.contains(['-', '~', '至', '到'])
        && bare.chars().all(|c| c.is_ascii_digit() || "-~至到第周".contains(c));
    let says = matches!(bare, "单" | "双")
        || (bare.contains('周')
            && (bare.chars().any(|c| c.is_ascii_digit())
                || "单双全每".contains(bare.chars().next().unwrap_or(' '))
                || bare.starts_with('第')));
    if bare.is_empty() || !(says || range) {
        return None;
    }
    Some(weeks(bare).map(|weeks| vec![weeks]).or_else(|| week_list(bare)).ok_or_else(|| {
        format!("`{bare}` are no weeks that can be kept: 单周, 双周, 第5周, 1-9周 or 1,3,5周")
    }))
}

/// 机房, 操场, 实验室, 301: where, not who.
pub(super) fn is_room(word: &str) -> bool {
    // Names may end in 楼, 园 or 台, so only whole words of places count.
    let ends = [
        "室",
        "机房",
        "琴房",
        "舞蹈房",
        "操场",
        "球场",
        "运动场",
        "广场",
        "体育馆",
        "图书馆",
        "报告厅",
        "餐厅",
        "基地",
    ];
    (word.chars().any(|c| c.is_ascii_digit()) && !word.contains('周'))
        || (word.chars().count() > 1 && ends.iter().any(|end| word.ends_with(end)))
}

/// A teacher's name without 老师, dots in one form; none where the word cannot be a name.
pub(super) fn teacher_name(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| c.is_whitespace() || "(),、;:".contains(c));
    let bare = ["老师", "教师"].into_iter().find_map(|title| word.strip_suffix(title)).unwrap_or(word).trim();
    let name: String =
        bare.chars().map(|c| if matches!(c, '•' | '・' | '‧' | '∙' | '⋅') { '·' } else { c }).collect();
    let length = name.chars().count();
    let chinese = name.chars().all(|c| c == '·' || ('\u{3400}'..='\u{9fff}').contains(&c) || c > '\u{1ffff}');
    let fits = if chinese {
        (1..=4).contains(&length) || (name.contains('·') && length <= 20)
    } else {
        (2..=40).contains(&length) && name.chars().all(|c| c.is_alphabetic() || " .·'-".contains(c))
    };
    (fits && !is_empty_cell(&name) && name.chars().any(char::is_alphabetic)).then_some(name)
}

/// Only a surname: nobody is meant for sure, so nobody is matched (domain, section 9, `teacher`).
pub(super) fn is_surname(name: &str) -> bool {
    name.chars().count() == 1 || DOUBLE_SURNAMES.contains(&name)
}

/// Splits at any of the characters that stand outside brackets.
pub(super) fn split_outside<'a>(text: &'a str, at: &[char]) -> Vec<&'a str> {
    let (mut depth, mut start, mut parts) = (0_u32, 0, Vec::new());
    for (index, c) in text.char_indices() {
        match c {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            c if depth == 0 && at.contains(&c) => {
                parts.push(text.get(start..index).unwrap_or_default());
                start = index + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// The text before its last bracket and what is within, where the text ends with one.
pub(super) fn last_bracket(text: &str) -> Option<(&str, &str)> {
    for (open, close) in [('(', ')'), ('[', ']'), ('【', '】')] {
        if let Some(inner) = text.strip_suffix(close) {
            let start = inner.rfind(open)?;
            return Some((text.get(..start)?, inner.get(start + open.len_utf8()..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn week_marks_are_told_from_other_words() {
        assert_eq!(week_mark("(单周)"), Some(Ok(vec![LessonWeeks::Odd])));
        assert_eq!(week_mark("双"), Some(Ok(vec![LessonWeeks::Even])));
        assert_eq!(week_mark("1-9周"), Some(Ok(vec![LessonWeeks::Range(1, 9)])));
        assert_eq!(week_mark("第5周"), Some(Ok(vec![LessonWeeks::Range(5, 5)])));
        let listed = [1, 3, 5].map(|week| LessonWeeks::Range(week, week)).to_vec();
        assert_eq!(week_mark("1,3,5周"), Some(Ok(listed)));
        assert!(matches!(week_mark("5,单周"), Some(Err(_))));
        for other in ["周杰", "周伟民", "301", "王三", "2", ""] {
            assert_eq!(week_mark(other), None, "{other}");
        }
    }

    #[test]
    fn names_are_told_from_rooms() {
        assert_eq!(teacher_name("张一老师"), Some("张一".into()));
        assert_eq!(teacher_name("阿依古丽・买买提"), Some("阿依古丽·买买提".into()));
        assert_eq!(teacher_name("Mr Li"), Some("Mr Li".into()));
        assert_eq!(teacher_name("301"), None);
        assert!(is_room("微机室") && is_room("操场") && is_room("教学楼301"));
        assert!(!is_room("王小楼") && !is_room("李园"));
        assert!(is_surname("张") && is_surname("欧阳") && !is_surname("张一"));
    }

    #[test]
    fn brackets_hold_together() {
        assert_eq!(split_outside("音乐(单/双)/美术", &['/']), ["音乐(单/双)", "美术"]);
        assert_eq!(last_bracket("音乐(单周)"), Some(("音乐", "单周")));
        assert_eq!(last_bracket("音乐"), None);
    }
}
