//! Phones with the reference replica, over a network that loses and repeats: they come to agree (I1), nothing
//! acknowledged is lost (I2), and repetition changes nothing (I3).

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_sync::replica::{Standing, Status, Ticket};
use xunke_sync::wire::result::Outcome;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::dice::Dice;
use crate::support::handset::Handset;
use crate::support::school::School;
use crate::support::syncing::slot;

on_both!(
    phones_agree_in_the_end_whatever_the_network_did,
    a_phone_that_saw_another_is_never_beaten_by_it,
    a_push_repeated_changes_nothing,
    a_poisoned_write_delays_none_of_the_others,
    a_phone_restored_from_a_backup_registers_again_and_loses_nothing,
    a_phone_that_lost_its_school_hands_its_queue_over,
);

fn visit(number: u64) -> Uuid {
    Uuid::from_u128(number.into())
}

/// Every captured write is current, in the history, or held (I2).
async fn nothing_is_lost(app: &TestApp, school: &School, phones: &[Handset], captured: &[Vec<Ticket>]) {
    for (phone, tickets) in phones.iter().zip(captured) {
        for ticket in tickets {
            let write = phone.replica.write(*ticket).expect("it is kept").clone();
            match phone.replica.status(*ticket).expect("it is kept") {
                Status::Held(_) => (),
                Status::Acknowledged(result) => {
                    assert_ne!(result.settled(), Outcome::Held);
                    let path = school.path(&format!("visits/{}/history?limit=200", write.record));
                    let history = app.get(&path, &phone.phone.token).await.expect(200);
                    let items = history["items"].as_array().expect("items");
                    let there = items.iter().any(|item| item["seq"] == json!(result.seq));
                    assert!(there, "{write:?} is in no history: {history}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn phones_agree_in_the_end_whatever_the_network_did(app: TestApp) {
    let school = app.plain_school().await;
    app.member(&school, "zheng", "inspector").await;
    let mut phones = Vec::new();
    for _ in 0..3 {
        phones.push(Handset::new(&app, "zheng").await);
    }
    // One clock is an hour slow, one two days fast.
    phones[1].skew = -3_600_000;
    phones[2].skew = 2 * 24 * 3_600_000;
    let mut captured = vec![Vec::new(); phones.len()];
    let mut dice = Dice::new(20_261_123);
    for phone in &mut phones {
        phone.list(&app).await;
    }

    for round in 0..40_u64 {
        for (index, phone) in phones.iter_mut().enumerate() {
            for _ in 0..dice.roll(3) {
                let rating = ["excellent", "good", "fair", "poor"][usize::try_from(dice.roll(4)).unwrap()];
                let field = format!("ratings/{}", ["a", "b"][usize::try_from(dice.roll(2)).unwrap()]);
                let set = if dice.roll(4) == 0 {
                    json!({format!("highlights/{}", dice.roll(3)): Value::Null, field: rating})
                } else {
                    json!({format!("highlights/{}", dice.roll(3)): {"text": format!("{index}-{round}")}, field: rating})
                };
                captured[index].push(phone.capture(&app, &school.id, visit(dice.roll(3)), &set));
            }
            phone.push(&app, dice.weather()).await;
            let limit = usize::try_from(1 + dice.roll(4)).unwrap();
            phone.pull(&app, limit, dice.weather()).await;
            if dice.roll(6) == 0 {
                phone.kill();
            }
        }
        app.pass(TimeDelta::milliseconds(i64::try_from(dice.roll(900)).unwrap()));
    }
    for phone in &mut phones {
        phone.sync(&app).await;
    }
    for phone in &mut phones {
        phone.sync(&app).await;
    }

    let server = app.feed(&school.id, &phones[0].phone.token).await;
    for phone in &phones {
        assert_eq!(phone.replica.standing(), Standing::Free);
        assert_eq!(phone.replica.unsent(), 0);
        assert_eq!(phone.view(&school.id), server);
    }
    nothing_is_lost(&app, &school, &phones, &captured).await;
}

async fn a_phone_that_saw_another_is_never_beaten_by_it(app: TestApp) {
    let school = app.plain_school().await;
    app.member(&school, "zheng", "inspector").await;
    let mut fast = Handset::new(&app, "zheng").await;
    let mut slow = Handset::new(&app, "zheng").await;
    (fast.skew, slow.skew) = (100_000, -50_000_000);
    fast.list(&app).await;
    fast.capture(&app, &school.id, visit(1), &json!({"ratings/a": "good"}));
    fast.sync(&app).await;
    slow.sync(&app).await;

    slow.capture(&app, &school.id, visit(1), &json!({"ratings/a": "poor"}));
    slow.sync(&app).await;
    fast.sync(&app).await;

    let rated =
        |phone: &Handset| phone.view(&school.id)[&("visit".to_owned(), visit(1))]["ratings/a"].clone();
    assert_eq!((rated(&slow), rated(&fast)), (json!("poor"), json!("poor")));
    let path = format!("/api/v1/sync/conflicts?stream={}", school.id);
    assert_eq!(app.get(&path, &slow.phone.token).await.expect(200)["items"], json!([]));
}

async fn a_push_repeated_changes_nothing(app: TestApp) {
    let school = app.plain_school().await;
    let (_, phone) = app.inspector(&school, "zheng").await;
    let other = app.phone("zheng").await;
    let set = |rating: &str| json!({"ratings/a": rating, "slot": slot("2026-11-17")});
    let write = |n, rating: &str| {
        let mut write = school.write(n, visit(1), &set(rating));
        write["base"] = json!(0);
        write
    };
    let bad = school.write(2, visit(2), &json!({"mood": 1}));
    app.push(&other, &[write(1, "fair")]).await;
    let pushes = [vec![write(1, "good"), bad.clone()], vec![write(3, "poor")]];
    let mut first = Vec::new();
    for writes in &pushes {
        first.extend(app.push(&phone, writes).await);
    }
    let lists = ["conflicts", "held"].map(|list| format!("/api/v1/sync/{list}?stream={}", school.id));
    let state = async || {
        let mut state = vec![json!(app.pull_all(&school.id, &phone.token, 500).await)];
        for list in &lists {
            state.push(app.get(list, &phone.token).await.expect(200));
        }
        state
    };
    let before = state().await;

    let split = app.push(&phone, &[write(3, "poor")]).await;
    let reordered = app.push(&phone, &[write(3, "poor"), bad, write(1, "good"), write(1, "good")]).await;

    assert_eq!(state().await, before);
    let as_first: BTreeMap<i64, &Value> =
        first.iter().map(|result| (result["n"].as_i64().unwrap(), result)).collect();
    for result in split.iter().chain(&reordered) {
        let first = as_first[&result["n"].as_i64().unwrap()];
        assert_eq!(result["outcome"], "duplicate");
        assert_eq!(
            (&result["first"], &result["seq"], &result["stamp"], &result["lost"], &result["held"]),
            (&first["outcome"], &first["seq"], &first["stamp"], &first["lost"], &first["held"])
        );
    }
}

async fn a_poisoned_write_delays_none_of_the_others(app: TestApp) {
    let school = app.plain_school().await;
    app.member(&school, "zheng", "inspector").await;
    let mut phone = Handset::new(&app, "zheng").await;
    phone.list(&app).await;
    let mut tickets = Vec::new();
    for number in 0..6 {
        let rating = if number == 2 { "great" } else { "good" };
        tickets.push(phone.capture(&app, &school.id, visit(number), &json!({"ratings/a": rating})));
    }
    let blob = json!({"x.blob": "x".repeat(70_000)});
    tickets.push(phone.capture(&app, &school.id, visit(9), &blob));

    phone.sync(&app).await;

    let held: Vec<Ticket> = phone.replica.held().map(|held| held.ticket).collect();
    assert_eq!(held, [tickets[2], tickets[6]]);
    assert_eq!((phone.replica.unsent(), phone.replica.standing()), (0, Standing::Free));
    let visits = app.get(&school.path("visits"), &phone.phone.token).await.expect(200);
    assert_eq!(visits["items"].as_array().unwrap().len(), 5);
}

async fn a_phone_restored_from_a_backup_registers_again_and_loses_nothing(app: TestApp) {
    let school = app.plain_school().await;
    app.member(&school, "zheng", "inspector").await;
    let mut phone = Handset::new(&app, "zheng").await;
    phone.sync(&app).await;
    let mut clone = Handset::copy(&phone);
    phone.capture(&app, &school.id, visit(1), &json!({"ratings/a": "good"}));
    phone.sync(&app).await;
    clone.capture(&app, &school.id, visit(2), &json!({"ratings/a": "poor"}));
    clone.capture(&app, &school.id, visit(2), &json!({"ratings/b": "fair"}));
    clone.sync(&app).await;
    let standing = clone.replica.standing();

    clone.register_again(&app, "zheng").await;
    clone.sync(&app).await;
    phone.sync(&app).await;

    assert_eq!((standing, clone.replica.standing()), (Standing::Forked, Standing::Free));
    let server = app.feed(&school.id, &phone.phone.token).await;
    assert_eq!((phone.view(&school.id), clone.view(&school.id)), (server.clone(), server.clone()));
    let second = &server[&("visit".to_owned(), visit(2))];
    assert_eq!(*second, json!({"ratings/a": "poor", "ratings/b": "fair"}));
}

async fn a_phone_that_lost_its_school_hands_its_queue_over(app: TestApp) {
    let school = app.plain_school().await;
    let zheng = app.member(&school, "zheng", "inspector").await;
    let mut phone = Handset::new(&app, "zheng").await;
    phone.sync(&app).await;
    phone.capture(&app, &school.id, visit(1), &json!({"slot": slot("2026-11-20")}));
    phone.capture(&app, &school.id, visit(2), &json!({"slot": slot("2026-11-23")}));
    app.end_membership(&school, &zheng, "2026-11-22").await;

    phone.sync(&app).await;

    let removable = phone.replica.removable();
    assert_eq!((phone.replica.unsent(), removable.len()), (0, 1));
    let reasons: Vec<_> = phone.replica.held().map(|held| held.result.reason).collect();
    assert_eq!(reasons, [Some(xunke_sync::wire::result::HeldReason::MembershipEnded)]);
    let xu = app.member(&school, "xu", "principal").await;
    assert!(
        app.visit_in_feed(&school, &xu.token, visit(1)).await.is_some(),
        "the earlier visit was his to make"
    );
}
