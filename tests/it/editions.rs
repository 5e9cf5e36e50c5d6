//! The weekly log from draft to edition: who publishes, what makes another edition, what never changes.

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::log::edition::ContentHash;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{Person, School, text};
use crate::support::week::{Staffed, WEEK};

on_both!(
    only_a_principal_publishes_and_only_what_is_new,
    a_late_visit_makes_a_second_edition_and_leaves_the_first_as_it_is,
    corrections_and_withdrawals_are_listed,
    moving_a_visit_between_weeks_touches_both,
    of_two_who_publish_at_once_one_wins,
    drafts_bulk_marks_and_second_opinions_are_told_apart,
    inspectors_who_disagree_make_a_disputed_slot,
    the_log_says_what_is_missing_from_it,
    a_held_visit_that_is_admitted_is_late,
    a_visit_that_arrives_while_publishing_is_in_the_edition_or_waits,
    a_publication_whose_answer_was_lost_is_answered_again,
    a_holiday_entered_late_may_be_published_though_no_verdict_changed,
);

const CLASS: &str = "三年级(2)班";

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_aaaa_0000_7000_8000_0000_0000_0000 + n)
}

async fn edition(app: &TestApp, school: &School, who: &Person, number: u32) -> (Vec<u8>, Value) {
    let path = school.path(&format!("weeks/{WEEK}/editions/{number}"));
    let answer = app.get(&path, &who.token).await;
    (answer.bytes.clone(), answer.expect(200))
}

async fn week(app: &TestApp, school: &School, who: &Person, name: &str) -> Value {
    let list = app.get(&school.path("weeks"), &who.token).await.expect(200);
    list["items"].as_array().unwrap().iter().find(|week| week["week"] == name).cloned().unwrap_or_default()
}

fn kinds(draft: &Value) -> Vec<(String, String)> {
    let changes = draft["changes"].as_array().unwrap();
    changes.iter().map(|change| (text(&change["kind"]), text(&change["visit"]))).collect()
}

fn note<'a>(log: &'a Value, kind: &str) -> &'a Value {
    let notes = log["data_notes"].as_array().unwrap();
    notes.iter().find(|note| note["kind"] == kind).unwrap_or(&Value::Null)
}

async fn only_a_principal_publishes_and_only_what_is_new(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    let teacher = app.add_named(&school, "chang", "常老师", "teacher").await;
    let supervisor = app.add_named(&school, "xu", "徐督学", "supervisor").await;

    // A week nobody visited has a draft and nothing to publish.
    let empty = app.draft(&school, &principal, WEEK).await;
    assert_eq!(
        (&empty["number"], &empty["log"]["visits"], &empty["log"]["planned_slots"]),
        (&json!(1), &json!(0), &json!(688))
    );
    assert_eq!(empty["log"]["consistency"]["checked"], 0);
    let nothing = app.publish(&school, &principal, WEEK, &json!({})).await;
    assert_eq!((nothing.status.as_u16(), nothing.code().as_str()), (409, "wrong-state"));

    let first = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    inspector.write(&app, &school, id(1), &first).await;
    let draft = app.draft(&school, &affairs, WEEK).await;
    assert_eq!(
        (&draft["number"], &draft["changes"], &draft["log"]["visits"]),
        (&json!(1), &json!([]), &json!(1))
    );
    assert_eq!(week(&app, &school, &principal, WEEK).await["draft_pending"], true);

    for other in [&affairs, &inspector.person, &teacher, &supervisor, &school.admin] {
        let refused = app.publish(&school, other, WEEK, &json!({})).await;
        assert_eq!(refused.status.as_u16(), 403, "{}", other.login);
    }
    for reader in [&inspector.person, &teacher, &school.admin] {
        let path = school.path(&format!("weeks/{WEEK}/draft"));
        assert_eq!(app.get(&path, &reader.token).await.status.as_u16(), 403, "{}", reader.login);
    }

    // A draft that something has arrived after is not published.
    inspector.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-17", "第4节", "美术")).await;
    let stale = app.publish(&school, &principal, WEEK, &json!({"as_of": draft["as_of"]})).await;
    assert_eq!((stale.status.as_u16(), stale.code().as_str()), (409, "wrong-state"));
    let draft = app.draft(&school, &principal, WEEK).await;
    let body = json!({"as_of": draft["as_of"], "remarks": "  "});
    let published = app.publish(&school, &principal, WEEK, &body).await.expect(201);
    assert_eq!((&published["number"], &published["previous"]), (&json!(1), &Value::Null));
    let (_, frozen) = edition(&app, &school, &principal, 1).await;
    assert_eq!(frozen["log"], draft["log"], "what was drafted is what was published");
    assert_eq!(frozen["remarks"], Value::Null);

    for (body, pointer) in [
        (json!({"remarks": "长".repeat(4001)}), "/remarks"),
        (json!({"remark": ""}), "/remark"),
        (json!({"as_of": "1"}), "/as_of"),
    ] {
        let refused = app.publish(&school, &principal, WEEK, &body).await;
        assert_eq!((refused.status.as_u16(), refused.pointers()), (422, vec![pointer.to_owned()]));
    }
    let again = app.publish(&school, &principal, WEEK, &json!({})).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "wrong-state"));
    assert_eq!(week(&app, &school, &principal, WEEK).await["draft_pending"], false);
    let absent = app.get(&school.path(&format!("weeks/{WEEK}/editions/2")), &principal.token).await;
    assert_eq!(absent.status.as_u16(), 404);
    let readable = app.get(&school.path(&format!("weeks/{WEEK}/editions/1/public")), &teacher.token).await;
    assert_eq!(readable.status.as_u16(), 200);
    for nonsense in ["2026-W54", "2026-47", "x"] {
        let path = school.path(&format!("weeks/{nonsense}/draft"));
        assert_eq!(app.get(&path, &principal.token).await.status.as_u16(), 404, "{nonsense}");
    }
}

async fn a_late_visit_makes_a_second_edition_and_leaves_the_first_as_it_is(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    let first = app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    let (bytes, _) = edition(&app, &school, &principal, 1).await;
    let logs = |records: &std::collections::BTreeMap<(String, String), Value>| -> Vec<Value> {
        records
            .iter()
            .filter(|((kind, _), _)| kind == "published_log")
            .map(|(_, fields)| fields.clone())
            .collect()
    };
    let on_phone = logs(&app.pulled(&school, &inspector.phone.token).await);
    assert_eq!(on_phone.len(), 1);
    assert_eq!((&on_phone[0]["edition"], &on_phone[0]["content_hash"]), (&json!(1), &first["hash"]));

    // Still being written: nothing of it is in any log, so nothing waits.
    let late = names.visit(CLASS, "2026-11-18", "第2节", "数学");
    let mut draft = late.clone();
    draft.as_object_mut().unwrap().remove("submitted_at");
    let result = inspector.write(&app, &school, id(2), &draft).await;
    assert_eq!(result.get("late"), None, "{result}");
    assert_eq!(week(&app, &school, &principal, WEEK).await["draft_pending"], false);

    app.pass(chrono::TimeDelta::minutes(1));
    let result = inspector.write(&app, &school, id(2), &json!({"submitted_at": late["submitted_at"]})).await;
    assert_eq!(result["late"], json!({"week": WEEK, "published_edition": 1}), "{result}");
    assert_eq!(week(&app, &school, &principal, WEEK).await["draft_pending"], true);
    let draft = app.draft(&school, &principal, WEEK).await;
    assert_eq!(kinds(&draft), [("added".to_owned(), id(2).to_string())]);
    assert_eq!(draft["changes"][0]["verdict_after"], "as_timetabled");
    assert_eq!(draft["changes"][0]["verdict_before"], Value::Null);
    assert_eq!(draft["number"], 2);

    let second = app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    assert_eq!((&second["number"], &second["previous"]), (&json!(2), &first["hash"]));
    let (after, frozen) = edition(&app, &school, &principal, 2).await;
    assert_eq!((&frozen["previous"], &frozen["changes"]), (&first["hash"], &draft["changes"]));
    assert_eq!(ContentHash::of(&after).as_str(), second["hash"]);
    assert_eq!(edition(&app, &school, &principal, 1).await.0, bytes);
    let list = app.get(&school.path(&format!("weeks/{WEEK}/editions")), &principal.token).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let on_phone = logs(&app.pulled(&school, &inspector.phone.token).await);
    assert_eq!(on_phone.len(), 1, "replaced, not added");
    assert_eq!((&on_phone[0]["edition"], &on_phone[0]["content_hash"]), (&json!(2), &second["hash"]));
}

async fn corrections_and_withdrawals_are_listed(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    inspector.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-18", "第2节", "数学")).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);

    let correction = json!({"observed": {"situation": "lesson", "subject": names.subject("数学")},
        "ratings/engagement": "fair", "highlights/a": {"text": "情境游戏"}});
    let result = inspector.write(&app, &school, id(1), &correction).await;
    assert_eq!(result["late"]["published_edition"], 1);
    inspector.write(&app, &school, id(2), &json!({"withdrawn": {"reason": "记错班级"}})).await;

    let draft = app.draft(&school, &principal, WEEK).await;
    assert_eq!(
        kinds(&draft),
        [("changed".to_owned(), id(1).to_string()), ("withdrawn".to_owned(), id(2).to_string())]
    );
    let changed = &draft["changes"][0];
    assert_eq!(changed["fields"], json!(["verdict", "observed", "ratings", "highlights"]));
    assert_eq!(
        (&changed["verdict_before"], &changed["verdict_after"]),
        (&json!("as_timetabled"), &json!("subject_mismatch"))
    );
    assert_eq!(draft["changes"][1]["verdict_after"], Value::Null);
    assert_eq!((&draft["log"]["visits"], &draft["log"]["visited_slots"]), (&json!(1), &json!(1)));
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);

    // Withdrawn for good: another word about it is in no log, so nothing waits.
    let result = inspector.write(&app, &school, id(2), &json!({"ratings/engagement": "good"})).await;
    assert_eq!(result.get("late"), None, "{result}");
    assert_eq!(week(&app, &school, &principal, WEEK).await["draft_pending"], false);

    // Everything withdrawn: the week stays listed, and its next edition is empty.
    inspector.write(&app, &school, id(1), &json!({"withdrawn": {"reason": "重复"}})).await;
    let listed = week(&app, &school, &principal, WEEK).await;
    assert_eq!(
        (&listed["visits"], &listed["edition"], &listed["draft_pending"]),
        (&json!(0), &json!(2), &json!(true))
    );
    let third = app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    assert_eq!(third["number"], 3);
}

async fn moving_a_visit_between_weeks_touches_both(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    inspector.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-10", "第3节", "科学")).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    app.publish(&school, &principal, "2026-W46", &json!({})).await.expect(201);

    let slot = names.slot(CLASS, "2026-11-10", "第1节");
    let result = inspector.write(&app, &school, id(1), &json!({"slot": slot})).await;

    assert_eq!(result["late"]["week"], WEEK, "{result}");
    for (name, kind) in [(WEEK, "withdrawn"), ("2026-W46", "added")] {
        assert_eq!(week(&app, &school, &principal, name).await["draft_pending"], true, "{name}");
        let draft = app.draft(&school, &principal, name).await;
        assert_eq!(kinds(&draft), [(kind.to_owned(), id(1).to_string())]);
        app.publish(&school, &principal, name, &json!({})).await.expect(201);
    }
}

async fn of_two_who_publish_at_once_one_wins(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let other = app.add_named(&school, "shen", "沈校长", "principal").await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;

    let (body, draft) = (json!({}), app.draft(&school, &principal, WEEK).await);
    let as_of = json!({"as_of": draft["as_of"]});
    let (one, two, three) = tokio::join!(
        app.publish(&school, &principal, WEEK, &body),
        app.publish(&school, &other, WEEK, &body),
        app.publish(&school, &other, WEEK, &as_of),
    );

    let mut statuses = [one.status.as_u16(), two.status.as_u16(), three.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    let list = app.get(&school.path(&format!("weeks/{WEEK}/editions")), &principal.token).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

async fn drafts_bulk_marks_and_second_opinions_are_told_apart(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let second = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    let rated = |mut visit: Value| {
        visit["ratings/engagement"] = json!("good");
        visit
    };
    let science = rated(names.visit(CLASS, "2026-11-17", "第3节", "科学"));
    inspector.write(&app, &school, id(1), &science).await;
    second.write(&app, &school, id(2), &science).await;
    let mut bulk = rated(names.visit(CLASS, "2026-11-17", "第4节", "数学"));
    bulk["bulk"] = json!(true);
    inspector.write(&app, &school, id(3), &bulk).await;
    let mut unsubmitted = names.visit(CLASS, "2026-11-17", "第5节", "语文");
    unsubmitted["submitted_at"] = Value::Null;
    inspector.write(&app, &school, id(4), &unsubmitted).await;
    let mut withdrawn = names.visit(CLASS, "2026-11-17", "第6节", "数学");
    withdrawn["withdrawn"] = json!({"reason": "重复"});
    inspector.write(&app, &school, id(5), &withdrawn).await;

    let log = app.draft(&school, &principal, WEEK).await["log"].clone();
    assert_eq!((&log["visits"], &log["visited_slots"]), (&json!(3), &json!(2)));
    assert_eq!((&log["consistency"]["checked"], &log["consistency"]["consistent"]), (&json!(1), &json!(1)));
    assert_eq!((&log["rating_visits"], &log["ratings"]["good"]), (&json!(2), &json!(2)));
    assert_eq!(
        (&note(&log, "bulk_visits")["count"], &log["consistency_parts"]["bulk_only"]),
        (&json!(1), &json!(1))
    );
    let visit = app.get(&school.path(&format!("visits/{}", id(1))), &principal.token).await.expect(200);
    assert_eq!(visit["co_observations"], json!([id(2)]));
    // An inspector does not learn of a colleague's visit.
    let own = app.get(&school.path(&format!("visits/{}", id(1))), &inspector.person.token).await.expect(200);
    assert_eq!(own["co_observations"], json!([]));
    assert_eq!(week(&app, &school, &principal, WEEK).await["visits"], 3);
}

async fn inspectors_who_disagree_make_a_disputed_slot(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let second = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    second.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-17", "第3节", "数学")).await;
    inspector.write(&app, &school, id(3), &names.visit(CLASS, "2026-11-17", "第4节", "美术")).await;

    let log = app.draft(&school, &principal, WEEK).await["log"].clone();

    let consistency = &log["consistency"];
    assert_eq!(
        (&consistency["checked"], &consistency["consistent"], &consistency["disputed"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(log["displacement_by_subject"].get("科学"), None);
    let slot = &log["consistency_parts"]["disputed_slots"][0];
    assert_eq!(slot["place"]["period"], "第3节");
    let opinions: Vec<_> =
        slot["opinions"].as_array().unwrap().iter().map(|one| text(&one["verdict"])).collect();
    assert_eq!(opinions, ["as_timetabled", "subject_mismatch"]);
    assert_eq!(note(&log, "disputed_slots")["count"], 1);

    // Once one of them corrects himself the slot counts again.
    let correction = json!({"observed": {"situation": "lesson", "subject": names.subject("科学")}});
    second.write(&app, &school, id(2), &correction).await;
    let log = app.draft(&school, &principal, WEEK).await["log"].clone();
    assert_eq!((&log["consistency"]["checked"], &log["consistency"]["disputed"]), (&json!(2), &json!(0)));
}

async fn the_log_says_what_is_missing_from_it(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let companion = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    let mut visit = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    visit[format!("companions/{}", companion.person.id)] = json!(true);
    let unsent = json!({"unsent": 4});
    inspector.push_with(&app, &school, &[(id(1), visit)], &unsent).await;
    let log = app.draft(&school, &principal, WEEK).await["log"].clone();
    assert_eq!(
        (&note(&log, "unsent_entries")["count"], &note(&log, "unsent_entries")["about"]),
        (&json!(1), &json!(["值周孟老师"]))
    );
    assert_eq!(note(&log, "received_late"), &Value::Null, "nothing is published yet, so nothing is late");

    // Two who had not seen each other's word.
    let seen = app
        .get(&format!("/api/v1/sync/changes?stream={}&limit=1000", school.id), &inspector.phone.token)
        .await;
    let base = seen.expect(200)["head"].clone();
    let mut results = Vec::new();
    for (recorder, n, level) in [(&inspector, 50, "good"), (&companion, 51, "poor")] {
        let mut write = school.write(n, id(1), &json!({"ratings/engagement": level}));
        write["base"] = base.clone();
        let push = recorder.phone.push(&[write]);
        results.push(app.post("/api/v1/sync/push", &recorder.phone.token, &push).await.expect(200));
    }
    let held = inspector.write(&app, &school, id(9), &json!({"mood": "good"})).await;
    assert_eq!(held["outcome"], "held", "{held}");
    let log = app.draft(&school, &principal, WEEK).await["log"].clone();
    assert_eq!(
        note(&log, "open_conflicts"),
        &json!({"kind": "open_conflicts", "count": 1, "visits": [id(1)]}),
        "{results:?}"
    );
    assert_eq!(note(&log, "held_writes")["count"], 1);
    assert_eq!(note(&log, "unsent_entries"), &Value::Null, "the phone says it has sent everything");

    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    app.pass(chrono::TimeDelta::minutes(1));
    inspector.write(&app, &school, id(2), &names.visit(CLASS, "2026-11-17", "第4节", "美术")).await;
    let log = app.draft(&school, &principal, WEEK).await["log"].clone();
    assert_eq!(note(&log, "received_late"), &json!({"kind": "received_late", "count": 1, "visits": [id(2)]}));
}

async fn a_held_visit_that_is_admitted_is_late(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let other = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    inspector.write(&app, &school, id(1), &names.visit(CLASS, "2026-11-17", "第3节", "科学")).await;
    app.publish(&school, &principal, WEEK, &json!({})).await.expect(201);
    // Somebody else's word about the visit is held: the published week stays as it is.
    let correction = json!({"observed": {"situation": "self_study"}});
    let held = other.write(&app, &school, id(1), &correction).await;
    assert_eq!((&held["outcome"], &held["reason"]), (&json!("held"), &json!("not_author")));
    assert_eq!(held.get("late"), None);
    assert_eq!(week(&app, &school, &principal, WEEK).await["draft_pending"], false);

    let path = format!("/api/v1/sync/held/{}/admit?stream={}", text(&held["held"]), school.id);
    let admitted = app.post(&path, &principal.token, &json!({})).await;

    assert_eq!(admitted.status.as_u16(), 200, "{}", String::from_utf8_lossy(&admitted.bytes));
    assert_eq!(week(&app, &school, &principal, WEEK).await["draft_pending"], true);
    let draft = app.draft(&school, &principal, WEEK).await;
    assert_eq!(kinds(&draft), [("changed".to_owned(), id(1).to_string())]);
    assert_eq!(draft["changes"][0]["verdict_after"], "self_study");
    assert_eq!(draft["changes"][0]["inspector"], "值周孟老师");
}

async fn a_visit_that_arrives_while_publishing_is_in_the_edition_or_waits(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let second = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    let visit = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    inspector.write(&app, &school, id(1), &visit).await;
    let body = json!({});

    for round in 1..=4 {
        let (one, two) = (id(round * 10), id(round * 10 + 1));
        let (first, published, other) = tokio::join!(
            inspector.write(&app, &school, one, &visit),
            app.publish(&school, &principal, WEEK, &body),
            second.write(&app, &school, two, &visit),
        );

        let number = published.expect(201)["number"].clone();
        let (_, frozen) = edition(&app, &school, &principal, u32::try_from(round).unwrap()).await;
        assert_eq!(frozen["number"], number);
        let told = frozen["log"]["visit_digests"].as_object().unwrap();
        let waiting =
            [(one, first), (two, other)].into_iter().filter(|(id, _)| !told.contains_key(&id.to_string()));
        let waiting: Vec<_> = waiting.collect();
        for (id, result) in &waiting {
            assert_eq!(result["late"]["published_edition"], number, "{id}: {result}");
        }
        let draft = app.draft(&school, &principal, WEEK).await;
        assert_eq!(kinds(&draft).len(), waiting.len());
        assert_eq!(week(&app, &school, &principal, WEEK).await["draft_pending"], !waiting.is_empty());
        // So that there is something to publish in the next round, whoever wins.
        inspector.write(&app, &school, id(round * 10 + 2), &visit).await;
    }
}

async fn one_visit(app: &TestApp) -> crate::support::week::Staffed {
    let staffed = app.staffed().await;
    let visit = staffed.names.visit(CLASS, "2026-11-17", "第3节", "数学");
    staffed.inspector.write(app, &staffed.school, id(1), &visit).await;
    staffed
}

async fn a_publication_whose_answer_was_lost_is_answered_again(app: TestApp) {
    let staffed = one_visit(&app).await;
    let path = staffed.school.path(&format!("weeks/{WEEK}/publish"));
    let body = json!({"remarks": "候课"});
    let ask = async |key: &str| {
        app.call_with("POST", &path, &staffed.principal.token, Some(&body), &[("idempotency-key", key)]).await
    };

    let (lost, again, other) = (ask("a").await, ask("a").await, ask("b").await);

    assert_eq!((lost.status.as_u16(), &lost.bytes), (201, &again.bytes));
    assert_eq!(lost.header("etag"), again.header("etag"));
    assert_eq!((other.status.as_u16(), other.code().as_str()), (409, "wrong-state"));
}

async fn a_holiday_entered_late_may_be_published_though_no_verdict_changed(app: TestApp) {
    let staffed = one_visit(&app).await;
    app.publish(&staffed.school, &staffed.principal, WEEK, &json!({})).await.expect(201);
    let unchanged = app.publish(&staffed.school, &staffed.principal, WEEK, &json!({})).await;
    let holiday = json!({"date": "2026-11-20", "kind": "holiday", "note": "运动会补休"});
    app.post(&staffed.school.path("calendar-days"), &staffed.school.admin.token, &holiday).await.expect(201);

    let second = app.publish(&staffed.school, &staffed.principal, WEEK, &json!({})).await.expect(201);

    assert_eq!(unchanged.code(), "wrong-state");
    assert_eq!(second["number"], 2);
    let (_, first) = edition(&app, &staffed.school, &staffed.principal, 1).await;
    let (_, second) = edition(&app, &staffed.school, &staffed.principal, 2).await;
    assert_eq!(first["log"]["planned_slots"], 688);
    assert!(second["log"]["planned_slots"].as_i64() < Some(688));
}
