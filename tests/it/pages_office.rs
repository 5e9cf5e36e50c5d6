//! Devices, and editions side by side, in a browser.

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::week::WEEK;
use crate::web::{form, hidden, html, page, signed_in};

on_both!(
    the_board_of_devices_tells_who_holds_entries_and_revokes_ones_own,
    two_editions_stand_side_by_side_with_who_changed_what,
);

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_abcd_0000_7000_8000_0000_0000_0000 + n)
}

async fn the_board_of_devices_tells_who_holds_entries_and_revokes_ones_own(app: TestApp) {
    let staffed = app.staffed().await;
    let school = &staffed.school;
    let visit = staffed.names.visit("三年级(2)班", "2026-11-17", "第3节", "科学");
    staffed.inspector.push_with(&app, school, &[(id(1), visit)], &json!({"unsent": 4})).await;
    let own = app.phone("zheng").await;
    let cookie = signed_in(&app, &staffed.principal.login).await;
    let board = format!("/schools/{}/devices", school.id);
    let revoke = |device: &str| format!("{board}/{device}/revoke");

    let shown = html(&page(&app, &board, &cookie).await);
    let csrf = hidden(&shown, "csrf");
    let token = [("csrf", csrf.as_str())];
    let foreign = form(&app, &revoke(&staffed.inspector.phone.device), &cookie, &token).await;
    let forged = form(&app, &revoke(&own.device), &cookie, &[("csrf", "x")]).await;
    let revoked = form(&app, &revoke(&own.device), &cookie, &token).await;

    assert!(
        shown.contains("值周孟老师") && shown.contains("<span class=\"state outdated\">4</span>"),
        "{shown}"
    );
    assert!(shown.contains(&revoke(&own.device)), "{shown}");
    assert!(!shown.contains(&revoke(&staffed.inspector.phone.device)), "{shown}");
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(revoked.header("location"), format!("{board}?done=revoked"));
    let after = html(&page(&app, &revoked.header("location"), &cookie).await);
    assert!(after.contains("已吊销。") && !after.contains(&revoke(&own.device)), "{after}");
    let inspector = signed_in(&app, &staffed.inspector.person.login).await;
    assert_eq!(page(&app, &board, &inspector).await.status, StatusCode::FORBIDDEN);
}

async fn two_editions_stand_side_by_side_with_who_changed_what(app: TestApp) {
    let staffed = app.staffed().await;
    let (school, names) = (&staffed.school, &staffed.names);
    let first = names.visit("三年级(2)班", "2026-11-17", "第3节", "科学");
    staffed.inspector.write(&app, school, id(1), &first).await;
    app.publish(school, &staffed.principal, WEEK, &json!({})).await.expect(201);
    app.pass(chrono::TimeDelta::minutes(5));
    let late = names.visit("三年级(2)班", "2026-11-18", "第3节", "数学");
    staffed.inspector.write(&app, school, id(2), &late).await;
    app.publish(school, &staffed.principal, WEEK, &json!({})).await.expect(201);
    // Written after both: of no concern to either.
    app.pass(chrono::TimeDelta::minutes(2));
    staffed.inspector.write(&app, school, id(2), &json!({"ratings/engagement": "good"})).await;
    let cookie = signed_in(&app, &staffed.affairs.login).await;
    let week = format!("/schools/{}/weeks/{WEEK}", school.id);

    let edition = html(&page(&app, &format!("{week}/editions/2"), &cookie).await);
    let shown = html(&page(&app, &format!("{week}/compare?a=1&b=2"), &cookie).await);
    let absent = page(&app, &format!("{week}/compare?a=1&b=3"), &cookie).await;

    assert!(edition.contains("compare?a=1&#38;b=2"), "{edition}");
    assert!(shown.contains("<strong>2</strong>") && shown.contains("补录"), "{shown}");
    assert!(shown.contains("<td>值周孟老师</td><td class=\"short\">2026年11月23日 08:05</td>"), "{shown}");
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
}
