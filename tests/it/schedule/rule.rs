//! The rule itself: what it does when, and what keeps it from doing anything.

use serde_json::json;

use super::{WEEK, done, editions, id, notices, scheduled, timing, token, veto, visit, wait_until};
use crate::support::TestApp;
use crate::support::app::on_both;

on_both!(
    nothing_happens_by_itself_unless_the_school_decides_so,
    a_log_is_made_ready_reminded_of_and_published_by_rule,
    a_vetoed_week_is_not_published_until_the_veto_is_lifted,
    what_was_published_by_hand_is_not_published_again,
    what_arrives_between_ready_and_published_is_in_the_edition,
    a_week_of_holidays_is_left_alone,
    a_server_that_was_away_does_what_is_due_once_and_leaves_old_weeks_alone,
    a_reminder_that_waits_for_gaps_is_not_sent_without,
    a_rule_ends_with_the_rights_of_who_decided_it,
);

async fn nothing_happens_by_itself_unless_the_school_decides_so(app: TestApp) {
    let staffed = app.staffed().await;
    visit(&app, &staffed, 1, "第3节").await;

    for moment in ["2026-11-27T16:00", "2026-11-29T18:00", "2026-11-30T12:00", "2026-12-04T12:00"] {
        wait_until(&app, moment);
        assert_eq!(done(&app).await, 0, "{moment}");
    }

    assert_eq!((editions(&app, &staffed).await, notices(&app, "zheng").await), (vec![], vec![]));
    let view = app.get(&staffed.school.path("publish-schedule"), &token(&app, "zheng").await).await;
    assert_eq!(view.expect(200)["schedule"], json!(null));
}

async fn a_log_is_made_ready_reminded_of_and_published_by_rule(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    let path = staffed.school.path("publish-schedule");
    let view = app.get(&path, &staffed.principal.token).await.expect(200);
    assert_eq!(view["schedule"], timing());
    assert_eq!((&view["weeks"][0]["week"], &view["weeks"][0]["next"]), (&json!(WEEK), &json!("draft")));

    wait_until(&app, "2026-11-27T15:59");
    assert_eq!((done(&app).await, notices(&app, "zheng").await), (0, vec![]));
    wait_until(&app, "2026-11-27T16:00");
    assert_eq!((done(&app).await, done(&app).await), (1, 0), "once");
    let ready = notices(&app, "zheng").await;
    assert_eq!((&ready[0]["kind"], &ready[0]["week"]), (&json!("review"), &json!(WEEK)));
    assert_eq!(ready[0]["publishes_at"], "2026-11-30T12:00:00.000+08:00");
    assert_eq!(notices(&app, "lin").await.len(), 1, "the office sees it, too");
    assert_eq!(notices(&app, "meng").await.len(), 0, "an inspector does not");

    wait_until(&app, "2026-11-29T18:00");
    assert_eq!((done(&app).await, done(&app).await), (1, 0));
    assert_eq!(notices(&app, "zheng").await[0]["kind"], "reminder");

    wait_until(&app, "2026-11-30T11:59");
    assert_eq!((done(&app).await, editions(&app, &staffed).await), (0, vec![]));
    wait_until(&app, "2026-11-30T12:00");
    assert_eq!((done(&app).await, done(&app).await), (1, 0));

    let all = editions(&app, &staffed).await;
    assert_eq!(all.len(), 1);
    let path = staffed.school.path(&format!("weeks/{WEEK}/editions/1"));
    let edition = app.get(&path, &token(&app, "zheng").await).await.expect(200);
    assert_eq!((&edition["by_rule"], &edition["published_by"]), (&json!(true), &json!("郑校长")));
    assert_eq!(notices(&app, "zheng").await, Vec::<serde_json::Value>::new(), "they go by themselves");
    let audit =
        app.texts("SELECT detail FROM audit WHERE action = 'weekly_log_publish' AND actor IS NULL").await;
    assert_eq!(audit.len(), 1);
    assert!(audit[0].contains(&format!("by the rule of {}", staffed.principal.id)), "{audit:?}");
}

async fn a_vetoed_week_is_not_published_until_the_veto_is_lifted(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    for moment in ["2026-11-27T16:00", "2026-11-29T18:00"] {
        wait_until(&app, moment);
        assert_eq!(done(&app).await, 1);
    }
    let (zheng, why) = (token(&app, "zheng").await, json!({"why": "两条记录尚待核实"}));

    app.call("PUT", &veto(&staffed), &zheng, Some(&why)).await.expect(200);

    let twice = app.call("PUT", &veto(&staffed), &zheng, Some(&why)).await;
    assert_eq!((twice.status.as_u16(), twice.code().as_str()), (409, "wrong-state"));
    wait_until(&app, "2026-11-30T13:00");
    assert_eq!((done(&app).await, editions(&app, &staffed).await), (0, vec![]));
    assert_eq!(notices(&app, "zheng").await[0]["hindrance"], "vetoed");
    let zheng = token(&app, "zheng").await;
    app.call("DELETE", &veto(&staffed), &zheng, None).await.expect(204);
    assert_eq!(done(&app).await, 1);
    assert_eq!(editions(&app, &staffed).await.len(), 1);
    let late = app.call("PUT", &veto(&staffed), &zheng, Some(&why)).await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (409, "wrong-state"), "it has happened");
    let noted = app.texts("SELECT action FROM audit WHERE action LIKE 'publish_veto%' ORDER BY at").await;
    assert_eq!(noted, ["publish_veto", "publish_veto_lift"]);
}

async fn what_was_published_by_hand_is_not_published_again(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    wait_until(&app, "2026-11-27T16:00");
    assert_eq!(done(&app).await, 1);
    let zheng = app.sign_in("zheng").await;

    app.publish(&staffed.school, &zheng, WEEK, &json!({})).await.expect(201);

    assert_eq!(notices(&app, "zheng").await.len(), 0);
    visit(&app, &staffed, 2, "第4节").await;
    for moment in ["2026-11-29T18:00", "2026-11-30T12:00", "2026-12-01T12:00"] {
        wait_until(&app, moment);
        assert_eq!(done(&app).await, 0, "corrections are for people: {moment}");
    }
    let all = editions(&app, &staffed).await;
    assert_eq!((all.len(), all[0]["by_rule"].clone()), (1, json!(null)));
}

async fn what_arrives_between_ready_and_published_is_in_the_edition(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    wait_until(&app, "2026-11-27T16:00");
    assert_eq!(done(&app).await, 1);
    visit(&app, &staffed, 2, "第4节").await;
    wait_until(&app, "2026-11-29T18:00");
    assert_eq!(done(&app).await, 1);
    visit(&app, &staffed, 3, "第5节").await;
    wait_until(&app, "2026-11-30T12:00");
    assert_eq!(done(&app).await, 1);

    let path = staffed.school.path(&format!("weeks/{WEEK}/editions/1"));
    let edition = app.get(&path, &token(&app, "zheng").await).await.expect(200);
    assert_eq!(edition["log"]["visits"], 3);
    assert!(edition["log"]["visit_digests"].to_string().contains(&id(3).to_string()));
}

async fn a_week_of_holidays_is_left_alone(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    for date in ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"] {
        let day = json!({"date": date, "kind": "holiday"});
        app.post(&staffed.school.path("calendar-days"), &staffed.school.admin.token, &day).await.expect(201);
    }

    for moment in ["2026-11-27T16:00", "2026-11-29T18:00", "2026-11-30T12:00"] {
        wait_until(&app, moment);
        assert_eq!(done(&app).await, 0, "{moment}");
    }
}

async fn a_server_that_was_away_does_what_is_due_once_and_leaves_old_weeks_alone(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    wait_until(&app, "2026-11-30T20:00");
    let looks = [done(&app).await, done(&app).await, done(&app).await];
    assert_eq!(
        (looks, editions(&app, &staffed).await),
        ([1, 1, 0], vec![]),
        "ready, reminded, time to object"
    );
    wait_until(&app, "2026-12-01T08:00");
    assert_eq!((done(&app).await, done(&app).await), (1, 0), "the morning after");
    assert_eq!(editions(&app, &staffed).await.len(), 1);

    visit(&app, &staffed, 2, "第4节").await;
    wait_until(&app, "2027-01-06T08:00");
    assert_eq!((done(&app).await, done(&app).await), (1, 1), "of the last week alone");
    let steps = app.texts("SELECT week FROM schedule_step ORDER BY week, step").await;
    assert_eq!(steps, [WEEK, WEEK, WEEK, "2026-W53", "2026-W53"]);
}

async fn a_reminder_that_waits_for_gaps_is_not_sent_without(app: TestApp) {
    let mut only = timing();
    only["remind"]["only_with_gaps"] = json!(true);
    scheduled(&app, &only).await;

    wait_until(&app, "2026-11-27T16:00");
    assert_eq!(done(&app).await, 1);
    wait_until(&app, "2026-11-29T18:00");
    assert_eq!((done(&app).await, done(&app).await), (1, 0));

    assert_eq!(notices(&app, "zheng").await[0]["kind"], "review");
    assert_eq!(app.texts("SELECT outcome FROM schedule_step WHERE step = 'remind'").await, ["needless"]);
}

async fn a_rule_ends_with_the_rights_of_who_decided_it(app: TestApp) {
    let staffed = scheduled(&app, &timing()).await;
    wait_until(&app, "2026-11-27T16:00");
    assert_eq!(done(&app).await, 1);
    let admin = token(&app, "admin").await;
    let user = format!("/api/v1/districts/{}/users/{}", staffed.school.district, staffed.principal.id);
    let place = app.get(&user, &admin).await.expect(200)["memberships"][0]["id"].clone();
    let end = format!("{user}/memberships/{}", place.as_str().unwrap());
    app.call("PATCH", &end, &admin, Some(&json!({"valid_to": "2026-11-28"}))).await.expect(204);

    for moment in ["2026-11-29T18:00", "2026-11-30T12:00"] {
        wait_until(&app, moment);
        done(&app).await;
    }

    assert_eq!(notices(&app, "lin").await[0]["hindrance"], "unauthorised");
    assert_eq!(app.texts("SELECT hash FROM edition").await, Vec::<String>::new());
}
