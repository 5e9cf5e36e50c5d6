//! What a school posts: for anybody once it has decided so, gone at once when withdrawn; chained, and proved to authors.

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_api::verify::{Verified, verify};
use xunke_domain::log::proof::VisitProof;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::text;
use crate::support::week::{Staffed, WEEK};
use crate::web::{form, hidden, html, page, signed_in};

on_both!(
    nobody_reads_before_the_school_decides_and_anybody_after,
    only_the_principal_decides_what_is_posted,
    a_withdrawn_edition_is_gone_at_once_and_the_next_is_posted,
    an_edition_that_was_replaced_is_not_posted_any_more,
    the_feed_and_the_code_at_the_gate_lead_to_the_address,
    an_author_proves_that_his_visit_is_in_what_was_posted,
    publications_of_a_term_are_one_chain_and_a_hand_in_the_database_is_found,
);

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_bbbb_0000_7000_8000_0000_0000_0000 + n)
}

/// One visit of the week, published.
async fn published(app: &TestApp) -> Staffed {
    let staffed = app.staffed().await;
    let Staffed { school, names, principal, inspector, .. } = &staffed;
    inspector.write(app, school, id(1), &names.visit("三年级(2)班", "2026-11-17", "第3节", "数学")).await;
    app.publish(school, principal, WEEK, &json!({"remarks": "下周重点：候课"})).await.expect(201);
    staffed
}

/// The principal decides in the browser.
async fn decide(app: &TestApp, staffed: &Staffed, posted: &str) -> String {
    let cookie = signed_in(app, &staffed.principal.login).await;
    let path = format!("/schools/{}/posting", staffed.school.id);
    let csrf = hidden(&html(&page(app, &path, &cookie).await), "csrf");
    let decided = form(app, &path, &cookie, &[("csrf", &csrf), ("posted", posted)]).await;
    assert_eq!(decided.header("location"), path);
    cookie
}

async fn nobody_reads_before_the_school_decides_and_anybody_after(app: TestApp) {
    let staffed = published(&app).await;
    let school = &staffed.school;
    let addresses = [
        format!("/p/{}", school.id),
        format!("/p/{}/feed.xml", school.id),
        format!("/p/{}/{WEEK}/1", school.id),
        format!("/api/v1/posted/{}/weeks", school.id),
        format!("/api/v1/posted/{}/weeks/{WEEK}/editions/1", school.id),
    ];
    for address in &addresses {
        // A page names its own address, which whoever asks has told it.
        let [closed, absent] = [school.id.clone(), id(9).to_string()].map(|school_asked| {
            let asked = address.replace(&school.id, &school_asked);
            let app = &app;
            async move {
                let answer = app.get(&asked, "").await;
                let told = String::from_utf8_lossy(&answer.bytes).replace(&school_asked, "SCHOOL");
                (answer.status.as_u16(), told)
            }
        });
        let (closed, absent) = (closed.await, absent.await);
        assert_eq!(closed, absent, "{address}");
        assert_eq!(closed.0, 404, "{address}");
    }

    let cookie = decide(&app, &staffed, "true").await;

    for address in &addresses {
        assert_eq!(app.get(address, "").await.status.as_u16(), 200, "{address}");
    }
    let list = app.get(&addresses[3], "").await.expect(200);
    assert_eq!((&list["school"], &list["items"][0]["week"]), (&json!("青禾实验小学"), &json!(WEEK)));
    let inside = school.path(&format!("weeks/{WEEK}/editions/1/public"));
    let inside = app.get(&inside, &staffed.principal.token).await;
    let posted = app.get(&addresses[4], "").await;
    assert_eq!(posted.bytes, inside.bytes, "byte for byte");
    let edition = html(&app.get(&addresses[2], "").await);
    assert!(edition.contains("公示版 第1版") && !edition.contains("数学老师"), "{edition}");
    let tag = posted.header("etag");
    let again = app.send_text("GET", &addresses[4], "", "", &[("if-none-match", &tag)]).await;
    assert_eq!((again.status.as_u16(), posted.header("cache-control").as_str()), (304, "public, no-cache"));
    let newest = app.get(&format!("/p/{}/{WEEK}", school.id), "").await;
    assert_eq!(newest.header("location"), addresses[2]);

    let path = format!("/schools/{}/posting", school.id);
    let csrf = hidden(&html(&page(&app, &path, &cookie).await), "csrf");
    form(&app, &path, &cookie, &[("csrf", &csrf), ("posted", "false")]).await;
    assert_eq!(app.get(&addresses[2], "").await.status.as_u16(), 404, "and closed again");
}

async fn only_the_principal_decides_what_is_posted(app: TestApp) {
    let staffed = published(&app).await;
    let Staffed { school, principal, affairs, .. } = &staffed;
    let (posting, yes) = (school.path("posting"), json!({"posted": true}));

    for other in [affairs, &school.admin] {
        assert_eq!(app.call("PUT", &posting, &other.token, Some(&yes)).await.status.as_u16(), 403);
    }
    let setting = json!({"settings": {"posted": true}});
    let around = app.patch(&format!("/api/v1/schools/{}", school.id), &affairs.token, &setting).await;
    assert_eq!(
        (around.status.as_u16(), around.json()["errors"][0]["pointer"].clone()),
        (422, json!("/settings/posted"))
    );
    assert_eq!(app.get(&format!("/p/{}", school.id), "").await.status.as_u16(), 404);
    app.call("PUT", &posting, &principal.token, Some(&yes)).await.expect(200);
    assert_eq!(app.get(&format!("/p/{}", school.id), "").await.status.as_u16(), 200);
}

async fn a_withdrawn_edition_is_gone_at_once_and_the_next_is_posted(app: TestApp) {
    let staffed = published(&app).await;
    let Staffed { school, names, principal, affairs, inspector } = &staffed;
    decide(&app, &staffed, "true").await;
    let withdraw = school.path(&format!("weeks/{WEEK}/editions/1/withdraw"));
    let why = json!({"why": "涉及个人，核对后另发"});

    assert_eq!(app.post(&withdraw, &affairs.token, &why).await.status.as_u16(), 403);
    let empty = app.post(&withdraw, &principal.token, &json!({"why": " "})).await;
    assert_eq!((empty.status.as_u16(), empty.json()["errors"][0]["pointer"].clone()), (422, json!("/why")));
    let done = app.post(&withdraw, &principal.token, &why).await.expect(200);
    let twice = app.post(&withdraw, &principal.token, &why).await;

    assert_eq!(done["why"], "涉及个人，核对后另发");
    assert_eq!(twice.code(), "wrong-state");
    let api = app.get(&format!("/api/v1/posted/{}/weeks/{WEEK}/editions/1", school.id), "").await;
    assert_eq!((api.status.as_u16(), api.code().as_str()), (410, "withdrawn"));
    let gone = app.get(&format!("/p/{}/{WEEK}/1", school.id), "").await;
    assert_eq!(gone.status.as_u16(), 410);
    assert!(html(&gone).contains("不再公示"));
    let weeks = app.get(&format!("/api/v1/posted/{}/weeks", school.id), "").await.expect(200);
    assert_eq!(weeks["items"], json!([]));
    let inside = app.get(&school.path(&format!("weeks/{WEEK}/editions/1")), &principal.token).await;
    assert_eq!(inside.status.as_u16(), 200, "inside it stays");

    inspector.write(&app, school, id(2), &names.visit("三年级(2)班", "2026-11-17", "第4节", "美术")).await;
    app.publish(school, principal, WEEK, &json!({})).await.expect(201);
    let weeks = app.get(&format!("/api/v1/posted/{}/weeks", school.id), "").await.expect(200);
    assert_eq!(weeks["items"][0]["edition"], 2);
    let second = html(&app.get(&format!("/p/{}/{WEEK}/2", school.id), "").await);
    assert!(!second.contains(&format!("/{WEEK}/1\"")), "no link to what was withdrawn: {second}");
}

async fn an_edition_that_was_replaced_is_not_posted_any_more(app: TestApp) {
    let staffed = published(&app).await;
    let Staffed { school, names, principal, inspector, .. } = &staffed;
    decide(&app, &staffed, "true").await;
    inspector.write(&app, school, id(2), &names.visit("三年级(2)班", "2026-11-17", "第4节", "美术")).await;
    app.publish(school, principal, WEEK, &json!({})).await.expect(201);
    let edition = |number: u32| format!("/api/v1/posted/{}/weeks/{WEEK}/editions/{number}", school.id);

    assert_eq!(app.get(&edition(1), "").await.status.as_u16(), 410);
    assert_eq!(app.get(&edition(2), "").await.status.as_u16(), 200);

    let withdraw = school.path(&format!("weeks/{WEEK}/editions/2/withdraw"));
    app.post(&withdraw, &principal.token, &json!({"why": "核对"})).await.expect(200);
    for number in [1, 2] {
        assert_eq!(app.get(&edition(number), "").await.status.as_u16(), 410, "edition {number}");
    }
    assert_eq!(app.get(&format!("/p/{}/{WEEK}", school.id), "").await.status.as_u16(), 410);
}

async fn the_feed_and_the_code_at_the_gate_lead_to_the_address(app: TestApp) {
    let staffed = published(&app).await;
    let cookie = decide(&app, &staffed, "true").await;
    let path = format!("/p/{}", staffed.school.id);
    let host = [("host", "xunke.example"), ("cookie", cookie.as_str())];

    let feed = html(&app.send_text("GET", &format!("{path}/feed.xml"), "", "", &host).await);
    let posting = format!("/schools/{}/posting", staffed.school.id);
    let gate = html(&app.send_text("GET", &posting, "", "", &host).await);
    let code = app.send_text("GET", &format!("{posting}/qr.svg"), "", "", &host).await;

    assert!(
        feed.contains(&format!(
            "<link rel=\"alternate\" type=\"text/html\" href=\"https://xunke.example{path}/{WEEK}/1\"/>"
        )),
        "{feed}"
    );
    assert!(feed.contains("第12周巡课周报") && feed.contains("第1版"), "{feed}");
    assert!(gate.contains(&format!("https://xunke.example{path}")), "{gate}");
    assert_eq!(code.header("content-type"), "image/svg+xml");
    assert!(html(&code).contains("<svg"));
}

async fn an_author_proves_that_his_visit_is_in_what_was_posted(app: TestApp) {
    let staffed = published(&app).await;
    let Staffed { school, principal, inspector, .. } = &staffed;
    let other = app.add_named(school, "he", "何老师", "inspector").await;
    let path = |visit: Uuid| school.path(&format!("weeks/{WEEK}/editions/1/proofs/{visit}"));

    let answer = app.get(&path(id(1)), &inspector.person.token).await.expect(200);

    let proof: VisitProof = serde_json::from_value(answer["proof"].clone()).unwrap();
    assert!(proof.holds());
    let public = school.path(&format!("weeks/{WEEK}/editions/1/public"));
    let public = app.get(&public, &principal.token).await.expect(200);
    assert_eq!(public["visits_root"], json!(proof.root));
    assert_eq!(app.get(&path(id(1)), &other.token).await.status.as_u16(), 404, "nobody else's");
    assert_eq!(app.get(&path(id(7)), &principal.token).await.status.as_u16(), 404);
}

async fn publications_of_a_term_are_one_chain_and_a_hand_in_the_database_is_found(app: TestApp) {
    let staffed = published(&app).await;
    let Staffed { school, names, principal, inspector, .. } = &staffed;
    inspector.write(&app, school, id(2), &names.visit("三年级(2)班", "2026-11-10", "第4节", "美术")).await;
    app.publish(school, principal, "2026-W46", &json!({})).await.expect(201);
    let link =
        |edition: &Value| (edition["in_term"]["place"].clone(), edition["in_term"]["previous"].clone());
    let path = |week: &str| school.path(&format!("weeks/{week}/editions"));
    let first = app.get(&path(WEEK), &principal.token).await.expect(200)["items"][0]["hash"].clone();
    let second = app.get(&format!("{}/1", path("2026-W46")), &principal.token).await.expect(200);

    assert_eq!(link(&second), (json!(2), first));
    assert_eq!(second["in_term"]["term"], "2026-2027-1");
    let mut lines = Vec::new();
    assert_eq!(verify(&app.url, |line| lines.push(line)).await.unwrap(), Verified { schools: 1, faults: 0 });
    assert!(lines.iter().any(|line| line.contains("2026-2027-1: 2 publications")), "{lines:?}");

    let db = Database::connect(&app.url).await.unwrap();
    let sql =
        format!("UPDATE edition SET bytes = replace(bytes, '下周重点', '本周重点') WHERE week = '{WEEK}'");
    db.execute_unprepared(&sql).await.unwrap();
    db.close().await.unwrap();
    lines.clear();
    assert_eq!(verify(&app.url, |line| lines.push(line)).await.unwrap(), Verified { schools: 1, faults: 1 });
    assert!(text(&json!(lines.concat())).contains("altered"), "{lines:?}");
}
