//! What people do at the pages. One server and one browser for all; the stories take turns, in any order.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a story both are assertions")]

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use browser::page::Page;
use browser::stage::{PASSWORD, Stage};

static STAGE: LazyLock<Result<Mutex<Stage>, String>> =
    LazyLock::new(|| Stage::set().map(Mutex::new).map_err(|error| format!("{error:#}")));

fn stage() -> MutexGuard<'static, Stage> {
    match &*STAGE {
        // A story that failed has failed alone.
        Ok(stage) => stage.lock().unwrap_or_else(PoisonError::into_inner),
        Err(error) => panic!("{error}"),
    }
}

/// Ends a story: none of its pages broke a rule of [`browser::look`].
fn close(page: Page<'_>) {
    let faults = page.close().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_principal_signs_in_by_keyboard_alone_and_reads_three_numbers() {
    let mut stage = stage();
    let home = stage.school("");
    let mut page = stage.visitor().unwrap();
    page.go("/").unwrap();
    page.look("sign-in").unwrap();

    let mut stops = Vec::new();
    for typed in ["", "zheng", PASSWORD] {
        page.press("Tab").unwrap();
        stops.push(page.focus().unwrap());
        page.write(typed).unwrap();
    }
    page.loading(|page| page.press("Enter")).unwrap();

    assert_eq!(stops, ["跳到正文", "login", "password"]);
    assert_eq!(page.path().unwrap(), home, "a principal of one school is at home there");
    assert_eq!(page.text(".sign-out span").unwrap(), "郑校长");
    let figures =
        page.value("[...document.querySelectorAll('.glance .figure')].map(f => f.innerText)").unwrap();
    assert_eq!(figures, serde_json::json!(["46", "40/44", "3/10"]));
    page.look("school").unwrap();
    close(page);
}

#[test]
fn a_wrong_password_is_told_beside_its_field_and_the_account_is_kept() {
    let mut stage = stage();
    let mut page = stage.visitor().unwrap();
    page.expect_in_console("status of 401");
    page.go("/sign-in").unwrap();

    page.fill("#login", "zheng").unwrap();
    page.fill("#password", "Qinghe-autumn-patrol-2025").unwrap();
    page.click("登录").unwrap();

    let described = "document.getElementById(document.querySelector('#password').getAttribute('aria-describedby')).innerText";
    assert_eq!(page.value(described).unwrap(), "账号或密码不正确。");
    assert_eq!(page.value("document.querySelector('#login').value").unwrap(), "zheng");
    page.look("wrong-password").unwrap();
    close(page);
}

#[test]
fn a_disagreement_is_settled_and_the_week_published_posted_printed_and_read_by_anybody() {
    let mut stage = stage();
    let (settle, review, draft) = (stage.school("/settle"), stage.week("/review"), stage.week("/draft"));
    let (posting, posted) = (stage.school("/posting"), stage.posted());
    let (compare, inside) = (stage.week("/compare"), stage.week("/editions/1"));
    let mut page = stage.signed_in("zheng").unwrap();

    page.go(&review).unwrap();
    assert!(page.text("#missing").unwrap().contains("1次巡课"), "the disagreement is missing");
    page.go(&settle).unwrap();
    page.look("settle").unwrap();
    page.click("采用“优”").unwrap();
    assert_eq!(page.text("#conflicts .count").unwrap(), "0");
    assert!(!page.text("[role=status]").unwrap().is_empty(), "it is told that it is done");
    page.look("settled").unwrap();

    page.go(&draft).unwrap();
    page.look("draft").unwrap();
    page.go(&review).unwrap();
    page.look("review").unwrap();
    page.fill("#remarks", "下周重点：音乐、劳动按课表上课。").unwrap();
    page.click("签发公示").unwrap();
    assert_eq!(page.path().unwrap(), inside);
    page.look("edition").unwrap();
    let paper = page.print("edition").unwrap();
    for told in ["青禾实验小学行政巡课周报", "40/44", "下周重点：音乐、劳动按课表上课。"]
    {
        assert!(paper.contains(told), "{told} is not on the paper:\n{paper}");
    }
    assert!(!paper.contains("退出登录"), "the bar is not for paper");

    page.go(&format!("{compare}?a=1&b=1")).unwrap();
    page.look("compare").unwrap();
    page.go(&posting).unwrap();
    page.click("开始对外公示").unwrap();
    assert!(page.text("main").unwrap().contains("已对外公示"));
    page.look("posting").unwrap();
    close(page);

    let mut page = stage.visitor().unwrap();
    page.go(&posted).unwrap();
    page.look("posted").unwrap();
    let newest = page.value("document.querySelector('main a[href^=\"/p/\"]').innerText.trim()").unwrap();
    page.click(newest.as_str().unwrap()).unwrap();
    page.look("public").unwrap();
    let text = page.text("main").unwrap();
    assert!(text.contains("44节次"), "{text}");
    assert!(!text.contains("郑校长") && !text.contains("孟老师"), "the public edition names nobody");
    let paper = page.print("public").unwrap();
    assert!(paper.contains("青禾实验小学") && !paper.contains("郑校长"), "{paper}");
    close(page);
}

#[test]
fn every_other_page_keeps_to_the_rules() {
    let mut stage = stage();
    let (visits, devices) = (stage.week("/visits"), stage.school("/devices"));
    let (audit, schedule) = (stage.school("/audit"), stage.school("/schedule"));
    let practice = stage.school("/audit/practice");
    let mut page = stage.signed_in("zheng").unwrap();

    let pages = [
        (&visits, "visits"),
        (&devices, "devices"),
        (&audit, "audit"),
        (&practice, "practice"),
        (&schedule, "schedule"),
    ];
    for (path, name) in pages {
        page.go(path).unwrap();
        page.look(name).unwrap();
    }
    page.go(&visits).unwrap();
    let first = page.value("document.querySelector('.visits tbody a').getAttribute('href')").unwrap();
    page.go(first.as_str().unwrap()).unwrap();
    page.look("visit").unwrap();
    close(page);

    let mut page = stage.visitor().unwrap();
    page.go("/password").unwrap();
    page.look("password").unwrap();
    page.expect_in_console("status of 404");
    page.go("/p/00000000-0000-7000-8000-000000000000").unwrap();
    page.look("not-found").unwrap();
    close(page);
}

#[test]
fn a_supervisor_sees_the_schools_of_the_district_side_by_side() {
    let mut stage = stage();
    let mut page = stage.signed_in("lei").unwrap();

    page.go("/").unwrap();
    page.look("home").unwrap();
    let district =
        page.value("document.querySelector('a[href^=\"/districts/\"]').getAttribute('href')").unwrap();
    let district = district.as_str().unwrap().to_owned();
    page.go(&district).unwrap();
    page.look("district").unwrap();
    assert!(page.text("main").unwrap().contains("青禾实验小学"));
    for report in ["weekly_consultation", "biweekly_dispatch", "monthly_supervision"] {
        page.go(&format!("{district}/digests/{report}")).unwrap();
        page.look(report).unwrap();
    }
    let paper = page.print("monthly_supervision").unwrap();
    assert!(paper.contains("青禾实验小学"), "{paper}");
    close(page);
}

#[test]
fn whoever_chooses_english_reads_english_at_every_width() {
    let mut stage = stage();
    let pages = [
        (stage.school(""), "school"),
        (stage.week("/draft"), "draft"),
        (stage.week("/review"), "review"),
        (stage.week("/visits"), "visits"),
        (stage.school("/settle"), "settle"),
        (stage.school("/devices"), "devices"),
        (stage.school("/schedule"), "schedule"),
        (stage.school("/posting"), "posting"),
        (stage.school("/audit"), "audit"),
        (stage.school("/audit/practice"), "practice"),
    ];
    let mut page = stage.signed_in("zheng").unwrap();

    page.click("English").unwrap();
    for (path, name) in pages {
        page.go(&path).unwrap();
        assert_eq!(page.value("document.documentElement.lang").unwrap(), "en", "{path}");
        page.look(&format!("{name}-english")).unwrap();
    }
    assert!(page.text("h1").unwrap().contains("Audit of what is taught"), "{}", page.text("h1").unwrap());
    page.click("中文").unwrap();
    assert_eq!(page.value("document.documentElement.lang").unwrap(), "zh-CN");
    close(page);
}
