//! 青禾实验小学 as the sample data has it, made through the API as an administrator would.

use serde_json::{Value, json};
use uuid::Uuid;

use super::TestApp;

/// A password that any role may have.
pub(crate) const PASSWORD: &str = "春风化雨-润物无声-桃李满园-88";

/// Somebody signed in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) login: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
}

/// A phone of somebody, registered.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) device: String,
    pub(crate) token: String,
}

/// A district with one school.
#[derive(Clone, Debug)]
pub(crate) struct School {
    pub(crate) district: String,
    pub(crate) id: String,
    pub(crate) admin: Person,
}

impl TestApp {
    /// Uses the set-up code: the administrator and the district.
    pub(crate) async fn set_up(&self) -> (Person, String) {
        let body = json!({"code": self.setup_code, "login": "admin", "name": "管理员", "password": PASSWORD,
            "district": "星湖县教育体育局"});
        let done = self.post("/api/v1/setup", "", &body).await.expect(201);
        (self.sign_in("admin").await, text(&done["district"]))
    }

    /// Signs in with the password everybody here has.
    pub(crate) async fn sign_in(&self, login: &str) -> Person {
        let tokens = self
            .post("/api/v1/sessions", "", &json!({"login": login, "password": PASSWORD}))
            .await
            .expect(200);
        Person {
            id: text(&tokens["account"]),
            login: login.to_owned(),
            token: text(&tokens["access_token"]),
            refresh: text(&tokens["refresh_token"]),
        }
    }

    /// Adds a school to a district.
    pub(crate) async fn add_school(&self, admin: &Person, district: &str, name: &str) -> String {
        let path = format!("/api/v1/districts/{district}/schools");
        text(&self.post(&path, &admin.token, &json!({"name": name})).await.expect(201)["id"])
    }

    /// Adds a person with a role; `schools` empty: for the whole district.
    pub(crate) async fn add_person(
        &self,
        admin: &Person,
        district: &str,
        login: &str,
        role: &str,
        schools: &[&str],
    ) -> Person {
        let users = format!("/api/v1/districts/{district}/users");
        let user = self.post(&users, &admin.token, &json!({"login": login, "name": login})).await.expect(201);
        let reset = json!({"login": login, "code": user["reset_code"], "password": PASSWORD});
        self.post("/api/v1/password/reset", "", &reset).await.expect(204);
        let mut place = json!({"role": role, "valid_from": "2026-09-01"});
        if !schools.is_empty() {
            place["schools"] = json!(schools);
        }
        let memberships = format!("{users}/{}/memberships", text(&user["id"]));
        self.post(&memberships, &admin.token, &place).await.expect(201);
        self.sign_in(login).await
    }

    /// Registers a phone for somebody, with a session of its own.
    pub(crate) async fn phone(&self, login: &str) -> Phone {
        let person = self.sign_in(login).await;
        let body = json!({"name": "phone", "platform": "test", "app_version": "1"});
        let device = self.post("/api/v1/devices", &person.token, &body).await.expect(201);
        Phone { device: text(&device["device"]), token: person.token }
    }

    /// The sample school with semester, bell schedule, calendar and timetable.
    pub(crate) async fn qinghe(&self) -> School {
        let (admin, district) = self.set_up().await;
        let id = self.add_school(&admin, &district, "青禾实验小学").await;
        let school = School { district, id, admin };
        let calendar: Value =
            serde_json::from_str(include_str!("../../data/calendar-2026-2027-1.json")).unwrap();
        let semester = json!({"school_year": "2026-2027", "term": 1, "first_day": calendar["first_lesson_day"],
            "last_day": calendar["last_day"], "week_one": calendar["week_one_monday"]});
        self.post(&school.path("semesters"), &school.admin.token, &semester).await.expect(201);
        let bells = json!({"name": "作息", "valid_from": "2026-09-01",
            "periods": calendar["bell_schedule"]["primary"]});
        self.post(&school.path("bell-schedules"), &school.admin.token, &bells).await.expect(201);
        for day in calendar["days"].as_array().unwrap() {
            self.post(&school.path("calendar-days"), &school.admin.token, day).await.expect(201);
        }
        let mut timetable: Value =
            serde_json::from_str(include_str!("../../data/qinghe-timetable.json")).unwrap();
        let new = json!({"name": "2026A", "valid_from": "2026-09-01", "create_missing": true,
            "lessons": timetable["lessons"].take()});
        self.post(&school.path("timetables"), &school.admin.token, &new).await.expect(201);
        school
    }

    /// Every record of one kind over REST.
    pub(crate) async fn all(&self, school: &School, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("{}?limit=200{cursor}", school.path(path));
            let page = self.get(&path, &school.admin.token).await.expect(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

impl School {
    /// An address under this school.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/v1/schools/{}/{rest}", self.id)
    }

    /// A write to this school's stream.
    pub(crate) fn write(&self, n: i64, record: Uuid, set: &Value) -> Value {
        json!({"n": n, "stream": self.id, "type": "visit", "record": record, "set": set})
    }
}

impl Phone {
    /// A push of these writes.
    pub(crate) fn push(&self, writes: &[Value]) -> Value {
        json!({"device": self.device, "schema": 1, "unsent": 0, "writes": writes})
    }
}

/// A JSON string's text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
