//! Whether what is posted is what is taught: over the API, as a page and in the audit's workbook.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::on_both;
use crate::support::school::{Person, School, text};
use crate::support::week::{Names, Staffed};
use crate::support::{Answer, TestApp};
use crate::web::{self, signed_in};

on_both!(
    a_subject_taught_otherwise_every_week_is_flagged_with_its_visits,
    a_school_says_what_chance_swaps_explain,
    the_page_shows_the_visits_and_compares_two_timetables,
);

const CLASS: &str = "三年级(2)班";
/// Tuesdays on whose third lesson the sample has 科学.
const TUESDAYS: [&str; 7] =
    ["2026-09-08", "2026-09-15", "2026-09-22", "2026-10-13", "2026-10-20", "2026-10-27", "2026-11-03"];

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_dddd_0000_7000_8000_0000_0000_0000 + n)
}

/// Visits that saw this instead of 科学.
fn visits(names: &Names, subject: &str) -> Vec<(Uuid, Value)> {
    let visits = TUESDAYS.iter().zip(1..);
    visits.map(|(date, n)| (id(n), names.visit(CLASS, date, "第3节", subject))).collect()
}

async fn practice(app: &TestApp, school: &School, who: &Person, query: &str) -> Answer {
    app.get(&school.path(&format!("audit/practice{query}")), &who.token).await
}

async fn a_subject_taught_otherwise_every_week_is_flagged_with_its_visits(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    inspector.write_all(&app, &school, &visits(&names, "数学")).await;

    let told = practice(&app, &school, &principal, "").await.expect(200);
    let early = practice(&app, &school, &principal, "?on=2026-09-23").await.expect(200);
    let holidays = practice(&app, &school, &principal, "?on=2026-08-01").await.expect(200);

    assert_eq!((&told["span"], &told["weeks"]), (&json!(["2026-08-31", "2026-11-23"]), &json!(13)));
    let pair = &told["dual"]["found"][0];
    assert_eq!((&pair["class_name"], &pair["subject_name"]), (&json!(CLASS), &json!("科学")));
    assert_eq!(
        (&pair["flagged"], &pair["mismatches"], &pair["lessons"]),
        (&json!(true), &json!(7), &json!(7))
    );
    let seen: Vec<&Value> =
        pair["evidence_slots"].as_array().unwrap().iter().map(|slot| &slot["visits"][0]).collect();
    assert_eq!(seen, (1..=7).map(|n| json!(id(n))).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    assert_eq!((&told["dual"]["p0"], &told["dual"]["alpha"]), (&json!(0.05), &json!(0.01)));
    let science = told["delivered"]["subjects"].as_array().unwrap().iter().find(|row| row["name"] == "科学");
    let bands = science.expect("planned")["bands"].as_array().unwrap();
    let band = bands.iter().find(|band| band["grades"] == json!([3, 4])).expect("its grades");
    assert_eq!((&band["taught"], &band["seen"], &band["share"]), (&json!(0), &json!(7), &json!(0.0)));
    assert_eq!(band["visits_not_taught"].as_array().unwrap().len(), 7);
    assert!(bands.iter().any(|band| band["seen"] == 0 && band["estimate"].is_null()));

    assert_eq!(early["dual"]["found"][0]["flagged"], false, "three lessons are too few");
    assert_eq!((&holidays["span"], &holidays["dual"]["found"]), (&Value::Null, &json!([])));

    // What is filed afterwards is no mismatch any more.
    let change = json!({"kind": "substitution", "class": names.class(CLASS), "date": TUESDAYS[0],
        "period": "第3节", "subject": names.subject("数学")});
    app.post(&school.path("lesson-changes"), &affairs.token, &change).await.expect(201);
    let told = practice(&app, &school, &principal, "").await.expect(200);
    assert_eq!((&told["dual"]["undecided"], &told["dual"]["found"][0]["mismatches"]), (&json!(1), &json!(6)));
    for stranger in [&inspector.person, &school.admin] {
        assert_eq!(practice(&app, &school, stranger, "").await.status, StatusCode::FORBIDDEN);
    }
}

async fn a_school_says_what_chance_swaps_explain(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    inspector.write_all(&app, &school, &visits(&names, "数学")).await;
    let path = school.path("");
    let set = async |limits: Value| {
        let body = json!({"settings": {"dual_timetable": limits}});
        app.patch(path.trim_end_matches('/'), &school.admin.token, &body).await
    };

    set(json!({"p0": 0.2})).await.expect(200);
    let lenient = practice(&app, &school, &principal, "").await.expect(200);
    let refused = [json!({"p0": 0.9}), json!({"p1": 0.1}), json!({"alpha": 0}), json!({"beta": 0.1})];

    assert_eq!((&lenient["dual"]["p0"], &lenient["dual"]["p0_set"]), (&json!(0.2), &json!(true)));
    assert_eq!(lenient["dual"]["found"][0]["flagged"], false);
    for limits in refused {
        assert_eq!(set(limits).await.pointers(), ["/settings/dual_timetable"]);
    }
}

async fn the_page_shows_the_visits_and_compares_two_timetables(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    inspector.write_all(&app, &school, &visits(&names, "数学")).await;
    let posted = text(&app.all(&school, "timetables").await.remove(0)["id"]);
    let new = json!({"name": "班主任自用", "valid_from": "2027-02-01", "lessons": [
        {"class_name": CLASS, "weekday": 2, "period": "第3节", "subject": "数学"}]});
    let used = app.post(&school.path("timetables"), &school.admin.token, &new).await.expect(201);
    let path = format!("/schools/{}/audit/practice", school.id);
    let page = async |who: &Person, query: &str| {
        let cookie = signed_in(&app, &who.login).await;
        web::page(&app, &format!("{path}{query}"), &cookie).await
    };

    let shown = page(&principal, "").await;
    let query = format!("?posted={posted}&used={}", text(&used["id"]));
    let compared = page(&principal, &query).await;

    let html = String::from_utf8(shown.bytes).unwrap();
    assert_eq!(shown.status, StatusCode::OK);
    for said in ["课表执行核查", "7/7 不按课表", "9月8日 周二 第3节", "未查到", "不估计"]
    {
        assert!(html.contains(said), "{said}");
    }
    assert!(html.contains(&format!("/schools/{}/visits/{}", school.id, id(1))));
    let html = String::from_utf8(compared.bytes).unwrap();
    assert!(
        html.contains("两份课表共688格") && html.contains("班主任自用") && html.contains("仅公示课表有课")
    );
    assert_eq!(
        page(&principal, &format!("?posted={posted}&used={}", id(9))).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(page(&inspector.person, "").await.status, StatusCode::FORBIDDEN);
    let audit =
        web::page(&app, &format!("/schools/{}/audit", school.id), &signed_in(&app, &principal.login).await)
            .await;
    assert!(String::from_utf8(audit.bytes).unwrap().contains(&path));
}
