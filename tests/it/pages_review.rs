//! What is missing before a log is published: over REST, on the page of the review, and in the log itself.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::fields::Fields;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::record_type::RecordType;
use xunke_storage::intake::server::{ServerWrite, ServerWritten};

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::week::{Staffed, WEEK};
use crate::web::{form, hidden, html, page, signed_in};

on_both!(
    a_complete_week_says_so,
    every_gap_is_told_before_publishing_and_in_the_log_after,
    a_task_is_met_by_its_inspectors_visits_or_by_one_that_names_it,
);

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_bbbb_0000_7000_8000_0000_0000_0000 + n)
}

/// Hands a task to the inspector of the staffed school.
async fn task(app: &TestApp, staffed: &Staffed, id: Uuid, more: &Value) {
    let inspector = &staffed.inspector.person.id;
    let mut set =
        json!({"inspector": inspector, "title": "三年级专项", "from": "2026-11-16", "to": "2026-11-20"});
    for (name, value) in more.as_object().unwrap() {
        set[name] = value.clone();
    }
    let set: Fields = serde_json::from_value(set).unwrap();
    let (stream, author): (SchoolId, UserId) =
        (staffed.school.id.parse().unwrap(), staffed.affairs.id.parse().unwrap());
    let write = ServerWrite { stream, kind: RecordType::Assignment, id, set, author, expected: None };
    let tx = app.app.store.begin().await.unwrap();
    let written = app.app.store.write_in(&tx, &write, app.millis()).await.unwrap();
    assert!(matches!(written, ServerWritten::Done(_)), "{written:?}");
    tx.commit().await.unwrap();
}

async fn preflight(app: &TestApp, staffed: &Staffed) -> Value {
    let path = staffed.school.path(&format!("weeks/{WEEK}/preflight"));
    app.get(&path, &staffed.affairs.token).await.expect(200)
}

async fn a_complete_week_says_so(app: TestApp) {
    let staffed = app.staffed().await;
    let visit = staffed.names.visit("三年级(2)班", "2026-11-17", "第3节", "科学");
    staffed.inspector.write(&app, &staffed.school, id(1), &visit).await;

    let found = preflight(&app, &staffed).await;
    let review = format!("/schools/{}/weeks/{WEEK}/review", staffed.school.id);
    let principal = signed_in(&app, &staffed.principal.login).await;
    let affairs = signed_in(&app, &staffed.affairs.login).await;
    let shown = html(&page(&app, &review, &principal).await);
    let read = html(&page(&app, &review, &affairs).await);

    assert_eq!((&found["complete"], &found["visits"]), (&json!(true), &json!(1)));
    assert!(shown.contains("没有缺口") && shown.contains(">签发公示</button>"), "{shown}");
    assert!(read.contains("周报由校长签发") && !read.contains("签发公示</button>"), "{read}");
    let inspector = signed_in(&app, &staffed.inspector.person.login).await;
    assert_eq!(page(&app, &review, &inspector).await.status, StatusCode::FORBIDDEN);
}

async fn every_gap_is_told_before_publishing_and_in_the_log_after(app: TestApp) {
    let staffed = app.staffed().await;
    let Staffed { school, names, inspector, principal, .. } = &staffed;
    let mut visit = names.visit("三年级(2)班", "2026-11-17", "第3节", "科学");
    visit["ratings/engagement"] = json!("good");
    let wrong = json!({"ratings/engagement": "splendid"});
    inspector.push_with(&app, school, &[(id(1), visit), (id(2), wrong)], &json!({"unsent": 4})).await;
    let other = app.phone("meng").await;
    let mut clash = school.write(1, id(1), &json!({"ratings/engagement": "poor"}));
    clash["base"] = json!(0);
    app.post("/api/v1/sync/push", &other.token, &other.push(&[clash])).await.expect(200);
    let said = json!({"text": "练习密度可再提高。", "teacher": names.teacher("蔡立新")});
    let feedback = school.path(&format!("visits/{}/feedback", id(1)));
    app.post(&feedback, &inspector.person.token, &said).await.expect(201);
    let class = names.class("三年级(1)班");
    task(&app, &staffed, id(9), &json!({format!("classes/{class}"): true})).await;

    let found = preflight(&app, &staffed).await;
    let cookie = signed_in(&app, &principal.login).await;
    let week = format!("/schools/{}/weeks/{WEEK}", school.id);
    let review = html(&page(&app, &format!("{week}/review"), &cookie).await);
    let (csrf, as_of) = (hidden(&review, "csrf"), hidden(&review, "as_of"));
    let fields = [("csrf", csrf.as_str()), ("as_of", &as_of), ("remarks", ""), ("focus", "候课")];
    let published = form(&app, &format!("{week}/publish"), &cookie, &fields).await;

    assert_eq!(found["complete"], false);
    assert_eq!(
        (&found["unsent"][0]["person"], &found["unsent"][0]["unsent"]),
        (&json!("值周孟老师"), &json!(4))
    );
    assert_eq!((&found["conflicts"], &found["held"]), (&json!([id(1)]), &json!(1)));
    assert_eq!(found["feedback"][0]["teacher"], names.teacher("蔡立新"));
    assert_eq!(found["tasks"][0]["classes"], json!([class]));
    for told in [
        "值周孟老师的“phone”：4条未上传",
        "蔡立新</a>：已送达，未读",
        "三年级专项（截至11月20日）：三年级(1)班",
        "仍要签发公示，缺口写入数据说明",
    ] {
        assert!(review.contains(told), "{told}\n{review}");
    }
    assert_eq!(published.status, StatusCode::SEE_OTHER);
    let edition = html(&page(&app, &published.header("location"), &cookie).await);
    for told in
        ["教师尚未回复的反馈：1", "尚无结果的巡课任务：1（值周孟老师）", "被暂存的写入：1", "待裁定的冲突：1"]
    {
        assert!(edition.contains(told), "{told}\n{edition}");
    }
}

async fn a_task_is_met_by_its_inspectors_visits_or_by_one_that_names_it(app: TestApp) {
    let staffed = app.staffed().await;
    let Staffed { school, names, inspector, .. } = &staffed;
    let (one, two) = (names.class("三年级(1)班"), names.class("三年级(2)班"));
    let both = json!({format!("classes/{one}"): true, format!("classes/{two}"): true});
    task(&app, &staffed, id(9), &both).await;
    task(&app, &staffed, id(8), &json!({"from": "2026-11-23", "to": "2026-11-27"})).await;
    task(&app, &staffed, id(7), &json!({"regime": "bureau_supervision", "unannounced": true})).await;
    let left = |found: &Value| {
        found["tasks"].as_array().unwrap().iter().map(|task| task["classes"].clone()).collect::<Vec<_>>()
    };

    let before = left(&preflight(&app, &staffed).await);
    inspector.write(&app, school, id(1), &names.visit("三年级(2)班", "2026-11-17", "第3节", "科学")).await;
    let half = left(&preflight(&app, &staffed).await);
    let colleague = app.recorder(school, "shen", "沈副校长", "inspector").await;
    let mut stand_in = names.visit("三年级(1)班", "2026-11-18", "第3节", "科学");
    stand_in["selection"] = json!({"how": "scheduled", "assignment": id(9)});
    colleague.write(&app, school, id(2), &stand_in).await;
    let after = left(&preflight(&app, &staffed).await);

    assert_eq!(before.len(), 1, "not that of another week, and nothing of what the bureau draws");
    assert_eq!(half, [json!([one])]);
    assert_eq!(after, Vec::<Value>::new());
}
