//! Verdicts: what was seen, held against what is known now — judged again whenever more is known.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::book::SchoolBook;
use xunke_domain::fields::Fields;
use xunke_domain::judge::judge;
use xunke_domain::record_type::RecordType;
use xunke_domain::visit::{Observed, Slot};

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{Person, School, text};
use crate::support::week::{Names, Recorder, Staffed, WEEK, planned};

on_both!(
    a_lesson_change_counts_while_it_is_approved_and_not_void,
    a_swap_expects_each_lesson_in_the_others_place,
    a_new_timetable_leaves_the_visits_before_it_alone,
    a_late_calendar_event_or_a_retired_class_is_judged_again,
    makeup_days_swapped_days_and_odd_weeks_follow_the_calendar,
    the_slots_date_decides_the_week_not_the_clock,
    a_wrong_clock_is_not_held_against_the_visit,
    a_bell_schedule_entered_late_measures_the_time_again,
    phone_and_server_judge_alike,
);

const CLASS: &str = "三年级(2)班";

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_bbbb_0000_7000_8000_0000_0000_0000 + n)
}

async fn verdict(app: &TestApp, school: &School, who: &Person, visit: Uuid) -> String {
    let visit = app.get(&school.path(&format!("visits/{visit}")), &who.token).await.expect(200);
    text(&visit["verdict_now"])
}

async fn file(app: &TestApp, school: &School, who: &Person, change: &Value) -> String {
    let change = app.post(&school.path("lesson-changes"), &who.token, change).await.expect(201);
    assert_eq!(change["status"], "filed");
    school.path(&format!("lesson-changes/{}", text(&change["id"])))
}

async fn decide(app: &TestApp, path: &str, who: &Person, status: &str) {
    let etag = app.get(path, &who.token).await.header("etag");
    let body = json!({"status": status});
    let path = format!("{path}/decision");
    app.call_with("POST", &path, &who.token, Some(&body), &[("if-match", &etag)]).await.expect(200);
}

async fn retire(app: &TestApp, path: &str, who: &Person) {
    let etag = app.get(path, &who.token).await.header("etag");
    app.call_with("DELETE", path, &who.token, None, &[("if-match", &etag)]).await.expect(204);
}

async fn a_lesson_change_counts_while_it_is_approved_and_not_void(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "数学")).await;
    inspector.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-17", "第4节", "美术")).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch");

    let change = json!({"kind": "substitution", "class": names.class(CLASS), "date": "2026-11-17",
        "period": "第3节", "subject": names.subject("数学"), "reason": "病假"});
    let path = file(&app, &school, &affairs, &change).await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch", "filed only");
    decide(&app, &path, &principal, "approved").await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "approved_change");
    assert_eq!(verdict(&app, &school, &principal, id(2)).await, "as_timetabled");

    // The published week says that it has been overtaken, and by what.
    let weeks = app.get(&school.path("weeks"), &principal.token).await.expect(200);
    assert_eq!(weeks["items"][0]["draft_pending"], true);
    let draft = app.draft(&school, &principal, WEEK).await;
    let changes = draft["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!((&changes[0]["kind"], &changes[0]["visit"]), (&json!("changed"), &json!(id(1))));
    assert_eq!(changes[0]["fields"], json!(["verdict", "planned"]));
    assert_eq!(
        (&changes[0]["verdict_before"], &changes[0]["verdict_after"]),
        (&json!("subject_mismatch"), &json!("approved_change"))
    );

    decide(&app, &path, &principal, "rejected").await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch");
    decide(&app, &path, &principal, "approved").await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "approved_change");
    app.patch(&path, &affairs.token, &json!({"reason": "事假"})).await.expect(200);
    assert_eq!(
        verdict(&app, &school, &principal, id(1)).await,
        "subject_mismatch",
        "a changed form is filed again"
    );
    decide(&app, &path, &principal, "approved").await;
    retire(&app, &path, &affairs).await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch", "void");

    // A change that is moved to another lesson frees the one and takes the other.
    let path = file(&app, &school, &affairs, &change).await;
    decide(&app, &path, &principal, "approved").await;
    app.patch(&path, &affairs.token, &json!({"period": "第4节"})).await.expect(200);
    decide(&app, &path, &principal, "approved").await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch");
    assert_eq!(verdict(&app, &school, &principal, id(2)).await, "subject_mismatch");
    let cancel =
        json!({"kind": "cancellation", "class": names.class(CLASS), "date": "2026-11-17", "period": "第3节"});
    let path = file(&app, &school, &affairs, &cancel).await;
    decide(&app, &path, &principal, "approved").await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "official_event");
}

async fn a_swap_expects_each_lesson_in_the_others_place(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    // Tuesday's 科学 and Friday's 音乐 change places.
    let moved = names.visit(CLASS, "2026-11-17", "第3节", "音乐");
    let returned = names.visit(CLASS, "2026-11-20", "第4节", "科学");
    let not_returned = names.visit(CLASS, "2026-11-20", "第4节", "音乐");
    for (n, visit) in [(1, &moved), (2, &returned), (3, &not_returned)] {
        inspector.write(&app, &school, id(n), visit).await;
    }
    let swap = json!({"kind": "swap", "class": names.class(CLASS), "date": "2026-11-17", "period": "第3节",
        "with": {"date": "2026-11-20", "period": "第4节"}});
    let path = file(&app, &school, &affairs, &swap).await;
    decide(&app, &path, &affairs, "approved").await;

    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "approved_change");
    assert_eq!(verdict(&app, &school, &principal, id(2)).await, "approved_change");
    assert_eq!(verdict(&app, &school, &principal, id(3)).await, "subject_mismatch");
    let log = app.draft(&school, &principal, WEEK).await["log"].clone();
    assert_eq!(log["planned_slots"], 688);

    // Moved on to another day: the first return is no longer expected.
    app.patch(&path, &affairs.token, &json!({"with": {"date": "2026-11-19", "period": "第4节"}}))
        .await
        .expect(200);
    decide(&app, &path, &affairs, "approved").await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch");
    assert_eq!(verdict(&app, &school, &principal, id(2)).await, "subject_mismatch");
    assert_eq!(verdict(&app, &school, &principal, id(3)).await, "as_timetabled");
}

async fn a_new_timetable_leaves_the_visits_before_it_alone(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    // The same lesson, on a Tuesday before and on one after the new version.
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-10", "第3节", "科学")).await;
    inspector.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    inspector.write(&app, &school, id(3), &names.visit(CLASS, "2026-11-17", "第4节", "美术")).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    app.publish(&school, &principal, "2026-W46", &json!({})).await.expect(201);

    let version = json!({"name": "2026A-v2", "valid_from": "2026-11-16", "lessons": [
        {"class_name": CLASS, "weekday": 2, "period": "3", "subject": "数学"},
        {"class_name": CLASS, "weekday": 2, "period": "第4节", "subject": "美术"}]});
    let made = app.post(&school.path("timetables"), &affairs.token, &version).await.expect(201);

    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "as_timetabled");
    assert_eq!(verdict(&app, &school, &principal, id(2)).await, "subject_mismatch");
    assert_eq!(verdict(&app, &school, &principal, id(3)).await, "as_timetabled");
    let weeks = app.get(&school.path("weeks"), &principal.token).await.expect(200);
    let pending: Vec<_> = weeks["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|week| (text(&week["week"]), week["draft_pending"] == true))
        .collect();
    assert_eq!(pending, [(WEEK.to_owned(), true), ("2026-W46".to_owned(), false)]);

    // Retired as of today (2026-11-23) it held until then.
    retire(&app, &school.path(&format!("timetables/{}", text(&made["id"]))), &affairs).await;
    assert_eq!(verdict(&app, &school, &principal, id(2)).await, "subject_mismatch");

    // One that begins in the future changes nothing yet.
    let version = json!({"name": "2026A-v3", "valid_from": "2026-12-01", "lessons": [
        {"class_name": CLASS, "weekday": 2, "period": "第3节", "subject": "音乐"}]});
    app.post(&school.path("timetables"), &affairs.token, &version).await.expect(201);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "as_timetabled");
    assert_eq!(verdict(&app, &school, &principal, id(2)).await, "subject_mismatch");
}

async fn a_late_calendar_event_or_a_retired_class_is_judged_again(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "数学")).await;
    inspector.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-17", "第1节", "体育与健康")).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);

    let event = json!({"date": "2026-11-17", "kind": "event", "from_period": "第3节", "note": "消防演练"});
    let day = app.post(&school.path("calendar-days"), &affairs.token, &event).await.expect(201);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "official_event");
    assert_eq!(verdict(&app, &school, &principal, id(2)).await, "as_timetabled");
    let draft = app.draft(&school, &principal, WEEK).await;
    assert_eq!(draft["changes"][0]["verdict_after"], "official_event");
    assert_eq!(draft["log"]["planned_slots"], 688 - from_the_third_period_on_tuesday());

    let path = school.path(&format!("calendar-days/{}", text(&day["id"])));
    app.patch(&path, &affairs.token, &json!({"date": "2026-11-18"})).await.expect(200);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch", "it was another day");
    app.patch(&path, &affairs.token, &json!({"date": "2026-11-17"})).await.expect(200);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "official_event");
    retire(&app, &path, &affairs).await;
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch");

    let path = school.path(&format!("classes/{}", names.class(CLASS)));
    app.patch(&path, &affairs.token, &json!({"retired": "2026-11-17"})).await.expect(200);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "not_verifiable");
    app.patch(&path, &affairs.token, &json!({"retired": null})).await.expect(200);
    assert_eq!(verdict(&app, &school, &principal, id(1)).await, "subject_mismatch");

    // A period that the bell schedule no longer knows, and one it calls otherwise.
    inspector.write(&app, &school, id(3), &names.visit(CLASS, "2026-11-17", "三", "科学")).await;
    assert_eq!(verdict(&app, &school, &principal, id(3)).await, "as_timetabled");
    inspector.write(&app, &school, id(4), &names.visit(CLASS, "2026-11-17", "第九节", "科学")).await;
    assert_eq!(verdict(&app, &school, &principal, id(4)).await, "not_verifiable");
}

/// Cells of the sample timetable on Tuesday from 第3节 on.
fn from_the_third_period_on_tuesday() -> usize {
    let timetable: Value = serde_json::from_str(include_str!("../data/qinghe-timetable.json")).unwrap();
    let cells: std::collections::BTreeSet<(String, String)> = timetable["lessons"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|lesson| lesson["weekday"] == 2)
        .map(|lesson| (text(&lesson["class_name"]), text(&lesson["period"])))
        .filter(|(_, period)| ["第3节", "第4节", "第5节", "第6节"].contains(&period.as_str()))
        .collect();
    cells.len()
}

async fn makeup_days_swapped_days_and_odd_weeks_follow_the_calendar(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let lesson = |weekday| planned(CLASS, weekday, "第2节").0;
    let cases: Vec<(&str, &str, &str, String, &str)> = vec![
        // Sunday 2026-09-20 follows a Friday; what Sunday never has, Friday has.
        (CLASS, "2026-09-20", "第2节", lesson(5), "as_timetabled"),
        (CLASS, "2026-09-20", "第2节", lesson(1), "subject_mismatch"),
        // Friday 2026-10-09 follows a Wednesday: 第6节 is 音乐, not Friday's 劳动.
        (CLASS, "2026-10-09", "第6节", "音乐".to_owned(), "as_timetabled"),
        (CLASS, "2026-10-09", "第6节", "劳动".to_owned(), "subject_mismatch"),
        // Saturday 2026-10-10 follows a Thursday, of an odd week.
        (CLASS, "2026-10-10", "第4节", "书法".to_owned(), "as_timetabled"),
        // A holiday, an ordinary Sunday, the afternoon of the sports day and its morning.
        (CLASS, "2026-10-01", "第2节", lesson(4), "no_lesson_planned"),
        (CLASS, "2026-11-22", "第2节", lesson(1), "no_lesson_planned"),
        (CLASS, "2026-11-12", "第5节", "科学".to_owned(), "official_event"),
        (CLASS, "2026-11-12", "第6节", "数学".to_owned(), "official_event"),
        (CLASS, "2026-11-12", "第4节", "书法".to_owned(), "as_timetabled"),
        // 校本 in odd weeks, 心理健康 in even ones: 2026-11-10 is in week 11, 2026-11-17 in week 12.
        ("三年级(1)班", "2026-11-10", "第3节", "校本".to_owned(), "as_timetabled"),
        ("三年级(1)班", "2026-11-10", "第3节", "心理健康".to_owned(), "subject_mismatch"),
        ("三年级(1)班", "2026-11-17", "第3节", "心理健康".to_owned(), "as_timetabled"),
        ("三年级(1)班", "2026-11-17", "第3节", "校本".to_owned(), "subject_mismatch"),
        // Before the semester.
        (CLASS, "2026-08-30", "第2节", lesson(1), "no_lesson_planned"),
    ];
    let writes: Vec<(Uuid, Value)> = cases
        .iter()
        .zip(1..)
        .map(|((class, date, period, subject, _), n)| (id(n), names.visit(class, date, period, subject)))
        .collect();
    for result in inspector.write_all(&app, &school, &writes[..14]).await {
        assert_eq!(result["outcome"], "applied", "{result}");
    }
    // The inspector is one from 2026-09-01 on; a visit before that is not his to make.
    let early = inspector.write(&app, &school, writes[14].0, &writes[14].1).await;
    assert_eq!(early["reason"], "membership_ended", "{early}");

    for ((class, date, period, subject, expected), n) in cases.iter().take(14).zip(1..) {
        let verdict = verdict(&app, &school, &principal, id(n)).await;
        assert_eq!(verdict, *expected, "{class} {date} {period} {subject}");
    }
    let log = app.draft(&school, &principal, "2026-W38").await["log"].clone();
    assert_eq!(log["visits"], 2, "the makeup Sunday belongs to the week it lies in");
    assert!(log["coverage"]["by_weekday"].as_array().unwrap().iter().any(|day| day["weekday"] == 7));
}

async fn the_slots_date_decides_the_week_not_the_clock(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let at = |date: &str, arrived: &str| {
        let mut visit = names.visit(CLASS, date, "第1节", "体育与健康");
        visit["arrived_at"] = json!(arrived);
        visit
    };
    // A Sunday's slot recorded two minutes later, on Monday; a Monday's recorded two minutes earlier.
    inspector.write(&app, &school, id(1), &at("2026-11-22", "2026-11-23T00:01:00+08:00")).await;
    inspector.write(&app, &school, id(2), &at("2026-11-23", "2026-11-22T23:59:00+08:00")).await;
    inspector.write(&app, &school, id(3), &at("2026-11-16", "2026-11-15T23:59:00+08:00")).await;

    for (week, visits) in [("2026-W46", 0), (WEEK, 2), ("2026-W48", 1)] {
        let log = app.draft(&school, &principal, week).await["log"].clone();
        assert_eq!(log["visits"], visits, "{week}");
    }
    let list = app.get(&school.path(&format!("visits?week={WEEK}")), &principal.token).await.expect(200);
    let ids: Vec<_> = list["items"].as_array().unwrap().iter().map(|visit| text(&visit["id"])).collect();
    assert_eq!(ids, [id(1).to_string(), id(3).to_string()]);
    let flagged = |n| {
        let list = &list;
        list["items"].as_array().unwrap().iter().find(|visit| visit["id"] == json!(id(n))).unwrap()["time_flagged"]
            == true
    };
    assert!(flagged(1) && flagged(3), "hours away from 08:30, told and not refused");
}

async fn a_wrong_clock_is_not_held_against_the_visit(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    // It is 2026-11-23T08:00 in Shanghai; this phone believes it is three hours later.
    let wrong = json!({"now": "2026-11-23T11:00:00+08:00"});
    let mut on_time = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    on_time["arrived_at"] = json!("2026-11-17T13:35:00+08:00");
    let mut off = names.visit(CLASS, "2026-11-17", "第4节", "美术");
    off["arrived_at"] = json!("2026-11-17T15:25:00+08:00");
    inspector.push_with(&app, &school, &[(id(1), on_time), (id(2), off)], &wrong).await;
    // This one's clock is right: 19 minutes after the end, 21 minutes after it.
    let right = json!({"now": "2026-11-23T08:00:00+08:00"});
    let at = |arrived: &str| {
        let mut visit = names.visit(CLASS, "2026-11-18", "第2节", "数学");
        visit["arrived_at"] = json!(arrived);
        visit
    };
    let near = [
        (id(3), at("2026-11-18T10:19:00+08:00")),
        (id(4), at("2026-11-18T10:21:00+08:00")),
        (id(5), at("2026-11-18T09:01:00+08:00")),
        (id(6), at("2026-11-18T08:59:00+08:00")),
    ];
    inspector.push_with(&app, &school, &near, &right).await;

    let flags = async |expected: [bool; 6]| {
        for (n, flagged) in (1..).zip(expected) {
            let path = school.path(&format!("visits/{}", id(n)));
            let visit = app.get(&path, &principal.token).await.expect(200);
            assert_eq!(visit["time_flagged"], flagged, "{n}: {visit}");
            assert_eq!(visit["clock_offset"], if n < 3 { 3 * 3_600_000 } else { 0 });
        }
    };
    flags([false, true, false, true, false, true]).await;

    // A later correction does not make the old clock another one: neither from a mended clock nor from none.
    inspector.push_with(&app, &school, &[(id(1), json!({"ratings/engagement": "good"}))], &right).await;
    inspector.push_with(&app, &school, &[(id(2), json!({"ratings/engagement": "good"}))], &json!({})).await;
    flags([false, true, false, true, false, true]).await;
    let log = app.draft(&school, &principal, WEEK).await["log"].clone();
    let note = log["data_notes"].as_array().unwrap().iter().find(|note| note["kind"] == "time_off").unwrap();
    assert_eq!(note["visits"], json!([id(2), id(4), id(6)]));
}

async fn a_bell_schedule_entered_late_measures_the_time_again(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    let mut visit = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    visit["arrived_at"] = json!("2026-11-17T11:35:00+08:00");
    inspector.write(&app, &school, id(1), &visit).await;
    let path = school.path(&format!("visits/{}", id(1)));
    let flagged = async || app.get(&path, &principal.token).await.expect(200)["time_flagged"] == true;
    assert!(flagged().await, "第3节 ends at 11:10");

    let winter = json!({"name": "冬季", "valid_from": "2026-11-01",
        "periods": [{"label": "第3节", "kind": "lesson", "start": "11:00", "end": "11:40"}]});
    let winter = app.post(&school.path("bell-schedules"), &affairs.token, &winter).await.expect(201);
    assert!(!flagged().await);

    retire(&app, &school.path(&format!("bell-schedules/{}", text(&winter["id"]))), &affairs).await;
    assert!(!flagged().await, "it held until today");
    let zone = json!({"time_zone": "Asia/Urumqi"});
    app.patch(&format!("/api/v1/schools/{}", school.id), &principal.token, &zone).await.expect(200);
    assert!(flagged().await, "two hours off by another clock on the wall");
}

/// The book a phone builds from what it pulled.
async fn pulled_book(app: &TestApp, school: &School, token: &str) -> SchoolBook {
    let records: Vec<(RecordType, Uuid, Fields)> = app
        .pulled(school, token)
        .await
        .into_iter()
        .map(|((kind, id), fields)| {
            (kind.parse().unwrap(), id.parse().unwrap(), serde_json::from_value(fields).unwrap())
        })
        .collect();
    SchoolBook::from_records(records.iter().map(|(kind, id, fields)| (*kind, *id, fields)))
}

/// Draws without chance: the same numbers in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(n).unwrap()).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

fn observations(names: &Names) -> Vec<Value> {
    let mut draw = Draw(20_261_117);
    let classes: Vec<&str> = names.classes.values().map(String::as_str).collect();
    let subjects: Vec<&str> = names.subjects.values().map(String::as_str).collect();
    let teachers: Vec<&str> = names.teachers.values().map(String::as_str).collect();
    let dates = [
        "2026-09-18",
        "2026-09-20",
        "2026-10-01",
        "2026-10-09",
        "2026-10-10",
        "2026-11-12",
        "2026-11-14",
        "2026-11-16",
        "2026-11-17",
        "2026-11-18",
        "2026-11-19",
        "2026-11-20",
    ];
    let periods = ["第1节", "第2节", "3", "第四节", "第5节", "第6节", "早读", "第8节"];
    let situations = [
        "lesson",
        "lesson",
        "lesson",
        "self_study",
        "no_teacher",
        "no_class",
        "assembly",
        "exam",
        "activity",
    ];
    (0..120)
        .map(|_| {
            let mut observed = json!({"situation": draw.of(&situations)});
            if draw.below(8) > 0 {
                observed["subject"] = json!(draw.of(&subjects));
            }
            if draw.below(2) > 0 {
                observed["teacher"] = json!(draw.of(&teachers));
            }
            let slot =
                json!({"class": draw.of(&classes), "date": draw.of(&dates), "period": draw.of(&periods)});
            json!({"slot": slot, "observed": observed, "submitted_at": "2026-11-20T17:00:00+08:00"})
        })
        .collect()
}

async fn agree(
    app: &TestApp,
    school: &School,
    recorder: &Recorder,
    observations: &[Value],
) -> BTreeMap<String, u32> {
    let book = pulled_book(app, school, &recorder.phone.token).await;
    let path = school.path("visits?limit=200");
    let list = app.get(&path, &recorder.person.token).await.expect(200);
    let judged: BTreeMap<String, Value> =
        list["items"].as_array().unwrap().iter().map(|visit| (text(&visit["id"]), visit.clone())).collect();
    let mut counts = BTreeMap::new();
    for (observation, n) in observations.iter().zip(100..) {
        let slot: Slot = serde_json::from_value(observation["slot"].clone()).unwrap();
        let observed: Observed = serde_json::from_value(observation["observed"].clone()).unwrap();
        let here = json!(judge(&book, &slot, &observed).verdict);
        assert_eq!(judged[&id(n).to_string()]["verdict_now"], here, "{observation}");
        *counts.entry(text(&here)).or_default() += 1;
    }
    counts
}

async fn phone_and_server_judge_alike(app: TestApp) {
    let Staffed { school, names, affairs, inspector, .. } = app.staffed().await;
    let observations = observations(&names);
    let writes: Vec<(Uuid, Value)> =
        observations.iter().zip(100..).map(|(set, n)| (id(n), set.clone())).collect();
    inspector.write_all(&app, &school, &writes).await;

    let before = agree(&app, &school, &inspector, &observations).await;
    assert!(before.len() >= 5, "{before:?}");

    // The same after everything that may change a verdict has changed.
    for (observation, kind) in
        observations.iter().zip(["substitution", "cancellation", "swap", "substitution"])
    {
        let slot = &observation["slot"];
        let mut change =
            json!({"kind": kind, "class": slot["class"], "date": slot["date"], "period": slot["period"]});
        match kind {
            "substitution" => change["subject"] = json!(names.subject("语文")),
            "swap" => change["with"] = json!({"date": "2026-11-19", "period": "第2节"}),
            _ => (),
        }
        let path = file(&app, &school, &affairs, &change).await;
        decide(&app, &path, &affairs, "approved").await;
    }
    let event = json!({"date": "2026-11-18", "kind": "half_day", "to_period": "第4节"});
    app.post(&school.path("calendar-days"), &affairs.token, &event).await.expect(201);
    let version = json!({"name": "v2", "valid_from": "2026-11-19", "lessons": [
        {"class_name": CLASS, "weekday": 4, "period": "第1节", "subject": "数学", "teacher": "王景行"}]});
    app.post(&school.path("timetables"), &affairs.token, &version).await.expect(201);
    let after = agree(&app, &school, &inspector, &observations).await;
    assert_ne!(before, after);
}
