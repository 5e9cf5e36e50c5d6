//! The pages of visits: a week's list, what is behind a figure, and one visit with its history.

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::week::{Staffed, WEEK};
use crate::web::{html, page, signed_in};

on_both!(
    a_figure_of_an_edition_leads_to_its_visits,
    a_repeat_leads_to_its_visits_of_all_weeks,
    a_list_is_narrowed_by_class_inspector_and_verdict,
    the_page_of_a_visit_tells_who_changed_what,
    an_inspector_sees_his_own_visits_and_no_figures,
);

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_eeee_0000_7000_8000_0000_0000_0000 + n)
}

/// Two visits of the week: one as planned, one displaced; gives the address of the week's pages.
async fn two_visits(app: &TestApp) -> (Staffed, String) {
    let staffed = app.staffed().await;
    let Staffed { school, names, inspector, .. } = &staffed;
    let kept = names.visit("三年级(2)班", "2026-11-17", "第3节", "科学");
    let mut displaced = names.visit("三年级(2)班", "2026-11-18", "第3节", "数学");
    displaced["ratings/engagement"] = json!("good");
    displaced["highlights/a"] = json!({"text": "练习有层次"});
    inspector.write_all(app, school, &[(id(1), kept), (id(2), displaced)]).await;
    let week = format!("/schools/{}/weeks/{WEEK}", school.id);
    (staffed, week)
}

async fn a_figure_of_an_edition_leads_to_its_visits(app: TestApp) {
    let (staffed, week) = two_visits(&app).await;
    let cookie = signed_in(&app, &staffed.principal.login).await;
    app.publish(&staffed.school, &staffed.principal, WEEK, &json!({})).await.expect(201);
    let edition = html(&page(&app, &format!("{week}/editions/1"), &cookie).await);
    let link = format!("{week}/visits?edition=1&#38;figure=ratings.engagement.good");
    assert!(edition.contains(&link), "{edition}");
    assert!(edition.contains(&format!("/visits/{}", id(2))), "a highlight names its visit");

    // Withdrawn since: the edition's figure still leads to it.
    let withdrawn = json!({"withdrawn": {"reason": "误记"}});
    staffed.inspector.write(&app, &staffed.school, id(2), &withdrawn).await;
    let behind = html(&page(&app, &link.replace("&#38;", "&"), &cookie).await);
    let all = html(&page(&app, &format!("{week}/visits"), &cookie).await);

    assert!(behind.contains(&id(2).to_string()) && !behind.contains(&id(1).to_string()), "{behind}");
    assert!(behind.contains("已撤回") && behind.contains("评价·学生参与·良"), "{behind}");
    assert!(all.contains(&id(1).to_string()) && !all.contains(&id(2).to_string()), "{all}");
    let absent = page(&app, &format!("{week}/visits?edition=7&figure=visits"), &cookie).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
}

async fn a_repeat_leads_to_its_visits_of_all_weeks(app: TestApp) {
    let staffed = app.staffed().await;
    let Staffed { school, names, principal, inspector, .. } = &staffed;
    let class = "三年级(2)班";
    let of = |date: &str, period: &str, subject: &str| names.visit(class, date, period, subject);
    let [mut now, mut before] = [of("2026-11-17", "第3节", "科学"), of("2026-11-03", "第3节", "数学")];
    now["findings/a"] = json!({"category": "ST01", "severity": 1});
    before["findings/a"] = json!({"category": "ST01", "severity": 1});
    // Of the same weeks and class, without the problem.
    let [beside, beside_before] = [of("2026-11-18", "第2节", "数学"), of("2026-11-04", "第2节", "数学")];
    let writes = [(id(1), now), (id(2), before), (id(3), beside), (id(4), beside_before)];
    inspector.write_all(&app, school, &writes).await;
    let cookie = signed_in(&app, &principal.login).await;
    app.publish(school, principal, WEEK, &json!({})).await.expect(201);
    let week = format!("/schools/{}/weeks/{WEEK}", school.id);

    for (log, choice) in [("draft", ""), ("editions/1", "edition=1&#38;")] {
        let log = html(&page(&app, &format!("{week}/{log}"), &cookie).await);
        let link = format!("{week}/visits?{choice}figure=repeats.class.1");
        assert!(log.contains(&format!("href=\"{link}\"")), "{log}");
        let link = link.replace("&#38;", "&");
        let behind = html(&page(&app, &link, &cookie).await);
        let earlier = html(&page(&app, &format!("{link}&verdict=subject_mismatch"), &cookie).await);

        let listed = |list: &str| [1, 2, 3, 4].map(|n| list.contains(&id(n).to_string()));
        assert_eq!(listed(&behind), [true, true, false, false], "{behind}");
        assert!(behind.contains("重复问题（同一班级）") && behind.contains("含其他周的记录"), "{behind}");
        assert!(behind.contains(&format!("{class}（2）")), "the choices are those of its visits: {behind}");
        assert_eq!(listed(&earlier), [false, true, false, false], "{earlier}");
    }
}

async fn a_list_is_narrowed_by_class_inspector_and_verdict(app: TestApp) {
    let (staffed, week) = two_visits(&app).await;
    let cookie = signed_in(&app, &staffed.principal.login).await;
    let class = staffed.names.class("三年级(2)班");
    let other = staffed.names.class("一年级(1)班");
    let inspector = &staffed.inspector.person.id;

    for (query, seen) in [
        (format!("class={class}&inspector=&verdict="), [true, true]),
        (format!("class={other}"), [false, false]),
        (format!("inspector={inspector}&verdict=subject_mismatch"), [false, true]),
        ("verdict=as_timetabled".to_owned(), [true, false]),
        ("figure=consistency.inconsistent".to_owned(), [false, true]),
        (format!("inspector={}", staffed.principal.id), [false, false]),
    ] {
        let listed = html(&page(&app, &format!("{week}/visits?{query}"), &cookie).await);
        assert_eq!([1, 2].map(|n| listed.contains(&id(n).to_string())), seen, "{query}");
    }
    for query in ["verdict=splendid", "class=x", "edition=first", "unknown=1"] {
        let refused = page(&app, &format!("{week}/visits?{query}"), &cookie).await;
        assert!(refused.status.is_client_error(), "{query}: {}", refused.status);
    }
}

async fn the_page_of_a_visit_tells_who_changed_what(app: TestApp) {
    let (staffed, _) = two_visits(&app).await;
    let cookie = signed_in(&app, &staffed.principal.login).await;
    staffed.inspector.write(&app, &staffed.school, id(2), &json!({"ratings/engagement": "poor"})).await;
    let path = format!("/schools/{}/visits/{}", staffed.school.id, id(2));

    let shown = html(&page(&app, &path, &cookie).await);

    assert!(shown.contains("三年级(2)班 11月18日 周三 第3节"), "{shown}");
    assert!(shown.contains("挤占") && shown.contains("课表应上："), "{shown}");
    assert!(shown.contains("<del>良</del> → <ins>差</ins>"), "{shown}");
    assert!(shown.contains("值周孟老师"), "{shown}");
    let absent = format!("/schools/{}/visits/{}", staffed.school.id, id(9));
    assert_eq!(page(&app, &absent, &cookie).await.status, StatusCode::NOT_FOUND);
}

async fn an_inspector_sees_his_own_visits_and_no_figures(app: TestApp) {
    let (staffed, week) = two_visits(&app).await;
    let other = app.recorder(&staffed.school, "shen", "沈副校长", "inspector").await;
    let visit = staffed.names.visit("三年级(3)班", "2026-11-17", "第3节", "科学");
    other.write(&app, &staffed.school, id(3), &visit).await;
    let cookie = signed_in(&app, "shen").await;
    let school = &staffed.school.id;

    let list = html(&page(&app, &format!("{week}/visits"), &cookie).await);
    let own = page(&app, &format!("/schools/{school}/visits/{}", id(3)), &cookie).await;
    let others = page(&app, &format!("/schools/{school}/visits/{}", id(1)), &cookie).await;
    let figure = page(&app, &format!("{week}/visits?figure=visits"), &cookie).await;

    assert!(list.contains(&id(3).to_string()) && !list.contains(&id(1).to_string()), "{list}");
    assert!(!list.contains("统计项"), "{list}");
    assert_eq!(own.status, StatusCode::OK);
    assert_eq!(others.status, StatusCode::NOT_FOUND);
    assert_eq!(figure.status, StatusCode::FORBIDDEN);
}
