//! One request, many times at once, over both nodes: one effect, one answer.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use xunke_sync::wire::result::{Outcome, PushAnswer};

use super::{Cluster, Nodes};
use crate::Report;
use crate::http::Answer;
use crate::phone::Load;

/// Between a "too busy" and the next attempt.
const AGAIN: Duration = Duration::from_millis(20);

/// Sends one body to both nodes in turns, all at once; each again while its node says that too many of one person wait,
/// as phones do.
async fn at_once(
    cluster: &Cluster,
    times: usize,
    path: &str,
    token: &str,
    body: &str,
    key: &str,
) -> anyhow::Result<Vec<Answer>> {
    let urls = cluster.urls();
    let mut requests = JoinSet::new();
    for number in 0..times {
        let (http, url, path) = (cluster.http.clone(), urls[number % urls.len()].clone(), path.to_owned());
        let (token, body, key) = (token.to_owned(), body.to_owned(), key.to_owned());
        requests.spawn(async move {
            loop {
                let answer = http.post(&url, &path, &token, body.clone(), &key).await;
                if !answer.as_ref().is_ok_and(|answer| answer.status == 503) {
                    return answer;
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
    let mut answers = Vec::new();
    while let Some(answer) = requests.join_next().await {
        let answer = answer?;
        cluster.notebook.answered("a repeated request", &answer);
        answers.extend(answer.ok());
    }
    Ok(answers)
}

/// A push: the first to arrive is applied, all others are told the same as duplicates.
pub(super) async fn a_push(cluster: &mut Cluster, nodes: Nodes) -> anyhow::Result<Report> {
    let began = Instant::now();
    cluster.notebook.begin(false);
    let mut phone = cluster.phones.pop().expect("the cluster has phones");
    for _ in 0..3 {
        phone.capture(false)?;
    }
    let (body, writes) = phone.next_push()?;
    let (device, token) = (phone.device(), phone.token());
    cluster.phones.push(phone);

    let answers = at_once(cluster, nodes.at_once, "/api/v1/sync/push", &token, &body, "").await?;

    let mut results = Vec::new();
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        results.push(serde_json::from_str::<PushAnswer>(&answer.text)?.results);
    }
    let done = |results: &Vec<_>| {
        results
            .iter()
            .all(|result: &xunke_sync::wire::result::WriteResult| result.outcome == Outcome::Applied)
    };
    results.sort_by_key(|results| !done(results));
    let effects = results.iter().filter(|results| done(results)).count();
    for results in &results {
        cluster.notebook.acknowledged(&device, &writes, results);
    }
    if effects != 1 || results.len() != nodes.at_once {
        let text = format!("{} of {} answered, {effects} applied", results.len(), nodes.at_once);
        cluster.notebook.violation(text);
    }
    // The phone sends it once more by itself and goes on.
    cluster.set_to_work(Load::of(0)).finish(cluster).await?;
    let tally = super::cluster::answers(&cluster.notebook.tally());
    let wall = began.elapsed().as_millis();
    cluster.conclude(&format!("sent {} effects {effects} {tally} wall {wall} ms", nodes.at_once)).await
}

/// A creation under an `Idempotency-Key`: one class, and one answer, byte for byte.
pub(super) async fn a_creation(cluster: &mut Cluster, nodes: Nodes) -> anyhow::Result<Report> {
    let began = Instant::now();
    cluster.notebook.begin(false);
    let path = format!("/api/v1/schools/{}/classes", cluster.school.id);
    let token = cluster.school.principal.access.clone();
    let body = json!({"cohort": 2025, "number": 5}).to_string();

    let answers = at_once(cluster, nodes.at_once, &path, &token, &body, "one class").await?;

    let created = answers.iter().filter(|answer| answer.status == 201).count();
    let different: BTreeSet<_> =
        answers.iter().map(|answer| (answer.status, answer.place.clone(), answer.text.clone())).collect();
    let listed = cluster.http.get(&cluster.urls()[0], &path, &token).await?.expect(200)?;
    let classes = listed["items"].as_array().map_or(0, Vec::len);
    if (created, different.len(), classes) != (nodes.at_once, 1, 1) {
        let text = format!("{created} told of {classes} classes in {} ways", different.len());
        cluster.notebook.violation(text);
    }
    let tally = super::cluster::answers(&cluster.notebook.tally());
    let wall = began.elapsed().as_millis();
    cluster.conclude(&format!("sent {} classes {classes} {tally} wall {wall} ms", nodes.at_once)).await
}
