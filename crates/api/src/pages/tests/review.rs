//! The review before a log is published.

use std::collections::BTreeMap;

use uuid::Uuid;
use xunke_domain::ids::ClassId;

use super::markup::check;
use super::sample::{FRAME, Sample, at};
use crate::pages::{Form, Names, ReviewForm, ReviewView, UnansweredItem, UnmetItem, UnsentItem, review_page};

static NONE: BTreeMap<String, String> = BTreeMap::new();

#[test]
fn each_gap_leads_to_where_it_is_settled_and_a_reader_has_no_form() {
    let sample = Sample::qinghe();
    let people = BTreeMap::new();
    let when = at("2026-11-20T16:30:00+08:00");
    let class = ClassId::from_uuid(Uuid::from_u128(1));
    let (teacher, _) = sample.book.teachers.iter().next().unwrap();
    let form = Form { action: "/publish", csrf: "token-3" };
    let unsent =
        UnsentItem { person: "孟<老师>".to_owned(), device: "平板".to_owned(), count: 3, seen_at: None };
    let feedback = UnansweredItem {
        teacher: *teacher,
        state: "seen".to_owned(),
        sent_at: when,
        visit_url: "/visits/2".to_owned(),
    };
    let task = UnmetItem {
        person: "沈副校长".to_owned(),
        title: None,
        to: "2026-11-20".parse().unwrap(),
        classes: vec![class],
        visits_url: "/list".to_owned(),
    };
    let view = ReviewView {
        frame: FRAME,
        school: "青禾实验小学",
        week: "2026-W47".parse().unwrap(),
        teaching_week: Some(12),
        visits: 46,
        draft_url: "/draft",
        newest: Some((1, true)),
        unsent: &[unsent],
        devices_url: "/devices",
        conflicts: &["/visits/1".to_owned()],
        held: 2,
        settle_url: "/settle",
        feedback: &[feedback],
        tasks: &[task],
        schedule: None,
        form: Some(ReviewForm { form, as_of: 7 }),
        names: Names { book: &sample.book, people: &people, dimensions: &NONE },
    };

    let page = review_page(&view).unwrap();
    let complete = ReviewView { unsent: &[], conflicts: &[], held: 0, feedback: &[], tasks: &[], ..view };
    let reader = review_page(&ReviewView { form: None, ..complete }).unwrap();

    check(&page);
    check(&reader);
    for told in [
        "孟&#60;老师&#62;的“平板”：3条未上传，从未联系",
        r#"href="/settle#held""#,
        "教师已读，未回复",
        "第1版公示之后有补录或更正",
        "沈副校长：巡课任务（截至11月20日）",
        r#"name="as_of" value="7""#,
        "仍要签发公示",
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(reader.contains("没有缺口") && !reader.contains("<textarea"));
}
