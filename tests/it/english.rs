//! The pages in English: how a reader gets them, and that nothing on them is told in Chinese but what people wrote.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::app::on_both;
use crate::support::week::WEEK;
use crate::support::{Answer, TestApp};
use crate::web::{form, hidden, html, page, signed_in};

on_both!(
    a_reader_chooses_a_language_and_keeps_it,
    public_pages_say_their_language_in_the_address,
    the_pages_of_a_week_are_told_in_english,
);

async fn asked(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    app.send_text("GET", path, "", "", headers).await
}

/// What the cookie of an answer says, as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

async fn a_reader_chooses_a_language_and_keeps_it(app: TestApp) {
    app.qinghe().await;
    let told = |answer: &Answer| html(answer).contains("Account");
    let as_it_is = asked(&app, "/sign-in", &[]).await;
    let liked = asked(&app, "/sign-in", &[("accept-language", "en-GB,en;q=0.9")]).await;
    let chosen = asked(&app, "/sign-in?lang=en", &[]).await;
    let kept = cookie(&chosen);

    assert!(!told(&as_it_is) && html(&as_it_is).contains("<html lang=\"zh-CN\">"));
    assert!(told(&liked) && html(&liked).contains("<html lang=\"en\">"));
    assert_eq!((chosen.status, chosen.header("location").as_str()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(kept.starts_with("__Host-xunke-language=en"), "{kept}");
    assert!(told(&asked(&app, "/sign-in", &[("cookie", &kept)]).await));

    // What the form says is told in it too, and so is what is not there; a way back leads nowhere else.
    let wrong = form(&app, "/sign-in", &kept, &[("login", "nobody"), ("password", "wrong")]).await;
    assert!(html(&wrong).contains("Account or password is wrong."), "{}", html(&wrong));
    let nowhere = asked(&app, "/p/01990000-0000-7000-8000-000000000000?lang=en", &[]).await;
    assert!(html(&nowhere).contains("There is no such page"), "{}", html(&nowhere));
    let back = asked(&app, "/sign-in?lang=zh&x=//elsewhere.example", &[("cookie", &kept)]).await;
    assert_eq!(back.header("location"), "/sign-in?x=//elsewhere.example");
    assert!(cookie(&back).ends_with("=zh"));
}

async fn public_pages_say_their_language_in_the_address(app: TestApp) {
    let staffed = app.staffed().await;
    let (school, names) = (&staffed.school, &staffed.names);
    let visit = names.visit("三年级(2)班", "2026-11-17", "第3节", "数学");
    staffed.inspector.write(&app, school, uuid::Uuid::from_u128(5), &visit).await;
    app.publish(school, &staffed.principal, WEEK, &json!({})).await.expect(201);
    let principal = signed_in(&app, &staffed.principal.login).await;
    let posting = format!("/schools/{}/posting", school.id);
    let csrf = hidden(&html(&page(&app, &posting, &principal).await), "csrf");
    form(&app, &posting, &principal, &[("csrf", &csrf), ("posted", "true")]).await;

    let path = format!("/p/{}", school.id);
    let wanting = [("accept-language", "en"), ("cookie", "__Host-xunke-language=en")];
    let chinese = asked(&app, &path, &wanting).await;
    let english = asked(&app, &format!("{path}?lang=en"), &[]).await;
    let edition = asked(&app, &format!("{path}/{WEEK}/1?lang=en"), &[]).await;

    assert!(html(&chinese).contains("教学周"), "an address of a shared cache is told alike to everybody");
    assert!(html(&english).contains(&format!("href=\"{path}/{WEEK}/1?lang=en\"")), "{}", html(&english));
    assert_ne!(chinese.header("etag"), english.header("etag"));
    assert!(english.header("set-cookie").is_empty());
    assert!(html(&edition).contains("Public edition 1"), "{}", html(&edition));
    let known = english.header("etag");
    let again = asked(&app, &format!("{path}?lang=en"), &[("if-none-match", &known)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

/// The texts of a page between its tags, and of its attributes that are read out; the heads within drawings are as the
/// school writes them.
fn texts(html: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        let attributes = ["aria-label=\"", "title=\"", "alt=\""];
        texts.extend(
            attributes.iter().filter_map(|name| Some(tag.split_once(name)?.1.split('"').next()?.to_owned())),
        );
        if !tag.starts_with("text ") {
            texts.push(text.to_owned());
        }
    }
    texts
}

fn is_chinese(text: &str) -> bool {
    text.contains(
        |c: char| matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}' | '\u{4e00}'..='\u{9fff}'),
    )
}

async fn the_pages_of_a_week_are_told_in_english(app: TestApp) {
    let school = app.qinghe().await;
    let names = app.names(&school).await;
    let (recorders, ids) = app.play_week(&school, &names).await;
    let principal = &recorders["郑校长"].person;
    app.publish(&school, principal, WEEK, &json!({"remarks": "下周重点：候课。"})).await.expect(201);
    let browser = format!("{}; __Host-xunke-language=en", signed_in(&app, &principal.login).await);

    // What the school calls its people, classes and periods, what inspectors wrote, and what the plan says of itself.
    let mut data: Vec<String> = names.classes.into_keys().chain(names.teachers.into_keys()).collect();
    data.extend(recorders.keys().map(|name| (*name).clone()));
    data.extend(school_words());
    data.extend(written());
    data.push("下周重点：候课。".to_owned());
    data.extend(GLOSSED.map(str::to_owned));
    let audit = app.get(&school.path("audit"), &principal.token).await.expect(200);
    collect(&audit["plan"], &mut data);
    collect(&audit["nine_years"], &mut data);
    // The longer first, since some are within others.
    data.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));

    let home = format!("/schools/{}", school.id);
    let week = format!("{home}/weeks/{WEEK}");
    let some: Vec<String> = ids.iter().step_by(9).map(|id| format!("{home}/visits/{id}")).collect();
    let paths = ["", "/settle", "/devices", "/posting", "/audit", "/audit/practice", "/schedule"]
        .map(|rest| format!("{home}{rest}"));
    let of_week = ["/draft", "/review", "/visits", "/editions/1", "/editions/1/public"]
        .map(|rest| format!("{week}{rest}"));
    for path in paths.into_iter().chain(of_week).chain(some) {
        let told = page(&app, &path, &browser).await;
        assert_eq!(told.status, StatusCode::OK, "{path}");
        for text in texts(&html(&told)) {
            let rest = data.iter().fold(text.clone(), |rest, word| rest.replace(word.as_str(), ""));
            assert!(!is_chinese(&rest), "{path} says {text} ({rest})");
        }
    }
}

/// Terms of the field whose English has the Chinese beside it, and words of a drawing that its English explains.
const GLOSSED: [&str; 9] = [
    "(开齐)",
    "(开足)",
    "(销号)",
    "(阴阳课表)",
    "(核查)",
    "(自习)",
    "(未核查)",
    "其他: nobody taught",
    "按课表: as timetabled",
];

/// Words of the school's own that no dictionary has.
fn school_words() -> impl Iterator<Item = String> {
    let words = ["青禾实验小学", "中文", "早读", "午休", "大课间", "课后服务", "短课"];
    let periods = (1..=9).map(|number| format!("第{number}节"));
    words.into_iter().map(str::to_owned).chain(periods)
}

/// What inspectors wrote into the visits of the sample week.
fn written() -> Vec<String> {
    let visits: serde_json::Value =
        serde_json::from_str(include_str!("../data/qinghe-week12-visits.json")).unwrap();
    let mut found = Vec::new();
    collect(&visits, &mut found);
    found
}

fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if text.chars().count() > 4 => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        serde_json::Value::Object(members) => members.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}
