//! What a new phone reads before it can work without a network: small enough for a village's.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{School, text};
use crate::support::week::Staffed;

on_both!(a_new_phone_has_a_school_of_24_classes_in_less_than_100_kib);

/// What a school's reference data may weigh on the way to a phone, in either coding.
const MOST: usize = 100 * 1024;

/// Bytes of every page from zero on, as the server sends them, and the types that were in them.
async fn pulled(app: &TestApp, school: &School, token: &str, coding: &str) -> (usize, Vec<String>) {
    let (mut bytes, mut kinds, mut cursor) = (0, Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/sync/changes?stream={}{cursor}", school.id);
        let answer = app.call_with("GET", &path, token, None, &[("accept-encoding", coding)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-encoding").as_str()), (200, coding));
        bytes += answer.bytes.len();
        let plain = match coding {
            "gzip" => std::io::read_to_string(flate2::read::GzDecoder::new(answer.bytes.as_slice())).unwrap(),
            _ => String::from_utf8(zstd::decode_all(answer.bytes.as_slice()).unwrap()).unwrap(),
        };
        let page: Value = serde_json::from_str(&plain).unwrap();
        kinds.extend(page["changes"].as_array().unwrap().iter().map(|change| text(&change["type"])));
        if page["more"] == false {
            return (bytes, kinds);
        }
        cursor = format!("&cursor={}", text(&page["cursor"]));
    }
}

/// Files a term's changes: two substitutions and a swap on every Tuesday of 16 weeks.
async fn file_changes(app: &TestApp, staffed: &Staffed) {
    let Staffed { school, names, principal, affairs, .. } = staffed;
    let classes: Vec<&String> = names.classes.values().collect();
    let teachers: Vec<&String> = names.teachers.values().collect();
    let tuesday: chrono::NaiveDate = "2026-09-08".parse().unwrap();
    for (week, date) in tuesday.iter_weeks().take(16).enumerate() {
        for lesson in 0..3 {
            let class = classes[(week * 5 + lesson) % classes.len()];
            let mut change = json!({"kind": "substitution", "class": class, "date": date,
                "period": format!("第{}节", 1 + (week + lesson) % 5), "reason": "教研活动",
                "teacher": teachers[(week * 7 + lesson) % teachers.len()]});
            if lesson == 2 {
                change["kind"] = json!("swap");
                change["with"] = json!({"date": date.succ_opt(), "period": "第2节"});
                change.as_object_mut().unwrap().remove("teacher");
            }
            let filed = app.post(&school.path("lesson-changes"), &affairs.token, &change).await;
            let path = school.path(&format!("lesson-changes/{}/decision", text(&filed.json()["id"])));
            let etag = filed.header("etag");
            filed.expect(201);
            let approved = json!({"status": "approved"});
            let headers = [("if-match", etag.as_str())];
            app.call_with("POST", &path, &principal.token, Some(&approved), &headers).await.expect(200);
        }
    }
}

async fn a_new_phone_has_a_school_of_24_classes_in_less_than_100_kib(app: TestApp) {
    let staffed = app.staffed().await;
    file_changes(&app, &staffed).await;
    let Staffed { school, inspector, .. } = staffed;
    // In the middle of the term the timetable changes; the old version still judges the weeks before.
    let mut timetable: Value =
        serde_json::from_str(include_str!("../data/qinghe-timetable.json")).expect("the sample");
    let new = json!({"name": "2026A-v2", "valid_from": "2026-11-16", "lessons": timetable["lessons"].take()});
    app.post(&school.path("timetables"), &school.admin.token, &new).await.expect(201);

    for coding in ["gzip", "zstd"] {
        let (bytes, kinds) = pulled(&app, &school, &inspector.phone.token, coding).await;

        let of = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
        let counted = ["class", "timetable", "lesson_change", "semester", "bell_schedule"].map(of);
        assert_eq!(counted, [24, 2, 48, 1, 1]);
        assert!(of("calendar_day") > 0);
        assert!(bytes < MOST, "{coding}: {bytes} bytes of at most {MOST}");
    }
}
