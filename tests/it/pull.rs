//! Pulls: pages, cursors, who sees what, and how readers learn that there is something new.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::http::Request;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::School;
use crate::support::syncing::{after, changes_path, said, slot, visits};

on_both!(
    the_first_sync_leaves_out_what_is_gone,
    pages_go_on_in_order_and_show_each_record_once,
    a_page_ends_at_a_mebibyte,
    visits_before_the_date_asked_for_are_left_out,
    a_visit_moved_before_the_date_asked_for_is_gone,
    everybody_gets_what_is_his_to_see,
    a_former_companion_is_told_that_the_visit_is_gone,
    a_cursor_of_elsewhere_is_refused,
    a_changed_grant_refuses_the_cursor,
    a_waiting_reader_hears_of_news,
    what_another_node_wrote_is_seen_within_a_second,
    a_waiting_reader_comes_back_after_the_time_it_gave,
    a_revoked_device_is_told_to_wipe,
    limits_are_kept_to,
    streams_are_a_bare_list,
    the_live_channel_sends_heads,
);

fn id(number: i64) -> Uuid {
    Uuid::from_u128(number.unsigned_abs().into())
}

/// The `n`th write of a phone, to the visit of that number.
fn visit(school: &School, n: i64) -> Value {
    school.write(n, id(n), &json!({"ratings/a": "good"}))
}

fn alive(numbers: &[i64]) -> Vec<(Uuid, String)> {
    numbers.iter().map(|number| (id(*number), "alive".to_owned())).collect()
}

fn gone(number: i64) -> (Uuid, String) {
    (id(number), "erased".to_owned())
}

async fn the_first_sync_leaves_out_what_is_gone(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let (lin, _) = app.inspector(&school, "lin").await;
    let companion = format!("companions/{}", lin.id);
    app.push(
        &phone,
        &[
            visit(&school, 1),
            visit(&school, 2),
            visit(&school, 3),
            school.write(4, id(3), &json!({companion.clone(): true})),
            school.write(5, id(3), &json!({companion: null})),
            visit(&school, 6),
        ],
    )
    .await;
    app.erase_visit(&school, id(2)).await;

    let of_the_author = app.pull_all(&school.id, &zheng.token, 1).await;
    let of_the_former_companion = app.pull_all(&school.id, &lin.token, 1).await;

    let all = |changes: Vec<Value>| visits(&json!({"changes": changes}));
    assert_eq!(all(of_the_author), alive(&[1, 3, 6]));
    assert_eq!(all(of_the_former_companion), []);
}

async fn pages_go_on_in_order_and_show_each_record_once(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let reference = app.page(&school.id, &phone.token, "").await;
    app.push(&phone, &[1, 2, 3, 4, 5].map(|n| visit(&school, n))).await;
    let first = app.page(&school.id, &phone.token, &format!("&limit=2{}", after(&reference))).await;
    let newer = app.push(&phone, &[school.write(6, id(1), &json!({"ratings/b": "fair"}))]).await;

    let second = app.page(&school.id, &phone.token, &format!("&limit=2{}", after(&first))).await;
    let third = app.page(&school.id, &phone.token, &format!("&limit=2{}", after(&second))).await;
    let fourth = app.page(&school.id, &phone.token, &format!("&limit=2{}", after(&third))).await;

    assert_eq!(visits(&first), alive(&[1, 2]));
    assert_eq!(visits(&second), alive(&[3, 4]));
    assert_eq!(visits(&third), alive(&[5, 1]), "the visit moved to its newest seq");
    assert_eq!((&third["changes"][1]["seq"], &third["head"]), (&newer[0]["seq"], &newer[0]["seq"]));
    assert_eq!(
        [&first, &second, &third, &fourth].map(|page| page["more"] == true),
        [true, true, false, false]
    );
    assert_eq!(fourth["changes"], json!([]));
    let from_zero = app.page(&school.id, &phone.token, "").await;
    assert_eq!(visits(&from_zero), alive(&[2, 3, 4, 5, 1]));
    let seqs: Vec<i64> = from_zero["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["seq"].as_i64().unwrap())
        .collect();
    assert!(seqs.is_sorted());
}

async fn a_page_ends_at_a_mebibyte(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let blob = "x".repeat(60_000);
    let large: Vec<Value> = (1..=12).map(|n| school.write(n, id(n), &json!({"x.blob": blob}))).collect();
    let more: Vec<Value> = (13..=24).map(|n| school.write(n, id(n), &json!({"x.blob": blob}))).collect();
    // One visit that alone is larger than a page.
    let huge = |n: i64| school.write(n, id(99), &json!({format!("x.blob{n}"): blob}));
    app.push(&phone, &large).await;
    app.push(&phone, &more).await;
    app.push(&phone, &(25..=36).map(huge).collect::<Vec<_>>()).await;
    app.push(&phone, &(37..=48).map(huge).collect::<Vec<_>>()).await;
    app.push(&phone, &[visit(&school, 100)]).await;

    let (mut cursor, mut sizes, mut seen) = (String::new(), Vec::new(), Vec::new());
    loop {
        let answer = app.get(&changes_path(&school.id, &cursor), &phone.token).await;
        let size = answer.bytes.len();
        let page = answer.expect(200);
        sizes.push((size, page["changes"].as_array().unwrap().len()));
        seen.extend(visits(&page).into_iter().map(|(id, _)| id));
        if page["more"] == false {
            break;
        }
        cursor = after(&page);
    }

    let mebibyte = 1024 * 1024;
    assert!(sizes.iter().all(|(size, count)| *size <= mebibyte + 300 || *count == 1), "{sizes:?}");
    assert!(sizes.iter().any(|(size, _)| *size > mebibyte + 300), "one record is larger than a page");
    assert_eq!(seen, (1..=24).chain([99, 100]).map(id).collect::<Vec<_>>());
}

async fn visits_before_the_date_asked_for_are_left_out(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let on = |n: i64, date: &str| school.write(n, id(n), &json!({"slot": slot(date)}));
    app.push(&phone, &[on(1, "2026-11-16"), on(2, "2026-11-17"), visit(&school, 3)]).await;

    let first = app.page(&school.id, &phone.token, "&from=2026-11-17").await;
    let on_the_old_one = school.write(4, id(1), &json!({"ratings/a": "good"}));
    app.push(&phone, &[on_the_old_one, on(5, "2026-10-08"), on(6, "2026-11-18")]).await;
    let second = app.page(&school.id, &phone.token, &after(&first)).await;

    assert_eq!(visits(&first), alive(&[2, 3]));
    assert_eq!(visits(&second), alive(&[6]), "the cursor remembers the date");
    assert_eq!(second["head"], app.page(&school.id, &phone.token, "").await["head"]);
}

async fn a_visit_moved_before_the_date_asked_for_is_gone(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let on = |n: i64, visit: i64, date: &str| school.write(n, id(visit), &json!({"slot": slot(date)}));
    app.push(&phone, &[on(1, 1, "2026-11-18"), visit(&school, 2), on(3, 3, "2026-11-18")]).await;
    let first = app.page(&school.id, &phone.token, "&from=2026-11-17").await;
    app.push(&phone, &[on(4, 1, "2026-11-10"), on(5, 2, "2026-11-10")]).await;

    let second = app.page(&school.id, &phone.token, &after(&first)).await;
    app.push(&phone, &[on(6, 1, "2026-11-19")]).await;
    let third = app.page(&school.id, &phone.token, &after(&second)).await;

    assert_eq!(visits(&first), alive(&[1, 2, 3]));
    assert_eq!(visits(&second), [gone(1), gone(2)]);
    assert_eq!(visits(&third), alive(&[1]), "and may come back");
    let from_zero = app.page(&school.id, &phone.token, "&from=2026-11-17").await;
    assert_eq!(visits(&from_zero), alive(&[3, 1]));
}

async fn everybody_gets_what_is_his_to_see(app: TestApp) {
    let school = app.plain_school().await;
    let elsewhere = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let (lin, other) = app.inspector(&school, "lin").await;
    let mut readers = vec![("zheng", zheng.token.clone()), ("lin", lin.token.clone())];
    for (login, role) in
        [("xu", "principal"), ("office", "academic_affairs"), ("du", "supervisor"), ("wang", "teacher")]
    {
        readers.push((login, app.member(&school, login, role).await.token));
    }
    for (login, role) in [("far", "supervisor"), ("away", "inspector")] {
        let person = app.add_person(&school.admin, &school.district, login, role, &[&elsewhere]).await;
        readers.push((login, person.token));
    }
    readers.push(("admin", school.admin.token.clone()));
    readers.push(("nobody", String::new()));
    let shared = json!({format!("companions/{}", lin.id): true});
    app.push(&phone, &[visit(&school, 1), school.write(2, id(2), &shared)]).await;
    app.push(&other, &[school.write(1, id(3), &json!({"ratings/a": "fair"}))]).await;

    let mut seen = Vec::new();
    for (login, token) in &readers {
        let answer = app.get(&changes_path(&school.id, ""), token).await;
        let status = answer.status.as_u16();
        let page = answer.json();
        let shown = if status == 200 { visits(&page) } else { Vec::new() };
        let reference =
            page["changes"].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == "school"));
        seen.push((*login, status, shown, reference));
    }

    let sees = |login, visits: &[i64]| (login, 200, alive(visits), true);
    let refused = |login, status| (login, status, Vec::new(), false);
    assert_eq!(
        seen,
        [
            sees("zheng", &[1, 2]),
            sees("lin", &[2, 3]),
            sees("xu", &[1, 2, 3]),
            sees("office", &[1, 2, 3]),
            sees("du", &[1, 2, 3]),
            refused("wang", 403),
            refused("far", 404),
            refused("away", 404),
            refused("admin", 403),
            refused("nobody", 401),
        ]
    );
}

async fn a_former_companion_is_told_that_the_visit_is_gone(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let (lin, _) = app.inspector(&school, "lin").await;
    let companion = format!("companions/{}", lin.id);
    app.push(&phone, &[school.write(1, id(1), &json!({companion.clone(): true})), visit(&school, 2)]).await;
    let first = app.page(&school.id, &lin.token, "").await;
    app.push(&phone, &[school.write(3, id(1), &json!({companion: null, "notes/a": {"text": "后来"}}))]).await;

    let answer = app.get(&changes_path(&school.id, &after(&first)), &lin.token).await;

    assert_eq!(visits(&first), alive(&[1]));
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("后来"), "no byte of it");
    assert_eq!(visits(&answer.expect(200)), [gone(1)]);
}

/// The reason a cursor is refused.
async fn refusal(app: &TestApp, stream: &str, token: &str, cursor: &str) -> (u16, String, Value) {
    let answer = app.get(&changes_path(stream, cursor), token).await;
    (answer.status.as_u16(), answer.code(), answer.json()["reason"].clone())
}

fn invalid(reason: &str) -> (u16, String, Value) {
    (410, "cursor-invalid".to_owned(), json!(reason))
}

async fn a_cursor_of_elsewhere_is_refused(app: TestApp) {
    let school = app.plain_school().await;
    let elsewhere = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let both = [school.id.as_str(), elsewhere.as_str()];
    let xu = app.add_person(&school.admin, &school.district, "xu", "principal", &both).await;
    let here = after(&app.page(&school.id, &xu.token, "").await);
    let there = after(&app.page(&elsewhere, &xu.token, "").await);

    let of_another_stream = refusal(&app, &school.id, &xu.token, &there).await;
    let garbage = refusal(&app, &school.id, &xu.token, "&cursor=garbage").await;
    let app = app.restart().await;
    let xu = app.sign_in("xu").await;
    let of_other_keys = refusal(&app, &school.id, &xu.token, &here).await;

    assert_eq!([of_another_stream, garbage, of_other_keys], [(); 3].map(|()| invalid("expired")));
}

async fn a_changed_grant_refuses_the_cursor(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    app.push(&phone, &[visit(&school, 1)]).await;
    let streams = |token: String| {
        let app = &app;
        async move { app.get("/api/v1/sync/streams", &token).await.expect(200)[0]["grant"].clone() }
    };
    let cursor = after(&app.page(&school.id, &zheng.token, "").await);
    let grant = streams(zheng.token.clone()).await;
    let place = json!({"role": "principal", "valid_from": "2026-09-01", "schools": [school.id]});
    let path = format!("/api/v1/districts/{}/users/{}/memberships", school.district, zheng.id);
    app.post(&path, &school.admin.token, &place).await.expect(201);

    let refused = refusal(&app, &school.id, &zheng.token, &cursor).await;

    assert_eq!(refused, invalid("grant"));
    assert_ne!(streams(zheng.token.clone()).await, grant);
    assert_eq!(visits(&app.page(&school.id, &zheng.token, "").await), alive(&[1]));
}

async fn a_waiting_reader_hears_of_news(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let at = app.page(&school.id, &zheng.token, "").await;
    let rest = format!("{}&wait=20", after(&at));
    let began = Instant::now();

    let news = [visit(&school, 1)];
    let (page, results) = tokio::join!(app.page(&school.id, &zheng.token, &rest), app.push(&phone, &news));

    assert_eq!(said(&results[0]), "applied");
    assert_eq!(visits(&page), alive(&[1]));
    assert!(began.elapsed() < Duration::from_secs(10), "it did not wait for the time to pass");
}

async fn a_waiting_reader_comes_back_after_the_time_it_gave(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, _) = app.inspector(&school, "zheng").await;
    let at = app.page(&school.id, &zheng.token, "").await;
    let began = Instant::now();

    let page = app.page(&school.id, &zheng.token, &format!("{}&wait=1", after(&at))).await;

    assert!(began.elapsed() >= Duration::from_secs(1) && began.elapsed() < Duration::from_secs(8));
    assert_eq!((&page["changes"], &page["more"], &page["head"]), (&json!([]), &json!(false), &at["head"]));
}

async fn what_another_node_wrote_is_seen_within_a_second(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let node = app.another_node().await;
    let at = node.page(&school.id, &zheng.token, "").await;
    // Nothing new: from now on the node may answer from memory.
    let nothing = node.page(&school.id, &zheng.token, &after(&at)).await;

    app.push(&phone, &[visit(&school, 1)]).await;
    app.pass(TimeDelta::seconds(1));
    let news = node.page(&school.id, &zheng.token, &after(&at)).await;

    assert_eq!(nothing["changes"], json!([]));
    assert_eq!(visits(&news), alive(&[1]));
}

async fn a_revoked_device_is_told_to_wipe(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    app.call("DELETE", &format!("/api/v1/devices/{}", phone.device), &zheng.token, None).await.expect(204);
    let mut body = phone.push(&[]);
    body["pull"] = json!({school.id.clone(): null});
    body["writes"] = json!([visit(&school, 1)]);

    let pulled = app.get(&changes_path(&school.id, ""), &phone.token).await;
    let pushed = app.post("/api/v1/sync/push", &phone.token, &body).await.expect(200);
    let elsewhere = app.get(&changes_path(&school.id, ""), &zheng.token).await;

    assert_eq!((pulled.status.as_u16(), pulled.code()), (403, "device-revoked".to_owned()));
    assert_eq!(pulled.json()["wipe"], true);
    assert_eq!(pushed["pull"][&school.id]["wipe"], true);
    assert_eq!(elsewhere.status.as_u16(), 200, "the person's other sessions go on");
}

async fn limits_are_kept_to(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, _) = app.inspector(&school, "zheng").await;

    let mut told = Vec::new();
    for rest in ["&limit=0", "&limit=1001", "&limit=many", "&from=yesterday", "&hello=1", "&limit=1000"] {
        let answer = app.get(&changes_path(&school.id, rest), &zheng.token).await;
        told.push((rest, answer.status.as_u16()));
    }

    let refused = |rest| (rest, 422);
    assert_eq!(
        told,
        [
            refused("&limit=0"),
            refused("&limit=1001"),
            refused("&limit=many"),
            refused("&from=yesterday"),
            refused("&hello=1"),
            ("&limit=1000", 200),
        ]
    );
}

async fn streams_are_a_bare_list(app: TestApp) {
    let school = app.plain_school().await;
    let elsewhere = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let (zheng, _) = app.inspector(&school, "zheng").await;
    let du = app.add_person(&school.admin, &school.district, "du", "supervisor", &[]).await;
    let wang = app.member(&school, "wang", "teacher").await;

    let of = async |token: &str| app.get("/api/v1/sync/streams", token).await.expect(200);
    let (of_zheng, of_du) = (of(&zheng.token).await, of(&du.token).await);

    let head = app.page(&school.id, &zheng.token, "").await["head"].clone();
    let grant = of_zheng[0]["grant"].clone();
    assert_eq!(
        of_zheng,
        json!([{"stream": school.id, "name": "青禾实验小学", "head": head, "grant": grant}])
    );
    let both: BTreeSet<&str> =
        of_du.as_array().unwrap().iter().map(|stream| stream["stream"].as_str().unwrap()).collect();
    assert_eq!(both, BTreeSet::from([school.id.as_str(), elsewhere.as_str()]));
    assert_eq!((of(&wang.token).await, of(&school.admin.token).await), (json!([]), json!([])));
}

async fn the_live_channel_sends_heads(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let request = Request::builder()
        .uri("/api/v1/sync/live")
        .header("authorization", format!("Bearer {}", phone.token))
        .body(Body::empty())
        .unwrap();
    let response = app.router().oneshot(request).await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let mut body = response.into_body();
    let results = app.push(&phone, &[visit(&school, 1)]).await;

    let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;

    let data = frame.unwrap().unwrap().into_data().unwrap();
    let text = String::from_utf8(data.to_vec()).unwrap();
    let event = text.strip_prefix("event: head\ndata: ").unwrap_or_else(|| panic!("{text}"));
    let told: Value = serde_json::from_str(event.trim()).unwrap();
    assert_eq!(kind, "text/event-stream");
    assert_eq!(told, json!({"stream": school.id, "head": results[0]["seq"]}));
}
