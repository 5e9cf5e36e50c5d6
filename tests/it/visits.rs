//! Finding visits and reading their history.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::{Person, School, text};
use crate::support::week::{Staffed, WEEK};

on_both!(
    visits_are_found_by_every_filter_alone_and_together,
    pages_have_neither_gaps_nor_doubles,
    an_inspector_sees_own_and_accompanied_visits_only,
    the_history_keeps_who_when_old_and_new,
);

const CLASS: &str = "三年级(2)班";

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_cccc_0000_7000_8000_0000_0000_0000 + n)
}

fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    })
}

/// The numbers of the visits that a query finds.
async fn found(app: &TestApp, school: &School, who: &Person, query: &str) -> Vec<u128> {
    let list = app.get(&school.path(&format!("visits?{query}")), &who.token).await.expect(200);
    let items = list["items"].as_array().unwrap();
    items.iter().map(|visit| text(&visit["id"]).parse::<Uuid>().unwrap().as_u128() & 0xffff).collect()
}

async fn visits_are_found_by_every_filter_alone_and_together(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let second = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    let with = |mut visit: Value, more: Value| {
        for (name, value) in more.as_object().unwrap() {
            visit[name] = value.clone();
        }
        visit
    };
    let texts = json!({
        "highlights/a": {"text": "森林运动会 情境游戏"}, "improvements/a": {"text": "用PPT代替板书，达100%"},
        "findings/a": {"category": "TT01", "severity": 3, "note": "File_Name 无调课单"},
    });
    let one = with(names.visit(CLASS, "2026-11-17", "第3节", "数学"), texts);
    let mut two = names.visit(CLASS, "2026-11-17", "第4节", "美术");
    two["observed"]["teacher"] = json!(names.teacher("姜振宇"));
    let two = with(two, json!({"improvements/a": {"text": "达100分 filexname \\斜杠"}}));
    let three = names.visit("一年级(1)班", "2026-11-10", "第1节", "语文");
    let draft = json!({"notes/a": {"text": "只有备注"}});
    inspector.write_all(&app, &school, &[(id(1), one), (id(2), two), (id(4), draft)]).await;
    second.write(&app, &school, id(3), &three).await;

    let art = names.subject("美术");
    for (query, expected) in [
        (String::new(), vec![1, 2, 3, 4]),
        (format!("week={WEEK}"), vec![1, 2]),
        ("week=2026-W46".to_owned(), vec![3]),
        ("week=2026-W01".to_owned(), vec![]),
        (format!("class={}", names.class(CLASS)), vec![1, 2]),
        // Planned or seen: 科学 was planned where 数学 was seen.
        (format!("subject={}", names.subject("科学")), vec![1]),
        (format!("subject={}", names.subject("数学")), vec![1]),
        (format!("subject={art}"), vec![2, 3]),
        (format!("teacher={}", names.teacher("蔡立新")), vec![1]),
        (format!("teacher={}", names.teacher("姜振宇")), vec![2]),
        (format!("inspector={}", second.person.id), vec![3]),
        ("verdict=subject_mismatch".to_owned(), vec![1, 3]),
        ("verdict=as_timetabled".to_owned(), vec![2]),
        (format!("text={}", encoded("情境")), vec![1]),
        (format!("text={}", encoded("ppt")), vec![1]),
        ("text=FILE_name".to_owned(), vec![1]),
        ("text=100%25".to_owned(), vec![1]),
        ("text=100".to_owned(), vec![1, 2]),
        ("text=%25".to_owned(), vec![1]),
        ("text=_".to_owned(), vec![1]),
        (format!("text={}", encoded("\\")), vec![2]),
        (format!("text={}", encoded("'; --")), vec![]),
        ("text=tt01".to_owned(), vec![1]),
        (format!("text={}", encoded("只有备注")), vec![]),
        (format!("week={WEEK}&verdict=subject_mismatch"), vec![1]),
        (format!("week={WEEK}&verdict=subject_mismatch&text=100&class={}", names.class(CLASS)), vec![1]),
        (format!("week={WEEK}&inspector={}", second.person.id), vec![]),
        (format!("class={}", Uuid::nil()), vec![]),
    ] {
        assert_eq!(found(&app, &school, &principal, &query).await, expected, "{query}");
    }
    for wrong in ["week=2026-47", "verdict=guilty", "class=x", "limit=0", "limit=201", "colour=red"] {
        let refused = app.get(&school.path(&format!("visits?{wrong}")), &principal.token).await;
        assert_eq!(refused.status.as_u16(), 422, "{wrong}");
        assert!(refused.pointers()[0].starts_with('?'), "{wrong}: {:?}", refused.pointers());
    }
}

async fn pages_have_neither_gaps_nor_doubles(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let second = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    let visit = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    let other = names.visit(CLASS, "2026-11-10", "第3节", "数学");
    let of = |n: u128| (id(n), if n.is_multiple_of(3) { other.clone() } else { visit.clone() });
    // Not in the order of their ids, and by two people.
    let (odd, even): (Vec<_>, Vec<_>) = (1..=120).rev().partition(|n| n % 2 == 1);
    inspector.write_all(&app, &school, &odd.into_iter().map(of).collect::<Vec<_>>()).await;
    second.write_all(&app, &school, &even.into_iter().map(of).collect::<Vec<_>>()).await;

    let walk = async |filter: &str, limit: usize, who: &Person| -> Vec<u128> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = school.path(&format!("visits?limit={limit}{filter}{cursor}"));
            let page = app.get(&path, &who.token).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            all.extend(
                items.iter().map(|visit| text(&visit["id"]).parse::<Uuid>().unwrap().as_u128() & 0xffff),
            );
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    };
    assert_eq!(walk("", 50, &principal).await, (1..=120).collect::<Vec<_>>());
    assert_eq!(walk("", 60, &principal).await, (1..=120).collect::<Vec<_>>());
    let thirds: Vec<u128> = (1..=120).filter(|n| n % 3 == 0).collect();
    assert_eq!(walk("&week=2026-W46", 20, &principal).await, thirds);
    assert_eq!(walk("&verdict=subject_mismatch", 7, &principal).await, thirds);
    let own: Vec<u128> = (1..=120).filter(|n| n % 2 == 1).collect();
    assert_eq!(walk("", 50, &inspector.person).await, own);
    // 41 visits of one slot: each names all others beside it.
    let first = app.get(&school.path(&format!("visits/{}", id(1))), &principal.token).await.expect(200);
    assert_eq!(first["co_observations"].as_array().unwrap().len(), 79);
}

async fn an_inspector_sees_own_and_accompanied_visits_only(app: TestApp) {
    let Staffed { school, names, principal, affairs, inspector } = app.staffed().await;
    let second = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    let teacher = app.add_named(&school, "chang", "常老师", "teacher").await;
    let visit = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    let mut together = visit.clone();
    together[format!("companions/{}", second.person.id)] = json!(true);
    inspector.write_all(&app, &school, &[(id(1), visit.clone()), (id(2), together)]).await;
    second.write(&app, &school, id(3), &visit).await;

    assert_eq!(found(&app, &school, &inspector.person, "").await, [1, 2]);
    assert_eq!(found(&app, &school, &second.person, "").await, [2, 3]);
    assert_eq!(
        found(&app, &school, &second.person, &format!("inspector={}", inspector.person.id)).await,
        [2]
    );
    assert_eq!(found(&app, &school, &principal, "").await, [1, 2, 3]);
    assert_eq!(found(&app, &school, &affairs, "").await, [1, 2, 3]);
    let absent = app.get(&school.path(&format!("visits/{}", id(77))), &second.person.token).await;
    for rest in ["", "/history"] {
        let hidden = app.get(&school.path(&format!("visits/{}{rest}", id(1))), &second.person.token).await;
        assert_eq!((hidden.status.as_u16(), &hidden.bytes), (404, &absent.bytes));
    }
    assert_eq!(app.get(&school.path("visits"), &teacher.token).await.status.as_u16(), 403);
    assert_eq!(app.get(&school.path("visits"), &school.admin.token).await.status.as_u16(), 403);

    // No longer a companion: no longer to be seen.
    let gone = json!({format!("companions/{}", second.person.id): null});
    inspector.write(&app, &school, id(2), &gone).await;
    assert_eq!(found(&app, &school, &second.person, "").await, [3]);
}

async fn the_history_keeps_who_when_old_and_new(app: TestApp) {
    let Staffed { school, names, principal, inspector, .. } = app.staffed().await;
    let second = app.recorder(&school, "shen", "沈副校长", "inspector").await;
    let mut visit = names.visit(CLASS, "2026-11-17", "第3节", "科学");
    visit["ratings/engagement"] = json!("good");
    visit[format!("companions/{}", second.person.id)] = json!(true);
    inspector.write(&app, &school, id(1), &visit).await;
    let path = school.path(&format!("visits/{}", id(1)));
    let etag = app.get(&path, &principal.token).await.header("etag");

    app.pass(chrono::TimeDelta::minutes(5));
    second
        .write(
            &app,
            &school,
            id(1),
            &json!({"ratings/engagement": "fair", "submitted_at": visit["submitted_at"]}),
        )
        .await;
    // An older word that arrives last loses, and is kept all the same.
    let stale = json!({"n": 99, "stream": school.id, "type": "visit", "record": id(1), "base": 0,
        "stamp": format!("{:012x}-0000-{}", 1_700_000_000_000_i64, second.phone.device),
        "set": {"ratings/conduct": "good"}});
    app.post("/api/v1/sync/push", &second.phone.token, &second.phone.push(&[stale])).await.expect(200);
    let older = json!({"n": 98, "stream": school.id, "type": "visit", "record": id(1), "base": 0,
        "stamp": format!("{:012x}-0000-{}", 1_600_000_000_000_i64, inspector.phone.device),
        "set": {"ratings/conduct": "poor"}});
    let result = app
        .post("/api/v1/sync/push", &inspector.phone.token, &inspector.phone.push(&[older]))
        .await
        .expect(200);

    let history = app.get(&format!("{path}/history"), &principal.token).await.expect(200);
    let items = history["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    let by: Vec<_> = items.iter().map(|item| item["by"].as_str().unwrap()).collect();
    assert_eq!(by, [&inspector.person.id, &second.person.id, &second.person.id, &inspector.person.id]);
    assert_eq!(
        (&items[0]["received_at"], &items[1]["received_at"]),
        (&json!("2026-11-23T08:00:00.000+08:00"), &json!("2026-11-23T08:05:00.000+08:00"))
    );
    let change = |item: &Value, field: &str| {
        item["changes"].as_array().unwrap().iter().find(|change| change["field"] == field).cloned().unwrap()
    };
    assert_eq!(change(&items[0], "ratings/engagement")["old"], Value::Null);
    let corrected = change(&items[1], "ratings/engagement");
    assert_eq!(
        (&corrected["old"], &corrected["new"], &corrected["won"]),
        (&json!("good"), &json!("fair"), &json!(true))
    );
    let lost = change(&items[3], "ratings/conduct");
    let won = result["results"][0]["outcome"] == "applied";
    assert_eq!((&lost["old"], &lost["new"], &lost["won"]), (&json!("good"), &json!("poor"), &json!(won)));
    let now = app.get(&path, &principal.token).await;
    assert_ne!(now.header("etag"), etag);
    let now = now.expect(200);
    assert_eq!(
        (&now["fields"]["ratings"]["engagement"], &now["inspector"]),
        (&json!("fair"), &json!(inspector.person.id))
    );
    assert_eq!(now["fields"]["ratings"]["conduct"], if won { "poor" } else { "good" });

    let seqs: BTreeSet<i64> = items.iter().map(|item| item["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs.len(), 4);
}
