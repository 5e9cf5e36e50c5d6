//! What goes wrong is said in one way: a problem document with a stable code and the place at fault.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_api::problem::ApiError;

use crate::support::app::{Backend, on_both};
use crate::support::school::{PASSWORD, Person, text};
use crate::support::world::{Site, WEEK, World};
use crate::support::{Answer, TestApp};

on_both!(every_problem_of_the_catalogue_is_met);

/// No request can make the server fail on purpose; `a_panic_is_answered_as_a_problem` and
/// `what_failed_inside_is_not_told` meet it where it is made.
/// `facts_are_contested_in_time_or_not_at_all` lets the days pass that make an objection late.
const UNMET: [&str; 2] = ["internal", "objection-over"];

/// Looks at a problem's form and gives its code.
#[track_caller]
fn problem(answer: &Answer) -> String {
    let document = answer.json();
    let (code, said) = (answer.code(), String::from_utf8_lossy(&answer.bytes).into_owned());
    assert_eq!(answer.header("content-type"), "application/problem+json", "{said}");
    assert_eq!(document["type"], json!(format!("/problems/{code}")), "{said}");
    assert_eq!(document["status"], json!(answer.status.as_u16()), "{said}");
    assert!(["title", "detail"].iter().all(|name| !text(&document[*name]).is_empty()), "{said}");
    assert!(!said.contains(" line ") && !said.contains("column"), "{said}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    code
}

async fn every_problem_of_the_catalogue_is_met(app: TestApp) {
    let mut met = BTreeSet::new();
    let world = World::build(app).await;
    let (app, site) = (&world.app, &world.sites[0]);
    let school = format!("/api/v1/schools/{}", site.school);
    let users = format!("/api/v1/districts/{}/users", site.district);
    let (admin, maker) = (app.sign_in("admin").await, &site.maker.token);
    let class = format!("{school}/classes/{}", site.objects["classes"]);
    let number = json!({"number": 6});
    let push = |schema: u32, device: &str, set: &Value| {
        json!({"device": device, "schema": schema, "unsent": 0, "writes": [{"n": 1, "stream": site.school,
            "type": "visit", "record": Uuid::from_u128(3), "set": set}]})
    };
    let good = json!({"ratings/engagement": "good"});
    let stale = [("if-match", "\"0\"")];
    let key = [("idempotency-key", "one")];
    let large = json!({"name": "长".repeat(100_000)});

    for (answer, code) in [
        (app.get("/nowhere", "").await, "not-found"),
        (app.call("PUT", "/api/v1/me", maker, None).await, "method-not-allowed"),
        (app.get("/api/v1/me", "").await, "unauthenticated"),
        (
            app.post("/api/v1/sessions", "", &json!({"login": "x", "password": "y"})).await,
            "wrong-credentials",
        ),
        (app.get(&users, maker).await, "not-found"),
        (app.post(&format!("{school}/classes"), &world.walkers[0].person.token, &number).await, "forbidden"),
        (
            app.send_text("POST", &users, &admin.token, "{", &[("content-type", "application/json")]).await,
            "unparsable",
        ),
        (app.post(&users, &admin.token, &json!({"login": "new"})).await, "invalid"),
        (app.send_text("POST", &users, &admin.token, "{}", &[]).await, "unsupported-media-type"),
        (app.post(&users, &admin.token, &large).await, "too-large"),
        (app.post(&users, &admin.token, &json!({"login": "admin", "name": "二"})).await, "taken"),
        (app.call("PATCH", &class, maker, Some(&number)).await, "precondition-required"),
        (app.call_with("PATCH", &class, maker, Some(&number), &stale).await, "precondition-failed"),
        (
            app.get(&format!("/api/v1/sync/changes?stream={}&cursor=none", site.school), maker).await,
            "cursor-invalid",
        ),
        (app.post("/api/v1/sync/push", maker, &push(0, &site.phone.device, &good)).await, "app-too-old"),
        (
            app.post("/api/v1/sync/push", maker, &push(1, &world.walkers[0].device, &good)).await,
            "device-unknown",
        ),
        (app.post("/api/v1/sync/push", maker, &push(1, &site.phone.device, &good)).await, "device-fork"),
        (app.post(&format!("{school}/weeks/2026-W40/publish"), maker, &json!({})).await, "wrong-state"),
    ] {
        assert_eq!(problem(&answer), code, "{}", answer.json());
        met.insert(code.to_owned());
    }

    // A change filed for a lesson of the timetable holds it.
    let timetable = format!("{school}/timetables/{}", site.objects["timetables"]);
    let version = app.get(&timetable, maker).await.expect(200);
    let class = version["grid"].as_object().unwrap().keys().next().unwrap();
    app.pass(chrono::TimeDelta::seconds(1));
    let change =
        json!({"kind": "cancellation", "class": class, "date": version["valid_from"], "period": "第3节"});
    app.post(&format!("{school}/lesson-changes"), maker, &change).await.expect(201);
    met.insert(problem(&app.post(&format!("{timetable}/undo"), maker, &json!({})).await));
    app.call_with("POST", &users, &admin.token, Some(&json!({"login": "k1", "name": "一"})), &key)
        .await
        .expect(201);
    let other =
        app.call_with("POST", &users, &admin.token, Some(&json!({"login": "k2", "name": "二"})), &key).await;
    met.insert(problem(&other));
    let withdraw = format!("{school}/weeks/{WEEK}/editions/1/withdraw");
    app.post(&withdraw, maker, &json!({"why": "涉及个人"})).await.expect(200);
    let posted = format!("/api/v1/posted/{}/weeks/{WEEK}/editions/1", site.school);
    met.insert(problem(&app.get(&posted, "").await));
    app.call("DELETE", &format!("/api/v1/devices/{}", site.phone.device), maker, None).await.expect(204);
    let revoked = app.get("/api/v1/me", &site.phone.token).await;
    met.insert(problem(&revoked));
    let (first, refresh) = (app.sign_in("maker-b").await, "/api/v1/sessions/refresh");
    let mut token = first.refresh.clone();
    for _ in 0..2 {
        token =
            text(&app.post(refresh, "", &json!({"refresh_token": token})).await.expect(200)["refresh_token"]);
    }
    met.insert(problem(&app.post(refresh, "", &json!({"refresh_token": first.refresh})).await));
    for _ in 0..6 {
        let answer =
            app.post("/api/v1/sessions", "", &json!({"login": "maker-c", "password": "wrong"})).await;
        met.insert(problem(&answer));
    }
    app.app.store.close().await.unwrap();
    let down = app.get("/readyz", "").await;
    assert!(!down.header("retry-after").is_empty());
    met.insert(problem(&down));

    let known: BTreeSet<String> =
        ApiError::catalogue().into_iter().map(|(_, code, _)| code.to_owned()).collect();
    let unmet: Vec<&String> = known.difference(&met).collect();
    assert_eq!(unmet, UNMET);
    assert!(met.is_subset(&known));
    for code in known {
        let page = app.get(&format!("/problems/{code}"), "").await;
        assert!(page.status == 200 && String::from_utf8_lossy(&page.bytes).contains(&code));
    }
    assert_eq!(problem(&app.get("/problems/none-such", "").await), "not-found");
}

#[test]
fn what_failed_inside_is_not_told() {
    let source = xunke_storage::StoreError::Corrupt { what: "visit", detail: "secret".to_owned() };

    let problem = ApiError::from(source).problem();

    assert_eq!((problem.status, problem.code), (500, "internal"));
    assert!(!serde_json::to_string(&problem).unwrap().contains("secret"));
}

/// An administrator and the address of his people.
async fn office(app: &TestApp) -> (Person, String) {
    let (admin, district) = app.set_up().await;
    (admin, format!("/api/v1/districts/{district}/users"))
}

#[tokio::test]
async fn a_wrong_body_is_told_by_its_place() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (admin, users) = office(&app).await;
    let deep = format!("{}{}", "[".repeat(200_000 / 2), "]".repeat(200_000 / 2));
    let nested = format!(r#"{{"login": {}1{}}}"#, "[".repeat(40), "]".repeat(40));

    for (body, status, pointer) in [
        (r#"{"login": "a1", "login": "b1", "name": "x"}"#, 400, "/login"),
        (r#"{"login": "a1", "name": "x\u0000y"}"#, 400, "/name"),
        (r#"{"login": "a1", "name": "x"} {}"#, 400, ""),
        (r#"{"login": "a1", "name": }"#, 400, "/name"),
        ("", 400, ""),
        (&deep, 400, "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0"),
        (&nested, 400, "/login/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0"),
        (r#"{"login": 5, "name": "x"}"#, 422, "/login"),
        (r#"{"login": null, "name": "x"}"#, 422, "/login"),
        (r#"{"login": "a1", "name": "x", "admin": true}"#, 422, "/admin"),
        (r#"{"login": "a1"}"#, 422, "/name"),
        (r#"{"login": "a1", "name": "  "}"#, 422, "/name"),
        (r#"{"login": "a 1", "name": "x"}"#, 422, "/login"),
        (r"[]", 422, ""),
        (r#"["a1", "x"]"#, 422, ""),
        (r#""text""#, 422, ""),
    ] {
        let headers = [("content-type", "application/json; charset=utf-8")];
        let answer = app.send_text("POST", &users, &admin.token, body, &headers).await;
        let short: String = body.chars().take(60).collect();
        assert_eq!(problem(&answer), if status == 400 { "unparsable" } else { "invalid" }, "{short}");
        assert_eq!(answer.status.as_u16(), status, "{short}");
        assert_eq!(answer.pointers(), [pointer], "{short}: {}", answer.json());
    }
    let invalid_text =
        Request::builder().method("POST").uri(&users).header("content-type", "application/json");
    let invalid_text = invalid_text.header("authorization", format!("Bearer {}", admin.token));
    let answer = app.send(invalid_text.body(Body::from(vec![b'{', 0xff, b'}'])).unwrap()).await;
    assert_eq!((answer.status.as_u16(), problem(&answer)), (400, "unparsable".to_owned()));
}

#[tokio::test]
async fn a_wrong_field_of_a_record_is_told_by_its_place() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (admin, district) = app.set_up().await;
    let school = app.add_school(&admin, &district, "青禾实验小学").await;
    let strange = json!({"class_name": "九年级(9)班", "weekday": 1, "period": "第3节", "subject": "炼金", "teacher": "无名"});
    let lesson = json!({"class_name": "三年级(2)班", "weekday": 9, "period": "第3节", "subject": "音乐"});

    for (path, body, pointers) in [
        ("classes", json!({"cohort": "x", "number": 5}), vec!["/cohort"]),
        ("classes", json!({"cohort": 2025}), vec!["/number"]),
        ("classes", json!({"cohort": 2025, "number": 5, "colour": "red"}), vec!["/colour"]),
        ("classes", json!({"cohort": 1, "number": 500}), vec!["/cohort", "/number"]),
        ("classes", json!([]), vec![""]),
        ("teachers", json!({"name": "王三", "subjects": {"x": true}}), vec!["/subjects/x"]),
        (
            "bell-schedules",
            json!({"name": "作息", "valid_from": "2026-09-01", "periods": [{"label": "第1节", "kind": "lesson",
            "start": "08:30", "end": "25:00"}]}),
            vec!["/periods/0/end"],
        ),
        ("timetables", json!({"name": "v", "valid_from": "2026-13-01", "lessons": []}), vec!["/valid_from"]),
        (
            "timetables",
            json!({"name": "v", "valid_from": "2026-09-01", "lessons": [{}]}),
            vec!["/lessons/0/class_name"],
        ),
        (
            "timetables",
            json!({"name": "v", "valid_from": "2026-09-01", "create_missing": true, "lessons": [lesson]}),
            vec!["/lessons/0/weekday"],
        ),
        (
            "timetables",
            json!({"name": "v", "valid_from": "2026-09-01", "lessons": [strange]}),
            vec!["/lessons/0/class_name", "/lessons/0/subject", "/lessons/0/teacher"],
        ),
        ("lesson-changes", json!({"kind": "cancellation", "status": "approved"}), vec!["/status"]),
    ] {
        let answer = app.post(&format!("/api/v1/schools/{school}/{path}"), &admin.token, &body).await;
        assert_eq!(problem(&answer), "invalid", "{path} {body}");
        let told: BTreeSet<String> = answer.pointers().into_iter().collect();
        let due: BTreeSet<String> = pointers.into_iter().map(str::to_owned).collect();
        assert_eq!(told, due, "{path} {body}: {}", answer.json());
    }
}

#[tokio::test]
async fn a_body_of_another_type_or_coding_is_refused() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (admin, users) = office(&app).await;
    let body = r#"{"login": "a1", "name": "x"}"#;
    let send =
        async |headers: &[(&str, &str)]| app.send_text("POST", &users, &admin.token, body, headers).await;
    let json_of = ("content-type", "application/json");

    for headers in [
        vec![],
        vec![("content-type", "text/plain")],
        vec![("content-type", "application/x-www-form-urlencoded")],
        vec![json_of, ("content-encoding", "br")],
    ] {
        assert_eq!(problem(&send(&headers).await), "unsupported-media-type", "{headers:?}");
    }
    for coding in ["gzip", "zstd"] {
        assert_eq!(problem(&send(&[json_of, ("content-encoding", coding)]).await), "unparsable", "{coding}");
    }
    let csv =
        format!("{}/timetables/import?name=v&valid_from=2026-11-23", users.replace("districts", "schools"));
    assert_eq!(problem(&app.send_text("POST", &csv, &admin.token, "x", &[]).await), "not-found");
}

#[tokio::test]
async fn a_wrong_query_is_told_by_its_name() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (admin, district) = app.set_up().await;
    let school = app.add_school(&admin, &district, "青禾实验小学").await;
    let head = app.add_person(&admin, &district, "head", "principal", &[&school]).await;
    let classes = format!("/api/v1/schools/{school}/classes");
    let changes = format!("/api/v1/sync/changes?stream={school}");
    let import = format!("/api/v1/schools/{school}/timetables/import");

    for (method, path, pointer) in [
        ("GET", format!("{classes}?limit=0"), "?limit"),
        ("GET", format!("{classes}?limit=201"), "?limit"),
        ("GET", format!("{classes}?limit=many"), "?limit"),
        ("GET", format!("{classes}?limit=1&limit=2"), "?limit"),
        ("GET", format!("{classes}?cursor=first"), "?cursor"),
        ("GET", format!("{classes}?colour=red"), "?colour"),
        ("GET", format!("{classes}?school={school}"), "?school"),
        ("GET", format!("/api/v1/schools/{school}/visits?week=2026-99"), "?week"),
        ("GET", format!("/api/v1/schools/{school}/visits?verdict=fine"), "?verdict"),
        ("GET", format!("{changes}&limit=5000"), "?limit"),
        ("GET", format!("{changes}&wait=-1"), "?wait"),
        ("GET", format!("{changes}&since=0"), "?since"),
        ("GET", format!("{changes}&stream={school}"), "?stream"),
        ("GET", "/api/v1/sync/changes".to_owned(), "?stream"),
        ("GET", "/api/v1/sync/held".to_owned(), "?stream"),
        ("GET", "/api/v1/sync/conflicts?limit=5".to_owned(), "?stream"),
        ("POST", import.clone(), "?name"),
        ("POST", format!("{import}?name=v&valid_from=monday"), "?valid_from"),
    ] {
        let answer = app.send_text(method, &path, &head.token, "x", &[("content-type", "text/csv")]).await;
        assert_eq!(
            (problem(&answer), answer.pointers()),
            ("invalid".to_owned(), vec![pointer.to_owned()]),
            "{path}"
        );
    }
    // The guard and the handler read one and the same stream.
    assert_eq!(app.get(&changes.replace("stream", "%73tream"), &head.token).await.status, 200);
    let foreign = format!("/api/v1/districts/{}/users?school={school}", Uuid::from_u128(1));
    assert_eq!(problem(&app.get(&foreign, &admin.token).await), "not-found");
    let own = format!("/api/v1/districts/{district}/users?school={school}");
    assert_eq!(app.get(&own, &admin.token).await.pointers(), ["?school"]);
}

#[tokio::test]
async fn an_id_that_is_none_names_nothing() {
    let world = World::build(TestApp::start(Backend::Sqlite).await).await;
    let (app, site) = (&world.app, &world.sites[0]);
    let school = format!("/api/v1/schools/{}", site.school);
    let admin = app.sign_in("admin").await;

    for (method, path) in [
        ("GET", "/api/v1/schools/qinghe/classes".to_owned()),
        ("GET", "/api/v1/schools/%ff/classes".to_owned()),
        ("GET", "/api/v1/schools//classes".to_owned()),
        ("GET", format!("{school}/classes/third")),
        ("GET", format!("{school}/classes/{}", site.objects["teachers"])),
        ("GET", format!("{school}/visits/{}", site.objects["classes"])),
        ("GET", format!("{school}/weeks/2026-W60/draft")),
        ("GET", format!("{school}/weeks/{WEEK}/editions/first")),
        ("GET", format!("{school}/weeks/{WEEK}/editions/0")),
        ("GET", format!("{school}/weeks/{WEEK}/editions/99999999999")),
        ("GET", "/api/v1/sync/changes?stream=qinghe".to_owned()),
        ("DELETE", "/api/v1/devices/phone".to_owned()),
        ("DELETE", "/api/v1/devices/ffffffffffffffff".to_owned()),
        ("DELETE", "/api/v1/sessions/mine".to_owned()),
        ("POST", "/api/v1/sync/held/one/admit".to_owned()),
        ("GET", "/api/v1/me/".to_owned()),
        ("GET", "/API/v1/me".to_owned()),
    ] {
        let answer = app.call(method, &path, &site.maker.token, None).await;
        assert_eq!(
            (answer.status.as_u16(), problem(&answer)),
            (404, "not-found".to_owned()),
            "{method} {path}"
        );
    }
    let user = format!("/api/v1/districts/{}/users/shen", site.district);
    assert_eq!(problem(&app.get(&user, &admin.token).await), "not-found");
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let answer = app.call(method, "/api/v1/districts", &admin.token, None).await;
        assert_eq!(
            (answer.status.as_u16(), problem(&answer)),
            (405, "method-not-allowed".to_owned()),
            "{method}"
        );
    }
    let head = app.call("HEAD", "/api/v1/me", &admin.token, None).await;
    assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0));
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_read() {
    let world = World::build(TestApp::start(Backend::Sqlite).await).await;
    let (app, site) = (&world.app, &world.sites[0]);
    let token = &site.maker.token;
    let class = format!("/api/v1/schools/{}/classes/{}", site.school, site.objects["classes"]);
    let read = app.get(&class, token).await.header("etag");
    let change = async |tag: &str, number: u32| {
        let body = json!({ "number": number });
        app.call_with("PATCH", &class, token, Some(&body), &[("if-match", tag)]).await
    };

    let done = change(&read, 7).await;
    let stale = change(&read, 8).await;
    let odd = [change("7", 8).await, change("*", 8).await, change("\"x\"", 8).await];
    let missing = app.call("PATCH", &class, token, Some(&json!({"number": 8}))).await;
    let retire = app.call("DELETE", &class, token, None).await;
    let nothing =
        app.call_with("PATCH", &class, token, Some(&json!({})), &[("if-match", &done.header("etag"))]).await;

    assert_eq!((done.status.as_u16(), done.json()["number"].as_u64()), (200, Some(7)));
    assert_eq!(app.get(&class, token).await.header("etag"), done.header("etag"));
    for refused in [&stale].into_iter().chain(&odd) {
        assert_eq!((refused.status.as_u16(), problem(refused)), (412, "precondition-failed".to_owned()));
    }
    for refused in [&missing, &retire] {
        assert_eq!((refused.status.as_u16(), problem(refused)), (428, "precondition-required".to_owned()));
    }
    assert_eq!((problem(&nothing), nothing.pointers()), ("invalid".to_owned(), vec![String::new()]));
    app.call_with("DELETE", &class, token, None, &[("if-match", &done.header("etag"))]).await.expect(204);
    assert_eq!(app.get(&class, token).await.expect(200)["retired"], "2026-11-23");
}

#[tokio::test]
async fn an_edition_that_is_known_is_not_sent_again() {
    let world = World::build(TestApp::start(Backend::Sqlite).await).await;
    let (app, Site { school, maker, .. }) = (&world.app, &world.sites[0]);
    let edition = format!("/api/v1/schools/{school}/weeks/{WEEK}/editions/1");

    for path in [edition.clone(), format!("{edition}/public")] {
        let first = app.get(&path, &maker.token).await;
        let tag = first.header("etag");
        let list = format!("\"other\", W/{tag}");
        for known in [tag.as_str(), &list, "*"] {
            let again = app.call_with("GET", &path, &maker.token, None, &[("if-none-match", known)]).await;
            assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0), "{known}");
            assert_eq!(again.header("etag"), tag);
        }
        let other = app.call_with("GET", &path, &maker.token, None, &[("if-none-match", "\"other\"")]).await;

        assert_eq!((first.status.as_u16(), other.status.as_u16()), (200, 200));
        assert_eq!(first.bytes, other.bytes);
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (admin, _) = app.set_up().await;

    for answer in [
        app.get("/api/v1/me", &admin.token).await,
        app.get("/api/v1/me", "").await,
        app.get("/nowhere", "").await,
        app.get("/healthz", "").await,
        app.get("/api/openapi.json", "").await,
        app.get("/docs/", "").await,
        app.post("/api/v1/sessions", "", &json!({"login": "admin", "password": PASSWORD})).await,
        app.call("DELETE", "/api/v1/sessions/current", &admin.token, None).await,
    ] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}
