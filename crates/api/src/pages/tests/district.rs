//! The page of a district.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;
use xunke_domain::district::{
    Counted, Digest, DistrictSchool, EditionOfWeek, Overview, ProblemCount, PublishedWeek, Span, WeekFigures,
    overview, whole,
};
use xunke_domain::ids::SchoolId;
use xunke_domain::week::Week;

use super::markup::check;
use super::sample::{FRAME, at};
use crate::pages::{DigestHead, DistrictView, district_page};

fn week() -> Week {
    "2026-W47".parse().unwrap()
}

fn school(id: u128, name: &str) -> DistrictSchool {
    DistrictSchool {
        id: SchoolId::from_uuid(Uuid::from_u128(id)),
        name: name.to_owned(),
        code: None,
        taught: Arc::new(BTreeSet::from([week()])),
    }
}

fn published(id: u128, (k, n): (u32, u32), code: &str) -> PublishedWeek {
    let published_at = at("2026-11-23T09:00:00+08:00");
    let problem = ProblemCount { name: "挤占<b>".to_owned(), severity: 3, count: 2 };
    PublishedWeek {
        school: SchoolId::from_uuid(Uuid::from_u128(id)),
        week: week(),
        edition: EditionOfWeek { number: 2, hash: "a".repeat(64), published_at },
        first_published_at: published_at,
        withdrawn: false,
        figures: WeekFigures {
            visits: n,
            slots: n,
            consistency: Counted { k, n },
            problems: [(code.to_owned(), problem)].into(),
            ..WeekFigures::default()
        },
    }
}

fn seen() -> Overview {
    let schools = [school(1, "甲<i>小学"), school(2, "乙小学"), school(3, "丙小学")];
    let rows = [published(1, (20, 40), "TT01"), published(2, (3, 4), "TB01")];
    overview(&schools, &[week()], &rows, at("2026-11-24T09:00:00+08:00").to_utc())
}

fn shown(overview: &Overview, problem: Option<&str>) -> String {
    district_page(&DistrictView {
        frame: FRAME,
        name: "星湖县<教育局>",
        overview,
        digest: None,
        problem,
        url: "/districts/1",
        table_url: "/districts/1/csv",
        choice_url: "/districts/1?weeks=1&",
    })
    .unwrap()
}

#[test]
fn schools_stand_side_by_side_with_counts_and_intervals_and_few_without_percentage() {
    let page = shown(&seen(), None);

    check(&page);
    let row = |name: &str| {
        let begin = page.find(&format!(">{name}</a>")).unwrap_or_else(|| panic!("{name}: {page}"));
        page[begin..].split("</tr>").next().unwrap().to_owned()
    };
    let sure = row("甲&#60;i&#62;小学");
    assert!(sure.contains("20/40 50.0%") && sure.contains("35.2%—64.8%"), "{sure}");
    assert!(sure.contains(r#"aria-label="95%区间35.2%—64.8%，合计52.3%""#), "{sure}");
    assert!(sure.contains("/weeks/2026-W47/editions/2"), "{sure}");
    let few = row("乙小学");
    assert!(few.contains("3/4") && !few.contains('%') && !few.contains("<svg"), "{few}");
    assert!(page.contains("一期未公示") && page.contains("不作排名"));
}

#[test]
fn a_problem_leads_to_the_schools_that_have_it() {
    let all = shown(&seen(), None);
    let one = shown(&seen(), Some("TT01"));

    check(&one);
    assert!(all.contains("/districts/1?weeks=1&#38;problem=TT01#schools"), "{all}");
    let table = one.split("id=\"schools\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(table.contains("甲&#60;i&#62;小学") && !table.contains("乙小学"), "{table}");
    assert_eq!(shown(&seen(), Some("XX99")), all, "a problem nobody has is none");
}

#[test]
fn a_report_says_its_days_and_what_was_before() {
    let overview = seen();
    let Span { from, to, .. } = Digest::WeeklyConsultation.span("2026-11-24".parse().unwrap());
    let before = whole(&[], &[], &[], at("2026-11-24T09:00:00+08:00").to_utc());
    let view = DistrictView {
        frame: FRAME,
        name: "星湖县教育体育局",
        overview: &overview,
        digest: Some(DigestHead { which: Digest::WeeklyConsultation, from, to, before: &before }),
        problem: None,
        url: "/districts/1",
        table_url: "/t",
        choice_url: "/c?",
    };

    let page = district_page(&view).unwrap();

    check(&page);
    for told in ["星湖县教育体育局 一周一会商", "11月18日—11月24日内到期的周报", "与此前相比", "23/44，52.3%"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
}
