//! The sample week of 青禾实验小学: 46 visits pushed by phones make exactly the log that was worked out by hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xunke_domain::log::edition::ContentHash;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::text;
use crate::support::week::WEEK;

on_both!(the_sample_week_makes_the_expected_log);

async fn the_sample_week_makes_the_expected_log(app: TestApp) {
    let school = app.qinghe().await;
    let names = app.names(&school).await;
    let (recorders, ids) = app.play_week(&school, &names).await;
    let principal = &recorders["郑校长"].person;

    let remarks = "下周重点：音乐、劳动课表执行；候课。";
    let published = app.publish(&school, principal, WEEK, &json!({"remarks": remarks})).await.expect(201);

    let path = school.path(&format!("weeks/{WEEK}/editions/1"));
    let answer = app.get(&path, &principal.token).await;
    let edition = answer.clone().expect(200);
    let expected: Value = serde_json::from_str(include_str!("../data/qinghe-week12-expected.json")).unwrap();
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&edition["log"][key], value, "{key}");
    }
    let log = &edition["log"];
    assert_eq!(
        (&log["planned_slots"], &log["visits"], &log["visited_slots"]),
        (&json!(688), &json!(46), &json!(44))
    );
    assert_eq!((&edition["remarks"], &edition["published_by"]), (&json!(remarks), &json!("郑校长")));

    // The bytes are what the hash says, and known bytes are not sent again.
    let hash = text(&published["hash"]);
    assert_eq!(ContentHash::of(&answer.bytes).as_str(), hash);
    assert_eq!(answer.header("etag"), format!("\"{hash}\""));
    for known in
        [format!("\"{hash}\""), format!("W/\"{hash}\""), format!("\"other\", \"{hash}\""), "*".to_owned()]
    {
        let known = app.call_with("GET", &path, &principal.token, None, &[("if-none-match", &known)]).await;
        assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    }
    let other = app.call_with("GET", &path, &principal.token, None, &[("if-none-match", "\"other\"")]).await;
    assert_eq!((other.status.as_u16(), other.bytes), (200, answer.bytes.clone()));

    // Every figure leads to visits that were really made.
    let pushed: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
    let of = |value: &Value| -> BTreeSet<String> { value.as_array().unwrap().iter().map(text).collect() };
    let trace = log["trace"].as_object().unwrap();
    assert_eq!(of(&trace["visits"]), pushed);
    assert!(trace.values().all(|visits| !of(visits).is_empty() && of(visits).is_subset(&pushed)));
    for id in of(&trace["consistency.inconsistent"]) {
        let visit = app.get(&school.path(&format!("visits/{id}")), &principal.token).await.expect(200);
        assert_eq!(visit["verdict_now"], "subject_mismatch", "{visit}");
        assert!(visit["fields"]["slot"]["date"].as_str().unwrap().starts_with("2026-11-"));
    }
    assert_eq!(pushed.len(), 46);

    the_public_edition_names_nobody(&app, &path, principal, &names.teachers.into_keys().collect(), &hash)
        .await;
}

async fn the_public_edition_names_nobody(
    app: &TestApp,
    path: &str,
    reader: &crate::support::school::Person,
    teachers: &BTreeSet<String>,
    hash: &str,
) {
    let public = app.get(&format!("{path}/public"), &reader.token).await;
    assert_eq!(public.header("etag"), format!("\"public-{hash}\""));
    let bytes = String::from_utf8(public.bytes.clone()).unwrap();
    let inspectors = ["郑校长", "沈副校长", "教导处林主任", "值周孟老师", "sample0"].map(str::to_owned);
    for name in teachers.iter().chain(&inspectors) {
        assert!(!bytes.contains(name.as_str()), "{name} is named");
    }
    let log = public.expect(200);
    // 音乐: 1 of 2 checked slots displaced; that points to a teacher.
    let music = &log["displacement_by_subject"]["音乐"];
    assert_eq!(
        (&music["checked"], &music["displaced"], &music["hidden"]),
        (&json!(2), &Value::Null, &json!(true))
    );
    let small = log["displacement_by_subject"].as_object().unwrap().values();
    assert!(small.filter(|cell| cell["checked"].as_u64() < Some(5)).all(|cell| cell["displaced"].is_null()));
    assert!(log.get("trace").is_none() && log.get("inspectors").is_none() && log.get("remarks").is_none());
    assert_eq!(log["planned_slots"], 688);
}
