//! The public edition.

use std::collections::BTreeMap;

use xunke_domain::log::edition::Edition;
use xunke_domain::log::public::{PublicLog, public};

use super::markup::check;
use super::sample::{FRAME, SEMESTER, Sample, at};
use crate::pages::{EditionLink, Frame, PublicView, public_page};

static NO_NAMES: BTreeMap<String, String> = BTreeMap::new();

fn public_log(sample: &Sample) -> PublicLog {
    let log = sample.compile();
    let edition = Edition {
        school: log.school_id,
        week: log.week,
        number: 1,
        published_at: at("2026-11-23T09:05:00+08:00"),
        published_by: "郑校长".to_owned(),
        by_rule: false,
        remarks: None,
        previous: None,
        in_term: None,
        visits_root: None,
        changes: Vec::new(),
        log,
    };
    public(&edition, &sample.teachers())
}

fn page(log: &PublicLog) -> String {
    let editions = [EditionLink { number: 1, published_at: log.published_at, url: "/public/1" }];
    let frame = Frame { person: None, ..FRAME };
    let semester = Some(SEMESTER);
    let (editions, dimensions) = (&editions, &NO_NAMES);
    let view = PublicView { frame, semester, log, editions, dimensions, downloads: &[] };
    let page = public_page(&view).unwrap();
    check(&page);
    page
}

#[test]
fn the_public_page_names_nobody() {
    let sample = Sample::qinghe();

    let page = page(&public_log(&sample));

    for name in sample.teachers() {
        assert!(!page.contains(&name), "{name}");
    }
    for (_, inspector, _) in &sample.visits {
        assert!(!page.contains(inspector.as_str()), "{inspector}");
    }
    assert!(!page.contains("/visits/"));
}

#[test]
fn the_public_page_has_the_sections_of_the_log() {
    let sample = Sample::qinghe();

    let page = page(&public_log(&sample));

    let sections = [
        "基本情况",
        "课堂亮点",
        "待改进之处",
        "存在问题",
        "课表执行",
        "评价",
        "未巡到",
        "数据说明",
        "版本与更正",
    ];
    for section in sections {
        assert!(page.contains(section), "{section}");
    }
    assert!(page.contains("公示版 第1版"));
    assert!(page.contains("不表示没有"));
}

#[test]
fn what_is_hidden_is_a_dash_and_not_a_nought() {
    let mut log = public_log(&Sample::qinghe());
    log.consistency.consistent = None;
    log.consistency.hidden = true;

    let page = page(&log);

    assert!(page.contains("已核查 44 节，人数过少，不公开"));
    assert!(page.contains(r#"<td class="n">—</td>"#));
}

#[test]
fn empty_lists_are_said_to_be_too_small_rather_than_good() {
    let mut sample = Sample::qinghe();
    sample.visits.truncate(2);

    let page = page(&public_log(&sample));

    assert!(page.contains("列表为空不表示没有问题"));
    assert!(page.contains("本周不公开评价统计"));
}

#[test]
fn highlights_about_people_are_counted_without_their_text() {
    let sample = Sample::qinghe();
    let mut log = public_log(&sample);
    log.highlights = 3;
    log.highlights_shown.truncate(1);
    let some = page(&log);

    log.highlights_shown.clear();
    let none = page(&log);

    assert!(some.contains("另有2条亮点涉及个人"));
    assert!(none.contains("本周记录的3条亮点都涉及个人"));
}
