//! Two districts, three schools, an object of each kind in each school, and people of every role in the first.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use uuid::Uuid;
use xunke_domain::ids::{DistrictId, SchoolId};
use xunke_domain::people::{Membership, Place, Role, Scope};

use super::TestApp;
use super::app::Answer;
use super::document::{Operation, document, example, operations};
use super::school::{PASSWORD, Person, Phone, text};

/// The week in which every school has a visit and an edition.
pub(crate) const WEEK: &str = "2026-W47";

/// Things that belong to somebody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Belongings {
    pub(crate) visit: String,
    pub(crate) held: String,
    pub(crate) feedback: String,
    pub(crate) conflict: String,
}

/// A school with an object of each kind.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) school: String,
    pub(crate) district: String,
    /// A principal of it, whose the objects are.
    pub(crate) maker: Person,
    pub(crate) phone: Phone,
    /// Address segment (`classes`) → id.
    pub(crate) objects: BTreeMap<String, String>,
    pub(crate) makers: Belongings,
    /// A person of the district whom others may change, with a membership.
    pub(crate) target: String,
    pub(crate) membership: String,
}

/// Somebody who walks.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    pub(crate) name: String,
    pub(crate) person: Person,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) device: String,
    pub(crate) own: Belongings,
}

/// All of it.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) document: Value,
    /// In the first school; in another of the district; in another district.
    pub(crate) sites: [Site; 3],
    /// People of the first school by role, and whoever else walks.
    pub(crate) walkers: Vec<Walker>,
}

/// Whose object a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Makers,
    Own,
}

/// A request about a place, ready to be sent by anyone.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) media: String,
    pub(crate) body: Option<String>,
    pub(crate) etag: String,
}

impl Site {
    pub(crate) fn place(&self) -> Place {
        Place::School(SchoolId::from_uuid(uuid(&self.school)), self.district_id())
    }

    pub(crate) fn district_id(&self) -> DistrictId {
        DistrictId::from_uuid(uuid(&self.district))
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/schools/{}/{rest}", self.school)
    }
}

fn uuid(text: &str) -> Uuid {
    text.parse().expect("an id")
}

/// A visit of the week as a phone writes it.
fn visit(site: &Site) -> Value {
    json!({"kind": "walkthrough",
        "slot": {"date": "2026-11-17", "period": "第1节", "class": site.objects["classes"]},
        "observed": {"situation": "lesson", "subject": site.objects["subjects"], "teacher": site.objects["teachers"]},
        "ratings/engagement": "good", "submitted_at": "2026-11-17T09:20:00+08:00"})
}

impl World {
    /// Builds it; a few hundred requests.
    pub(crate) async fn build(app: TestApp) -> Self {
        let document = document();
        let (admin, near) = app.set_up().await;
        let far =
            app.post("/api/v1/districts", &admin.token, &json!({"name": "白鹭区教育局"})).await.expect(201);
        let far = text(&far["id"]);
        let mut sites = Vec::new();
        for (district, name) in [(&near, "a"), (&near, "b"), (&far, "c")] {
            sites.push(site(&app, &document, &admin, district, name).await);
        }
        let sites: [Site; 3] = sites.try_into().expect("three schools");
        let mut world = Self { app, document, sites, walkers: Vec::new() };
        for role in Role::ALL {
            let walker = world.walker(&admin, role).await;
            world.walkers.push(walker);
        }
        world.district_administrator(&admin).await;
        world.nobody(&admin).await;
        // The second edition has what the walkers saw.
        let publish = world.sites[0].path(&format!("weeks/{WEEK}/publish"));
        world.app.post(&publish, &world.sites[0].maker.token, &json!({})).await.expect(201);
        world
    }

    async fn walker(&self, admin: &Person, role: Role) -> Walker {
        let (app, site) = (&self.app, &self.sites[0]);
        let name = role.as_str();
        let login = format!("w-{name}");
        let person = app.add_person(admin, &site.district, &login, name, &[&site.school]).await;
        let device = register(app, &person.token).await;
        let phone = Phone { device: device.clone(), token: person.token.clone() };
        let own = match role {
            Role::Administrator => Belongings::default(),
            Role::Teacher => {
                let teacher = json!({"name": "王三三", "user": person.id});
                let teacher = app.post(&site.path("teachers"), &site.maker.token, &teacher).await.expect(201);
                let path = site.path(&format!("visits/{}/feedback", site.makers.visit));
                let said = json!({"text": "板书清楚", "teacher": teacher["id"]});
                let feedback = app.post(&path, &site.maker.token, &said).await.expect(201);
                Belongings { feedback: text(&feedback["id"]), ..Belongings::default() }
            }
            _ => belongings(app, site, &phone, &login).await,
        };
        let memberships = vec![membership(
            role,
            site.district_id(),
            Scope::Schools(BTreeSet::from([SchoolId::from_uuid(uuid(&site.school))])),
        )];
        Walker { name: name.to_owned(), person, memberships, device, own }
    }

    async fn district_administrator(&mut self, admin: &Person) {
        let district = self.sites[0].district.clone();
        let person = self.app.add_person(admin, &district, "w-bureau", "administrator", &[]).await;
        let device = register(&self.app, &person.token).await;
        let memberships = vec![membership(Role::Administrator, self.sites[0].district_id(), Scope::District)];
        let (name, own) = ("bureau".to_owned(), Belongings::default());
        self.walkers.push(Walker { name, person, memberships, device, own });
    }

    /// Somebody with an account and no place yet.
    async fn nobody(&mut self, admin: &Person) {
        let users = format!("/api/v1/districts/{}/users", self.sites[0].district);
        let new = json!({"login": "w-nobody", "name": "无职"});
        let user = self.app.post(&users, &admin.token, &new).await.expect(201);
        let reset = json!({"login": "w-nobody", "code": user["reset_code"], "password": PASSWORD});
        self.app.post("/api/v1/password/reset", "", &reset).await.expect(204);
        let person = self.app.sign_in("w-nobody").await;
        let device = register(&self.app, &person.token).await;
        let (name, own) = ("nobody".to_owned(), Belongings::default());
        self.walkers.push(Walker { name, person, memberships: Vec::new(), device, own });
    }

    /// The operations of the document.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        operations(&self.document)
    }

    /// What an operation is about, at a site; `None`: no place.
    pub(crate) fn place(operation: &Operation, site: &Site) -> Option<Place> {
        let school = operation.path.contains("{school}")
            || operation.path.contains("{held}")
            || operation.takes("query", "stream");
        match (school, operation.path.contains("{district}")) {
            (true, _) => Some(site.place()),
            (false, true) => Some(Place::District(site.district_id())),
            (false, false) => None,
        }
    }

    /// A plausible request of a walker at a site.
    pub(crate) fn call(&self, operation: &Operation, site: &Site, walker: &Walker, whose: Whose) -> Call {
        let things = if whose == Whose::Own { &walker.own } else { &site.makers };
        let segments: Vec<&str> = operation.path.split('/').collect();
        let object = segments
            .windows(2)
            .find(|pair| pair[1] == "{id}")
            .and_then(|pair| site.objects.get(pair[0]))
            .cloned()
            .unwrap_or_default();
        let mut path = operation.path.clone();
        for (name, value) in [
            ("{school}", site.school.as_str()),
            ("{district}", &site.district),
            ("{id}", &object),
            ("{visit}", &things.visit),
            ("{held}", &things.held),
            ("{feedback}", &things.feedback),
            ("{conflict}", &things.conflict),
            ("{user}", &site.target),
            ("{membership}", &site.membership),
            ("{device}", &walker.device),
            ("{week}", WEEK),
            ("{number}", if whose == Whose::Own { "2" } else { "1" }),
            ("{key}", "visits"),
            ("{digest}", "weekly_consultation"),
        ] {
            path = path.replace(name, value);
        }
        if operation.takes("query", "stream") {
            path = format!("{path}?stream={}", site.school);
        }
        if operation.id == "timetable_compare" {
            path = format!("{path}?with={object}");
        }
        if operation.id == "timetable_preview" {
            path += "?valid_from=2026-11-30";
        }
        if operation.id == "timetable_import" {
            path += "?name=2026A-v3&valid_from=2026-11-30&create_missing=true";
        }
        let (media, body) = match example(&self.document, operation) {
            Some((media, Value::String(plain))) => (media, Some(plain)),
            Some((media, value)) => (media, Some(self.filled(operation, value, site, walker).to_string())),
            None => (String::new(), None),
        };
        Call { method: operation.method.clone(), path, media, body, etag: "\"1\"".to_owned() }
    }

    /// An example with ids that exist.
    pub(crate) fn filled(
        &self,
        operation: &Operation,
        mut body: Value,
        site: &Site,
        walker: &Walker,
    ) -> Value {
        let unique = || Uuid::from_bytes(self.app.app.chance.bytes()).simple().to_string();
        match operation.id.as_str() {
            "membership_create" => body["schools"] = json!([site.school]),
            "user_create" => body["login"] = json!(unique()),
            "lesson_change_create" | "lesson_change_change" => {
                body["class"] = json!(site.objects["classes"]);
                body["teacher"] = json!(site.objects["teachers"]);
            }
            "session_create" => {
                body["login"] = json!(walker.person.login);
                body["password"] = json!(PASSWORD);
            }
            "password_change" => {
                body["current"] = json!(PASSWORD);
                body["password"] = json!(PASSWORD);
            }
            "sync_push" => {
                body["device"] = json!(walker.device);
                body["writes"][0]["stream"] = json!(site.school);
                body["writes"][0]["record"] = json!(Uuid::from_bytes(self.app.app.chance.bytes()));
                body["writes"][0]["stamp"] = json!(format!("019cd1a2b3c4-0001-{}", walker.device));
                let number = u16::from_be_bytes(self.app.app.chance.bytes());
                body["writes"][0]["n"] = json!(1000 + u32::from(number));
                body["pull"] = json!({ site.school.as_str(): null });
            }
            _ => (),
        }
        body
    }

    /// Sends a request with a token; empty: as a stranger.
    pub(crate) async fn send(&self, call: &Call, token: &str) -> Answer {
        let request = call.request(token);
        if call.path.starts_with("/api/v1/sync/live") {
            return self.app.send_and_hang_up(request).await;
        }
        self.app.send(request).await
    }
}

impl Call {
    fn request(&self, token: &str) -> Request<Body> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if self.body.is_some() {
            request = request.header("content-type", &self.media);
        }
        request = request.header("if-match", &self.etag);
        request.body(self.body.clone().map_or_else(Body::empty, Body::from)).expect("a request")
    }
}

fn membership(role: Role, district: DistrictId, scope: Scope) -> Membership {
    let valid_from = "2026-09-01".parse().expect("a date");
    Membership { id: Uuid::nil(), role, district, scope, valid_from, valid_to: None }
}

async fn register(app: &TestApp, token: &str) -> String {
    let body = json!({"name": "phone", "platform": "test", "app_version": "1"});
    text(&app.post("/api/v1/devices", token, &body).await.expect(201)["device"])
}

/// A visit, a held write, feedback and a conflict between two phones, all of one person.
async fn belongings(app: &TestApp, site: &Site, phone: &Phone, login: &str) -> Belongings {
    let record = Uuid::from_bytes(app.app.chance.bytes());
    let write = |n: i64, record: Uuid, set: &Value| json!({"n": n, "stream": site.school, "type": "visit", "record": record, "set": set});
    let writes = [
        write(1, record, &visit(site)),
        write(2, Uuid::from_bytes(app.app.chance.bytes()), &json!({"ratings/engagement": "splendid"})),
    ];
    let pushed = app.post("/api/v1/sync/push", &phone.token, &phone.push(&writes)).await.expect(200);
    assert_eq!(
        (&pushed["results"][0]["outcome"], &pushed["results"][1]["outcome"]),
        (&json!("applied"), &json!("held"))
    );
    let held = app.get(&format!("/api/v1/sync/held?stream={}", site.school), &phone.token).await.expect(200);
    let held = held["items"]
        .as_array()
        .expect("held writes")
        .iter()
        .find(|held| held["device"] == json!(phone.device));
    let held = held.expect("one is held").clone();
    let path = site.path(&format!("visits/{record}/feedback"));
    let feedback = app.post(&path, &phone.token, &json!({"text": "练习密度可再提高"})).await.expect(201);
    let other = app.phone(login).await;
    let mut clash = write(1, record, &json!({"ratings/engagement": "poor"}));
    clash["base"] = json!(0);
    app.post("/api/v1/sync/push", &other.token, &other.push(&[clash])).await.expect(200);
    let path = format!("/api/v1/sync/conflicts?stream={}", site.school);
    let conflicts = app.get(&path, &phone.token).await.expect(200);
    let conflicts = conflicts["items"].as_array().expect("conflicts").clone();
    let conflict = conflicts.iter().find(|one| one["record"] == json!(record)).expect("one is open");
    Belongings {
        visit: record.to_string(),
        held: text(&held["id"]),
        feedback: text(&feedback["id"]),
        conflict: text(&conflict["id"]),
    }
}

async fn site(app: &TestApp, document: &Value, admin: &Person, district: &str, name: &str) -> Site {
    let school = app.add_school(admin, district, &format!("{name} 小学")).await;
    let login = format!("maker-{name}");
    let maker = app.add_person(admin, district, &login, "principal", &[&school]).await;
    let phone = app.phone(&login).await;
    let target = app.add_person(admin, district, &format!("target-{name}"), "teacher", &[&school]).await;
    let user = format!("/api/v1/districts/{district}/users/{}", target.id);
    let user = app.get(&user, &admin.token).await.expect(200);
    let membership =
        user["memberships"].as_array().expect("memberships").iter().find(|one| !one["schools"][0].is_null());
    let mut site = Site {
        school,
        district: district.to_owned(),
        maker,
        phone,
        objects: BTreeMap::new(),
        makers: Belongings::default(),
        target: target.id,
        membership: text(&membership.expect("a membership")["id"]),
    };
    let mut kinds: Vec<Operation> = operations(document)
        .into_iter()
        .filter(|operation| operation.method == "POST" && operation.id.ends_with("_create"))
        .filter(|operation| operation.path.starts_with("/api/v1/schools/{school}/"))
        .collect();
    // A change of lessons names a class and a teacher.
    kinds.sort_by_key(|operation| operation.id == "lesson_change_create");
    for operation in kinds {
        let (_, mut body) = example(document, &operation).expect("every creation has an example");
        if operation.id == "lesson_change_create" {
            body["class"] = json!(site.objects["classes"]);
            body["teacher"] = json!(site.objects["teachers"]);
        }
        let path = operation.path.replace("{school}", &site.school);
        let made = app.post(&path, &site.maker.token, &body).await;
        assert_eq!(made.status.as_u16(), 201, "{}: {}", operation.id, String::from_utf8_lossy(&made.bytes));
        let segment = operation.path.rsplit('/').next().expect("a segment").to_owned();
        site.objects.insert(segment, text(&made.json()["id"]));
    }
    site.makers = belongings(app, &site, &site.phone, &login).await;
    let publish = site.path(&format!("weeks/{WEEK}/publish"));
    app.post(&publish, &site.maker.token, &json!({"remarks": "候课"})).await.expect(201);
    let posting = site.path("posting");
    app.call("PUT", &posting, &site.maker.token, Some(&json!({"posted": true}))).await.expect(200);
    site
}
