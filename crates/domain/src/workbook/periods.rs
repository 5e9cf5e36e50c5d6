//! Periods by label, never by row (domain, section 9, rule 3).

use std::collections::BTreeSet;

use chrono::{NaiveTime, Timelike};

use super::words::lines;
use crate::bell::period_key;
use crate::book::{BellSchedule, Period, PeriodKind};
use crate::text::{number, squeeze};

/// Half of a day, where a column or divider says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Morning,
    Afternoon,
    Evening,
}

/// A row or column of a timetable, as its label and time cells say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) half: Option<Half>,
    pub(super) text: String,
    pub(super) time: String,
}

/// What a label means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A lesson, by the label of the bell schedule.
    Lesson(String),
    /// 早读, 午休, 课后服务, a divider, a remark.
    NoLesson,
    /// Nothing can be read there, and why.
    Unclear(String),
}

/// The half of the day a cell names.
pub(super) fn half(text: &str) -> Option<Half> {
    match squeeze(text).as_str() {
        "上午" | "早上" | "上" | "morning" | "AM" | "am" => Some(Half::Morning),
        "下午" | "下" | "afternoon" | "PM" | "pm" => Some(Half::Afternoon),
        "晚上" | "晚" | "晚间" | "夜间" => Some(Half::Evening),
        _ => None,
    }
}

/// What stands where lessons do and is none.
fn is_pause(text: &str) -> bool {
    let words = [
        "早读",
        "晨读",
        "晨诵",
        "晨会",
        "早会",
        "朝会",
        "早操",
        "升旗",
        "早自",
        "课间",
        "眼保健操",
        "眼操",
        "午休",
        "午餐",
        "午读",
        "午写",
        "午间",
        "午自",
        "午会",
        "午练",
        "中午",
        "中餐",
        "用餐",
        "就餐",
        "课后",
        "延时",
        "托管",
        "辅导",
        "社团",
        "晚自",
        "晚修",
        "晚读",
        "夕会",
        "放学",
        "备注",
        "统计",
        "说明",
        "注:",
        "制表",
        "合计",
        "周课时",
        "到校",
        "入校",
        "离校",
        "班主任",
    ];
    words.iter().any(|word| text.contains(word))
}

/// The label without its time and dressing, its half if it names one, and its number.
fn parts(label: &Label) -> (Option<Half>, String, Option<u32>) {
    // Times may stand beside the label or below it: 第1节 8:30-9:10.
    let lines = lines(&label.text);
    let words = lines.iter().flat_map(|line| line.split(' ')).filter(|word| !is_time(word));
    let mut text = squeeze(&words.collect::<String>());
    if let Some((_, time)) = text.split_once('节').filter(|(before, _)| !before.is_empty())
        && is_time(time.strip_prefix('课').unwrap_or(time))
    {
        text.truncate(text.len() - time.len());
    }
    if let Some(at) = text.find('(').filter(|at| *at > 0) {
        text.truncate(at);
    }
    let text = text.trim_matches(['(', ')', '.', '、', ':']);
    let prefixes =
        [("上午", Half::Morning), ("下午", Half::Afternoon), ("晚上", Half::Evening), ("正", Half::Morning)];
    let named =
        prefixes.into_iter().find_map(|(word, half)| text.strip_prefix(word).map(|rest| (half, rest)));
    let (half, bare) = match named {
        // 正1 is lesson 1 of the day: it restarts nothing.
        Some((_, rest)) if text.starts_with('正') => (label.half, rest),
        Some((half, rest)) => (Some(half), rest),
        None => (label.half, text),
    };
    let number = number(&period_key(bare)).filter(|number| (1..=20).contains(number));
    (half, bare.to_owned(), number)
}

/// 8:30-9:10, 08：30, 8.30.
pub(super) fn is_time(text: &str) -> bool {
    let text = squeeze(text);
    let mut parts = text.splitn(2, [':', '.']);
    let digits =
        |part: &str, count: usize| part.bytes().take(count).filter(u8::is_ascii_digit).count() == count;
    let (Some(hour), Some(minute)) = (parts.next(), parts.next()) else { return false };
    (1..=2).contains(&hour.len()) && digits(hour, hour.len()) && digits(minute, 2)
}

/// Whether a cell may be the label of a period: for finding the column of labels.
pub(super) fn is_label(text: &str) -> bool {
    let label = Label { text: text.to_owned(), ..Label::default() };
    !text.is_empty()
        && (parts(&label).2.is_some() || is_pause(&squeeze(text)) || extra(&squeeze(text)).is_some())
}

/// 早1, 晚2: numbers of what is no lesson.
fn extra(text: &str) -> Option<u32> {
    ["早", "晚", "晨", "午"].into_iter().find_map(|word| number(&period_key(text.strip_prefix(word)?)))
}

/// What the labels of one day mean, in their order. The bell schedule's own labels come first; numbers that
/// begin again in the afternoon go on after the morning's.
pub(super) fn meanings(labels: &[Label], bell: Option<&BellSchedule>) -> Vec<Meaning> {
    let mut noon = false;
    let mut seen = BTreeSet::new();
    let read: Vec<(Option<Half>, String, Option<u32>)> = labels
        .iter()
        .map(|label| {
            let (mut half, bare, number) = parts(label);
            noon |= squeeze(&label.text).contains('午') && number.is_none();
            if half.is_none() && noon && number.is_some_and(|number| seen.contains(&number)) {
                half = Some(Half::Afternoon);
            }
            seen.extend(number.filter(|_| half != Some(Half::Afternoon)));
            (half, bare, number)
        })
        .collect();
    let of = |wanted: Half| {
        let of_half = move |(half, _, number): &(Option<Half>, String, Option<u32>)| {
            number.filter(|_| *half == Some(wanted))
        };
        read.iter().filter_map(of_half)
    };
    let unmarked = read.iter().filter(|(half, ..)| half.is_none()).filter_map(|(_, _, number)| *number);
    let before_noon = of(Half::Morning).chain(unmarked).max();
    let by_bell = bell.map(|bell| lessons(bell).filter(|period| period.start.hour() < 12).count());
    let morning = by_bell.and_then(|count| u32::try_from(count).ok()).or(before_noon);
    let restarts =
        of(Half::Afternoon).min().is_some_and(|first| before_noon.map_or(first == 1, |last| first <= last));
    let after = |half: Half| of(half).max().unwrap_or(0);
    let mut taken = BTreeSet::new();
    labels
        .iter()
        .zip(&read)
        .map(|(label, (half, bare, number))| {
            let number = match (number, half) {
                (Some(number), Some(Half::Afternoon)) if restarts => match morning {
                    Some(morning) => Some(number + morning),
                    None => {
                        return Meaning::Unclear(format!(
                            "`{}`: how many lessons has the morning?",
                            label.text.trim()
                        ));
                    }
                },
                (Some(_), Some(Half::Evening)) if after(Half::Evening) <= after(Half::Morning) => {
                    return Meaning::NoLesson;
                }
                (number, _) => *number,
            };
            let meaning = meaning(label, bare, number, bell);
            match &meaning {
                Meaning::Lesson(name) if !taken.insert(period_key(name)) => {
                    Meaning::Unclear(format!("`{name}` stands twice in a day; say 上午 or 下午"))
                }
                _ => meaning,
            }
        })
        .collect()
}

fn lessons(bell: &BellSchedule) -> impl Iterator<Item = &Period> {
    bell.periods.iter().filter(|period| period.kind == PeriodKind::Lesson)
}

fn meaning(label: &Label, bare: &str, number: Option<u32>, bell: Option<&BellSchedule>) -> Meaning {
    let text = squeeze(&label.text);
    let by_number = number.map(|number| format!("第{number}节"));
    if let Some(bell) = bell {
        // The afternoon's 1 is not the morning's: a number counts as it was counted on.
        let named = match &by_number {
            Some(label) if period_key(&text) != period_key(label) && number_of(&text) => bell.period(label),
            _ => bell.period(&text).or_else(|| bell.period(by_number.as_deref()?)),
        };
        let named = named.or_else(|| if text.is_empty() { at(bell, &label.time) } else { None });
        match named {
            Some(period) if period.kind == PeriodKind::Lesson => {
                return Meaning::Lesson(period.label.clone());
            }
            Some(_) => return Meaning::NoLesson,
            None => {}
        }
    }
    if let Some(label) = by_number {
        return Meaning::Lesson(label);
    }
    if is_pause(&text) || extra(&text).is_some() || half(&text).is_some() {
        return Meaning::NoLesson;
    }
    if text.is_empty() || bare.is_empty() {
        return Meaning::Unclear("no period stands beside it".to_owned());
    }
    Meaning::Unclear(format!("`{text}` is no period"))
}

fn number_of(text: &str) -> bool {
    number(&period_key(text)).is_some()
}

/// The period that begins at a time such as `8:30-9:10`.
fn at<'a>(bell: &'a BellSchedule, time: &str) -> Option<&'a Period> {
    let squeezed = squeeze(time);
    let start = squeezed.split(['-', '—', '–', '~', '至']).next()?.replace('.', ":");
    let start = NaiveTime::parse_from_str(&start, "%H:%M").ok()?;
    bell.periods.iter().find(|period| period.start == start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::sample_bell;

    fn label(half: Option<Half>, text: &str) -> Label {
        Label { half, text: text.into(), time: String::new() }
    }

    fn read(labels: &[(Option<Half>, &str)], bell: Option<&BellSchedule>) -> Vec<String> {
        let labels: Vec<Label> = labels.iter().map(|(half, text)| label(*half, text)).collect();
        let told = |meaning| match meaning {
            Meaning::Lesson(label) => label,
            Meaning::NoLesson => "—".to_owned(),
            Meaning::Unclear(_) => "?".to_owned(),
        };
        meanings(&labels, bell).into_iter().map(told).collect()
    }

    #[test]
    fn the_label_counts_and_not_the_row() {
        let bell = sample_bell();
        let labels = [
            "早读",
            "第1节",
            "2",
            "大 课 间",
            "第三节\n10:30-11:10",
            "４（11:20）",
            "午休",
            "正5",
            "6节课",
            "课后服务",
            "早1",
        ];
        let labels: Vec<_> = labels.into_iter().map(|text| (None, text)).collect();
        let expected = ["—", "第1节", "第2节", "—", "第3节", "第4节", "—", "第5节", "第6节", "—", "—"];

        assert_eq!(read(&labels, None), expected);
        assert_eq!(read(&labels, Some(&bell)), expected);
    }

    #[test]
    fn the_afternoon_may_count_anew() {
        let (am, pm) = (Some(Half::Morning), Some(Half::Afternoon));
        let anew = [(am, "1"), (am, "2"), (am, "3"), (am, "4"), (pm, "1"), (pm, "2")];
        let on = ["第1节", "第2节", "第3节", "第4节", "第5节", "第6节"];

        assert_eq!(read(&anew, None), on);
        assert_eq!(read(&anew, Some(&sample_bell())), on);
        let going_on = [(am, "1"), (am, "2"), (am, "3"), (am, "4"), (pm, "5"), (pm, "6")];
        assert_eq!(read(&going_on, None), on);
        let named = ["上午1", "上午2", "下午1"].map(|text| (None, text));
        assert_eq!(read(&named, None), ["第1节", "第2节", "第3节"]);
        let divided = [(None, "1"), (None, "2"), (None, "午休"), (None, "1"), (None, "2")];
        assert_eq!(read(&divided, None), ["第1节", "第2节", "—", "第3节", "第4节"]);
    }

    #[test]
    fn a_time_in_the_label_is_no_part_of_it() {
        for label in [
            "第1节 8:30-9:10",
            "第1节8:30-9:10",
            "第一节课\n08：30—09：10",
            "1 8:30-9:10",
            "上午\n第1节",
            "1(8:30)",
        ] {
            assert_eq!(read(&[(None, label)], None), ["第1节"], "{label}");
        }
        assert!(!is_time("第1节") && !is_time("1") && !is_time("三(2)"));
    }

    #[test]
    fn a_number_that_stands_twice_is_asked_for() {
        assert_eq!(read(&[(None, "1"), (None, "2"), (None, "1")], None), ["第1节", "第2节", "?"]);
        assert_eq!(read(&[(None, ""), (None, "天文")], None), ["?", "?"]);
    }

    #[test]
    fn a_time_alone_is_looked_up_in_the_bell_schedule() {
        let bell = sample_bell();
        let timed = Label { time: "10:30-11:10".into(), ..Label::default() };

        assert_eq!(meanings(&[timed], Some(&bell)), [Meaning::Lesson("第3节".into())]);
    }
}
