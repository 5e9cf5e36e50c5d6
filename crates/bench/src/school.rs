//! A school with phones, set up through the API as an administrator would.

use anyhow::Context as _;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_api::world::{Clock as _, SystemClock};

use crate::child::Server;
use crate::http::{Connection, request};
use crate::visits::Names;

/// A password that any role may have.
pub const PASSWORD: &str = "春风化雨-润物无声-桃李满园-88";

/// A phone that may push.
#[derive(Clone, Debug)]
pub struct Phone {
    /// The device.
    pub device: String,
    /// The access token; empty where nobody asks for one.
    pub token: String,
}

impl Phone {
    /// A push of writes to a stream: number, record and fields of each. `base`: the seq that the phone has seen.
    pub fn push<'a>(
        &self,
        stream: &str,
        base: i64,
        writes: impl Iterator<Item = (usize, Uuid, &'a Value)>,
    ) -> Vec<u8> {
        let writes: Vec<Value> = writes
            .map(|(n, record, set)| {
                // A stamp of each write's own, in order, long past.
                let stamp = format!("{:012x}-0000-{}", 1_790_000_000_000 + n * 1000, self.device);
                json!({"n": n, "stream": stream, "type": "visit", "record": record, "base": base, "stamp": stamp,
                    "set": set})
            })
            .collect();
        let body = json!({"device": self.device, "schema": 1, "unsent": 0, "writes": writes});
        request("POST", "/api/v1/sync/push", &self.token, "gzip", body.to_string().as_bytes())
    }
}

/// A school with people.
#[derive(Clone, Debug)]
pub struct School {
    /// The school, which is the stream.
    pub stream: String,
    /// Its classes, subjects and teachers.
    pub names: Names,
    /// The inspectors' phones.
    pub phones: Vec<Phone>,
    /// The login of the principal, who sees everything.
    pub principal: String,
    /// The access token of the principal.
    pub reader: String,
}

struct Office<'a> {
    to: &'a mut Connection,
    district: String,
    admin: String,
}

/// The day visits are counted back from: rights and terms are those of the day on which the benchmark runs.
pub fn today() -> NaiveDate {
    SystemClock.today()
}

/// Uses the set-up code of a fresh server; gives schools with a timetable, and so many inspectors with phones in each.
pub fn set_up(
    to: &mut Connection,
    server: &Server,
    schools: usize,
    phones: usize,
) -> anyhow::Result<Vec<School>> {
    let said = server.said("stdout");
    let code = said.split("(valid once): ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let code = code.context("the server printed no set-up code")?;
    let body = json!({"code": code, "login": "admin", "name": "管理员", "password": PASSWORD,
        "district": "星湖县教育体育局"});
    let done = to.json(&post("/api/v1/setup", "", &body), 201)?;
    let mut office = Office { to, district: text(&done, "district"), admin: String::new() };
    office.admin = sign_in(office.to, "admin")?;
    (1..=schools).map(|number| office.school(number, phones)).collect()
}

/// A new access token.
pub fn sign_in(to: &mut Connection, login: &str) -> anyhow::Result<String> {
    let body = json!({"login": login, "password": PASSWORD});
    Ok(text(&to.json(&post("/api/v1/sessions", "", &body), 200)?, "access_token"))
}

fn post(path: &str, token: &str, body: &Value) -> Vec<u8> {
    request("POST", path, token, "", body.to_string().as_bytes())
}

fn text(body: &Value, name: &str) -> String {
    body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Office<'_> {
    fn school(&mut self, number: usize, phones: usize) -> anyhow::Result<School> {
        let path = format!("districts/{}/schools", self.district);
        let school = self.send(&path, &json!({"name": format!("青禾实验小学{number}")}))?;
        let stream = text(&school, "id");
        let names = self.reference(&stream)?;
        let principal = format!("principal-{number}");
        self.person(&stream, &principal, "principal")?;
        let reader = sign_in(self.to, &principal)?;
        let phones = (1..=phones)
            .map(|phone| {
                let login = format!("inspector-{number}-{phone}");
                self.person(&stream, &login, "inspector")?;
                let token = sign_in(self.to, &login)?;
                let new = json!({"name": "phone", "platform": "test", "app_version": "1"});
                let device = self.to.json(&post("/api/v1/devices", &token, &new), 201)?;
                Ok(Phone { device: text(&device, "device"), token })
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(School { stream, names, phones, principal, reader })
    }

    fn send(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.to.json(&post(&format!("/api/v1/{path}"), &self.admin, body), 201)
    }

    fn person(&mut self, school: &str, login: &str, role: &str) -> anyhow::Result<()> {
        let users = format!("districts/{}/users", self.district);
        let user = self.send(&users, &json!({"login": login, "name": login}))?;
        let reset = json!({"login": login, "code": user["reset_code"], "password": PASSWORD});
        self.to.json(&post("/api/v1/password/reset", "", &reset), 204)?;
        let place = json!({"role": role, "valid_from": "2020-09-01", "schools": [school]});
        self.send(&format!("{users}/{}/memberships", text(&user, "id")), &place)?;
        Ok(())
    }

    /// The sample school's periods and lessons, in a semester around today.
    fn reference(&mut self, school: &str) -> anyhow::Result<Names> {
        let path = |rest: &str| format!("schools/{school}/{rest}");
        let calendar: Value =
            serde_json::from_str(include_str!("../../../tests/data/calendar-2026-2027-1.json"))?;
        let mut timetable: Value =
            serde_json::from_str(include_str!("../../../tests/data/qinghe-timetable.json"))?;
        let first = today() - Days::new(60);
        let semester = json!({"school_year": "2026-2027", "term": 1, "first_day": first.to_string(),
            "last_day": (first + Days::new(120)).to_string(), "week_one": monday(first).to_string()});
        self.send(&path("semesters"), &semester)?;
        let valid_from = first.to_string();
        let periods = &calendar["bell_schedule"]["primary"];
        let bells = json!({"name": "作息", "valid_from": valid_from, "periods": periods});
        self.send(&path("bell-schedules"), &bells)?;
        let lessons = timetable["lessons"].take();
        let new = json!({"name": "A", "valid_from": valid_from, "create_missing": true, "lessons": lessons});
        self.send(&path("timetables"), &new)?;
        Ok(Names {
            classes: self.ids(&path("classes"))?,
            subjects: self.ids(&path("subjects"))?,
            teachers: self.ids(&path("teachers"))?,
        })
    }

    fn ids(&mut self, path: &str) -> anyhow::Result<Vec<String>> {
        let asked = request("GET", &format!("/api/v1/{path}?limit=200"), &self.admin, "", b"");
        let page = self.to.json(&asked, 200)?;
        Ok(page["items"].as_array().into_iter().flatten().map(|item| text(item, "id")).collect())
    }
}

fn monday(day: NaiveDate) -> NaiveDate {
    use chrono::Datelike as _;
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}
