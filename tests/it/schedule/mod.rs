//! What happens to weekly logs by themselves: made ready, reminded of, published by rule; the veto, the leases, the pages.

mod nodes;
mod pages;
mod rights;
mod rule;

use serde_json::{Value, json};
use uuid::Uuid;
use xunke_api::scheduler::look;

use crate::support::TestApp;
use crate::support::week::Staffed;

/// Monday 2026-11-23, when every story begins, to Sunday 2026-11-29.
const WEEK: &str = "2026-W48";

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_dddd_0000_7000_8000_0000_0000_0000 + n)
}

/// Ready on Friday at 16:00, a reminder on Sunday at 18:00, published on Monday at 12:00.
fn timing() -> Value {
    json!({"draft": {"weekday": 5, "next_week": false, "time": "16:00"},
        "remind": {"weekday": 7, "next_week": false, "time": "18:00", "only_with_gaps": false},
        "publish": {"weekday": 1, "next_week": true, "time": "12:00"}})
}

/// Moves the clock to a moment in Shanghai.
fn wait_until(app: &TestApp, local: &str) {
    let then: chrono::DateTime<chrono::Utc> = format!("{local}:00+08:00").parse().unwrap();
    app.pass(then - xunke_api::world::Clock::now(&*app.clock));
}

/// Somebody's token of now: those of days ago have run out.
async fn token(app: &TestApp, login: &str) -> String {
    app.sign_in(login).await.token
}

/// The school with a visit in the week, whose principal has decided the schedule on its Monday.
async fn scheduled(app: &TestApp, timing: &Value) -> Staffed {
    let staffed = app.staffed().await;
    visit(app, &staffed, 1, "第3节").await;
    let path = staffed.school.path("publish-schedule");
    app.call("PUT", &path, &staffed.principal.token, Some(timing)).await.expect(200);
    staffed
}

/// The inspector pushes a visit of the Tuesday.
async fn visit(app: &TestApp, staffed: &Staffed, n: u128, period: &str) {
    let Staffed { school, names, inspector, .. } = staffed;
    let set = names.visit("三年级(2)班", "2026-11-24", period, "数学");
    let write = school.write(i64::try_from(n).unwrap(), id(n), &set);
    let push = inspector.phone.push(&[write]);
    let token = token(app, "meng").await;
    let answer = app.post("/api/v1/sync/push", &token, &push).await.expect(200);
    assert_eq!(answer["results"][0]["outcome"], "applied", "{answer}");
}

/// How many steps one look does.
async fn done(app: &TestApp) -> usize {
    look(&app.app).await.unwrap()
}

/// What waits for somebody.
async fn notices(app: &TestApp, login: &str) -> Vec<Value> {
    let list = app.get("/api/v1/notices", &token(app, login).await).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

/// The editions of the week.
async fn editions(app: &TestApp, staffed: &Staffed) -> Vec<Value> {
    let path = staffed.school.path(&format!("weeks/{WEEK}/editions"));
    let list = app.get(&path, &token(app, "zheng").await).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

/// The address of the week's veto.
fn veto(staffed: &Staffed) -> String {
    staffed.school.path(&format!("weeks/{WEEK}/veto"))
}
