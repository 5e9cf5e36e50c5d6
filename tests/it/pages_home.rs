//! Where people begin: the only school at once, several as a list, and a school's week at a glance.

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::week::WEEK;
use crate::web::{html, page, signed_in};

on_both!(
    who_has_several_schools_chooses_one,
    a_schools_home_page_tells_how_far_its_log_has_come,
    the_bar_leads_to_every_page_that_one_may_see,
);

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_cccc_0000_7000_8000_0000_0000_0000 + n)
}

async fn who_has_several_schools_chooses_one(app: TestApp) {
    let staffed = app.staffed().await;
    let school = &staffed.school;
    let other = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let schools = [school.id.as_str(), other.as_str()];
    app.add_person(&school.admin, &school.district, "du", "supervisor", &schools).await;
    let supervisor = signed_in(&app, "du").await;
    let inspector = signed_in(&app, &staffed.inspector.person.login).await;

    let list = html(&page(&app, "/", &supervisor).await);
    let none = html(&page(&app, "/", &inspector).await);
    let empty = html(&page(&app, &format!("/schools/{other}"), &supervisor).await);

    for school in schools {
        assert!(list.contains(&format!("href=\"/schools/{school}\"")), "{list}");
    }
    assert!(none.contains("没有可查看周报的学校"), "{none}");
    assert!(empty.contains("云岭小学") && empty.contains("尚无巡课记录"), "{empty}");
    let path = format!("/schools/{}", school.id);
    assert_eq!(page(&app, &path, &inspector).await.status, StatusCode::FORBIDDEN);
    let nowhere = format!("/schools/{}", id(9));
    assert_eq!(page(&app, &nowhere, &supervisor).await.status, StatusCode::NOT_FOUND);
}

async fn a_schools_home_page_tells_how_far_its_log_has_come(app: TestApp) {
    let staffed = app.staffed().await;
    let (school, names) = (&staffed.school, &staffed.names);
    let cookie = signed_in(&app, &staffed.principal.login).await;
    let home = format!("/schools/{}", school.id);
    let mut visit = names.visit("三年级(2)班", "2026-11-17", "第3节", "数学");
    visit["findings/a"] = json!({"category": "TT01", "severity": 3, "note": "科学课上数学"});
    staffed.inspector.write(&app, school, id(1), &visit).await;

    let drafted = html(&page(&app, &home, &cookie).await);
    app.publish(school, &staffed.principal, WEEK, &json!({})).await.expect(201);
    let published = html(&page(&app, &home, &cookie).await);
    let late = names.visit("三年级(2)班", "2026-11-18", "第3节", "数学");
    staffed.inspector.write(&app, school, id(2), &late).await;
    let outdated = html(&page(&app, &home, &cookie).await);

    assert!(drafted.contains("草稿") && drafted.contains(&format!("weeks/{WEEK}/review")), "{drafted}");
    assert!(drafted.contains("figure=findings.TT01") && drafted.contains("1/1"), "{drafted}");
    assert!(published.contains("已公示") && published.contains("查看已公示的周报"), "{published}");
    assert!(outdated.contains("有更正待发布"), "{outdated}");
}

async fn the_bar_leads_to_every_page_that_one_may_see(app: TestApp) {
    let staffed = app.staffed().await;
    let school = &staffed.school;
    let visit = staffed.names.visit("三年级(2)班", "2026-11-17", "第3节", "科学");
    staffed.inspector.write(&app, school, id(1), &visit).await;
    let base = format!("/schools/{}", school.id);
    let bar = |html: &str| {
        let bar = html.split("<nav class=\"bar-of-school\"").nth(1).unwrap_or_default();
        let bar = bar.split("</nav>").next().unwrap_or_default();
        bar.split("href=\"")
            .skip(1)
            .map(|link| link.split('"').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let principal = signed_in(&app, &staffed.principal.login).await;
    let inspector = signed_in(&app, &staffed.inspector.person.login).await;

    let home = html(&page(&app, &base, &principal).await);
    let all = bar(&home);
    let own = bar(&html(&page(&app, &format!("{base}/weeks/{WEEK}/visits"), &inspector).await));

    assert_eq!(all.len(), 9, "{all:?}");
    for link in &all {
        let shown = page(&app, link, &principal).await;
        assert_eq!(shown.status, StatusCode::OK, "{link}");
        let here = format!("href=\"{link}\" aria-current=\"page\"");
        assert!(html(&shown).contains(&here), "{link} says that it is the page");
    }
    assert_eq!(own, [format!("{base}/weeks/{WEEK}/visits"), format!("{base}/settle")]);
    for link in &own {
        assert_eq!(page(&app, link, &inspector).await.status, StatusCode::OK, "{link}");
    }
    let below = html(&page(&app, &format!("{base}/visits/{}", id(1)), &principal).await);
    assert!(below.contains(&format!("{base}/weeks/{WEEK}/visits\" aria-current=\"true\"")), "{below}");
}
