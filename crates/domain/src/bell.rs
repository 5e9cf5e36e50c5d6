//! Bell schedules: which one holds, and periods by label (domain, section 4).
//!
//! Period numbers are labels, not row numbers: with 早读 in the first row, 第1节 is the second.

use std::cmp::Reverse;

use chrono::{NaiveDate, NaiveTime, Timelike};

use crate::book::{BellSchedule, Period, SchoolBook};
use crate::calendar::{CloseReason, ClosedSpan};
use crate::text::{number, squeeze};

/// A label in the form in which labels are compared: `第3节`, `3`, `第三节` and `３` are one.
pub fn period_key(label: &str) -> String {
    // As nearly every label is written; a visit is judged by some thirty of them.
    let bare = label.strip_prefix('第').and_then(|label| label.strip_suffix('节')).unwrap_or_default();
    if let Some(number) = number(bare).filter(|_| bare.is_ascii()) {
        return number.to_string();
    }
    let label = squeeze(label).to_lowercase();
    let bare = label.strip_suffix("节课").or_else(|| label.strip_suffix('节')).unwrap_or(&label);
    let (half, bare) = ["上午", "下午"]
        .into_iter()
        .find_map(|half| bare.strip_prefix(half).map(|rest| (half, rest)))
        .unwrap_or(("", bare));
    let bare = bare.strip_prefix('第').unwrap_or(bare);
    match number(bare) {
        Some(number) => format!("{half}{number}"),
        None => format!("{half}{bare}"),
    }
}

/// Minutes between a local time and a period: 0 within it, else to its nearer edge. From 20 minutes
/// on a visit's clock and its chosen slot are flagged (domain, section 2.8).
pub fn time_distance(period: &Period, time: NaiveTime) -> u32 {
    let minute = |time: NaiveTime| time.hour() * 60 + time.minute();
    let (start, end, time) = (minute(period.start), minute(period.end), minute(time));
    start.saturating_sub(time).max(time.saturating_sub(end))
}

impl SchoolBook {
    /// The bell schedule of a grade on a date: the one with the fewest grades, then the newest.
    pub fn bell_schedule(&self, grade: Option<u32>, date: NaiveDate) -> Option<&BellSchedule> {
        self.bell_schedules
            .iter()
            .filter(|bell| bell.retired.is_none_or(|retired| retired > date))
            .filter(|bell| bell.valid_from <= date && bell.valid_to.is_none_or(|last| date <= last))
            .filter(|bell| bell.grades.is_empty() || grade.is_some_and(|grade| bell.grades.contains(&grade)))
            .min_by_key(|bell| {
                let breadth = if bell.grades.is_empty() { usize::MAX } else { bell.grades.len() };
                let periods: Vec<_> = bell.periods.iter().map(|p| (&p.label, p.start, p.end)).collect();
                // The last two only keep the order of records from mattering.
                (breadth, Reverse(bell.valid_from), &bell.name, periods)
            })
    }
}

impl BellSchedule {
    /// The period a label means.
    pub fn period(&self, label: &str) -> Option<&Period> {
        self.periods.get(self.ordinal(label)?)
    }

    /// The place of a period in the day, from 0.
    pub fn ordinal(&self, label: &str) -> Option<usize> {
        let key = period_key(label);
        self.periods.iter().position(|period| period_key(&period.label) == key)
    }
}

impl ClosedSpan {
    /// Whether the period of a label falls into the closed part of the day. Without a bell schedule
    /// that knows the labels, numbers are compared; what cannot be placed is not closed.
    pub fn closes(&self, label: &str, bell: Option<&BellSchedule>) -> bool {
        let place = |label: &str| match bell.and_then(|bell| bell.ordinal(label)) {
            Some(ordinal) => Some(ordinal),
            None if bell.is_none() => period_key(label).parse().ok(),
            None => None,
        };
        if self.from.is_none() && self.to.is_none() {
            return self.reason == CloseReason::Event;
        }
        let Some(here) = place(label) else { return false };
        let edge = |edge: &Option<String>| edge.as_deref().map(place);
        let (from, to) = match (edge(&self.from), edge(&self.to)) {
            (Some(None), _) | (_, Some(None)) => return false,
            (from, to) => (from.flatten(), to.flatten()),
        };
        let within = from.is_none_or(|from| from <= here) && to.is_none_or(|to| here <= to);
        match self.reason {
            CloseReason::Event => within,
            CloseReason::HalfDay => !within,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::PeriodKind;
    use crate::sample::sample_bell;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(hour: u32, minute: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
    }

    fn span(from: Option<&str>, to: Option<&str>, reason: CloseReason) -> ClosedSpan {
        ClosedSpan { from: from.map(Into::into), to: to.map(Into::into), reason, note: None }
    }

    #[test]
    fn one_label_may_be_written_in_several_ways() {
        for label in ["第3节", "3", "第三节", "第３节", "三", " 第 3 节课 ", "3节"] {
            assert_eq!(period_key(label), "3", "{label}");
        }
        assert_eq!(period_key("上午第1节"), "上午1");
        assert_eq!(period_key("早读"), "早读");
        assert_ne!(period_key("下午1"), period_key("上午1"));
    }

    #[test]
    fn a_period_is_found_by_label_and_ordered_by_its_place() {
        let bell = sample_bell();

        assert_eq!(bell.period("三").map(|period| period.start), Some(time(10, 30)));
        assert_eq!(bell.ordinal("第1节"), Some(1));
        assert_eq!(bell.period("早读").map(|period| period.kind), Some(PeriodKind::MorningReading));
        assert_eq!(bell.period("第9节"), None);
    }

    #[test]
    fn the_most_specific_then_the_newest_schedule_holds() {
        let all = BellSchedule { name: "全校".into(), ..sample_bell() };
        let low = BellSchedule { name: "低年级".into(), grades: vec![1, 2], ..sample_bell() };
        let winter = BellSchedule { name: "冬季".into(), valid_from: day("2026-11-01"), ..sample_bell() };
        let book = SchoolBook { bell_schedules: vec![winter, low, all], ..SchoolBook::default() };

        let name = |grade, date| book.bell_schedule(grade, day(date)).map(|bell| bell.name.as_str());
        assert_eq!(name(Some(1), "2026-11-17"), Some("低年级"));
        assert_eq!(name(Some(3), "2026-11-17"), Some("冬季"));
        assert_eq!(name(Some(3), "2026-10-17"), Some("全校"));
        assert_eq!(name(None, "2026-11-17"), Some("冬季"));
        assert_eq!(name(Some(3), "2020-10-17"), None);
    }

    #[test]
    fn time_is_measured_to_the_nearer_edge() {
        let bell = sample_bell();
        let third = bell.period("第3节").unwrap();

        assert_eq!(time_distance(third, time(10, 31)), 0);
        assert_eq!(time_distance(third, time(10, 5)), 25);
        assert_eq!(time_distance(third, time(11, 40)), 30);
    }

    #[test]
    fn events_close_their_periods_and_half_days_the_others() {
        let bell = sample_bell();
        let afternoon = span(Some("第5节"), None, CloseReason::Event);
        let morning = span(None, Some("4"), CloseReason::HalfDay);

        for closed in [&afternoon, &morning] {
            assert!(closed.closes("第5节", Some(&bell)));
            assert!(closed.closes("6", Some(&bell)));
            assert!(!closed.closes("第4节", Some(&bell)));
            assert!(closed.closes("第6节", None));
            assert!(!closed.closes("夜自习", Some(&bell)));
        }
        assert!(span(None, None, CloseReason::Event).closes("夜自习", None));
        assert!(!span(Some("第99节"), None, CloseReason::Event).closes("第5节", Some(&bell)));
    }
}
