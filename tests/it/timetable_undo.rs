//! An import of the wrong file is undone as one unit, unless something depends on it by now.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::on_both;
use crate::support::school::{Person, School, text};
use crate::support::week::Staffed;
use crate::support::{Answer, TestApp};

on_both!(
    an_undone_import_was_never_in_force,
    what_came_with_an_import_goes_with_it_and_comes_back_with_the_next,
    a_published_visit_and_a_later_change_hold_an_import,
);

const CLASS: &str = "三年级(2)班";
/// Tuesday's third lesson is 科学 in the sample; this file says 音乐.
const WRONG: &str = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,音乐,林晨曦\n";

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_cccc_0000_7000_8000_0000_0000_0000 + n)
}

async fn import(app: &TestApp, school: &School, who: &Person, query: &str, csv: &str) -> Answer {
    // Ids are in the order of time.
    app.pass(chrono::TimeDelta::seconds(1));
    let request = Request::post(school.path(&format!("timetables/import?{query}")))
        .header("authorization", format!("Bearer {}", who.token))
        .header("content-type", "text/csv");
    app.send(request.body(Body::from(csv.to_owned())).expect("a request")).await
}

async fn undo(app: &TestApp, school: &School, who: &Person, timetable: &Value) -> Answer {
    let path = school.path(&format!("timetables/{}/undo", text(&timetable["id"])));
    app.call("POST", &path, &who.token, None).await
}

async fn verdict(app: &TestApp, school: &School, who: &Person, visit: Uuid) -> String {
    let visit = app.get(&school.path(&format!("visits/{visit}")), &who.token).await.expect(200);
    text(&visit["verdict_now"])
}

async fn an_undone_import_was_never_in_force(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    let query = "name=错&valid_from=2026-11-16";
    let made = import(&app, &school, &affairs, query, WRONG).await.expect(201);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch");
    assert_eq!(undo(&app, &school, &inspector.person, &made).await.status.as_u16(), 403);

    let undone = undo(&app, &school, &affairs, &made).await.expect(200);

    assert_eq!((&undone["judged_again"], &undone["withdrawn"]), (&json!(1), &json!([])));
    assert_eq!(undone["timetable"]["retired"], "2026-11-16");
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "as_timetabled");
    assert_eq!(app.draft(&school, &principal, "2026-W47").await["log"]["planned_slots"], 688);
    // A phone has it, too.
    let records = app.pulled(&school, &inspector.phone.token).await;
    assert_eq!(records[&("timetable".to_owned(), text(&made["id"]))]["retired"], "2026-11-16");

    // Twice is once; and the same file is another version afterwards.
    let again = undo(&app, &school, &affairs, &made).await.expect(200);
    assert_eq!((&again["judged_again"], &again["timetable"]), (&json!(0), &undone["timetable"]));
    let anew = import(&app, &school, &affairs, query, WRONG).await.expect(201);
    assert_ne!(anew["id"], made["id"]);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch");
    let nowhere = json!({"id": id(7)});
    assert_eq!(undo(&app, &school, &affairs, &nowhere).await.status.as_u16(), 404);
}

async fn what_came_with_an_import_goes_with_it_and_comes_back_with_the_next(app: TestApp) {
    let Staffed { school, principal, affairs, .. } = app.staffed().await;
    let csv =
        "班级,星期,节次,学科,教师\n三年级(9)班,星期二,第3节,剪纸,张一\n三年级(2)班,星期二,第3节,剪纸,李二\n";
    let query = "valid_from=2026-12-07&create_missing=true";
    let made = import(&app, &school, &affairs, &format!("name=v2&{query}"), csv).await.expect(201);
    assert_eq!(made["added"].as_object().expect("what was added").len(), 4);
    // By now 李二 teaches in another version as well.
    let other = "班级,星期,节次,学科,教师\n三年级(2)班,星期三,第3节,音乐,李二\n";
    import(&app, &school, &affairs, "name=v3&valid_from=2026-12-14", other).await.expect(201);

    let undone = undo(&app, &school, &principal, &made).await.expect(200);

    let of = |member: &str| undone[member].as_array().expect("ids").len();
    assert_eq!((of("withdrawn"), of("kept")), (3, 1));
    let teachers = app.all(&school, "teachers").await;
    let named = |name: &str| teachers.iter().find(|teacher| teacher["name"] == name).expect("there").clone();
    assert_eq!(named("张一")["retired"], "2000-01-01", "it never was there");
    assert_eq!(named("李二").get("retired"), None);
    assert_eq!(undo(&app, &school, &principal, &made).await.expect(200)["withdrawn"], undone["withdrawn"]);

    // The right file names 张一 and 剪纸 again: they are there again, and are of this version now.
    let right = "班级,星期,节次,学科,教师\n三年级(2)班,星期二,第3节,剪纸,张一\n";
    let second = import(&app, &school, &affairs, &format!("name=v4&{query}"), right).await.expect(201);
    assert_eq!(second["added"].as_object().expect("what was added").len(), 2);
    assert!(second["added"].get(text(&named("张一")["id"])).is_some());
    let path = school.path(&format!("teachers/{}", text(&named("张一")["id"])));
    assert_eq!(app.get(&path, &principal.token).await.expect(200).get("retired"), None);
}

async fn a_published_visit_and_a_later_change_hold_an_import(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "音乐")).await;
    let made = import(&app, &school, &affairs, "name=v2&valid_from=2026-11-16", WRONG).await.expect(201);
    app.pass(chrono::TimeDelta::seconds(1));
    let change = json!({"kind": "cancellation", "class": names.class(CLASS), "date": "2026-11-24",
        "period": "第3节", "reason": "停课"});
    let change = app.post(&school.path("lesson-changes"), &affairs.token, &change).await.expect(201);
    app.publish(&school, &principal, "2026-W47", &json!({})).await.expect(201);

    let held = undo(&app, &school, &affairs, &made).await;

    assert_eq!((held.status.as_u16(), held.code().as_str()), (409, "depended-on"));
    let change = format!("lesson-changes/{}", text(&change["id"]));
    assert_eq!(held.pointers(), [format!("visits/{}", id(1)), change.clone()]);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "as_timetabled");
    let still = app.get(&school.path(&format!("timetables/{}", text(&made["id"]))), &affairs.token).await;
    assert_eq!(still.expect(200).get("retired"), None);

    // The change is withdrawn and so is the visit: nothing stands on the version any more.
    let etag = app.get(&school.path(&change), &affairs.token).await.header("etag");
    app.call_with("DELETE", &school.path(&change), &affairs.token, None, &[("if-match", &etag)])
        .await
        .expect(204);
    assert_eq!(undo(&app, &school, &affairs, &made).await.pointers(), [format!("visits/{}", id(1))]);
    inspector.write(&app, &school, id(1), &json!({"withdrawn": {"reason": "记错班级"}})).await;
    undo(&app, &school, &affairs, &made).await.expect(200);
}
