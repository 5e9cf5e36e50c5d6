//! The pages: signing in with a cookie, reading, publishing, and what another site's form may not do.

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::support::app::on_both;
use crate::support::school::PASSWORD;
use crate::support::week::{Staffed, WEEK};
use crate::support::{Answer, TestApp};

on_both!(
    a_principal_signs_in_reads_and_publishes,
    a_form_from_elsewhere_does_nothing,
    a_wrong_password_is_told_beside_the_form,
    pages_are_shut_to_those_who_may_not_read_them,
    the_first_start_is_set_up_in_a_browser,
);

/// Posts a form as a browser of ours does.
pub(crate) async fn form(app: &TestApp, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    form_from(app, path, cookie, fields, "same-origin").await
}

async fn form_from(app: &TestApp, path: &str, cookie: &str, fields: &[(&str, &str)], site: &str) -> Answer {
    let encoded: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", site), ("cookie", cookie)];
    app.send_text("POST", path, "", &encoded.join("&"), &headers).await
}

fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").unwrap();
        encoded
    })
}

/// A page as the browser with this cookie gets it.
pub(crate) async fn page(app: &TestApp, path: &str, cookie: &str) -> Answer {
    app.send_text("GET", path, "", "", &[("cookie", cookie)]).await
}

pub(crate) fn html(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.clone()).unwrap()
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

/// Signs in with a browser; gives the cookie.
pub(crate) async fn signed_in(app: &TestApp, login: &str) -> String {
    let answer = form(app, "/sign-in", "", &[("login", login), ("password", PASSWORD)]).await;
    assert_eq!((answer.status, answer.header("location").as_str()), (StatusCode::SEE_OTHER, "/"));
    cookie(&answer)
}

/// The value of a hidden field.
pub(crate) fn hidden(html: &str, name: &str) -> String {
    let field = html.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
    field.split('"').next().unwrap_or_default().to_owned()
}

/// A school with one submitted visit in the sample week; gives the address of its week's pages.
async fn visited(app: &TestApp) -> (Staffed, String) {
    let staffed = app.staffed().await;
    let visit = staffed.names.visit("三年级(2)班", "2026-11-17", "第3节", "数学");
    staffed.inspector.write(app, &staffed.school, Uuid::from_u128(5), &visit).await;
    let week = format!("/schools/{}/weeks/{WEEK}", staffed.school.id);
    (staffed, week)
}

async fn a_principal_signs_in_reads_and_publishes(app: TestApp) {
    let (staffed, week) = visited(&app).await;
    let cookie = signed_in(&app, &staffed.principal.login).await;
    assert!(cookie.starts_with("__Host-xunke="));

    let school = format!("/schools/{}", staffed.school.id);
    assert_eq!(
        page(&app, "/", &cookie).await.header("location"),
        school,
        "of one school the home page is its own"
    );
    let home = html(&page(&app, &school, &cookie).await);
    let draft = page(&app, &format!("{week}/draft"), &cookie).await;

    assert!(home.contains("青禾实验小学") && home.contains(&format!("{week}/draft")), "{home}");
    assert_eq!(draft.status, StatusCode::OK);
    assert!(draft.header("content-security-policy").contains("style-src 'self'"));
    let draft = html(&draft);
    assert!(draft.contains("草稿") && draft.contains("1/1") || draft.contains("0/1"), "{draft}");

    assert!(draft.contains(&format!("{week}/review")), "{draft}");
    let review = html(&page(&app, &format!("{week}/review"), &cookie).await);
    let (csrf, as_of) = (hidden(&review, "csrf"), hidden(&review, "as_of"));
    let fields = [("csrf", csrf.as_str()), ("as_of", &as_of), ("remarks", "平稳有序。"), ("focus", "候课")];
    let published = form(&app, &format!("{week}/publish"), &cookie, &fields).await;
    let again = form(&app, &format!("{week}/publish"), &cookie, &fields).await;

    assert_eq!(published.status, StatusCode::SEE_OTHER);
    let edition = html(&page(&app, &published.header("location"), &cookie).await);
    assert!(edition.contains("第1版") && edition.contains("平稳有序。\n下周巡课重点：候课"), "{edition}");
    let public = html(&page(&app, &format!("{}/public", published.header("location")), &cookie).await);
    assert!(!public.contains(&staffed.inspector.person.login), "{public}");
    assert_eq!(again.status, StatusCode::CONFLICT, "what was read is not published twice");
    assert!(html(&again).contains("情况已有变化"));

    let out = form(&app, "/sign-out", &cookie, &[("csrf", fields[0].1)]).await;
    assert_eq!(out.header("location"), "/sign-in");
    assert_eq!(page(&app, "/", &cookie).await.header("location"), "/sign-in", "the session has ended");
}

async fn a_form_from_elsewhere_does_nothing(app: TestApp) {
    let (staffed, week) = visited(&app).await;
    let cookie = signed_in(&app, &staffed.principal.login).await;
    let draft = html(&page(&app, &format!("{week}/review"), &cookie).await);
    let (csrf, as_of) = (hidden(&draft, "csrf"), hidden(&draft, "as_of"));
    let right = [("csrf", csrf.as_str()), ("as_of", as_of.as_str()), ("remarks", "")];
    let forged = [("csrf", "guessed"), ("as_of", as_of.as_str()), ("remarks", "")];
    let publish = format!("{week}/publish");

    let without_token = form(&app, &publish, &cookie, &forged).await;
    let other_site = form_from(&app, &publish, &cookie, &right, "cross-site").await;
    let signing_in = [("login", staffed.principal.login.as_str()), ("password", PASSWORD)];
    let login_forged = form_from(&app, "/sign-in", "", &signing_in, "cross-site").await;

    let origin =
        [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://elsewhere.example")];
    let body = format!("login={}&password={}", signing_in[0].1, percent(PASSWORD));
    let old_browser = app.send_text("POST", "/sign-in", "", &body, &origin).await;

    for refused in [without_token, other_site, login_forged, old_browser] {
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(refused.header("set-cookie"), "");
    }
    let editions = staffed.school.path(&format!("weeks/{WEEK}/editions"));
    assert_eq!(app.get(&editions, &staffed.principal.token).await.expect(200)["items"], json!([]));
}

async fn a_wrong_password_is_told_beside_the_form(app: TestApp) {
    app.set_up().await;

    let wrong = form(&app, "/sign-in", "", &[("login", "admin"), ("password", "wrong")]).await;
    let unknown = form(&app, "/sign-in", "", &[("login", "nobody"), ("password", "wrong")]).await;

    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert!(html(&wrong).contains("账号或密码不正确"));
    assert_eq!(wrong.header("set-cookie"), "");
}

async fn pages_are_shut_to_those_who_may_not_read_them(app: TestApp) {
    let (staffed, week) = visited(&app).await;
    let inspector = signed_in(&app, &staffed.inspector.person.login).await;
    let absent = format!("/schools/{}/weeks/{WEEK}/draft", Uuid::from_u128(9));

    let stranger = page(&app, &format!("{week}/draft"), "").await;
    let forbidden = page(&app, &format!("{week}/draft"), &inspector).await;
    let nowhere = page(&app, &absent, &inspector).await;
    let api_token = page(&app, "/", &format!("__Host-xunke={}", staffed.principal.refresh)).await;

    assert_eq!(stranger.header("location"), "/sign-in");
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert_eq!(api_token.header("location"), "/sign-in", "a phone's refresh token is no cookie");
}

async fn the_first_start_is_set_up_in_a_browser(app: TestApp) {
    assert_eq!(page(&app, "/sign-in", "").await.header("location"), "/setup");
    let fields = |code| {
        [
            ("code", code),
            ("district", "星湖县教育体育局"),
            ("login", "admin"),
            ("name", "管理员"),
            ("password", PASSWORD),
        ]
    };

    let wrong = form(&app, "/setup", "", &fields("AAAA-AAAA-AAAA")).await;
    let done = form(&app, "/setup", "", &fields(&app.setup_code)).await;

    assert!(html(&wrong).contains("代码不正确"));
    assert_eq!(page(&app, "/", &cookie(&done)).await.status, StatusCode::OK);
    assert_eq!(page(&app, "/setup", "").await.header("location"), "/sign-in");
}
