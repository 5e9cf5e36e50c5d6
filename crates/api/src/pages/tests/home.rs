//! Signing in, the home page and the error page.

use super::markup::check;
use super::sample::{FRAME, at};
use crate::pages::{
    BarEntry, ErrorView, Form, Frame, HomeSchool, HomeView, HomeWeek, SchoolBar, SignInView, WeekState,
    error_page, home_page, sign_in_page,
};

const FORM: Form<'_> = Form { action: "/sign-in", csrf: "token-2" };

#[test]
fn signing_in_shows_what_went_wrong_and_keeps_the_login() {
    let view = SignInView { form: FORM, login: "lin\"<b>", error: Some("账号或密码不正确") };

    let page = sign_in_page(&view).unwrap();

    check(&page);
    assert!(page.contains("账号或密码不正确"));
    assert!(page.contains(r#"value="lin&#34;&#60;b&#62;""#));
    assert!(page.contains(r#"name="csrf" value="token-2""#));
    assert!(page.contains(r#"type="password""#));
}

#[test]
fn signing_in_for_the_first_time_shows_no_error() {
    let page = sign_in_page(&SignInView { form: FORM, login: "", error: None }).unwrap();

    check(&page);
    assert!(!page.contains("role=\"alert\""));
}

#[test]
fn the_home_page_tells_how_far_each_week_has_come() {
    let published = at("2026-11-16T10:00:00+08:00");
    let week = |week: &str, number, state, url| HomeWeek {
        week: week.parse().unwrap(),
        teaching_week: Some(number),
        state,
        visits: 46,
        url,
    };
    let weeks = vec![
        week("2026-W47", 12, WeekState::Draft, "/12"),
        week("2026-W46", 11, WeekState::Outdated { edition: 1, at: published }, "/11"),
        week("2026-W45", 10, WeekState::Published { edition: 2, at: published }, "/10"),
    ];
    let schools = [
        HomeSchool { name: "青禾实验小学", url: "/schools/1", audit_url: Some("/audit"), weeks },
        HomeSchool { name: "白鹭初级中学", url: "/schools/2", audit_url: None, weeks: Vec::new() },
    ];

    let page =
        home_page(&HomeView { frame: FRAME, notices: &[], districts: &[], schools: &schools, brief: false })
            .unwrap();

    check(&page);
    for told in
        ["草稿", "有更正待发布", "已公示", "第2版，2026年11月16日 10:00", "11月16日—11月22日", "第12周"]
    {
        assert!(page.contains(told), "{told}");
    }
    assert!(page.contains("尚无巡课记录"));
    assert_eq!(page.matches("课程开设核查").count(), 1, "only where one may");
    assert!(page.contains("郑校长") && page.contains(r#"action="/sign-out""#));
}

#[test]
fn a_person_without_a_school_is_told_so() {
    let page =
        home_page(&HomeView { frame: FRAME, notices: &[], districts: &[], schools: &[], brief: false })
            .unwrap();

    check(&page);
    assert!(page.contains("没有可查看周报的学校"));
}

#[test]
fn an_error_page_says_what_happened_and_leads_home() {
    let frame = Frame { home_url: "/", person: None, bar: None };
    let view =
        ErrorView { frame, status: 404, title: "没有这个页面", detail: "<地址>可能有误。" };

    let page = error_page(&view).unwrap();

    check(&page);
    assert!(page.contains("没有这个页面") && page.contains("404"));
    assert!(page.contains("&#60;地址&#62;可能有误。"));
}

#[test]
fn the_bar_of_a_school_says_where_one_is() {
    let entry = |label, url: &str, current| BarEntry { label, url: url.to_owned(), current };
    let bar = SchoolBar {
        school: "青禾<小学>".to_owned(),
        entries: vec![entry("首页", "/schools/1", None), entry("周报", "/log", Some("page"))],
    };
    let view = HomeView {
        frame: Frame { bar: Some(&bar), ..FRAME },
        notices: &[],
        districts: &[],
        schools: &[],
        brief: false,
    };

    let page = home_page(&view).unwrap();

    check(&page);
    assert!(page.contains(r#"<a href="/log" aria-current="page">周报</a>"#), "{page}");
    assert!(
        page.contains(r#"<a href="/schools/1">首页</a>"#) && page.contains("青禾&#60;小学&#62;"),
        "{page}"
    );
    assert_eq!(page.matches("aria-current").count(), 1);
}
