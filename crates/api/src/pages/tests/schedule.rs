//! The schedule of weekly logs: the form, and a week in words.

use xunke_domain::schedule::{Hindrance, Step, Timing};

use super::markup::check;
use super::sample::{FRAME, at};
use crate::pages::{Form, ScheduleView, WeekSchedule, schedule_page};

fn week() -> WeekSchedule<'static> {
    WeekSchedule {
        week: "2026-W47".parse().unwrap(),
        teaching_week: Some(12),
        drafted_at: Some(at("2026-11-20T16:00:00+08:00")),
        next: Some((Step::Publish, at("2026-11-23T12:00:00+08:00"))),
        publication: Some((at("2026-11-23T12:00:00+08:00"), None)),
        published: false,
        veto: None,
        decider: "郑<校长>",
        object: Some(Form { action: "/veto", csrf: "token-5" }),
        lift: None,
    }
}

#[test]
fn the_form_shows_what_is_set_and_each_week_how_it_stands() {
    let timing = serde_json::json!({"remind": {"weekday": 7, "time": "18:00", "only_with_gaps": true},
        "publish": {"weekday": 1, "next_week": true, "time": "12:00"}});
    let form = Form { action: "/schedule", csrf: "token-5" };
    let view = ScheduleView {
        frame: FRAME,
        school: "青禾实验小学",
        timing: Some((Timing::read(&timing).unwrap(), "郑<校长>")),
        error: Some("请检查"),
        decide: Some(form),
        end: Some(Form { action: "/schedule/end", csrf: "token-5" }),
        weeks: &[week()],
    };

    let page = schedule_page(&view).unwrap();
    let none = ScheduleView { timing: None, error: None, decide: None, end: None, weeks: &[], ..view };
    let none = schedule_page(&none).unwrap();

    check(&page);
    check(&none);
    for told in [
        "本周 周日 18:00，仍未公示且有缺口时提醒校长",
        "由郑&#60;校长&#62;设定",
        r#"<option value="8" selected>次周周一</option>"#,
        r#"name="only_with_gaps" value="true" checked"#,
        "将于 2026年11月23日 12:00 按规则自动公示",
        r#"action="/veto""#,
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(
        none.contains("未设定日程")
            && none.contains("日程由校长设定")
            && !none.contains("<form method=\"post\" action=\"/schedule")
    );
}

#[test]
fn what_hinders_a_publication_is_said() {
    let when = at("2026-11-23T12:00:00+08:00");
    let line =
        |hindrance| WeekSchedule { publication: Some((when, Some(hindrance))), ..week() }.lines().concat();

    assert!(line(Hindrance::NoVisit).contains("不公示空白周报"));
    assert!(line(Hindrance::Unauthorised).contains("设定规则的郑<校长>已不能签发"));
    assert!(line(Hindrance::Vetoed).contains("已被否决"));
    assert_eq!(WeekSchedule { published: true, ..week() }.lines(), ["已公示，本周日程已结束。"]);
}
