//! A school's week at a glance.

use super::markup::check;
use super::sample::{FRAME, Sample, at};
use crate::pages::{HomeWeek, SchoolView, WeekGlance, WeekState, school_page};

#[test]
fn a_week_is_told_in_three_numbers_three_problems_and_beside_the_week_before() {
    let sample = Sample::qinghe();
    let log = sample.compile();
    let mut quiet = Sample::qinghe();
    quiet.visits.truncate(4);
    let before = quiet.compile();
    let state = WeekState::Outdated { edition: 1, at: at("2026-11-23T09:05:00+08:00") };
    let weeks = [HomeWeek { week: log.week, teaching_week: Some(12), state, visits: 46, url: "/draft" }];
    let newest = WeekGlance {
        log: &log,
        before: &before,
        base: "/week",
        visit_url_prefix: "/visits/",
        figures_url: "/week/visits?",
    };
    let view = SchoolView {
        frame: FRAME,
        school: "青禾实验小学",
        book: &sample.book,
        newest: Some(newest),
        weeks: &weeks,
        notices: &[],
        settle_url: "/settle",
    };

    let page = school_page(&view).unwrap();
    let empty = school_page(&SchoolView { newest: None, weeks: &[], ..view }).unwrap();

    check(&page);
    check(&empty);
    for told in [
        r#"<a href="/week/visits?figure=visits">46</a>"#,
        "课表内 44/688 节",
        "<span class=\"figure\">40/44</span>",
        "音体美劳等被挤占",
        "有更正待发布",
        r#"href="/week/review""#,
        "<th scope=\"row\">巡课人次</th><td class=\"n\">4</td><td class=\"n\">46</td>",
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    let (_, problems) = page.split_once("<ol>").unwrap();
    assert_eq!(problems.split_once("</ol>").unwrap().0.matches("<li>").count(), 3);
    assert!(empty.contains("尚无巡课记录"));
}
