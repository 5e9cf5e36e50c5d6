//! The statistics of a weekly log that look beyond its week: repeats, the trend, and what editions keep of them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::text;
use crate::support::week::{Staffed, WEEK, planned};

on_both!(
    a_problem_that_came_back_is_a_repeat_and_the_trend_has_both_weeks,
    a_published_trend_stays_when_an_earlier_week_changes,
    the_same_visits_make_the_same_log,
    every_figure_of_an_edition_is_explained_by_its_visits,
    a_teacher_is_seen_by_name_or_by_a_plan_that_was_kept,
    how_soon_a_visit_was_entered_and_sent_is_told_of_its_inspector,
);

const CLASS: &str = "三年级(2)班";

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_bbbb_0000_7000_8000_0000_0000_0000 + n)
}

/// The visit with a finding of this category.
fn with(mut visit: Value, category: &str) -> Value {
    visit["findings/a"] = json!({"category": category, "severity": 1});
    visit
}

/// What the draft says of each week of its trend: consistent, checked.
fn kept(log: &Value) -> Vec<(String, u64, u64)> {
    let weeks = log["trend"]["weeks"].as_array().unwrap();
    let number = |value: &Value| value.as_u64().unwrap();
    weeks
        .iter()
        .map(|week| {
            (text(&week["week"]), number(&week["consistency"]["k"]), number(&week["consistency"]["n"]))
        })
        .collect()
}

async fn a_problem_that_came_back_is_a_repeat_and_the_trend_has_both_weeks(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let now = with(names.visit(CLASS, "2026-11-17", "第3节", "科学"), "ST01");
    // Two weeks before: the same problem, and a displaced lesson. A draft and a withdrawn visit say nothing.
    let before = with(names.visit(CLASS, "2026-11-03", "第3节", "数学"), "ST01");
    let mut unsent = with(names.visit(CLASS, "2026-11-09", "第2节", "数学"), "ST01");
    unsent.as_object_mut().unwrap().remove("submitted_at");
    let mut gone = with(names.visit(CLASS, "2026-11-10", "第2节", "数学"), "ST01");
    gone["withdrawn"] = json!({"reason": "记错班级"});
    let writes = [(id(1), now), (id(2), before), (id(3), unsent), (id(4), gone)];
    inspector.write_all(&app, &school, &writes).await;

    let log = app.draft(&school, &principal, WEEK).await["log"].clone();

    let repeats = &log["repeats"]["by_class"];
    assert_eq!(repeats.as_array().unwrap().len(), 1, "{repeats}");
    assert_eq!((&repeats[0]["code"], &repeats[0]["classes"]), (&json!("ST01"), &json!([CLASS])));
    let visits = |row: &Value| (row["week"].clone(), row["visits"].clone());
    let weeks: Vec<_> = repeats[0]["weeks"].as_array().unwrap().iter().map(visits).collect();
    assert_eq!(weeks, [(json!("2026-W45"), json!([id(2)])), (json!(WEEK), json!([id(1)]))]);
    assert_eq!(log["trace"]["repeats.class.1"], json!([id(1), id(2)]));

    let kept = kept(&log);
    assert_eq!(kept.len(), 8, "this week and seven before it: {kept:?}");
    assert_eq!(kept[5], ("2026-W45".to_owned(), 0, 1));
    assert_eq!(kept[7], (WEEK.to_owned(), 1, 1));
    assert_eq!(kept.iter().map(|(.., n)| n).sum::<u64>(), 2);
    let golden = &log["trend"]["weeks"][0];
    assert_eq!((&golden["week"], &golden["holidays"]), (&json!("2026-W40"), &json!(2)), "{golden}");
    let sports = &log["trend"]["weeks"][6];
    assert_eq!((&sports["teaching_week"], &sports["events"]), (&json!(11), &json!(1)), "{sports}");

    // The first week of the semester has nothing to look back on.
    let first = app.draft(&school, &principal, "2026-W36").await;
    assert_eq!(first["log"]["trend"]["weeks"].as_array().unwrap().len(), 1);
    let page = school.path(&format!("weeks/{WEEK}/editions/1/public"));
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    let public = app.get(&page, &principal.token).await.expect(200);
    assert!(public.get("repeats").is_none() && public.get("trend").is_none());
}

async fn a_published_trend_stays_when_an_earlier_week_changes(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    let path = school.path(&format!("weeks/{WEEK}/editions/1"));
    let printed = app.get(&path, &principal.token).await;

    let late = names.visit(CLASS, "2026-11-03", "第3节", "数学");
    inspector.write(&app, &school, id(2), &late).await;

    let draft = app.draft(&school, &principal, WEEK).await;
    assert_eq!(kept(&draft["log"])[5], ("2026-W45".to_owned(), 0, 1));
    assert_eq!(draft["changes"], json!([]), "no visit of this week has changed");
    let again = app.get(&path, &principal.token).await;
    assert_eq!(again.bytes, printed.bytes);
    assert_eq!(kept(&again.expect(200)["log"])[5], ("2026-W45".to_owned(), 0, 0));
}

async fn the_same_visits_make_the_same_log(app: TestApp) {
    let school = app.qinghe().await;
    let names = app.names(&school).await;
    let (recorders, _) = app.play_week(&school, &names).await;
    let principal = &recorders["郑校长"].person;
    app.publish(&school, principal, WEEK, &json!({})).await.expect(201);
    let path = school.path(&format!("weeks/{WEEK}/editions/1"));
    let printed = app.get(&path, &principal.token).await.expect(200);

    app.pass(chrono::TimeDelta::minutes(5));
    let drafted = app.draft(&school, principal, WEEK).await;

    assert_eq!(drafted["log"].to_string(), printed["log"].to_string());
}

async fn how_soon_a_visit_was_entered_and_sent_is_told_of_its_inspector(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let mut soon = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    soon["arrived_at"] = json!("2026-11-17T10:25:00+08:00");
    soon["left_at"] = json!("2026-11-17T10:37:00+08:00");
    let mut late = names.visit(CLASS, "2026-11-18", "第2节", "数学");
    late["submitted_at"] = json!("2026-11-19T17:00:00+08:00");
    inspector.write_all(&app, &school, &[(id(1), soon), (id(2), late)]).await;

    let log = app.draft(&school, &principal, WEEK).await["log"].clone();

    let work = &log["inspectors"][0];
    assert_eq!((&work["inspector"], &work["visits"]), (&json!("值周孟老师"), &json!(2)));
    let more = &work["more"];
    assert_eq!((&more["entered_late"], &more["entered"]), (&json!(1), &json!(2)), "{more}");
    assert_eq!((&more["minutes"], &more["timed"]), (&json!(12), &json!(1)), "{more}");
    assert_eq!((&more["classes"], &more["protected"]), (&json!(1), &json!(1)), "{more}");
    // Sent on Monday at 08:00, submitted on Thursday at 17:00 at the latest.
    assert_eq!(more["median_sync_delay"], json!((3 * 24 + 15) * 60), "{more}");
}

async fn a_teacher_is_seen_by_name_or_by_a_plan_that_was_kept(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let science = planned(CLASS, 2, "第3节").1;
    let maths = planned(CLASS, 3, "第2节").1;
    let unseen = |log: &Value, name: &str| {
        let rows = log["coverage"]["teachers_long_unseen"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).map(|row| row["last_seen"].clone())
    };
    let before = app.draft(&school, &principal, WEEK).await["log"].clone();
    assert_eq!([&science, &maths].map(|name| unseen(&before, name)), [Some(Value::Null), Some(Value::Null)]);

    // Three weeks before, the plan was kept, and nobody is named; four weeks before, somebody is.
    let kept = names.visit(CLASS, "2026-10-27", "第3节", "科学");
    let mut named = names.visit(CLASS, "2026-10-21", "第2节", "数学");
    named["observed"]["teacher"] = json!(names.teacher(&maths));
    inspector.write_all(&app, &school, &[(id(1), kept), (id(2), named)]).await;

    let log = app.draft(&school, &principal, WEEK).await["log"].clone();
    assert_eq!(unseen(&log, &science), None, "three weeks are not long");
    assert_eq!(unseen(&log, &maths), Some(json!("2026-W43")));
    let subjects = log["coverage"]["subjects_unseen"].as_array().unwrap();
    let subject = subjects.iter().find(|row| row["name"] == "科学").unwrap();
    assert_eq!((&subject["last_seen"], &subject["weeks_since"]), (&json!("2026-W44"), &json!(3)));
}

async fn every_figure_of_an_edition_is_explained_by_its_visits(app: TestApp) {
    let school = app.qinghe().await;
    let names = app.names(&school).await;
    let (recorders, _) = app.play_week(&school, &names).await;
    let principal = &recorders["郑校长"].person;
    let teacher = app.add_named(&school, "chang", "常老师", "teacher").await;
    let published = app.publish(&school, principal, WEEK, &json!({})).await.expect(201);
    let path = school.path(&format!("weeks/{WEEK}/editions/1"));
    let log = app.get(&path, &principal.token).await.expect(200)["log"].clone();
    let trace = log["trace"].as_object().unwrap();

    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("{path}/figures?limit=50{cursor}");
        let page = app.get(&page, &principal.token).await.expect(200);
        for figure in page["items"].as_array().unwrap() {
            let key = text(&figure["key"]);
            assert_eq!(figure["visits"], json!(trace[&key].as_array().unwrap().len()), "{key}");
            keys.push(key);
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={}", encoded(next));
    }
    assert_eq!(keys, trace.keys().cloned().collect::<Vec<_>>());

    for key in ["findings.TT01", "displacement.音乐", "trend.2026-W47.inconsistent", "taught.语文"] {
        let figure = app.get(&format!("{path}/figures/{}", encoded(key)), &principal.token).await.expect(200);
        assert_eq!((&figure["key"], &figure["visits"]), (&json!(key), &trace[key]));
        assert_eq!((&figure["edition"], &figure["content_hash"]), (&json!(1), &published["hash"]));
        assert_eq!(figure["rules"], log["rules"]);
    }
    assert_eq!(log["rules"], 2);

    for absent in ["figures/findings.ZZ99", "figures/"] {
        assert_eq!(app.get(&format!("{path}/{absent}"), &principal.token).await.status.as_u16(), 404);
    }
    let other = school.path(&format!("weeks/{WEEK}/editions/2/figures/visits"));
    assert_eq!(app.get(&other, &principal.token).await.status.as_u16(), 404);
    assert_eq!(app.get(&format!("{path}/figures/visits"), &teacher.token).await.status.as_u16(), 403);
}

/// A key as it stands in an address.
fn encoded(key: &str) -> String {
    key.bytes().fold(String::new(), |written, byte| written + &format!("%{byte:02X}"))
}
