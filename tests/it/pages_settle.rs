//! Settling conflicts and deciding held writes, over REST and in a browser.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::text;
use crate::support::week::{Staffed, WEEK};
use crate::web::{form, hidden, html, page, signed_in};

on_both!(
    a_conflict_is_settled_once_with_one_of_its_values,
    a_head_settles_a_conflict_in_a_browser,
    held_writes_are_decided_in_a_browser_as_the_policy_lets,
);

const VISIT: Uuid = Uuid::from_u128(0x0199_ffff_0000_7000_8000_0000_0000_0001);

/// A visit on which two phones of its inspector disagree: `good` was first, `poor` arrived. Gives the conflict.
async fn at_odds(app: &TestApp) -> (Staffed, String) {
    let staffed = app.staffed().await;
    let Staffed { school, names, inspector, .. } = &staffed;
    let mut visit = names.visit("三年级(2)班", "2026-11-17", "第3节", "科学");
    visit["ratings/engagement"] = json!("good");
    inspector.write(app, school, VISIT, &visit).await;
    let other = app.phone("meng").await;
    let mut write = school.write(1, VISIT, &json!({"ratings/engagement": "poor"}));
    write["base"] = json!(0);
    app.post("/api/v1/sync/push", &other.token, &other.push(&[write])).await.expect(200);
    let open = conflicts(app, &staffed).await;
    (staffed, text(&open[0]["id"]))
}

async fn conflicts(app: &TestApp, staffed: &Staffed) -> Vec<Value> {
    let path = format!("/api/v1/sync/conflicts?stream={}", staffed.school.id);
    app.get(&path, &staffed.principal.token).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn rating(app: &TestApp, staffed: &Staffed) -> Value {
    let path = staffed.school.path(&format!("visits/{VISIT}"));
    app.get(&path, &staffed.principal.token).await.expect(200)["fields"]["ratings"]["engagement"].clone()
}

async fn a_conflict_is_settled_once_with_one_of_its_values(app: TestApp) {
    let (staffed, conflict) = at_odds(&app).await;
    let path = staffed.school.path(&format!("conflicts/{conflict}/settle"));
    app.publish(&staffed.school, &staffed.principal, WEEK, &json!({})).await.expect(201);

    let nonsense = app.post(&path, &staffed.affairs.token, &json!({"side": "both"})).await;
    let settled = app.post(&path, &staffed.affairs.token, &json!({"side": "standing"})).await;
    let again = app.post(&path, &staffed.affairs.token, &json!({"side": "arrived"})).await;

    assert_eq!(nonsense.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((settled.status, again.status), (StatusCode::NO_CONTENT, StatusCode::CONFLICT));
    assert_eq!(rating(&app, &staffed).await, "good");
    assert_eq!(conflicts(&app, &staffed).await, Vec::<Value>::new());
    let history = staffed.school.path(&format!("visits/{VISIT}/history"));
    let history = app.get(&history, &staffed.principal.token).await.expect(200);
    let last = history["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["by"], &last["changes"][0]["won"]), (&json!(staffed.affairs.id), &json!(true)));
    let weeks = app.get(&staffed.school.path("weeks"), &staffed.principal.token).await.expect(200);
    assert_eq!(weeks["items"][0]["draft_pending"], true, "the published week is drafted again");
}

async fn a_head_settles_a_conflict_in_a_browser(app: TestApp) {
    let (staffed, conflict) = at_odds(&app).await;
    let cookie = signed_in(&app, &staffed.principal.login).await;
    let list = format!("/schools/{}/settle", staffed.school.id);
    let action = format!("/schools/{}/conflicts/{conflict}/settle", staffed.school.id);

    let shown = html(&page(&app, &list, &cookie).await);
    let csrf = hidden(&shown, "csrf");
    let forged = form(&app, &action, &cookie, &[("csrf", "x"), ("side", "arrived")]).await;
    let right = [("csrf", csrf.as_str()), ("side", "arrived")];
    let settled = form(&app, &action, &cookie, &right).await;
    let again = form(&app, &action, &cookie, &right).await;

    assert!(shown.contains("评价·学生参与") && shown.contains("采用“差”"), "{shown}");
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(settled.header("location"), format!("{list}?done=conflict"));
    assert_eq!(again.header("location"), format!("{list}?done=before"));
    let after = html(&page(&app, &settled.header("location"), &cookie).await);
    assert!(after.contains("已裁定") && after.contains("没有待裁定的冲突"), "{after}");
    assert_eq!(rating(&app, &staffed).await, "poor");

    let teacher = app.add_named(&staffed.school, "chang", "常老师", "teacher").await;
    let cookie = signed_in(&app, &teacher.login).await;
    assert_eq!(page(&app, &list, &cookie).await.status, StatusCode::FORBIDDEN);
}

async fn held_writes_are_decided_in_a_browser_as_the_policy_lets(app: TestApp) {
    let staffed = app.staffed().await;
    let Staffed { school, names, inspector, principal, .. } = &staffed;
    app.end_membership(school, &inspector.person, "2026-11-20").await;
    let late = names.visit("三年级(2)班", "2026-11-21", "第3节", "科学");
    let wrong = json!({"ratings/engagement": "splendid"});
    let results = inspector.write_all(&app, school, &[(VISIT, late), (Uuid::from_u128(8), wrong)]).await;
    let held: Vec<String> = results.iter().map(|result| text(&result["held"])).collect();
    let list = format!("/schools/{}/settle", school.id);
    let to = |held: &str, what: &str| format!("/schools/{}/held/{held}/{what}", school.id);
    let cookie = signed_in(&app, &principal.login).await;

    let shown = html(&page(&app, &list, &cookie).await);
    let csrf = hidden(&shown, "csrf");
    let token = [("csrf", csrf.as_str())];
    let admitted = form(&app, &to(&held[0], "admit"), &cookie, &token).await;
    let invalid = form(&app, &to(&held[1], "admit"), &cookie, &token).await;
    let reason = [("csrf", csrf.as_str()), ("reason", "重复录入")];
    let discarded = form(&app, &to(&held[1], "discard"), &cookie, &reason).await;

    assert!(shown.contains("这次巡课的日期不在写入者的任职期内"), "{shown}");
    assert!(shown.contains("填写的内容不符合规则：评价·学生参与"), "{shown}");
    assert!(shown.contains("三年级(2)班 11月21日 周六 第3节"), "{shown}");
    let done = [admitted, invalid, discarded].map(|answer| answer.header("location"));
    assert_eq!(done, ["admitted", "invalid", "discarded"].map(|done| format!("{list}?done={done}")));
    let after = html(&page(&app, &done[2], &cookie).await);
    assert!(after.contains("已作废") && after.contains("没有暂存的写入"), "{after}");

    // The office neither sees nor decides what others sent.
    let affairs = signed_in(&app, &staffed.affairs.login).await;
    let csrf = hidden(&html(&page(&app, &list, &affairs).await), "csrf");
    let refused = form(&app, &to(&held[0], "admit"), &affairs, &[("csrf", csrf.as_str())]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}
