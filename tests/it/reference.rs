//! Reference data over REST: every kind is made, read, changed and retired in one way, and reaches the phones.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::text;
use crate::support::week::{Staffed, planned};

on_both!(
    every_kind_is_kept_in_one_way_and_reaches_the_phones,
    a_timetable_is_renamed_and_nothing_else,
    a_new_school_starts_with_categories_and_a_rubric,
    class_names_follow_the_school_year,
    a_teacher_of_two_schools_has_one_account,
    a_school_has_settings,
    a_lesson_change_is_filed_decided_and_filed_again,
);

/// A kind: its address, its record type, one to make, a change, and what is wrong with what.
struct Kind {
    path: &'static str,
    record: &'static str,
    new: Value,
    change: Value,
    /// An optional member to remove; empty if there is none in `new`.
    optional: &'static str,
    wrong: Vec<(Value, &'static str)>,
    required: &'static str,
}

/// Classes, teachers, subjects, and what visits are written with.
fn people_and_words(subject: &str) -> Vec<Kind> {
    vec![
        Kind {
            path: "classes",
            record: "class",
            new: json!({"cohort": 2025, "number": 9, "homeroom": "二楼"}),
            change: json!({"number": 8}),
            optional: "homeroom",
            wrong: vec![
                (json!({"number": 0}), "/number"),
                (json!({"cohort": "2025"}), "/cohort"),
                (json!({"entry_grade": 13}), "/entry_grade"),
                (json!({"retired": "soon"}), "/retired"),
            ],
            required: "number",
        },
        Kind {
            path: "teachers",
            record: "teacher",
            new: json!({"name": "王三", "subjects": {subject: true}, "user": Uuid::nil()}),
            change: json!({"name": "王小三"}),
            optional: "user",
            wrong: vec![
                (json!({"name": " "}), "/name"),
                (json!({"user": "x"}), "/user"),
                (json!({"subjects": {"music": true}}), "/subjects/music"),
                (json!({"subjects": {subject: 1}}), "/subjects/ID"),
            ],
            required: "name",
        },
        Kind {
            path: "subjects",
            record: "subject",
            new: json!({"name": "围棋", "aliases": ["棋"], "protected": false}),
            change: json!({"protected": true}),
            optional: "aliases",
            wrong: vec![
                (json!({"protected": "yes"}), "/protected"),
                (json!({"aliases": ["棋", 3]}), "/aliases/1"),
            ],
            required: "name",
        },
        Kind {
            path: "rubrics",
            record: "rubric",
            new: json!({"name": "四维 v2", "valid_from": "2027-01-01", "dimensions": [{"key": "conduct", "name": "教学行为"}]}),
            change: json!({"name": "四维 v3"}),
            optional: "valid_from",
            wrong: vec![
                (json!({"dimensions": [{"key": "教", "name": "教学"}]}), "/dimensions/0/key"),
                (
                    json!({"dimensions": [{"key": "a", "name": "一"}, {"key": "a", "name": "二"}]}),
                    "/dimensions/1/key",
                ),
            ],
            required: "dimensions",
        },
        Kind {
            path: "problem-categories",
            record: "problem_category",
            new: json!({"code": "XX01", "name": "本校自定", "group": "XX", "severity": 1}),
            change: json!({"severity": 4}),
            optional: "group",
            wrong: vec![(json!({"severity": 5}), "/severity"), (json!({"code": "xx01"}), "/code")],
            required: "code",
        },
    ]
}

/// Periods, terms, days and changes of lessons.
fn times(class: &str, subject: &str) -> Vec<Kind> {
    let period =
        |label: &str, end: &str| json!({"label": label, "kind": "lesson", "start": "08:30", "end": end});
    vec![
        Kind {
            path: "bell-schedules",
            record: "bell_schedule",
            new: json!({"name": "冬季", "valid_from": "2026-12-01", "valid_to": "2027-01-31", "periods": [period("第1节", "09:10")]}),
            change: json!({"grades": [1, 2]}),
            optional: "valid_to",
            wrong: vec![
                (json!({"periods": [period("第1节", "08:30")]}), "/periods/0/end"),
                (json!({"periods": [period("第1节", "09:10"), period("1", "09:10")]}), "/periods/1/label"),
                (json!({"valid_to": "2026-11-30"}), "/valid_to"),
                (
                    json!({"periods": [{"label": "第1节", "kind": "lesson", "start": "08:30", "end": "25:00"}]}),
                    "/periods/0/end",
                ),
            ],
            required: "periods",
        },
        Kind {
            path: "semesters",
            record: "semester",
            new: json!({"school_year": "2026-2027", "term": 2, "first_day": "2027-02-22", "last_day": "2027-07-02",
                "week_one": "2027-02-22", "weeks": {"10": {"start": "2027-05-03", "parity": "odd"}}}),
            change: json!({"last_day": "2027-07-09"}),
            optional: "",
            wrong: vec![
                (json!({"week_one": "2027-02-23"}), "/week_one"),
                (json!({"last_day": "2027-02-01"}), "/last_day"),
                (json!({"weeks": {"61": {"start": "2027-05-03"}}}), "/weeks/61"),
                (json!({"weeks": {"11": {"start": "2027-05-04"}}}), "/weeks/11/start"),
                (json!({"school_year": "2026"}), "/school_year"),
            ],
            required: "term",
        },
        Kind {
            path: "calendar-days",
            record: "calendar_day",
            new: json!({"date": "2026-12-31", "kind": "makeup", "follows_weekday": 5, "note": "元旦调休"}),
            change: json!({"follows_parity": "even"}),
            optional: "note",
            wrong: vec![
                (json!({"follows_weekday": null}), "/follows_weekday"),
                (json!({"kind": "party"}), "/kind"),
                (json!({"follows_weekday": 8}), "/follows_weekday"),
                (json!({"date": "2026-02-30"}), "/date"),
                (json!({"kind": "half_day"}), "/to_period"),
            ],
            required: "date",
        },
        Kind {
            path: "lesson-changes",
            record: "lesson_change",
            new: json!({"kind": "substitution", "class": class, "date": "2026-11-17", "period": "第3节", "subject": subject, "reason": "病假"}),
            change: json!({"period": "第4节"}),
            optional: "reason",
            wrong: vec![
                (json!({"kind": "swap"}), "/with"),
                (json!({"subject": null}), "/teacher"),
                (json!({"with": {"date": "2026-11-18"}}), "/with/period"),
                (json!({"class": 3}), "/class"),
            ],
            required: "class",
        },
    ]
}

async fn in_pages_of_seven(app: &TestApp, address: &str, token: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{address}?limit=7{cursor}"), token).await.expect(200);
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

async fn every_kind_is_kept_in_one_way_and_reaches_the_phones(app: TestApp) {
    let Staffed { school, names, affairs, inspector, .. } = app.staffed().await;
    let token = &affairs.token;
    let subject = names.subject("音乐").to_owned();
    for Kind { path, record, new, change, optional, wrong, required } in
        people_and_words(&subject).into_iter().chain(times(names.class("三年级(2)班"), &subject))
    {
        let address = school.path(path);
        let before = app.all(&school, path).await.len();
        let mut body = new.clone();
        body["x.app"] = json!({"colour": ["红", 1, null]});
        let made = app.post(&address, token, &body).await;
        let location = made.header("location");
        let etag = made.header("etag");
        let made = made.expect(201);
        let id = text(&made["id"]);
        assert_eq!(location, format!("{address}/{id}"), "{path}");
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&made[name], value, "{path} {name}");
        }
        let shown = app.get(&location, token).await;
        assert_eq!((shown.header("etag"), shown.json()), (etag.clone(), made.clone()), "{path}");

        // What is wrong is told by its pointer, and nothing of it is kept.
        for (bad, pointer) in wrong {
            let pointer = pointer.replace("ID", &subject);
            let refused = app.patch(&location, token, &bad).await;
            let mut pointers = refused.pointers();
            pointers.dedup();
            assert_eq!((refused.status.as_u16(), pointers), (422, vec![pointer]), "{path} {bad}");
        }
        let unknown = app.patch(&location, token, &json!({"mood": 1})).await;
        assert_eq!((unknown.status.as_u16(), unknown.pointers()), (422, vec!["/mood".to_owned()]), "{path}");
        let removed = app.patch(&location, token, &json!({required: null})).await;
        assert_eq!(
            (removed.status.as_u16(), removed.pointers()),
            (422, vec![format!("/{required}")]),
            "{path}"
        );
        let mut incomplete = new.clone();
        incomplete.as_object_mut().unwrap().remove(required);
        let refused = app.post(&address, token, &incomplete).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec![format!("/{required}")]),
            "{path}"
        );
        assert_eq!(app.patch(&location, token, &json!({})).await.status.as_u16(), 422, "{path}");
        assert_eq!(app.patch(&location, token, &json!([])).await.status.as_u16(), 422, "{path}");
        assert_eq!(app.get(&location, token).await.header("etag"), etag, "{path}");

        // A change needs the version read, and gives another.
        let blind = app.call("PATCH", &location, token, Some(&change)).await;
        assert_eq!(blind.status.as_u16(), 428, "{path}");
        let changed = app.call_with("PATCH", &location, token, Some(&change), &[("if-match", &etag)]).await;
        assert_ne!(changed.header("etag"), etag, "{path}");
        let changed = changed.expect(200);
        for (name, value) in change.as_object().unwrap() {
            assert_eq!(&changed[name], value, "{path} {name}");
        }
        assert_eq!(changed["x.app"], body["x.app"], "{path}");
        let stale = app.call_with("PATCH", &location, token, Some(&change), &[("if-match", &etag)]).await;
        assert_eq!((stale.status.as_u16(), stale.code().as_str()), (412, "precondition-failed"), "{path}");
        if !optional.is_empty() {
            let without = app.patch(&location, token, &json!({optional: null})).await.expect(200);
            assert!(made.get(optional).is_some() && without.get(optional).is_none(), "{path}: {without}");
        }

        // Retired, it stays readable and listed.
        let blind = app.call("DELETE", &location, token, None).await;
        assert_eq!(blind.status.as_u16(), 428, "{path}");
        let etag = app.get(&location, token).await.header("etag");
        app.call_with("DELETE", &location, token, None, &[("if-match", &etag)]).await.expect(204);
        assert_eq!(app.get(&location, token).await.expect(200)["retired"], "2026-11-23", "{path}");
        assert_eq!(app.all(&school, path).await.len(), before + 1, "{path}");

        // An inspector reads it and keeps none of it; his phone gets it.
        assert_eq!(app.get(&location, &inspector.person.token).await.status.as_u16(), 200, "{path}");
        assert_eq!(app.post(&address, &inspector.person.token, &new).await.status.as_u16(), 403, "{path}");
        assert_eq!(
            app.patch(&location, &inspector.person.token, &change).await.status.as_u16(),
            403,
            "{path}"
        );
        let records = app.pulled(&school, &inspector.phone.token).await;
        let fields = &records[&(record.to_owned(), id)];
        assert_eq!((&fields["retired"], &fields["x.app"]), (&json!("2026-11-23"), &body["x.app"]), "{path}");

        let ids = in_pages_of_seven(&app, &address, token).await;
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!((ids.len(), distinct.len()), (before + 1, before + 1), "{path}");
        let absent = app.get(&format!("{address}/{}", Uuid::nil()), token).await;
        assert_eq!(absent.status.as_u16(), 404, "{path}");
        let nowhere = app
            .call_with(
                "PATCH",
                &format!("{address}/{}", Uuid::nil()),
                token,
                Some(&change),
                &[("if-match", "\"1\"")],
            )
            .await;
        assert_eq!(nowhere.status.as_u16(), 404, "{path}");
    }
}

/// The tenth kind is made from names; see `timetables`.
async fn a_timetable_is_renamed_and_nothing_else(app: TestApp) {
    let Staffed { school, names, affairs, inspector, .. } = app.staffed().await;
    let token = &affairs.token;
    let list = app.all(&school, "timetables").await;
    assert_eq!(list.len(), 1);
    let path = school.path(&format!("timetables/{}", text(&list[0]["id"])));
    let renamed = app.patch(&path, token, &json!({"name": "2026A 修订", "x.app": 1})).await;
    assert_eq!(renamed.status.as_u16(), 422, "only the name");
    app.patch(&path, token, &json!({"name": "2026A 修订"})).await.expect(200);
    for body in [
        json!({"grid": {}}),
        json!({"valid_from": "2026-10-01"}),
        json!({"grid": {names.class("三年级(2)班"): []}}),
    ] {
        assert_eq!(app.patch(&path, token, &body).await.status.as_u16(), 422, "{body}");
    }
    let records = app.pulled(&school, &inspector.phone.token).await;
    assert_eq!(records[&("timetable".to_owned(), text(&list[0]["id"]))]["name"], "2026A 修订");
}

async fn a_new_school_starts_with_categories_and_a_rubric(app: TestApp) {
    let Staffed { school, inspector, .. } = app.staffed().await;

    let categories = app.all(&school, "problem-categories").await;
    let rubrics = app.all(&school, "rubrics").await;

    assert_eq!((categories.len(), rubrics.len()), (38, 1));
    let displaced = categories.iter().find(|category| category["code"] == "TT01").unwrap();
    assert_eq!((&displaced["name"], &displaced["severity"]), (&json!("挤占"), &json!(3)));
    let keys: Vec<_> = rubrics[0]["dimensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dimension| text(&dimension["key"]))
        .collect();
    assert_eq!(keys.len(), 4);
    let records = app.pulled(&school, &inspector.phone.token).await;
    assert_eq!(records.keys().filter(|(kind, _)| kind == "problem_category").count(), 38);
    assert!(records.contains_key(&("rubric".to_owned(), text(&rubrics[0]["id"]))));
}

async fn class_names_follow_the_school_year(app: TestApp) {
    let (admin, district) = app.set_up().await;
    let school = app.add_school(&admin, &district, "石桥镇中心小学").await;
    let path = format!("/api/v1/schools/{school}/classes");
    let mut names = Vec::new();
    for (cohort, entry, number) in [(2024, 1, 2), (2026, 1, 1), (2021, 1, 3), (2025, 7, 4), (2027, 1, 1)] {
        let new = json!({"cohort": cohort, "entry_grade": entry, "number": number});
        let made = app.post(&path, &admin.token, &new).await;
        names.push((made.header("location"), text(&made.expect(201)["display_name"])));
    }
    let shown: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(shown, ["三年级(2)班", "一年级(1)班", "六年级(3)班", "八年级(4)班", "2027级1班"]);

    // 2027-08-31 in Shanghai is the last day of the school year.
    app.pass(chrono::TimeDelta::days(281));
    let admin = app.sign_in("admin").await;
    let name =
        async |at: usize, token: &str| text(&app.get(&names[at].0, token).await.expect(200)["display_name"]);
    assert_eq!(name(0, &admin.token).await, "三年级(2)班");
    app.pass(chrono::TimeDelta::days(1));
    let admin = app.sign_in("admin").await;
    assert_eq!(name(0, &admin.token).await, "四年级(2)班");
    assert_eq!(name(2, &admin.token).await, "七年级(3)班");
    assert_eq!(name(4, &admin.token).await, "一年级(1)班");
    // The name is derived: it cannot be set.
    let refused = app.patch(&names[0].0, &admin.token, &json!({"display_name": "火箭班"})).await;
    assert_eq!((refused.status.as_u16(), refused.pointers()), (422, vec!["/display_name".to_owned()]));
}

async fn a_teacher_of_two_schools_has_one_account(app: TestApp) {
    let Staffed { school, names, inspector, .. } = app.staffed().await;
    let other = app.add_school(&school.admin, &school.district, "石桥镇中心小学").await;
    let person =
        app.add_person(&school.admin, &school.district, "zoujiao", "teacher", &[&school.id, &other]).await;
    let here = school.path(&format!("teachers/{}", names.teacher("蔡立新")));
    app.patch(&here, &school.admin.token, &json!({"user": person.id})).await.expect(200);
    let new = json!({"name": "蔡立新", "user": person.id});
    let there =
        app.post(&format!("/api/v1/schools/{other}/teachers"), &school.admin.token, &new).await.expect(201);
    assert_ne!(there["id"], names.teacher("蔡立新"));

    let visit = Uuid::from_u128(7);
    inspector
        .write(
            &app,
            &school,
            visit,
            &names.visit("三年级(2)班", "2026-11-17", "第3节", &planned("三年级(2)班", 2, "第3节").0),
        )
        .await;
    let send = school.path(&format!("visits/{visit}/feedback"));
    app.post(&send, &inspector.person.token, &json!({"text": "好"})).await.expect(201);
    for (id, count) in [(&school.id, 1), (&other, 0)] {
        let list = app.get(&format!("/api/v1/schools/{id}/feedback"), &person.token).await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), count);
    }
    // The record of the one school is not the other's.
    let crossed = format!("/api/v1/schools/{other}/teachers/{}", names.teacher("蔡立新"));
    assert_eq!(app.get(&crossed, &school.admin.token).await.status.as_u16(), 404);
}

async fn a_school_has_settings(app: TestApp) {
    let Staffed { school, principal, inspector, .. } = app.staffed().await;
    let path = format!("/api/v1/schools/{}", school.id);
    let change =
        json!({"settings": {"target": {"per_day": 2}, "posting_days": 5}, "stage": "primary", "x.logo": "a"});
    let changed = app.patch(&path, &principal.token, &change).await.expect(200);
    assert_eq!((&changed["settings"], &changed["x.logo"]), (&change["settings"], &json!("a")));
    let less =
        app.patch(&path, &principal.token, &json!({"settings": {"posting_days": null}})).await.expect(200);
    assert_eq!(less["settings"], json!({"target": {"per_day": 2}}));

    for (bad, pointer) in [
        (json!({"settings": {"target": "x".repeat(5000)}}), "/settings/target"),
        (json!({"settings": 3}), "/settings"),
        (json!({"time_zone": "Asia/Qinghe"}), "/time_zone"),
        (json!({"code": "12"}), "/code"),
        (json!({"name": null}), "/name"),
        (json!({"mood": 1}), "/mood"),
    ] {
        let refused = app.patch(&path, &principal.token, &bad).await;
        assert_eq!((refused.status.as_u16(), refused.pointers()), (422, vec![pointer.to_owned()]), "{bad}");
    }
    let records = app.pulled(&school, &inspector.phone.token).await;
    let fields = &records[&("school".to_owned(), school.id.clone())];
    assert_eq!(fields["settings/target"], json!({"per_day": 2}));
    // A new name is the school's name everywhere.
    app.patch(&path, &principal.token, &json!({"name": "青禾小学", "code": "2136999001"})).await.expect(200);
    let list = app.get("/api/v1/schools", &principal.token).await.expect(200);
    assert_eq!(
        (&list["items"][0]["name"], &list["items"][0]["code"]),
        (&json!("青禾小学"), &json!("2136999001"))
    );
    let twin = json!({"name": "另一所", "code": "2136999001"});
    let districts = format!("/api/v1/districts/{}/schools", school.district);
    assert_eq!(app.post(&districts, &school.admin.token, &twin).await.status.as_u16(), 409);
    let other = app.add_school(&school.admin, &school.district, "另一所").await;
    let taken = app
        .patch(&format!("/api/v1/schools/{other}"), &school.admin.token, &json!({"code": "2136999001"}))
        .await;
    assert_eq!(taken.status.as_u16(), 409, "{}", String::from_utf8_lossy(&taken.bytes));
    assert_eq!(app.patch(&path, &inspector.person.token, &json!({"stage": "x"})).await.status.as_u16(), 403);
}

async fn a_lesson_change_is_filed_decided_and_filed_again(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    let new = json!({"kind": "cancellation", "class": names.class("三年级(2)班"), "date": "2026-11-17", "period": "第3节"});
    for name in ["status", "filed_by", "filed_at", "decided_by", "decided_at"] {
        let mut body = new.clone();
        body[name] = json!("approved");
        let refused = app.post(&school.path("lesson-changes"), &affairs.token, &body).await;
        assert_eq!((refused.status.as_u16(), refused.pointers()), (422, vec![format!("/{name}")]));
    }
    let filed = app.post(&school.path("lesson-changes"), &affairs.token, &new).await;
    let path = filed.header("location");
    let filed = filed.expect(201);
    assert_eq!((&filed["status"], &filed["filed_by"]), (&json!("filed"), &json!(affairs.id)));
    let by_hand = app.patch(&path, &principal.token, &json!({"status": "approved"})).await;
    assert_eq!((by_hand.status.as_u16(), by_hand.pointers()), (422, vec!["/status".to_owned()]));

    let decision = format!("{path}/decision");
    let etag = app.get(&path, &principal.token).await.header("etag");
    for other in [&inspector.person, &school.admin] {
        let refused = app
            .call_with(
                "POST",
                &decision,
                &other.token,
                Some(&json!({"status": "approved"})),
                &[("if-match", &etag)],
            )
            .await;
        assert_eq!(refused.status.as_u16(), 403, "{}", other.login);
    }
    let blind = app.post(&decision, &principal.token, &json!({"status": "approved"})).await;
    assert_eq!(blind.status.as_u16(), 428);
    let odd = app
        .call_with(
            "POST",
            &decision,
            &principal.token,
            Some(&json!({"status": "filed"})),
            &[("if-match", &etag)],
        )
        .await;
    assert_eq!(odd.status.as_u16(), 422);
    let approved = app
        .call_with(
            "POST",
            &decision,
            &principal.token,
            Some(&json!({"status": "approved"})),
            &[("if-match", &etag)],
        )
        .await
        .expect(200);
    assert_eq!((&approved["status"], &approved["decided_by"]), (&json!("approved"), &json!(principal.id)));
    let stale = app
        .call_with(
            "POST",
            &decision,
            &principal.token,
            Some(&json!({"status": "rejected"})),
            &[("if-match", &etag)],
        )
        .await;
    assert_eq!(stale.status.as_u16(), 412);

    let changed = app.patch(&path, &affairs.token, &json!({"period": "第4节"})).await.expect(200);
    assert_eq!(changed["status"], "filed");
    assert!(changed.get("decided_by").is_none() && changed.get("decided_at").is_none());
    let records = app.pulled(&school, &inspector.phone.token).await;
    assert_eq!(records[&("lesson_change".to_owned(), text(&changed["id"]))]["status"], "filed");
}
