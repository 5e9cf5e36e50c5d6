//! Held writes: who sees them, who decides, and what becomes of them.

use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{Phone, School};
use crate::support::syncing::{said, slot, with};

on_both!(
    an_admitted_write_keeps_its_stamp_and_author,
    a_write_that_is_still_invalid_stays_open,
    a_discarded_write_is_readable_with_the_reason,
    a_held_write_is_decided_once,
    held_writes_are_shown_to_the_author_and_the_school,
    strangers_do_not_learn_of_a_held_write,
    a_write_that_names_no_school_is_found_by_its_author,
);

const VISIT: Uuid = Uuid::from_u128(7);

/// A school where a write of Zheng's is held, since his place had ended.
async fn with_a_held_write(app: &TestApp) -> (School, Phone, Value, String) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    app.end_membership(&school, &zheng, "2026-11-20").await;
    let stamp = phone.stamp(app.millis() - 60_000, 3);
    let set = json!({"ratings/a": "good", "slot": slot("2026-11-21")});
    let write = with(school.write(1, VISIT, &set), &json!({"base": 0, "stamp": stamp}));
    let results = app.push(&phone, std::slice::from_ref(&write)).await;
    assert_eq!(said(&results[0]), "membership_ended");
    let held = results[0]["held"].as_str().unwrap().to_owned();
    (school, phone, write, held)
}

fn to(held: &str, decision: &str) -> String {
    format!("/api/v1/sync/held/{held}/{decision}")
}

async fn held_list(app: &TestApp, school: &School, token: &str) -> Vec<Value> {
    let path = format!("/api/v1/sync/held?stream={}", school.id);
    app.get(&path, token).await.expect(200)["items"].as_array().unwrap().clone()
}

/// Actions and objects in the audit log that have to do with held writes.
async fn audited(app: &TestApp) -> Vec<(String, String)> {
    let db = Database::connect(&app.url).await.unwrap();
    let sql = "SELECT action, object FROM audit WHERE action LIKE 'held%' ORDER BY at, id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    db.close().await.unwrap();
    rows.iter().map(|row| (row.try_get("", "action").unwrap(), row.try_get("", "object").unwrap())).collect()
}

async fn an_admitted_write_keeps_its_stamp_and_author(app: TestApp) {
    let (school, phone, write, held) = with_a_held_write(&app).await;
    let xu = app.member(&school, "xu", "principal").await;

    let admitted = app.post(&to(&held, "admit"), &xu.token, &json!({})).await.expect(200);
    let again = app.push(&phone, std::slice::from_ref(&write)).await;

    assert_eq!((&admitted["state"], &admitted["decided_by"]), (&json!("admitted"), &json!(xu.id)));
    let shown = app.visit_in_feed(&school, &xu.token, VISIT).await.unwrap();
    assert_eq!(
        (&shown["stamp"], &shown["author"], &shown["fields"]),
        (&write["stamp"], &admitted["author"], &write["set"])
    );
    assert_ne!(admitted["author"], json!(xu.id));
    assert_eq!(
        (&again[0]["outcome"], &again[0]["first"], &again[0]["seq"]),
        (&json!("duplicate"), &json!("applied"), &shown["seq"]),
        "the phone learns that it was taken in"
    );
    assert_eq!(audited(&app).await, [("held_admit".to_owned(), held)]);
}

async fn a_write_that_is_still_invalid_stays_open(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let xu = app.member(&school, "xu", "principal").await;
    let set = json!({"ratings/a": "great"});
    let large = json!({"x.blob": "x".repeat(70_000)});
    let results = app.push(&phone, &[school.write(1, VISIT, &set), school.write(2, VISIT, &large)]).await;

    let mut told = Vec::new();
    for result in &results {
        let answer = app.post(&to(result["held"].as_str().unwrap(), "admit"), &xu.token, &json!({})).await;
        told.push((answer.status.as_u16(), answer.pointers()));
    }

    assert_eq!(told, [(422, vec!["/set/ratings~1a".to_owned()]), (422, vec![String::new()])]);
    let states: Vec<Value> =
        held_list(&app, &school, &xu.token).await.into_iter().map(|held| held["state"].clone()).collect();
    assert_eq!(states, ["open", "open"]);
    assert_eq!(audited(&app).await, []);
}

async fn a_discarded_write_is_readable_with_the_reason(app: TestApp) {
    let (school, phone, write, held) = with_a_held_write(&app).await;
    let xu = app.member(&school, "xu", "principal").await;
    let reason = json!({"reason": "重复录入"});
    let blank = app.post(&to(&held, "discard"), &xu.token, &json!({"reason": " "})).await;

    app.post(&to(&held, "discard"), &xu.token, &reason).await.expect(200);

    assert_eq!((blank.status.as_u16(), blank.pointers()), (422, vec!["/reason".to_owned()]));
    let listed = held_list(&app, &school, &xu.token).await;
    let discarded = &listed[0];
    assert_eq!(
        (&discarded["state"], &discarded["decision"], &discarded["decided_by"], &discarded["write"]),
        (&json!("discarded"), &json!("重复录入"), &json!(xu.id), &write)
    );
    assert_eq!(audited(&app).await, [("held_discard".to_owned(), held)]);
    let again = app.push(&phone, &[write]).await;
    assert_eq!((&again[0]["outcome"], &again[0]["first"]), (&json!("duplicate"), &json!("held")));
    assert_eq!(app.visit_in_feed(&school, &xu.token, VISIT).await, None);
}

async fn a_held_write_is_decided_once(app: TestApp) {
    let (school, phone, _, held) = with_a_held_write(&app).await;
    let xu = app.member(&school, "xu", "principal").await;
    let reason = json!({"reason": "重复录入"});
    let (first, second) = (to(&held, "admit"), to(&held, "discard"));

    let both =
        tokio::join!(app.call("POST", &first, &xu.token, None), app.post(&second, &phone.token, &reason),);
    let later = app.post(&second, &xu.token, &reason).await;

    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!((later.status.as_u16(), later.code()), (409, "wrong-state".to_owned()));
}

async fn held_writes_are_shown_to_the_author_and_the_school(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let (lin, other) = app.inspector(&school, "lin").await;
    let xu = app.member(&school, "xu", "principal").await;
    let office = app.member(&school, "office", "academic_affairs").await;
    let du = app.member(&school, "du", "supervisor").await;
    let wang = app.member(&school, "wang", "teacher").await;
    let bad = |n| school.write(n, VISIT, &json!({"mood": n}));
    app.push(&phone, &[bad(1), school.write(2, VISIT, &json!({"x.blob": "x".repeat(70_000)}))]).await;
    app.push(&other, &[bad(1)]).await;

    let mut seen = Vec::new();
    for person in [&zheng, &lin, &xu, &office, &du] {
        seen.push(held_list(&app, &school, &person.token).await.len());
    }

    assert_eq!(seen, [2, 1, 3, 0, 3]);
    let path = format!("/api/v1/sync/held?stream={}", school.id);
    assert_eq!(app.get(&path, &wang.token).await.status.as_u16(), 403);
    let reasons: Vec<Value> =
        held_list(&app, &school, &zheng.token).await.into_iter().map(|held| held["reason"].clone()).collect();
    assert!(reasons.contains(&json!("too_large")) && reasons.contains(&json!("unknown_field")));
}

async fn strangers_do_not_learn_of_a_held_write(app: TestApp) {
    let (school, phone, _, held) = with_a_held_write(&app).await;
    let elsewhere = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let mut others = Vec::new();
    for (login, role) in [("lin", "inspector"), ("office", "academic_affairs"), ("wang", "teacher")] {
        others.push(app.member(&school, login, role).await);
    }
    others.push(app.add_person(&school.admin, &school.district, "far", "principal", &[&elsewhere]).await);
    others.push(school.admin.clone());
    let du = app.member(&school, "du", "supervisor").await;
    let reason = json!({"reason": "重复录入"});

    let mut told = Vec::new();
    for person in &others {
        let admit = app.post(&to(&held, "admit"), &person.token, &json!({})).await.status.as_u16();
        let discard = app.post(&to(&held, "discard"), &person.token, &reason).await.status.as_u16();
        told.push((person.login.as_str(), admit, discard));
    }
    let none = app.post(&to(&Uuid::nil().to_string(), "admit"), &du.token, &json!({})).await;
    let by_the_supervisor = app.post(&to(&held, "discard"), &du.token, &reason).await;
    let by_the_author = app.post(&to(&held, "admit"), &phone.token, &json!({})).await;

    let stranger = |login| (login, 404, 404);
    assert_eq!(told, ["lin", "office", "wang", "far", "admin"].map(stranger));
    let statuses = [none, by_the_supervisor, by_the_author].map(|answer| answer.status.as_u16());
    assert_eq!(statuses, [404, 404, 404], "a supervisor admits and an author discards, not the reverse");
    app.post(&to(&held, "admit"), &du.token, &json!({})).await.expect(200);
}

async fn a_write_that_names_no_school_is_found_by_its_author(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let xu = app.member(&school, "xu", "principal").await;
    let nowhere =
        with(school.write(2, VISIT, &json!({"kind": "walkthrough"})), &json!({"stream": Uuid::nil()}));
    let results = app.push(&phone, &[json!({"n": 1, "hello": "世界"}), nowhere]).await;

    let found = held_list(&app, &school, &zheng.token).await;
    let of_the_school = held_list(&app, &school, &xu.token).await;

    let mut numbers: Vec<i64> = found.iter().map(|held| held["n"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!((numbers, of_the_school.len()), (vec![1, 2], 0));
    for result in &results {
        let held = result["held"].as_str().unwrap();
        app.post(&to(held, "discard"), &zheng.token, &json!({"reason": "无法识别"})).await.expect(200);
    }
}
