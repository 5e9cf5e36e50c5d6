//! Dates, weeks and grades as Chinese schools write them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Weekday};
use xunke_domain::log::Place;
use xunke_domain::log::labels::grade_zh;
use xunke_domain::told;
use xunke_domain::told::Told;
use xunke_domain::week::Week;

/// Days by month: languages name months rather than count them.
const MONTHS: [&str; 12] = [
    "1月{}日",
    "2月{}日",
    "3月{}日",
    "4月{}日",
    "5月{}日",
    "6月{}日",
    "7月{}日",
    "8月{}日",
    "9月{}日",
    "10月{}日",
    "11月{}日",
    "12月{}日",
];

/// Such as `11月16日`.
pub(super) fn date(date: NaiveDate) -> Told {
    let month = usize::try_from(date.month0()).ok().and_then(|month| MONTHS.get(month));
    told!(month.copied().unwrap_or("{}"), date.day())
}

/// Such as `三年级`.
pub(super) fn grade(grade: Option<u32>) -> Told {
    Told::from(grade_zh(grade))
}

/// Such as `11月16日 周一`.
pub(super) fn day(on: NaiveDate) -> Told {
    told!("{} {}", date(on), Told::from(weekday(on.weekday().number_from_monday())))
}

/// Such as `11月16日—11月22日`.
pub(super) fn week_span(week: Week) -> Told {
    told!("{}—{}", date(week.monday()), date(week.sunday()))
}

/// Such as `2026年11月23日 09:05`, in the time zone it was written in.
pub(super) fn moment(at: &DateTime<FixedOffset>) -> Told {
    told!("{}年{} {}", at.year().to_string(), date(at.date_naive()), at.format("%H:%M").to_string())
}

/// Such as `第12周`; a week outside a semester has no number.
pub(super) fn teaching_week(number: Option<u32>) -> Told {
    number.map_or_else(|| Told::from("学期外"), |number| told!("第{}周", number))
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
pub(super) fn place(at: &Place) -> Told {
    told!("{} {} {}", at.class, day(at.date), at.period)
}

/// How far a clock is off, such as `快 3 分 5 秒`, from milliseconds; none below two seconds.
pub(super) fn clock(offset: i64) -> Option<Told> {
    let seconds = offset.unsigned_abs() / 1000;
    let side = Told::from(if offset > 0 { "快" } else { "慢" });
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes, seconds % 60) {
        (0, 0, 0 | 1) => None,
        (0, 0, seconds) => Some(told!("{} {} 秒", side, seconds)),
        (0, minutes, seconds) => Some(told!("{} {} 分 {} 秒", side, minutes, seconds)),
        (hours, minutes, _) => Some(told!("{} {} 小时 {} 分", side, hours, minutes)),
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
        assert_eq!(day("2026-11-16".parse().unwrap()).to_string(), "11月16日 周一");
        assert_eq!(week_span("2026-W47".parse().unwrap()).to_string(), "11月16日—11月22日");
        assert_eq!(moment(&"2026-11-23T09:05:00+08:00".parse().unwrap()).to_string(), "2026年11月23日 09:05");
        assert_eq!((weekday(1), weekday(7), weekday(0)), ("周一", "周日", ""));
    }

    #[test]
    fn a_clock_is_told_from_two_seconds_on() {
        let clock = |offset| clock(offset).map(|told| told.to_string());
        assert_eq!((clock(1999), clock(-900)), (None, None));
        assert_eq!(clock(2000).as_deref(), Some("快 2 秒"));
        assert_eq!(clock(-185_000).as_deref(), Some("慢 3 分 5 秒"));
        assert_eq!(clock(7_260_000).as_deref(), Some("快 2 小时 1 分"));
    }

    #[test]
    fn what_has_no_number_is_still_named() {
        let told =
            [grade(Some(3)), grade(Some(10)), grade(None), teaching_week(Some(12)), teaching_week(None)];
        assert_eq!(told.map(|told| told.to_string()), ["三年级", "高一", "未分年级", "第12周", "学期外"]);
    }
}
