//! Conflicts: two writes of one field that did not know of each other, and how people settle them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{Person, Phone, School};
use crate::support::syncing::{outcomes, said, with};

on_both!(
    two_phones_that_did_not_know_of_each_other_open_a_conflict,
    the_order_of_arrival_does_not_decide,
    an_author_and_a_companion_may_disagree,
    equal_values_are_no_conflict,
    a_phone_does_not_disagree_with_itself,
    a_write_that_saw_both_settles,
    a_principal_settles_with_one_of_the_two_values_and_writes_nothing_else,
    everybody_lists_the_conflicts_of_what_he_sees,
);

const VISIT: Uuid = Uuid::from_u128(7);

/// A write that had seen the stream up to `base`.
fn knowing(school: &School, phone: &Phone, (n, base, at): (i64, i64, i64), set: &Value) -> Value {
    with(school.write(n, VISIT, set), &json!({"base": base, "stamp": phone.stamp(at, 0)}))
}

async fn conflicts(app: &TestApp, school: &School, token: &str) -> Vec<Value> {
    let path = format!("/api/v1/sync/conflicts?stream={}", school.id);
    app.get(&path, token).await.expect(200)["items"].as_array().unwrap().clone()
}

/// A visit of Zheng's on which his two phones disagree: `good` stands, `fair` was earlier.
async fn at_odds(app: &TestApp) -> (School, Person, [Phone; 2], i64) {
    let school = app.plain_school().await;
    let (zheng, one) = app.inspector(&school, "zheng").await;
    let other = app.phone("zheng").await;
    let now = app.millis();
    app.push(&one, &[knowing(&school, &one, (1, 0, now), &json!({"ratings/a": "good"}))]).await;
    let second =
        app.push(&other, &[knowing(&school, &other, (1, 0, now - 9), &json!({"ratings/a": "fair"}))]).await;
    let seq = second[0]["seq"].as_i64().unwrap();
    (school, zheng, [one, other], seq)
}

async fn two_phones_that_did_not_know_of_each_other_open_a_conflict(app: TestApp) {
    let (school, zheng, [one, other], seq) = at_odds(&app).await;

    let open = conflicts(&app, &school, &zheng.token).await;

    let now = app.millis();
    let side = |value: &str, stamp: String, seq: i64| {
        json!({"value": value, "stamp": stamp, "seq": seq, "by": zheng.id,
            "received_at": open[0]["opened_at"]})
    };
    assert_eq!(open.len(), 1);
    assert_eq!(
        (&open[0]["type"], &open[0]["record"], &open[0]["field"]),
        (&json!("visit"), &json!(VISIT), &json!("ratings/a"))
    );
    assert_eq!(open[0]["standing"], side("good", one.stamp(now, 0), seq - 1));
    assert_eq!(open[0]["arrived"], side("fair", other.stamp(now - 9, 0), seq));
    let shown = app.visit_in_feed(&school, &zheng.token, VISIT).await.unwrap();
    assert_eq!(shown["fields"]["ratings/a"], "good", "the record has a value all along");
}

async fn the_order_of_arrival_does_not_decide(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, one) = app.inspector(&school, "zheng").await;
    let other = app.phone("zheng").await;
    let now = app.millis();
    let early =
        app.push(&other, &[knowing(&school, &other, (1, 0, now - 9), &json!({"ratings/a": "fair"}))]).await;

    let late = app.push(&one, &[knowing(&school, &one, (1, 0, now), &json!({"ratings/a": "good"}))]).await;

    assert_eq!((said(&early[0]), said(&late[0])), ("applied", "applied"));
    let open = conflicts(&app, &school, &zheng.token).await;
    assert_eq!(
        (&open[0]["standing"]["value"], &open[0]["arrived"]["value"]),
        (&json!("fair"), &json!("good"))
    );
    let shown = app.visit_in_feed(&school, &zheng.token, VISIT).await.unwrap();
    assert_eq!(shown["fields"]["ratings/a"], "good");
}

async fn an_author_and_a_companion_may_disagree(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, author) = app.inspector(&school, "zheng").await;
    let (lin, companion) = app.inspector(&school, "lin").await;
    let now = app.millis();
    let set = json!({format!("companions/{}", lin.id): true});
    let first = app.push(&author, &[knowing(&school, &author, (1, 0, now), &set)]).await;
    let known = first[0]["seq"].as_i64().unwrap();
    let ours = json!({"ratings/a": "good", "ratings/b": "good"});
    app.push(&author, &[knowing(&school, &author, (2, known, now + 1), &ours)]).await;

    let theirs = json!({"ratings/a": "poor", "ratings/c": "fair"});
    let results = app.push(&companion, &[knowing(&school, &companion, (1, known, now + 2), &theirs)]).await;
    let not_his =
        [json!({"withdrawn": {"reason": "误记"}}), json!({format!("companions/{}", zheng.id): true})];
    let [withdrawal, people] = not_his;
    let refused = app
        .push(
            &companion,
            &[
                knowing(&school, &companion, (2, known, now + 3), &withdrawal),
                knowing(&school, &companion, (3, known, now + 4), &people),
            ],
        )
        .await;

    assert_eq!(said(&results[0]), "applied");
    assert_eq!([said(&refused[0]), said(&refused[1])], ["not_author", "not_author"]);
    let open = conflicts(&app, &school, &lin.token).await;
    assert_eq!(open.len(), 1);
    let by = (&open[0]["standing"]["by"], &open[0]["arrived"]["by"]);
    assert_eq!(by, (&json!(zheng.id), &json!(lin.id)));
}

async fn equal_values_are_no_conflict(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, one) = app.inspector(&school, "zheng").await;
    let other = app.phone("zheng").await;
    let now = app.millis();
    let set = json!({"ratings/a": "good"});
    app.push(&one, &[knowing(&school, &one, (1, 0, now), &set)]).await;

    let results = app.push(&other, &[knowing(&school, &other, (1, 0, now + 5), &set)]).await;

    assert_eq!(said(&results[0]), "applied");
    assert_eq!(conflicts(&app, &school, &zheng.token).await, Vec::<Value>::new());
}

async fn a_phone_does_not_disagree_with_itself(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let now = app.millis();
    let rated = |n, at, rating: &str| knowing(&school, &phone, (n, 0, at), &json!({"ratings/a": rating}));

    let later_first = app.push(&phone, &[rated(3, now, "poor"), rated(1, now + 5, "good")]).await;
    let between = app.push(&phone, &[rated(2, now - 50, "fair")]).await;

    assert_eq!(outcomes(&later_first), ["applied", "merged"]);
    assert_eq!(outcomes(&between), ["merged"]);
    assert_eq!(conflicts(&app, &school, &zheng.token).await, Vec::<Value>::new());
    let shown = app.visit_in_feed(&school, &zheng.token, VISIT).await.unwrap();
    assert_eq!(shown["fields"]["ratings/a"], "poor", "its last word, whatever its clock said");
}

async fn a_write_that_saw_both_settles(app: TestApp) {
    let (school, zheng, [one, other], seq) = at_odds(&app).await;
    let now = app.millis();
    let rate = |phone: &Phone, n, base, rating: &str| {
        knowing(&school, phone, (n, base, now - 99), &json!({"ratings/a": rating}))
    };

    let saw_one = app.push(&one, &[rate(&one, 2, seq - 1, "good")]).await;
    let still_open = conflicts(&app, &school, &zheng.token).await.len();
    let head = saw_one[0]["seq"].as_i64().unwrap();
    let saw_both = app.push(&other, &[rate(&other, 2, head, "poor")]).await;

    assert_eq!((still_open, said(&saw_both[0])), (1, "applied"));
    assert_eq!(conflicts(&app, &school, &zheng.token).await, Vec::<Value>::new());
    let shown = app.visit_in_feed(&school, &zheng.token, VISIT).await.unwrap();
    assert_eq!(shown["fields"]["ratings/a"], "poor", "who had seen both is never beaten by them");
}

async fn a_principal_settles_with_one_of_the_two_values_and_writes_nothing_else(app: TestApp) {
    let (school, zheng, _, seq) = at_odds(&app).await;
    app.member(&school, "xu", "principal").await;
    let phone = app.phone("xu").await;
    let now = app.millis();
    let write = |n, set: &Value| knowing(&school, &phone, (n, seq, now), set);

    let refused = app
        .push(
            &phone,
            &[
                write(1, &json!({"ratings/a": "poor"})),
                write(2, &json!({"ratings/b": "good"})),
                write(3, &json!({"ratings/a": "fair", "x.note": 1})),
            ],
        )
        .await;
    let settled = app.push(&phone, &[write(4, &json!({"ratings/a": "fair"}))]).await;
    let too_late = app.push(&phone, &[write(5, &json!({"ratings/a": "good"}))]).await;

    let told: Vec<&str> = refused.iter().chain(&settled).chain(&too_late).map(said).collect();
    assert_eq!(told, ["not_author", "not_author", "not_author", "applied", "not_author"]);
    assert_eq!(conflicts(&app, &school, &zheng.token).await, Vec::<Value>::new());
    let shown = app.visit_in_feed(&school, &zheng.token, VISIT).await.unwrap();
    assert_eq!((&shown["fields"], &shown["author"]), (&json!({"ratings/a": "fair"}), &json!(zheng.id)));
}

async fn everybody_lists_the_conflicts_of_what_he_sees(app: TestApp) {
    let (school, zheng, _, _) = at_odds(&app).await;
    let elsewhere = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let mut seen = Vec::new();
    for (login, role) in [
        ("lin", "inspector"),
        ("xu", "principal"),
        ("office", "academic_affairs"),
        ("du", "supervisor"),
        ("wang", "teacher"),
    ] {
        seen.push(app.member(&school, login, role).await);
    }
    let far = app.add_person(&school.admin, &school.district, "far", "principal", &[&elsewhere]).await;
    seen.extend([zheng, far, school.admin.clone()]);
    let path = format!("/api/v1/sync/conflicts?stream={}", school.id);

    let mut told = Vec::new();
    for person in &seen {
        let answer = app.get(&path, &person.token).await;
        told.push((
            person.login.as_str(),
            answer.status.as_u16(),
            answer.json()["items"].as_array().map(Vec::len),
        ));
    }

    assert_eq!(
        told,
        [
            ("lin", 200, Some(0)),
            ("xu", 200, Some(1)),
            ("office", 200, Some(1)),
            ("du", 200, Some(1)),
            ("wang", 403, None),
            ("zheng", 200, Some(1)),
            ("far", 404, None),
            ("admin", 403, None),
        ]
    );
}
