//! Objections of teachers: marked in the log until they are decided, and made in time or not at all.

use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::on_both;
use crate::support::school::{Person, text};
use crate::support::week::{Staffed, WEEK};
use crate::support::{Answer, TestApp};
use crate::web::{form, hidden, html, page, signed_in};

on_both!(
    what_a_teacher_contests_is_marked_until_it_is_decided,
    an_objection_after_publication_asks_for_the_next_edition,
    an_objection_taken_back_is_told_in_the_next_edition,
    facts_are_contested_in_time_or_not_at_all,
    the_principal_decides_on_the_page_of_the_visit,
);

const CLASS: &str = "三年级(2)班";

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_eeee_0000_7000_8000_0000_0000_0000 + n)
}

/// A school whose inspector has written a visit, and told its teacher; where that feedback is.
struct Told {
    staffed: Staffed,
    teacher: Person,
    feedback: String,
}

async fn told(app: &TestApp) -> Told {
    let staffed = app.staffed().await;
    let Staffed { school, names, inspector, .. } = &staffed;
    let teacher = app.add_named(school, "cai", "蔡立新", "teacher").await;
    let path = school.path(&format!("teachers/{}", names.teacher("蔡立新")));
    app.patch(&path, &school.admin.token, &json!({"user": teacher.id})).await.expect(200);
    inspector.write(app, school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "数学")).await;
    let path = school.path(&format!("visits/{}/feedback", id(1)));
    let said = json!({"text": "科学课上成数学课", "teacher": names.teacher("蔡立新")});
    let feedback = app.post(&path, &inspector.person.token, &said).await.header("location");
    Told { staffed, teacher, feedback }
}

impl Told {
    /// Says something to the feedback as it now is.
    async fn say(&self, app: &TestApp, who: &Person, what: &str, body: &Value) -> Answer {
        let etag = app.get(&self.feedback, &self.teacher.token).await.header("etag");
        let path = format!("{}/{what}", self.feedback);
        app.call_with("POST", &path, &who.token, Some(body), &[("if-match", &etag)]).await
    }

    async fn contest(&self, app: &TestApp) -> Answer {
        self.say(app, &self.teacher, "answer", &json!({"text": "当天有调课单", "contested": true})).await
    }

    async fn decide(&self, app: &TestApp, upheld: bool) -> Answer {
        let body = json!({"upheld": upheld, "reason": "已核对调课单"});
        self.say(app, &self.staffed.principal, "decision", &body).await
    }

    /// Days later; who is signed in signs in again.
    async fn after(&mut self, app: &TestApp, days: i64) {
        app.pass(TimeDelta::days(days));
        for person in [&mut self.teacher, &mut self.staffed.principal] {
            person.token = app.sign_in(&person.login).await.token;
        }
    }

    /// The visits that the draft marks, by kind of note.
    async fn marked(&self, app: &TestApp) -> Vec<(String, Value)> {
        let path = self.staffed.school.path(&format!("weeks/{WEEK}/draft"));
        let draft = app.get(&path, &self.staffed.principal.token).await.expect(200);
        let notes = draft["log"]["data_notes"].as_array().unwrap().iter();
        let notes = notes.map(|note| (text(&note["kind"]), note["visits"].clone()));
        notes.filter(|(kind, _)| matches!(kind.as_str(), "contested" | "objection_upheld")).collect()
    }

    async fn publish(&self, app: &TestApp) -> Answer {
        let path = self.staffed.school.path(&format!("weeks/{WEEK}/publish"));
        app.post(&path, &self.staffed.principal.token, &json!({})).await
    }
}

async fn what_a_teacher_contests_is_marked_until_it_is_decided(app: TestApp) {
    let told = told(&app).await;
    let early = told.decide(&app, true).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "nobody has contested it");
    assert_eq!(told.marked(&app).await, []);

    told.contest(&app).await.expect(200);

    assert_eq!(told.marked(&app).await, [("contested".to_owned(), json!([id(1)]))]);
    let Staffed { principal, affairs, inspector, .. } = &told.staffed;
    let body = json!({"upheld": false, "reason": "无调课单"});
    for other in [affairs, &inspector.person, &told.teacher] {
        let refused = told.say(&app, other, "decision", &body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", other.login);
    }
    let nameless = told.say(&app, principal, "decision", &json!({"upheld": true, "reason": " "})).await;
    assert_eq!(nameless.expect(422)["errors"][0]["pointer"], "/reason");

    let decided = told.decide(&app, true).await.expect(200);

    assert_eq!((&decided["state"], &decided["decided_by"]), (&json!("upheld"), &json!(principal.id)));
    assert_eq!(told.marked(&app).await, [("objection_upheld".to_owned(), json!([id(1)]))]);
    assert_eq!(told.decide(&app, false).await.code(), "wrong-state", "decided is decided");
    assert_eq!(told.contest(&app).await.code(), "wrong-state");

    let Staffed { school, names, inspector, .. } = &told.staffed;
    inspector.write(&app, school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    assert_eq!(told.marked(&app).await, [], "corrected");
}

async fn an_objection_after_publication_asks_for_the_next_edition(app: TestApp) {
    let told = told(&app).await;
    told.publish(&app).await.expect(201);
    assert_eq!(told.publish(&app).await.code(), "wrong-state", "nothing has changed");

    told.contest(&app).await.expect(200);
    let second = told.publish(&app).await.expect(201);
    told.decide(&app, false).await.expect(200);
    let third = told.publish(&app).await.expect(201);

    assert_eq!((&second["number"], &third["number"]), (&json!(2), &json!(3)));
    let edition = async |number: u32| {
        let path = told.staffed.school.path(&format!("weeks/{WEEK}/editions/{number}"));
        app.get(&path, &told.staffed.principal.token).await.expect(200)
    };
    let (second, third) = (edition(2).await, edition(3).await);
    for edition in [&second, &third] {
        let change = &edition["changes"][0];
        assert_eq!((&change["visit"], &change["fields"]), (&json!(id(1)), &json!(["objection"])));
    }
    assert_eq!(second["log"]["consistency"], third["log"]["consistency"], "counted as recorded");
}

async fn an_objection_taken_back_is_told_in_the_next_edition(app: TestApp) {
    let told = told(&app).await;
    told.contest(&app).await.expect(200);
    told.publish(&app).await.expect(201);

    let again = json!({"text": "当天有调课单，见附件", "contested": true});
    told.say(&app, &told.teacher, "answer", &again).await.expect(200);
    assert_eq!(told.publish(&app).await.code(), "wrong-state", "other words change nothing of the log");
    told.say(&app, &told.teacher, "answer", &json!({"text": "已弄清，无异议"})).await.expect(200);

    assert_eq!(told.publish(&app).await.expect(201)["number"], 2);
    assert_eq!(told.marked(&app).await, []);
}

async fn facts_are_contested_in_time_or_not_at_all(app: TestApp) {
    let mut told = told(&app).await;
    let school = told.staffed.school.path("");
    let settings = json!({"settings": {"objection_days": 3}});
    app.patch(school.trim_end_matches('/'), &told.staffed.school.admin.token, &settings).await.expect(200);
    // As long as the week is not published nothing is settled.
    told.after(&app, 40).await;
    told.contest(&app).await.expect(200);
    told.publish(&app).await.expect(201);

    told.after(&app, 3).await;
    told.contest(&app).await.expect(200);
    told.after(&app, 1).await;
    let late = told.contest(&app).await;
    let only_answered = told.say(&app, &told.teacher, "answer", &json!({"text": "收到"})).await;

    assert_eq!((late.status, late.code()), (StatusCode::CONFLICT, "objection-over".to_owned()));
    assert_eq!(only_answered.expect(200)["state"], "answered", "a plain answer is never too late");
}

async fn the_principal_decides_on_the_page_of_the_visit(app: TestApp) {
    let told = told(&app).await;
    told.contest(&app).await.expect(200);
    let Staffed { school, principal, affairs, .. } = &told.staffed;
    let visit = format!("/schools/{}/visits/{}", school.id, id(1));
    let cookie = signed_in(&app, &principal.login).await;
    let log = html(&page(&app, &format!("/schools/{}/weeks/{WEEK}/draft", school.id), &cookie).await);
    let shown = html(&page(&app, &visit, &cookie).await);
    let other = html(&page(&app, &visit, &signed_in(&app, &affairs.login).await).await);

    assert!(log.contains("有异议的记录") && log.contains("有异议，待裁定"), "{log}");
    assert!(shown.contains("教师有异议，待裁定") && shown.contains("裁定理由"), "{shown}");
    assert!(other.contains("教师有异议，待裁定") && !other.contains("裁定理由"), "{other}");
    let (path, _) = shown.split_once("/decision\"").unwrap();
    let path = format!("{}/decision", path.rsplit_once('"').unwrap().1);
    let (csrf, version) = (hidden(&shown, "csrf"), hidden(&shown, "version"));
    let fields = [("csrf", csrf.as_str()), ("version", &version), ("upheld", "true"), ("reason", "有调课单")];
    // What was said meanwhile is read before it is decided on.
    told.contest(&app).await.expect(200);
    form(&app, &path, &cookie, &fields).await;
    let shown = html(&page(&app, &visit, &cookie).await);
    assert!(shown.contains("裁定理由"), "{shown}");
    let version = hidden(&shown, "version");
    let fields = [("csrf", csrf.as_str()), ("version", &version), ("upheld", "true"), ("reason", "有调课单")];
    let posted = form(&app, &path, &cookie, &fields).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    let after = html(&page(&app, &visit, &cookie).await);
    assert!(after.contains("异议成立，记录待更正") && after.contains("裁定：有调课单"), "{after}");
    assert!(!after.contains("裁定理由"), "{after}");
}
