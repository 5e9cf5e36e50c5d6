//! The figures of a log by the keys of its trace, in words: `ratings.engagement.good` is 评价·学生参与·良.

use std::collections::BTreeMap;
use xunke_domain::told;
use xunke_domain::told::Told;

use xunke_domain::log::labels::{level_zh, verdict_zh};
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::Level;
use xunke_domain::week::Week;

use crate::pages::{names, words};

/// A figure in words; `dimensions` are the school's own names of what it rates. A key of no known figure is told
/// as it stands.
pub(super) fn figure_zh(key: &str, dimensions: &BTreeMap<String, String>) -> Told {
    let (group, rest) = key.split_once('.').unwrap_or((key, ""));
    let of = |group: &'static str, what: Told| told!("{}·{}", Told::from(group), what);
    let subject = || Told::from(rest.to_owned());
    match group {
        "visits" => "全部巡课".into(),
        "consistency" => of("课表一致", consistency(rest)),
        "verdict" => of(
            "结论",
            word::<Verdict>(rest).map_or_else(|| Told::data(rest), |verdict| verdict_zh(verdict).into()),
        ),
        "checked" => of("核查", subject()),
        "displacement" => of("被挤占", taking(rest)),
        "self_study" => of("改自习", subject()),
        "delivered" => of("开课", subject()),
        "ratings" => match rest.rsplit_once('.') {
            Some((dimension, level)) => {
                told!(
                    "{}·{}·{}",
                    Told::from("评价"),
                    names::dimension(dimension, dimensions),
                    level_of(level)
                )
            }
            None if rest.is_empty() => of("评价", "全部".into()),
            None => of("评价", level_of(rest)),
        },
        "good" => of("优良", good(rest, dimensions)),
        "highlights" => of("亮点", subject()),
        "taught" => of("所巡学科", subject()),
        "improvements" => of("待改进之处", subject()),
        "findings" => of("存在问题", Told::data(rest)),
        "rectification" => {
            of("整改", if rest == "notices" { "提出整改通知书".into() } else { Told::data(rest) })
        }
        "repeats" => repeats(rest),
        "trend" => of("近八周走势", trend(rest)),
        "inspectors" => of("巡课人", Told::data(rest)),
        "comparison" if rest == "agreement" => of("评价差异", "同一节课由两人以上评价".into()),
        "comparison" => of("评价差异", Told::data(rest)),
        "coverage" => of("覆盖", coverage(rest)),
        _ => Told::data(key),
    }
}

/// A subject, or one and the other that took its place.
fn taking(rest: &str) -> Told {
    let subject = |name: &str| Told::from(name.to_owned());
    rest.split_once('→')
        .map_or_else(|| subject(rest), |(planned, by)| told!("{}→{}", subject(planned), subject(by)))
}

fn consistency(rest: &str) -> Told {
    Told::from(match rest {
        "checked" => "已核查",
        "consistent" => "一致",
        "inconsistent" => "不一致",
        "disputed" => "意见不一",
        other => return Told::data(other),
    })
}

fn good(rest: &str, dimensions: &BTreeMap<String, String>) -> Told {
    match rest.split_once('.') {
        Some(("dimension", key)) => names::dimension(key, dimensions),
        Some(("rubric", place)) => told!("量表{}", place),
        _ => "全部".into(),
    }
}

/// A problem is told by its place in its table.
fn repeats(rest: &str) -> Told {
    let (list, place) = rest.split_once('.').unwrap_or((rest, ""));
    let list = match list {
        "class" => "重复问题（同一班级）".into(),
        "teacher" => "重复问题（同一教师）".into(),
        "common" => "共性问题".into(),
        other => Told::data(other),
    };
    told!("{}·表中第{}项", list, place)
}

fn trend(rest: &str) -> Told {
    let (week, what) = rest.split_once('.').unwrap_or((rest, ""));
    let what = match what {
        "checked" => "已核查".into(),
        "inconsistent" => "课表不一致".into(),
        "protected" => "重点关注学科已核查".into(),
        "protected_displaced" => "重点关注学科被挤占".into(),
        other => Told::data(other),
    };
    let week = week.parse::<Week>().map_or_else(|_| Told::data(week), words::week_span);
    told!("{}·{}", week, what)
}

fn coverage(rest: &str) -> Told {
    match rest.split_once('.') {
        Some(("grade", grade)) => words::grade(grade.parse().ok()),
        Some(("weekday", day)) => words::weekday(day.parse().unwrap_or_default()).into(),
        Some(("period", place)) => Told::data(place.replacen('.', " ", 1)),
        Some((_, subject)) => Told::from(subject.to_owned()),
        None => Told::data(rest),
    }
}

fn level_of(word: &str) -> Told {
    self::word::<Level>(word).map_or_else(|| Told::data(word), |level| level_zh(level).into())
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
        let told = |key: &str| figure_zh(key, &own).to_string();

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
