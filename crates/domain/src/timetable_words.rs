//! The words of timetable files: weekdays, weeks, teachers, classes (domain, section 9).

use crate::book::LessonWeeks;
use crate::class_name::{grade_class_name, parse_class_name, parse_grade};
use crate::text::{number, squeeze, tidy};

/// The number of a weekday, 1 Monday to 7 Sunday: 星期一, 周一, 礼拜一, 一, 1, Mon.
pub(crate) fn weekday(text: &str) -> Option<u32> {
    let word = squeeze(text).to_lowercase();
    let bare =
        ["星期", "礼拜", "周"].into_iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(&word);
    let english = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    if bare.len() >= 3
        && let Some(place) = english.iter().position(|name| name.starts_with(bare))
    {
        return u32::try_from(place + 1).ok();
    }
    match bare {
        "日" | "天" => Some(7),
        _ => number(bare).filter(|day| (1..=7).contains(day)),
    }
}

/// The weeks of a lesson: 全周, 单周, 双, (单周), 1-9周, 第5周; every week if nothing is said.
pub(crate) fn weeks(text: &str) -> Option<LessonWeeks> {
    let word = squeeze(text);
    let word = word.trim_matches(['(', ')', '【', '】', '[', ']']);
    match word {
        "" | "全周" | "全" | "每周" | "单双周" | "-" | "—" => return Some(LessonWeeks::All),
        "单周" | "单" => return Some(LessonWeeks::Odd),
        "双周" | "双" => return Some(LessonWeeks::Even),
        _ => {}
    }
    let bare = word.strip_suffix('周').unwrap_or(word);
    let bare = bare.strip_prefix('第').unwrap_or(bare);
    let (from, to) = bare.split_once(['-', '~', '—', '–', '至', '到']).unwrap_or((bare, bare));
    let end = |text: &str| number(text.trim_matches(['第', '周'])).filter(|week| (1..=60).contains(week));
    let (from, to) = (end(from)?, end(to)?);
    (from <= to).then_some(LessonWeeks::Range(from, to))
}

/// A list of weeks: `1,3,5周`, `1、3、7-9周`; weeks that follow each other are one span. None for a single span, and
/// for what is no list.
pub(crate) fn week_list(text: &str) -> Option<Vec<LessonWeeks>> {
    let word = squeeze(text);
    let word = word.trim_matches(['(', ')', '【', '】', '[', ']']);
    let parts: Vec<&str> = word.split([',', '，', '、']).collect();
    if parts.len() < 2 {
        return None;
    }
    let span = |part: &&str| match weeks(part) {
        Some(LessonWeeks::Range(from, to)) => Some((from, to)),
        Some(LessonWeeks::All | LessonWeeks::Odd | LessonWeeks::Even) | None => None,
    };
    let mut spans: Vec<(u32, u32)> = parts.iter().map(span).collect::<Option<_>>()?;
    spans.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut().filter(|(_, last)| from <= *last + 1) {
            Some((_, last)) => *last = to.max(*last),
            None => joined.push((from, to)),
        }
    }
    Some(joined.into_iter().map(|(from, to)| LessonWeeks::Range(from, to)).collect())
}

/// A teacher's name without 老师 or 教师; none where the cell says that nobody is named.
pub(crate) fn teacher(text: &str) -> Option<String> {
    let name = tidy(text);
    let bare = ["老师", "教师"].into_iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(&name);
    (!is_empty_cell(bare)).then(|| bare.trim().to_owned())
}

/// The cells that mean nothing (cell grammar, `empty`).
pub(crate) fn is_empty_cell(text: &str) -> bool {
    matches!(text, "" | "—" | "-" | "/" | "无" | "空" | "休息" | "待定" | "×")
}

/// The canonical name of a class from its cell, and the cell of its grade where the class is only
/// `1班`; or what is wrong.
pub(crate) fn class_name(grade: &str, class: &str) -> Result<String, String> {
    let grade_cell = tidy(grade);
    let stated = if grade_cell.is_empty() { None } else { Some(parse_grade(&grade_cell)) };
    if stated == Some(None) {
        return Err(format!("`{grade_cell}` is not a grade"));
    }
    let stated = stated.flatten();
    let class_cell = tidy(class);
    let squeezed = squeeze(class);
    let bare = squeezed.strip_suffix('班').unwrap_or(&squeezed);
    let bare = bare.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(bare);
    match (parse_class_name(&class_cell), stated, number(bare).filter(|n| (1..=99).contains(n))) {
        (Some((read, _)), Some(stated), _) if read != stated => {
            Err(format!("class `{class_cell}` is not of grade `{grade_cell}`"))
        }
        (Some((grade, number)), _, _) | (None, Some(grade), Some(number)) => {
            Ok(grade_class_name(grade, number))
        }
        (None, None, Some(_)) => Err(format!("class `{class_cell}` needs its grade")),
        (None, _, None) => Err(format!("`{class_cell}` is not a class")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_read_in_every_usual_form() {
        for text in ["星期三", "周三", "礼拜三", "三", "3", "３", "Wed", "wednesday", " 星期 三"]
        {
            assert_eq!(weekday(text), Some(3), "{text}");
        }
        assert_eq!(weekday("周日"), Some(7));
        assert_eq!(weekday("星期天"), Some(7));
        assert_eq!(weekday("8"), None);
        assert_eq!(weekday("第三"), None);
    }

    #[test]
    fn weeks_are_read_in_every_usual_form() {
        assert_eq!(weeks(""), Some(LessonWeeks::All));
        assert_eq!(weeks("全周"), Some(LessonWeeks::All));
        assert_eq!(weeks("（单周）"), Some(LessonWeeks::Odd));
        assert_eq!(weeks("【双】"), Some(LessonWeeks::Even));
        assert_eq!(weeks("1-9周"), Some(LessonWeeks::Range(1, 9)));
        assert_eq!(weeks("第1周～第9周"), Some(LessonWeeks::Range(1, 9)));
        assert_eq!(weeks("第5周"), Some(LessonWeeks::Range(5, 5)));
        assert_eq!(weeks("9-1周"), None);
        assert_eq!(weeks("有时"), None);
    }

    #[test]
    fn a_list_of_weeks_is_spans_in_order() {
        use LessonWeeks::Range;

        assert_eq!(week_list("1,3,5周"), Some(vec![Range(1, 1), Range(3, 3), Range(5, 5)]));
        assert_eq!(week_list("（第9、1、2-4周）"), Some(vec![Range(1, 4), Range(9, 9)]));
        assert_eq!(week_list("1，2，3周"), Some(vec![Range(1, 3)]));
        for other in ["", "5周", "1-9周", "单,双", "1,周", "61,62周", "张一,王三"] {
            assert_eq!(week_list(other), None, "{other}");
        }
    }

    #[test]
    fn a_teacher_is_a_name_without_a_title() {
        assert_eq!(teacher("　张 一老师"), Some("张一".to_owned()));
        assert_eq!(teacher("欧阳·明"), Some("欧阳·明".to_owned()));
        assert_eq!(teacher("—"), None);
        assert_eq!(teacher("老师"), None);
    }

    #[test]
    fn a_class_is_named_alone_or_with_its_grade() {
        assert_eq!(class_name("三年级", "2班").as_deref(), Ok("三年级(2)班"));
        assert_eq!(class_name("三", "(２)班").as_deref(), Ok("三年级(2)班"));
        assert_eq!(class_name("", "三（2）班").as_deref(), Ok("三年级(2)班"));
        assert_eq!(class_name("三年级", "302").as_deref(), Ok("三年级(2)班"));
        assert!(class_name("四年级", "302").is_err());
        assert!(class_name("", "2班").is_err());
        assert!(class_name("三年级", "").is_err());
        assert!(class_name("大班", "2班").is_err());
    }
}
