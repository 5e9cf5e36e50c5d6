//! Two versions at once: an older phone with a newer server, a newer phone with today's server, rows of another
//! version. No field is lost. `UPDATE_VERSIONS=1 cargo test -p e2e versions` records anew what this version
//! sends and stores, which no later version may fail to understand.

mod phone;

use std::collections::BTreeMap;
use std::path::PathBuf;

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_sync::cursor::CursorFault;
use xunke_sync::limits::Limits;
use xunke_sync::replica::Status;

use crate::architecture::root;
use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::School;
use crate::support::syncing::{said, slot, with};
use phone::{Today, plainly};

on_both!(
    what_a_phone_of_version_1_sent_means_what_it_meant,
    what_was_sent_before_writes_had_names_means_what_it_meant,
    what_a_phone_of_version_1_stored_goes_on_with_nothing_lost,
    what_was_stored_before_writes_had_names_goes_on_with_nothing_lost,
    rows_of_a_later_version_go_on_with_nothing_lost,
    what_a_newer_server_says_is_kept_and_shown,
    an_updated_app_is_given_what_the_older_one_skipped,
    a_newer_servers_words_in_answers_are_read_over,
    an_answer_that_cannot_be_read_takes_nothing_away,
    what_only_a_newer_app_knows_is_held_as_it_was_sent,
    foreign_fields_come_back_as_they_were_sent,
    a_held_field_comes_in_with_its_authors_stamp_once_the_server_knows_it,
);

const VISIT: Uuid = Uuid::from_u128(7);
const STICKER: Uuid = Uuid::from_u128(70);

/// A recorded file; written anew if asked to.
fn recorded(name: &str, now: &Value) -> Value {
    if std::env::var_os("UPDATE_VERSIONS").is_some() {
        std::fs::write(file(name), serde_json::to_string_pretty(now).unwrap() + "\n").unwrap();
    }
    kept(name)
}

fn kept(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file(name)).unwrap()).unwrap()
}

fn file(name: &str) -> PathBuf {
    root().join("tests/data/versions").join(name)
}

/// Names that differ from run to run, and what stands for them in recorded files.
struct Names([(String, &'static str); 3]);

impl Names {
    fn of(phone: &Today, school: &School) -> Self {
        let author = phone.replica.user().into_uuid().to_string();
        Self([(phone.phone.device.clone(), "DEVICE"), (school.id.clone(), "SCHOOL"), (author, "AUTHOR")])
    }

    fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, stands)| text.replace(name, stands))
    }

    fn put_in(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, stands)| text.replace(stands, name))
    }
}

async fn with_a_phone(app: &TestApp) -> (School, Today) {
    let school = app.plain_school().await;
    app.member(&school, "zheng", "inspector").await;
    let phone = Today::new(app, &school, "zheng").await;
    (school, phone)
}

/// What a phone says in a day: a visit, more of it, a removal, a slip.
fn a_day(app: &TestApp, phone: &mut Today) {
    for set in [
        json!({"slot": slot("2026-11-23"), "highlights/a": {"text": "情境游戏"}, "ratings/engagement": "good"}),
        json!({"highlights/a": null, "x.note": {"n": [1, 2.5, -3], "by": "e\u{301}"}}),
        json!({"ratings/engagement": "superb"}),
    ] {
        phone.capture(app, "visit", VISIT, &set);
    }
}

/// The bodies of its pushes, byte for byte.
fn bodies(phone: &mut Today) -> Vec<String> {
    let small = Limits { push_writes: 2, ..Limits::default() };
    let push = phone.take_off(&small, true).unwrap();
    vec![serde_json::to_string(&push.request).unwrap()]
}

async fn what_a_phone_of_version_1_sent_means_what_it_meant(app: TestApp) {
    sent_means_what_it_meant(&app, "phone-1-requests.json", true).await;
}

async fn what_was_sent_before_writes_had_names_means_what_it_meant(app: TestApp) {
    sent_means_what_it_meant(&app, "phone-1-requests-unnamed.json", false).await;
}

/// Recorded requests mean the same, whether today's replica would send them or not.
async fn sent_means_what_it_meant(app: &TestApp, file: &str, of_today: bool) {
    let (school, mut phone) = with_a_phone(app).await;
    let names = Names::of(&phone, &school);
    a_day(app, &mut phone);
    let first = bodies(&mut phone).remove(0);
    let third = json!({"n": 3, "stream": school.id, "type": "visit", "record": VISIT,
        "set": {"ratings/engagement": "superb"}});
    let third = phone.phone.push(&[third]).to_string();
    let now: Vec<String> = [&first, &third].iter().map(|body| names.hide(body)).collect();
    let sent = if of_today { recorded(file, &json!(now)) } else { kept(file) };

    let mut meant: Vec<Value> = Vec::new();
    for body in sent.as_array().unwrap() {
        let body = names.put_in(body.as_str().unwrap());
        let json = [("content-type", "application/json")];
        let answer =
            app.send_text("POST", "/api/v1/sync/push", &phone.phone.token, &body, &json).await.expect(200);
        for result in answer["results"].as_array().unwrap() {
            let held = json!({"held": result.get("held").map(|_| "an id")});
            let result =
                if result.get("held").is_some() { with(result.clone(), &held) } else { result.clone() };
            meant.push(serde_json::from_str(&names.hide(&result.to_string())).unwrap());
        }
    }
    let shown = app.visit_in_feed(&school, &phone.phone.token, VISIT).await.unwrap();
    meant.push(serde_json::from_str(&names.hide(&shown.to_string())).unwrap());

    assert_eq!(sent == json!(now), of_today, "UPDATE_VERSIONS=1 records what today's replica sends: {now:?}");
    assert_eq!(json!(meant), recorded("phone-1-meaning.json", &json!(meant)));
}

/// A phone with a row of every kind: read, answered, held, queued, out.
async fn busy(app: &TestApp) -> (School, Today) {
    let (school, mut phone) = with_a_phone(app).await;
    a_day(app, &mut phone);
    phone.sync(app, plainly).await;
    phone.capture(app, "visit", VISIT, &json!({"ratings/conduct": "fair"}));
    phone.take_off(&Limits::default(), false).unwrap();
    phone.capture(app, "visit", Uuid::from_u128(8), &json!({"x.later": 1}));
    (school, phone)
}

/// The phone goes on: everything it had said arrives.
async fn nothing_is_lost(app: &TestApp, school: &School, mut phone: Today) {
    phone.sync(app, plainly).await;

    let shown = app.visit_in_feed(school, &phone.phone.token, VISIT).await.unwrap();
    let other = app.visit_in_feed(school, &phone.phone.token, Uuid::from_u128(8)).await.unwrap();
    assert_eq!(
        (&shown["fields"]["ratings/conduct"], &other["fields"]["x.later"]),
        (&json!("fair"), &json!(1))
    );
    assert_eq!((phone.replica.unsent(), phone.replica.held().count()), (0, 1));
    let seen = phone.view("visit", VISIT).unwrap();
    assert_eq!(
        seen,
        json!({"slot": slot("2026-11-23"), "ratings/engagement": "good", "ratings/conduct": "fair",
            "x.note": {"by": "é", "n": [1, 2.5, -3]}})
    );
}

async fn what_a_phone_of_version_1_stored_goes_on_with_nothing_lost(app: TestApp) {
    stored_rows_go_on(&app, "phone-1-rows.json", true).await;
}

async fn what_was_stored_before_writes_had_names_goes_on_with_nothing_lost(app: TestApp) {
    stored_rows_go_on(&app, "phone-1-rows-unnamed.json", false).await;
}

/// Today's replica goes on with recorded rows, which it would store itself today or not.
async fn stored_rows_go_on(app: &TestApp, file: &str, of_today: bool) {
    let (school, mut phone) = busy(app).await;
    let names = Names::of(&phone, &school);
    // Cursors and ids of held writes differ from run to run.
    let cursor = phone.replica.next_pulls().remove(0).cursor.unwrap();
    let held = phone.replica.held().next().unwrap().result.held.unwrap().to_string();
    let hide = |text: &str| names.hide(&text.replace(&cursor, "CURSOR").replace(&held, "HELD"));
    let put_in = |text: &str| names.put_in(text).replace("CURSOR", &cursor).replace("HELD", &held);
    let now: BTreeMap<String, String> = phone.rows.iter().map(|(key, row)| (hide(key), hide(row))).collect();
    // The ids of the school's own records are of the run, too.
    let of_the_run = |key: &str| key.starts_with("record/") && !key.contains("/visit/");
    let now: BTreeMap<String, String> = now.into_iter().filter(|(key, _)| !of_the_run(key)).collect();
    let stored = if of_today { recorded(file, &json!(now)) } else { kept(file) };

    let rows = stored.as_object().unwrap().iter();
    let rows = rows.map(|(key, row)| (put_in(key), put_in(row.as_str().unwrap()))).collect();
    phone.starts_on(rows);

    assert_eq!(stored == json!(now), of_today, "UPDATE_VERSIONS=1 records today's rows: {now:?}");
    nothing_is_lost(app, &school, phone).await;
}

/// A newer version puts a member of its own into every object of a row.
fn says_more(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(says_more),
        Value::Object(members) => {
            // What is under a field's path or a stream is no object of the row's own.
            let maps = ["set", "fields", "lost", "saw"];
            let own = members.iter_mut().filter(|(name, _)| !maps.contains(&name.as_str()));
            own.for_each(|(_, member)| says_more(member));
            if !members.contains_key("bulk") {
                members.insert("later".into(), json!({"a": [1]}));
            }
        }
        _ => {}
    }
}

async fn rows_of_a_later_version_go_on_with_nothing_lost(app: TestApp) {
    let (school, mut phone) = busy(&app).await;
    let more = |row: &String| {
        let mut row: Value = serde_json::from_str(row).unwrap();
        // Their members are fields and devices, none of the row's own.
        let maps = ["stamps", "writes"].map(|name| (name, row.get_mut(name).map(Value::take)));
        says_more(&mut row);
        for (name, map) in maps {
            if let Some(map) = map {
                row[name] = map;
            }
        }
        row.to_string()
    };
    let rows = phone.rows.iter().map(|(key, row)| (key.clone(), more(row)));
    let rows = rows.chain([("later/row".to_owned(), "of another kind".to_owned())]).collect();

    phone.starts_on(rows);

    nothing_is_lost(&app, &school, phone).await;
}

/// A page as a newer server would make it: a field, a type and members that today's version has no name for.
fn newer(answer: &mut Value) {
    let Some(changes) = answer.get_mut("changes").and_then(Value::as_array_mut) else { return };
    for change in changes.iter_mut().filter(|change| change["type"] == "visit") {
        change["fields"]["weather"] = json!({"sky": "晴", "degrees": 1.0});
        change["fields"]["moods/a1"] = json!("calm");
        change["mood"] = json!("calm");
    }
    if let Some(first) = changes.first().cloned() {
        let fields = json!({"picture": "star", "place": {"x": 1}});
        changes.push(with(first, &json!({"type": "sticker", "id": STICKER, "stamps": {}, "fields": fields})));
    }
    answer["weather"] = json!("calm");
}

async fn what_a_newer_server_says_is_kept_and_shown(app: TestApp) {
    let (_, mut phone) = with_a_phone(&app).await;
    a_day(&app, &mut phone);
    phone.sync(&app, newer).await;
    let keeps = |phone: &Today| {
        let visit = phone.view("visit", VISIT).unwrap();
        assert_eq!(visit["weather"].to_string(), r#"{"degrees":1.0,"sky":"晴"}"#);
        assert_eq!(visit["moods/a1"], "calm");
        assert_eq!(phone.view("sticker", STICKER).unwrap(), json!({"picture": "star", "place": {"x": 1}}));
    };
    keeps(&phone);

    phone.starts_on(phone.rows.clone());
    keeps(&phone);
    phone.capture(&app, "visit", VISIT, &json!({"ratings/engagement": "fair"}));
    keeps(&phone);
    let sent = phone.push(&app, newer).await.unwrap();

    assert_eq!(sent["writes"][0]["set"], json!({"ratings/engagement": "fair"}), "it says what was said");
    keeps(&phone);
    phone.sync(&app, newer).await;
    keeps(&phone);
    assert_eq!(phone.view("visit", VISIT).unwrap()["ratings/engagement"], "fair");
}

async fn an_updated_app_is_given_what_the_older_one_skipped(app: TestApp) {
    let (_, mut phone) = with_a_phone(&app).await;
    a_day(&app, &mut phone);
    phone.sync(&app, plainly).await;
    let queued = phone.capture(&app, "visit", VISIT, &json!({"ratings/engagement": "fair"}));

    // The cursor is one of a smaller schema, so the server that knows more has it read from zero.
    phone.read_from_zero(&app, CursorFault::Expired, newer).await;

    let visit = phone.view("visit", VISIT).unwrap();
    assert_eq!((&visit["weather"]["sky"], &visit["ratings/engagement"]), (&json!("晴"), &json!("fair")));
    assert!(phone.view("sticker", STICKER).is_some());
    assert!(matches!(phone.replica.status(queued), Some(Status::Acknowledged(_))));
}

fn newer_results(answer: &mut Value) {
    let Some(results) = answer.get_mut("results").and_then(Value::as_array_mut) else { return };
    for result in results {
        result["mood"] = json!({"a": 1});
        if result.get("reason").is_some() {
            result["reason"] = json!("eclipse");
        }
    }
    answer["later"] = json!([]);
}

async fn a_newer_servers_words_in_answers_are_read_over(app: TestApp) {
    let (_, mut phone) = with_a_phone(&app).await;
    a_day(&app, &mut phone);

    phone.push(&app, newer_results).await;
    phone.starts_on(phone.rows.clone());

    let held: Vec<_> = phone.replica.held().map(|held| (held.result.reason, held.write.n)).collect();
    assert_eq!((phone.replica.unsent(), held), (0, vec![(None, 3)]), "held, for a reason it has no name for");
}

fn beyond_words(answer: &mut Value) {
    for (list, member) in [("changes", "life"), ("results", "outcome")] {
        for item in answer.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            item[member] = json!("transcended");
        }
    }
}

async fn an_answer_that_cannot_be_read_takes_nothing_away(app: TestApp) {
    let (school, mut phone) = with_a_phone(&app).await;
    a_day(&app, &mut phone);
    phone.sync(&app, beyond_words).await;
    assert_eq!((phone.replica.unsent(), phone.replica.held().count()), (3, 0));

    phone.sync(&app, plainly).await;

    assert_eq!((phone.replica.unsent(), phone.replica.held().count()), (0, 1));
    let shown = app.visit_in_feed(&school, &phone.phone.token, VISIT).await.unwrap();
    assert_eq!(phone.view("visit", VISIT).unwrap()["x.note"], shown["fields"]["x.note"]);
}

/// What a person of the school sees of held writes.
async fn held_list(app: &TestApp, school: &School, token: &str) -> Vec<Value> {
    let path = format!("/api/v1/sync/held?stream={}", school.id);
    app.get(&path, token).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn what_only_a_newer_app_knows_is_held_as_it_was_sent(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let stamp = phone.stamp(app.millis() - 1_000, 1);
    let ahead = json!({"base": 0, "stamp": stamp});
    let field =
        school.write(1, VISIT, &json!({"ratings/a": "good", "weather": {"sky": "晴", "n": [1.0, 2]}}));
    let kind = with(school.write(2, STICKER, &json!({"picture": "star"})), &json!({"type": "sticker"}));
    let member = with(school.write(3, VISIT, &json!({"ratings/b": "good"})), &json!({"priority": 1}));
    let foreign = with(school.write(4, VISIT, &json!({"ratings/b": "fair"})), &json!({"x.via": "watch"}));
    let writes: Vec<Value> =
        [field, kind, member, foreign].iter().map(|write| with(write.clone(), &ahead)).collect();
    let push = with(phone.push(&writes), &json!({"schema": 2, "x.trace": {"id": "abc"}}));

    let answer = app.post("/api/v1/sync/push", &phone.token, &push).await.expect(200);

    let results = answer["results"].as_array().unwrap();
    let told: Vec<_> = results.iter().map(|result| (said(result), result["pointer"].as_str())).collect();
    assert_eq!(
        told,
        [
            ("unknown_field", Some("/set/weather")),
            ("unknown_type", Some("/type")),
            ("unknown_field", Some("/priority")),
            ("applied", None),
        ]
    );
    let xu = app.member(&school, "xu", "principal").await;
    let kept = held_list(&app, &school, &xu.token).await;
    let kept: Vec<&Value> = kept.iter().map(|held| &held["write"]).collect();
    for write in &writes[..3] {
        assert!(kept.contains(&write), "{write} is not among {kept:?}");
    }
    let db = Database::connect(&app.url).await.unwrap();
    let sql = "SELECT body FROM held_write ORDER BY n";
    let backend = db.get_database_backend();
    let bodies = db.query_all_raw(sea_orm::Statement::from_string(backend, sql)).await.unwrap();
    db.close().await.unwrap();
    let bodies: Vec<String> = bodies.iter().map(|row| row.try_get("", "body").unwrap()).collect();
    let sent: Vec<String> = writes[..3].iter().map(Value::to_string).collect();
    assert_eq!(bodies, sent, "byte for byte");
    let unknown = with(phone.push(&[]), &json!({"trace": 1}));
    assert_eq!(app.post("/api/v1/sync/push", &phone.token, &unknown).await.status.as_u16(), 422);
}

async fn foreign_fields_come_back_as_they_were_sent(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    // Members in the order of their names, numbers as they are written here: so they come back.
    let verbatim = r#"{"a":[1.0,-0.0,0.1,1e-7,12345678901234567890,-9223372036854775808,1.7976931348623157e+308],"b":{"c":null,"d":"巡课 \" \\ \u0001","e":[[[]]]},"f":{}}"#;
    let body = format!(
        r#"{{"device":"{}","schema":1,"writes":[{{"n":1,"stream":"{}","type":"visit","record":"{VISIT}","set":{{"x.other-app":{verbatim},"x.list/e1":1e3,"x.order":{{"b":1,"a":2}}}}}}]}}"#,
        phone.device, school.id
    );
    let json = [("content-type", "application/json")];
    app.send_text("POST", "/api/v1/sync/push", &phone.token, &body, &json).await.expect(200);

    let path = format!("/api/v1/sync/changes?stream={}", school.id);
    let page = app.get(&path, &phone.token).await.bytes;
    let page = String::from_utf8(page).unwrap();

    assert!(page.contains(&format!(r#""x.other-app":{verbatim}"#)), "{page}");
    // The same number and the same object, though not the same bytes.
    assert!(page.contains(r#""x.list/e1":1000.0"#), "{page}");
    assert!(page.contains(r#""x.order":{"a":2,"b":1}"#), "{page}");
}

async fn a_held_field_comes_in_with_its_authors_stamp_once_the_server_knows_it(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let xu = app.member(&school, "xu", "principal").await;
    let stamp = phone.stamp(app.millis() - 60_000, 3);
    let set = json!({"weather": {"sky": "晴"}, "ratings/a": "good"});
    let write = with(school.write(1, VISIT, &set), &json!({"base": 0, "stamp": stamp}));
    let results = app.push(&phone, &[write]).await;
    let held = results[0]["held"].as_str().unwrap().to_owned();
    let newer = with(
        school.write(2, VISIT, &json!({"ratings/a": "fair"})),
        &json!({"base": 0,
        "stamp": phone.stamp(app.millis(), 0)}),
    );
    app.push(&phone, &[newer]).await;
    let admit = format!("/api/v1/sync/held/{held}/admit");
    let too_early = app.post(&admit, &xu.token, &json!({})).await;
    assert_eq!((too_early.status.as_u16(), too_early.pointers()), (422, vec!["/set/weather".to_owned()]));

    // The server is upgraded: here, the field gets a name that today's version takes in.
    let db = Database::connect(&app.url).await.unwrap();
    let sql = "UPDATE held_write SET body = REPLACE(body, '\"weather\"', '\"x.weather\"')";
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
    app.post(&admit, &xu.token, &json!({})).await.expect(200);

    let shown = app.visit_in_feed(&school, &xu.token, VISIT).await.unwrap();
    assert_eq!(shown["fields"], json!({"ratings/a": "fair", "x.weather": {"sky": "晴"}}));
    assert_eq!((&shown["stamps"]["x.weather"], &shown["author"]), (&json!(stamp), &json!(zheng.id)));
}
