//! Two timetables held against each other: two versions, and a file and the version in force.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::text;
use crate::support::week::Staffed;

on_both!(
    a_lesson_that_another_version_gives_to_mathematics_is_found_in_its_cell,
    a_file_is_held_against_the_timetable_in_force,
);

const CLASSES: &[u8] = include_bytes!("../data/qinghe-class-timetables.xlsx");

/// The lessons of the sample school, but its first music lesson is mathematics.
fn used() -> Value {
    let mut timetable: Value = serde_json::from_str(include_str!("../data/qinghe-timetable.json")).unwrap();
    let lessons = timetable["lessons"].as_array_mut().unwrap();
    let music =
        lessons.iter_mut().find(|lesson| lesson["subject"] == "音乐" && lesson["weeks"] == "all").unwrap();
    music["subject"] = json!("数学");
    timetable["lessons"].take()
}

async fn a_lesson_that_another_version_gives_to_mathematics_is_found_in_its_cell(app: TestApp) {
    let Staffed { school, principal, inspector, .. } = app.staffed().await;
    let posted = text(&app.all(&school, "timetables").await.remove(0)["id"]);
    let new = json!({"name": "班主任自用", "valid_from": "2027-02-01", "lessons": used()});
    let used = app.post(&school.path("timetables"), &school.admin.token, &new).await.expect(201);
    let path = |with: &str| school.path(&format!("timetables/{posted}/compare?with={with}&on=2026-11-17"));

    let told = app.get(&path(&text(&used["id"])), &principal.token).await.expect(200);

    assert_eq!((&told["cells"], &told["different"]), (&json!(688), &json!(1)));
    let cell = &told["differences"][0];
    assert_eq!(cell["what"], "subject");
    assert_eq!(
        (&cell["posted"][0]["subject"], &cell["used"][0]["subject"]),
        (&json!("音乐"), &json!("数学"))
    );
    let sums = told["subjects"].as_array().unwrap();
    assert_eq!(sums.iter().map(|row| text(&row["subject"])).collect::<Vec<_>>(), ["数学", "音乐"]);
    let same = app.get(&path(&posted), &principal.token).await.expect(200);
    assert_eq!((&same["different"], &same["differences"]), (&json!(0), &json!([])));

    let nowhere = app.get(&path(&Uuid::from_u128(1).to_string()), &principal.token).await;
    assert_eq!(
        (nowhere.status.as_u16(), nowhere.json()["errors"][0]["pointer"].clone()),
        (422, json!("?with"))
    );
    assert_eq!(app.get(&path(&posted), &inspector.person.token).await.status.as_u16(), 403);
}

async fn a_file_is_held_against_the_timetable_in_force(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let preview = async || {
        let request = Request::post(school.path("timetables/preview?valid_from=2026-12-01"))
            .header("authorization", format!("Bearer {}", school.admin.token))
            .header("content-type", "application/octet-stream");
        app.send(request.body(Body::from(CLASSES.to_vec())).unwrap()).await.expect(200)
    };
    let same = preview().await;
    let new = json!({"name": "2026B", "valid_from": "2026-12-01", "lessons": used()});
    app.post(&school.path("timetables"), &school.admin.token, &new).await.expect(201);

    let other = preview().await;

    assert_eq!((&same["against"]["cells"], &same["against"]["different"]), (&json!(688), &json!(0)));
    let cell = &other["against"]["differences"][0];
    assert_eq!(other["against"]["different"], 1);
    assert_eq!(
        (&cell["posted"][0]["subject"], &cell["used"][0]["subject"]),
        (&json!("数学"), &json!("音乐"))
    );
}
