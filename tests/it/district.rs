//! A district's schools side by side: figures of their editions, who published when, and nobody sees a school he may not.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{School, text};
use crate::support::week::{Staffed, WEEK};
use crate::web::{html, page, signed_in};

on_both!(
    the_figures_of_a_school_are_those_of_its_edition,
    a_new_edition_takes_the_place_of_the_one_before_and_a_withdrawn_one_is_not_counted,
    nobody_sees_a_school_whose_editions_he_may_not_read,
    who_published_on_time_late_or_not_at_all_is_told,
    each_report_has_its_days_and_is_also_a_table,
    editions_from_before_there_were_rows_are_told_after_the_next_start,
    the_pages_tell_the_same_and_the_start_page_leads_there,
);

/// Whoever supervises the whole district.
async fn bureau(app: &TestApp, school: &School) -> String {
    app.add_person(&school.admin, &school.district, "bureau", "supervisor", &[]).await.token
}

fn path(school: &School, rest: &str) -> String {
    format!("/api/v1/districts/{}/{rest}", school.district)
}

/// A school's line.
fn line<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let schools = answer["overview"]["schools"].as_array().unwrap();
    schools.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("{name} is in {answer}"))
}

async fn the_figures_of_a_school_are_those_of_its_edition(app: TestApp) {
    let Staffed { school, names, principal, .. } = app.staffed().await;
    app.play_week(&school, &names).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    let small = app.small(&school, "石桥镇中心小学", "bai").await;
    small.visit(&app, "2026-11-17", 4, 1).await;
    small.publish(&app, WEEK).await;
    let bureau = bureau(&app, &school).await;

    let seen = app.get(&path(&school, "overview?weeks=1"), &bureau).await.expect(200);

    let edition = app.get(&school.path(&format!("weeks/{WEEK}/editions/1")), &bureau).await;
    let hash = edition.header("etag").trim_matches('"').to_owned();
    let log = edition.expect(200)["log"].clone();
    let own = line(&seen, "青禾实验小学");
    let of_week = &own["weeks"][0];
    assert_eq!((&of_week["week"], &of_week["edition"]["hash"]), (&json!(WEEK), &json!(hash)));
    for (told, figure) in [
        (&own["visits"], &log["visits"]),
        (&own["slots"], &log["visited_slots"]),
        (&own["rates"]["coverage"]["k"], &log["coverage"]["planned_slots_visited"]),
        (&own["rates"]["coverage"]["n"], &log["planned_slots"]),
        (&own["rates"]["consistency"]["k"], &log["consistency"]["consistent"]),
        (&own["rates"]["consistency"]["n"], &log["consistency"]["checked"]),
        (&own["rates"]["consistency"]["share"], &log["consistency_parts"]["rate"]),
        (&own["rates"]["consistency"]["wilson95"], &log["consistency"]["wilson95"]),
        (&own["rates"]["good"]["k"], &log["rating_shares"]["all"]["good"]),
        (&own["rates"]["good"]["n"], &log["rating_shares"]["all"]["rated"]),
        (&own["highlights"], &log["highlights"]),
        (&own["improvements"], &log["improvements"]),
        (&own["notices"], &log["rectification_notices"]),
        (&own["problems"], &log["findings_by_category"]),
    ] {
        assert_eq!(told, figure, "{own}");
    }
    let displaced: u64 = (log["displacement_by_subject"].as_object().unwrap().values())
        .filter_map(|one| one["displaced"].as_u64())
        .sum();
    assert_eq!(own["rates"]["displacement"]["k"], json!(displaced));

    let few = &line(&seen, "石桥镇中心小学")["rates"]["consistency"];
    assert_eq!((&few["k"], &few["n"]), (&json!(3), &json!(4)));
    assert!(few["share"].is_null() && few["wilson95"].is_null() && few["differs"].is_null(), "{few}");
    let whole = &seen["overview"]["whole"];
    let visits = log["visits"].as_u64().unwrap() + 4;
    assert_eq!((&whole["visits"], &whole["schools_published"]), (&json!(visits), &json!(2)));
    let problems: BTreeMap<String, &Value> = seen["overview"]["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["code"]), one))
        .collect();
    assert_eq!(problems["TT01"]["schools"], json!(2));
    assert_eq!(problems["TT01"]["of_schools"], json!(2));
    for name in ["郑校长", "孟老师", "陈一"] {
        assert!(!seen.to_string().contains(name), "the district is told of nobody");
    }
}

async fn a_new_edition_takes_the_place_of_the_one_before_and_a_withdrawn_one_is_not_counted(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let small = app.small(&school, "石桥镇中心小学", "bai").await;
    let bureau = bureau(&app, &school).await;
    let seen = async || {
        let seen = app.get(&path(&school, "overview?weeks=1"), &bureau).await.expect(200);
        let own = line(&seen, "石桥镇中心小学");
        (
            own["visits"].clone(),
            text(&own["weeks"][0]["standing"]),
            own["weeks"][0]["edition"]["number"].clone(),
        )
    };
    small.visit(&app, "2026-11-17", 2, 0).await;
    small.publish(&app, WEEK).await;
    assert_eq!(seen().await, (json!(2), "on_time".to_owned(), json!(1)));

    small.visit(&app, "2026-11-17", 3, 0).await;
    assert_eq!(seen().await.0, json!(2), "what is not published is not told");
    small.publish(&app, WEEK).await;
    assert_eq!(seen().await, (json!(5), "on_time".to_owned(), json!(2)));

    let withdraw = async |number: u32| {
        let path = small.school.path(&format!("weeks/{WEEK}/editions/{number}/withdraw"));
        app.post(&path, &small.principal.person.token, &json!({"why": "重新核对"})).await.expect(200);
    };
    withdraw(1).await;
    assert_eq!(seen().await, (json!(5), "on_time".to_owned(), json!(2)), "an edition of before");
    withdraw(2).await;
    assert_eq!(seen().await, (json!(0), "withdrawn".to_owned(), json!(2)));

    small.visit(&app, "2026-11-17", 1, 0).await;
    small.publish(&app, WEEK).await;
    assert_eq!(seen().await, (json!(6), "on_time".to_owned(), json!(3)));
}

async fn nobody_sees_a_school_whose_editions_he_may_not_read(app: TestApp) {
    let Staffed { school, principal, .. } = app.staffed().await;
    let (one, other) =
        (app.small(&school, "石桥镇中心小学", "bai").await, app.small(&school, "白鹭小学", "lu").await);
    for small in [&one, &other] {
        small.visit(&app, "2026-11-17", 3, 1).await;
        small.publish(&app, WEEK).await;
    }
    let admin = &school.admin;
    let far = app.post("/api/v1/districts", &admin.token, &json!({"name": "白鹭区教育局"})).await.expect(201);
    let few = app.add_person(admin, &school.district, "few", "supervisor", &[&one.school.id]).await;
    let stranger = app.add_person(admin, &text(&far["id"]), "stranger", "supervisor", &[]).await;
    let all = bureau(&app, &school).await;
    let overview = path(&school, "overview");

    let of_one = app.get(&overview, &few.token).await.expect(200);
    let of_all = app.get(&overview, &all).await.expect(200);

    let names = |seen: &Value| -> Vec<String> {
        seen["overview"]["schools"].as_array().unwrap().iter().map(|line| text(&line["name"])).collect()
    };
    assert_eq!(names(&of_one), ["石桥镇中心小学"]);
    assert_eq!(names(&of_all), ["白鹭小学", "石桥镇中心小学", "青禾实验小学"]);
    let whole = &of_one["overview"]["whole"];
    assert_eq!((&whole["schools"], &whole["visits"]), (&json!(1), &json!(3)), "not even in a sum");
    assert_eq!(of_one["overview"]["problems"][0]["findings"], json!(1));
    for rest in ["overview/csv", "digests/monthly_supervision/csv"] {
        let table = app.get(&path(&school, rest), &few.token).await;
        let table = String::from_utf8(table.bytes).unwrap();
        assert!(table.contains("石桥镇中心小学") && !table.contains("白鹭小学"), "{table}");
    }
    for rest in ["overview", "overview/csv", "digests/weekly_consultation", "digests/weekly_consultation/csv"]
    {
        let address = path(&school, rest);
        assert_eq!(app.get(&address, &stranger.token).await.status.as_u16(), 404, "{rest}");
        assert_eq!(app.get(&address, &principal.token).await.status.as_u16(), 404, "{rest}");
        assert_eq!(app.get(&address, &admin.token).await.status.as_u16(), 403, "{rest}");
    }
}

async fn who_published_on_time_late_or_not_at_all_is_told(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let (early, late) =
        (app.small(&school, "石桥镇中心小学", "bai").await, app.small(&school, "白鹭小学", "lu").await);
    early.visit(&app, "2026-11-17", 1, 0).await;
    late.visit(&app, "2026-11-17", 1, 0).await;
    early.publish(&app, WEEK).await;
    let bureau = bureau(&app, &school).await;
    let standings = async |token: &str| {
        let seen = app.get(&path(&school, "overview?weeks=2&until=2026-W47"), token).await.expect(200);
        let of = |name: &str| {
            let weeks = line(&seen, name)["weeks"].as_array().unwrap().clone();
            weeks.iter().map(|week| text(&week["standing"])).collect::<Vec<_>>()
        };
        (of("石桥镇中心小学"), of("白鹭小学"), of("青禾实验小学"), seen["overview"]["whole"].clone())
    };

    let (first, second, silent, _) = standings(&bureau).await;
    assert_eq!(first, ["missing", "on_time"]);
    assert_eq!(
        (second, silent),
        (vec!["missing".into(), "pending".into()], vec!["missing".into(), "pending".into()])
    );

    early.visit(&app, "2026-11-17", 2, 0).await;
    app.pass(TimeDelta::hours(11));
    late.publish(&app, WEEK).await;
    early.publish(&app, WEEK).await;

    let bureau = app.sign_in("bureau").await.token;
    let (first, second, silent, whole) = standings(&bureau).await;
    assert_eq!(first, ["missing", "on_time"], "a second edition makes nobody late");
    assert_eq!(second, ["missing", "late"]);
    assert_eq!(silent, ["missing", "missing"], "who published nothing is told, not left out");
    let publishing = &whole["publishing"];
    assert_eq!((&publishing["on_time"], &publishing["late"]), (&json!(1), &json!(1)));
    assert_eq!((&publishing["missing"], &whole["schools_published"]), (&json!(4), &json!(2)));
    let summer = app.get(&path(&school, "overview?weeks=1&until=2026-W32"), &bureau).await.expect(200);
    assert_eq!(line(&summer, "石桥镇中心小学")["weeks"][0]["standing"], "not_due");
}

async fn each_report_has_its_days_and_is_also_a_table(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let small = app.small(&school, "石桥镇中心小学", "bai").await;
    for (tuesday, week, lessons) in [("2026-11-10", "2026-W46", 6), ("2026-11-17", WEEK, 5)] {
        small.visit(&app, tuesday, lessons, 0).await;
        small.publish(&app, week).await;
    }
    let bureau = bureau(&app, &school).await;
    let report = async |name: &str| {
        let seen =
            app.get(&path(&school, &format!("digests/{name}?on=2026-11-24")), &bureau).await.expect(200);
        let weeks = seen["overview"]["weeks"].as_array().unwrap().len();
        let visits = seen["overview"]["whole"]["visits"].clone();
        (text(&seen["from"]), weeks, visits, seen["before"]["visits"].clone())
    };

    let weekly = report("weekly_consultation").await;
    let biweekly = report("biweekly_dispatch").await;
    let monthly = report("monthly_supervision").await;

    assert_eq!(weekly, ("2026-11-18".to_owned(), 1, json!(5), json!(6)));
    assert_eq!(biweekly, ("2026-11-11".to_owned(), 2, json!(11), json!(0)));
    assert_eq!(monthly, ("2026-10-26".to_owned(), 5, json!(11), json!(0)));
    let unknown = app.get(&path(&school, "digests/yearly"), &bureau).await;
    assert_eq!(unknown.status.as_u16(), 404);
    let many = app.get(&path(&school, "overview?weeks=21"), &bureau).await;
    assert_eq!((many.status.as_u16(), many.pointers()), (422, vec!["?weeks".to_owned()]));

    let table = app.get(&path(&school, "digests/weekly_consultation/csv?on=2026-11-24"), &bureau).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let table = String::from_utf8(table.bytes).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("\u{feff}学校标识码,学校,"), "{table}");
    assert_eq!(lines.len(), 4, "{table}");
    assert_eq!(
        lines[1],
        ",石桥镇中心小学,1,0,0,0,0,5,5,5,6,0.8333,5,5,1.0000,0.5655,1.0000,,0,5,0.0000,0.0000,0.4345,,0,0,,,,0,0,0"
    );
    assert!(lines[3].starts_with(",合计,1,0,0,0,1,5,5,"), "{table}");
}

async fn editions_from_before_there_were_rows_are_told_after_the_next_start(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let small = app.small(&school, "石桥镇中心小学", "bai").await;
    for lessons in [2, 4] {
        small.visit(&app, "2026-11-17", lessons, 1).await;
        small.publish(&app, WEEK).await;
    }
    let bureau = bureau(&app, &school).await;
    let address = path(&school, "overview?weeks=1");
    let before = app.get(&address, &bureau).await.expect(200);
    assert_eq!(line(&before, "石桥镇中心小学")["visits"], json!(6));
    let db = Database::connect(&app.url).await.unwrap();
    db.execute_unprepared("DELETE FROM published_week").await.unwrap();
    let gone = app.get(&address, &bureau).await.expect(200);
    assert_eq!(line(&gone, "石桥镇中心小学")["visits"], json!(0));

    let next = app.another_node().await;

    assert_eq!(next.get(&address, &bureau).await.expect(200), before);
    // A node of before has published a second edition and told nobody.
    db.execute_unprepared("UPDATE published_week SET number = 1, figures = '{}'").await.unwrap();
    db.close().await.unwrap();
    let after = app.another_node().await;
    assert_eq!(after.get(&address, &bureau).await.expect(200), before);
}

async fn the_pages_tell_the_same_and_the_start_page_leads_there(app: TestApp) {
    let Staffed { school, .. } = app.staffed().await;
    let small = app.small(&school, "石桥镇中心小学", "bai").await;
    small.visit(&app, "2026-11-17", 5, 1).await;
    small.publish(&app, WEEK).await;
    bureau(&app, &school).await;
    let few = app.add_person(&school.admin, &school.district, "few", "supervisor", &[&school.id]).await;
    let cookie = signed_in(&app, "bureau").await;
    let home = html(&page(&app, "/", &cookie).await);
    let address = format!("/districts/{}", school.district);
    assert!(home.contains(&format!(r#"href="{address}""#)), "{home}");

    let seen = html(&page(&app, &address, &cookie).await);
    let report =
        html(&page(&app, &format!("{address}/digests/biweekly_dispatch?on=2026-11-24"), &cookie).await);

    for told in [&seen, &report] {
        assert!(told.contains("石桥镇中心小学") && told.contains("4/5 80.0%"), "{told}");
        assert!(told.contains(&format!("/schools/{}/weeks/{WEEK}/editions/1", small.school.id)), "{told}");
    }
    let table = page(&app, &format!("{address}/csv?weeks=1"), &cookie).await;
    assert!(String::from_utf8(table.bytes).unwrap().contains("石桥镇中心小学,1,"));
    let theirs = signed_in(&app, &few.login).await;
    let seen = html(&page(&app, &address, &theirs).await);
    assert!(seen.contains("青禾实验小学") && !seen.contains("石桥镇中心小学"), "{seen}");
    let principal = signed_in(&app, "bai").await;
    let refused = page(&app, &address, &principal).await;
    assert_eq!(refused.status.as_u16(), 404);
}
