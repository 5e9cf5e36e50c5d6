//! Names of writes outlast a restore and a registration: the ledger, what a write says it saw, and where it was born.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{Phone, School};
use crate::support::syncing::{outcomes, with};

on_both!(
    the_ledger_says_which_writes_of_his_own_devices_there_are,
    a_write_ends_below_one_that_names_it_as_seen,
    a_write_numbered_anew_keeps_its_name,
    a_name_of_somebody_elses_or_of_another_write_is_passed_over,
);

const VISIT: Uuid = Uuid::from_u128(1);

fn rated(school: &School, n: i64, rating: &str, more: &Value) -> Value {
    with(school.write(n, VISIT, &json!({"ratings/engagement": rating})), more)
}

async fn ledger(app: &TestApp, phone: &Phone, writes: &[Value], asked: &[&str]) -> Value {
    let body = with(phone.push(writes), &json!({"ledger": asked}));
    app.post("/api/v1/sync/push", &phone.token, &body).await.expect(200)["ledger"].clone()
}

async fn the_ledger_says_which_writes_of_his_own_devices_there_are(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let (_, other) = app.inspector(&school, "wang").await;
    let second = app.phone("zheng").await;
    let nobody = "00000000000000ff";
    let odd = school.write(4, VISIT, &json!({"no_such_field": 1}));
    let writes = [rated(&school, 1, "good", &json!({})), rated(&school, 2, "fair", &json!({})), odd];

    let after = ledger(&app, &phone, &writes, &[&phone.device, &other.device, &second.device, nobody]).await;
    let asked_by_the_other = ledger(&app, &other, &[], &[&phone.device]).await;
    let asked_for_none = app.post("/api/v1/sync/push", &phone.token, &phone.push(&[])).await.expect(200);
    let late = ledger(&app, &phone, &[rated(&school, 3, "poor", &json!({}))], &[&phone.device]).await;

    assert_eq!(
        after,
        json!({&phone.device: [[1, 2], [4, 4]], &second.device: []}),
        "held ones are there too"
    );
    assert_eq!(asked_by_the_other, json!({}));
    assert_eq!(asked_for_none.get("ledger"), None);
    assert_eq!(late[&phone.device], json!([[1, 4]]));
}

/// As on a restored server: a write arrives before the one it saw, which came from a clock ahead.
async fn a_write_ends_below_one_that_names_it_as_seen(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, first) = app.inspector(&school, "zheng").await;
    let second = app.phone("zheng").await;
    let now = app.millis();
    let saw = json!({"base": 0, "saw": {&first.device: 7}, "stamp": second.stamp(now, 0)});
    app.push(&second, &[rated(&school, 1, "good", &saw)]).await;

    let ahead = |n| json!({"base": 0, "stamp": first.stamp(now + 60_000, n)});
    let results = app.push(&first, &[rated(&school, 7, "poor", &ahead(0))]).await;
    let shown = app.visit_in_feed(&school, &zheng.token, VISIT).await.unwrap();
    let unseen = app.push(&first, &[rated(&school, 8, "fair", &ahead(1))]).await;

    let lost = &results[0]["lost"]["ratings/engagement"];
    assert_eq!(results[0]["stamp"], first.stamp(now - 1, 0));
    assert_eq!((&lost["value"], lost.get("conflict")), (&json!("good"), None), "one had seen the other");
    assert_eq!(lost["write"], json!({"device": second.device, "n": 1}));
    assert_eq!(shown["writes"], json!({&first.device: 7, &second.device: 1}));
    assert_eq!(outcomes(&unseen), ["applied"], "the next one of that device it had not seen");
}

async fn a_write_numbered_anew_keeps_its_name(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let second = app.phone("zheng").await;
    let (now, forgotten) = (app.millis(), "00000000000000ff");
    let saw = json!({"base": 0, "saw": {forgotten: 7}, "stamp": second.stamp(now, 0)});
    app.push(&second, &[rated(&school, 1, "good", &saw)]).await;

    let born =
        json!({"base": 0, "born": {"device": forgotten, "n": 7}, "stamp": phone.stamp(now + 60_000, 0)});
    let results = app.push(&phone, &[rated(&school, 1, "poor", &born)]).await;
    let shown = app.visit_in_feed(&school, &zheng.token, VISIT).await.unwrap();

    assert_eq!(outcomes(&results), ["merged"], "the other had seen it under its first number");
    assert_eq!(shown["writes"], json!({forgotten: 7, &second.device: 1}));
}

async fn a_name_of_somebody_elses_or_of_another_write_is_passed_over(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let (_, other) = app.inspector(&school, "wang").await;
    let second = app.phone("zheng").await;
    app.push(&second, &[rated(&school, 1, "good", &json!({}))]).await;
    let born = |device: &str, n: i64| json!({"born": {"device": device, "n": n}});

    let foreign = rated(&school, 1, "fair", &born(&other.device, 9));
    let reused = rated(&school, 2, "poor", &born(&second.device, 1));
    app.push(&phone, &[foreign, reused]).await;

    let shown = app.visit_in_feed(&school, &zheng.token, VISIT).await.unwrap();
    assert_eq!(shown["writes"], json!({&phone.device: 2, &second.device: 1}));
}
