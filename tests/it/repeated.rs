//! Creations repeated under an `Idempotency-Key`: answered the same, done once.

use axum::http::HeaderMap;
use chrono::TimeDelta;
use serde_json::json;

use crate::sessions::place;
use crate::support::app::on_both;
use crate::support::school::Person;
use crate::support::{Answer, TestApp};

on_both!(
    a_creation_repeated_under_its_key_is_answered_the_same_and_done_once,
    a_reset_code_is_told_once_and_not_kept,
    a_key_belongs_to_one_person_and_one_request,
    two_requests_at_once_under_one_key_do_one_thing,
);

/// What must be equal when a request is repeated: every byte, but for a reset code, which is told once.
fn whole(answer: &Answer) -> (u16, HeaderMap, Vec<u8>) {
    let (mut headers, mut body) = (answer.headers.clone(), answer.json());
    if body.as_object_mut().and_then(|members| members.remove("reset_code")).is_none()
        && body["login"].is_null()
    {
        return (answer.status.as_u16(), headers, answer.bytes.clone());
    }
    headers.remove("content-length");
    (answer.status.as_u16(), headers, body.to_string().into_bytes())
}

async fn a_reset_code_is_told_once_and_not_kept(app: TestApp) {
    let place = place(&app).await;
    let users = format!("/api/v1/districts/{}/users", place.district);
    let body = json!({"login": "twice", "name": "两次"});
    let ask = || app.call_with("POST", &users, &place.admin.token, Some(&body), &[("idempotency-key", "k")]);

    let (once, again) = (ask().await.expect(201), ask().await.expect(201));

    assert!(once["reset_code"].is_string() && again["reset_code"].is_null());
    assert_eq!(once["id"], again["id"]);
}

async fn a_creation_repeated_under_its_key_is_answered_the_same_and_done_once(app: TestApp) {
    let place = place(&app).await;
    let school = format!("/api/v1/schools/{}", place.school);
    let district = format!("/api/v1/districts/{}", place.district);
    let csv = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,音乐,王三\n";
    let timetable = json!({"name": "v1", "valid_from": "2026-11-23", "create_missing": true, "lessons": [
        {"class_name": "三年级(2)班", "weekday": 2, "period": "第3节", "subject": "音乐", "teacher": "王三"}]});
    for (path, body) in [
        (format!("{school}/classes"), json!({"cohort": 2025, "number": 5})),
        (format!("{school}/timetables"), timetable),
        (format!("{district}/schools"), json!({"name": "新校"})),
        (format!("{district}/users"), json!({"login": "twice", "name": "两次"})),
        (
            format!("{}/memberships", place.user(&place.zheng)),
            json!({"role": "teacher", "valid_from": "2026-09-01"}),
        ),
        ("/api/v1/districts".to_owned(), json!({"name": "白鹭区教育局"})),
        ("/api/v1/devices".to_owned(), json!({"name": "phone", "platform": "test", "app_version": "1"})),
    ] {
        let key = [("idempotency-key", path.as_str())];
        let once = app.call_with("POST", &path, &place.admin.token, Some(&body), &key).await;
        app.pass(TimeDelta::seconds(1));
        let again = app.call_with("POST", &path, &place.admin.token, Some(&body), &key).await;
        let mut other = body.clone();
        other.as_object_mut().unwrap().insert("name".to_owned(), json!("anders"));
        let other = app.call_with("POST", &path, &place.admin.token, Some(&other), &key).await;

        assert_eq!(once.status, 201, "{path}: {}", once.json());
        assert!(!once.header("location").is_empty() && !once.header("etag").is_empty());
        assert_eq!(whole(&again), whole(&once), "{path}");
        if !path.ends_with("memberships") && !path.ends_with("classes") {
            assert_eq!(
                (other.status.as_u16(), other.code()),
                (409, "idempotency-mismatch".to_owned()),
                "{path}"
            );
        }
    }
    let classes = app.get(&format!("{school}/classes"), &place.admin.token).await.expect(200);
    assert_eq!(classes["items"].as_array().unwrap().len(), 2, "one of its own, one of the timetable");

    let import = async |query: &str| {
        let headers = [("idempotency-key", "csv"), ("content-type", "text/csv")];
        let path = format!("{school}/timetables/import?{query}");
        app.send_text("POST", &path, &place.admin.token, csv, &headers).await
    };
    let once = import("name=v2&valid_from=2026-11-30&create_missing=true").await;
    assert_eq!(once.status, 201);
    assert_eq!(whole(&import("name=v2&valid_from=2026-11-30&create_missing=true").await), whole(&once));
    assert_eq!(
        import("name=v2&valid_from=2026-11-30&create_missing=false").await.code(),
        "idempotency-mismatch"
    );
}

async fn a_key_belongs_to_one_person_and_one_request(app: TestApp) {
    let place = place(&app).await;
    let head = app.add_person(&place.admin, &place.district, "head", "principal", &[&place.school]).await;
    let classes = format!("/api/v1/schools/{}/classes", place.school);
    let teachers = format!("/api/v1/schools/{}/teachers", place.school);
    let body = json!({"cohort": 2025, "number": 5});
    let key = [("idempotency-key", "k1")];

    let mine = app.call_with("POST", &classes, &place.admin.token, Some(&body), &key).await;
    let hers = app.call_with("POST", &classes, &head.token, Some(&body), &key).await;
    let elsewhere =
        app.call_with("POST", &teachers, &place.admin.token, Some(&json!({"name": "王三"})), &key).await;
    let refused = app
        .call_with(
            "POST",
            &teachers,
            &place.admin.token,
            Some(&json!({"nam": "王三"})),
            &[("idempotency-key", "k2")],
        )
        .await;
    let corrected = app
        .call_with(
            "POST",
            &teachers,
            &place.admin.token,
            Some(&json!({"name": "王三"})),
            &[("idempotency-key", "k2")],
        )
        .await;
    let empty =
        app.call_with("POST", &classes, &place.admin.token, Some(&body), &[("idempotency-key", "")]).await;

    assert_eq!((mine.status.as_u16(), hers.status.as_u16()), (201, 201));
    assert_ne!(mine.json()["id"], hers.json()["id"]);
    assert_eq!((elsewhere.status.as_u16(), elsewhere.code()), (409, "idempotency-mismatch".to_owned()));
    assert_eq!((refused.status.as_u16(), corrected.status.as_u16()), (422, 201));
    assert_eq!((empty.status.as_u16(), empty.pointers()), (422, vec!["Idempotency-Key".to_owned()]));
}

async fn two_requests_at_once_under_one_key_do_one_thing(app: TestApp) {
    let place = place(&app).await;
    for (path, body) in [
        (format!("/api/v1/schools/{}/teachers", place.school), json!({"name": "王三"})),
        (format!("/api/v1/districts/{}/users", place.district), json!({"login": "once", "name": "一次"})),
    ] {
        let before = items(&app, &path, &place.admin).await;
        let key = [("idempotency-key", path.as_str())];
        let ask = || app.call_with("POST", &path, &place.admin.token, Some(&body), &key);

        // More than there are connections: one that waits for an answer kept meanwhile must not need a second.
        let (one, two, three, four, five, six) = tokio::join!(ask(), ask(), ask(), ask(), ask(), ask());

        assert_eq!(one.status, 201, "{}", one.json());
        for other in [two, three, four, five, six] {
            assert_eq!(whole(&other), whole(&one));
        }
        assert_eq!(items(&app, &path, &place.admin).await, before + 1);
    }
}

async fn items(app: &TestApp, path: &str, person: &Person) -> usize {
    app.get(path, &person.token).await.expect(200)["items"].as_array().unwrap().len()
}
