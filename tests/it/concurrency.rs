//! Many at once: readers miss nothing, and one push sent many times has one effect.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::{Backend, on_both};
use crate::support::school::{Phone, School};
use crate::support::syncing::after;

on_both!(
    a_reader_misses_nothing_while_many_write,
    the_same_push_at_once_has_one_effect,
    pushes_to_two_schools_in_any_order_do_not_wait_for_each_other,
    a_push_that_fails_leaves_the_others_of_its_commit,
);

/// A visit of a task's own, each written twice so that it moves.
fn record(task: i64, n: i64) -> Uuid {
    Uuid::from_u64_pair(task.unsigned_abs(), n.unsigned_abs().div_ceil(2))
}

/// A push that is repeated while the server says that it is busy.
async fn persist(app: &TestApp, phone: &Phone, body: &Value) -> Value {
    for _ in 0..20 {
        let answer = app.post("/api/v1/sync/push", &phone.token, body).await;
        if answer.status.as_u16() != 503 {
            return answer.expect(200);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it was never taken in");
}

async fn a_reader_misses_nothing_while_many_write(app: TestApp) {
    const TASKS: i64 = 8;
    const PUSHES: i64 = 10;
    let school = app.plain_school().await;
    let phones = app.phones(&[&school.id], &school, TASKS).await;
    let reader = app.member(&school, "he", "principal").await;
    let start = app.page(&school.id, &reader.token, "").await;
    let nodes = app.nodes().await;
    let done = Arc::new(AtomicBool::new(false));

    let mut writers = JoinSet::new();
    for (task, phone) in (1..).zip(phones) {
        let school = school.clone();
        let node = Arc::clone(&nodes[usize::try_from(task).unwrap() % nodes.len()]);
        writers.spawn(async move {
            let mut committed = Vec::new();
            for push in 0..PUSHES {
                let writes: Vec<Value> = (1..=3)
                    .map(|n| push * 3 + n)
                    .map(|n| school.write(n, record(task, n), &json!({"x.n": n})))
                    .collect();
                let answer = persist(&node, &phone, &phone.push(&writes)).await;
                let results = answer["results"].as_array().unwrap().clone();
                committed.extend(writes.into_iter().zip(results));
            }
            committed
        });
    }
    let poller = tokio::spawn({
        let (nodes, done, school) = (nodes.clone(), Arc::clone(&done), school.clone());
        async move { poll(&nodes, &school, &reader.token, after(&start), &done).await }
    });
    let mut committed = Vec::new();
    while let Some(writes) = writers.join_next().await {
        committed.extend(writes.unwrap());
    }
    done.store(true, Ordering::SeqCst);
    let (read, seqs) = poller.await.unwrap();

    let mut expected: BTreeMap<String, (i64, Value)> = BTreeMap::new();
    let mut assigned: Vec<i64> = Vec::new();
    for (write, result) in &committed {
        assert_eq!(result["outcome"], "applied");
        let seq = result["seq"].as_i64().unwrap();
        assigned.push(seq);
        let newest = expected.entry(write["record"].as_str().unwrap().to_owned()).or_default();
        if seq > newest.0 {
            *newest = (seq, write["set"].clone());
        }
    }
    assigned.sort_unstable();
    assert!(assigned.windows(2).all(|pair| pair[1] == pair[0] + 1), "no seq twice, none left out");
    assert_eq!(read, expected, "what was read is what was committed");
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "nothing twice, in order");
    assert!(seqs.iter().all(|seq| assigned.binary_search(seq).is_ok()));
}

/// Pages until the writers are done and there is nothing more: the newest state of each visit, and every seq met.
async fn poll(
    nodes: &[Arc<TestApp>],
    school: &School,
    token: &str,
    mut cursor: String,
    done: &AtomicBool,
) -> (BTreeMap<String, (i64, Value)>, Vec<i64>) {
    let (mut read, mut seqs) = (BTreeMap::new(), Vec::new());
    for node in nodes.iter().cycle() {
        let last = done.load(Ordering::SeqCst);
        let page = node.page(&school.id, token, &format!("&limit=7{cursor}")).await;
        for change in page["changes"].as_array().unwrap() {
            let seq = change["seq"].as_i64().unwrap();
            seqs.push(seq);
            read.insert(change["id"].as_str().unwrap().to_owned(), (seq, change["fields"].clone()));
        }
        cursor = after(&page);
        if last && page["more"] == false {
            break;
        }
        tokio::task::yield_now().await;
    }
    (read, seqs)
}

async fn the_same_push_at_once_has_one_effect(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let start = app.page(&school.id, &zheng.token, "").await;
    let body = Arc::new(phone.push(&[
        school.write(1, record(1, 1), &json!({"ratings/a": "good"})),
        school.write(2, record(1, 3), &json!({"mood": 1})),
        school.write(3, record(1, 1), &json!({"ratings/a": "fair"})),
    ]));
    let nodes = app.nodes().await;

    let mut pushes = JoinSet::new();
    for index in 0..20 {
        let (node, phone, body) = (Arc::clone(&nodes[index % nodes.len()]), phone.clone(), Arc::clone(&body));
        pushes.spawn(async move { persist(&node, &phone, &body).await });
    }
    let mut first = 0;
    let mut seqs = Vec::new();
    while let Some(answer) = pushes.join_next().await {
        let results = answer.unwrap()["results"].as_array().unwrap().clone();
        first += usize::from(results[0]["outcome"] == "applied");
        seqs.push([results[0]["seq"].clone(), results[2]["seq"].clone()]);
    }

    assert_eq!(first, 1, "one is the first, the others are told what it was");
    seqs.dedup();
    assert_eq!(seqs.len(), 1);
    let page = nodes[0].page(&school.id, &zheng.token, &after(&start)).await;
    assert_eq!(page["changes"].as_array().unwrap().len(), 1);
    assert_eq!(page["head"].as_i64().unwrap(), start["head"].as_i64().unwrap() + 2);
    let held = format!("/api/v1/sync/held?stream={}", school.id);
    let held = nodes[0].get(&held, &zheng.token).await.expect(200);
    assert_eq!(held["items"].as_array().unwrap().len(), 1);
}

async fn pushes_to_two_schools_in_any_order_do_not_wait_for_each_other(app: TestApp) {
    let school = app.plain_school().await;
    let second = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let both = [school.id.as_str(), second.as_str()];
    let phones = app.phones(&both, &school, 8).await;
    let nodes = app.nodes().await;

    let mut pushes = JoinSet::new();
    for (task, phone) in (1_i64..).zip(phones) {
        let node = Arc::clone(&nodes[usize::try_from(task).unwrap() % nodes.len()]);
        let mut streams = [school.id.clone(), second.clone()];
        if task % 4 < 2 {
            streams.reverse();
        }
        let school = school.clone();
        pushes.spawn(async move {
            for n in 1..=6_i64 {
                let mut write = school.write(n, record(task, n), &json!({"x.n": n}));
                write["stream"] = json!(streams[usize::try_from(n).unwrap() % 2]);
                let body = phone.push(&[write]);
                let answer = node.post("/api/v1/sync/push", &phone.token, &body).await.expect(200);
                assert_eq!(answer["results"][0]["outcome"], "applied");
            }
        });
    }

    while let Some(push) = pushes.join_next().await {
        push.expect("no push was refused");
    }
}

/// Makes the database itself refuse writes held as `unknown_type`, or no longer.
async fn refuse_unknown_types(app: &TestApp, refuse: bool) {
    let db = Database::connect(&app.url).await.unwrap();
    let sql = match (app.backend, refuse) {
        (Backend::Sqlite, true) => {
            "CREATE TRIGGER no BEFORE INSERT ON held_write WHEN NEW.reason = 'unknown_type' \
             BEGIN SELECT RAISE(ABORT, 'no'); END"
        }
        (Backend::Sqlite, false) => "DROP TRIGGER no",
        (Backend::Postgres, true) => {
            "ALTER TABLE held_write ADD CONSTRAINT no_types CHECK (reason <> 'unknown_type')"
        }
        (Backend::Postgres, false) => "ALTER TABLE held_write DROP CONSTRAINT no_types",
    };
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

async fn a_push_that_fails_leaves_the_others_of_its_commit(app: TestApp) {
    let school = app.plain_school().await;
    let phones = app.phones(&[&school.id], &school, 10).await;
    let reader = app.member(&school, "he", "principal").await;
    let start = app.page(&school.id, &reader.token, "").await;
    let body = |task: i64, phone: &Phone| {
        let mut second = school.write(2, record(task, 3), &json!({"x.n": 2}));
        if task % 2 == 0 {
            second["type"] = json!("song");
        }
        phone.push(&[school.write(1, record(task, 1), &json!({"x.n": 1})), second])
    };
    refuse_unknown_types(&app, true).await;
    let app = Arc::new(app);

    let mut pushes = JoinSet::new();
    for (task, phone) in (1_i64..).zip(phones.clone()) {
        let (app, body) = (Arc::clone(&app), body(task, &phone));
        pushes.spawn(async move {
            (task % 2, app.post("/api/v1/sync/push", &phone.token, &body).await.status.as_u16())
        });
    }
    let mut statuses = pushes.join_all().await;
    let page = app.page(&school.id, &reader.token, &after(&start)).await;
    refuse_unknown_types(&app, false).await;
    let mut again = Vec::new();
    for (task, phone) in (1_i64..).zip(&phones) {
        let answer = app.post("/api/v1/sync/push", &phone.token, &body(task, phone)).await.expect(200);
        again.push(answer["results"][0]["outcome"].as_str().unwrap().to_owned());
    }

    statuses.sort_unstable();
    assert_eq!(statuses, [[(0, 500); 5], [(1, 200); 5]].concat());
    assert_eq!(page["changes"].as_array().unwrap().len(), 10, "two visits of each that was taken in");
    let mut seqs = page["changes"].as_array().unwrap().iter().map(|change| change["seq"].as_i64().unwrap());
    assert_eq!(seqs.next_back(), page["head"].as_i64(), "and the head counts no others");
    let expected = ["duplicate", "applied"].repeat(5);
    assert_eq!(again, expected, "what failed is taken in when it is sent again");
}
