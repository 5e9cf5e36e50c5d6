//! What the schedules have taught, told one by one, on both databases.

use serde_json::json;
use uuid::Uuid;
use xunke_sync::replica::{Standing, Status};
use xunke_sync::wire::result::HeldReason;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::handset::{Handset, Weather};

on_both!(
    a_phone_registered_after_the_backup_registers_again_and_brings_everything_back,
    a_school_made_after_the_backup_is_not_removed_before_its_visits_are_in_the_held_list,
    a_write_that_was_beaten_is_in_the_history_again,
);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

async fn a_phone_registered_after_the_backup_registers_again_and_brings_everything_back(app: TestApp) {
    let school = app.plain_school().await;
    app.member(&school, "zheng", "inspector").await;
    app.back_up().await;
    let mut phone = Handset::new(&app, "zheng").await;
    phone.list(&app).await;
    phone.capture(&app, &school.id, id(1), &json!({"ratings/a": "good"}));
    phone.capture(&app, &school.id, id(2), &json!({"ratings/a": "great"}));
    phone.sync(&app).await;
    let had = app.feed(&school.id, &phone.phone.token).await;

    let app = app.restore().await;
    phone.sign_in_again(&app, "zheng").await;
    phone.sync(&app).await;
    let told = phone.replica.standing();
    phone.register_again(&app, "zheng").await;
    phone.sync(&app).await;

    assert_eq!((told, phone.replica.standing()), (Standing::Forked, Standing::Free));
    assert_eq!((phone.replica.unsent(), phone.replica.stuck().count()), (0, 0));
    assert_eq!(app.feed(&school.id, &phone.phone.token).await, had);
    assert_eq!(phone.view(&school.id), had);
    let held = app.get(&format!("/api/v1/sync/held?stream={}", school.id), &phone.phone.token).await;
    assert_eq!(held.expect(200)["items"].as_array().unwrap().len(), 1);
}

async fn a_school_made_after_the_backup_is_not_removed_before_its_visits_are_in_the_held_list(app: TestApp) {
    let school = app.plain_school().await;
    let zheng = app.member(&school, "zheng", "inspector").await;
    let mut phone = Handset::new(&app, "zheng").await;
    app.back_up().await;
    let other = app.add_school(&school.admin, &school.district, "云岭小学").await;
    let memberships = format!("/api/v1/districts/{}/users/{}/memberships", school.district, zheng.id);
    let place = json!({"role": "inspector", "valid_from": "2026-09-01", "schools": [other]});
    app.post(&memberships, &school.admin.token, &place).await.expect(201);
    phone.list(&app).await;
    let ticket = phone.capture(&app, &other, id(1), &json!({"ratings/a": "good"}));
    phone.sync(&app).await;
    assert!(matches!(phone.replica.status(ticket), Some(Status::Acknowledged(_))));

    let app = app.restore().await;
    phone.sign_in_again(&app, "zheng").await;
    phone.list(&app).await;
    assert_eq!(phone.replica.removable(), []);
    phone.sync(&app).await;

    let Some(Status::Held(result)) = phone.replica.status(ticket) else { panic!("it is held") };
    assert_eq!(result.reason, Some(HeldReason::NotAMember));
    assert_eq!(phone.replica.removable().len(), 1);
    let held = app.get(&format!("/api/v1/sync/held?stream={}", school.id), &phone.phone.token).await;
    assert_eq!(held.expect(200)["items"].as_array().unwrap().len(), 1);
}

async fn a_write_that_was_beaten_is_in_the_history_again(app: TestApp) {
    let school = app.plain_school().await;
    let [mut zheng, mut lin] = {
        app.member(&school, "zheng", "inspector").await;
        let lin = app.member(&school, "lin", "inspector").await;
        let mut zheng = Handset::new(&app, "zheng").await;
        zheng.list(&app).await;
        let along = json!({format!("companions/{}", lin.id): true, "ratings/a": "good"});
        zheng.capture(&app, &school.id, id(1), &along);
        zheng.sync(&app).await;
        [zheng, Handset::new(&app, "lin").await]
    };
    lin.sync(&app).await;
    app.back_up().await;
    let beaten = zheng.capture(&app, &school.id, id(1), &json!({"ratings/a": "fair"}));
    zheng.push(&app, Weather::Fair).await;
    lin.sync(&app).await;
    lin.capture(&app, &school.id, id(1), &json!({"ratings/a": "poor"}));
    lin.sync(&app).await;

    let app = app.restore().await;
    let fresh = app.phone("lin").await;
    let many: Vec<_> = (1..=9).map(|n| school.write(n, id(100), &json!({"x.n": n}))).collect();
    app.push(&fresh, &many).await;
    for (phone, login) in [(&mut lin, "lin"), (&mut zheng, "zheng")] {
        phone.sign_in_again(&app, login).await;
        phone.sync(&app).await;
    }

    assert!(matches!(zheng.replica.status(beaten), Some(Status::Acknowledged(_))));
    let history = school.path(&format!("visits/{}/history?limit=200", id(1)));
    let history = app.get(&history, &zheng.phone.token).await.expect(200);
    assert_eq!(history["items"].as_array().unwrap().len(), 3, "{history}");
}
