//! Publishing while phones go on sending: a log is compiled before the stream is locked, and again if the stream has moved.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::school::text;
use crate::support::week::{Staffed, WEEK};

on_both!(what_arrives_while_a_log_is_published_is_in_it_or_in_the_next);

/// Visits sent while the log is published again and again.
const VISITS: u128 = 30;

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_eeee_0000_7000_8000_0000_0000_0000 + n)
}

/// The visits a log tells.
fn told(log: &Value) -> BTreeSet<Uuid> {
    let digests = log["visit_digests"].to_string();
    (1..=VISITS).map(id).filter(|id| digests.contains(&id.to_string())).collect()
}

async fn what_arrives_while_a_log_is_published_is_in_it_or_in_the_next(app: TestApp) {
    let staffed = app.staffed().await;
    let Staffed { school, names, principal, inspector, .. } = &staffed;
    let visit = names.visit("三年级(2)班", "2026-11-17", "第3节", "数学");
    inspector.write(&app, school, id(1), &visit).await;
    let sending = async {
        for n in 2..=VISITS {
            inspector.write(&app, school, id(n), &visit).await;
        }
    };
    let publishing = async {
        let mut published = 0;
        for _ in 0..12 {
            let answer = app.publish(school, principal, WEEK, &json!({})).await;
            assert!([201, 409].contains(&answer.status.as_u16()), "{answer:?}");
            published += u32::from(answer.status.as_u16() == 201);
        }
        published
    };

    let ((), published) = tokio::join!(sending, publishing);

    let all: BTreeSet<Uuid> = (1..=VISITS).map(id).collect();
    assert_eq!(told(&app.draft(school, principal, WEEK).await["log"]), all, "nothing is lost");
    let mut before = BTreeSet::new();
    for number in 1..=published {
        let path = school.path(&format!("weeks/{WEEK}/editions/{number}"));
        let edition = app.get(&path, &principal.token).await.expect(200);
        let visits = told(&edition["log"]);
        assert_eq!(edition["log"]["visits"], json!(visits.len()), "edition {number} is whole");
        assert!(visits.is_superset(&before) && !visits.is_empty(), "edition {number}");
        before = visits;
    }
    let weeks = app.get(&school.path("weeks"), &principal.token).await.expect(200);
    let week = weeks["items"].as_array().unwrap().iter().find(|week| text(&week["week"]) == WEEK).unwrap();
    assert_eq!(week["draft_pending"], json!(before != all), "what is not in the newest waits for the next");
}
