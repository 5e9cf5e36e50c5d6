//! Words the stories about syncing share: a plain school, pushes, pages, stamps.

use serde_json::{Value, json};
use uuid::Uuid;

use super::TestApp;
use super::school::{Person, Phone, School};

impl TestApp {
    /// A school without a timetable: enough to sync with.
    pub(crate) async fn plain_school(&self) -> School {
        let (admin, district) = self.set_up().await;
        let id = self.add_school(&admin, &district, "青禾实验小学").await;
        School { district, id, admin }
    }

    /// Adds somebody to the school.
    pub(crate) async fn member(&self, school: &School, login: &str, role: &str) -> Person {
        self.add_person(&school.admin, &school.district, login, role, &[&school.id]).await
    }

    /// An inspector of the school with a phone.
    pub(crate) async fn inspector(&self, school: &School, login: &str) -> (Person, Phone) {
        let person = self.member(school, login, "inspector").await;
        (person, self.phone(login).await)
    }

    /// Phones of as many inspectors of these schools.
    pub(crate) async fn phones(&self, schools: &[&str], school: &School, count: i64) -> Vec<Phone> {
        let mut phones = Vec::new();
        for number in 1..=count {
            let login = format!("zheng{number}");
            self.add_person(&school.admin, &school.district, &login, "inspector", schools).await;
            phones.push(self.phone(&login).await);
        }
        phones
    }

    /// Ends the place a person has at the school.
    pub(crate) async fn end_membership(&self, school: &School, person: &Person, last_day: &str) {
        let me = self.get("/api/v1/me", &person.token).await.expect(200);
        let memberships = me["memberships"].as_array().expect("memberships");
        let place = memberships.iter().find(|place| place["schools"] == json!([school.id]));
        let membership = place.expect("a place at the school")["id"].as_str().expect("an id").to_owned();
        let path =
            format!("/api/v1/districts/{}/users/{}/memberships/{membership}", school.district, person.id);
        let ended = self.patch_plain(&path, &school.admin.token, &json!({"valid_to": last_day})).await;
        assert!(ended.status.is_success(), "{}", String::from_utf8_lossy(&ended.bytes));
    }

    async fn patch_plain(&self, path: &str, token: &str, body: &Value) -> super::Answer {
        self.call("PATCH", path, token, Some(body)).await
    }

    /// Pushes writes; gives their results.
    pub(crate) async fn push(&self, phone: &Phone, writes: &[Value]) -> Vec<Value> {
        let answer = self.post("/api/v1/sync/push", &phone.token, &phone.push(writes)).await.expect(200);
        let results = answer["results"].as_array().expect("results").clone();
        let numbers = |of: &[Value]| of.iter().map(|one| one["n"].clone()).collect::<Vec<_>>();
        assert_eq!(numbers(&results), numbers(writes), "one result a write, in order");
        results
    }

    /// A page of a stream; `rest` holds further parameters, such as `&limit=2`.
    pub(crate) async fn page(&self, stream: &str, token: &str, rest: &str) -> Value {
        self.get(&changes_path(stream, rest), token).await.expect(200)
    }

    /// A visit as the feed shows it to somebody.
    pub(crate) async fn visit_in_feed(&self, school: &School, token: &str, id: Uuid) -> Option<Value> {
        let changes = self.pull_all(&school.id, token, 500).await;
        changes.into_iter().find(|change| change["id"] == json!(id))
    }

    /// Erases a visit for good, as a data-erasure duty asks.
    pub(crate) async fn erase_visit(&self, school: &School, id: Uuid) -> i64 {
        use xunke_domain::ids::SchoolId;
        use xunke_domain::record_type::RecordType;
        let stream = SchoolId::from_uuid(school.id.parse().expect("a school"));
        let tx = self.app.store.begin().await.expect("a transaction");
        let erased = self.app.store.erase_in(&tx, stream, RecordType::Visit, id, self.millis()).await;
        tx.commit().await.expect("it commits");
        erased.expect("the store works").expect("the visit is there")
    }
}

/// Where changes are read.
pub(crate) fn changes_path(stream: &str, rest: &str) -> String {
    format!("/api/v1/sync/changes?stream={stream}{rest}")
}

/// The cursor of a page as a parameter.
pub(crate) fn after(page: &Value) -> String {
    format!("&cursor={}", page["cursor"].as_str().expect("a cursor"))
}

/// The ids and lives of the visits on a page.
pub(crate) fn visits(page: &Value) -> Vec<(Uuid, String)> {
    let changes = page["changes"].as_array().expect("changes");
    let visits = changes.iter().filter(|change| change["type"] == "visit");
    visits
        .map(|change| {
            let id = serde_json::from_value(change["id"].clone()).expect("an id");
            (id, change["life"].as_str().expect("a life").to_owned())
        })
        .collect()
}

/// The outcomes of results.
pub(crate) fn outcomes(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["outcome"].as_str().expect("an outcome")).collect()
}

/// The outcome of one result, or why it is held.
pub(crate) fn said(result: &Value) -> &str {
    result["reason"].as_str().or(result["outcome"].as_str()).expect("an outcome")
}

/// A write with some of its members changed.
pub(crate) fn with(mut write: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().expect("an object") {
        write[name] = value.clone();
    }
    write
}

impl Phone {
    /// A stamp of this phone's.
    pub(crate) fn stamp(&self, millis: i64, counter: u16) -> String {
        format!("{millis:012x}-{counter:04x}-{}", self.device)
    }
}

/// A slot on a day.
pub(crate) fn slot(date: &str) -> Value {
    json!({"date": date, "period": "第3节", "class": Uuid::from_u128(3)})
}
