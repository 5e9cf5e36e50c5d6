//! The statistics of the log page: what looks back, what compares, what is told only inside the school.

use xunke_domain::log::WeeklyLog;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{Disposition, Finding};

use super::log_page::{assert_tells, draft, page};
use super::sample::Sample;
use crate::pages::figures::figure_zh;
use crate::pages::words::encoded;

fn part<'a>(page: &'a str, from: &str) -> &'a str {
    let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("{from} is not told"));
    rest.split_once("</section>").map_or(rest, |(part, _)| part)
}

#[test]
fn a_trend_is_drawn_and_told_by_a_table_beside_it() {
    let mut sample = Sample::qinghe();
    sample.same_before(1);
    sample.same_before(2);
    for (place, (.., verdict)) in sample.earlier.iter_mut().take(46).enumerate() {
        *verdict = if place % 2 == 0 { Verdict::NoTeacher } else { *verdict };
    }
    let log = sample.compile();

    let page = page(&draft(&log));

    let trend = part(&page, "<h2>附图 近八周走势</h2>");
    assert_tells(
        trend,
        &["课表一致率", "<polyline class=\"way\"", "<circle class=\"dot outside\"", "40/44", "低于下控制限"],
    );
    assert_eq!(trend.matches("<svg class=\"chart\"").count(), 2);
    let described = part(trend, "<desc id=\"trend-kept-desc\">");
    assert_tells(described, &["第12周 40/44（90.9%），在控制限内", "低于下控制限"]);
}

#[test]
fn one_week_alone_makes_a_table_and_no_drawing() {
    let log = Sample::qinghe().compile();

    let page = page(&draft(&log));

    let trend = part(&page, "<h2>附图 近八周走势</h2>");
    assert!(!trend.contains("<svg"));
    assert_tells(trend, &["第12周", "40/44"]);
}

#[test]
fn problems_that_came_back_are_listed_with_their_weeks_and_without_a_teacher() {
    let mut sample = Sample::qinghe();
    let quiet = page(&draft(&sample.compile()));
    sample.same_before(1);
    let log = sample.compile();

    let page = page(&draft(&log));

    assert_tells(part(&quiet, "<h3>重复问题与共性问题</h3>"), &["最近1个教学周未见重复问题和共性问题"]);
    let repeats = part(&page, "<h3>重复问题与共性问题</h3>");
    assert_tells(repeats, &["同一班级重复出现的问题", "TT01", "第12周 1", "最近2个教学周"]);
    assert!(sample.teachers().iter().all(|name| !repeats.contains(name.as_str())));
}

#[test]
fn the_share_of_good_is_told_with_counts_interval_and_middle_level() {
    let log = Sample::qinghe().compile();

    let page = page(&draft(&log));

    let ratings = part(&page, "优良占比与中位等级</caption>");
    assert_tells(ratings, &["146/184", "79.3%", "72.9%—84.6%", "<td>良</td>"]);
    let (_, highlights) = page.split_once("各学科亮点与巡课人次</caption>").unwrap();
    assert_tells(
        highlights,
        &[
            "<tr class=\"zero\"><th scope=\"row\">劳动</th><td class=\"n\">0</td><td class=\"n\">0</td>",
            "不作排名",
        ],
    );
}

#[test]
fn inspectors_are_told_by_their_work_and_by_differences_never_by_a_rank() {
    let mut sample = Sample::qinghe();
    for weeks in 1..=7 {
        sample.same_before(weeks);
    }
    let log = sample.compile();
    let comparison = log.comparison.as_ref().unwrap();
    assert!(!comparison.inspectors.is_empty());

    let page = page(&draft(&log));

    let inspectors = part(&page, "<h2>附表 巡课人（仅供校内）</h2>");
    assert_tells(inspectors, &["巡课人工作情况", "评价差异", "按全校应有", "全部可比", "最近8个教学周"]);
    assert_tells(inspectors, &[&format!("{}</a>节次", comparison.agreement.slots), "不说明谁宽谁严"]);
    assert!(!inspectors.contains("名次") && !inspectors.contains("误差"));
}

#[test]
fn rectification_notices_are_told_with_what_is_not_recorded_yet() {
    let mut sample = Sample::qinghe();
    sample.visits[0].0.disposition = Some(Disposition::RectifyNotice);
    let log = sample.compile();

    let page = page(&draft(&log));

    assert_tells(
        part(&page, "<h3>整改</h3>"),
        &[
            "本周46人次巡课中，<a href=\"/list?edition=1&#38;figure=rectification.notices\">1</a>人次提出整改通知书",
            "尚不记录整改进展与销号",
        ],
    );
}

#[test]
fn subjects_and_teachers_long_unseen_are_listed_inside_the_school() {
    let log = Sample::qinghe().compile();
    let teacher = &log.coverage.teachers_long_unseen[0].name;

    let page = page(&draft(&log));

    let unseen = part(&page, "<h2>六、未巡到</h2>");
    assert_tells(
        unseen,
        &["四个教学周以上未巡到的学科", "<th scope=\"row\">劳动</th>", "未巡到不是对学科或教师的评价"],
    );
    let row = format!("<th scope=\"row\">{teacher}</th><td>本学期未巡到</td>");
    assert_tells(unseen, &[&row]);
}

/// A sample week with something under every heading, and seven such weeks before it.
fn of_all_kinds() -> WeeklyLog {
    let mut sample = Sample::qinghe();
    // After those that get a second visit below.
    let kept = sample.visits.iter_mut().skip(10).filter(|(.., verdict)| *verdict == Verdict::AsTimetabled);
    for ((.., judged), verdict) in
        kept.zip([Verdict::SelfStudy, Verdict::NoTeacher, Verdict::TeacherMismatch])
    {
        *judged = verdict;
    }
    for weeks in 1..=7 {
        sample.same_before(weeks);
    }
    // One teacher with a problem in two classes, three classes of a grade with another.
    let teacher = sample.visits[0].0.observed.unwrap().teacher;
    for (visit, ..) in &mut sample.earlier {
        visit.observed.as_mut().unwrap().teacher = teacher;
    }
    for (visit, ..) in &mut sample.visits {
        let found = Finding { category: "HW01".to_owned(), severity: 2, note: None };
        visit.findings.insert("common".to_owned(), found);
    }
    sample.visits[0].0.disposition = Some(Disposition::RectifyNotice);
    sample.visits[1].0.rubric = Some(uuid::Uuid::from_u128(7));
    let agreeing = sample.second(2, sample.visits[2].2);
    let contradicting = sample.second(5, Verdict::NoTeacher);
    sample.visits.extend([agreeing, contradicting]);
    sample.compile()
}

#[test]
fn every_figure_of_the_trace_is_linked_and_has_words() {
    let log = of_all_kinds();

    let page = page(&draft(&log));

    let kinds = [
        "repeats.class.1",
        "repeats.teacher.1",
        "repeats.common.1",
        "trend.2026-W40.protected_displaced",
        "trend.2026-W47.inconsistent",
        "taught.语文",
        "good.all",
        "good.rubric.2",
        "rectification.notices",
        "comparison.agreement",
        "consistency.disputed",
        "self_study.",
        "delivered.",
    ];
    for kind in kinds {
        assert!(
            log.trace.keys().any(|key| key.starts_with(kind)),
            "{kind} is not among {:?}",
            log.trace.keys()
        );
    }
    assert!(log.comparison.as_ref().is_some_and(|comparison| !comparison.inspectors.is_empty()));
    for key in log.trace.keys() {
        assert!(page.contains(&format!("figure={}\"", encoded(key))), "nothing leads to {key}");
        let words = figure_zh(key, draft(&log).dimensions);
        assert!(!words.contains(|raw: char| raw.is_ascii_lowercase()), "{key} is told as {words}");
    }
}

#[test]
fn an_edition_of_older_rules_is_a_page_without_the_newer_parts() {
    let mut sample = Sample::qinghe().compile();
    for inspector in &mut sample.inspectors {
        inspector.more = None;
    }
    let (repeats, trend, rating_shares, highlight_rates) = (None, None, None, [].into());
    let log = WeeklyLog {
        repeats,
        trend,
        rating_shares,
        highlight_rates,
        comparison: None,
        rectification_notices: None,
        ..sample
    };

    let page = page(&draft(&log));

    assert!(
        ["附图", "共性问题", "中位等级", "每10人次", "评价差异", "<h3>整改"]
            .iter()
            .all(|part| !page.contains(part))
    );
}

#[test]
fn the_map_of_coverage_tells_each_class_and_period_and_leads_to_the_visits() {
    let log = Sample::qinghe().compile();

    let page = page(&draft(&log));

    let basics = part(&page, "<h2>一、基本情况</h2>");
    let told = log.coverage.by_class_and_period.as_ref().unwrap();
    let cells = || told.classes.iter().flat_map(|row| &row.cells);
    let seen = cells().filter(|cell| cell.visited > 0).count();
    let unseen = cells().filter(|cell| cell.planned > 0 && cell.visited == 0).count();
    assert_eq!(basics.matches("<rect class=\"g-none\"").count(), unseen);
    assert_eq!(basics.matches("<rect class=\"g-void\"").count(), cells().count() - seen - unseen);
    assert_eq!(basics.matches("figure=coverage.period.").count(), seen);
    assert_tells(part(basics, "<desc id=\"by-period-desc\">"), &[&format!("{seen}格巡到，{unseen}格未巡到")]);
}

#[test]
fn the_matrix_of_displacement_accounts_for_every_lesson_checked() {
    let mut sample = Sample::qinghe();
    let emptied = sample.visits.iter_mut().find(|(.., verdict)| *verdict == Verdict::AsTimetabled).unwrap();
    emptied.2 = Verdict::NoTeacher;
    let log = sample.compile();

    let page = page(&draft(&log));

    let matrix = part(&page, "<svg class=\"grid\"");
    assert_tells(matrix, &["已巡节次与课表应上节次"]);
    let matrix = part(&page, "<title id=\"displacement-title\">");
    let (matrix, _) = matrix.split_once("</svg>").unwrap();
    assert_eq!(matrix.matches("class=\"g-off\"").count() / 2, log.displacement_matrix.len());
    assert!(
        log.displacement_matrix
            .iter()
            .all(|row| matrix.contains(&format!("被{}占用{}", row.taken_by, row.slots)))
    );
}

#[test]
fn an_edition_from_before_the_map_is_a_page_without_it() {
    let mut log = Sample::qinghe().compile();
    log.coverage.by_class_and_period = None;

    let page = page(&draft(&log));

    assert!(!page.contains("各班各节") && page.contains("各日覆盖"));
}
