//! Feedback to the teacher of a lesson: sent, seen, answered or contested, and nobody else's business.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{Person, School, text};
use crate::support::week::{Names, Staffed};

on_both!(
    feedback_goes_from_sent_to_answered,
    feedback_of_another_teacher_is_as_if_absent,
    feedback_needs_a_teacher_of_the_school_and_something_to_say,
);

const CLASS: &str = "三年级(2)班";

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_dddd_0000_7000_8000_0000_0000_0000 + n)
}

/// A teacher of the timetable with an account.
async fn teacher(app: &TestApp, school: &School, names: &Names, login: &str, name: &str) -> Person {
    let person = app.add_named(school, login, name, "teacher").await;
    let path = school.path(&format!("teachers/{}", names.teacher(name)));
    app.patch(&path, &school.admin.token, &json!({"user": person.id})).await.expect(200);
    person
}

async fn feedback_goes_from_sent_to_answered(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let cai = teacher(&app, &school, &names, "cai", "蔡立新").await;
    // Taught as planned, by a teacher the inspector did not name: 蔡立新 by the timetable.
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    let path = school.path(&format!("visits/{}/feedback", id(1)));
    let body = json!({"text": "情境游戏设计好；练习密度可再提高。"});
    let key = [("idempotency-key", "feedback-1")];
    let token = &inspector.person.token;
    let sent = app.call_with("POST", &path, token, Some(&body), &key).await;
    let again = app.call_with("POST", &path, token, Some(&body), &key).await;
    assert_eq!((sent.status.as_u16(), &sent.bytes), (again.status.as_u16(), &again.bytes));
    let location = sent.header("location");
    let sent = sent.expect(201);
    assert_eq!((&sent["state"], &sent["teacher"]), (&json!("sent"), &json!(names.teacher("蔡立新"))));
    assert_eq!(location, school.path(&format!("feedback/{}", text(&sent["id"]))));

    let list = app.get(&school.path("feedback"), &cai.token).await.expect(200);
    assert_eq!(list["items"], json!([sent]));
    let first = app.get(&location, &cai.token).await.header("etag");

    app.pass(chrono::TimeDelta::minutes(2));
    let seen = app.call("POST", &format!("{location}/seen"), &cai.token, None).await.expect(200);
    assert_eq!((&seen["state"], &seen["seen_at"]), (&json!("seen"), &json!("2026-11-23T08:02:00.000+08:00")));
    app.pass(chrono::TimeDelta::minutes(1));
    let twice = app.call("POST", &format!("{location}/seen"), &cai.token, None).await.expect(200);
    assert_eq!(twice, seen, "seen once is seen");

    let reply = json!({"text": "谢谢，下周调整。"});
    let answer = format!("{location}/answer");
    let none = app.post(&answer, &cai.token, &reply).await;
    assert_eq!(none.status.as_u16(), 428);
    let stale = app.call_with("POST", &answer, &cai.token, Some(&reply), &[("if-match", &first)]).await;
    assert_eq!(stale.status.as_u16(), 412);
    let etag = app.get(&location, &cai.token).await.header("etag");
    let answered =
        app.call_with("POST", &answer, &cai.token, Some(&reply), &[("if-match", &etag)]).await.expect(200);
    assert_eq!((&answered["state"], &answered["answer"]), (&json!("answered"), &reply["text"]));
    for reader in [&inspector.person, &principal] {
        assert_eq!(app.get(&location, &reader.token).await.expect(200), answered, "{}", reader.login);
    }
    // The sender and the principal cannot say that the teacher has seen or answered it.
    for other in [&inspector.person, &principal] {
        let refused =
            app.call_with("POST", &answer, &other.token, Some(&reply), &[("if-match", &etag)]).await;
        assert_eq!(refused.status.as_u16(), 403);
    }

    // Another piece, contested at once: that it was seen follows.
    let sent = app.post(&path, &principal.token, &json!({"text": "课题与计划不符"})).await;
    let location = sent.header("location");
    let contest = json!({"text": "当天有调课单", "contested": true});
    let etag = sent.header("etag");
    let contested = app
        .call_with("POST", &format!("{location}/answer"), &cai.token, Some(&contest), &[("if-match", &etag)])
        .await
        .expect(200);
    assert_eq!(
        (&contested["state"], &contested["seen_at"]),
        (&json!("contested"), &contested["answered_at"])
    );
    // Two devices that say it at once agree.
    let sent = app.post(&path, &principal.token, &json!({"text": "三"})).await;
    let seen = format!("{}/seen", sent.header("location"));
    let (one, two) =
        tokio::join!(app.call("POST", &seen, &cai.token, None), app.call("POST", &seen, &cai.token, None));
    assert_eq!(one.expect(200), two.expect(200));
    // Seen is not stepped back to.
    let seen = app.call("POST", &format!("{location}/seen"), &cai.token, None).await.expect(200);
    assert_eq!(seen["state"], "contested");
}

async fn feedback_of_another_teacher_is_as_if_absent(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    let cai = teacher(&app, &school, &names, "cai", "蔡立新").await;
    let jiang = teacher(&app, &school, &names, "jiang", "姜振宇").await;
    let other = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    inspector.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-17", "第4节", "美术")).await;
    let send = async |n: u128, who: &Person| {
        let path = school.path(&format!("visits/{}/feedback", id(n)));
        app.post(&path, &who.token, &json!({"text": "好"})).await
    };
    let to_cai = send(1, &inspector.person).await;
    let to_jiang = send(2, &principal).await;

    let ids = async |who: &Person| -> Vec<String> {
        let list = app.get(&school.path("feedback"), &who.token).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect()
    };
    let (one, two) = (text(&to_cai.json()["id"]), text(&to_jiang.json()["id"]));
    assert_eq!(ids(&cai).await, std::slice::from_ref(&one));
    assert_eq!(ids(&jiang).await, std::slice::from_ref(&two));
    assert_eq!(
        ids(&inspector.person).await,
        std::slice::from_ref(&one),
        "what he sent, not what was sent about his visit"
    );
    assert_eq!(ids(&other.person).await, Vec::<String>::new());
    for reader in [&principal, &affairs] {
        assert_eq!(ids(reader).await.len(), 2);
    }
    let page = app.get(&school.path("feedback?limit=1"), &principal.token).await.expect(200);
    let next = app
        .get(&school.path(&format!("feedback?limit=1&cursor={}", text(&page["next"]))), &principal.token)
        .await
        .expect(200);
    assert_eq!(
        (page["items"][0]["id"] == next["items"][0]["id"], next.get("next").is_none_or(Value::is_null)),
        (false, true)
    );

    let absent = app.get(&school.path(&format!("feedback/{}", id(9))), &jiang.token).await;
    for stranger in [&jiang, &other.person] {
        let hidden = app.get(&to_cai.header("location"), &stranger.token).await;
        assert_eq!((hidden.status.as_u16(), &hidden.bytes), (404, &absent.bytes), "{}", stranger.login);
    }
    let reply = json!({"text": "不是我的课"});
    let etag = [("if-match", "\"1\"")];
    for rest in ["seen", "answer"] {
        let path = format!("{}/{rest}", to_cai.header("location"));
        let hidden = app.call_with("POST", &path, &jiang.token, Some(&reply), &etag).await;
        assert_eq!((hidden.status.as_u16(), &hidden.bytes), (404, &absent.bytes), "{rest}");
    }
    // Nor may anyone send about a visit that is not his to see.
    assert_eq!(send(1, &other.person).await.status.as_u16(), 404);
    assert_eq!(send(1, &cai).await.status.as_u16(), 403);
    // The account is unlinked: the feedback is no longer his.
    let path = school.path(&format!("teachers/{}", names.teacher("蔡立新")));
    app.patch(&path, &affairs.token, &json!({"user": null})).await.expect(200);
    assert_eq!(ids(&cai).await, Vec::<String>::new());
}

async fn feedback_needs_a_teacher_of_the_school_and_something_to_say(app: TestApp) {
    let Staffed { school, names, inspector, .. } = app.staffed().await;
    let nobody =
        json!({"slot": names.slot(CLASS, "2026-11-22", "第3节"), "observed": {"situation": "no_class"}});
    inspector.write(&app, &school, id(1), &nobody).await;
    let path = school.path(&format!("visits/{}/feedback", id(1)));
    let token = &inspector.person.token;

    for (body, pointer) in [
        (json!({"text": "好"}), "/teacher"),
        (json!({"text": "好", "teacher": Uuid::nil()}), "/teacher"),
        (json!({"text": "好", "teacher": "x"}), "/teacher"),
        (json!({"text": "  ", "teacher": names.teacher("蔡立新")}), "/text"),
        (json!({"text": "长".repeat(4001), "teacher": names.teacher("蔡立新")}), "/text"),
        (json!({"teacher": names.teacher("蔡立新")}), "/text"),
        (json!({"text": "好", "mood": 1}), "/mood"),
    ] {
        let refused = app.post(&path, token, &body).await;
        assert_eq!((refused.status.as_u16(), refused.pointers()), (422, vec![pointer.to_owned()]), "{body}");
    }
    let sent =
        app.post(&path, token, &json!({"text": "好", "teacher": names.teacher("蔡立新")})).await.expect(201);
    assert_eq!(sent["teacher"], names.teacher("蔡立新"));
    let absent =
        app.post(&school.path(&format!("visits/{}/feedback", id(5))), token, &json!({"text": "好"})).await;
    assert_eq!(absent.status.as_u16(), 404);
}
