//! The weekly log inside the school.

use std::collections::BTreeMap;

use xunke_domain::log::edition::ContentHash;
use xunke_domain::log::{WeeklyLog, changes};
use xunke_domain::told::Told;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::Finding;

use super::markup::check;
use super::sample::{FRAME, SEMESTER, Sample, at};
use crate::pages::{EditionLink, EditionState, EditionView, edition_page};

static NO_NAMES: BTreeMap<String, String> = BTreeMap::new();

pub(super) fn draft(log: &WeeklyLog) -> EditionView<'_> {
    EditionView {
        frame: FRAME,
        semester: Some(SEMESTER),
        log,
        state: EditionState::Draft { compiled_at: at("2026-11-20T17:30:00+08:00"), review_url: "/review" },
        changes: &[],
        editions: &[],
        visit_url_prefix: Some("/visits/"),
        figures_url: Some("/list?edition=1&"),
        compare_url: None,
        public_url: None,
        dimensions: &NO_NAMES,
        downloads: &[],
    }
}

pub(super) fn page(view: &EditionView<'_>) -> String {
    let page = edition_page(view).unwrap();
    check(&page);
    page
}

pub(super) fn assert_tells(page: &str, all: &[&str]) {
    for told in all {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn the_sample_week_is_told_in_full() {
    let log = Sample::qinghe().compile();

    let page = page(&draft(&log));

    assert_tells(
        &page,
        &[
            "青禾实验小学行政巡课周报",
            "（2026—2027学年第一学期 第12周，11月16日—11月22日）",
            "<h2>一、基本情况</h2>",
            "<h2>二、课堂亮点</h2>",
            "<h2>三、待改进之处与存在问题</h2>",
            "<h3>待改进之处</h3>",
            "<h3>存在问题</h3>",
            "<h2>四、课表执行</h2>",
            "<h2>五、评价</h2>",
            "<h2>六、未巡到</h2>",
            "<h2>七、数据说明</h2>",
            "<h2>八、版本与更正</h2>",
            "44节次（46人次），覆盖21个班（共24个班）",
            "44/688，6.4%",
            "<span class=\"figure\">40/44</span>",
            "90.9%<span class=\"short\">（95% 区间 78.8%—96.4%）</span>",
            "按课表上课 40",
            "挤占 4",
            "教学行为",
            "长期未巡",
        ],
    );
}

#[test]
fn fewer_than_five_checked_slots_make_no_percentage() {
    let mut sample = Sample::qinghe();
    sample.visits.truncate(4);
    let log = sample.compile();

    let page = page(&EditionView { figures_url: None, ..draft(&log) });

    let figure = format!("{}/{}", log.consistency.consistent, log.consistency.checked);
    assert!(log.consistency.checked < 5);
    assert_tells(&page, &[&figure, "不足5节，只计次数，不计百分比"]);
    assert!(!page.contains("区间 "), "an interval is told");
    let (_, timetable) = page.split_once("<h2>四、课表执行</h2>").unwrap();
    let (timetable, _) = timetable.split_once("</section>").unwrap();
    let numbers = timetable.replace("95%", "");
    assert!(!numbers.contains('%'), "a percentage is told: {numbers}");
}

#[test]
fn a_week_without_visits_is_a_page_too() {
    let mut sample = Sample::qinghe();
    sample.visits.clear();
    let log = sample.compile();

    let page = page(&draft(&log));

    assert_tells(&page, &["本周没有可核查的节次", "本周没有记录。", "未记录问题不等于没有问题"]);
}

#[test]
fn what_people_wrote_is_escaped() {
    let mut sample = Sample::qinghe();
    let visit = sample.visits.iter_mut().find(|(visit, ..)| !visit.highlights.is_empty()).unwrap();
    visit.0.highlights.values_mut().next().unwrap().text = "<script>alert('亮')</script>".to_owned();
    let log = sample.compile();

    let page = page(&draft(&log));

    assert!(!page.contains("<script"));
    assert!(page.contains("&#60;script&#62;alert(&#39;亮&#39;)&#60;/script&#62;"));
}

#[test]
fn a_draft_says_so_and_leads_to_its_review() {
    let log = Sample::qinghe().compile();

    let page = page(&draft(&log));

    assert_tells(
        &page,
        &["<strong>草稿</strong> 尚未公示，数据截至 2026年11月20日 17:30", r#"href="/review""#],
    );
}

#[test]
fn a_draft_after_an_edition_says_that_it_will_follow_it() {
    let log = Sample::qinghe().compile();
    let published_at = at("2026-11-23T09:05:00+08:00");
    let editions = [EditionLink { number: 1, published_at, url: "/editions/1" }];

    let page = page(&EditionView { editions: &editions, ..draft(&log) });

    assert_tells(&page, &["第1版公示之后有更正", "与第1版相比", "巡课记录没有变化"]);
}

#[test]
fn an_edition_tells_its_number_its_hash_and_what_was_corrected() {
    let mut sample = Sample::qinghe();
    let before = sample.compile();
    let corrected = sample.visits.iter().position(|(.., verdict)| *verdict == Verdict::SubjectMismatch);
    sample.visits[corrected.unwrap()].2 = Verdict::ApprovedChange;
    let log = sample.compile();
    let changes = changes(&before.visit_digests, &log.visit_digests);
    let hash = ContentHash::of(b"edition");
    let links = [2, 1].map(|number| EditionLink {
        number,
        published_at: at("2026-11-23T09:05:00+08:00"),
        url: if number == 1 { "/editions/1" } else { "/editions/2" },
    });
    let state = EditionState::Published {
        number: 2,
        at: at("2026-11-24T08:00:00+08:00"),
        by: &Told::data("郑校长"),
        hash: &hash,
        remarks: Some("更正一处。"),
    };
    let public_url = Some("/public/2");
    let view = EditionView { state, changes: &changes, editions: &links, public_url, ..draft(&log) };

    let page = page(&view);

    assert!(!page.contains("草稿"));
    assert_tells(
        &page,
        &[
            "<strong>第2版</strong>",
            "签发：郑校长",
            "更正一处。",
            hash.as_str(),
            r#"<a href="/editions/1">第1版</a>"#,
            r#"<a href="/public/2">公示版</a>"#,
            "与第1版相比",
            "一致性结论（挤占 → 已批准调代课）",
        ],
    );
}

#[test]
fn a_dispute_is_shown_with_both_opinions_and_out_of_the_rate() {
    let mut sample = Sample::qinghe();
    let place = sample.visits.iter().position(|(.., verdict)| *verdict == Verdict::SubjectMismatch).unwrap();
    sample.visits.push(sample.second(place, Verdict::AsTimetabled));
    let log = sample.compile();

    let page = page(&draft(&log));

    assert_tells(&page, &["意见不一的节次", "督学罗老师", "意见不一 1", "40/43"]);
}

#[test]
fn slots_left_to_nobody_are_listed_with_a_way_to_their_visit() {
    let mut sample = Sample::qinghe();
    sample.visits[2].2 = Verdict::NoTeacher;
    let log = sample.compile();
    let linked = page(&draft(&log));

    let unlinked = page(&EditionView { visit_url_prefix: None, figures_url: None, ..draft(&log) });

    let address = format!("/visits/{}", sample.visits[2].0.id);
    assert_tells(&linked, &["其他未按课表上课的节次", "空堂", &address, "三年级(3)班 11月18日 周三 第3节"]);
    assert!(!unlinked.contains("/visits/"));
}

#[test]
fn a_red_line_comes_first_and_is_marked() {
    let mut sample = Sample::qinghe();
    let finding = Finding { category: "EN04".to_owned(), severity: 4, note: Some("电线裸露".to_owned()) };
    sample.visits[0].0.findings.insert("e9".to_owned(), finding);
    let log = sample.compile();

    let page = page(&draft(&log));

    let place = |code: &str| page.find(&format!("<span class=\"code\">{code}</span>")).unwrap();
    assert!(place("EN04") < place("TT01") && place("TT01") < place("ST01"));
    assert!(page.contains("<span class=\"state bad\">红线</span>"));
}
