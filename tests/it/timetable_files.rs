//! Timetables as schools keep them: previewed, asked about, imported; a workbook as well as a CSV.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::on_both;
use crate::support::school::{School, text};
use crate::support::week::Staffed;
use crate::support::{Answer, TestApp};

on_both!(
    each_of_the_three_files_makes_the_same_grid,
    the_same_file_twice_changes_nothing,
    a_preview_stores_nothing_and_says_what_would_become_of_visits,
    questions_hold_an_import_up_until_they_are_answered,
    a_bad_file_is_a_list_of_problems_by_place,
    a_new_school_has_its_names_from_the_workbook,
);

const CLASSES: &[u8] = include_bytes!("../data/qinghe-class-timetables.xlsx");
const SCHOOL: &[u8] = include_bytes!("../data/qinghe-school-timetable.xlsx");
const CSV: &[u8] = include_bytes!("../data/qinghe-timetable-gb18030.csv");
const OLD: &[u8] = include_bytes!("../data/class-timetables.xls");

async fn send(app: &TestApp, school: &School, operation: &str, query: &str, bytes: &[u8]) -> Answer {
    let request = Request::post(school.path(&format!("timetables/{operation}?{query}")))
        .header("authorization", format!("Bearer {}", school.admin.token))
        .header("content-type", "application/octet-stream");
    app.send(request.body(Body::from(bytes.to_vec())).expect("a request")).await
}

/// Answers as a query parameter.
fn answers(answers: &[(&str, &str)]) -> String {
    let object: BTreeMap<&str, &str> = answers.iter().copied().collect();
    let plain = json!(object).to_string();
    let coded: String = plain.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    format!("answers={coded}")
}

/// A grid without the order of its lessons.
fn lessons(timetable: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let grid = timetable["grid"].as_object().expect("a grid");
    let of = |lessons: &Value| lessons.as_array().expect("lessons").iter().map(ToString::to_string).collect();
    grid.iter().map(|(class, lessons)| (class.clone(), of(lessons))).collect()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(text).collect()
}

async fn each_of_the_three_files_makes_the_same_grid(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let by_json = app.all(&school, "timetables").await.remove(0);

    for (n, bytes) in [CLASSES, SCHOOL, CSV].into_iter().enumerate() {
        let preview =
            send(&app, &school, "preview", &format!("valid_from=2026-1{n}-01"), bytes).await.expect(200);
        assert_eq!((&preview["importable"], &preview["lessons"]), (&json!(true), &json!(690)), "{preview}");
        assert_eq!(preview["classes"].as_array().expect("classes").len(), 24);
        for part in ["problems", "questions", "clashes"] {
            assert_eq!(preview[part], json!([]), "{part}");
        }
        assert_eq!(preview["missing"], json!({"classes": [], "subjects": [], "teachers": []}));

        let made = send(&app, &school, "import", &format!("name=v{n}&valid_from=2026-1{n}-01"), bytes).await;

        assert_eq!(lessons(&made.expect(201)), lessons(&by_json), "{n}");
    }
}

async fn the_same_file_twice_changes_nothing(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let query = "name=v2&valid_from=2026-12-01";
    let first = send(&app, &school, "import", query, CLASSES).await.expect(201);
    let versions = app.all(&school, "timetables").await;

    let preview = send(&app, &school, "preview", "valid_from=2026-12-01", SCHOOL).await.expect(200);
    assert_eq!(preview["unchanged"], first["id"]);
    for bytes in [CLASSES, SCHOOL, CSV] {
        let again = send(&app, &school, "import", query, bytes).await.expect(200);
        assert_eq!(again["id"], first["id"]);
    }

    assert_eq!(app.all(&school, "timetables").await, versions);
    // From another day it is another version.
    let later = send(&app, &school, "import", "name=v3&valid_from=2026-12-02", CLASSES).await.expect(201);
    assert_ne!(later["id"], first["id"]);
    let preview = send(&app, &school, "preview", "valid_from=2026-12-01", OLD).await.expect(200);
    assert_eq!(preview["unchanged"], Value::Null);
}

async fn a_preview_stores_nothing_and_says_what_would_become_of_visits(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let (tuesday, wednesday) = (Uuid::from_u128(8), Uuid::from_u128(9));
    for (visit, date) in [(tuesday, "2026-11-17"), (wednesday, "2026-11-18")] {
        let subject = if visit == tuesday { "科学" } else { "英语" };
        inspector.write(&app, &school, visit, &names.visit("三年级(2)班", date, "第3节", subject)).await;
    }
    // One that is begun and not seen yet: it would find another lesson.
    let mut begun = names.visit("三年级(2)班", "2026-11-24", "第3节", "科学");
    let planned = Uuid::from_u128(10);
    let fields = begun.as_object_mut().expect("fields");
    fields.remove("observed");
    fields.remove("submitted_at");
    inspector.write(&app, &school, planned, &begun).await;
    let before = app.all(&school, "timetables").await;
    let music = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,音乐,林晨曦\n三年级(2)班,星期三,第3节,英语,余欣然\n";

    let preview = send(&app, &school, "preview", "valid_from=2026-11-16", music.as_bytes()).await.expect(200);

    let impact = &preview["impact"];
    assert_eq!((&impact["judged_otherwise"], &impact["moved"]), (&json!(1), &json!(1)), "{impact}");
    let visit = &impact["visits"][0];
    assert_eq!(visit["id"], json!(tuesday));
    assert_eq!((&visit["before"], &visit["after"]), (&json!("as_timetabled"), &json!("subject_mismatch")));
    assert_eq!(visit["expected_before"], json!(["科学 蔡立新"]));
    assert_eq!(visit["expected_after"], json!(["音乐 林晨曦"]));
    let moved = &impact["visits"][1];
    assert_eq!((&moved["id"], &moved["before"]), (&json!(planned), &Value::Null));
    assert_eq!(moved["expected_after"], json!(["音乐 林晨曦"]));
    let verdict = async |visit: Uuid| {
        app.get(&school.path(&format!("visits/{visit}")), &principal.token).await.expect(200)["verdict_now"]
            .clone()
    };
    assert_eq!(verdict(tuesday).await, "as_timetabled");
    assert_eq!(app.all(&school, "timetables").await, before);

    // What was foretold is what happens.
    send(&app, &school, "import", "name=v2&valid_from=2026-11-16", music.as_bytes()).await.expect(201);
    assert_eq!(verdict(tuesday).await, "subject_mismatch");
    assert_eq!(verdict(wednesday).await, "as_timetabled");
    let preview = send(&app, &school, "preview", "valid_from=2026-11-18", CLASSES).await.expect(200);
    assert_eq!(preview["impact"]["judged_otherwise"], json!(0), "{preview}");
    let preview = send(&app, &school, "preview", "valid_from=2026-11-16", CLASSES).await.expect(200);
    assert_eq!(preview["impact"]["judged_otherwise"], json!(1));
}

async fn questions_hold_an_import_up_until_they_are_answered(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let csv = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,音乐/美术,林晨曦\n";
    let query = "name=v2&valid_from=2026-12-01";
    let preview = send(&app, &school, "preview", "valid_from=2026-12-01", csv.as_bytes()).await.expect(200);
    assert_eq!((&preview["importable"], &preview["questions"][0]["default"]), (&json!(false), &Value::Null));
    let id = text(&preview["questions"][0]["id"]);

    let refused = send(&app, &school, "import", query, csv.as_bytes()).await;
    assert_eq!((refused.status.as_u16(), refused.pointers()), (422, vec!["line 2, 学科".to_owned()]));
    assert!(String::from_utf8_lossy(&refused.bytes).contains(&id));
    let wrong = answers(&[(&id, "sometimes")]);
    assert_eq!(
        send(&app, &school, "import", &format!("{query}&{wrong}"), csv.as_bytes()).await.status.as_u16(),
        422
    );
    assert_eq!(
        send(&app, &school, "import", &format!("{query}&answers=no"), csv.as_bytes()).await.status.as_u16(),
        422
    );
    assert_eq!(app.all(&school, "timetables").await.len(), 1);

    let answered = answers(&[(&id, "odd_even")]);
    let preview =
        send(&app, &school, "preview", &format!("valid_from=2026-12-01&{answered}"), csv.as_bytes())
            .await
            .expect(200);
    assert_eq!((&preview["importable"], &preview["lessons"]), (&json!(true), &json!(2)));
    let made =
        send(&app, &school, "import", &format!("{query}&{answered}"), csv.as_bytes()).await.expect(201);

    let weeks: BTreeSet<String> = made["grid"]
        .as_object()
        .expect("a grid")
        .values()
        .flat_map(|lessons| lessons.as_array().expect("lessons"))
        .map(|lesson| text(&lesson["weeks"]))
        .collect();
    assert_eq!(weeks, ["even", "odd"].map(str::to_owned).into());

    // Of two teachers of one name the answer says which.
    let twin =
        app.post(&school.path("teachers"), &school.admin.token, &json!({"name": "蔡立新"})).await.expect(201);
    let csv = "班级,星期,节次,学科,教师\n一年级(1)班,星期二,第3节,科学,蔡立新\n";
    let preview = send(&app, &school, "preview", "valid_from=2026-12-08", csv.as_bytes()).await.expect(200);
    let question = &preview["questions"][0];
    assert_eq!(question["kind"], "namesake");
    let answered = answers(&[(&text(&question["id"]), &text(&twin["id"]))]);
    let made =
        send(&app, &school, "import", &format!("name=v3&valid_from=2026-12-08&{answered}"), csv.as_bytes())
            .await;
    assert!(made.expect(201)["grid"].to_string().contains(&text(&twin["id"])));
}

async fn a_bad_file_is_a_list_of_problems_by_place(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    for (what, bytes) in [
        ("cut", &CLASSES[..CLASSES.len() / 2]),
        ("a word document", &b"PK\x03\x04\x14\0\0\0\0\0"[..]),
        ("a web page", b"<html><table></table></html>"),
        ("an old container", &OLD[..600]),
        ("nothing", b""),
    ] {
        for (operation, query) in
            [("preview", "valid_from=2026-12-01"), ("import", "name=x&valid_from=2026-12-01")]
        {
            let refused = send(&app, &school, operation, query, bytes).await;
            let empty_preview = bytes.is_empty() && operation == "preview";
            if !empty_preview {
                assert_eq!(
                    (refused.status.as_u16(), refused.pointers().len()),
                    (422, 1),
                    "{what} {operation}"
                );
            }
        }
    }
    // Names the school does not have, by the cells of the workbook; nothing of it is stored.
    let questions = send(&app, &school, "preview", "valid_from=2026-12-01", OLD).await.expect(200);
    assert_eq!(questions["missing"]["classes"], json!([]));
    assert!(texts(&questions["missing"]["teachers"]).contains(&"张一".to_owned()));
    let red = questions["questions"].as_array().expect("questions").iter().find(|one| one["kind"] == "red");
    let answered = answers(&[(&text(&red.expect("asked")["id"]), "keep")]);
    let refused =
        send(&app, &school, "import", &format!("name=x&valid_from=2026-12-01&{answered}"), OLD).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.pointers().contains(&"三(2)班!C4".to_owned()), "{:?}", refused.pointers());
    assert_eq!(app.all(&school, "timetables").await.len(), 1);
    assert!(!app.all(&school, "teachers").await.iter().any(|teacher| teacher["name"] == "张一"));
}

async fn a_new_school_has_its_names_from_the_workbook(app: TestApp) {
    let (admin, district) = app.set_up().await;
    let id = app.add_school(&admin, &district, "石桥镇中心小学").await;
    let school = School { district, id, admin };
    let preview = send(&app, &school, "preview", "valid_from=2026-09-01", SCHOOL).await.expect(200);
    assert_eq!(preview["importable"], json!(true));
    assert_eq!(preview["missing"]["classes"].as_array().expect("classes").len(), 24);

    let made = send(&app, &school, "import", "name=v1&valid_from=2026-09-01&create_missing=true", SCHOOL)
        .await
        .expect(201);

    assert_eq!(made["grid"].as_object().expect("a grid").len(), 24);
    let subjects = app.all(&school, "subjects").await;
    let pe = subjects.iter().find(|subject| subject["name"] == "体育与健康").expect("written as 体育");
    assert!(texts(&pe["aliases"]).contains(&"体育".to_owned()));
    assert_eq!((app.all(&school, "classes").await.len(), subjects.len()), (24, 16));
    // The file again finds everything there.
    let preview = send(&app, &school, "preview", "valid_from=2026-09-01", CLASSES).await.expect(200);
    assert_eq!((&preview["unchanged"], &preview["missing"]["teachers"]), (&made["id"], &json!([])));
}
