//! Pushes: outcomes, repetition, and one transaction for a batch.

use std::io::Write as _;

use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::on_both;
use crate::support::school::Phone;
use crate::support::syncing::{outcomes, said, slot, with};
use crate::support::{Answer, TestApp};

on_both!(
    a_visit_sent_twice_is_there_once,
    a_write_that_loses_is_told_to_what,
    a_bad_write_is_held_with_its_reason_and_delays_no_other,
    a_write_to_a_school_one_never_visited_is_held,
    rights_are_those_at_the_time_of_the_visit,
    a_membership_begins_with_the_day_of_the_school,
    what_a_revoked_device_sends_is_held,
    a_closed_term_takes_no_visits,
    an_erased_record_stays_erased,
    a_known_number_with_another_body_refuses_the_whole_push,
    a_write_sent_again_under_its_canonical_stamp_is_a_duplicate,
    a_held_write_sent_again_with_another_base_is_a_duplicate,
    a_write_sent_again_under_another_stamp_is_told_the_canonical_one,
    a_stamp_far_ahead_becomes_the_time_of_receipt,
    a_stamp_names_the_device_that_sends,
    a_write_without_base_and_stamp_has_seen_what_is_there,
    fields_of_other_apps_are_kept_verbatim,
    the_device_board_shows_what_has_not_arrived,
    five_hundred_writes_are_one_push_and_one_more_is_too_many,
    thousands_of_fields_may_clash_in_one_push,
    a_body_of_more_than_a_mebibyte_is_refused_however_it_is_packed,
    bodies_travel_compressed_both_ways,
    an_envelope_that_is_wrong_is_refused_by_its_place,
    only_the_owner_of_a_device_pushes_with_it,
    a_push_brings_the_pages_it_asks_for,
);

async fn a_visit_sent_twice_is_there_once(app: TestApp) {
    let school = app.qinghe().await;
    app.add_person(&school.admin, &school.district, "zheng", "inspector", &[&school.id]).await;
    let phone = app.phone("zheng").await;
    let push = phone.push(&[school.write(1, Uuid::from_u128(7), &json!({"ratings/engagement": "good"}))]);

    let first = app.post("/api/v1/sync/push", &phone.token, &push).await.expect(200);
    let again = app.post("/api/v1/sync/push", &phone.token, &push).await.expect(200);

    assert_eq!(first["results"][0]["outcome"], "applied");
    assert_eq!(
        (&again["results"][0]["outcome"], &again["results"][0]["first"]),
        (&json!("duplicate"), &json!("applied"))
    );
    assert_eq!(again["results"][0]["seq"], first["results"][0]["seq"]);
    let visits = app.get(&school.path("visits"), &phone.token).await.expect(200);
    assert_eq!(visits["items"].as_array().unwrap().len(), 1);
}

async fn a_write_that_loses_is_told_to_what(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, one) = app.inspector(&school, "zheng").await;
    let other = app.phone("zheng").await;
    let (visit, now) = (Uuid::from_u128(7), app.millis());
    let later = with(
        school.write(1, visit, &json!({"ratings/a": "good", "ratings/b": "good"})),
        &json!({"base": 0, "stamp": one.stamp(now, 0)}),
    );
    let earlier = with(
        school.write(1, visit, &json!({"ratings/a": "fair", "ratings/b": "good", "ratings/c": "poor"})),
        &json!({"base": 0, "stamp": other.stamp(now - 1, 0)}),
    );
    app.push(&one, &[later]).await;

    let merged = app.push(&other, &[earlier]).await.remove(0);

    assert_eq!(merged["outcome"], "merged");
    let lost = &merged["lost"]["ratings/a"];
    assert_eq!(
        (&lost["value"], &lost["stamp"], &lost["by"]),
        (&json!("good"), &json!(one.stamp(now, 0)), &json!(zheng.id))
    );
    let path = format!("/api/v1/sync/conflicts?stream={}", school.id);
    let conflicts = app.get(&path, &zheng.token).await.expect(200);
    assert_eq!(conflicts["items"][0]["id"], lost["conflict"]);
    let same = &merged["lost"]["ratings/b"];
    assert_eq!((&same["value"], same.get("conflict")), (&json!("good"), None), "equal values do not clash");
    let shown = app.visit_in_feed(&school, &zheng.token, visit).await.unwrap();
    assert_eq!(shown["fields"], json!({"ratings/a": "good", "ratings/b": "good", "ratings/c": "poor"}));
}

async fn a_bad_write_is_held_with_its_reason_and_delays_no_other(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let (_, stranger) = app.inspector(&school, "lin").await;
    let visit = |id| Uuid::from_u128(id);
    app.push(&stranger, &[school.write(1, visit(1), &json!({"kind": "walkthrough"}))]).await;
    let good = |n: i64, id| school.write(n, visit(id), &json!({"ratings/engagement": "good"}));
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    let writes = [
        good(1, 101),
        school.write(2, visit(2), &json!({"ratings/engagement": "great"})),
        school.write(3, visit(3), &json!({"mood": "sunny"})),
        with(good(4, 4), &json!({"type": "song"})),
        with(good(5, 5), &json!({"type": "class"})),
        school.write(6, visit(1), &json!({"kind": "lesson_observation"})),
        school.write(7, visit(7), &json!({"x.blob": "x".repeat(70_000)})),
        with(good(8, 8), &json!({"stamp": "yesterday"})),
        school.write(9, visit(9), &json!({"x.deep": deep})),
        school.write(10, visit(10), &json!({})),
        with(good(11, 11), &json!({"colour": "red"})),
        json!({"n": 12}),
        good(13, 113),
    ];

    let results = app.push(&phone, &writes).await;

    let told: Vec<(&str, &str)> =
        results.iter().map(|result| (said(result), result["pointer"].as_str().unwrap_or(""))).collect();
    let too_deep = format!("/set/x.deep{}", "/0".repeat(30));
    assert_eq!(
        told,
        [
            ("applied", ""),
            ("invalid_value", "/set/ratings~1engagement"),
            ("unknown_field", "/set/mood"),
            ("unknown_type", "/type"),
            ("unknown_type", "/type"),
            ("not_author", "/record"),
            ("too_large", ""),
            ("invalid_value", "/stamp"),
            ("invalid_value", too_deep.as_str()),
            ("invalid_value", "/set"),
            ("unknown_field", "/colour"),
            ("invalid_value", "/stream"),
            ("applied", ""),
        ]
    );
    let held: Vec<&Value> = results.iter().filter(|result| result["outcome"] == "held").collect();
    assert!(held.iter().all(|result| result["held"].is_string() && result.get("seq").is_none()));
    let page = app.page(&school.id, &phone.token, "").await;
    let visits = crate::support::syncing::visits(&page);
    assert_eq!(visits, [(visit(101), "alive".to_owned()), (visit(113), "alive".to_owned())]);
}

async fn a_write_to_a_school_one_never_visited_is_held(app: TestApp) {
    let school = app.plain_school().await;
    let elsewhere = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    app.member(&school, "wang", "teacher").await;
    let teacher = app.phone("wang").await;
    let write = |n, id| school.write(n, Uuid::from_u128(id), &json!({"ratings/a": "good"}));

    let results = app
        .push(
            &phone,
            &[
                with(write(1, 1), &json!({"stream": elsewhere})),
                with(write(2, 2), &json!({"stream": Uuid::from_u128(9)})),
                write(3, 3),
            ],
        )
        .await;
    let of_a_teacher = app.push(&teacher, &[write(1, 4)]).await;

    let told: Vec<&str> = results.iter().chain(&of_a_teacher).map(said).collect();
    assert_eq!(told, ["not_a_member", "not_a_member", "applied", "not_a_member"]);
}

async fn rights_are_those_at_the_time_of_the_visit(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    app.end_membership(&school, &zheng, "2026-11-20").await;
    let on = |n: i64, date: &str| {
        school.write(n, Uuid::from_u128(n.unsigned_abs().into()), &json!({"slot": slot(date)}))
    };
    let undated = school.write(4, Uuid::from_u128(4), &json!({"ratings/a": "good"}));
    let known = school.write(5, Uuid::from_u128(1), &json!({"ratings/a": "good"}));

    let results = app
        .push(&phone, &[on(1, "2026-11-20"), on(2, "2026-11-21"), on(3, "2026-08-31"), undated, known])
        .await;

    let told: Vec<&str> = results.iter().map(said).collect();
    let ended = "membership_ended";
    assert_eq!(told, ["applied", ended, ended, ended, "applied"]);
    assert_eq!(results[1]["pointer"], "/set/slot/date");
}

/// Before eight in the morning in Shanghai it is still yesterday in UTC.
async fn a_membership_begins_with_the_day_of_the_school(app: TestApp) {
    let school = app.plain_school().await;
    let zheng = app.member(&school, "zheng", "inspector").await;
    app.end_membership(&school, &zheng, "2026-11-22").await;
    let place = json!({"role": "inspector", "valid_from": "2026-11-24", "schools": [school.id]});
    let path = format!("/api/v1/districts/{}/users/{}/memberships", school.district, zheng.id);
    app.post(&path, &school.admin.token, &place).await.expect(201);
    let undated =
        |n: i64| school.write(n, Uuid::from_u128(n.unsigned_abs().into()), &json!({"ratings/a": "good"}));
    app.pass(TimeDelta::hours(15));
    let phone = app.phone("zheng").await;
    let on_the_evening_before = app.push(&phone, &[undated(1)]).await;
    app.pass(TimeDelta::hours(2));
    let phone = app.phone("zheng").await;

    let on_the_first_night = app.push(&phone, &[undated(2)]).await;

    assert_eq!(
        (said(&on_the_evening_before[0]), said(&on_the_first_night[0])),
        ("membership_ended", "applied")
    );
}

async fn what_a_revoked_device_sends_is_held(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let path = format!("/api/v1/devices/{}", phone.device);
    app.call("DELETE", &path, &zheng.token, None).await.expect(204);

    let results =
        app.push(&phone, &[school.write(1, Uuid::from_u128(1), &json!({"ratings/a": "good"}))]).await;
    let empty = app.post("/api/v1/sync/push", &phone.token, &phone.push(&[])).await;

    assert_eq!(said(&results[0]), "device_revoked");
    assert_eq!((empty.code(), empty.json()["wipe"].clone()), ("device-revoked".to_owned(), json!(true)));
}

async fn a_closed_term_takes_no_visits(app: TestApp) {
    let school = app.qinghe().await;
    app.member(&school, "zheng", "inspector").await;
    let visit = |n: i64| {
        school.write(n, Uuid::from_u128(n.unsigned_abs().into()), &json!({"slot": slot("2026-11-17")}))
    };
    // The semester ends on 2027-01-22, so its thirty days end on 2027-02-21.
    app.pass(TimeDelta::days(90));
    let phone = app.phone("zheng").await;
    let on_the_last_day = app.push(&phone, &[visit(1)]).await;
    app.pass(TimeDelta::days(1));
    let phone = app.phone("zheng").await;

    let a_day_later = app.push(&phone, &[visit(2)]).await;

    assert_eq!((said(&on_the_last_day[0]), said(&a_day_later[0])), ("applied", "term_closed"));
}

async fn an_erased_record_stays_erased(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let xu = app.member(&school, "xu", "principal").await;
    let visit = Uuid::from_u128(7);
    let write = |n| school.write(n, visit, &json!({"notes/a": {"text": "某生"}, "slot": slot("2026-11-17")}));
    app.push(&phone, &[write(1)]).await;
    let before = app.page(&school.id, &zheng.token, "").await;
    let seq = app.erase_visit(&school, visit).await;

    let results = app.push(&phone, &[write(1), write(2)]).await;

    assert_eq!((said(&results[0]), said(&results[1])), ("duplicate", "record_erased"));
    let after = app.page(&school.id, &zheng.token, &crate::support::syncing::after(&before)).await;
    assert_eq!(
        after["changes"],
        json!([{"seq": seq, "type": "visit", "id": visit, "life": "erased"}]),
        "those who had it are told"
    );
    assert_eq!(app.visit_in_feed(&school, &zheng.token, visit).await, None, "and nobody else");
    let visits = app.get(&school.path("visits"), &xu.token).await.expect(200);
    assert_eq!(visits["items"], json!([]));
    let admit = format!("/api/v1/sync/held/{}/admit", results[1]["held"].as_str().unwrap());
    app.post(&admit, &xu.token, &json!({})).await.expect(422);
}

async fn a_known_number_with_another_body_refuses_the_whole_push(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let write = |n, id, rating: &str| school.write(n, Uuid::from_u128(id), &json!({"ratings/a": rating}));
    app.push(&phone, &[write(1, 1, "good")]).await;
    let body = phone.push(&[write(2, 2, "good"), write(1, 1, "poor"), write(3, 3, "good")]);
    let twins = phone.push(&[write(4, 4, "good"), write(4, 4, "poor")]);

    let fork = app.post("/api/v1/sync/push", &phone.token, &body).await;
    let inside = app.post("/api/v1/sync/push", &phone.token, &twins).await;

    assert_eq!(
        (fork.status.as_u16(), fork.code(), fork.json()["n"].clone()),
        (409, "device-fork".into(), 1.into())
    );
    assert_eq!((inside.code(), inside.json()["n"].clone()), ("device-fork".into(), 4.into()));
    let visits = app.get(&school.path("visits"), &phone.token).await.expect(200);
    assert_eq!(visits["items"].as_array().unwrap().len(), 1, "nothing of them was taken in");
    let results = app.push(&phone, &[write(2, 2, "good")]).await;
    assert_eq!(said(&results[0]), "applied", "a number of a refused push is free");
}

async fn a_write_sent_again_under_its_canonical_stamp_is_a_duplicate(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let write = school.write(1, Uuid::from_u128(1), &json!({"ratings/a": "good"}));
    let ahead = phone.stamp(app.millis() + 3_600_000, 0);
    let first = app.push(&phone, &[with(write.clone(), &json!({"base": 3, "stamp": ahead}))]).await;
    let canonical = first[0]["stamp"].clone();

    let again = app.push(&phone, &[with(write, &json!({"base": 0, "stamp": canonical}))]).await;

    assert_eq!(
        (&again[0]["outcome"], &again[0]["first"], &again[0]["seq"], &again[0]["stamp"]),
        (&json!("duplicate"), &json!("applied"), &first[0]["seq"], &canonical)
    );
}

/// A phone that was put back to a backup of its own sends a write under the stamp it first claimed, which the server
/// may know under a canonical one alone.
async fn a_write_sent_again_under_another_stamp_is_told_the_canonical_one(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let write = school.write(1, Uuid::from_u128(1), &json!({"ratings/engagement": "good"}));
    let (known, claimed) = (phone.stamp(app.millis(), 3), phone.stamp(app.millis() + 9_000, 0));
    let first = app.push(&phone, &[with(write.clone(), &json!({"base": 0, "stamp": known}))]).await;

    let again = app.push(&phone, &[with(write, &json!({"base": 0, "stamp": claimed}))]).await;

    assert_eq!((said(&again[0]), first[0].get("stamp")), ("duplicate", None));
    assert_eq!(again[0]["stamp"], json!(known));
}

/// After a restore a phone sends held writes again too, with the base taken back.
async fn a_held_write_sent_again_with_another_base_is_a_duplicate(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let large = school.write(1, Uuid::from_u128(1), &json!({"x.blob": "x".repeat(70_000)}));
    let first = app.push(&phone, &[with(large.clone(), &json!({"base": 3}))]).await;

    let again = app.push(&phone, &[with(large, &json!({"base": 0}))]).await;

    assert_eq!((said(&first[0]), &again[0]["outcome"]), ("too_large", &json!("duplicate")));
    assert_eq!((&again[0]["first"], &again[0]["held"]), (&json!("held"), &first[0]["held"]));
}

async fn a_stamp_far_ahead_becomes_the_time_of_receipt(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let (visit, now) = (Uuid::from_u128(1), app.millis());
    let write = |n, path: &str, rating: &str, ahead| {
        with(
            school.write(n, visit, &json!({path: rating})),
            &json!({"base": 0, "stamp": phone.stamp(now + ahead, 0)}),
        )
    };

    let results = app
        .push(
            &phone,
            &[
                write(1, "ratings/near", "good", 120_000),
                write(2, "ratings/far", "good", 120_001),
                write(3, "ratings/far", "fair", 99_999_999),
            ],
        )
        .await;

    assert_eq!(outcomes(&results), ["applied", "applied", "applied"]);
    let stamps: Vec<Option<&str>> = results.iter().map(|result| result["stamp"].as_str()).collect();
    let (second, third) = (phone.stamp(now, 0), phone.stamp(now, 1));
    assert_eq!(stamps, [None, Some(second.as_str()), Some(third.as_str())], "in the order they were made");
    let shown = app.visit_in_feed(&school, &zheng.token, visit).await.unwrap();
    assert_eq!(shown["fields"]["ratings/far"], "fair");
}

async fn a_stamp_names_the_device_that_sends(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let other = app.phone("zheng").await;
    let (visit, now) = (Uuid::from_u128(1), app.millis());
    let write = |rating: &str, stamp: String| {
        with(school.write(1, visit, &json!({"ratings/a": rating})), &json!({"base": 0, "stamp": stamp}))
    };
    let borrowed = "00000000000000aa";
    let claimed = phone.stamp(now, 5).replace(&phone.device, borrowed);

    let results = app.push(&phone, &[write("good", claimed)]).await;
    let beaten = app.push(&other, &[write("fair", other.stamp(now - 1, 0))]).await;

    assert_eq!(results[0]["stamp"], phone.stamp(now, 5));
    assert_eq!((said(&beaten[0]), &beaten[0]["lost"]["ratings/a"]["by"]), ("merged", &json!(zheng.id)));
}

async fn a_write_without_base_and_stamp_has_seen_what_is_there(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let simple = app.phone("zheng").await;
    let visit = Uuid::from_u128(1);
    let ahead = phone.stamp(app.millis() + 100_000, 0);
    let stamped =
        with(school.write(1, visit, &json!({"ratings/a": "good"})), &json!({"base": 0, "stamp": ahead}));
    app.push(&phone, &[stamped]).await;

    let results = app.push(&simple, &[school.write(1, visit, &json!({"ratings/a": "fair"}))]).await;

    assert_eq!(said(&results[0]), "applied");
    assert!(results[0]["stamp"].as_str().unwrap() > ahead.as_str(), "lifted above what it had seen");
    let path = format!("/api/v1/sync/conflicts?stream={}", school.id);
    assert_eq!(app.get(&path, &zheng.token).await.expect(200)["items"], json!([]));
    let shown = app.visit_in_feed(&school, &zheng.token, visit).await.unwrap();
    assert_eq!(shown["fields"]["ratings/a"], "fair");
}

async fn fields_of_other_apps_are_kept_verbatim(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let set = json!({"x.mood": {"a": [1, 2.5, -0.125, "文", null, {"b": false}]}, "x.big": 9_007_199_254_740_993_i64,
        "x.list/1": "", "x.text": "\u{1F600}\"\\\n"});

    let results = app.push(&phone, &[school.write(1, Uuid::from_u128(1), &set)]).await;

    assert_eq!(said(&results[0]), "applied");
    let shown = app.visit_in_feed(&school, &zheng.token, Uuid::from_u128(1)).await.unwrap();
    assert_eq!(shown["fields"], set);
}

async fn the_device_board_shows_what_has_not_arrived(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let xu = app.member(&school, "xu", "principal").await;
    let write =
        |n: i64| school.write(n, Uuid::from_u128(n.unsigned_abs().into()), &json!({"ratings/a": "good"}));
    let body = with(
        phone.push(&[write(1), write(4), write(5)]),
        &json!({"unsent": 3, "now": "2026-11-23T08:00:05+08:00"}),
    );
    app.post("/api/v1/sync/push", &phone.token, &body).await.expect(200);
    let board = async || {
        let board = app.get(&school.path("devices"), &xu.token).await.expect(200);
        let row = board["items"][0].clone();
        (row["device"].clone(), row["unsent"].clone(), row["missing"].clone(), row["clock_offset"].clone())
    };
    let with_a_gap = board().await;

    app.push(&phone, &[write(3), write(2), write(1)]).await;

    assert_eq!(with_a_gap, (json!(phone.device), 3.into(), 2.into(), 5000.into()));
    assert_eq!(board().await.2, json!(0));
}

async fn five_hundred_writes_are_one_push_and_one_more_is_too_many(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let write =
        |n: i64| school.write(n, Uuid::from_u128(n.unsigned_abs().into()), &json!({"ratings/a": "good"}));
    let writes: Vec<Value> = (1..=501).map(write).collect();

    let too_many = app.post("/api/v1/sync/push", &phone.token, &phone.push(&writes)).await;
    let results = app.push(&phone, &writes[..500]).await;

    assert_eq!((too_many.status.as_u16(), too_many.code()), (413, "too-large".to_owned()));
    assert!(results.iter().all(|result| result["outcome"] == "applied"));
    let seqs: Vec<i64> = results.iter().map(|result| result["seq"].as_i64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "numbered in order, without a gap");
}

async fn thousands_of_fields_may_clash_in_one_push(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, one) = app.inspector(&school, "zheng").await;
    let other = app.phone("zheng").await;
    let now = app.millis();
    let writes = |phone: &Phone, rating: &str, at: i64| -> Vec<Value> {
        let set: Value = (0..700).map(|field| (format!("ratings/f{field}"), json!(rating))).collect();
        (1..=6)
            .map(|n: i64| {
                let write = school.write(n, Uuid::from_u128(n.unsigned_abs().into()), &set);
                with(write, &json!({"base": 0, "stamp": phone.stamp(at, 0)}))
            })
            .collect()
    };
    app.push(&one, &writes(&one, "good", now)).await;

    let results = app.push(&other, &writes(&other, "fair", now - 1)).await;

    assert!(results.iter().all(|result| result["lost"].as_object().unwrap().len() == 700));
    let path = format!("/api/v1/sync/conflicts?stream={}&limit=200", school.id);
    let conflicts = app.get(&path, &zheng.token).await.expect(200);
    assert_eq!(conflicts["items"].as_array().unwrap().len(), 200);
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

/// A push as raw bytes.
async fn raw(app: &TestApp, phone: &Phone, body: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method("POST").uri("/api/v1/sync/push");
    request = request.header("authorization", format!("Bearer {}", phone.token));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::from(body)).unwrap()).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

async fn a_body_of_more_than_a_mebibyte_is_refused_however_it_is_packed(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let exact = |size: usize| {
        let empty = phone.push(&[]).to_string();
        format!("{}{empty}", " ".repeat(size - empty.len())).into_bytes()
    };
    let bomb = vec![b' '; 64 * 1024 * 1024];
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(27).unwrap();
    wide.write_all(&bomb).unwrap();
    let mebibyte = 1024 * 1024;

    let fits = raw(&app, &phone, exact(mebibyte), &[JSON]).await;
    let plain = raw(&app, &phone, exact(mebibyte + 1), &[JSON]).await;
    let gzipped = raw(&app, &phone, gzip(&exact(mebibyte + 1)), &[JSON, ("content-encoding", "gzip")]).await;
    let zipped = raw(&app, &phone, gzip(&bomb), &[JSON, ("content-encoding", "gzip")]).await;
    let packed = zstd::encode_all(bomb.as_slice(), 1).unwrap();
    let packed = raw(&app, &phone, packed, &[JSON, ("content-encoding", "zstd")]).await;
    let wide = raw(&app, &phone, wide.finish().unwrap(), &[JSON, ("content-encoding", "zstd")]).await;

    let statuses = [fits, plain, gzipped, zipped, packed, wide].map(|answer| answer.status.as_u16());
    assert_eq!(statuses, [200, 413, 413, 413, 413, 400]);
}

async fn bodies_travel_compressed_both_ways(app: TestApp) {
    let school = app.qinghe().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let body = |n| {
        let write = school.write(n, Uuid::from_u128(1), &json!({"ratings/a": "good"}));
        with(phone.push(&[write]), &json!({"pull": {school.id.clone(): null}})).to_string().into_bytes()
    };
    let asked = |name| [JSON, ("content-encoding", name), ("accept-encoding", name)];

    let zipped = raw(&app, &phone, gzip(&body(1)), &asked("gzip")).await;
    let packed = raw(&app, &phone, zstd::encode_all(body(2).as_slice(), 3).unwrap(), &asked("zstd")).await;

    let mut plain = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(zipped.bytes.as_slice()), &mut plain)
        .unwrap();
    let first: Value = serde_json::from_str(&plain).unwrap();
    let second: Value = serde_json::from_slice(&zstd::decode_all(packed.bytes.as_slice()).unwrap()).unwrap();
    assert_eq!([zipped.header("content-encoding"), packed.header("content-encoding")], ["gzip", "zstd"]);
    assert_eq!([said(&first["results"][0]), said(&second["results"][0])], ["applied", "applied"]);
}

async fn an_envelope_that_is_wrong_is_refused_by_its_place(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let push = phone.push(&[school.write(1, Uuid::from_u128(1), &json!({"ratings/a": "good"}))]);
    let changed = |members: &Value| with(push.clone(), members).to_string().into_bytes();

    let cut = raw(&app, &phone, b"{\"device\":".to_vec(), &[JSON]).await;
    let not_gzip = raw(&app, &phone, b"{}".to_vec(), &[JSON, ("content-encoding", "gzip")]).await;
    let text = raw(&app, &phone, changed(&json!({})), &[("content-type", "text/plain")]).await;
    let brotli = raw(&app, &phone, changed(&json!({})), &[JSON, ("content-encoding", "br")]).await;
    let old = raw(&app, &phone, changed(&json!({"schema": 0})), &[JSON]).await;
    let mut shapes = Vec::new();
    for members in [
        json!({"device": "phone"}),
        json!({"schema": "1"}),
        json!({"writes": {}}),
        json!({"writes": [{"n": 0}]}),
        json!({"unsent": "many"}),
        json!({"now": "yesterday"}),
        json!({"pull": []}),
        json!({"hello": 1}),
    ] {
        let answer = raw(&app, &phone, changed(&members), &[JSON]).await;
        shapes.push((answer.status.as_u16(), answer.pointers().join(" ")));
    }

    let told = [cut, not_gzip, text, brotli, old].map(|answer| (answer.status.as_u16(), answer.code()));
    let expect = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(
        told,
        [
            expect(400, "unparsable"),
            expect(400, "unparsable"),
            expect(415, "unsupported-media-type"),
            expect(415, "unsupported-media-type"),
            expect(426, "app-too-old"),
        ]
    );
    let places = ["/device", "/schema", "/writes", "/writes/0/n", "/unsent", "/now", "/pull", "/hello"];
    assert_eq!(shapes, places.map(|place| expect(422, place)));
    let visits = app.get(&school.path("visits"), &phone.token).await.expect(200);
    assert_eq!(visits["items"], json!([]));
}

async fn only_the_owner_of_a_device_pushes_with_it(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let lin = app.member(&school, "lin", "inspector").await;
    let push = phone.push(&[school.write(1, Uuid::from_u128(1), &json!({"ratings/a": "good"}))]);
    let unknown = with(push.clone(), &json!({"device": "00000000000000aa"}));

    let by_another = app.post("/api/v1/sync/push", &lin.token, &push).await;
    let by_nobody = app.post("/api/v1/sync/push", "", &push).await;
    let of_none = app.post("/api/v1/sync/push", &phone.token, &unknown).await;

    let told = [by_another, by_nobody, of_none].map(|answer| (answer.status.as_u16(), answer.code()));
    let unknown = (403, "device-unknown".to_owned());
    assert_eq!(told, [unknown.clone(), (401, "unauthenticated".to_owned()), unknown]);
}

async fn a_push_brings_the_pages_it_asks_for(app: TestApp) {
    let school = app.plain_school().await;
    let elsewhere = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let visit = Uuid::from_u128(1);
    let ask = |n, cursor: Value, other: Value| {
        let write = school.write(n, visit, &json!({"ratings/a": "good", "x.n": n}));
        with(phone.push(&[write]), &json!({"pull": {school.id.clone(): cursor, elsewhere.clone(): other}}))
    };
    let first =
        app.post("/api/v1/sync/push", &phone.token, &ask(1, json!(null), json!(null))).await.expect(200);
    let cursor = first["pull"][&school.id]["cursor"].clone();

    let second = app.post("/api/v1/sync/push", &phone.token, &ask(2, cursor, json!("x"))).await.expect(200);

    let page = &second["pull"][&school.id];
    assert_eq!(page["changes"].as_array().unwrap().len(), 1);
    assert_eq!(page["changes"][0]["seq"], second["results"][0]["seq"], "what was just sent is on it");
    assert_eq!((&page["more"], &page["head"]), (&json!(false), &second["results"][0]["seq"]));
    assert_eq!(second["pull"][&elsewhere]["code"], "not-found", "a refused pull spoils nothing");
}
