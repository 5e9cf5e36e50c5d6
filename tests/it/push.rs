//! Pushes: outcomes, repetition, and one transaction for a batch.

use serde_json::json;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;

on_both!(a_visit_sent_twice_is_there_once);

async fn a_visit_sent_twice_is_there_once(app: TestApp) {
    let school = app.qinghe().await;
    app.add_person(&school.admin, &school.district, "zheng", "inspector", &[&school.id]).await;
    let phone = app.phone("zheng").await;
    let push = phone.push(&[school.write(1, Uuid::from_u128(7), &json!({"ratings/engagement": "good"}))]);

    let first = app.post("/api/v1/sync/push", &phone.token, &push).await.expect(200);
    let again = app.post("/api/v1/sync/push", &phone.token, &push).await.expect(200);

    assert_eq!(first["results"][0]["outcome"], "applied");
    assert_eq!(
        (&again["results"][0]["outcome"], &again["results"][0]["first"]),
        (&json!("duplicate"), &json!("applied"))
    );
    assert_eq!(again["results"][0]["seq"], first["results"][0]["seq"]);
    let visits = app.get(&school.path("visits"), &phone.token).await.expect(200);
    assert_eq!(visits["items"].as_array().unwrap().len(), 1);
}
