//! Three schools of one district and the people who may visit them: made once through the API, kept as an image of
//! the disk, and the beginning of every world.

use std::rc::Rc;

use anyhow::Context as _;
use chrono::NaiveDate;
use disk::{Disk, Image};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;
use xunke_domain::ids::{SchoolId, UserId};
use xunke_domain::people::Role;

use crate::clock::ServerClock;
use crate::server::{Ask, Reply, Server};

/// A password that any role may have.
pub const PASSWORD: &str = "春风化雨-润物无声-桃李满园-88";
/// Who keeps people and schools.
pub const ADMINISTRATOR: &str = "admin";
const SCHOOLS: usize = 3;
const INSPECTORS: usize = 8;

/// A person's place at a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: Uuid,
    /// The school, by its number.
    pub school: usize,
    /// What he is there.
    pub role: Role,
    /// First day.
    pub from: NaiveDate,
    /// Last day; open if absent.
    pub to: Option<NaiveDate>,
}

impl Place {
    /// Whether it has held from the beginning and has no end.
    pub fn covers_every_day(&self) -> bool {
        self.role.visits() && self.to.is_none() && self.from == first_day()
    }

    /// Whether it holds on a day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }
}

/// Somebody.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// The name to sign in with.
    pub login: String,
    /// The places he has in the beginning.
    pub places: Vec<Place>,
}

/// The beginning of every world.
#[derive(Clone)]
pub struct Town {
    /// The disk with all of it.
    pub image: Image,
    /// The district.
    pub district: String,
    /// The schools.
    pub schools: Vec<SchoolId>,
    /// The people; the first are the principals of the schools, in their order.
    pub people: Vec<Person>,
}

impl Town {
    /// Builds it.
    pub fn build(runtime: &Rc<Runtime>) -> anyhow::Result<Self> {
        let mut server = Server::start(runtime, Disk::new(1), ServerClock::default(), 1)?;
        let code = server.setup_code()?.context("a fresh server has a set-up code")?;
        let body = json!({"code": code, "login": ADMINISTRATOR, "name": "管理员", "password": PASSWORD,
            "district": "星湖县教育体育局"});
        let district = text(&made(&server, "/api/v1/setup", "", &body)?["district"])?;
        let token = sign_in(&server, ADMINISTRATOR)?;
        let mut schools = Vec::new();
        for name in ["青禾实验小学", "白鹭小学", "南山学校"] {
            let path = format!("/api/v1/districts/{district}/schools");
            let school = made(&server, &path, &token, &json!({"name": name}))?;
            schools.push(SchoolId::from_uuid(text(&school["id"])?.parse()?));
        }
        let mut people = Vec::new();
        let principals =
            (0..SCHOOLS).map(|school| (format!("principal{school}"), Role::Principal, vec![school]));
        let supervisor = (String::from("supervisor"), Role::Supervisor, vec![0, 1]);
        let inspectors = (0..INSPECTORS).map(|number| {
            let mut schools = vec![number % SCHOOLS];
            if number % 2 == 0 {
                schools.push((number + 1) % SCHOOLS);
            }
            (format!("inspector{number}"), Role::Inspector, schools)
        });
        for (login, role, at) in principals.chain([supervisor]).chain(inspectors) {
            people.push(person(&server, &district, &token, &schools, &login, role, &at)?);
        }
        Ok(Self { image: server.stop()?, district, schools, people })
    }
}

/// Before every clock of every world.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).expect("the first day of a year is a day")
}

fn person(
    server: &Server,
    district: &str,
    token: &str,
    schools: &[SchoolId],
    login: &str,
    role: Role,
    at: &[usize],
) -> anyhow::Result<Person> {
    let users = format!("/api/v1/districts/{district}/users");
    let user = made(server, &users, token, &json!({"login": login, "name": login}))?;
    let (id, code) = (text(&user["id"])?, &user["reset_code"]);
    let reset = json!({"login": login, "code": code, "password": PASSWORD});
    expect(server, &Ask::post("/api/v1/password/reset", "", &reset), 204)?;
    let from = first_day();
    let mut places = Vec::new();
    for school in at {
        let id = give_place(server, district, token, &id, schools[*school], role, from)?;
        places.push(Place { id, school: *school, role, from, to: None });
    }
    Ok(Person { id: UserId::from_uuid(id.parse()?), login: login.to_owned(), places })
}

/// Gives somebody a place at a school; gives its id.
pub fn give_place(
    server: &Server,
    district: &str,
    token: &str,
    person: &str,
    school: SchoolId,
    role: Role,
    from: NaiveDate,
) -> anyhow::Result<Uuid> {
    let path = format!("/api/v1/districts/{district}/users/{person}/memberships");
    let place = json!({"role": role.as_str(), "valid_from": from, "schools": [school]});
    Ok(text(&made(server, &path, token, &place)?["id"])?.parse()?)
}

/// Signs in; gives an access token.
pub fn sign_in(server: &Server, login: &str) -> anyhow::Result<String> {
    let body = json!({"login": login, "password": PASSWORD});
    text(&expect(server, &Ask::post("/api/v1/sessions", "", &body), 200)?["access_token"])
}

/// Asks, and insists on an answer of this status.
pub fn expect(server: &Server, ask: &Ask, status: u16) -> anyhow::Result<Value> {
    let Reply { status: told, text, .. } = server.answer(ask).context("the server is down")?;
    anyhow::ensure!(told == status, "{} {}: {told} instead of {status}: {text}", ask.method, ask.path);
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}

fn made(server: &Server, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
    expect(server, &Ask::post(path, token, body), 201)
}

/// A JSON string's text.
pub fn text(value: &Value) -> anyhow::Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("{value} is no text"))
}
