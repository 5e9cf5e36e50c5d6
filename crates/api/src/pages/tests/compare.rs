//! Two editions side by side.

use std::collections::BTreeMap;

use uuid::Uuid;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::log::changes;
use xunke_domain::log::edition::Edition;
use xunke_domain::verdict::Verdict;

use super::markup::check;
use super::sample::{FRAME, SEMESTER, Sample, at};
use crate::pages::{CompareView, Names, compare_page};

static NONE: BTreeMap<String, String> = BTreeMap::new();

#[test]
fn figures_that_changed_are_marked_and_each_change_says_by_whom() {
    let before = Sample::qinghe();
    let mut after = Sample::qinghe();
    after.visits[0].2 = Verdict::NoTeacher;
    after.visits.pop();
    let edition = |number, sample: &Sample| Edition {
        school: SchoolId::from_uuid(Uuid::nil()),
        week: "2026-W47".parse().unwrap(),
        number,
        published_at: at("2026-11-23T09:05:00+08:00"),
        published_by: "郑<校长>".to_owned(),
        by_rule: false,
        remarks: None,
        previous: None,
        in_term: None,
        visits_root: None,
        changes: Vec::new(),
        log: sample.compile(),
    };
    let (left, right) = (edition(1, &before), edition(2, &after));
    let changed = changes(&left.log.visit_digests, &right.log.visit_digests);
    let meng = UserId::from_uuid(Uuid::from_u128(77));
    let people = BTreeMap::from([(meng, "孟老师".to_owned())]);
    let gone = changed.iter().find(|change| change.verdict_after.is_none()).unwrap();
    let arrivals = BTreeMap::from([(gone.visit, (meng, at("2026-11-24T08:00:00+08:00")))]);
    let view = CompareView {
        frame: FRAME,
        semester: Some(SEMESTER),
        left: &left,
        right: &right,
        numbers: &[1, 2],
        changes: &changed,
        arrivals: &arrivals,
        url: "/compare",
        editions_url: "/editions/",
        visit_url_prefix: "/visits/",
        names: Names { book: &before.book, people: &people, dimensions: &NONE },
    };

    let page = compare_page(&view).unwrap();
    let same = compare_page(&CompareView { right: &left, changes: &[], ..view }).unwrap();

    check(&page);
    check(&same);
    for told in [
        "<th scope=\"row\">巡课人次</th><td class=\"n\">46</td><td class=\"n\"><strong>45</strong></td>",
        "<td>孟老师</td><td class=\"short\">2026年11月24日 08:00</td>",
        "按现行课表与调代课重新认定",
        "郑&#60;校长&#62;",
        "撤回",
        r#"<option value="2" selected>第2版</option>"#,
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(same.contains("两版的巡课记录没有变化"));
}
