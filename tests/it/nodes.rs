//! Several nodes over one database: what one commits, the others know, though they keep what they read in memory.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::syncing::after;

on_both!(
    what_one_node_takes_in_the_other_serves_with_the_next_request,
    who_waits_on_one_node_hears_of_what_another_takes_in,
    who_is_sent_away_on_one_node_is_away_on_every_node,
    a_page_is_shared_by_equals_and_only_while_the_stream_stands,
);

async fn what_one_node_takes_in_the_other_serves_with_the_next_request(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let mut last = app.page(&school.id, &zheng.token, "").await;
    let nodes = app.nodes().await;
    for n in 1..=20 {
        let turn = usize::try_from(n).unwrap();
        let (one, other) = (&nodes[turn % nodes.len()], &nodes[(turn + 1) % nodes.len()]);
        // It has read the stream just now, and found nothing.
        let nothing = other.page(&school.id, &zheng.token, &after(&last)).await;
        assert_eq!((&nothing["changes"], &nothing["head"]), (&json!([]), &last["head"]));

        let rating = ["good", "fair"][turn % 2];
        let write = school.write(n, Uuid::from_u128(7), &json!({"ratings/a": rating}));
        let results = one.post("/api/v1/sync/push", &phone.token, &phone.push(&[write])).await.expect(200);

        last = other.page(&school.id, &zheng.token, &after(&last)).await;
        assert_eq!(last["head"], results["results"][0]["seq"], "write {n}");
        assert_eq!(last["changes"][0]["fields"]["ratings/a"], rating);
    }
}

async fn who_waits_on_one_node_hears_of_what_another_takes_in(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let start = app.page(&school.id, &zheng.token, "").await;
    let nodes = app.nodes().await;
    let (waiting, rest) = (Arc::clone(&nodes[0]), format!("{}&wait=25", after(&start)));
    let (stream, token) = (school.id.clone(), zheng.token.clone());
    let waits = tokio::spawn(async move { waiting.page(&stream, &token, &rest).await });
    let write = school.write(1, Uuid::from_u128(7), &json!({"ratings/a": "good"}));
    let writer = &nodes[nodes.len() - 1];
    writer.post("/api/v1/sync/push", &phone.token, &phone.push(&[write])).await.expect(200);

    let page =
        tokio::time::timeout(Duration::from_secs(15), waits).await.expect("long before the wait is over");

    assert_eq!(page.unwrap()["changes"].as_array().unwrap().len(), 1);
}

async fn who_is_sent_away_on_one_node_is_away_on_every_node(app: TestApp) {
    let school = app.plain_school().await;
    app.inspector(&school, "zheng").await;
    let nodes = app.nodes().await;
    for turn in 0..10 {
        let (one, other) = (&nodes[turn % nodes.len()], &nodes[(turn + 1) % nodes.len()]);
        let session = one.sign_in("zheng").await;
        other.page(&school.id, &session.token, "").await;

        one.call("DELETE", "/api/v1/sessions/current", &session.token, None).await.expect(204);

        let path = format!("/api/v1/sync/changes?stream={}", school.id);
        let answer = other.get(&path, &session.token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "unauthenticated".to_owned()));
    }
}

async fn a_page_is_shared_by_equals_and_only_while_the_stream_stands(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let (other, _) = app.inspector(&school, "liu").await;
    let xu = app.member(&school, "xu", "principal").await;
    let office = app.member(&school, "office", "academic_affairs").await;
    let visits = async |token: &str| -> Vec<String> {
        let page = app.page(&school.id, token, "").await;
        let changes = page["changes"].as_array().unwrap().iter().filter(|change| change["type"] == "visit");
        changes.map(|change| change["fields"]["ratings/a"].as_str().unwrap().to_owned()).collect()
    };
    let say = async |n: i64, rating: &str| {
        let write = school.write(n, Uuid::from_u128(7), &json!({"ratings/a": rating}));
        app.post("/api/v1/sync/push", &phone.token, &phone.push(&[write])).await.expect(200);
    };

    say(1, "good").await;
    let first = [visits(&xu.token).await, visits(&office.token).await, visits(&zheng.token).await];
    let hidden = visits(&other.token).await;
    say(2, "fair").await;
    let second = [visits(&office.token).await, visits(&xu.token).await, visits(&zheng.token).await];

    assert_eq!(first, [["good"], ["good"], ["good"]]);
    assert_eq!(second, [["fair"], ["fair"], ["fair"]]);
    assert!(hidden.is_empty());
}
