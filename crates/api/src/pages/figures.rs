//! The figures of a log by the keys of its trace, in words: `ratings.engagement.good` is 评价·学生参与·良.

use std::collections::BTreeMap;

use xunke_domain::log::labels::{level_zh, verdict_zh};
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::Level;
use xunke_domain::week::Week;

use crate::pages::{names, words};

/// A figure in words; `dimensions` are the school's own names of what it rates. A key of no known figure is told
/// as it stands.
pub(super) fn figure_zh(key: &str, dimensions: &BTreeMap<String, String>) -> String {
    let (group, rest) = key.split_once('.').unwrap_or((key, ""));
    let of = |group: &str, what: String| format!("{group}·{what}");
    match group {
        "visits" => "全部巡课".to_owned(),
        "consistency" => of("课表一致", consistency(rest).to_owned()),
        "verdict" => of("结论", word::<Verdict>(rest).map_or(rest, |verdict| verdict_zh(verdict)).to_owned()),
        "checked" => of("核查", rest.to_owned()),
        "displacement" => of("被挤占", rest.to_owned()),
        "self_study" => of("改自习", rest.to_owned()),
        "delivered" => of("开课", rest.to_owned()),
        "ratings" => match rest.rsplit_once('.') {
            Some((dimension, level)) => {
                format!("评价·{}·{}", names::dimension(dimension, dimensions), level_of(level))
            }
            None if rest.is_empty() => "评价·全部".to_owned(),
            None => of("评价", level_of(rest).to_owned()),
        },
        "good" => of("优良", good(rest, dimensions)),
        "highlights" => of("亮点", rest.to_owned()),
        "taught" => of("所巡学科", rest.to_owned()),
        "improvements" => of("待改进之处", rest.to_owned()),
        "findings" => of("存在问题", rest.to_owned()),
        "rectification" => of("整改", if rest == "notices" { "提出整改通知书" } else { rest }.to_owned()),
        "repeats" => repeats(rest),
        "trend" => of("近八周走势", trend(rest)),
        "inspectors" => of("巡课人", rest.to_owned()),
        "comparison" if rest == "agreement" => of("评价差异", "同一节课由两人以上评价".to_owned()),
        "comparison" => of("评价差异", rest.to_owned()),
        "coverage" => of("覆盖", coverage(rest)),
        _ => key.to_owned(),
    }
}

fn consistency(rest: &str) -> &str {
    match rest {
        "checked" => "已核查",
        "consistent" => "一致",
        "inconsistent" => "不一致",
        "disputed" => "意见不一",
        other => other,
    }
}

fn good(rest: &str, dimensions: &BTreeMap<String, String>) -> String {
    match rest.split_once('.') {
        Some(("dimension", key)) => names::dimension(key, dimensions),
        Some(("rubric", place)) => format!("量表{place}"),
        _ => "全部".to_owned(),
    }
}

/// A problem is told by its place in its table.
fn repeats(rest: &str) -> String {
    let (list, place) = rest.split_once('.').unwrap_or((rest, ""));
    let list = match list {
        "class" => "重复问题（同一班级）",
        "teacher" => "重复问题（同一教师）",
        "common" => "共性问题",
        other => other,
    };
    format!("{list}·表中第{place}项")
}

fn trend(rest: &str) -> String {
    let (week, what) = rest.split_once('.').unwrap_or((rest, ""));
    let what = match what {
        "checked" => "已核查",
        "inconsistent" => "课表不一致",
        "protected" => "重点关注学科已核查",
        "protected_displaced" => "重点关注学科被挤占",
        other => other,
    };
    let week = week.parse::<Week>().map_or_else(|_| week.to_owned(), words::week_span);
    format!("{week}·{what}")
}

fn coverage(rest: &str) -> String {
    match rest.split_once('.') {
        Some(("grade", grade)) => words::grade(grade.parse().ok()),
        Some(("weekday", day)) => words::weekday(day.parse().unwrap_or_default()).to_owned(),
        Some(("period", place)) => place.replacen('.', " ", 1),
        Some((_, subject)) => subject.to_owned(),
        None => rest.to_owned(),
    }
}

fn level_of(word: &str) -> &str {
    self::word::<Level>(word).map_or(word, |level| level_zh(level))
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::figure_zh;

    #[test]
    fn every_kind_of_figure_has_words() {
        let own = BTreeMap::from([("a".to_owned(), "板书".to_owned())]);
        let told = |key: &str| figure_zh(key, &own);

        assert_eq!(told("visits"), "全部巡课");
        assert_eq!(told("consistency.inconsistent"), "课表一致·不一致");
        assert_eq!(told("verdict.subject_mismatch"), "结论·挤占");
        assert_eq!(told("displacement.音乐→数学"), "被挤占·音乐→数学");
        assert_eq!(told("ratings"), "评价·全部");
        assert_eq!(told("ratings.poor"), "评价·差");
        assert_eq!(told("ratings.a.good"), "评价·板书·良");
        assert_eq!(told("ratings.engagement.fair"), "评价·学生参与·中");
        assert_eq!(told("coverage.grade.3"), "覆盖·三年级");
        assert_eq!(told("coverage.weekday.2"), "覆盖·周二");
        assert_eq!(told("coverage.subject.音乐"), "覆盖·音乐");
        assert_eq!(told("coverage.period.三年级(2)班.第3节"), "覆盖·三年级(2)班 第3节");
        assert_eq!(told("coverage.grade.none"), "覆盖·未分年级");
        assert_eq!(told("good.all"), "优良·全部");
        assert_eq!(told("good.dimension.a"), "优良·板书");
        assert_eq!(told("taught.语文"), "所巡学科·语文");
        assert_eq!(told("rectification.notices"), "整改·提出整改通知书");
        assert_eq!(told("repeats.class.2"), "重复问题（同一班级）·表中第2项");
        assert_eq!(
            told("trend.2026-W46.protected_displaced"),
            "近八周走势·11月9日—11月15日·重点关注学科被挤占"
        );
        assert_eq!(told("comparison.孟老师"), "评价差异·孟老师");
        assert_eq!(told("comparison.agreement"), "评价差异·同一节课由两人以上评价");
        assert_eq!(told("of.another.time"), "of.another.time");
    }
}
