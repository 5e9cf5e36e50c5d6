//! Large pushes beside small ones: taken in over several commits, and answered as one.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::syncing::{after, outcomes, said};

on_both!(
    a_large_push_beside_small_ones_is_one_push_to_its_phone,
    a_fork_in_the_last_slice_leaves_nothing_of_the_first,
);

/// Enough for several slices.
const MANY: i64 = 200;

async fn a_large_push_beside_small_ones_is_one_push_to_its_phone(app: TestApp) {
    let school = app.plain_school().await;
    let (_, small) = app.inspector(&school, "zheng").await;
    let (_, large) = app.inspector(&school, "wang").await;
    let reader = app.member(&school, "xu", "principal").await;
    let start = app.page(&school.id, &reader.token, "").await;
    let write = |n: i64, record: i64| {
        let record = Uuid::from_u64_pair(2, record.unsigned_abs());
        school.write(n, record, &json!({"x.n": n}))
    };
    // The last ten are edits of what other slices made.
    let writes: Vec<Value> =
        (1..=MANY).map(|n| write(n, if n > MANY - 10 { n + 10 - MANY } else { n })).collect();
    app.push(&small, &[school.write(1, Uuid::from_u128(1), &json!({"x.n": 1}))]).await;

    let app = Arc::new(app);
    let pushed = tokio::spawn({
        let (app, large, body) = (Arc::clone(&app), large.clone(), large.push(&writes));
        async move { app.post("/api/v1/sync/push", &large.token, &body).await.expect(200) }
    });
    for n in 2..=5_u32 {
        let visit = school.write(n.into(), Uuid::from_u128(n.into()), &json!({"x.n": n}));
        assert_eq!(outcomes(&app.push(&small, &[visit]).await), ["applied"]);
    }
    let results = pushed.await.unwrap()["results"].as_array().unwrap().clone();
    let again = app.push(&large, &writes).await;

    assert!(results.iter().all(|result| result["outcome"] == "applied"), "{results:?}");
    assert_eq!(
        results.iter().map(|result| result["n"].as_i64().unwrap()).collect::<Vec<_>>(),
        (1..=MANY).collect::<Vec<_>>()
    );
    let seqs: Vec<i64> = results.iter().map(|result| result["seq"].as_i64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "in the order sent");
    assert!(again.iter().all(|result| result["outcome"] == "duplicate"));
    let page = app.page(&school.id, &reader.token, &format!("&limit=500{}", after(&start))).await;
    assert_eq!(page["changes"].as_array().unwrap().len(), 5 + 190);
}

async fn a_fork_in_the_last_slice_leaves_nothing_of_the_first(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let (_, other) = app.inspector(&school, "wang").await;
    let write = |n: i64, rating: &str| {
        school.write(n, Uuid::from_u64_pair(2, n.unsigned_abs()), &json!({"ratings/a": rating}))
    };
    app.push(&phone, &[write(MANY, "good")]).await;
    app.push(&other, &[school.write(1, Uuid::from_u128(1), &json!({"x.n": 1}))]).await;
    let mut writes: Vec<Value> = (1..MANY).map(|n| write(n, "good")).collect();
    writes.push(write(MANY, "poor"));

    let fork = app.post("/api/v1/sync/push", &phone.token, &phone.push(&writes)).await;

    assert_eq!((fork.code(), fork.json()["n"].clone()), ("device-fork".into(), MANY.into()));
    let first = app.push(&phone, &[write(1, "fair")]).await;
    assert_eq!(said(&first[0]), "applied", "number 1 is free, so nothing was taken in under it");
}
