//! Dates, weeks and grades as Chinese schools write them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Weekday};
use xunke_domain::log::Place;
pub(super) use xunke_domain::log::labels::grade_zh as grade;
use xunke_domain::week::Week;

/// Such as `11月16日`.
pub(super) fn date(date: NaiveDate) -> String {
    format!("{}月{}日", date.month(), date.day())
}

/// Such as `11月16日 周一`.
pub(super) fn day(on: NaiveDate) -> String {
    format!("{} {}", date(on), weekday(on.weekday().number_from_monday()))
}

/// Such as `11月16日—11月22日`.
pub(super) fn week_span(week: Week) -> String {
    format!("{}—{}", date(week.monday()), date(week.sunday()))
}

/// Such as `2026年11月23日 09:05`, in the time zone it was written in.
pub(super) fn moment(at: &DateTime<FixedOffset>) -> String {
    format!("{}年{} {}", at.year(), date(at.date_naive()), at.format("%H:%M"))
}

/// Such as `第12周`; a week outside a semester has no number.
pub(super) fn teaching_week(number: Option<u32>) -> String {
    number.map_or_else(|| "学期外".to_owned(), |number| format!("第{number}周"))
}

/// `周一` for 1 to `周日` for 7.
pub(super) fn weekday(number: u32) -> &'static str {
    let day = u8::try_from(number.wrapping_sub(1)).ok().and_then(|number| Weekday::try_from(number).ok());
    match day {
        Some(Weekday::Mon) => "周一",
        Some(Weekday::Tue) => "周二",
        Some(Weekday::Wed) => "周三",
        Some(Weekday::Thu) => "周四",
        Some(Weekday::Fri) => "周五",
        Some(Weekday::Sat) => "周六",
        Some(Weekday::Sun) => "周日",
        None => "",
    }
}

/// Such as `三年级(2)班 11月17日 周二 第3节`.
pub(super) fn place(at: &Place) -> String {
    format!("{} {} {}", at.class, day(at.date), at.period)
}

/// How far a clock is off, such as `快 3 分 5 秒`, from milliseconds; none below two seconds.
pub(super) fn clock(offset: i64) -> Option<String> {
    let seconds = offset.unsigned_abs() / 1000;
    let side = if offset > 0 { "快" } else { "慢" };
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes, seconds % 60) {
        (0, 0, 0 | 1) => None,
        (0, 0, seconds) => Some(format!("{side} {seconds} 秒")),
        (0, minutes, seconds) => Some(format!("{side} {minutes} 分 {seconds} 秒")),
        (hours, minutes, _) => Some(format!("{side} {hours} 小时 {minutes} 分")),
    }
}

/// A text as a value in the query of an address.
pub(crate) fn encoded(text: &str) -> String {
    let Ok(encoded) = askama::filters::urlencode_strict(text);
    encoded.to_string()
}

/// How far feedback to a teacher has come.
pub(super) fn feedback_state(state: &str) -> &'static str {
    match state {
        "seen" => "教师已读，未回复",
        "answered" => "教师已回复",
        "contested" => "教师有异议，待裁定",
        "upheld" => "异议成立，记录待更正",
        "dismissed" => "异议不成立",
        _ => "已送达，未读",
    }
}

#[cfg(test)]
mod tests {
    use super::{clock, day, grade, moment, teaching_week, week_span, weekday};

    #[test]
    fn dates_are_written_as_schools_write_them() {
        assert_eq!(day("2026-11-16".parse().unwrap()), "11月16日 周一");
        assert_eq!(week_span("2026-W47".parse().unwrap()), "11月16日—11月22日");
        assert_eq!(moment(&"2026-11-23T09:05:00+08:00".parse().unwrap()), "2026年11月23日 09:05");
        assert_eq!((weekday(1), weekday(7), weekday(0)), ("周一", "周日", ""));
    }

    #[test]
    fn a_clock_is_told_from_two_seconds_on() {
        assert_eq!((clock(1999), clock(-900)), (None, None));
        assert_eq!(clock(2000).as_deref(), Some("快 2 秒"));
        assert_eq!(clock(-185_000).as_deref(), Some("慢 3 分 5 秒"));
        assert_eq!(clock(7_260_000).as_deref(), Some("快 2 小时 1 分"));
    }

    #[test]
    fn what_has_no_number_is_still_named() {
        assert_eq!(grade(Some(3)), "三年级");
        assert_eq!(grade(Some(10)), "高一");
        assert_eq!(grade(None), "未分年级");
        assert_eq!(
            (teaching_week(Some(12)), teaching_week(None)),
            ("第12周".to_owned(), "学期外".to_owned())
        );
    }
}
