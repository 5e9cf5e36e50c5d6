//! Restarts keep cursors; a server put back from a backup knows cursors from the future it lost, and the phones
//! heal it.

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_sync::wire::result::HeldReason;

use crate::support::TestApp;
use crate::support::app::on_both;
use crate::support::handset::{Feed, Handset};
use crate::support::school::{Phone, School};
use crate::support::syncing::{after, changes_path, said, visits};

on_both!(
    a_restart_keeps_cursors_valid,
    a_cursor_of_the_lost_future_is_a_fork_even_when_the_head_has_passed_it,
    a_page_made_in_the_lost_future_is_one_of_it_however_far_it_got,
    a_server_that_lost_everything_since_its_start_knows_it,
    phones_bring_back_what_a_restored_server_lost,
    a_companion_who_heals_before_the_author_leaves_work_for_the_principal,
    a_held_write_comes_back_held,
);

fn id(number: i64) -> Uuid {
    Uuid::from_u128(number.unsigned_abs().into())
}

fn visit(school: &School, n: i64) -> Value {
    school.write(n, id(n), &json!({"ratings/a": "good"}))
}

async fn push_visits(app: &TestApp, school: &School, phone: &Phone, numbers: std::ops::RangeInclusive<i64>) {
    let writes: Vec<Value> = numbers.map(|n| visit(school, n)).collect();
    app.push(phone, &writes).await;
}

async fn a_restart_keeps_cursors_valid(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    push_visits(&app, &school, &phone, 1..=2).await;
    let first = app.page(&school.id, &zheng.token, "").await;

    let app = app.restart_with_its_keys().await;
    let second = app.page(&school.id, &zheng.token, &after(&first)).await;
    push_visits(&app, &school, &phone, 3..=3).await;
    let app = app.restart_with_its_keys().await;
    push_visits(&app, &school, &phone, 4..=4).await;
    let third = app.page(&school.id, &zheng.token, &after(&second)).await;
    let since_the_first = app.page(&school.id, &zheng.token, &after(&first)).await;

    assert_eq!(visits(&second), []);
    assert_eq!(visits(&third), [(id(3), "alive".to_owned()), (id(4), "alive".to_owned())]);
    assert_eq!(visits(&since_the_first), visits(&third));
}

async fn a_cursor_of_the_lost_future_is_a_fork_even_when_the_head_has_passed_it(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    push_visits(&app, &school, &phone, 1..=2).await;
    let before = app.page(&school.id, &zheng.token, "").await;
    app.back_up().await;
    // What the same process writes after the backup has the lineage that the backup knows.
    push_visits(&app, &school, &phone, 3..=4).await;
    let same_process = app.page(&school.id, &zheng.token, "").await;
    let app = app.restart_with_its_keys().await;
    push_visits(&app, &school, &phone, 5..=6).await;
    let next_process = app.page(&school.id, &zheng.token, "").await;

    let app = app.restore().await;
    let ahead = app.get(&changes_path(&school.id, &after(&next_process)), &zheng.token).await;
    let other = app.phone("zheng").await;
    push_visits(&app, &school, &other, 11..=20).await;

    let mut told = Vec::new();
    for page in [&same_process, &next_process] {
        let answer = app.get(&changes_path(&school.id, &after(page)), &zheng.token).await;
        told.push((answer.status.as_u16(), answer.code(), answer.json()["reason"].clone()));
    }
    let good = app.page(&school.id, &zheng.token, &after(&before)).await;
    let fork = (410, "cursor-invalid".to_owned(), json!("fork"));
    assert_eq!(ahead.json()["reason"], "fork", "while the head is behind it");
    assert!(good["head"].as_i64() > next_process["head"].as_i64(), "the head has passed the cursors");
    assert_eq!(told, [fork.clone(), fork]);
    assert_eq!(visits(&good).len(), 10, "a cursor from before the backup goes on");
}

/// What had moved on by the time of a page was left out of it, and after the restore it stands where it stood before.
async fn a_page_made_in_the_lost_future_is_one_of_it_however_far_it_got(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    push_visits(&app, &school, &phone, 1..=4).await;
    let start = app.page(&school.id, &zheng.token, "&limit=1").await;
    let begun = app.page(&school.id, &zheng.token, &format!("{}&limit=1", after(&start))).await;
    app.back_up().await;
    app.push(&phone, &[school.write(5, id(1), &json!({"ratings/a": "fair"}))]).await;
    let all = app.page(&school.id, &zheng.token, "").await;
    let most = all["changes"].as_array().unwrap().len() - 1;
    let page = app.page(&school.id, &zheng.token, &format!("&limit={most}")).await;
    assert_eq!((&page["more"], visits(&page).contains(&(id(1), "alive".to_owned()))), (&json!(true), false));

    let app = app.restore().await;
    let goes_on = app.get(&changes_path(&school.id, &after(&page)), &zheng.token).await;
    let from_before = app.page(&school.id, &zheng.token, &after(&begun)).await;

    assert_eq!((goes_on.status.as_u16(), goes_on.code()), (410, "cursor-invalid".to_owned()));
    assert_eq!(visits(&from_before).len(), 4, "a page from before the backup goes on where it was");
}

async fn a_server_that_lost_everything_since_its_start_knows_it(app: TestApp) {
    let school = app.plain_school().await;
    let (zheng, phone) = app.inspector(&school, "zheng").await;
    let before = app.page(&school.id, &zheng.token, "").await;
    app.back_up().await;
    let app = app.restart_with_its_keys().await;
    push_visits(&app, &school, &phone, 1..=1).await;
    let lost = app.page(&school.id, &zheng.token, &after(&before)).await;
    let app = app.restore().await;
    let other = app.phone("zheng").await;
    push_visits(&app, &school, &other, 2..=2).await;

    let fork = app.get(&changes_path(&school.id, &after(&lost)), &zheng.token).await;
    let again = app.push(&phone, &[visit(&school, 1)]).await;

    assert_eq!(lost["head"], app.page(&school.id, &zheng.token, &after(&before)).await["changes"][0]["seq"]);
    assert_eq!(fork.json()["reason"], "fork", "the same seq is another change now");
    assert_eq!(said(&again[0]), "applied", "what was lost is new to it");
}

/// Zheng and Lin, who came along, have written before and after a backup that was then put back. Gives what the
/// server had, what it has left, and the phones.
async fn healing(app: TestApp) -> (TestApp, School, [Handset; 2], [Feed; 2]) {
    let school = app.plain_school().await;
    app.member(&school, "zheng", "inspector").await;
    let lin = app.member(&school, "lin", "inspector").await;
    app.member(&school, "xu", "principal").await;
    let mut phones = [Handset::new(&app, "zheng").await, Handset::new(&app, "lin").await];
    for phone in &mut phones {
        phone.sync(&app).await;
    }
    let companion = format!("companions/{}", lin.id);
    let along = |field: &str| json!({companion.clone(): true, field: "good"});
    phones[0].capture(&app, &school.id, id(1), &along("ratings/a"));
    phones[0].sync(&app).await;
    phones[1].sync(&app).await;
    app.back_up().await;
    phones[0].capture(&app, &school.id, id(1), &json!({"ratings/a": "fair"}));
    phones[0].capture(&app, &school.id, id(2), &along("ratings/b"));
    phones[0].sync(&app).await;
    phones[1].sync(&app).await;
    phones[1].capture(&app, &school.id, id(2), &json!({"ratings/c": "good"}));
    phones[1].capture(&app, &school.id, id(3), &json!({"ratings/a": "excellent"}));
    phones[1].sync(&app).await;
    phones[0].sync(&app).await;
    let had = app.feed(&school.id, &app.sign_in("xu").await.token).await;
    let app = app.restore().await;
    let left = app.feed(&school.id, &app.sign_in("xu").await.token).await;
    for (phone, login) in phones.iter_mut().zip(["zheng", "lin"]) {
        phone.sign_in_again(&app, login).await;
    }
    (app, school, phones, [had, left])
}

async fn phones_bring_back_what_a_restored_server_lost(app: TestApp) {
    let (app, school, mut phones, [had, left]) = healing(app).await;

    for _ in 0..2 {
        for phone in &mut phones {
            phone.sync(&app).await;
        }
    }

    let xu = app.sign_in("xu").await;
    assert_ne!(left, had);
    assert_eq!(app.feed(&school.id, &xu.token).await, had);
    for phone in &phones {
        assert_eq!((phone.replica.unsent(), phone.replica.held().count()), (0, 0));
        assert_eq!(phone.view(&school.id), app.feed(&school.id, &phone.phone.token).await);
    }
}

/// The server cannot tell that a visit it no longer knows was somebody else's: whoever brings it back first is taken
/// for its author. What the true author then sends is held, so that people see it, and nothing is lost.
async fn a_companion_who_heals_before_the_author_leaves_work_for_the_principal(app: TestApp) {
    let (app, school, mut phones, [had, _]) = healing(app).await;

    for _ in 0..2 {
        for phone in phones.iter_mut().rev() {
            phone.sync(&app).await;
        }
    }

    let held: Vec<_> = phones[0].replica.held().map(|held| held.result.clone()).collect();
    assert_eq!(held.iter().map(|held| held.reason).collect::<Vec<_>>(), [Some(HeldReason::NotAuthor)]);
    assert_eq!(phones[1].replica.held().count(), 0);
    let xu = app.sign_in("xu").await;
    let admit = format!("/api/v1/sync/held/{}/admit", held[0].held.unwrap());
    app.post(&admit, &xu.token, &json!({})).await.expect(200);
    assert_eq!(app.feed(&school.id, &xu.token).await, had);
}

async fn a_held_write_comes_back_held(app: TestApp) {
    let school = app.plain_school().await;
    app.member(&school, "zheng", "inspector").await;
    let mut phone = Handset::new(&app, "zheng").await;
    phone.sync(&app).await;
    app.back_up().await;
    let app = app.restart_with_its_keys().await;
    phone.capture(&app, &school.id, id(1), &json!({"ratings/a": "great"}));
    phone.capture(&app, &school.id, id(2), &json!({"x.blob": "x".repeat(70_000)}));
    phone.capture(&app, &school.id, id(3), &json!({"ratings/a": "good"}));
    phone.sync(&app).await;
    let app = app.restore().await;

    phone.sign_in_again(&app, "zheng").await;
    phone.sync(&app).await;
    phone.sync(&app).await;

    let path = format!("/api/v1/sync/held?stream={}", school.id);
    let held = app.get(&path, &phone.phone.token).await.expect(200);
    assert_eq!(held["items"].as_array().unwrap().len(), 2);
    assert!(app.visit_in_feed(&school, &phone.phone.token, id(3)).await.is_some());
}
