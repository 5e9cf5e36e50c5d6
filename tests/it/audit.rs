//! What the timetable reveals: 开齐开足 and 兼课过多 over the API, as a page and as a workbook; and who may not see it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use calamine::{Data, Reader as _, Xlsx};
use serde_json::{Value, json};

use crate::support::app::on_both;
use crate::support::school::{Person, School, text};
use crate::support::week::Staffed;
use crate::support::{Answer, TestApp};
use crate::web::{self, signed_in};

on_both!(
    the_audit_of_an_imported_file_is_that_of_its_timetable,
    a_lesson_given_away_is_found_until_a_new_timetable_gives_it_back,
    a_school_goes_by_the_plan_it_chooses,
    too_much_is_found_by_the_limits_of_the_school_and_says_since_when,
    a_teacher_is_told_of_himself_alone,
    the_workbook_is_read_again_and_may_leave_names_out,
    the_page_is_for_principals_and_heads,
);

const CLASSES: &[u8] = include_bytes!("../data/qinghe-class-timetables.xlsx");
const LESSONS: &str = include_str!("../data/qinghe-timetable.json");

async fn audit(app: &TestApp, school: &School, who: &Person, query: &str) -> Value {
    app.get(&school.path(&format!("audit{query}")), &who.token).await.expect(200)
}

async fn loads(app: &TestApp, school: &School, who: &Person, query: &str) -> Value {
    app.get(&school.path(&format!("audit/teachers{query}")), &who.token).await.expect(200)
}

fn items(list: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_else(|| panic!("{list} is no list"))
}

/// The findings of all classes: class, kind, subject, minutes.
fn findings(audit: &Value) -> Vec<(String, String, String, f64)> {
    let of = |class: &Value| -> Vec<_> {
        let told = |found: &Value| {
            let minutes = found["off_minutes"].as_f64().unwrap();
            (text(&class["name"]), text(&found["kind"]), text(&found["subject"]), minutes)
        };
        items(&class["findings"]).iter().map(told).collect()
    };
    items(&audit["classes"]).iter().flat_map(of).collect()
}

/// Adds a version in which some lessons of the sample are of another subject.
async fn version(app: &TestApp, school: &School, from: &str, change: impl Fn(&mut Value)) -> String {
    let mut sample: Value = serde_json::from_str(LESSONS).unwrap();
    sample["lessons"].as_array_mut().unwrap().iter_mut().for_each(change);
    let new = json!({"name": format!("v {from}"), "valid_from": from, "lessons": sample["lessons"]});
    text(&app.post(&school.path("timetables"), &school.admin.token, &new).await.expect(201)["id"])
}

async fn set(app: &TestApp, school: &School, settings: Value) -> Answer {
    app.patch(school.path("").trim_end_matches('/'), &school.admin.token, &json!({"settings": settings}))
        .await
}

async fn the_audit_of_an_imported_file_is_that_of_its_timetable(app: TestApp) {
    let Staffed { school, principal, .. } = app.staffed().await;
    let import = Request::post(school.path("timetables/import?name=2026B&valid_from=2026-11-02"))
        .header("authorization", format!("Bearer {}", school.admin.token))
        .header("content-type", "application/octet-stream");
    let made = app.send(import.body(Body::from(CLASSES)).unwrap()).await.expect(201);

    let now = audit(&app, &school, &principal, "").await;
    let before = audit(&app, &school, &principal, "?on=2026-10-12").await;

    assert_eq!((&now["on"], &now["timetable"]["id"]), (&json!("2026-11-23"), &made["id"]));
    assert_eq!(before["timetable"]["name"], "2026A");
    assert_eq!(
        (&now["plan"]["key"], &now["plan"]["official_table"]),
        (&json!("national/2022/6-3"), &json!(false))
    );
    assert_eq!(findings(&now), []);
    let classes = items(&now["classes"]);
    assert_eq!(classes.len(), 24);
    for class in &classes {
        let hours = if class["grade"].as_u64() <= Some(2) { 26.0 } else { 30.0 };
        assert_eq!(
            (class["total"]["hours"].as_f64(), &class["total"]["standing"]),
            (Some(hours), &json!("enough"))
        );
        assert_eq!((&class["all_offered"], &class["all_enough"]), (&json!(true), &json!(true)));
        let exercise = (&class["exercise"]["national_met"], &class["exercise"]["daily_met"]);
        assert_eq!(exercise, (&json!(true), &json!(false)));
    }
    let lessons: usize = classes
        .iter()
        .flat_map(|class| items(&class["subjects"]))
        .map(|row| row["lessons"].as_array().unwrap().len())
        .sum();
    assert_eq!(lessons, 690, "every figure names its lessons");
    assert_eq!(now["nine_years"]["plan_hours"], 9522.0);
    assert_eq!(before["classes"], now["classes"], "it is the same timetable");
    let empty = audit(&app, &school, &principal, "?on=2026-08-01").await;
    assert_eq!((&empty["timetable"], &empty["classes"]), (&Value::Null, &json!([])));
}

async fn a_lesson_given_away_is_found_until_a_new_timetable_gives_it_back(app: TestApp) {
    let Staffed { school, affairs, .. } = app.staffed().await;
    let labour = |lesson: &mut Value| {
        if lesson["class_name"] == "五年级(4)班" && lesson["subject"] == "劳动" {
            lesson["subject"] = json!("语文");
        }
    };
    version(&app, &school, "2026-10-12", labour).await;
    version(&app, &school, "2026-11-02", |_| ()).await;

    let then = audit(&app, &school, &affairs, "?on=2026-10-30").await;
    let now = audit(&app, &school, &affairs, "").await;

    let class = || "五年级(4)班".to_owned();
    assert_eq!(
        findings(&then),
        [
            (class(), "not_offered".to_owned(), "劳动".to_owned(), 40.0),
            (class(), "main_over".to_owned(), "语文".to_owned(), 40.0)
        ]
    );
    let across = items(&then["subjects"]).into_iter().find(|row| row["subject"] == "劳动").unwrap();
    assert_eq!(
        (&across["due"], &across["offered"], &across["classes"]),
        (&json!(24), &json!(23), &json!([class()]))
    );
    assert_eq!(findings(&now), []);
}

async fn a_school_goes_by_the_plan_it_chooses(app: TestApp) {
    let Staffed { school, principal, .. } = app.staffed().await;
    let plans = app.get("/api/v1/curriculum-plans", &principal.token).await.expect(200);
    let keys: Vec<String> = items(&plans["items"]).iter().map(|plan| text(&plan["key"])).collect();
    assert_eq!(keys, ["national/2022/6-3", "national/2022/5-4"]);

    let unknown = set(&app, &school, json!({"curriculum_plan": "national/1999/6-3"})).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.pointers()),
        (422, vec!["/settings/curriculum_plan".to_owned()])
    );
    set(&app, &school, json!({"curriculum_plan": "national/2022/5-4"})).await.expect(200);
    let five_four = audit(&app, &school, &principal, "").await;

    let mut own = items(&plans["items"])[0]["plan"].clone();
    for (name, value) in [("authority", "某省"), ("version", "2024"), ("name", "某省课程计划")] {
        own[name] = json!(value);
    }
    own["official_table"] = json!(true);
    own["shares"] = json!([]);
    own["note"] = json!(null);
    own["subjects"] = json!([{"subject": "科学", "weekly": [2, 2, 2, 2, 3, 3]}]);
    let chosen = set(&app, &school, json!({"curriculum_plan": own})).await.expect(200);
    let provincial = audit(&app, &school, &principal, "").await;

    assert_eq!(five_four["plan"]["key"], "national/2022/5-4");
    let row = &items(&five_four["classes"])[0]["subjects"][0];
    assert_eq!((&row["standing"], &row["planned_hours"]), (&json!("offered"), &Value::Null));
    assert_eq!(chosen["settings"]["curriculum_plan"]["authority"], "某省");
    assert_eq!(
        (&provincial["plan"]["key"], &provincial["plan"]["own"]),
        (&json!("某省/2024/6-3"), &json!(true))
    );
    assert_eq!(provincial["nine_years"], Value::Null);
    let short = findings(&provincial).into_iter().filter(|found| found.1 == "short").collect::<Vec<_>>();
    assert_eq!(short.len(), 8, "grades 1 and 2 have one lesson of 科学: {short:?}");
    assert!(short.iter().all(|found| found.2 == "科学" && (found.3 - 40.0).abs() < 0.01));
}

async fn too_much_is_found_by_the_limits_of_the_school_and_says_since_when(app: TestApp) {
    let Staffed { school, principal, .. } = app.staffed().await;
    assert_eq!(loads(&app, &school, &principal, "").await["findings"], json!([]));
    let refused = set(&app, &school, json!({"teacher_load": {"subjects": 0}})).await;
    assert_eq!(refused.pointers(), ["/settings/teacher_load"]);

    set(&app, &school, json!({"teacher_load": {"out_of_field_percent": 24}})).await.expect(200);
    // From October on one of the homeroom teachers gives 道德与法治 away; in November takes it back.
    let away = |lesson: &mut Value| {
        if lesson["teacher"] == "侯嘉禾" && lesson["subject"] == "道德与法治" {
            lesson["teacher"] = json!("叶晓岚");
        }
    };
    version(&app, &school, "2026-10-12", away).await;
    let october = loads(&app, &school, &principal, "?on=2026-10-20").await;
    let last = version(&app, &school, "2026-11-02", |_| ()).await;
    let november = loads(&app, &school, &principal, "").await;

    let since = |audit: &Value| -> BTreeMap<String, String> {
        let told = |found: &Value| (text(&found["name"]), text(&found["since"]["name"]));
        items(&audit["findings"]).iter().map(told).collect()
    };
    assert_eq!(since(&october).get("侯嘉禾"), None);
    assert_eq!(
        since(&october).get("叶晓岚").map(String::as_str),
        Some("v 2026-10-12"),
        "体育 and 道德与法治"
    );
    let now = since(&november);
    assert_eq!((now.len(), now.get("叶晓岚")), (16, None), "grades 3 to 6: 2 of 8, and 2 of 7");
    assert_eq!(now.get("侯嘉禾").map(String::as_str), Some("v 2026-11-02"));
    assert_eq!(now.values().filter(|version| *version == "2026A").count(), 15);
    let found = items(&november["findings"]).into_iter().find(|found| found["name"] == "侯嘉禾").unwrap();
    assert_eq!((&found["kind"], &found["value"]), (&json!("out_of_field"), &json!(28.57)));
    assert_eq!((&found["since"]["id"], &found["subjects"]), (&json!(last), &json!(["道德与法治"])));
    let row = items(&november["teachers"]).into_iter().find(|row| row["name"] == "侯嘉禾").unwrap();
    assert_eq!((&row["own"], &row["own_from"]), (&json!(["语文"]), &json!("most_lessons")));
}

async fn a_teacher_is_told_of_himself_alone(app: TestApp) {
    let Staffed { school, inspector, .. } = app.staffed().await;
    let teacher = app.add_person(&school.admin, &school.district, "hou", "teacher", &[&school.id]).await;
    let records = app.all(&school, "teachers").await;
    let own = records.iter().find(|record| record["name"] == "侯嘉禾").unwrap();
    let path = school.path(&format!("teachers/{}", text(&own["id"])));
    app.patch(&path, &school.admin.token, &json!({"user": teacher.id})).await.expect(200);

    let seen = loads(&app, &school, &teacher, "").await;
    let names: Vec<String> = items(&seen["teachers"]).iter().map(|row| text(&row["name"])).collect();
    let whole = app.get(&school.path("audit"), &teacher.token).await;
    let patrol = app.get(&school.path("audit/teachers"), &inspector.person.token).await;
    let administrator = app.get(&school.path("audit/teachers"), &school.admin.token).await;

    assert_eq!(names, ["侯嘉禾"]);
    for refused in [whole, patrol, administrator] {
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
}

/// The sheets of a workbook: name and rows of texts.
pub(crate) fn sheets(bytes: &[u8]) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).expect("a workbook");
    let told = |cell: &Data| cell.to_string();
    let rows =
        |range: calamine::Range<Data>| range.rows().map(|row| row.iter().map(told).collect()).collect();
    book.worksheets().into_iter().map(|(name, range)| (name, rows(range))).collect()
}

async fn the_workbook_is_read_again_and_may_leave_names_out(app: TestApp) {
    let Staffed { school, principal, .. } = app.staffed().await;
    let subject = school.path("subjects");
    let evil = json!({"name": "=HYPERLINK(\"http://elsewhere\",\"校本\")"});
    app.post(&subject, &school.admin.token, &evil).await.expect(201);
    let other = |lesson: &mut Value| {
        if lesson["class_name"] == "一年级(1)班" && lesson["subject"] == "校本" {
            lesson["subject"] = evil["name"].clone();
        }
    };
    version(&app, &school, "2026-11-02", other).await;

    let whole = app.get(&school.path("audit/xlsx"), &principal.token).await;
    let nameless = app.get(&school.path("audit/xlsx?names=false"), &principal.token).await;

    assert_eq!(whole.status, StatusCode::OK);
    assert!(whole.header("content-type").ends_with("spreadsheetml.sheet"));
    assert_eq!(whole.header("content-disposition"), "attachment; filename=\"audit-2026-11-23.xlsx\"");
    let book = sheets(&whole.bytes);
    let names: Vec<&str> = book.keys().map(String::as_str).collect();
    let expected = [
        "概况",
        "班级",
        "学科",
        "班级学科",
        "九年占比",
        "实开估计",
        "阴阳课表",
        "教师",
        "教师课时",
        "兼课过多",
    ];
    assert_eq!(names.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    assert_eq!((book["班级"].len(), book["班级"][1][0].as_str()), (25, "一年级(1)班"));
    let pe = book["班级学科"].iter().find(|row| row[0] == "三年级(1)班" && row[1] == "体育与健康").unwrap();
    assert_eq!((pe[4].as_str(), pe[6].as_str(), pe[8].as_str()), ("3", "3", "足额"));
    assert_eq!(pe[11].matches('节').count(), 3, "made of three lessons: {}", pe[11]);
    assert!(book["教师"].iter().any(|row| row[0] == "侯嘉禾"));
    let texts = || book.values().flatten().flatten();
    assert!(texts().any(|cell| cell.starts_with("HYPERLINK")), "told, and no formula");
    assert!(texts().all(|cell| !cell.starts_with(['=', '+', '@'])));
    let mut formulas: Xlsx<_> = Xlsx::new(Cursor::new(whole.bytes.clone())).unwrap();
    for name in formulas.sheet_names() {
        assert!(formulas.worksheet_formula(&name).unwrap().is_empty(), "{name}");
    }

    let nameless = sheets(&nameless.bytes);
    assert_eq!(nameless.len(), 7);
    let teachers = app.all(&school, "teachers").await;
    for teacher in teachers {
        let name = text(&teacher["name"]);
        assert!(nameless.values().flatten().flatten().all(|cell| !cell.contains(&name)), "{name}");
    }
}

async fn the_page_is_for_principals_and_heads(app: TestApp) {
    let Staffed { school, principal, affairs, inspector, .. } = app.staffed().await;
    let path = format!("/schools/{}/audit", school.id);
    let page = async |person: &Person, path: &str| {
        let cookie = signed_in(&app, &person.login).await;
        web::page(&app, path, &cookie).await
    };

    for person in [&principal, &affairs] {
        let shown = page(person, &path).await;
        let html = String::from_utf8(shown.bytes.clone()).unwrap();
        assert_eq!(shown.status, StatusCode::OK);
        assert!(
            html.contains("青禾实验小学课程开设核查") && html.contains("24/24") && html.contains("侯嘉禾")
        );
        assert!(shown.header("content-security-policy").contains("default-src 'none'"));
        let home = page(person, &format!("/schools/{}", school.id)).await;
        assert!(String::from_utf8(home.bytes).unwrap().contains(&path));
    }
    let earlier = page(&principal, &format!("{path}?on=2026-08-01")).await;
    assert!(String::from_utf8(earlier.bytes).unwrap().contains("当日没有生效的课表"));
    let book = page(&principal, &format!("{path}/xlsx")).await;
    assert_eq!(sheets(&book.bytes).len(), 10);

    for rest in ["", "/xlsx"] {
        let path = format!("{path}{rest}");
        assert_eq!(page(&inspector.person, &path).await.status, StatusCode::FORBIDDEN);
        assert_eq!(page(&school.admin, &path).await.status, StatusCode::FORBIDDEN);
        let stranger = app.send_text("GET", &path, "", "", &[]).await;
        assert_eq!(stranger.header("location"), "/sign-in");
    }
    let nowhere = page(&principal, "/schools/019cd1a2-b3c4-7000-8000-000000000000/audit").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}
